"""Cloud masks, angles, granules and region masks, on small synthetic products and on real ones."""

import json

import numpy as np
import pytest
import rasterio
import rasterio.warp
from rasterio.crs import CRS
from rasterio.features import rasterize
from rasterio.transform import from_origin

from floefield.compute.errors import MissingInput, UnreadableInput, UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.raster.area_of_interest import Area, PixelArea
from floefield.compute.raster.masks import RegionSettings
from floefield.compute.sentinel2.band_stack import write_stack
from floefield.compute.sentinel2.cloud_mask import read_cloud_polygons
from floefield.compute.sentinel2.msi_product import read_granules, read_product
from floefield.compute.sentinel2.product_reader import ProductReader, StackSettings

from ..products import EPSG, ORIGIN, make_product
from ..realdata import DATA, SENTINEL2
from ..tinyproducts import add_angles, add_layer, make_level_1c, make_old_product

NODATA = -32768
WEST, NORTH = ORIGIN
TEN = np.arange(100, 244).reshape(12, 12)
UTM = CRS.from_epsg(EPSG).to_wkt()


class Log(Progress):
    def __init__(self):
        self.warnings = []

    def warn(self, text):
        self.warnings.append(text)


def stack_of(products, output, area=None, regions=None, progress=None, **settings):
    if not isinstance(products, tuple):
        products = read_granules(products)
    write_stack(products, str(output), StackSettings(**settings), area, progress or Progress(), regions)
    with rasterio.open(output) as file:
        return file.read()


def square(col, row, width, height):
    """Ring around a block of 10 m pixels."""
    west, north = WEST + 10 * col, NORTH - 10 * row
    east, south = west + 10 * width, north - 10 * height
    return [(west, north), (east, north), (east, south), (west, south), (west, north)]


def test_level_1c_cloud_polygons_mask_the_selected_cloud_types(tmp_path):
    clouds = [("OPAQUE", square(2, 3, 4, 2)), ("CIRRUS", square(8, 8, 2, 2))]
    safe = make_level_1c(tmp_path, {"B04": TEN}, clouds=clouds)
    both = stack_of(safe, tmp_path / "both.tif", bands=("B04",), cloud_mask="l1c")
    expected = TEN.copy()
    expected[8:10, 8:10] = NODATA
    expected[3:5, 2:6] = NODATA
    assert (both[0] == expected).all()
    cirrus = stack_of(safe, tmp_path / "cirrus.tif", bands=("B04",), cloud_mask="l1c", cloud_types=("cirrus",))
    assert (cirrus[0] == NODATA).sum() == 4


def test_an_empty_cloud_mask_masks_nothing_and_a_missing_one_is_an_error(tmp_path):
    safe = make_level_1c(tmp_path, {"B04": TEN}, clouds=[])
    assert (stack_of(safe, tmp_path / "clear.tif", bands=("B04",), cloud_mask="l1c")[0] == TEN).all()
    next(safe.rglob("*.gml")).unlink()
    with pytest.raises(MissingInput, match=r"MSK_CLOUDS_B00.*none"):
        stack_of(safe, tmp_path / "stack.tif", bands=("B04",), cloud_mask="l1c")
    with pytest.raises(MissingInput, match=r"Level-1C product and has no scene classification.*l1c"):
        stack_of(safe, tmp_path / "stack.tif", bands=("B04",), cloud_mask="l2a")


def test_cloud_masks_with_xml_entities_are_rejected(tmp_path):
    safe = make_level_1c(tmp_path, {"B04": TEN}, clouds=[])
    mask = next(safe.rglob("*.gml"))
    mask.write_text('<!DOCTYPE a [<!ENTITY b "c">]>\n<a>&b;</a>')
    with pytest.raises(UnreadableInput, match="entity"):
        stack_of(safe, tmp_path / "stack.tif", bands=("B04",), cloud_mask="l1c")
    mask.write_text("<a><b>")
    with pytest.raises(UnreadableInput, match="not readable XML"):
        stack_of(safe, tmp_path / "stack.tif", bands=("B04",), cloud_mask="l1c")


def test_the_three_band_cloud_mask_of_baseline_0400(tmp_path):
    safe = make_product(tmp_path, "2023-06-27", {("B04", 10): TEN + 1000}, baseline="05.09")
    layers = np.zeros((3, 2, 2), np.uint8)
    layers[0, 0, 0] = layers[1, 1, 0] = layers[2, 0, 1] = 1
    add_layer(safe, "MSK_CLASSI_B00", layers, 60)
    for kinds, masked in ((("opaque",), (slice(0, 6), slice(0, 6))), (("cirrus",), (slice(6, 12), slice(0, 6))),
                          (("snow",), (slice(0, 6), slice(6, 12)))):
        expected = TEN.copy()
        expected[masked] = NODATA
        values = stack_of(safe, tmp_path / f"{kinds[0]}.tif", bands=("B04",), cloud_mask="l1c", cloud_types=kinds)
        assert (values[0] == expected).all()


