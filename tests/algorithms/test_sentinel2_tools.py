"""Sentinel-2 tools: outputs for typical parameters, and messages for invalid ones."""

import os
import sys

import numpy as np
import pytest
import rasterio
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeature,
    QgsGeometry,
    QgsProcessingException,
    QgsProject,
    QgsVectorLayer,
)

from ..products import EPSG, ORIGIN, make_product
from ..tinyproducts import make_level_1c

TEN = np.arange(1000, 1000 + 576).reshape(24, 24)
CLASSES = np.full((12, 12), 4)
CLASSES[2, 3] = 9


@pytest.fixture
def safe(tmp_path):
    return make_product(tmp_path, "2018-06-27", {
        ("B04", 10): TEN, ("B08", 10): TEN + 2000, ("B05", 20): TEN[:12, :12], ("SCL", 20): CLASSES})


def read(path):
    with rasterio.open(path) as file:
        return file.read(), file.descriptions, file.bounds


def area_layer(crs, wkt):
    layer = QgsVectorLayer(f"Polygon?crs={crs}", "area", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt(wkt))
    layer.dataProvider().addFeature(feature)
    return layer


def test_bands_pixel_size_and_cloud_mask(run, safe, tmp_path):
    result = run("preprocesssentinel2", {
        "INPUT": str(safe), "BANDS": ["B05", "B04"], "PIXEL_SIZE": 20, "DOWNSAMPLING": "mean", "CLOUD_MASK": "l2a",
        "OUTPUT": str(tmp_path / "stack.tif")})
    values, names, _ = read(result["OUTPUT"])
    assert names == ("B05", "B04")
    assert values[1, 0, 0] == round(TEN[:2, :2].mean())
    assert np.argwhere(values[0] == -32768).tolist() == [[2, 3]]


def test_scene_classes_to_mask(run, safe, tmp_path):
    result = run("preprocesssentinel2", {
        "INPUT": str(safe), "BANDS": ["B05"], "PIXEL_SIZE": 20, "CLOUD_MASK": "l2a", "SCL_CLASSES": ["vegetation"],
        "OUTPUT": str(tmp_path / "stack.tif")})
    values, _, _ = read(result["OUTPUT"])
    assert np.argwhere(values[0] != -32768).tolist() == [[2, 3]]


def test_upsampling_methods(run, safe, tmp_path):
    planes = {}
    for method in ("nearest", "bilinear", "bicubic"):
        result = run("preprocesssentinel2", {"INPUT": str(safe), "BANDS": ["B05"], "PIXEL_SIZE": 10,
                                             "UPSAMPLING": method, "OUTPUT": str(tmp_path / f"{method}.tif")})
        planes[method], _, _ = read(result["OUTPUT"])
    assert (planes["nearest"][0] == np.kron(TEN[:12, :12], np.ones((2, 2)))).all()
    assert not (planes["bilinear"] == planes["nearest"]).all()
    assert not (planes["bicubic"] == planes["bilinear"]).all()


def test_area_of_interest_as_layer_and_as_wkt_are_equal(run, safe, tmp_path):
    west, north = ORIGIN
    box = f"POLYGON(({west + 40} {north - 40}, {west + 160} {north - 40}, {west + 160} {north - 120}, " \
          f"{west + 40} {north - 120}, {west + 40} {north - 40}))"
    utm = area_layer(f"EPSG:{EPSG}", box)
    by_layer = run("preprocesssentinel2", {"INPUT": str(safe), "BANDS": ["B04"], "AOI": utm,
                                           "OUTPUT": str(tmp_path / "layer.tif")})
    values, _, bounds = read(by_layer["OUTPUT"])
    assert (values[0] == TEN[4:12, 4:16]).all()
    assert (bounds.left, bounds.top) == (west + 40, north - 40)
    degrees = QgsGeometry.fromWkt(box)
    degrees.transform(QgsCoordinateTransform(utm.crs(), QgsCoordinateReferenceSystem("EPSG:4326"),
                                             QgsProject.instance()))
    by_wkt = run("preprocesssentinel2", {"INPUT": str(safe), "BANDS": ["B04"], "AOI_WKT": degrees.asWkt(12),
                                         "OUTPUT": str(tmp_path / "wkt.tif")})
    assert (read(by_wkt["OUTPUT"])[0] == values).all()


