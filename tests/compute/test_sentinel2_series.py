"""Time series: dates, composites, mosaics and counts, compared with numpy on synthetic and real products."""

import csv
import datetime
import shutil

import numpy as np
import pytest
import rasterio
from rasterio.warp import reproject, transform

from floefield.compute.errors import GridMismatch, MissingInput, UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.raster.area_of_interest import Area, PixelArea
from floefield.compute.raster.masks import RegionSettings
from floefield.compute.safe import find_products
from floefield.compute.sentinel2.msi_product import SENTINEL2_SAFE
from floefield.compute.sentinel2.optical_series import SeriesSettings, read_products, write_series
from floefield.compute.sentinel2.reflectance_encoding import StorageSettings
from floefield.compute.sentinel2.series_writer import SeriesPaths
from floefield.compute.sentinel2.spectral_indices import INDICES, ratio
from floefield.compute.timeseries.time_steps import clear_median, period_middle, period_start

from ..products import EPSG, ORIGIN, make_product
from ..realdata import HERAULT, SENTINEL2
from ..tinyproducts import make_level_1c

NODATA = -32768
CLEAR = np.full((6, 6), 4)
TEN = np.arange(100, 244).reshape(12, 12)
RED_ONLY = {"bands": ("B04",), "indices": (), "min_cloud_area": 0.0}


class Log(Progress):
    def __init__(self):
        self.warnings, self.lines = [], []

    def say(self, text):
        self.lines.append(text)

    def warn(self, text):
        self.warnings.append(text)


def series_of(products, folder, area=None, progress=None, regions=None, storage=None, **settings):
    """Bands of the stack by name, and the overview; all outputs are written."""
    paths = SeriesPaths(*(str(folder / name) for name in ("series.tif", "count.tif", "table.csv", "figure.png")))
    progress = progress or Log()
    settings = SeriesSettings(**{**RED_ONLY, **settings})
    overview = write_series(read_products([str(path) for path in products], progress), paths, settings, area, progress,
                            regions, storage)
    with rasterio.open(paths.stack) as file:
        return dict(zip(file.descriptions, file.read())), overview


def red(folder, date, values, classes=CLEAR, **options):
    return make_product(folder, date, {("B04", 10): values, ("SCL", 20): classes}, **options)


def cloudy(*pixels):
    """Scene classes with clouds at the given 20 m pixels."""
    classes = CLEAR.copy()
    for pixel in pixels:
        classes[pixel] = 9
    return classes


# ---- dates

def test_regular_dates_are_interpolated_between_clear_dates(tmp_path):
    products = [red(tmp_path, date, np.full((12, 12), value), classes) for date, value, classes in (
        ("2018-06-01", 1000, CLEAR), ("2018-06-11", 9000, cloudy((0, 0))), ("2018-06-25", 3400, CLEAR))]
    bands, overview = series_of(products, tmp_path, interval=8)
    assert list(bands) == ["B04_20180601", "B04_20180609", "B04_20180617", "B04_20180625"]
    assert [plane[0, 0] for plane in bands.values()] == [1000, 1800, 2600, 3400]
    assert [plane[5, 5] for plane in bands.values()] == [1000, 7400, round(9000 - 5600 * 6 / 14), 3400]
    assert overview.dates[1] == datetime.date(2018, 6, 9)


def test_start_and_end_date_limit_the_regular_dates(tmp_path):
    products = [red(tmp_path, date, np.full((12, 12), value))
                for date, value in (("2018-05-01", 100), ("2018-06-03", 1000), ("2018-06-13", 2000))]
    bands, _ = series_of(products, tmp_path, interval=10, start_date="2018-06-01", end_date="2018-06-30")
    assert {name: plane[0, 0] for name, plane in bands.items()} == {
        "B04_20180601": 1000, "B04_20180611": 1800, "B04_20180621": 2000}


def test_products_outside_the_date_range_are_not_used(tmp_path):
    products = [red(tmp_path, date, TEN) for date in ("2018-05-01", "2018-06-03", "2018-06-13")]
    bands, _ = series_of(products, tmp_path, start_date="2018-05-02", end_date="2018-06-03")
    assert list(bands) == ["B04_20180603"]
    with pytest.raises(UnsuitableInput, match="of 2018-05-01 to 2018-06-13"):
        series_of(products, tmp_path, start_date="2019-01-01")


