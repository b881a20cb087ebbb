"""Steps 6.3 to 6.7 and 7.1.3 of LAND01 on seven dates: a model, one line of one tool, and GDAL give the same pixels."""

import json

import numpy as np
import pytest
import rasterio
from rasterio.features import geometry_mask
from rasterio.warp import transform_geom
from rasterio.windows import Window

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
COL, ROW, WIDTH, HEIGHT = 2, 21, 57, 50
NODATA = -32768


@pytest.fixture(scope="module")
def season(qgis_process, tmp_path_factory):
    """Seven products and a study area."""
    folder = tmp_path_factory.mktemp("land01") / "sample"
    outcome = qgis_process.run("createsampledata", SIZE=90, DATE_COUNT=7, OUTPUT_FOLDER=folder)
    assert outcome.code == 0, outcome.text
    return folder


@pytest.fixture(scope="module")
def by_the_model(qgis_process, season):
    """What both ways have in common, and the stack of the model."""
    place = {"STUDY_AREA": season / "aoi.geojson", "PIXEL_WINDOW": f"{COL},{ROW},{WIDTH},{HEIGHT}"}
    path = season.parent / "model.tif"
    outcome = qgis_process.run("studyareastack", PRODUCTS=season / "sentinel2", **place,
                               **{"sentinel2timeseries:TIME_SERIES": path})
    assert outcome.code == 0, outcome.text
    return place, path


def test_the_model_gives_what_one_line_gives(qgis_process, season, by_the_model, tmp_path):
    place, path = by_the_model

    outcome = qgis_process.run("sentinel2timeseries", INPUT_FOLDER=season / "sentinel2", BANDS=",".join(BANDS),
                               CLOUD_MASK="none", GAP_FILLING="none", INDICES="", **place, OUTPUT=tmp_path / "line.tif")

    assert outcome.code == 0, outcome.text
    assert (tmp_path / "line.tif").read_bytes() == path.read_bytes()


def test_the_pixels_are_those_that_gdal_reads_resamples_cuts_and_masks(season, by_the_model):
    """Nearest, as SNAP does by default: a pixel of 10 m takes that of 20 or 60 m above its centre."""
    with rasterio.open(by_the_model[1]) as stack:
        values, names, transform, crs = stack.read(), stack.descriptions, stack.transform, stack.crs
    products = sorted((season / "sentinel2").glob("*.SAFE"), key=lambda safe: safe.name.split("_")[2])
    polygons = [transform_geom("EPSG:4326", crs, feature["geometry"])
                for feature in json.loads((season / "aoi.geojson").read_text())["features"]]
    outside = geometry_mask(polygons, (HEIGHT, WIDTH), transform)
    assert 0.1 < outside.mean() < 0.9
    assert names == tuple(f"{band}_{safe.name.split('_')[2][:8]}" for safe in products for band in BANDS)
    for plane, (safe, band) in zip(values, ((safe, band) for safe in products for band in BANDS)):
        raw = native_on_10_m(safe, band)
        expected = np.where((raw == 0) | outside, NODATA, raw - 1000)
        assert (plane == expected).all(), (safe.name, band)


def native_on_10_m(safe, band):
    """Digital numbers of the window, each pixel of a coarser band repeated."""
    size = min(int(path.stem[-3:-1]) for path in safe.rglob(f"*_{band}_*m.jp2"))
    factor = size // 10
    with rasterio.open(next(safe.rglob(f"*_{band}_{size}m.jp2"))) as image:
        raw = image.read(1).astype(int)
        assert (image.width * factor, image.height * factor) == (90, 90)
    return raw.repeat(factor, 0).repeat(factor, 1)[Window(COL, ROW, WIDTH, HEIGHT).toslices()]
