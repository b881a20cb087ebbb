"""Values of stacks and series, on small synthetic products, and on real ones compared with GDAL."""

import hashlib
from collections import namedtuple
from dataclasses import replace

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.warp import reproject

from floefield.compute.errors import Cancelled, UnreadableInput, UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.raster.area_of_interest import Area
from floefield.compute.safe import find_products
from floefield.compute.sentinel2.band_stack import write_stack
from floefield.compute.sentinel2.msi_product import SENTINEL2_SAFE, read_product
from floefield.compute.sentinel2.optical_series import SeriesSettings, read_products, write_series
from floefield.compute.sentinel2.product_reader import StackSettings

from ..products import make_product
from ..realdata import HERAULT, SENTINEL2

NODATA = -32768
WGS84 = CRS.from_epsg(4326).to_wkt()
TEN = np.arange(100, 244).reshape(12, 12)
RED_ONLY = SeriesSettings(bands=("B04",), indices=(), gap_filling="none", min_cloud_area=0.0)


Facts = namedtuple("Facts", "descriptions scales nodata bounds")


class Log(Progress):
    def __init__(self):
        self.warnings, self.lines = [], []

    def say(self, text):
        self.lines.append(text)

    def warn(self, text):
        self.warnings.append(text)


def stack_of(safe, output, area=None, **settings):
    write_stack(read_product(safe), str(output), StackSettings(**settings), area, Progress())
    with rasterio.open(output) as file:
        return file.read(), Facts(file.descriptions, file.scales, file.nodata, file.bounds)


def series_of(folders, output, settings, area=None, progress=None):
    progress = progress or Log()
    write_series(read_products([str(folder) for folder in folders], progress), str(output), settings, area, progress)
    with rasterio.open(output) as file:
        return dict(zip(file.descriptions, file.read())), file.scales


def test_reflectance_is_the_same_before_and_after_baseline_0400(tmp_path):
    old = make_product(tmp_path, "2021-12-01", {("B04", 10): TEN}, baseline="03.01")
    new = make_product(tmp_path, "2022-03-01", {("B04", 10): TEN + 1000}, baseline="04.00")
    before, _ = stack_of(old, tmp_path / "old.tif", bands=("B04",))
    after, _ = stack_of(new, tmp_path / "new.tif", bands=("B04",))
    assert (before == TEN).all()
    assert (after == before).all()


def test_nodata_is_determined_before_the_offset_and_dark_pixels_stay_valid(tmp_path):
    dark = np.array([[0, 1], [999, 1500]])
    values, file = stack_of(make_product(tmp_path, "2022-03-01", {("B04", 10): dark}, baseline="05.10"),
                            tmp_path / "dark.tif", bands=("B04",))
    assert values[0].tolist() == [[NODATA, -999], [-1, 500]]
    assert file.nodata == NODATA


def test_bright_pixels_are_clipped_to_the_maximum_of_int16_and_saturated_ones_are_nodata(tmp_path):
    """The special value SATURATED of the metadata, 65535 by default, is no measurement."""
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): np.array([[65535, 40000]])})
    values, _ = stack_of(safe, tmp_path / "bright.tif", bands=("B04",))
    assert values[0].tolist() == [[NODATA, 32767]]
    metadata = safe / "MTD_MSIL2A.xml"
    metadata.write_text(metadata.read_text().replace("<Special_Values>", """<Special_Values>
        <SPECIAL_VALUE_TEXT>SATURATED</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>40000</SPECIAL_VALUE_INDEX>
      </Special_Values><Special_Values>""", 1))
    values, _ = stack_of(safe, tmp_path / "declared.tif", bands=("B04",))
    assert values[0].tolist() == [[32767, NODATA]]


def test_saturated_pixels_do_not_enter_means(tmp_path):
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): np.array([[65535, 400], [600, 800]])})
    values, _ = stack_of(safe, tmp_path / "mean.tif", bands=("B04",), pixel_size=20.0, downsampling="mean")
    assert values[0].tolist() == [[600]]


def test_bands_of_all_pixel_sizes_are_resampled_to_one_grid(tmp_path):
    safe = make_product(tmp_path, "2018-06-27", {
        ("B04", 10): TEN, ("B05", 20): TEN[:6, :6], ("B09", 60): TEN[:2, :2]})
    values, file = stack_of(safe, tmp_path / "stack.tif", bands=("B09", "B04", "B05"))
    assert file.descriptions == ("B09", "B04", "B05")
    assert (values[1] == TEN).all()
    assert (values[2] == np.kron(TEN[:6, :6], np.ones((2, 2)))).all()
    assert (values[0] == np.kron(TEN[:2, :2], np.ones((6, 6)))).all()