@pytest.mark.parametrize(("settings", "message"), [
    ({"interval": 10, "composite": "month"}, "exclude each other"),
    ({"interval": 10, "gap_filling": "none"}, "linear gap filling"),
    ({"composite": "month", "bands": ("B04", "SCL")}, "SCL cannot be interpolated in time"),
    ({"interval": 10, "bands": ("B04", "AOT")}, "AOT cannot be interpolated in time"),
])
def test_contradictory_settings_are_rejected(tmp_path, settings, message):
    with pytest.raises(UnsuitableInput, match=message):
        series_of([red(tmp_path, "2018-06-01", TEN)], tmp_path / "out", **settings)
    assert not (tmp_path / "out").exists()


# ---- composites

def test_the_median_of_clear_values_equals_numpys():
    generator = np.random.default_rng(1)
    values = generator.random((7, 15, 15)).astype(np.float32)
    valid = generator.random(values.shape) < 0.4
    median, has_data = clear_median(values, valid)
    masked = np.ma.median(np.ma.array(values, mask=~valid), axis=0)
    assert (has_data == ~np.ma.getmaskarray(masked)).all()
    np.testing.assert_allclose(median[has_data], masked[has_data], rtol=1e-6)
    assert 0 < (~has_data).sum() < has_data.size


def test_seasons_are_meteorological():
    day = datetime.date
    assert [period_start(day(2018, month, 17), "season").isoformat() for month in range(1, 13)] == (
        ["2017-12-01"] * 2 + ["2018-03-01"] * 3 + ["2018-06-01"] * 3 + ["2018-09-01"] * 3 + ["2018-12-01"])
    assert period_start(day(2018, 2, 28), "month") == day(2018, 2, 1)
    assert period_middle(day(2018, 6, 1), "month") == day(2018, 6, 15).toordinal() + 0.5
    assert period_middle(day(2018, 12, 1), "season") == day(2019, 1, 14).toordinal() + 0.5


def test_a_monthly_composite_is_the_median_of_clear_observations(tmp_path):
    values = {"2018-06-01": 1000, "2018-06-11": 5000, "2018-06-21": 2000, "2018-07-01": 700, "2018-07-30": 801}
    products = [red(tmp_path, date, np.full((12, 12), value), cloudy((0, 0)) if date == "2018-06-11" else CLEAR)
                for date, value in values.items()]
    bands, overview = series_of(products, tmp_path, composite="month")
    assert list(bands) == ["B04_20180601", "B04_20180701"]
    assert bands["B04_20180601"][5, 5] == 2000
    assert bands["B04_20180601"][0, 0] == 1500
    assert bands["B04_20180701"][0, 0] == 750, "the mean of both, rounded half to even"
    with rasterio.open(tmp_path / "count.tif") as file:
        assert file.descriptions == ("CLEAR_COUNT", "CLEAR_COUNT_20180601", "CLEAR_COUNT_20180701")
        assert file.read()[:, 0, 0].tolist() == [4, 2, 2]
        assert file.read()[:, 5, 5].tolist() == [5, 3, 2]
    assert [row.steps for row in overview.rows][3] == (datetime.date(2018, 7, 1),)


def test_gaps_of_composites_are_interpolated_between_the_middles_of_months(tmp_path):
    products = [red(tmp_path, date, np.full((12, 12), value), cloudy((0, 0)) if date == "2018-07-05" else CLEAR)
                for date, value in (("2018-06-20", 1000), ("2018-07-05", 9), ("2018-08-30", 5000))]
    bands, _ = series_of(products, tmp_path, composite="month")
    june, july, august = 15.5, 30 + 16.0, 61 + 16.0
    assert bands["B04_20180701"][0, 0] == round(1000 + 4000 * (july - june) / (august - june))
    assert bands["B04_20180701"][9, 9] == 9
    unfilled, _ = series_of(products, tmp_path, composite="month", gap_filling="none")
    assert unfilled["B04_20180701"][0, 0] == NODATA


def test_indices_of_a_composite_are_computed_from_its_reflectance(tmp_path):
    images = [{("B04", 10): np.full((12, 12), red_value), ("B08", 10): np.full((12, 12), 3000), ("SCL", 20): CLEAR}
              for red_value in (400, 600, 2000)]
    products = [make_product(tmp_path, f"2018-06-{day}", image) for day, image in zip(("01", "11", "21"), images)]
    bands, _ = series_of(products, tmp_path, composite="season", indices=("ndvi",))
    assert bands["NDVI_20180601"][0, 0] == round(1e4 * (3000 - 600) / 3600)