def test_input_may_be_the_metadata_file(run, safe, tmp_path):
    result = run("preprocesssentinel2", {"INPUT": str(safe / "MTD_MSIL2A.xml"), "BANDS": ["B04"],
                                         "OUTPUT": str(tmp_path / "stack.tif")})
    assert (read(result["OUTPUT"])[0][0] == TEN).all()


def test_style_files_of_a_stack(run, tmp_path):
    safe = make_product(tmp_path, "2018-06-27", {(band, 10): TEN for band in ("B02", "B03", "B04", "B08")})
    run("preprocesssentinel2", {"INPUT": str(safe), "OUTPUT": str(tmp_path / "stack.tif")})
    assert 'redBand="3"' in (tmp_path / "stack.qml").read_text()
    assert 'redBand="4"' in (tmp_path / "stack.false-colour.qml").read_text()


@pytest.mark.parametrize(("changes", "words"), [
    ({"AOI_WKT": "POLYGON((10 50, 11 50, 11 51, 10 50))"}, "outside the image"),
    ({"AOI_WKT": "a square"}, "not a valid WKT"),
    ({"AOI_WKT": "POLYGON((600000 4900000, 600100 4900000, 600100 4900100, 600000 4900000))"}, "in degrees"),
    ({"BANDS": ["B02", "B03"]}, "missing"),
    ({"BANDS": ["B10"]}, "no band B10"),
    ({"AOI": "elsewhere", "AOI_WKT": "POLYGON((10 50, 11 50, 11 51, 10 50))"}, "Use only one of AOI"),
])
def test_invalid_parameters_are_refused(run, safe, tmp_path, changes, words):
    if "AOI" in changes:
        changes = {**changes, "AOI": area_layer("EPSG:4326", "POLYGON((10 50, 11 50, 11 51, 10 50))")}
    with pytest.raises(QgsProcessingException, match=words):
        run("preprocesssentinel2", {"INPUT": str(safe), "BANDS": ["B04"], "OUTPUT": str(tmp_path / "out" / "stack.tif"),
                                    **changes})
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_series_from_a_list_equals_series_from_a_folder(run, tmp_path):
    folders = [make_product(tmp_path / "products", date, {
        ("B03", 10): TEN, ("B04", 10): TEN, ("B08", 10): TEN + plus, ("B11", 20): CLASSES * 500, ("SCL", 20): CLASSES})
        for date, plus in (("2018-06-27", 2000), ("2018-07-07", 3000))]
    common = {"BANDS": ["B04", "B08"], "INDICES": ["ndvi", "brightness"]}
    by_list = run("sentinel2timeseries", {**common, "INPUTS": [str(path) for path in reversed(folders)],
                                          "OUTPUT": str(tmp_path / "list.tif")})
    by_folder = run("sentinel2timeseries", {**common, "INPUT_FOLDER": str(tmp_path / "products"),
                                            "OUTPUT": str(tmp_path / "folder.tif")})
    assert by_list["DATE_COUNT"] == by_folder["DATE_COUNT"] == 2
    assert (tmp_path / "list.tif").read_bytes() == (tmp_path / "folder.tif").read_bytes()
    _, names, _ = read(by_list["OUTPUT"])
    assert names == tuple(f"{band}_{date}" for date in ("20180627", "20180707")
                          for band in ("B04", "B08", "NDVI", "BRIGHTNESS"))