def test_the_cloud_mask_applies_to_reflectance_and_not_to_scene_classes(tmp_path):
    classes = np.array([[4, 9, 3], [10, 8, 5]])
    safe = make_product(tmp_path, "2018-06-27", {("B05", 20): TEN[:2, :3], ("SCL", 20): classes})
    values, _ = stack_of(safe, tmp_path / "clear.tif", bands=("B05", "SCL"), pixel_size=20.0, cloud_mask="l2a")
    assert (values[0] == np.where(np.isin(classes, (4, 5)), TEN[:2, :3], NODATA)).all()
    assert (values[1] == classes).all()
    only_shadow, _ = stack_of(safe, tmp_path / "shadow.tif", bands=("B05",), pixel_size=20.0, cloud_mask="l2a",
                              scl_classes=("cloud_shadow",))
    assert (only_shadow[0] == np.where(classes == 3, NODATA, TEN[:2, :3])).all()


def test_clipping_to_an_area_does_not_change_values(tmp_path):
    safe = make_product(tmp_path, "2018-06-27", {("B05", 20): TEN})
    whole, _ = stack_of(safe, tmp_path / "whole.tif", bands=("B05",), upsampling="bicubic")
    with rasterio.open(tmp_path / "whole.tif") as file:
        west, north, crs = file.bounds.left, file.bounds.top, file.crs.to_wkt()
    corners = [(west + 33, north - 41), (west + 97, north - 41), (west + 97, north - 122), (west + 33, north - 122)]
    area = Area(({"type": "Polygon", "coordinates": [[*corners, corners[0]]]},), crs)
    part, file = stack_of(safe, tmp_path / "part.tif", area, bands=("B05",), upsampling="bicubic")
    assert (part == whole[:, 4:13, 3:10]).all()
    assert file.bounds.left == west + 30


def test_an_area_elsewhere_is_rejected(tmp_path):
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): TEN})
    elsewhere = Area(({"type": "Polygon", "coordinates": [[(10, 50), (11, 50), (11, 51), (10, 50)]]},), WGS84)
    with pytest.raises(UnsuitableInput, match="outside the image"):
        stack_of(safe, tmp_path / "part.tif", elsewhere, bands=("B04",))
    assert not (tmp_path / "part.tif").exists()


def test_a_truncated_image_is_an_error_and_leaves_no_output(tmp_path):
    noise = np.random.default_rng(0).integers(1, 9000, (300, 300))
    safe = make_product(tmp_path, "2018-06-27", {("B04", 10): noise})
    image = next(safe.rglob("*B04_10m.jp2"))
    image.write_bytes(image.read_bytes()[:5000])
    with pytest.raises(UnreadableInput, match=r"B04_10m\.jp2"):
        stack_of(safe, tmp_path / "stack.tif", bands=("B04",))
    assert [path.name for path in tmp_path.iterdir()] == [safe.name]


def test_a_series_is_dated_sorted_and_on_one_grid(tmp_path):
    folders = [make_product(tmp_path, date, {("B04", 10): TEN + plus, ("SCL", 20): np.full((6, 6), 4)})
               for date, plus in (("2018-07-07", 2), ("2018-06-27", 1), ("2018-08-06", 3))]
    bands, _ = series_of(folders, tmp_path / "series.tif", RED_ONLY)
    assert list(bands) == ["B04_20180627", "B04_20180707", "B04_20180806"]
    assert (bands["B04_20180707"] == TEN + 2).all()


def test_products_of_one_date_are_mosaicked_with_the_newest_baseline_first(tmp_path):
    left = np.where(np.arange(12) < 8, TEN, 0)
    right = np.where(np.arange(12) >= 4, TEN + 5000, 0)
    clear = np.full((6, 6), 4)
    old = make_product(tmp_path, "2018-06-27", {("B04", 10): right, ("SCL", 20): clear}, baseline="02.08")
    new = make_product(tmp_path, "2018-06-27", {("B04", 10): left, ("SCL", 20): clear}, baseline="02.12")
    bands, _ = series_of([old, new], tmp_path / "series.tif", RED_ONLY)
    assert (bands["B04_20180627"] == np.where(np.arange(12) < 8, TEN, TEN + 5000)).all()


