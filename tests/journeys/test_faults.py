"""Bad input to each tool: one sentence that says what is wrong and what to do, exit code 1, and nothing left behind."""

import os
import re
import shutil
import subprocess
import zipfile

import numpy as np
import pytest
import rasterio.shutil

from .. import fieldscene, icescene, seriesscene
from ..icecharts import box, write_chart
from ..modelfiles import grow_model
from ..parcelfiles import converted, empty_copy, write_geojson
from ..products import make_product
from ..realdata import SENTINEL1, SENTINEL2
from ..sentinel1products import make_product as make_radar_product
from ..tinyproducts import make_level_1c

NOISE = np.random.default_rng(1).integers(100, 4000, (120, 120))
TWENTY, CLEAR = NOISE[:60, :60], np.full((60, 60), 4)
IMAGES = {("B04", 10): NOISE, ("B08", 10): NOISE, ("SCL", 20): CLEAR}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Good and bad files, by what they are."""
    folder = tmp_path_factory.mktemp("inputs")
    files = {**_products(folder), **_radar_products(folder), **_rasters(folder), **_parcels(folder), **_charts(folder),
             **_models(folder), **_ice(folder), **_series(folder)}
    files.update({"the folder of all": folder, "a new folder": folder / "new"})
    files["a text"] = folder / "notes.txt"
    files["a text"].write_text("no product, no layer")
    files["an empty folder"] = folder / "empty"
    files["an empty folder"].mkdir()
    files["a path below a file"] = files["a text"] / "result"
    files["a file of no format"] = folder / "result.xyz123"
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
        **_odd_products(folder, good),
        "a clouded product": make_product(folder / "cloud", "2018-07-07", {**IMAGES, ("SCL", 20): CLEAR * 0 + 9}),
        "a product of the next zone": make_product(folder / "zone", "2018-07-07", IMAGES, epsg=32632),
        "a product on a shifted grid": make_product(folder / "shifted", "2018-07-07", IMAGES, origin=(600003, 4900020))}


def _radar_products(folder):
    shape = (40, 50)
    lacking = make_radar_product(folder / "radar" / "lacking", shape=shape)
    for noise in lacking.rglob("noise-*"):
        noise.unlink()
    wide = make_radar_product(folder / "radar" / "wide", shape=shape, mode="IW", polarisations=("VV",))
    return {"a radar product": make_radar_product(folder / "radar" / "good", shape=shape),
            "a radar product without noise files": lacking, "an IW product": wide}


def _odd_products(folder, good):
    """Level-1C, and zips that mean harm."""
    level_1c = make_level_1c(folder / "level1c", {"B04": NOISE})
    without_images = make_level_1c(folder / "without", {"B04": NOISE})
    next(without_images.rglob("*.jp2")).unlink()
    with_entities = make_level_1c(folder / "entities", {"B04": NOISE}, clouds=[])
    next(with_entities.rglob("*.gml")).write_text('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    outside, bomb = folder / "outside.zip", folder / "bomb.zip"
    for path, name, size in ((outside, "../../home/user/.bashrc", 10), (bomb, "GRANULE/x.jp2", 80 * 2 ** 20)):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.write(good / "MTD_MSIL2A.xml", f"{good.name}/MTD_MSIL2A.xml")
            zipped.writestr(f"{good.name}/{name}" if path == bomb else name, bytes(size))
    return {"a Level-1C product": level_1c, "its Level-1C metadata": level_1c / "MTD_MSIL1C.xml",
            "a Level-1C product without images": without_images, "a mask with entities": with_entities,
            "a zip with files outside": outside, "a zip bomb": bomb}


def _rasters(folder):
    pixels = fieldscene.reflectance(0.15)
    files = {"a raster": fieldscene.write(folder / "scene.tif", pixels),
             "a raster on another grid": fieldscene.write(folder / "shifted.tif", pixels, west=fieldscene.WEST + 3),
             "a raster elsewhere": fieldscene.write(folder / "elsewhere.tif", pixels, crs="EPSG:32611"),
             "a raster without CRS": fieldscene.write(folder / "nocrs.tif", pixels, crs=None),
             "a truncated raster": str(folder / "truncated.tif")}
    values = np.kron(np.arange(30).reshape(5, 6) % 3 + 1, np.ones((8, 8), np.uint8)).astype(np.uint8)[None]
    files |= {"a map": fieldscene.write(folder / "map.tif", values, ("class",), nodata=0),
              "a map without CRS": fieldscene.write(folder / "lostmap.tif", values, ("class",), crs=None),
              "a map of one class": fieldscene.write(folder / "onemap.tif", np.ones_like(values), ("class",)),
              "a map of nodata": fieldscene.write(folder / "emptymap.tif", values, ("class",), nodata=1)}
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


def _series(folder):
    classes = seriesscene.cropland_mask().astype(np.uint8)[None]
    return {"a series": seriesscene.write_series(folder / "series.tif"),
            "a short series": seriesscene.write_series(folder / "short.tif", dates=2),
            "a crop mask": fieldscene.write(folder / "mask.tif", classes, ("mask",)),
            "a crop mask on another grid": fieldscene.write(folder / "shiftedmask.tif", classes, ("mask",),
                                                            west=fieldscene.WEST + 3),
            "a land-cover map elsewhere": fieldscene.write(folder / "farmap.tif", classes, ("mask",),
                                                           west=fieldscene.WEST + 90000, nodata=9),
            "a land-cover map of fields only": fieldscene.write(folder / "fields.tif", classes * 0 + 1, ("mask",)),
            "in-situ parcels": seriesscene.write_parcels(folder / "insitu.geojson"),
            "in-situ parcels of no crop": seriesscene.write_parcels(folder / "nocrops.geojson", crop=0),
            "in-situ parcels of doubtful crops": seriesscene.write_parcels(folder / "doubt.geojson", crop=2)}


def _parcels(folder):
    fields = fieldscene.fields()
    parcels = write_geojson(folder / "parcels.geojson", fields)
    lacking, beyond = folder / "lacking.csv", folder / "beyond.csv"
    lacking.write_text("label,code\nwheat,11\nbarley,15\n")
    beyond.write_text("label,code\nwheat,123456789012\nbarley,15\nmaize,12\n")
    return {
        "parcels": parcels, "codes that lack maize": lacking, "codes beyond eight digits": beyond,
        "no parcels": empty_copy(parcels, folder / "none.gpkg"),
        "reference": write_geojson(folder / "reference.geojson", [(n, str(n % 3 + 1), g) for n, _, g in fields]),
        "points on nodata": write_geojson(folder / "points.geojson", [
            (n, "1", {"type": "Point", "coordinates": g["coordinates"][0][1]}) for n, _, g in fields if n % 3 == 0]),
        "parcels in a geopackage": converted(parcels, folder / "parcels.gpkg", "GPKG"),
        "parcels in a shapefile": converted(parcels, folder / "shape.shp", "ESRI Shapefile"),
        "parcels without CRS": converted(parcels, folder / "nocrs.shp", "ESRI Shapefile", has_crs=False),
        "parcels elsewhere": write_geojson(folder / "elsewhere.geojson", fields, epsg=32633),
        "parcels of one class": write_geojson(folder / "wheat.geojson", [(n, "wheat", g) for n, _, g in fields]),
        "parcels without classes": write_geojson(folder / "nulls.geojson", [(n, None, g) for n, _, g in fields])}


def _charts(folder):
    charts = folder / "odd_charts"
    charts.mkdir()
    polygons = [([box(-30, 68, -28, 70)], {"POLY_TYPE": "I", "CT": "92", "SA": "91"})]
    chart = write_chart(charts / "nic_arctic_20201008_pl_a.shp", polygons)
    half = charts / "arctic201015.zip"
    with zipfile.ZipFile(charts / "whole.zip", "w") as zipped:
        for file in charts.glob("nic*"):
            zipped.write(file, file.name)
    half.write_bytes((charts / "whole.zip").read_bytes()[:400])
    legend = charts / "legend.csv"
    legend.write_text("value,code,label,red,green,blue\n300,ice,Ice,1,2,3\n")
    return {
        "a chart": chart, "half a zipped chart": half, "a legend with a wrong value": legend,
        "a chart without CRS": write_chart(charts / "nic_arctic_20201022_pl_a.shp", polygons, crs=None),
        "a chart of an unknown day": write_chart(charts / "chart_03012022.gpkg", polygons),
        "a table without concentration": write_chart(charts / "nic_arctic_20201029_pl_a.gpkg", polygons,
                                                     fields=["POLY_TYPE", "NAME"]),
        "metres called degrees": write_chart(charts / "nic_arctic_20201105_pl_a.gpkg",
                                             [([box(4e5, 7e6, 5e5, 8e6)], polygons[0][1])])}
def _models(folder):
    pixels = fieldscene.reflectance(0.15)
    files = {"a model": grow_model(folder / "forest.ffm", pixels),
             "a model of other bands": grow_model(folder / "other.ffm", pixels, ("B04_20200101", "B08_20200101")),
             "half a model": folder / "half.ffm"}
    with open(files["a model"], "rb") as whole:
        files["half a model"].write_bytes(whole.read()[:2000])
    return files


GOOD = {
    "innerbuffer": {"INPUT": "parcels", "OUTPUT": "result.gpkg"},
    "filterbyarea": {"INPUT": "parcels", "MIN_AREA": 10, "OUTPUT": "result.gpkg"},
    "prepareinsitu": {"INPUT": "parcels", "CLASS_FIELD": "crop", "DISTANCE": 5, "MIN_AREA": 100,
                      "OUTPUT": "result.gpkg", "ARCHIVE": "result.zip", "REPORT": "report.html",
                      "REJECTED": "rejected.gpkg"},
    "splitinsitu": {"INPUT": "parcels", "CLASS_FIELD": "crop", "TRAINING": "result.gpkg", "VALIDATION": "other.gpkg"},
    "aggregatebyparcel": {"RASTER": "a raster", "PARCELS": "parcels", "OUTPUT": "result.tif",
                          "PARCEL_STATISTICS": "result.gpkg"},
    "smoothclassification": {"CLASSIFICATION": "a map", "OUTPUT": "result.tif"},
    "preprocesssentinel2": {"INPUT": "a product", "BANDS": "B04", "OUTPUT": "result.tif"},
    "sentinel2timeseries": {"INPUTS": ["a product"], "BANDS": "B04", "INDICES": "", "OUTPUT": "result.tif",
                            "CLEAR_COUNT": "count.tif", "TABLE": "table.csv", "FIGURE": "picture.png"},
    "classifycrops": {"RASTERS": ["a raster"], "TRAINING": "parcels", "CLASS_FIELD": "crop", "TREES": 5,
                      "OUTPUT": "result.tif", "CONFIDENCE": "confidence.tif", "MODEL": "model.ffm",
                      "REPORT": "report.html"},
    "assessaccuracy": {"CLASSIFICATION": "a map", "REFERENCE": "reference", "CLASS_FIELD": "crop",
                       "REPORT": "report.html", "MATRIX": "matrix.csv", "ERRORS": "errors.gpkg"},
    "preprocesssentinel1": {"INPUTS": ["a radar product"], "OUTPUT_FOLDER": "scenes"},
    "prepareicecharts": {"CHARTS": ["a chart"], "OUTPUT_FOLDER": "a new folder", "SUMMARY": "summary.html",
                         "REPORT": "report.html"},
    "trainclassifier": {"RASTERS": ["a raster"], "TRAINING": "parcels", "CLASS_FIELD": "crop", "TREES": 5,
                          "MODEL": "model.ffm", "REPORT": "report.html"},
    "applyclassifier": {"RASTERS": ["a raster"], "MODEL": "a model", "OUTPUT": "result.tif",
                          "CONFIDENCE": "confidence.tif"},
    "cropmask": {"INPUT": "a series", "TRAINING": "in-situ parcels", "TREES": 5, "OUTPUT": "result.tif",
                 "OUTPUT_UNMASKED": "raw.tif", "QUALITY": "quality.tif", "REPORT": "report.html",
                 "PRODUCT": "a new folder"},
    "cropmaskfromreference": {"INPUT": "a series", "REFERENCE_MAP": "a crop mask", "CROP_CLASSES": "1", "TREES": 5,
                              "OUTPUT": "result.tif", "REPORT": "report.html", "PRODUCT": "a new folder"},
    "croptype": {"INPUT": "a series", "TRAINING": "in-situ parcels", "MASK": "a crop mask", "TREES": 5,
                 "OUTPUT": "result.tif", "OUTPUT_UNMASKED": "raw.tif", "QUALITY": "quality.tif",
                 "REPORT": "report.html", "PRODUCT": "a new folder"},
    "glcmtextures": {"INPUT": "a raster", "RANGE": "0,1", "FEATURES": "contrast", "OUTPUT": "result.tif"},
    "classifyseaice": {"SCENES_FOLDER": "scenes of ice", "CHARTS_FOLDER": "ice charts", "BOUNDARY_DISTANCE": 80,
                       "WINDOW": 5,
                       "TREES": 5, "MODEL": "model.ffm", "REPORT": "report.html",
                       "OUTPUT_FOLDER": "TEMPORARY_OUTPUT"},
    "createsampledata": {"SIZE": 60, "DATE_COUNT": 1},
    "cropmap": {"PRODUCTS": "the folder of all", "PARCELS": "parcels", "CLASS_FIELD": "crop",
                "sentinel2timeseries:TIME_SERIES": "series.tif", "filterbyarea:TRAINING_PARCELS": "result.gpkg",
                "classifycrops:CROP_MAP": "result.tif", "classifycrops:CONFIDENCE": "confidence.tif",
                "classifycrops:REPORT": "report.html"},
    "studyareastack": {"PRODUCTS": "the folder of all", "STUDY_AREA": "parcels",
                       "sentinel2timeseries:TIME_SERIES": "series.tif"},
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
    ("filterbyarea", {"AREA_FIELD": "crop"}, ("field crop", "is not numeric", "another name")),
    ("filterbyarea", {"OUTPUT": "parcels"}, ("would overwrite", "parcels.geojson", "another file")),
    ("filterbyarea", {"OUTPUT": "a path in no folder"}, ("does not exist", "nowhere", "Create it")),
    ("filterbyarea", {"REJECTED": "result.gpkg"}, ("OUTPUT and REJECTED", "one file", "of its own")),

    ("prepareinsitu", {"INPUT": "parcels without CRS"}, ("nocrs has no coordinate reference system", "Assign")),
    ("prepareinsitu", {"INPUT": "parcels without classes"}, ("class field crop", "empty", "Choose")),
    ("prepareinsitu", {"INPUT": "no parcels"}, ("contains no parcels", "select some")),
    ("prepareinsitu", {"CLASS_FIELD": "owner"}, ("has no field owner", "id, crop")),
    ("prepareinsitu", {"CODES": "a text"}, ("notes.txt is not a class code table", "label and code")),
    ("prepareinsitu", {"CODES": "codes that lack maize"}, ("has no row for 1 of 3 classes: maize", "Add a row")),
    ("prepareinsitu", {"CODES": "codes beyond eight digits"}, ("class wheat: code must be", "123456789012")),
    ("prepareinsitu", {"MIN_AREA": 1e9}, ("No parcel is left: too small 30", "smaller DISTANCE or MIN_AREA")),
    ("prepareinsitu", {"ARCHIVE": "parcels"}, ("would overwrite", "parcels.geojson", "another file")),
    ("prepareinsitu", {"REPORT": "a path below a file"}, ("is a file, not a folder", "Choose another")),
    ("splitinsitu", {"INPUT": "parcels without CRS"}, ("nocrs has no coordinate reference system", "Assign")),
    ("splitinsitu", {"INPUT": "parcels without classes"}, ("class field crop", "empty", "Choose")),
    ("splitinsitu", {"INPUT": "no parcels"}, ("contains no parcels", "select some")),
    ("splitinsitu", {"VALIDATION": "result.gpkg"}, ("TRAINING and VALIDATION", "one file", "of its own")),
    ("aggregatebyparcel", {"PARCELS": "parcels elsewhere"}, ("All 30 parcels lie outside the raster", "Check")),
    ("aggregatebyparcel", {"PARCELS": "parcels without CRS"}, ("nocrs has no coordinate reference system", "Assign")),
    ("aggregatebyparcel", {"RASTER": "a raster without CRS"}, ("no coordinate reference system", "Assign")),
    ("aggregatebyparcel", {"RASTER": "a truncated raster"}, ("truncated.tif is damaged", "again")),
    ("aggregatebyparcel", {"STATISTIC": "majority"}, ("scene.tif has 2 bands", "Choose a raster of classes")),
    ("aggregatebyparcel", {"STATISTIC": "majority", "RASTER": "a map", "PROBABILITIES": "a raster on another grid"},
     ("The grids of", "differ", "same run")),
    ("aggregatebyparcel", {"OUTPUT": "a raster"}, ("would overwrite", "scene.tif", "another file")),
    ("smoothclassification", {"CLASSIFICATION": "a raster"}, ("scene.tif is not a class map", "Choose a raster")),
    ("smoothclassification", {"METHOD": "gaussian"}, ("gaussian requires class probabilities", "Give PROBABILITIES")),
    ("smoothclassification", {"METHOD": "gaussian", "PROBABILITIES": "a raster"},
     ("scene.tif has 2 bands", "3 classes with other names", "same run")),
    ("smoothclassification", {"OUTPUT": "a map"}, ("would overwrite", "map.tif", "another file")),

    ("preprocesssentinel2", {"INPUT": "a text"}, ("notes.txt is not part of a Sentinel-2 product", "Choose")),
    ("preprocesssentinel2", {"INPUT": "a product without 10 m images"},
     ("missing: T31TEJ_20180707T104021_B04_10m.jp2", "choose a pixel size of 20 m", "download it again")),
    ("preprocesssentinel2", {"INPUT": "the real 04.00 product", "BANDS": "B02,B03,B04"},
     ("missing", "_B02_10m.jp2", "_B04_10m.jp2", "choose a pixel size of 60 m", "download it again")),
    ("preprocesssentinel2", {"INPUT": "a product with a truncated image"}, ("B04_10m.jp2 is damaged", "again")),
    ("preprocesssentinel2", {"INPUT": "half a zip"}, (".zip is not a complete zip", "download it again")),
    ("preprocesssentinel2", {"AOI": "parcels elsewhere"}, ("outside the image", "Check")),
    ("preprocesssentinel2", {"AOI": "parcels without CRS"}, ("no coordinate reference system", "Assign it")),
    ("preprocesssentinel2", {"INPUT": "a zipped product", "OUTPUT": "a zipped product"},
     ("would overwrite", "whole.zip", "another file")),
    ("preprocesssentinel2", {"OUTPUT": "its metadata"}, ("lies inside the input product", "another output folder")),
    ("preprocesssentinel2", {"OUTPUT": "a file of no format"},
     ("no writable raster format", ".xyz123", "ends in .tif")),
    ("preprocesssentinel2", {"INPUT": "a zip with files outside"}, ("contains a path outside the archive", "rejected")),
    ("preprocesssentinel2", {"INPUT": "a zip bomb"}, ("would unpack from", "80 MB", "rejected")),
    ("preprocesssentinel2", {"INPUT": "a Level-1C product", "CLOUD_MASK": "l2a"},
     ("no scene classification", "Choose the cloud mask l1c")),
    ("preprocesssentinel2", {"INPUT": "a Level-1C product", "CLOUD_MASK": "l1c"},
     ("MSK_CLOUDS_B00.gml", "Choose the cloud mask none")),
    ("preprocesssentinel2", {"INPUT": "a Level-1C product", "BANDS": "SCL"}, ("is a Level-1C product", "SCL")),
    ("preprocesssentinel2", {"INPUT": "a Level-1C product", "LEVEL_1C": "sen2cor", "SEN2COR": "its Level-1C metadata"},
     ("is not Sen2Cor", "L2A_Process")),
    ("preprocesssentinel2", {"INPUT": "a Level-1C product without images"}, ("contains no image files", "again")),
    ("preprocesssentinel2", {"INPUT": "a mask with entities", "CLOUD_MASK": "l1c"}, ("entity", "not used")),
    ("preprocesssentinel2", {"PIXEL_WINDOW": "9000,0,10,10"}, ("9000,0,10,10 lies outside", "120 x 120 pixels")),
    ("preprocesssentinel2", {"LAND_SEA_MASK": "sea", "DEM": "a raster without CRS"},
     ("no coordinate reference system", "Assign")),
    ("preprocesssentinel2", {"LAND_SEA_MASK": "sea", "DEM": "a raster elsewhere"},
     ("does not cover any part", "Check")),
    ("preprocesssentinel2", {"STUDY_AREA": "parcels without CRS"}, ("study area has no coordinate", "Assign it")),
    ("preprocesssentinel2", {"TILE": "33UUU"}, ("has no tile 33UUU", "it has 31TEJ")),
    ("preprocesssentinel2", {"OUTPUT": "a path below a file"}, ("is a file, not a folder", "Choose another")),

    ("sentinel2timeseries", {"PIXEL_WINDOW": "9000,0,10,10"}, ("9000,0,10,10 lies outside", "120 x 120 pixels")),
    ("sentinel2timeseries", {"INPUTS": ["a product", "a text"]}, ("notes.txt is not part of", "Choose")),
    ("sentinel2timeseries", {"INPUTS": [], "INPUT_FOLDER": "an empty folder"}, ("No Sentinel-2 product", "Choose")),
    ("sentinel2timeseries", {"INPUTS": ["a product", "a product without 10 m images"], "BANDS": "B08"},
     ("missing: T31TEJ_20180707T104021_B08_10m.jp2", "20 m or more")),
    ("sentinel2timeseries", {"INPUTS": ["a product with a truncated image"]}, ("B04_10m.jp2 is damaged", "again")),
    ("sentinel2timeseries", {"INPUTS": [], "INPUT_FOLDER": "the folder of all"},
     (".zip is not a complete zip", "download it again")),
    ("sentinel2timeseries", {"INPUTS": ["a product", "a product of the next zone"]}, ("so far apart", "Leave out")),
    ("sentinel2timeseries", {"INPUTS": ["a clouded product"]}, ("No product has a clear pixel", "mask fewer")),
    ("sentinel2timeseries", {"INPUTS": ["a Level-1C product"]}, ("is a Level-1C product", "cloud mask l1c")),
    ("sentinel2timeseries", {"INPUTS": ["a Level-1C product without images"]}, ("contains no image files", "again")),
    ("sentinel2timeseries", {"INPUTS": ["a zip with files outside"]},
     ("contains a path outside the archive", "rejected")),
    ("sentinel2timeseries", {"INPUTS": ["a product", "a zip bomb"]}, ("would unpack from", "80 MB", "rejected")),
    ("sentinel2timeseries", {"AOI": "parcels elsewhere"}, ("outside the image", "Check")),
    ("sentinel2timeseries", {"LAND_SEA_MASK": "sea", "DEM": "a raster elsewhere"},
     ("does not cover any part", "Check")),
    ("sentinel2timeseries", {"COMPOSITE": "month", "INTERVAL": 10}, ("exclude each other", "Choose one")),
    ("sentinel2timeseries", {"COMPOSITE": "month", "BANDS": "B04,SCL"}, ("SCL cannot be interpolated", "Leave it out")),
    ("sentinel2timeseries", {"START_DATE": "June"}, ("START_DATE", "'June' is not a date", "2018-03-01")),
    ("sentinel2timeseries", {"START_DATE": "2019-01-01"}, ("No product was taken from 2019-01-01", "Choose")),
    ("sentinel2timeseries", {"OUTPUT": "its metadata"}, ("lies inside the input product", "another output folder")),
    ("sentinel2timeseries", {"CLEAR_COUNT": "result.tif"}, ("OUTPUT and CLEAR_COUNT", "one file", "of its own")),
    ("sentinel2timeseries", {"TABLE": "an empty folder"}, ("is a folder", "name a file")),
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
    ("classifycrops", {"SUSPECT_LABELS": "a path in no folder"}, ("does not exist", "nowhere", "Create it")),
    ("classifycrops", {"MODEL": "an empty folder"}, ("is a folder", "name a file")),

    ("assessaccuracy", {"CLASSIFICATION": "a map without CRS"}, ("no coordinate reference system", "Assign")),
    ("assessaccuracy", {"CLASSIFICATION": "a map of one class"}, ("a single class", "at least two")),
    ("assessaccuracy", {"CLASSIFICATION": "a raster"}, ("not a class map", "Choose a raster of classes")),
    ("assessaccuracy", {"REFERENCE": "parcels elsewhere"}, ("All 30 reference parcels lie outside", "Check")),
    ("assessaccuracy", {"REFERENCE": "parcels"}, ("No reference label", "barley, maize, wheat", "LEGEND")),
    ("assessaccuracy", {"REFERENCE": "parcels without classes"}, ("class field crop", "empty", "Choose")),
    ("assessaccuracy", {"REFERENCE": "parcels without CRS"}, ("nocrs has no coordinate reference system", "Assign")),
    ("assessaccuracy", {"CLASSIFICATION": "a map of nodata", "REFERENCE": "points on nodata"},
     ("No reference point lies on a pixel with a class", "NODATA")),
    ("assessaccuracy", {"TRAINING": "reference"}, ("were used for training", "30 of 30", "independent validation")),
    ("assessaccuracy", {"LEGEND": "a text"}, ("notes.txt contains no class", "CSV file")),
    ("assessaccuracy", {"REPORT": "reference"}, ("would overwrite", "reference.geojson", "another file")),
    ("assessaccuracy", {"MATRIX": "a path below a file"}, ("is a file, not a folder", "Choose another")),
    ("preprocesssentinel1", {"INPUTS": ["a text"]}, ("notes.txt is not part of a Sentinel-1 product", "Choose")),
    ("preprocesssentinel1", {"INPUTS": ["half a zip"]}, (".zip is not a complete zip", "download it again")),
    ("preprocesssentinel1", {"INPUTS": ["a radar product without noise files"]},
     ("the HH noise file", "the HV noise file", "again, or disable noise removal")),
    ("preprocesssentinel1", {"INPUTS": ["the real EW product"]}, ("ew-hh.tiff", "are empty", "Download")),
    ("preprocesssentinel1", {"INPUTS": ["an IW product"], "POLARISATIONS": "HH"}, ("has no polarisation HH", "VV")),
    ("preprocesssentinel1", {"CRS": "EPSG:3857", "PIXEL_SIZE": 0.1},
     ("would have", "Choose a CRS", "larger pixel size")),
    ("preprocesssentinel1", {"AOI": "parcels elsewhere"}, ("outside the image", "Check")),
    ("preprocesssentinel1", {"LAND": "parcels without CRS"}, ("has no coordinate reference system", "Assign")),
    ("preprocesssentinel1", {"INPUTS": [], "INPUT_FOLDER": "an empty folder"}, ("No Sentinel-1 product", "Choose")),
    ("preprocesssentinel1", {"OUTPUT_FOLDER": "a text"}, ("notes.txt is a file, not a folder", "Choose")),
    ("prepareicecharts", {"CHARTS": "a text"}, ("notes.txt is not an ice chart", "Use")),
    ("prepareicecharts", {"CHARTS": [], "CHARTS_FOLDER": "an empty folder"}, ("No ice chart was found", "Choose")),
    ("prepareicecharts", {"CHARTS": [], "CHARTS_FOLDER": "a path below a file"}, ("does not exist", "Check")),
    ("prepareicecharts", {"CHARTS": "half a zipped chart"}, ("arctic201015.zip is not a complete zip", "again")),
    ("prepareicecharts", {"CHARTS": "a chart without CRS"}, ("it has no coordinate reference system", "SOURCE_CRS")),
    ("prepareicecharts", {"CHARTS": "a chart of an unknown day"}, ("2022-01-03 or 2022-03-01", "DATE")),
    ("prepareicecharts", {"CHARTS": "a table without concentration"}, ("no field CT or ICEACT", "POLY_TYPE, NAME")),
    ("prepareicecharts", {"CHARTS": "metres called degrees"}, ("out of range for EPSG:4326", "SOURCE_CRS")),
    ("prepareicecharts", {"CHARTS": ["a chart", "a chart without CRS"], "ON_ERROR": "stop"},
     ("it has no coordinate reference system", "ON_ERROR=skip continues")),
    ("prepareicecharts", {"STUDY_AREA": "parcels"}, ("no polygon of it lies in the study area", "Check")),
    ("prepareicecharts", {"STUDY_AREA": "parcels without CRS"}, ("no coordinate reference system", "Assign")),
    ("prepareicecharts", {"LEGEND": "crops"}, ("There is no legend crops", "ai4arctic")),
    ("prepareicecharts", {"LEGEND": "a legend with a wrong value"}, ("legend.csv", "Row 2", "between 1 and 254")),
    ("prepareicecharts", {"DATE": "tomorrow"}, ("DATE is not a valid date: tomorrow", "Write it")),
    ("prepareicecharts", {"OUTPUT_FOLDER": "a text"}, ("notes.txt is a file", "choose a folder")),
    ("prepareicecharts", {"REPORT": "a chart"}, ("would overwrite", "nic_arctic_20201008", "another file")),
    ("cropmask", {"INPUT": "a raster"}, ("is no dated series", "Stack a Sentinel-2 time series")),
    ("cropmask", {"TRAINING": "in-situ parcels of doubtful crops"}, ("must be 1 (crop) or 0", "'2'", "CROP_FIELD")),
    ("cropmask", {"FLAGS": "a crop mask on another grid"}, ("does not lie on the grid", "same area")),
    ("cropmask", {"QUALITY": "result.tif"}, ("OUTPUT and QUALITY", "one file", "of its own")),
    ("cropmask", {"PRODUCT": "a text"}, ("notes.txt is a file", "choose a folder")),
    ("cropmaskfromreference", {"INPUT": "a short series"}, ("has 2 dates", "at least 3")),
    ("cropmaskfromreference", {"REFERENCE_MAP": "a land-cover map elsewhere"}, ("no patch of a class", "of this area")),
    ("cropmaskfromreference", {"REFERENCE_MAP": "a land-cover map of fields only"},
     ("only cropland in", "CROP_CLASSES")),
    ("croptype", {"MASK": "a crop mask on another grid"}, ("crop mask", "does not lie on the grid", "warp")),
    ("croptype", {"TRAINING": "in-situ parcels of no crop"}, ("No parcel of", "is cropland", "CROP_FIELD")),
    ("croptype", {"TRAINING": "parcels"}, ("no field", "Its fields are")),
    ("trainclassifier", {"BANDS": "B8A_*"}, ("No band", "B8A_*", "B04, B08")),
    ("trainclassifier", {"CLASS_WEIGHTS": "wheat"}, ("'wheat' is not a class weight", "wheat=2")),
    ("trainclassifier", {"CLASS_WEIGHTS": "rye=2"}, ("unknown classes: rye", "barley, maize, wheat")),
    ("trainclassifier", {"MASK": "a raster on another grid"}, ("do not share one pixel grid", "Bring")),
    ("trainclassifier", {"TRAINING": "", "CLASS_FIELD": "", "TRAINING_RASTER": "a raster"},
     ("scene.tif contains decimal numbers", "Round")),
    ("trainclassifier", {"MODEL": "a raster"}, ("would overwrite", "scene.tif", "another file")),

    ("applyclassifier", {"MODEL": "half a model"}, ("half.ffm is not a model of Floefield", "train the model")),
    ("applyclassifier", {"MODEL": "a text"}, ("notes.txt is not a model of Floefield", "ends in .ffm")),
    ("applyclassifier", {"MODEL": "a model of other bands"},
     ("lack 2 of the 2 bands", "B04_20200101, B08_20200101", "The rasters have: B04, B08", "by order")),
    ("applyclassifier", {"RASTERS": ["a raster", "a map"], "BAND_MATCHING": "order"},
     ("trained on 2 bands, but the rasters have 3", "B04, B08")),
    ("applyclassifier", {"RASTERS": ["a raster", "a raster"]}, ("scene.tif is given twice", "each raster once")),
    ("applyclassifier", {"RASTERS": ["a raster", "a raster on another grid"]}, ("do not share one", "Bring")),
    ("applyclassifier", {"RASTERS": "a truncated raster"}, ("truncated.tif is damaged", "again")),
    ("applyclassifier", {"OUTPUT": "a model"}, ("would overwrite", "forest.ffm", "another file")),
    ("glcmtextures", {"INPUT": "a truncated raster"}, ("truncated.tif is damaged", "again")),
    ("glcmtextures", {"RANGE": "1,0"}, ("RANGE is 1 to 0", "smaller")),
    ("glcmtextures", {"RANGE": ""}, ("The value range of band B04 is undefined", "Set RANGE")),
    ("glcmtextures", {"WINDOW": 41}, ("41 x 41 pixels is larger than the image", "smaller WINDOW")),
    ("glcmtextures", {"DISTANCES": "9"}, ("distance 9 does not fit", "smaller DISTANCES or a larger WINDOW")),
    ("glcmtextures", {"BANDS": "B99"}, ("has no band B99", "Choose among B04, B08")),
    ("glcmtextures", {"OUTPUT": "a raster"}, ("would overwrite", "scene.tif", "another file")),
    ("glcmtextures", {"INPUT_FOLDER": "scenes of ice"}, ("Give either an image", "or a folder")),
    ("glcmtextures", {"INPUT": "", "INPUT_FOLDER": "scenes of ice", "OUTPUT_FOLDER": "a text"},
     ("notes.txt is a file", "choose a folder")),
    ("glcmtextures", {"INPUT": "", "INPUT_FOLDER": "an empty folder", "OUTPUT_FOLDER": "scenes"},
     ("There is no GeoTIFF", "Choose")),
    ("glcmtextures", {"INPUT": "", "INPUT_FOLDER": "scenes of ice", "OUTPUT_FOLDER": "scenes", "BANDS": "VV"},
     ("None of the", "has no band VV")),

    ("classifyseaice", {"CHARTS_FOLDER": "ice charts of another season"},
     ("no chart within 3 days of 2020-10-08", "arctic210304", "MAX_DAYS")),
    ("classifyseaice", {"CHARTS_FOLDER": "an empty folder"}, ("No ice chart was found", "Choose")),
    ("classifyseaice", {"SCENES_FOLDER": "an empty folder"}, ("There is no GeoTIFF", "Choose")),
    ("classifyseaice", {"SCENES_FOLDER": "", "SCENES": "a scene without date"},
     ("undated.tif has no acquisition date", "Add it")),
    ("classifyseaice", {"BOUNDARY_DISTANCE": 5000}, ("There are no training pixels", "smaller BOUNDARY_DISTANCE")),
    ("classifyseaice", {"OUTPUT_FOLDER": "a text"}, ("notes.txt is a file", "choose a folder")),

    ("createsampledata", {"OUTPUT_FOLDER": "a text"}, ("notes.txt is a file", "choose a folder")),
    ("createsampledata", {"OUTPUT_FOLDER": "the folder of all"}, ("is not empty", "Choose a new or an empty folder")),

    ("cropmap", {"filterbyarea:TRAINING_PARCELS": "parcels"}, ("would overwrite", "parcels.geojson", "another file")),
    ("studyareastack", {"sentinel2timeseries:TIME_SERIES": "parcels"},
     ("would overwrite", "parcels.geojson", "another file")),
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


@pytest.mark.parametrize(("tool", "changes"), [("preprocesssentinel2", {}), ("preprocesssentinel2", {"FORMAT": "cog"}),
                                               ("sentinel2timeseries", {}),
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
    if value == "the real EW product":
        return next(SENTINEL1.glob("ew_grdm_metadata/S1A_EW_*"))
    if value == "scenes":
        return folder / value
    if isinstance(value, str) and re.fullmatch(r"\w+\.(tif|gpkg|csv|png|html|ffm|zip)", value):
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