def test_without_indices_and_without_gap_filling(run, tmp_path):
    folders = [make_product(tmp_path / "products", date, {("B04", 10): TEN, ("SCL", 20): classes})
               for date, classes in (("2018-06-27", CLASSES), ("2018-07-07", np.full((12, 12), 4)))]
    outcome = {}
    for filling in ("none", "linear"):
        result = run("sentinel2timeseries", {"INPUTS": [str(path) for path in folders], "BANDS": ["B04"], "INDICES": [],
                                             "GAP_FILLING": filling, "MIN_CLOUD_AREA": 0,
                                             "OUTPUT": str(tmp_path / f"{filling}.tif")})
        outcome[filling] = read(result["OUTPUT"])[0]
    assert (outcome["none"][0, 4:6, 6:8] == -32768).all()
    assert (outcome["linear"][0, 4:6, 6:8] == TEN[4:6, 6:8]).all()


@pytest.mark.parametrize("parameters", [{}, {"INPUTS": ["a.zip"], "INPUT_FOLDER": "folder"}])
def test_series_requires_a_list_or_a_folder(run, tmp_path, parameters):
    with pytest.raises(QgsProcessingException, match=r"either a list of products \(INPUTS\) or a folder"):
        run("sentinel2timeseries", {**parameters, "OUTPUT": str(tmp_path / "series.tif")})


def test_stacks_of_sample_data_are_tagged_as_synthetic(run, safe, tmp_path):
    metadata = safe / "MTD_MSIL2A.xml"
    metadata.write_text(metadata.read_text().replace(
        "<PROCESSING_LEVEL>", "<PRODUCT_DOI>none: synthetic product</PRODUCT_DOI><PROCESSING_LEVEL>"))
    for name, parameters in (("preprocesssentinel2", {"INPUT": str(safe)}),
                             ("sentinel2timeseries", {"INPUTS": [str(safe)], "INDICES": []})):
        result = run(name, {**parameters, "BANDS": ["B04"], "OUTPUT": str(tmp_path / f"{name}.tif")})
        with rasterio.open(result["OUTPUT"]) as file:
            assert file.tags()["SYNTHETIC"] == "YES"


@pytest.fixture
def season(tmp_path):
    """Three dates; one 20 m pixel of the second is cloudy."""
    clear = np.full((12, 12), 4)
    return [str(make_product(tmp_path / "season", date, {
        ("B03", 10): TEN + plus, ("B04", 10): TEN + plus, ("B08", 10): TEN + 2000, ("SCL", 20): classes}))
        for date, plus, classes in (("2018-06-01", 0, clear), ("2018-06-11", 500, CLASSES), ("2018-07-01", 900, clear))]


def series(run, season, folder, **parameters):
    result = run("sentinel2timeseries", {"INPUTS": season, "BANDS": ["B04"], "INDICES": [], "MIN_CLOUD_AREA": 0,
                                         "OUTPUT": str(folder / "series.tif"), **parameters})
    values, names, _ = read(result["OUTPUT"])
    return dict(zip(names, values)), result


def test_interval_between_dates(run, season, tmp_path):
    bands, result = series(run, season, tmp_path, INTERVAL=10, START_DATE="2018-05-22", END_DATE="2018-06-30")
    assert list(bands) == ["B04_20180522", "B04_20180601", "B04_20180611", "B04_20180621"]
    assert result["DATE_COUNT"] == 4
    assert bands["B04_20180522"][4, 6] == TEN[4, 6]


def test_monthly_and_seasonal_composites(run, season, tmp_path):
    months, _ = series(run, season, tmp_path, COMPOSITE="month")
    assert list(months) == ["B04_20180601", "B04_20180701"]
    assert months["B04_20180601"][0, 0] == TEN[0, 0] + 250
    assert months["B04_20180601"][4, 6] == TEN[4, 6]
    seasons, _ = series(run, season, tmp_path, COMPOSITE="season")
    assert seasons["B04_20180601"][0, 0] == TEN[0, 0] + 500


def test_ndwi_of_mcfeeters(run, season, tmp_path):
    bands, _ = series(run, season, tmp_path, INDICES=["ndwi_mcfeeters"])
    expected = (TEN - (TEN + 2000.0)) / (TEN + TEN + 2000)
    assert np.abs(bands["NDWI_MCFEETERS_20180601"] / 1e4 - expected).max() <= 5.1e-5