# ---- indices

REFLECTANCE = {"B02": 300, "B03": 700, "B04": 500, "B05": 1100, "B06": 2500, "B07": 3300, "B08": 3600, "B11": 1900}
BY_HAND = {
    "NDVI": (3600 - 500) / (3600 + 500), "NDWI": (1900 - 3600) / (1900 + 3600), "NDWI_GAO": (3600 - 1900) / 5500,
    "NDWI_MCFEETERS": (700 - 3600) / 4300, "BRIGHTNESS": (0.07 ** 2 + 0.05 ** 2 + 0.36 ** 2 + 0.19 ** 2) ** 0.5,
    "RENDVI": (3600 - 2500) / 6100, "CHLRE": 1100 / 3600, "PSRI": (500 - 300) / 1100,
    "S2REP": 705 + 35 * (0.5 * (3300 + 500) - 1100) / (2500 - 1100)}


def test_every_index_follows_its_formula(tmp_path):
    images = {(band, 20): np.full((6, 6), value) for band, value in REFLECTANCE.items()}
    product = make_product(tmp_path, "2022-06-27", {**{key: image + 1000 for key, image in images.items()},
                                                    ("SCL", 20): CLEAR}, baseline="05.09")
    bands, _ = series_of([product], tmp_path, indices=tuple(INDICES), pixel_size=20.0, bands=())
    with rasterio.open(tmp_path / "series.tif") as file:
        values = {name[:-9]: plane[0, 0] * scale
                  for name, plane, scale in zip(file.descriptions, bands.values(), file.scales)}
    assert set(values) == set(BY_HAND)
    for name, expected in BY_HAND.items():
        assert values[name] == pytest.approx(expected, abs=0.025 if name == "S2REP" else 5.1e-5), name


def test_indices_of_pixels_with_zero_reflectance_are_zero_without_a_division_error(tmp_path):
    images = {(band, 20): np.full((6, 6), 1000) for band in REFLECTANCE}
    product = make_product(tmp_path, "2022-06-27", {**images, ("SCL", 20): CLEAR}, baseline="05.09")
    with np.errstate(all="raise"):
        bands, _ = series_of([product], tmp_path, indices=tuple(INDICES), pixel_size=20.0, bands=())
    assert {name[:-9]: plane[0, 0] for name, plane in bands.items()} == {
        **dict.fromkeys(BY_HAND, 0), "S2REP": 705 * 20}


@pytest.mark.parametrize("denominator", [0.5, 0.0, np.nan])
def test_indices_of_nan_are_nan(denominator):
    numerators, denominators = np.array([np.nan, 0.2], np.float32), np.array([denominator, np.nan], np.float32)
    with np.errstate(all="raise"):
        assert np.isnan(ratio(numerators, denominators)).all()
        assert np.isnan(INDICES["ndvi"].formula(numerators, denominators)).all()


# ---- mosaics

