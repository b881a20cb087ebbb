"""Pixel area compared with published values of the ellipsoid; class rasters on other grids compared with GDAL."""

import math

import numpy as np
import pytest
from rasterio.crs import CRS

from floefield.compute.errors import UnsuitableInput
from floefield.compute.raster.grid import Grid, Window, pixel_area
from floefield.compute.raster.resampled_reader import ResampledReader
from floefield.tests import fieldscene


def grid(crs, west, north, size, shape=(100, 100)):
    return Grid(CRS.from_user_input(crs).to_wkt() if crs else "", west, north, size, size, *shape)


def first_band(raster, window):
    values, valid = raster.read(window, [0])
    return values[0], valid[0]


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


def test_classes_on_another_grid_equal_gdal(tmp_path):
    from osgeo import gdal

    values = np.random.default_rng(1).integers(0, 9, (1, 80, 70)).astype(np.uint8)
    path = fieldscene.write(tmp_path / "map.tif", values, ("class",), nodata=0)
    target = Grid(CRS.from_epsg(4326).to_wkt(), 2.9999, 43.3531, 0.00013, 0.00011, 90, 80)
    west, south, east, north = target.bounds
    gdal.Warp(str(tmp_path / "warped.tif"), path, dstSRS="EPSG:4326", outputBounds=(west, south, east, north),
              width=80, height=90, resampleAlg="near", dstNodata=0, errorThreshold=0)
    expected = fieldscene.read(tmp_path / "warped.tif")[0][0]
    with ResampledReader(path, target, "nearest") as raster:
        assert raster.is_resampled
        whole, valid = first_band(raster, target.window)
        for window in target.blocks(33, 27):
            part, inside = first_band(raster, window)
            np.testing.assert_array_equal(part[inside], whole[window.slices][inside])
    assert 0.5 < valid.mean() < 1
    np.testing.assert_array_equal(valid, whole > 0)
    # GDAL's default approximates the transformation to an eighth of a pixel.
    assert (whole == expected)[valid].mean() > 0.98


def test_value_0_without_nodata_stays_valid_on_another_grid(tmp_path):
    values = np.zeros((1, 40, 40), np.uint8)
    path = fieldscene.write(tmp_path / "map.tif", values, ("class",))
    target = Grid(CRS.from_user_input(fieldscene.CRS).to_wkt(), fieldscene.WEST - 100, fieldscene.NORTH, 5, 5, 40, 60)
    with ResampledReader(path, target, "nearest") as raster:
        whole, valid = first_band(raster, target.window)
    assert (whole[valid] == 0).all()
    np.testing.assert_array_equal(valid.all(axis=0), np.arange(60) >= 20)


def test_a_raster_without_crs_is_rejected(tmp_path):
    path = fieldscene.write(tmp_path / "map.tif", np.ones((1, 9, 9), np.uint8), ("class",), crs=None)
    with pytest.raises(UnsuitableInput, match="Assign"):
        ResampledReader(path, grid("EPSG:32631", 0, 90, 10, (9, 9)), "nearest")