def test_optional_count_table_and_figure(run, season, tmp_path):
    _, result = series(run, season, tmp_path)
    assert {"CLEAR_COUNT", "TABLE", "FIGURE"}.isdisjoint(result)
    paths = {"CLEAR_COUNT": tmp_path / "count.tif", "TABLE": tmp_path / "table.csv", "FIGURE": tmp_path / "dates.png"}
    _, result = series(run, season, tmp_path, **{name: str(path) for name, path in paths.items()})
    assert {name: result[name] for name in paths} == {name: str(path) for name, path in paths.items()}
    count = read(paths["CLEAR_COUNT"])[0][0]
    assert np.unique(count[4:6, 6:8]).tolist() == [2]
    assert (count == 3).sum() == 576 - 4
    assert len(paths["TABLE"].read_text(encoding="utf-8").splitlines()) == 4
    assert paths["FIGURE"].read_bytes()[:4] == b"\x89PNG"


def test_series_with_the_parameters_of_a_product(run, season, tmp_path):
    west, north = ORIGIN
    study = area_layer(f"EPSG:{EPSG}", f"POLYGON(({west} {north}, {west + 80} {north}, {west + 80} {north - 240}, "
                                       f"{west} {north - 240}, {west} {north}))")
    bands, result = series(run, season, tmp_path, CRS="EPSG:3035", STUDY_AREA=study, DATA_TYPE="float32",
                           CLOUD_BUFFER=20, GAP_FILLING="none", AOI_EXTENT=f"{west},{west + 160},{north - 240},{north} "
                                                                        f"[EPSG:{EPSG}]")
    with rasterio.open(result["OUTPUT"]) as file:
        assert file.crs.to_epsg() == 3035
        assert file.dtypes == ("float32",) * 3
        assert file.width < 24
    first, second = bands["B04_20180601"], bands["B04_20180611"]
    assert 0.25 < np.isfinite(first).mean() < 0.6
    assert 4 * 2 < np.isfinite(first).sum() - np.isfinite(second).sum() <= 6 * 6
    plain, _ = series(run, season, tmp_path, CRS="EPSG:3035", GAP_FILLING="none", FORMAT="cog", COMPRESSION="deflate")
    assert plain["B04_20180601"].max() == TEN.max()


@pytest.mark.parametrize(("changes", "words"), [
    ({"START_DATE": "soon"}, "is not a date"), ({"COMPOSITE": "month", "INTERVAL": 5}, "exclude each other"),
    ({"LAND_SEA_MASK": "sea"}, "requires an elevation model"),
    ({"AOI_EXTENT": "0,1,0,1 [EPSG:4326]", "AOI_WKT": "POLYGON((0 0, 1 0, 1 1, 0 0))"}, "Use only one of AOI"),
])
def test_invalid_parameters_of_a_series_are_refused(run, season, tmp_path, changes, words):
    with pytest.raises(QgsProcessingException, match=words):
        series(run, season, tmp_path, **changes)
    assert not (tmp_path / "series.tif").exists()


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a shebang line")
def test_level_1c_products_of_a_series_with_sen2cor(run, tmp_path):
    level_1c = make_level_1c(tmp_path / "in", {"B04": TEN})
    made = make_product(tmp_path / "made", "2018-06-27", {("B04", 10): TEN + 1, ("SCL", 20): np.full((12, 12), 4)})
    program = tmp_path / "L2A_Process"
    program.write_text(f"#!{sys.executable}\nimport shutil, sys\n"
                       "folder = sys.argv[sys.argv.index('--output_dir') + 1]\n"
                       f"shutil.copytree({str(made)!r}, folder + '/{made.name}')\n")
    program.chmod(0o755)
    plain, _ = series(run, [str(level_1c)], tmp_path, CLOUD_MASK="none")
    assert [(plane == TEN).all() for plane in plain.values()] == [True]
    bands, result = series(run, [str(level_1c)], tmp_path, LEVEL_1C="sen2cor", SEN2COR=str(program),
                           L2A_FOLDER=str(tmp_path / "kept"))
    assert (bands["B04_20180627"] == TEN + 1).all()
    assert result["L2A_FOLDER"] == str(tmp_path / "kept")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [made.name]