def test_the_cloud_probability_threshold_is_inclusive(tmp_path):
    safe = make_product(tmp_path, "2023-06-27", {("B05", 20): TEN[:6, :6]})
    probability = np.arange(36).reshape(6, 6)
    add_layer(safe, "MSK_CLDPRB_20m", probability, 20)
    values = stack_of(safe, tmp_path / "stack.tif", bands=("B05", "CLDPRB"), pixel_size=20.0, cloud_mask="probability",
                      cloud_probability_threshold=20)
    assert (values[0] == np.where(probability >= 20, NODATA, TEN[:6, :6])).all()
    assert (values[1] == probability).all(), "0 percent is a valid value"


@pytest.mark.parametrize(("method", "max_cloudy"), [("first", 0), ("flagand", 3), ("flagor", 0), ("flagmedianand", 2),
                                                    ("flagmedianor", 1)])
def test_flag_downsampling_of_the_cloud_mask(tmp_path, method, max_cloudy):
    """Pixels of 40 m with 0 to 4 cloudy quarters, starting at the upper left."""
    classes = np.full((2, 10), 4)
    for pixel, quarters in enumerate(([], [(0, 0)], [(0, 0), (0, 1)], [(0, 0), (0, 1), (1, 0)],
                                      [(0, 0), (0, 1), (1, 0), (1, 1)])):
        for row, column in quarters:
            classes[row, 2 * pixel + column] = 9
    safe = make_product(tmp_path, "2018-06-27", {("B05", 20): np.full((2, 10), 500), ("SCL", 20): classes})
    values = stack_of(safe, tmp_path / "stack.tif", bands=("B05",), pixel_size=40.0, cloud_mask="l2a",
                      flag_downsampling=method)
    assert (values[0, 0] != NODATA).tolist() == [quarters <= max_cloudy for quarters in range(5)]


@pytest.mark.parametrize("method", ["first", "flagand", "flagor", "flagmedianand", "flagmedianor"])
def test_a_pixel_of_half_cloud_and_half_no_data_is_masked(tmp_path, method):
    """Both classes are masked, so nothing of the pixel may be kept, whichever way their flags are combined."""
    classes = np.array([[9, 0, 4, 4], [0, 9, 4, 4]])
    safe = make_product(tmp_path, "2018-06-27", {("B05", 20): np.full((2, 4), 500), ("SCL", 20): classes})
    values = stack_of(safe, tmp_path / "stack.tif", bands=("B05",), pixel_size=40.0, cloud_mask="l2a",
                      flag_downsampling=method)
    assert (values[0, 0] != NODATA).tolist() == [False, True]


def test_the_cloud_buffer_is_in_metres_in_every_crs(tmp_path):
    classes = np.full((30, 30), 4)
    classes[15, 15] = 9
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): np.full((60, 60), 500), ("SCL", 20): classes})
    values = stack_of(safe, tmp_path / "stack.tif", bands=("B04",), cloud_mask="l2a", cloud_buffer=50)
    rows, columns = np.mgrid[:60, :60]
    near = np.min([np.hypot(rows - row, columns - column) for row in (30, 31) for column in (30, 31)], axis=0) <= 5
    assert ((values[0] == NODATA) == near).all()
    degrees = stack_of(safe, tmp_path / "degrees.tif", bands=("B04",), cloud_mask="l2a", cloud_buffer=50,
                       crs=CRS.from_epsg(4326).to_wkt(), pixel_size=10.0)
    with rasterio.open(tmp_path / "degrees.tif") as file:
        pixel = file.res[0] * 111319.49
    area = (degrees[0, 20:-20, 20:-20] == NODATA).sum() * pixel ** 2
    assert area * np.cos(np.radians(44.2)) == pytest.approx(near.sum() * 100 * np.cos(np.radians(44.2)), rel=0.15)


def test_the_cloud_buffer_does_not_depend_on_blocks(tmp_path, monkeypatch):
    classes = np.random.default_rng(1).choice([4, 9], (30, 30), p=[0.98, 0.02])
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): np.full((60, 60), 500), ("SCL", 20): classes})
    settings = {"bands": ("B04",), "cloud_mask": "l2a", "cloud_buffer": 45}
    whole = stack_of(safe, tmp_path / "whole.tif", **settings)
    monkeypatch.setattr("floefield.compute.sentinel2.band_stack.BLOCK", 16)
    monkeypatch.setattr("floefield.compute.sentinel2.band_stack.REGION", 32)
    assert (stack_of(safe, tmp_path / "blocks.tif", **settings) == whole).all()