def neighbour_in_zone_32(folder, date, values, **options):
    """A product in the neighbouring UTM zone that covers the product at ``ORIGIN``."""
    (x,), (y,) = transform(f"EPSG:{EPSG}", "EPSG:32632", [ORIGIN[0]], [ORIGIN[1]])
    origin = round(x / 10) * 10 - 200, round(y / 10) * 10 + 200
    size = len(values)
    return make_product(folder, date, {("B04", 10): values, ("SCL", 20): np.full((size // 2, size // 2), 4)},
                        tile="T32TLP", epsg=32632, origin=origin, **options)


def test_a_product_in_another_zone_is_reprojected_to_the_zone_of_most_products(tmp_path):
    here = [red(tmp_path, date, TEN) for date in ("2018-06-01", "2018-06-11")]
    values = np.random.default_rng(2).integers(200, 4000, (60, 60))
    there = neighbour_in_zone_32(tmp_path, "2018-06-06", values)
    log = Log()
    bands, _ = series_of([*here, there], tmp_path, progress=log, gap_filling="none")
    with rasterio.open(tmp_path / "series.tif") as file:
        assert file.crs.to_epsg() == EPSG
        expected = np.zeros(file.shape, np.uint16)
        with rasterio.open(next(there.rglob("*B04*"))) as image:
            reproject(rasterio.band(image, 1), expected, dst_transform=file.transform, dst_crs=file.crs, src_nodata=0,
                      dst_nodata=0, tolerance=0)
        top, left = (file.bounds.top - ORIGIN[1]) / 10, (ORIGIN[0] - file.bounds.left) / 10
    window = np.s_[round(top):round(top) + 12, round(left):round(left) + 12]
    assert (bands["B04_20180601"][window] == TEN).all(), "products in the zone are not resampled"
    warped = bands["B04_20180606"]
    assert ((warped == np.where(expected == 0, NODATA, expected.astype(int))).mean()) > 0.995
    assert any("1 of 3 products lie in another UTM zone" in line and "31" in line for line in log.lines)


def test_products_of_one_date_without_reprojection_are_preferred(tmp_path):
    here = red(tmp_path, "2018-06-01", TEN)
    there = neighbour_in_zone_32(tmp_path, "2018-06-01", np.full((60, 60), 3000), generated="2018-09-01T00:00:00Z")
    bands, _ = series_of([here, there, red(tmp_path, "2018-06-11", TEN)], tmp_path, gap_filling="none")
    merged = bands["B04_20180601"]
    rows, columns = np.nonzero(bands["B04_20180611"] != NODATA)
    assert (merged[rows, columns] == TEN.ravel()).all()
    assert set(np.unique(merged)) == {NODATA, 3000, *TEN.ravel()}, "the reprojected product fills the rest"


def test_neighbouring_tiles_are_mosaicked(tmp_path):
    west = red(tmp_path, "2018-06-01", TEN)
    east = red(tmp_path, "2018-06-01", TEN + 1000, tile="T31TFJ", origin=(ORIGIN[0] + 100, ORIGIN[1]))
    bands, _ = series_of([west, east], tmp_path)
    expected = np.full((12, 22), NODATA)
    expected[:, 10:] = TEN + 1000
    newest_wins = bands["B04_20180601"][:, 10:12]
    expected[:, :12] = TEN
    assert (newest_wins == TEN[:, 10:]).all() or (newest_wins == TEN[:, :2] + 1000).all()
    expected[:, 10:12] = newest_wins
    assert (bands["B04_20180601"] == expected).all()


@pytest.mark.parametrize("resolution", [25.0, 15.0, 60.0])
def test_tiles_are_aligned_at_pixel_sizes_that_do_not_divide_their_distance(tmp_path, resolution):
    west = red(tmp_path, "2018-06-01", np.full((12, 12), 1500))
    east = red(tmp_path, "2018-06-11", np.full((12, 12), 1500), tile="T31TFJ", origin=(ORIGIN[0] + 110, ORIGIN[1]))
    bands, _ = series_of([west, east], tmp_path, pixel_size=resolution, gap_filling="none")
    assert {int(value) for plane in bands.values() for value in np.unique(plane)} == {NODATA, 1500}


def test_the_output_crs_can_be_selected(tmp_path):
    crs = rasterio.crs.CRS.from_epsg(3035)
    series_of([red(tmp_path, "2018-06-01", TEN)], tmp_path, crs=crs.to_wkt())
    with rasterio.open(tmp_path / "series.tif") as file:
        assert file.crs == crs
        assert file.transform.c % 10 == file.transform.f % 10 == 0


def test_distant_products_are_rejected(tmp_path):
    here, there = red(tmp_path, "2018-06-01", TEN), red(tmp_path, "2018-06-11", TEN, epsg=32632, tile="T32TLP")
    with pytest.raises(UnsuitableInput, match="lie so far apart"):
        series_of([here, there], tmp_path)


def test_products_with_shifted_pixels_are_rejected(tmp_path):
    here, there = red(tmp_path, "2018-06-01", TEN), red(tmp_path, "2018-06-11", TEN, origin=(600003.0, 4900020.0))
    with pytest.raises(GridMismatch, match="are shifted"):
        series_of([here, there], tmp_path)


# ---- selection of products, overview and messages

def test_reflectance_is_comparable_across_baselines(tmp_path):
    products = [red(tmp_path, "2021-06-01", TEN, baseline="03.01"),
                red(tmp_path, "2022-06-01", TEN + 1000, baseline="04.00")]
    bands, _ = series_of(products, tmp_path)
    assert (bands["B04_20210601"] == TEN).all()
    assert (bands["B04_20220601"] == TEN).all()


def test_a_date_without_clear_pixels_is_in_the_table_but_not_in_the_stack(tmp_path):
    half = np.where(np.arange(12) < 6, TEN, 0)
    products = [red(tmp_path, "2018-06-01", half, cloudy((0, 0))), red(tmp_path, "2018-06-11", TEN, CLEAR * 0 + 9)]
    log = Log()
    bands, _ = series_of(products, tmp_path, progress=log)
    assert list(bands) == ["B04_20180601"]
    assert [line[:22] for line in log.warnings] == ["2018-06-11 is left out"]
    with open(tmp_path / "table.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["date"], row["used"], row["band_dates"]) for row in rows] == [
        ("2018-06-01", "yes", "20180601"), ("2018-06-11", "no", "")]
    assert [float(rows[0][name]) for name in ("coverage_percent", "cloud_percent", "clear_percent")] == pytest.approx(
        [50, 100 * 4 / 72, 100 * 68 / 144], abs=0.01)
    assert [float(rows[1][name]) for name in ("coverage_percent", "cloud_percent", "clear_percent")] == [100, 100, 0]


def test_a_series_without_clear_pixels_is_an_error_and_leaves_no_output(tmp_path):
    product = red(tmp_path / "in", "2018-06-01", TEN, CLEAR * 0 + 9)
    with pytest.raises(UnsuitableInput, match="No product has a clear pixel"):
        series_of([product], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_official_baseline_has_priority_over_a_test_baseline(tmp_path):
    """Sen2Cor writes the baseline 99.99 into products that users process themselves."""
    products = [red(tmp_path, "2023-06-01", TEN + 7, baseline="99.99"),
                red(tmp_path, "2023-06-01", TEN, baseline="05.11")]
    bands, _ = series_of(products, tmp_path)
    (official, _) = series_of(products[1:], tmp_path)
    np.testing.assert_array_equal(bands["B04_20230601"], official["B04_20230601"])


def test_clear_observations_are_counted_by_date_and_not_by_product(tmp_path):
    products = [red(tmp_path, "2018-06-01", TEN), red(tmp_path, "2018-06-01", TEN, baseline="02.12"),
                red(tmp_path, "2018-06-11", TEN, cloudy((0, 0)))]
    _, overview = series_of(products, tmp_path)
    with rasterio.open(tmp_path / "count.tif") as file:
        count = file.read(1)
        assert (file.dtypes, file.descriptions) == (("uint16",), ("CLEAR_COUNT",))
    assert (count[:2, :2] == 1).all()
    assert (count == 2).sum() == 140
    assert overview.clear_fractions == (0, 4 / 144, 140 / 144)
    assert "CLEAR_COUNT" not in (tmp_path / "count.qml").read_text()
    assert "singlebandpseudocolor" in (tmp_path / "count.qml").read_text()


def test_the_figure_plots_dates_and_counts(tmp_path):
    products = [red(tmp_path, "2018-06-01", TEN), red(tmp_path, "2018-06-11", TEN, cloudy((0, 0)))]
    series_of(products, tmp_path)
    with rasterio.open(tmp_path / "figure.png") as figure:
        colours = {tuple(colour) for colour in figure.read()[:3].reshape(3, -1).T[::7].tolist()}
    assert figure.width >= 1000
    assert {(60, 141, 90), (47, 111, 159)} <= colours, "green bars of dates, blue bars of counts"


def test_study_area_and_float32_output(tmp_path):
    west, north = ORIGIN
    box = [(west, north), (west + 60, north), (west + 60, north - 120), (west, north - 120), (west, north)]
    study = Area(({"type": "Polygon", "coordinates": [box]},), rasterio.crs.CRS.from_epsg(EPSG).to_wkt())
    images = {("B04", 10): TEN, ("B08", 10): TEN * 3, ("SCL", 20): CLEAR}
    bands, _ = series_of([make_product(tmp_path, "2018-06-01", images)], tmp_path, indices=("ndvi",),
                         regions=RegionSettings(study_area=study), storage=StorageSettings("float32"))
    assert np.isnan(bands["B04_20180601"][:, 6:]).all()
    np.testing.assert_allclose(bands["B04_20180601"][:, :6], TEN[:, :6] / 1e4, rtol=1e-6)
    np.testing.assert_allclose(bands["NDVI_20180601"][:, :6], 0.5, rtol=1e-6)
    with rasterio.open(tmp_path / "count.tif") as file:
        assert file.read(1).tolist() == [[1] * 6 + [0] * 6] * 12


def test_zipped_products_produce_the_same_files_as_folders(tmp_path):
    products = [red(tmp_path / "folders", date, TEN + plus) for date, plus in (("2018-06-01", 0), ("2018-06-11", 7))]
    for product in products:
        shutil.make_archive(str(tmp_path / "zips" / product.stem), "zip", product.parent, product.name)
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    series_of(products, tmp_path / "a")
    series_of(find_products(str(tmp_path / "zips"), SENTINEL2_SAFE), tmp_path / "b")
    for name in ("series.tif", "count.tif", "table.csv", "figure.png"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_real_level_1c_zips_with_the_level_1c_cloud_mask(tmp_path):
    for path in sorted(SENTINEL2.glob("l1c_zipped/*.zip")):
        folder = tmp_path / path.stem
        with pytest.raises(MissingInput, match="Choose the cloud mask l1c"):
            series_of([path], folder, bands=("B01",), pixel_size=60.0)
        bands, overview = series_of([path], folder, bands=("B01",), pixel_size=60.0, cloud_mask="l1c")
        (row,), (plane,) = overview.rows, bands.values()
        assert row.product.level == "L1C"
        assert (plane != NODATA).mean() == pytest.approx(row.clear, abs=1e-4)


def test_mixed_processing_levels_are_a_warning(tmp_path):
    log = Log()
    series_of([make_level_1c(tmp_path, {"B04": TEN}), red(tmp_path, "2018-07-07", TEN)], tmp_path, progress=log,
              cloud_mask="none")
    assert ["Level-1C and Level-2A products are mixed" in line for line in log.warnings] == [True]


def test_a_product_outside_the_area_is_left_out_and_an_area_elsewhere_is_rejected(tmp_path):
    west, north = ORIGIN
    box = [(west, north), (west + 50, north), (west + 50, north - 50), (west, north - 50), (west, north)]
    crs = rasterio.crs.CRS.from_epsg(EPSG).to_wkt()
    area = Area(({"type": "Polygon", "coordinates": [box]},), crs)
    products = [red(tmp_path, "2018-06-01", TEN),
                red(tmp_path, "2018-06-11", TEN, tile="T31TFJ", origin=(west + 200, north))]
    bands, _ = series_of(products, tmp_path, area)
    assert list(bands) == ["B04_20180601"]
    assert (bands["B04_20180601"] == TEN[:5, :5]).all()
    for shift, message in ((1000, "outside the image"), (130, "between the products")):
        moved = [(x + shift, y) for x, y in box]
        with pytest.raises(UnsuitableInput, match=message):
            series_of(products, tmp_path / "out", Area(({"type": "Polygon", "coordinates": [moved]},), crs))
    assert not (tmp_path / "out").exists()


# ---- real products

def real_red(safe):
    with rasterio.open(next(safe.rglob("*B04_10m.jp2"))) as image:
        values = image.read(1).astype(float)
    with rasterio.open(next(safe.rglob("*SCL_20m.jp2"))) as image:
        classes = np.kron(image.read(1), np.ones((2, 2)))[:values.shape[0], :values.shape[1]]
    return np.ma.array(values, mask=(values == 0) | np.isin(classes, (0, 1, 3, 8, 9, 10)))


@pytest.fixture(scope="module")
def herault():
    """Date and masked red band of each real product, read independently."""
    folders = sorted(HERAULT.glob("2018/*/*/*.SAFE"))
    planes = [(datetime.date(2018, *(int(part) for part in folder.parts[-3:-1])), real_red(folder))
              for folder in folders]
    return folders, [(day, plane) for day, plane in planes if plane.count()]


def test_real_monthly_medians(herault, tmp_path):
    folders, planes = herault
    bands, _ = series_of(folders, tmp_path, composite="month", gap_filling="none")
    months = sorted({day.replace(day=1) for day, _ in planes})
    assert list(bands) == [f"B04_{month:%Y%m%d}" for month in months]
    for month in months:
        stacked = np.ma.stack([plane for day, plane in planes if day.replace(day=1) == month])
        expected = np.rint(np.ma.median(stacked, axis=0)).filled(NODATA)
        assert (bands[f"B04_{month:%Y%m%d}"][:353, :232] == expected).all(), month


def test_real_regular_steps(herault, tmp_path):
    folders, planes = herault
    bands, _ = series_of(folders, tmp_path, interval=10)
    days = np.array([day.toordinal() for day, _ in planes], float)
    stacked = np.ma.stack([plane for _, plane in planes])
    targets = np.arange(days[0], days[-1] + 1, 10)
    assert list(bands) == [f"B04_{datetime.date.fromordinal(int(day)):%Y%m%d}" for day in targets]
    generator = np.random.default_rng(5)
    for row, column in zip(generator.integers(0, 353, 300), generator.integers(0, 232, 300)):
        pixel = stacked[:, row, column]
        is_valid = ~np.ma.getmaskarray(pixel)
        values = np.array([plane[row, column] for plane in bands.values()])
        if is_valid.any():
            np.testing.assert_allclose(values, np.interp(targets, days[is_valid], pixel.data[is_valid]), atol=0.51)
        else:
            assert (values == NODATA).all()


def test_real_counts_of_clear_observations(herault, tmp_path):
    folders, planes = herault
    _, overview = series_of(folders, tmp_path)
    expected = np.ma.stack([plane for _, plane in planes]).count(axis=0)
    with rasterio.open(tmp_path / "count.tif") as file:
        assert (file.read(1)[:353, :232] == expected).all()
    assert [row.used for row in overview.rows].count(False) == 1


def test_storing_tiles_on_disk_does_not_change_the_output(tmp_path, monkeypatch):
    values = np.random.default_rng(3).integers(1, 9000, (3, 120, 120))
    products = [red(tmp_path, f"2018-06-{day}", plane, np.full((60, 60), 4))
                for day, plane in zip(("01", "06", "11"), values)]
    (tmp_path / "memory").mkdir()
    (tmp_path / "disk").mkdir()
    series_of(products, tmp_path / "memory")
    monkeypatch.setattr("floefield.compute.sentinel2.series_blocks.CACHE_BYTES", 0)

    bands, _ = series_of(products, tmp_path / "disk")

    assert (bands["B04_20180606"] == values[1]).all()
    assert {path.name: path.read_bytes() for path in (tmp_path / "disk").iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "memory").iterdir()}


def test_the_memory_of_a_block_is_limited_for_any_number_of_dates():
    from floefield.compute.raster.grid import Grid
    from floefield.compute.sentinel2.series_blocks import BLOCK_BYTES, BandGroup, plan_blocks

    grid = Grid("", 0.0, 0.0, 10.0, 10.0, 1100, 1100)
    for dates in (2, 7, 14, 73, 120):
        blocks = plan_blocks(grid, dates, (BandGroup(("B03", "B04", "B08", "B11")),))
        assert max(4 * 4 * dates * window.height * window.width for window, _ in blocks) <= BLOCK_BYTES


def test_a_pixel_window_counts_from_the_corner_of_all_products_together(tmp_path):
    west = red(tmp_path, "2018-06-27", TEN, tile="T31TEJ")
    east = red(tmp_path, "2018-06-27", TEN + 500, tile="T31TFJ", origin=(ORIGIN[0] + 120, ORIGIN[1]))

    bands, _ = series_of([west, east], tmp_path, PixelArea(10, 3, 5, 4))

    assert (bands["B04_20180627"] == np.hstack([TEN, TEN + 500])[3:7, 10:15]).all()


def test_date_labels_do_not_depend_on_the_locale():
    from floefield.compute.sentinel2.series_overview import day_labels

    firsts = [datetime.date(2018, 11, 1), datetime.date(2018, 12, 1), datetime.date(2019, 1, 1)]
    assert day_labels(firsts) == ["Nov\n2018", "Dec", "Jan\n2019"]
    assert day_labels([datetime.date(2018, 5, 1), datetime.date(2018, 5, 15)]) == ["1 May\n2018", "15 May"]


def test_without_a_cloud_mask_the_style_displays_the_darkest_date(tmp_path):
    bright = TEN.copy()
    bright[:4] = 9000
    products = [make_product(tmp_path, date, {(band, 10): values for band in ("B02", "B03", "B04")})
                for date, values in (("2018-06-01", bright), ("2018-06-11", TEN), ("2018-06-21", bright))]
    series_of(products, tmp_path, bands=("B02", "B03", "B04"), cloud_mask="none")

    assert 'redBand="6"' in (tmp_path / "series.qml").read_text()
