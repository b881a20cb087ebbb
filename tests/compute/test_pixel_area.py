"""Area of pixels, and of classes in reports, compared with geodesic areas of pyproj."""

import math

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.warp import transform

from floefield.compute.accuracy.assessment import AssessmentTask, MapInput, assess
from floefield.compute.classification.class_maps import MapPaths
from floefield.compute.classification.classify import ClassificationTask, classify
from floefield.compute.classifiers.forest_model import ForestSettings
from floefield.compute.classmap.class_legend import LegendEntry
from floefield.compute.classmap.class_map import class_areas
from floefield.compute.insitu.parcel import Parcel
from floefield.compute.progress import Progress
from floefield.compute.raster.grid import Grid, Window, pixel_area, row_areas
from floefield.tests import fieldscene

# CRS, upper-left corner and pixel size of the places; Web Mercator at 43.6 degrees north stretches areas by 1.9.
MERCATOR = "EPSG:3857", 500000, 5405000, 10
NAMES = tuple(LegendEntry(value, crop, crop) for value, crop in enumerate(fieldscene.CROPS, start=1))
PLACES = {"mercator": MERCATOR, "degrees": ("EPSG:4326", 3.0, 43.6, 1e-4), "polar": ("EPSG:3413", 300000, -900000, 40),
          "ease": ("EPSG:6933", -3000000, 5000000, 1000)}


def grid(crs, west, north, size, shape=(100, 100)):
    return Grid(CRS.from_user_input(crs).to_wkt() if crs else "", west, north, size, size, *shape)


def test_utm_and_national_grids_have_their_nominal_area():
    assert pixel_area(grid("EPSG:32631", 500000, 4800000, 10)) == 100
    assert pixel_area(grid("EPSG:2154", 700000, 6600000, 20)) == 400
    # US survey feet
    assert pixel_area(grid("EPSG:2263", 980000, 200000, 100)) == pytest.approx((100 * 1200 / 3937) ** 2)


@pytest.mark.parametrize(("latitude", "square_km"), [(0, 12308.8), (45, 8765.8), (60, 6217.7)])
def test_geographic_pixels_have_their_area_on_the_ellipsoid(latitude, square_km):
    # A square degree on WGS 84 around a latitude: length of a degree of latitude times that of a degree of longitude
    # (110.574 and 111.320, 111.132 and 78.847, 111.412 and 55.800 km).
    area = pixel_area(grid("EPSG:4326", 0, latitude + 0.05, 0.001))
    assert area / 1e-6 / 1e6 == pytest.approx(square_km, rel=1e-3)


def test_web_mercator_is_corrected_for_area_distortion():
    x, y = 500000, 20037508.342789244 / math.pi * math.log(math.tan(math.radians(45 + 60 / 2)))
    area = pixel_area(grid("EPSG:3857", x, y + 500, 10))
    # The scale at 60 degrees is 2: four times the area, apart from the flattening.
    assert area == pytest.approx(25, rel=0.01)


def test_the_area_is_computed_at_the_window():
    world = Grid(CRS.from_epsg(4326).to_wkt(), -180, 90, 1, 1, 180, 360)
    equator, north = pixel_area(world, Window(89, 0, 2, 360)), pixel_area(world, Window(9, 0, 2, 360))
    assert equator / north == pytest.approx(1 / math.cos(math.radians(80)), rel=0.02)
    assert pixel_area(grid("", 0, 0, 3)) == 9


def geodesic_areas(a_grid, rows, columns):
    """Areas of pixels in square metres: geodesic polygons through points along their edges."""
    geod = pytest.importorskip("pyproj").Geod(ellps="WGS84")
    west, north, size = a_grid.west, a_grid.north, a_grid.pixel_width
    steps = np.linspace(0, 1, 9)[:-1]
    x = np.concatenate([steps, 0 * steps + 1, 1 - steps, 0 * steps])
    y = np.concatenate([0 * steps, steps, 0 * steps + 1, 1 - steps])
    areas = np.empty((len(rows), len(columns)))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            corners = transform(CRS.from_wkt(a_grid.crs_wkt), "EPSG:4326", west + (column + x) * size,
                                north - (row + y) * size)
            areas[i, j] = abs(geod.polygon_area_perimeter(*corners)[0])
    return areas


@pytest.mark.parametrize("place", PLACES)
def test_rows_have_their_geodesic_area(place):
    a_grid = grid(*PLACES[place], shape=(40, 30))
    expected = geodesic_areas(a_grid, range(40), range(0, 30, 5)).mean(axis=1)
    np.testing.assert_allclose(row_areas(a_grid, a_grid.window), expected, rtol=1e-4)
    np.testing.assert_allclose(row_areas(a_grid, Window(7, 0, 3, 30)), row_areas(a_grid, a_grid.window)[7:10])
    assert pixel_area(a_grid, Window(20, 10, 1, 1)) == pytest.approx(geodesic_areas(a_grid, [20], [10])[0, 0], rel=1e-5)