def test_angles_are_interpolated_between_grid_nodes(tmp_path):
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): np.full((1000, 1000), 500)})
    zenith = np.add.outer([30.0, 32.0, 34.0], [0.0, 0.5, 1.0])
    azimuth = np.array([[359.0, 1.0, 3.0]] * 3)
    first, second = np.full((3, 3), 4.0), np.array([[8.0, 8.0, np.nan]] * 3)
    add_angles(safe, zenith, azimuth, [first, second], [np.full((3, 3), 100.0), np.array([[200.0, 200.0, np.nan]] * 3)])
    bands = ("sun_zenith", "sun_azimuth", "view_zenith_mean", "view_azimuth_mean")
    stack_of(safe, tmp_path / "angles.tif", bands=bands, pixel_size=20.0)
    with rasterio.open(tmp_path / "angles.tif") as file:
        assert file.descriptions == bands
        sun_zenith, sun_azimuth, view_zenith, view_azimuth = (
            file.read(band + 1) * file.scales[band] for band in range(4))
    metres = 20 * (np.arange(500) + 0.5)
    np.testing.assert_allclose(sun_zenith, np.add.outer(30 + 2 * metres / 5000, 0.5 * metres / 5000), atol=0.01)
    expected = np.mod(359 + 2 * metres / 5000, 360)
    assert np.abs(np.mod(sun_azimuth - expected + 180, 360) - 180).max() < 0.02, "359 and 1 degree average to north"
    assert view_zenith[0, 0] == pytest.approx(6, abs=0.01)
    assert view_azimuth[0, 0] == pytest.approx(150, abs=0.02)
    assert view_zenith[0, -1] == pytest.approx(4, abs=0.05)


def test_the_angles_of_a_real_tile_equal_its_metadata():
    safe = next(iter(SENTINEL2.glob("S2A_MSIL2A_20221005*.SAFE")))
    product = read_product(str(safe))
    bands = ("sun_zenith", "view_zenith_mean")
    with ProductReader(product, StackSettings(bands=bands, pixel_size=60.0)) as scene:
        grid = scene.grid
        window = grid.window_of((grid.west + 5000 - 60, grid.north - 10000, grid.west + 5000, grid.north - 9940))
        sun, _ = scene.read("sun_zenith", grid, window)
        view, valid = scene.read("view_zenith_mean", grid, window)
    assert sun[0, 0] == pytest.approx(58.2842, abs=0.002), "second column, third row of the grid in MTD_TL.xml"
    assert valid.all()
    assert 1 < view.mean() < 13


def test_real_cloud_polygons_equal_those_read_by_ogr(tmp_path):
    cloudy, clear = (next(iter(SENTINEL2.glob(f"l1c_zipped/*{tile}*.zip"))) for tile in ("T53JQJ", "T56JMM"))
    assert read_cloud_polygons(read_product(clear)) == []
    product = read_product(cloudy)
    polygons = read_cloud_polygons(product)
    assert len(polygons) == 94
    assert {kind for kind, _ in polygons} == {"opaque"}
    with ProductReader(product, StackSettings(bands=("B02",), cloud_mask="l1c")) as scene:
        grid = scene.grid
        cloud = ~scene.clear(grid, grid.window)
    ogr = pytest.importorskip("osgeo.ogr")
    gml = tmp_path / "clouds.gml"
    gml.write_bytes(product.safe.read(product.granule.cloud_polygons))
    opened = ogr.Open(str(gml))
    shapes = [json.loads(feature.GetGeometryRef().ExportToJson()) for feature in opened.GetLayer()]
    expected = rasterize(shapes, grid.shape, transform=rasterio.Affine(*grid.transform))
    assert (cloud == expected.astype(bool)).all()
    assert 0 < cloud.mean() < 0.5


def old_product(tmp_path):
    left, right = np.full((12, 12), 1000), np.full((12, 12), 2000)
    other_zone = CRS.from_epsg(32632)
    x, y = rasterio.warp.transform(CRS.from_epsg(EPSG), other_zone, [WEST + 240], [NORTH])
    return make_old_product(tmp_path, {
        "T31TEJ": (EPSG, (WEST, NORTH), {"B04": left}), "T31TFJ": (EPSG, (WEST + 120, NORTH), {"B04": right}),
        "T32TKP": (32632, (round(x[0], -1), round(y[0], -1)), {"B04": np.full((12, 12), 3000)})})


