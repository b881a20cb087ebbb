"""Every parameter of the Sentinel-2 tools has an effect: changing its value changes the output.

The effects themselves are tested elsewhere. A new parameter without a row in the tables fails.
"""

import json
import os
import sys

import numpy as np
import pytest
import rasterio
from qgis.core import QgsApplication
from rasterio.crs import CRS
from rasterio.transform import from_origin
from rasterio.warp import transform

from ..products import EPSG, ORIGIN, make_product
from ..tinyproducts import add_cloud_polygons, add_layer, make_level_1c, make_old_product

WEST, NORTH = ORIGIN
UTM, DEGREES = CRS.from_epsg(EPSG), CRS.from_epsg(4326)
TEN = np.random.default_rng(5).integers(500, 6000, (24, 24))
TWENTY = np.random.default_rng(6).integers(500, 6000, (12, 12))
L2A = {"CLOUD_MASK": "l2a", "MIN_CLOUD_AREA": 0}
SEA = {"LAND_SEA_MASK": "sea"}
COMMON = ["preprocesssentinel2", "sentinel2timeseries"]
# Parameter: (parameters it requires, a value, another value). None omits it; files are given by their key in `files`.
ROWS = {
    "BANDS": ({}, ["B04"], ["B08"]),
    "PIXEL_SIZE": ({}, 10, 20),
    "AOI": ({}, None, "left"),
    "AOI_EXTENT": ({}, None, f"{WEST},{WEST + 90},{NORTH - 90},{NORTH} [EPSG:{EPSG}]"),
    "AOI_WKT": ({}, None, "degrees"),
    "PIXEL_WINDOW": ({}, None, "1,2,9,8"),
    "CRS": ({}, None, "EPSG:32632"),
    "CLOUD_MASK": ({"MIN_CLOUD_AREA": 0}, "none", "l2a"),
    "SCL_CLASSES": (L2A, ["thin_cirrus"], ["cloud_high_probability"]),
    "CLOUD_TYPES": ({"CLOUD_MASK": "l1c", "MIN_CLOUD_AREA": 0}, ["opaque"], ["cirrus"]),
    "CLOUD_PROBABILITY_THRESHOLD": ({"CLOUD_MASK": "probability", "MIN_CLOUD_AREA": 0}, 40, 90),
    "MIN_CLOUD_AREA": ({"CLOUD_MASK": "l2a"}, 0, 1000),
    "CLOUD_BUFFER": (L2A, 0, 30),
    "LAND_SEA_MASK": ({"DEM": "hills"}, "sea", "land"),
    "DEM": (SEA, "hills", "plain"),
    "SEA_LEVEL": ({**SEA, "DEM": "hills"}, 0, 7),
    "LAND": (SEA, "left", "right"),
    "STUDY_AREA": ({}, None, "left"),
    "INVERT_STUDY_AREA": ({"STUDY_AREA": "left"}, False, True),
    "UPSAMPLING": ({"BANDS": ["B05"]}, "nearest", "bilinear"),
    "DOWNSAMPLING": ({"PIXEL_SIZE": 20}, "first", "max"),
    "FLAG_DOWNSAMPLING": ({**L2A, "PIXEL_SIZE": 40}, "first", "flagor"),
    "DATA_TYPE": ({}, "int16", "float32"),
    "FORMAT": ({}, "auto", "cog"),
    "COMPRESSION": ({}, "zstd", "deflate"),
}
ONLY_OF_A_SERIES = {
    "INPUTS": ({}, ["early", "late"], ["early"]),
    "INPUT_FOLDER": ({"INPUTS": None}, "season", "season of one"),
    "START_DATE": ({}, None, "2018-06-05"),
    "END_DATE": ({}, None, "2018-06-05"),
    "GAP_FILLING": (L2A, "linear", "none"),
    "INTERVAL": ({}, 0, 5),
    "COMPOSITE": ({}, "none", "month"),
    "INDICES": ({}, [], ["ndvi"]),
    "CLEAR_COUNT": ({}, None, "count.tif"),
    "TABLE": ({}, None, "table.csv"),
    "FIGURE": ({}, None, "picture.png"),
}
ONLY_OF_A_PRODUCT = {
    "INPUT": ({}, "early", "late"),
    "TILE": ({"INPUT": "old product"}, "31TEJ", "31TFJ"),
}
SEN2COR = {"INPUT": "level 1c", "INPUTS": ["level 1c"], "CLOUD_MASK": "none"}
BY_SEN2COR = {
    "LEVEL_1C": ({**SEN2COR, "SEN2COR": "one program"}, "toa", "sen2cor"),
    "SEN2COR": ({**SEN2COR, "LEVEL_1C": "sen2cor"}, "one program", "another program"),
    "L2A_FOLDER": ({**SEN2COR, "LEVEL_1C": "sen2cor", "SEN2COR": "one program"}, None, "kept"),
}
TABLES = {"preprocesssentinel2": {**ROWS, **ONLY_OF_A_PRODUCT, **BY_SEN2COR},
          "sentinel2timeseries": {**ROWS, **ONLY_OF_A_SERIES, **BY_SEN2COR}}
