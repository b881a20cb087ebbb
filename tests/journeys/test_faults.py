"""Bad input to each tool: one sentence that says what is wrong and what to do, exit code 1, and nothing left behind."""

import os
import re
import shutil
import subprocess
import zipfile

import numpy as np
import pytest
import rasterio.shutil

from .. import fieldscene, icescene
from ..parcelfiles import converted, write_geojson
from ..products import make_product
from ..realdata import SENTINEL2

NOISE = np.random.default_rng(1).integers(100, 4000, (120, 120))
TWENTY, CLEAR = NOISE[:60, :60], np.full((60, 60), 4)
IMAGES = {("B04", 10): NOISE, ("B08", 10): NOISE, ("SCL", 20): CLEAR}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Good and bad files, by what they are."""
    folder = tmp_path_factory.mktemp("inputs")
    files = {**_products(folder), **_rasters(folder), **_parcels(folder), **_ice(folder),
             "the folder of all": folder}
    files["a text"] = folder / "notes.txt"
    files["a text"].write_text("no product, no layer")
    files["an empty folder"] = folder / "empty"
    files["an empty folder"].mkdir()
    files["a path below a file"] = files["a text"] / "result"
    files["a path in no folder"] = folder / "nowhere" / "result.gpkg"
    return files


def _products(folder):
    good = make_product(folder / "good", "2018-06-27", IMAGES)
    truncated = folder / "truncated" / good.name
    shutil.copytree(good, truncated)
    image = next(truncated.rglob("*_B04_10m.jp2"))
    image.write_bytes(image.read_bytes()[:image.stat().st_size * 6 // 10])
    archive = folder / "whole.zip"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in sorted(good.rglob("*")):
            zipped.write(path, path.relative_to(good.parent))
    half = folder / f"{good.stem}.zip"
    half.write_bytes(archive.read_bytes()[:archive.stat().st_size // 2])
    return {
        "a product": good, "its metadata": good / "MTD_MSIL2A.xml", "a zipped product": archive, "half a zip": half,
        "a product with a truncated image": truncated,
        "a product without 10 m images": make_product(
            folder / "lacking", "2018-07-07", {("B04", 20): TWENTY, ("B08", 20): TWENTY, ("SCL", 20): CLEAR},
            listed_only=[("B04", 10), ("B08", 10)]),
        "a product of the next zone": make_product(folder / "zone", "2018-07-07", IMAGES, epsg=32632),
        "a product on a shifted grid": make_product(folder / "shifted", "2018-07-07", IMAGES, origin=(600003, 4900020))}


def _rasters(folder):
    pixels = fieldscene.reflectance(0.15)
    files = {"a raster": fieldscene.write(folder / "scene.tif", pixels),
             "a raster on another grid": fieldscene.write(folder / "shifted.tif", pixels, west=fieldscene.WEST + 3),
             "a raster without CRS": fieldscene.write(folder / "nocrs.tif", pixels, crs=None),
             "a truncated raster": str(folder / "truncated.tif")}
    # A copy has its directory before the pixels, whatever the version of GDAL: QGIS opens it, and reading fails.
    rasterio.shutil.copy(fieldscene.write(folder / "large.tif", np.tile(pixels, (1, 10, 10))),
                         files["a truncated raster"], driver="GTiff")
    os.truncate(files["a truncated raster"], os.path.getsize(files["a truncated raster"]) // 3)
    return files


def _ice(folder):
    for name in ("ice", "charts", "laterCharts"):
        (folder / name).mkdir()
    for number, day in enumerate(("2020-10-08", "2020-10-15")):
        icescene.write_scene(folder / "ice" / f"scene{number}.tif", day, number)
        icescene.write_chart(folder / "charts", day)
    icescene.write_chart(folder / "laterCharts", "2021-03-04")
    return {"scenes of ice": folder / "ice", "ice charts": folder / "charts",
            "ice charts of another season": folder / "laterCharts",
            "a scene without date": icescene.write_scene(folder / "undated.tif", "")}


def _parcels(folder):
    fields = fieldscene.fields()
    parcels = write_geojson(folder / "parcels.geojson", fields)
    return {
        "parcels": parcels,
        "parcels in a geopackage": converted(parcels, folder / "parcels.gpkg", "GPKG"),
        "parcels in a shapefile": converted(parcels, folder / "shape.shp", "ESRI Shapefile"),
        "parcels without CRS": converted(parcels, folder / "nocrs.shp", "ESRI Shapefile", has_crs=False),
        "parcels elsewhere": write_geojson(folder / "elsewhere.geojson", fields, epsg=32633),
        "parcels of one class": write_geojson(folder / "wheat.geojson", [(n, "wheat", g) for n, _, g in fields]),
        "parcels without classes": write_geojson(folder / "nulls.geojson", [(n, None, g) for n, _, g in fields])}


GOOD = {
    "innerbuffer": {"INPUT": "parcels", "OUTPUT": "result.gpkg"},
    "filterbyarea": {"INPUT": "parcels", "MIN_AREA": 10, "OUTPUT": "result.gpkg"},
    "preprocesssentinel2": {"INPUT": "a product", "BANDS": "B04", "OUTPUT": "result.tif"},
    "sentinel2timeseries": {"INPUTS": ["a product"], "BANDS": "B04", "INDICES": "", "OUTPUT": "result.tif"},
    "classifycrops": {"RASTERS": ["a raster"], "TRAINING": "parcels", "CLASS_FIELD": "crop", "TREES": 5,
                      "OUTPUT": "result.tif", "CONFIDENCE": "confidence.tif", "MODEL": "model.ffrf",
                      "REPORT": "report.html"},
    "glcmtextures": {"INPUT": "a raster", "RANGE": "0,1", "FEATURES": "contrast", "OUTPUT": "result.tif"},
    "classifyseaice": {"SCENES_FOLDER": "scenes of ice", "CHARTS_FOLDER": "ice charts", "BOUNDARY": 80, "WINDOW": 5,
                       "TREES": 5, "MODEL": "model.ffrf", "REPORT": "report.html",
                       "OUTPUT_FOLDER": "TEMPORARY_OUTPUT"},
    "createsampledata": {"SIZE": 60, "DATES": 1},
    "cropmap": {"PRODUCTS": "the folder of all", "PARCELS": "parcels", "CLASS_FIELD": "crop",
                "sentinel2timeseries:TIME_SERIES": "series.tif", "filterbyarea:TRAINING_PARCELS": "result.gpkg",
                "classifycrops:CROP_MAP": "result.tif", "classifycrops:CONFIDENCE": "confidence.tif",
                "classifycrops:REPORT": "report.html"},
}

FAULTS = [
    ("innerbuffer", {"INPUT": "parcels without CRS"}, ("nocrs has no coordinate reference system", "Assign")),
    ("innerbuffer", {"OUTPUT": "parcels"}, ("would overwrite", "parcels.geojson", "Write to another file")),
    ("innerbuffer", {"INPUT": "parcels in a geopackage", "OUTPUT": "parcels in a geopackage"},
     ("would overwrite", "parcels.gpkg", "another file")),
    ("innerbuffer", {"INPUT": "parcels in a shapefile", "OUTPUT": "parcels in a shapefile"},
     ("would overwrite", "shape.shp", "another file")),
    ("innerbuffer", {"OUTPUT": "a path below a file"}, ("is a file, not a folder", "Choose another")),
    ("filterbyarea", {"INPUT": "parcels without CRS"}, ("nocrs has no coordinate reference system", "Assign")),
    ("filterbyarea", {"AREA_FIELD": "crop"}, ("field crop", "does not hold numbers", "another name")),
    ("filterbyarea", {"OUTPUT": "parcels"}, ("would overwrite", "parcels.geojson", "another file")),
    ("filterbyarea", {"OUTPUT": "a path in no folder"}, ("there is no folder", "nowhere", "Make it")),
    ("filterbyarea", {"REJECTED": "result.gpkg"}, ("OUTPUT and REJECTED", "one file", "of its own")),

    ("preprocesssentinel2", {"INPUT": "a text"}, ("notes.txt is not part of a Sentinel-2 product", "Choose")),
    ("preprocesssentinel2", {"INPUT": "a product without 10 m images"},
     ("missing: T31TEJ_20180707T104021_B04_10m.jp2", "choose a resolution of 20 m", "download it again")),
    ("preprocesssentinel2", {"INPUT": "the real 04.00 product", "BANDS": "B02,B03,B04"},
     ("missing", "_B02_10m.jp2", "_B04_10m.jp2", "choose a resolution of 60 m", "download it again")),
    ("preprocesssentinel2", {"INPUT": "a product with a truncated image"}, ("B04_10m.jp2 is damaged", "again")),
    ("preprocesssentinel2", {"INPUT": "half a zip"}, (".zip is not a complete zip", "download it again")),
    ("preprocesssentinel2", {"AOI": "parcels elsewhere"}, ("outside the image", "Check")),
    ("preprocesssentinel2", {"AOI": "parcels without CRS"}, ("no coordinate reference system", "set it")),
    ("preprocesssentinel2", {"INPUT": "a zipped product", "OUTPUT": "a zipped product"},
     ("would overwrite", "whole.zip", "another file")),
    ("preprocesssentinel2", {"OUTPUT": "its metadata"}, ("cannot be called MTD_MSIL2A.xml", "ends in .tif")),
    ("preprocesssentinel2", {"OUTPUT": "a path below a file"}, ("is a file, not a folder", "Choose another")),

    ("sentinel2timeseries", {"INPUTS": ["a product", "a text"]}, ("notes.txt is not part of", "Choose")),
    ("sentinel2timeseries", {"INPUTS": [], "INPUT_FOLDER": "an empty folder"}, ("No Sentinel-2 product", "Choose")),
    ("sentinel2timeseries", {"INPUTS": ["a product", "a product without 10 m images"], "BANDS": "B08"},
     ("missing: T31TEJ_20180707T104021_B08_10m.jp2", "20 m or more")),
    ("sentinel2timeseries", {"INPUTS": ["a product with a truncated image"]}, ("B04_10m.jp2 is damaged", "again")),
    ("sentinel2timeseries", {"INPUTS": [], "INPUT_FOLDER": "the folder of all"},
     (".zip is not a complete zip", "download it again")),
    ("sentinel2timeseries", {"INPUTS": ["a product", "a product of the next zone"]}, ("another UTM zone", "Use")),
    ("sentinel2timeseries", {"INPUTS": ["a product", "a product on a shifted grid"]}, ("are shifted", "Use")),
    ("sentinel2timeseries", {"OUTPUT": "a path below a file"}, ("is a file, not a folder", "Choose another")),

    ("classifycrops", {"RASTERS": "a text"}, ("Not all layers of RASTERS", "notes.txt", "Check")),
    ("classifycrops", {"RASTERS": "a truncated raster"}, ("truncated.tif is damaged", "again")),
    ("classifycrops", {"RASTERS": ["a raster", "a raster on another grid"]}, ("do not share one pixel grid", "Bring")),
    ("classifycrops", {"RASTERS": "a raster without CRS"}, ("rasters have no coordinate reference system", "Assign")),
    ("classifycrops", {"TRAINING": "parcels elsewhere"}, ("All 30 parcels lie outside the image", "Check")),
    ("classifycrops", {"TRAINING": "parcels without CRS"}, ("nocrs has no coordinate reference system", "Assign")),
    ("classifycrops", {"TRAINING": "parcels of one class"}, ("of one class (wheat)", "at least two")),
    ("classifycrops", {"TRAINING": "parcels without classes"}, ("class field crop", "empty", "Choose")),
    ("classifycrops", {"VALIDATION": "parcels elsewhere"}, ("No validation parcel", "Check")),
    ("classifycrops", {"OUTPUT": "a raster"}, ("would overwrite", "scene.tif", "another file")),
    ("classifycrops", {"REPORT": "parcels"}, ("would overwrite", "parcels.geojson", "another file")),
    ("classifycrops", {"CONFIDENCE": "result.tif"}, ("OUTPUT and CONFIDENCE", "one file", "of its own")),
    ("classifycrops", {"MODEL": "an empty folder"}, ("is a folder", "name a file")),

    ("glcmtextures", {"INPUT": "a truncated raster"}, ("truncated.tif is damaged", "again")),
    ("glcmtextures", {"RANGE": "1,0"}, ("RANGE goes from 1 to 0", "smaller")),
    ("glcmtextures", {"RANGE": ""}, ("No range of values is known for the band B04", "Give RANGE")),
    ("glcmtextures", {"WINDOW": 41}, ("41 x 41 pixels is larger than the image", "smaller WINDOW")),
    ("glcmtextures", {"DISTANCES": "9"}, ("distance 9 does not fit", "smaller DISTANCES or a larger WINDOW")),
    ("glcmtextures", {"BANDS": "B99"}, ("has no band B99", "Its bands are B04, B08")),
    ("glcmtextures", {"OUTPUT": "a raster"}, ("would overwrite", "scene.tif", "another file")),

    ("classifyseaice", {"CHARTS_FOLDER": "ice charts of another season"},
     ("no chart within 3 days of 2020-10-08", "arctic210304", "MAX_DAYS")),
    ("classifyseaice", {"CHARTS_FOLDER": "an empty folder"}, ("No ice chart was found", "Choose")),
    ("classifyseaice", {"SCENES_FOLDER": "an empty folder"}, ("There is no GeoTIFF", "Choose")),
    ("classifyseaice", {"SCENES_FOLDER": "", "SCENES": "a scene without date"},
     ("undated.tif does not say of which day", "Write it")),
    ("classifyseaice", {"BOUNDARY": 5000}, ("No pixel may train", "smaller BOUNDARY")),
    ("classifyseaice", {"OUTPUT_FOLDER": "a text"}, ("notes.txt is a file", "choose a folder")),

    ("createsampledata", {"OUTPUT_FOLDER": "a text"}, ("notes.txt is a file", "choose a folder")),
    ("createsampledata", {"OUTPUT_FOLDER": "the folder of all"}, ("is not empty", "Choose a new or an empty folder")),

    ("cropmap", {"filterbyarea:TRAINING_PARCELS": "parcels"}, ("would overwrite", "parcels.geojson", "another file")),
]


@pytest.mark.parametrize(("tool", "changes", "words"), FAULTS,
                         ids=[f"{tool}-{'-'.join(changes)}-{words[0]}" for tool, changes, words in FAULTS])
def test_a_fault_is_told_in_one_sentence_and_leaves_nothing(qgis_process, inputs, tmp_path, tool, changes, words):
    parameters = {name: _resolved(value, inputs, tmp_path) for name, value in {**GOOD[tool], **changes}.items()}
    before = _contents(inputs["the folder of all"], tmp_path)

    outcome = qgis_process.run(tool, **parameters)

    assert outcome.code == 1
    assert len(_sentences(outcome, words)) == 1, outcome.text
    assert "Traceback" not in outcome.text
    assert not outcome.results
    assert _contents(inputs["the folder of all"], tmp_path) == before


@pytest.fixture(scope="module")
def tiny_disk(tmp_path_factory):
    """A disk of one megabyte."""
    folder = tmp_path_factory.mktemp("tiny")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="module")
def large_inputs(tmp_path_factory):
    """Inputs whose results do not fit on the tiny disk, because noise cannot be compressed."""
    folder = tmp_path_factory.mktemp("large")
    noise = np.random.default_rng(2).integers(1, 9999, (1200, 1200))
    pixels = np.random.default_rng(3).normal(0.35, 0.2, (2, 1000, 1000))
    pixels[:, :40, :48] = fieldscene.reflectance(0.15)
    return {"a product": make_product(folder, "2018-06-27", {("B04", 10): noise, ("SCL", 20): np.full((600, 600), 4)}),
            "a raster": fieldscene.write(folder / "scene.tif", pixels),
            "parcels": write_geojson(folder / "parcels.geojson", fieldscene.fields())}


@pytest.mark.parametrize(("tool", "changes"), [("preprocesssentinel2", {}), ("sentinel2timeseries", {}),
                                               ("classifycrops", {"PROBABILITIES": "probabilities.tif"}),
                                               ("glcmtextures", {})])
def test_a_full_disk_is_told_and_left_empty(qgis_process, large_inputs, tiny_disk, tool, changes):
    parameters = {name: _resolved(value, large_inputs, tiny_disk) for name, value in {**GOOD[tool], **changes}.items()}

    outcome = qgis_process.run(tool, **parameters)

    assert outcome.code == 1
    assert len(_sentences(outcome, ("cannot be written", "free space"))) == 1, outcome.text
    assert "Traceback" not in outcome.text
    assert os.listdir(tiny_disk) == []


def _resolved(value, inputs, folder):
    """A value of the tables above as ``qgis_process`` wants it."""
    if isinstance(value, list):
        return [_resolved(item, inputs, folder) for item in value]
    if value == "the real 04.00 product":
        return next(SENTINEL2.glob("S2A_MSIL2A_20221005T*_N0400_*.SAFE"))
    if isinstance(value, str) and re.fullmatch(r"\w+\.(tif|gpkg|html|ffrf)", value):
        return folder / value
    return inputs.get(value, value)


def _sentences(outcome, words):
    """The different lines on the terminal that hold all the words."""
    lines = {line.removeprefix("ERROR:").strip() for line in outcome.stderr.splitlines()}
    return [line for line in lines if all(word in line for word in words)]


def _contents(*folders):
    """Every file, hidden ones too, with its bytes; not the statistics that QGIS writes beside a raster it opens."""
    return {path: path.read_bytes() if path.is_file() else None for folder in folders for path in folder.rglob("*")
            if not path.name.endswith(".tif.aux.xml")}