def test_granules_of_a_multi_tile_product_are_found_selected_and_mosaicked(tmp_path):
    safe = old_product(tmp_path)
    granules = read_granules(str(safe))
    assert [granule.tile for granule in granules] == ["T31TEJ", "T31TFJ", "T32TKP"]
    assert len({granule.uri for granule in granules}) == 3
    assert read_product(str(safe), "31TFJ").images.keys() == {("B04", 10)}
    with pytest.raises(UnsuitableInput, match="31TEJ, 31TFJ, 32TKP"):
        read_product(str(safe))
    with pytest.raises(UnsuitableInput, match="no tile 33UUU"):
        read_product(str(safe), "33UUU")
    log = Log()
    values = stack_of(safe, tmp_path / "zone.tif", bands=("B04",), progress=log)
    assert (values[0] == np.hstack([np.full((12, 12), 1000), np.full((12, 12), 2000)])).all()
    assert any("T32TKP are left out" in line for line in log.warnings)


def test_granules_of_all_utm_zones_are_mosaicked_in_one_crs(tmp_path):
    values = stack_of(old_product(tmp_path), tmp_path / "all.tif", bands=("B04",), crs=CRS.from_epsg(3035).to_wkt())
    assert set(np.unique(values)) == {NODATA, 1000, 2000, 3000}


def test_a_pixel_window_selects_pixels_of_the_output_resolution(tmp_path):
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): TEN, ("B05", 20): TEN[:6, :6]})
    values = stack_of(safe, tmp_path / "part.tif", PixelArea(2, 3, 5, 4), bands=("B04", "B05"))
    assert (values[0] == TEN[3:7, 2:7]).all()
    assert (values[1] == np.kron(TEN[:6, :6], np.ones((2, 2)))[3:7, 2:7]).all()
    coarse = stack_of(safe, tmp_path / "coarse.tif", PixelArea(1, 1, 2, 2), bands=("B05",), pixel_size=20.0)
    assert (coarse[0] == TEN[1:3, 1:3]).all()
    with pytest.raises(UnsuitableInput, match="12 x 12 pixels"):
        stack_of(safe, tmp_path / "none.tif", PixelArea(12, 0, 5, 5), bands=("B04",))


def write_dem(path, elevation, crs=EPSG, corner=ORIGIN, size=30.0, nodata=None):
    with rasterio.open(path, "w", driver="GTiff", height=elevation.shape[0], width=elevation.shape[1], count=1,
                       dtype="float32", crs=crs and f"EPSG:{crs}", nodata=nodata,
                       transform=from_origin(*corner, size, size)) as file:
        file.write(elevation.astype("float32"), 1)
    return str(path)


def test_sea_is_at_or_below_sea_level_or_without_elevation(tmp_path):
    elevation = np.array([[5, 0, -3, -9999], [1, 2, 0.5, 7], [1, 1, 1, 1], [1, 1, 1, 1]])
    dem = write_dem(tmp_path / "dem.tif", elevation, nodata=-9999)
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): TEN})
    land = np.kron(elevation > 0, np.ones((3, 3))).astype(bool)
    without_sea = stack_of(safe, tmp_path / "a.tif", regions=RegionSettings("sea", dem), bands=("B04",))
    assert (without_sea[0] == np.where(land, TEN, NODATA)).all()
    without_land = stack_of(safe, tmp_path / "b.tif", regions=RegionSettings("land", dem), bands=("B04",))
    assert (without_land[0] == np.where(land, NODATA, TEN)).all()
    higher = stack_of(safe, tmp_path / "c.tif", regions=RegionSettings("sea", dem, 1.0), bands=("B04",))
    assert (higher[0] == np.where(np.kron(elevation > 1, np.ones((3, 3))), TEN, NODATA)).all()


def test_an_elevation_model_elsewhere_is_an_error_and_partial_coverage_a_warning(tmp_path):
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): TEN})
    for crs, message in ((32633, "does not cover any part"), (None, "no coordinate reference system")):
        dem = write_dem(tmp_path / "dem.tif", np.ones((4, 4)), crs=crs)
        with pytest.raises(UnsuitableInput, match=message):
            stack_of(safe, tmp_path / "a.tif", regions=RegionSettings("sea", dem), bands=("B04",))
    dem = write_dem(tmp_path / "dem.tif", np.ones((2, 4)))
    log = Log()
    values = stack_of(safe, tmp_path / "a.tif", regions=RegionSettings("sea", dem), bands=("B04",), progress=log)
    assert (values[0] == np.where(np.arange(12)[:, None] < 6, TEN, NODATA)).all()
    assert any("covers about 50%" in line for line in log.warnings)