def test_pixels_around_a_pole_and_at_180_degrees_have_their_area():
    # Longitudes are undefined at the pole, and wrap at 180 degrees.
    pole = grid("EPSG:3413", -400, 400, 100, shape=(8, 8))
    np.testing.assert_allclose(row_areas(pole, pole.window), geodesic_areas(pole, range(8), range(8)).mean(axis=1),
                               rtol=1e-4)
    wrapped = grid("EPSG:3832", 3339000, 5000000, 1000, shape=(5, 5))
    np.testing.assert_allclose(row_areas(wrapped, wrapped.window),
                               geodesic_areas(wrapped, range(5), range(5)).mean(axis=1), rtol=1e-4)
    world = grid("EPSG:4326", -180, 90, 1, shape=(180, 360))
    # The surface of WGS 84.
    assert row_areas(world, world.window).sum() * 360 == pytest.approx(5.10065622e14, rel=1e-8)


def test_all_blocks_of_a_grid_have_the_same_kind_of_area():
    # From the true scale of the projection at 70 degrees to 3 % of distortion: no block keeps its nominal area.
    a_grid = grid("EPSG:3413", -2000000, 0, 1000, shape=(1500, 2000))
    areas = np.concatenate([row_areas(a_grid, Window(row, 0, 100, 2000)) for row in range(0, 1500, 100)])
    np.testing.assert_allclose(areas, row_areas(a_grid, a_grid.window), rtol=1e-5)
    assert not (areas == 1e6).any()


def test_a_web_mercator_image_at_43_6_degrees_north_has_302_hectares():
    a_grid = grid(*MERCATOR, shape=(240, 240))
    rows = range(0, 240, 24)
    expected = geodesic_areas(a_grid, rows, [120]).mean() * 240 * 240 / 1e4
    hectares = row_areas(a_grid, a_grid.window).sum() * 240 / 1e4
    assert hectares == pytest.approx(expected, rel=1e-3) == pytest.approx(302.2, abs=0.3)
    # The nominal area.
    assert a_grid.pixel_width ** 2 * 240 * 240 / 1e4 == 576


def test_areas_of_classes_are_sums_over_their_pixels():
    a_grid = grid(*PLACES["degrees"], shape=(6, 4))
    classes = np.random.default_rng(0).integers(0, 3, 24)
    areas = np.repeat(row_areas(a_grid, a_grid.window), 4)
    expected = [areas[classes == value].sum() for value in range(3)]
    np.testing.assert_allclose(class_areas(classes, 3, a_grid, a_grid.window), expected)
    valid = classes > 0
    np.testing.assert_allclose(class_areas(classes[valid] - 1, 2, a_grid, a_grid.window, valid), expected[1:])
    nominal = grid("EPSG:32631", 500000, 4800000, 10, shape=(6, 4))
    np.testing.assert_array_equal(class_areas(classes, 3, nominal, nominal.window), np.bincount(classes) * 100.0)


@pytest.mark.parametrize("place", ["mercator", "degrees", "polar"])
def test_report_and_assessment_agree_with_geodesic_areas(place, tmp_path):
    crs, west, north, size = PLACES[place]

    def moved(geometry):
        return {**geometry, "coordinates": [[
            [west + (x - fieldscene.WEST) / fieldscene.PIXEL * size,
             north + (y - fieldscene.NORTH) / fieldscene.PIXEL * size] for x, y in geometry["coordinates"][0]]]}

    image = fieldscene.write(tmp_path / "image.tif", fieldscene.reflectance(0.25), crs=crs)
    with rasterio.open(image, "r+") as raster:
        raster.transform = rasterio.Affine(size, 0, west, 0, -size, north)
    parcels = tuple(Parcel(number, crop, moved(geometry)) for number, crop, geometry in fieldscene.fields())
    forest = ForestSettings(trees=10, threads=1, band_differences=False)
    result = classify(ClassificationTask(rasters=(image,), parcels=parcels, forest=forest),
                      MapPaths(str(tmp_path / "map.tif")), "", str(tmp_path / "report.html"), Progress())
    assessment = assess(AssessmentTask(MapInput(str(tmp_path / "map.tif"), NAMES), parcels=parcels), Progress())

    values = fieldscene.read(tmp_path / "map.tif")[0][0]
    areas = geodesic_areas(grid(crs, west, north, size, values.shape), range(40), [24])
    expected = [(areas * (values == value)).sum() / 1e4 for value in (1, 2, 3)]
    np.testing.assert_allclose([each.mapped_area / 1e4 for each in result.summaries], expected, rtol=1e-4)
    np.testing.assert_allclose(assessment.maps[0].hectares, expected, rtol=1e-4)
    assert f"{sum(expected):.1f}" in (tmp_path / "report.html").read_text(encoding="utf-8")