def test_a_date_without_clear_pixels_is_dropped_with_a_warning(tmp_path):
    clear, cloud = np.full((6, 6), 4), np.full((6, 6), 9)
    folders = [make_product(tmp_path, "2018-06-27", {("B04", 10): TEN, ("SCL", 20): clear}),
               make_product(tmp_path, "2018-07-07", {("B04", 10): TEN * 0, ("SCL", 20): clear}),
               make_product(tmp_path, "2018-08-06", {("B04", 10): TEN, ("SCL", 20): cloud})]
    log = Log()
    bands, _ = series_of(folders, tmp_path / "series.tif", RED_ONLY, progress=log)
    assert list(bands) == ["B04_20180627"]
    assert [line[:10] for line in log.warnings] == ["2018-07-07", "2018-08-06"]


def test_gaps_are_filled_linearly_in_time(tmp_path):
    cloudy = np.full((6, 6), 4)
    cloudy[0, 0] = 9
    images = [np.full((12, 12), value) for value in (1000, 5000, 2000)]
    folders = [make_product(tmp_path, date, {("B04", 10): image, ("SCL", 20): scl})
               for date, image, scl in zip(("2018-06-01", "2018-06-11", "2018-06-21"), images,
                                           (np.full((6, 6), 4), cloudy, np.full((6, 6), 4)))]
    filled, _ = series_of(folders, tmp_path / "filled.tif", replace(RED_ONLY, gap_filling="linear"))
    assert (filled["B04_20180611"][:2, :2] == 1500).all()
    assert (filled["B04_20180611"][2:, 2:] == 5000).all()
    holes, _ = series_of(folders, tmp_path / "holes.tif", RED_ONLY)
    assert (holes["B04_20180611"][:2, :2] == NODATA).all()


def test_indices_follow_their_formulas(tmp_path):
    flat = {band: np.full((12, 12), value) for band, value in (("B03", 800), ("B04", 600), ("B08", 4200))}
    images = {**{(band, 10): image for band, image in flat.items()}, ("B11", 20): np.full((6, 6), 2100),
              ("SCL", 20): np.full((6, 6), 4)}
    settings = replace(RED_ONLY, indices=("ndvi", "ndwi", "brightness"))
    bands, scales = series_of([make_product(tmp_path, "2018-06-27", images)], tmp_path / "indices.tif", settings)
    assert scales == (1e-4,) * 4
    assert bands["NDVI_20180627"][0, 0] == round(1e4 * (0.42 - 0.06) / (0.42 + 0.06))
    assert bands["NDWI_20180627"][0, 0] == round(1e4 * (0.21 - 0.42) / (0.21 + 0.42))
    assert bands["BRIGHTNESS_20180627"][0, 0] == round(1e4 * (0.08 ** 2 + 0.06 ** 2 + 0.42 ** 2 + 0.21 ** 2) ** 0.5)


def test_the_same_bytes_for_any_number_of_threads(tmp_path):
    clear = np.full((300, 300), 4)
    images = {("B04", 10): np.random.default_rng(3).integers(1, 9000, (600, 600)), ("SCL", 20): clear}
    safe = make_product(tmp_path, "2018-06-27", images)
    for threads in (1, 2, 4):
        series_of([safe], tmp_path / f"{threads}.tif", replace(RED_ONLY, threads=threads))
    assert len({(tmp_path / f"{threads}.tif").read_bytes() for threads in (1, 2, 4)}) == 1


def test_cancelling_leaves_no_output(tmp_path):
    class Cancelling(Log):
        cancelled = True

    products = read_products([str(make_product(tmp_path, "2018-06-27", {("B04", 10): TEN, ("SCL", 20): TEN[:6, :6]}))],
                             Log())
    with pytest.raises(Cancelled):
        write_series(products, str(tmp_path / "series.tif"), RED_ONLY, None, Cancelling())
    with pytest.raises(Cancelled):
        write_stack(products[0], str(tmp_path / "stack.tif"), StackSettings(bands=("B04",)), None, Cancelling())
    assert [path.suffix for path in tmp_path.iterdir()] == [".SAFE"]


def test_every_band_of_a_real_old_product_equals_gdal(tmp_path):
    safe = next(iter(HERAULT.glob("2018/08/26/*.SAFE")))
    values, file = stack_of(safe, tmp_path / "stack.tif", pixel_size=10.0, bands=(
        "B02", "B03", "B04", "B08", "B05", "B06", "B07", "B8A", "B11", "B12", "SCL"))
    for band, plane in zip(file.descriptions, values):
        with rasterio.open(next(safe.rglob(f"*_{band}_*m.jp2"))) as image:
            raw = image.read(1).astype(int)
        raw = np.kron(raw, np.ones((2, 2), int))[:353, :232] if len(raw) < 200 else raw
        assert (plane == np.where(raw == 0, NODATA, raw)).all(), band