# Tested below, or required by every run.
OTHERS = {"THREADS", "OUTPUT"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Files of the tables, by key."""
    folder = tmp_path_factory.mktemp("parameters")
    early = _with_masks(_product(folder / "season", "2018-06-01", TEN, TWENTY))
    late = _with_masks(_product(folder / "season", "2018-06-11", TEN[::-1], TWENTY[::-1], clouds=((2, 3), (7, 8))))
    one = _product(folder / "season of one", "2018-06-01", TEN, TWENTY)
    return {
        "early": early, "late": late, "season": early.parent, "season of one": one.parent,
        "left": _polygon(folder / "left.geojson", 0, 12), "right": _polygon(folder / "right.geojson", 12, 24),
        "hills": _dem(folder / "hills.tif", np.arange(576).reshape(24, 24) % 24 - 5),
        "plain": _dem(folder / "plain.tif", np.full((24, 24), 50)),
        "degrees": f"POLYGON(({', '.join(f'{x} {y}' for x, y in zip(*transform(UTM, DEGREES, *zip(*_ring(0, 12)))))}))",
        "old product": make_old_product(folder, {
            "T31TEJ": (EPSG, ORIGIN, {"B04": TEN, "B08": TEN}), "T31TFJ": (EPSG, (WEST + 240, NORTH), {
                "B04": TEN + 1, "B08": TEN})}),
        "level 1c": make_level_1c(folder, {"B04": TEN, "B08": TEN}),
        "one program": _sen2cor(folder / "one", TEN + 1), "another program": _sen2cor(folder / "another", TEN + 2)}


@pytest.mark.parametrize("tool", TABLES)
def test_tables_contain_every_parameter(provider, tool):
    declared = QgsApplication.processingRegistry().algorithmById(f"floefield:{tool}").parameterDefinitions()
    assert {parameter.name() for parameter in declared} == set(TABLES[tool]) | OTHERS


@pytest.mark.parametrize(("tool", "name"), [(tool, name) for tool, rows in TABLES.items() for name in rows])
def test_parameter_changes_the_output(run, files, tmp_path, tool, name):
    if name in BY_SEN2COR and os.name == "nt":
        pytest.skip("the stand-in is a script with a shebang line")
    required, value, other = TABLES[tool][name]
    results = []
    for folder, current in (("one", value), ("two", other)):
        (tmp_path / folder).mkdir()
        inputs = {"INPUT": "early"} if tool == "preprocesssentinel2" else {"INPUTS": ["early", "late"], "INDICES": []}
        parameters = {"BANDS": ["B04"], **inputs, **required, name: current}
        unknown = {"INPUT", "INPUTS"} - {next(iter(inputs))}
        run(tool, {**{key: _resolved(text, files, tmp_path / folder) for key, text in parameters.items()
                      if text is not None and key not in unknown}, "OUTPUT": str(tmp_path / folder / "result.tif")})
        results.append({path.relative_to(tmp_path / folder): path.read_bytes()
                        for path in sorted((tmp_path / folder).rglob("*")) if path.is_file()})
    assert results[0] != results[1]


@pytest.mark.parametrize("tool", TABLES)
def test_number_of_threads(run, files, tmp_path, threads_asked, tool):
    early = str(files["early"])
    products = {"INPUT": early} if tool == "preprocesssentinel2" else {"INPUTS": [early], "INDICES": []}
    run(tool, {**products, "BANDS": ["B04"], "THREADS": 3, "OUTPUT": str(tmp_path / "result.tif")})
    assert set(threads_asked) == {3}


def _resolved(value, files, folder):
    if isinstance(value, list):
        return [_resolved(item, files, folder) for item in value]
    if value in ("count.tif", "table.csv", "picture.png", "kept"):
        return str(folder / value)
    return str(files[value]) if isinstance(value, str) and value in files else value


def _product(folder, date, ten, twenty, clouds=((2, 3),)):
    classes = np.full((12, 12), 4)
    for pixel in clouds:
        classes[pixel] = 9
    classes[6, 6] = 10
    return make_product(folder, date, {("B04", 10): ten, ("B08", 10): ten.T, ("B05", 20): twenty, ("SCL", 20): classes})


def _with_masks(safe):
    add_layer(safe, "MSK_CLDPRB_20m", np.arange(144).reshape(12, 12) % 101, 20)
    add_cloud_polygons(next(safe.glob("GRANULE/*")) / "QI_DATA", [("OPAQUE", _ring(0, 6)), ("CIRRUS", _ring(12, 18))])
    return safe


def _ring(left, right):
    west, east = WEST + 10 * left, WEST + 10 * right
    return [(west, NORTH), (east, NORTH), (east, NORTH - 160), (west, NORTH - 160), (west, NORTH)]


def _polygon(path, left, right):
    path.write_text(json.dumps({
        "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{EPSG}"}},
        "features": [{"type": "Feature", "properties": {},
                      "geometry": {"type": "Polygon", "coordinates": [_ring(left, right)]}}]}))
    return path


def _dem(path, elevation):
    with rasterio.open(path, "w", driver="GTiff", height=24, width=24, count=1, dtype="int16", crs=f"EPSG:{EPSG}",
                       transform=from_origin(WEST, NORTH, 10, 10)) as file:
        file.write(elevation.astype("int16"), 1)
    return path


def _sen2cor(folder, red):
    """Write a program in place of Sen2Cor, which copies a prepared product."""
    made = make_product(folder, "2018-06-27", {("B04", 10): red, ("SCL", 20): np.full((12, 12), 4)})
    program = folder / "L2A_Process"
    program.write_text(f"#!{sys.executable}\nimport shutil, sys\n"
                       "folder = sys.argv[sys.argv.index('--output_dir') + 1]\n"
                       f"shutil.copytree({str(made)!r}, folder + '/{made.name}')\n")
    program.chmod(0o755)
    return program