def test_land_and_study_area_polygons_mask_by_pixel_centres(tmp_path):
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): TEN})
    inside = np.zeros((12, 12), bool)
    inside[2:5, 1:7] = True
    area = Area(({"type": "Polygon", "coordinates": [square(1, 2, 6, 3)]},), UTM)
    cases = ((RegionSettings("sea", land=area), inside), (RegionSettings("land", land=area), ~inside),
             (RegionSettings(study_area=area), inside),
             (RegionSettings(study_area=area, invert_study_area=True), ~inside))
    for number, (regions, kept) in enumerate(cases):
        values = stack_of(safe, tmp_path / f"{number}.tif", regions=regions, bands=("B04",))
        assert (values[0] == np.where(kept, TEN, NODATA)).all()
    with pytest.raises(UnsuitableInput, match="elevation model or land polygons"):
        stack_of(safe, tmp_path / "none.tif", regions=RegionSettings("sea"), bands=("B04",))


def test_a_real_elevation_model_in_a_compound_crs(tmp_path):
    """Around Rome, elevations are above 0 m, in part above 50 m; compared with elevations warped by GDAL."""
    dem = DATA / "dem" / "Rome-30m-DEM.tif"
    if not dem.exists():
        pytest.skip("the real elevation model is missing")
    with rasterio.open(dem) as file:
        west, _, _, north = rasterio.warp.transform_bounds(file.crs, "EPSG:32633", *file.bounds)
        corner = np.ceil((west + 1000) / 10) * 10, np.floor((north - 1000) / 10) * 10
        expected = np.zeros((200, 200), np.float32)
        rasterio.warp.reproject(rasterio.band(file, 1), expected, dst_crs="EPSG:32633", tolerance=0,
                                dst_transform=from_origin(*corner, 10, 10))
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): np.full((200, 200), 700)}, origin=corner, epsg=32633)
    values = stack_of(safe, tmp_path / "rome.tif", regions=RegionSettings("sea", str(dem), 50.0), bands=("B04",))
    assert 0.05 < (expected > 50).mean() < 0.95
    assert ((values[0] == 700) != (expected > 50)).mean() < 0.01


def test_platform_and_offset_of_level_1c_are_read_from_the_metadata(tmp_path):
    safe = make_level_1c(tmp_path, {"B04": TEN + 1000, "B10": TEN[:2, :2] + 1000}, "2024-10-01", "05.11",
                         platform="Sentinel-2C")
    product = read_product(str(safe))
    assert (product.level, product.platform, product.offsets["B10"]) == ("L1C", "Sentinel-2C", -1000)
    values = stack_of(safe, tmp_path / "stack.tif", bands=("B04", "B10"))
    assert (values[0] == TEN).all()
    assert (values[1] == np.kron(TEN[:2, :2], np.ones((6, 6)))).all()


@pytest.mark.parametrize("threads", [1, 3])
def test_small_cloud_patches_are_removed(tmp_path, threads):
    """Compared with scikit-image on the whole mask; the scene is larger than a block of the stack."""
    from skimage.measure import label

    cloud = np.random.default_rng(5).random((700, 700)) < 0.42
    classes = np.where(cloud, 9, 4)
    safe = make_product(tmp_path, "2018-06-27", {("B05", 20): np.full((700, 700), 500), ("SCL", 20): classes})
    values = stack_of(safe, tmp_path / "stack.tif", bands=("B05",), pixel_size=20.0, cloud_mask="l2a",
                      min_cloud_area=10000.0, threads=threads)
    patches = label(cloud, connectivity=2)
    expected = cloud & (np.bincount(patches.ravel())[patches] >= 25)
    assert ((values[0] == NODATA) == expected).all()
    assert cloud.sum() > expected.sum() > 0


def test_small_cloud_patches_are_removed_before_the_buffer_is_added(tmp_path):
    classes = np.full((60, 60), 4)
    classes[5, 5], classes[30:36, 30:36] = 9, 3
    safe = make_product(tmp_path, "2018-06-27", {("B05", 20): np.full((60, 60), 500), ("SCL", 20): classes})
    values = stack_of(safe, tmp_path / "stack.tif", bands=("B05",), pixel_size=20.0, cloud_mask="l2a",
                      min_cloud_area=10000.0, cloud_buffer=20)
    assert (values[0] == NODATA).sum() == 36 + 4 * 6