def test_every_60_m_band_of_the_real_0400_product_equals_gdal_with_its_offset(tmp_path):
    safe = next(iter(SENTINEL2.glob("S2A_MSIL2A_20221005*.SAFE")))
    bands = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B09", "B11", "B12")
    values, file = stack_of(safe, tmp_path / "stack.tif", pixel_size=60.0, bands=(*bands, "SCL"))
    for band, plane in zip(file.descriptions, values):
        with rasterio.open(next(safe.rglob(f"*_{band}_60m.jp2"))) as image:
            raw = image.read(1).astype(int)
        expected = raw if band == "SCL" else np.minimum(raw - 1000, 32767)
        assert (plane == np.where(raw == 0, NODATA, expected)).all(), band
    red, near_infrared, classes = (values[file.descriptions.index(band)].astype(float)
                                   for band in ("B04", "B8A", "SCL"))
    vegetation = classes == 4
    ndvi = (near_infrared - red)[vegetation] / (near_infrared + red)[vegetation]
    assert np.median(ndvi) == pytest.approx(0.84, abs=0.02)


def test_the_real_series_drops_its_date_without_clear_pixels(tmp_path):
    log = Log()
    HERAULT.glob("*")
    bands, _ = series_of(find_products(str(HERAULT), SENTINEL2_SAFE), tmp_path / "series.tif", SeriesSettings(),
                         progress=log)
    assert len({name.rsplit("_", 1)[1] for name in bands}) == 9
    assert any("2018-02-12 is left out" in line for line in log.warnings)
    nodata_fractions = np.array([(plane == NODATA).mean() for plane in bands.values()])
    assert nodata_fractions.max() < 0.03, "only the edge outside the clipped products has no data"


def test_pixel_values_are_the_same_on_every_platform(tmp_path):
    """The same checksum wherever this test runs: QGIS 3.22, 3.40 and 3.44 bring other versions of numpy and GDAL."""
    generator = np.random.default_rng(6)
    folders = []
    for date in ("2018-06-01", "2018-06-11", "2018-06-26"):
        images = {(band, 10): generator.integers(200, 5000, (60, 60)) for band in ("B03", "B04", "B08")}
        images["B11", 20] = generator.integers(200, 5000, (30, 30))
        images["SCL", 20] = generator.choice([4, 5, 9], (30, 30))
        folders.append(make_product(tmp_path, date, images))
    settings = SeriesSettings(bands=("B03", "B04", "B08", "B11"), upsampling="bicubic", min_cloud_area=0.0)
    bands, _ = series_of(folders, tmp_path / "series.tif", settings)
    pixels = np.stack(list(bands.values())).astype("<i2")
    assert pixels.shape == (21, 60, 60)
    assert hashlib.sha256(pixels.tobytes()).hexdigest()[:16] == "c7848886a35fd62d"


def test_reprojection_equals_gdalwarp(tmp_path):
    generator = np.random.default_rng(4)
    images = {("B04", 10): generator.integers(1, 9000, (120, 120)), ("SCL", 20): generator.integers(2, 11, (60, 60))}
    safe = make_product(tmp_path, "2018-06-27", images)
    lambert = CRS.from_epsg(2154)
    values, _ = stack_of(safe, tmp_path / "stack.tif", bands=("B04", "SCL"), crs=lambert.to_wkt(), cloud_mask="l2a",
                         scl_classes=("cloud_shadow",), upsampling="nearest")
    with rasterio.open(tmp_path / "stack.tif") as file:
        assert file.crs == lambert
        assert file.transform.c % 10 == file.transform.f % 10 == 0
        expected = {}
        for band in ("B04", "SCL"):
            with rasterio.open(next(safe.rglob(f"*_{band}_*"))) as image:
                expected[band] = np.zeros(file.shape, np.uint16)
                reproject(rasterio.band(image, 1), expected[band], dst_transform=file.transform, dst_crs=lambert,
                          src_nodata=0, dst_nodata=0, tolerance=0, XSCALE=1, YSCALE=1)
    expected = {band: plane.astype(int) for band, plane in expected.items()}
    classes = np.where(expected["SCL"] == 0, NODATA, expected["SCL"])
    red = np.where((expected["B04"] == 0) | (classes == 3), NODATA, expected["B04"])
    assert (values[1] != classes).mean() < 2e-3
    assert (values[0] != red).mean() < 2e-3
