"""The tools of classification on a full tile: peak memory, and times against other tools.

Content is the worst a tile can bring where that matters: a map of salt and pepper has tens of millions of patches.
Series and parcels fill a part of the tile, enough to fill every buffer, soon done.
"""

import json
import os
import shutil
import subprocess
from functools import partial

import numpy as np

from .fields import FEATURES
from .forestmaps import FULL
from .measure import THREADS, alternated, peak_megabytes, row, run_script, seconds_of

TRANSFORM = (10, 0, 600000, 0, -10, 4900020)
PARCELS, PARCEL_PIXELS = 100_000, 4
CEILING, MAP_CEILING = 2048, 1024
CLASSES, PEER_SIZE = 6, 4096
FILLED = slice(4096, 4352)
DATES, BANDS = 12, ("B03", "B04", "B08", "B11")

SMOOTH = """
import sys
from floefield.compute.cleanup.map_smoothing import SmoothSettings, smooth_classification
from floefield.compute.progress import Progress
path, output, method, threads = sys.argv[1:5]
smooth_classification(path, (), "", output, SmoothSettings(method, threads=int(threads)), Progress())
"""

PARCEL = """
import sys
from floefield.compute.insitu.parcel import Parcel
from floefield.compute.progress import Progress
def square(x, y, edge=40):
    return {"type": "Polygon", "coordinates": [[(x, y), (x + edge, y), (x + edge, y - edge), (x, y - edge), (x, y)]]}
"""

# Side by side in the strip that has data, in four classes.
STRIP_PARCELS = PARCEL + """
parcels = tuple(Parcel(number, str(number // 37 % 4), square(600000 + 40960 + 40 * (number % 50),
                                                              4900020 - 50 * (number // 50)))
                for number in range(100000))
"""

AGGREGATE = PARCEL + """
from floefield.compute.cleanup.parcel_aggregation import AggregateSettings, AggregateTask, aggregate
path, statistics, threads = sys.argv[1:4]
wide = statistics == "mean,std,median"
geometries = tuple(square(600000 + 347 * (number % 316), 4900000 - 347 * (number // 316), 300)
                   for number in range(100000))
if wide:
    geometries = tuple(square(600000 + 40960 + 40 * (number % 50), 4900020 - 50 * (number // 50))
                       for number in range(100000))
aggregate(AggregateTask(path, geometries), "" if wide else path + ".votes.tif",
          AggregateSettings(tuple(statistics.split(",")), threads=int(threads)), Progress())
"""

PRODUCT = STRIP_PARCELS + """
from dataclasses import replace
from floefield.compute.sen2agri.make_product import make_product
from floefield.compute.sen2agri.product_task import ReferenceSettings, sen2agri_forest
from floefield.compute.sen2agri.product_task import ProductPaths, ProductTask
kind, series, reference, folder, threads = sys.argv[1:6]
forest = sen2agri_forest(40000 if kind == "L4A" else 10000, trees=10, threads=int(threads))
if kind == "L4A":
    parcels = tuple(replace(parcel, code=str(int(parcel.code) % 2)) for parcel in parcels)
task = ProductTask(kind, series, forest, parcels=() if reference else parcels, reference=reference,
                   reference_settings=ReferenceSettings((1, 2, 3)))
make_product(task, ProductPaths(*(f"{folder}/{name}.tif" for name in ("final", "raw", "quality")),
                                f"{folder}/report.html", folder), Progress())
"""

CLASSIFY = STRIP_PARCELS + """
from floefield.compute.classification.classify import ClassificationTask, classify
from floefield.compute.classification.class_maps import MapPaths
from floefield.compute.classifiers.forest_model import ForestSettings
raster, folder, threads, what = sys.argv[1:5]
maps = MapPaths(*(f"{folder}/{name}.tif" for name in ("map", "confidence", "probabilities") if what == "map"))
task = ClassificationTask((raster,), parcels, forest=ForestSettings(trees=10, threads=int(threads)))
classify(task, maps, f"{folder}/model.ffm", f"{folder}/report.html", Progress())
"""


def class_map(folder, kind, size=FULL):
    """Pixels of six classes at random, or fields of 20 x 20 pixels with 15 % of such pixels; made once."""
    import rasterio

    path = folder / f"{kind}_{size}.tif"
    if path.exists():
        return path
    fields = np.random.default_rng(7).integers(1, CLASSES + 1, (size // 20 + 2, size // 20 + 2), np.uint8)
    with rasterio.open(path, "w", driver="GTiff", width=size, height=size, count=1, dtype="uint8", nodata=0,
                       crs="EPSG:32631", transform=rasterio.Affine(*TRANSFORM), tiled=True,
                       compress="deflate") as raster:
        for first in range(0, size, 500):
            random = np.random.default_rng(first)
            rows = min(500, size - first)
            values = random.integers(1, CLASSES + 1, (rows, size), np.uint8)
            if kind == "fields":
                ground = np.kron(fields[first // 20:], np.ones((20, 20), np.uint8))[:rows, :size]
                values = np.where(random.random(values.shape) < 0.15, values, ground)
            raster.write(values, 1, window=((first, first + rows), (0, size)))
    return path


def full_series(folder):
    """A dated series of a full tile, of which a strip has data."""
    stack = folder / "full_series.vrt"
    _write_vrt(stack, [(f"{band}_2023{3 + date // 2:02}{1 + 14 * (date % 2):02}", place + date)
                       for date in range(DATES) for place, band in enumerate(BANDS)])
    return stack


def full_features(folder):
    """84 features of the same kind."""
    stack = folder / "full_features.vrt"
    _write_vrt(stack, [(f"f{number}", number) for number in range(FEATURES)])
    return stack


def _write_vrt(path, bands):
    """Bands by name, each standing on one of four images."""
    text = "".join(
        f'<VRTRasterBand dataType="Int16" band="{number}"><Description>{name}</Description>'
        f'<NoDataValue>-10000</NoDataValue><Scale>0.0001</Scale><SimpleSource><SourceFilename relativeToVRT="1">'
        f"{_strip_image(path.parent, image % 4).name}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>"
        "</VRTRasterBand>" for number, (name, image) in enumerate(bands, start=1))
    path.write_text(f'<VRTDataset rasterXSize="{FULL}" rasterYSize="{FULL}"><SRS>EPSG:32631</SRS><GeoTransform>'
                    f"600000,10,0,4900020,0,-10</GeoTransform>{text}</VRTDataset>", encoding="utf-8")


def _strip_image(folder, number):
    """A band of reflectances at random in a strip, made once."""
    import rasterio

    path = folder / f"strip_{number}.tif"
    if not path.exists():
        with rasterio.open(path, "w", driver="GTiff", height=FULL, width=FULL, count=1, dtype="int16", nodata=-10000,
                           crs="EPSG:32631", transform=rasterio.Affine(*TRANSFORM), tiled=True,
                           compress="deflate") as raster:
            for first in range(0, FULL, 256):
                values = np.full((min(256, FULL - first), FULL), -10000, np.int16)
                part = values[:, FILLED]
                part[:] = np.random.default_rng([number, first]).integers(200, 5000, part.shape)
                raster.write(values, 1, window=((first, first + len(values)), (0, FULL)))
    return path


def _memory(ceiling, script, *arguments, note):
    peak = peak_megabytes(script, *arguments)
    return {"ours": round(peak, 1), "peer": ceiling, "ratio": round(ceiling / peak, 3), "unit": "MB",
            "note": f"the peer is the ceiling promised; {FULL} x {FULL} pixels, {note}"}


def smoothing_memory(method, folder, runs):
    """A map of salt and pepper."""
    return _memory(MAP_CEILING, SMOOTH, class_map(folder, "noise"), folder / "smooth.tif", method, THREADS,
                   note="salt and pepper")


def votes_memory(folder, runs):
    """Majority of a class map in 100 000 parcels, as a table and as a map."""
    return _memory(MAP_CEILING, AGGREGATE, class_map(folder, "fields"), "majority", THREADS, note=f"{PARCELS} parcels")


def means_memory(folder, runs):
    """Three statistics of 84 bands in 100 000 parcels."""
    return _memory(CEILING, AGGREGATE, full_features(folder), "mean,std,median", THREADS,
                   note=f"{PARCELS} parcels, 84 bands")


def product_memory(kind, with_reference, folder, runs):
    """A product of Sen2-Agri with all its files."""
    target = folder / "product"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    reference = class_map(folder, "fields") if with_reference else ""
    return _memory(CEILING, PRODUCT, kind, full_series(folder), reference, target, THREADS,
                   note=f"{DATES} dates, " + ("a reference map" if with_reference else f"{PARCELS} parcels"))


def classification_memory(what, folder, runs):
    """A forest on 84 features and 100 000 parcels: all maps, or the model alone."""
    target = folder / "classified"
    target.mkdir(exist_ok=True)
    return _memory(CEILING, CLASSIFY, full_features(folder), target, THREADS, what, note=f"{PARCELS} parcels, 84 bands")


def _against(ours, peer, program, runs, note):
    if not shutil.which(program):
        return {"ours": None, "peer": None, "ratio": None, "unit": "s", "reason": f"{program} is not installed"}
    return row(*alternated(lambda: seconds_of(ours), lambda: seconds_of(peer), runs), "s", note)


def _run(*command):
    environment = {**os.environ, "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": str(THREADS), "LC_ALL": "C"}
    subprocess.run([*map(str, command)], check=True, capture_output=True, env=environment)


def sieve_against_gdal(kind, folder, runs):
    """From file to file, start-ups included."""
    path = class_map(folder, kind)
    return _against(lambda: run_script(SMOOTH, path, folder / "smooth.tif", "sieve", THREADS),
                    lambda: _run("gdal_sieve.py", "-q", "-st", 10, "-4", path, folder / "sieved.tif"),
                    "gdal_sieve.py", runs, f"{FULL} x {FULL} pixels, {kind}; {THREADS} threads, GDAL one")


def majority_against_otb(folder, runs):
    """From file to file, start-ups included; window 3."""
    path = class_map(folder, "fields")
    return _against(lambda: run_script(SMOOTH, path, folder / "smooth.tif", "majority", THREADS),
                    lambda: _run("otbcli_ClassificationMapRegularization", "-io.in", path, "-io.out",
                                 folder / "regular.tif", "uint8", "-ip.radius", 1, "-ip.suvbool", 0),
                    "otbcli_ClassificationMapRegularization", runs, f"{FULL} x {FULL} pixels")


def zonal_against_otb(folder, runs):
    """Means and deviations of four bands in 40 000 parcels, start-ups included."""
    image, parcels = _peer_image(folder), folder / "peer_parcels.geojson"
    squares = [(600000 + 200 * column, 4900000 - 200 * line) for line in range(200) for column in range(200)]
    parcels.write_text(json.dumps({
        "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32631"}},
        "features": [{"type": "Feature", "properties": {"id": number}, "geometry": {"type": "Polygon", "coordinates": [[
            (x, y), (x + 180, y), (x + 180, y - 180), (x, y - 180), (x, y)]]}}
            for number, (x, y) in enumerate(squares)]}), encoding="utf-8")
    return _against(lambda: run_script(ZONAL, image, parcels, THREADS),
                    lambda: _run("otbcli_ZonalStatistics", "-in", image, "-inzone", "vector", "-inzone.vector.in",
                                 parcels, "-out", "vector", "-out.vector.filename", folder / "zones.gpkg"),
                    "otbcli_ZonalStatistics", runs,
                    f"{PEER_SIZE} x {PEER_SIZE} pixels, 4 bands, {len(squares)} parcels")


def segments_against_otb(folder, runs):
    """Segments of 640 x 640 pixels in six components against the mean shift that Sen2-Agri uses, start-ups included."""
    import rasterio

    image = folder / "components.tif"
    ground = np.kron(np.random.default_rng(1).normal(0, 0.5, (6, 40, 40)), np.ones((16, 16)))
    values = (ground + np.random.default_rng(2).normal(0, 0.05, ground.shape)).astype(np.float32)
    with rasterio.open(image, "w", driver="GTiff", width=640, height=640, count=6, dtype="float32", crs="EPSG:32631",
                       transform=rasterio.Affine(*TRANSFORM)) as raster:
        raster.write(values)
    return _against(lambda: run_script(SEGMENTS, image),
                    lambda: _run("otbcli_MeanShiftSmoothing", "-in", image, "-fout", folder / "shifted.tif",
                                 "-spatialr", 10, "-ranger", 0.65, "-maxiter", 20, "-modesearch", 0),
                    "otbcli_MeanShiftSmoothing", runs, "640 x 640 pixels, the peer only smooths and draws no segments")


ZONAL = """
import json, sys
from floefield.compute.cleanup.parcel_aggregation import AggregateSettings, AggregateTask, aggregate
from floefield.compute.progress import Progress
image, parcels, threads = sys.argv[1:4]
with open(parcels, encoding="utf-8") as text:
    geometries = tuple(feature["geometry"] for feature in json.load(text)["features"])
aggregate(AggregateTask(image, geometries), "", AggregateSettings(("mean", "std", "min", "max", "count"),
                                                                   threads=int(threads)), Progress())
"""

SEGMENTS = """
import sys
import rasterio
from floefield.compute.sen2agri.segmentation import segments
from floefield.compute.sen2agri.product_task import SegmentSettings
with rasterio.open(sys.argv[1]) as raster:
    segments(raster.read().transpose(1, 2, 0).astype(float), SegmentSettings())
"""


def _peer_image(folder):
    import rasterio

    path = folder / "peer_image.tif"
    if not path.exists():
        with rasterio.open(path, "w", driver="GTiff", width=PEER_SIZE, height=PEER_SIZE, count=4, dtype="int16",
                           crs="EPSG:32631", transform=rasterio.Affine(*TRANSFORM), tiled=True) as raster:
            raster.write(np.random.default_rng(1).integers(0, 4000, (4, PEER_SIZE, PEER_SIZE), np.int16))
    return path


ROWS = {
    "sieve-vs-gdal": partial(sieve_against_gdal, "fields"),
    "sieve-noise-vs-gdal": partial(sieve_against_gdal, "noise"),
    "majority-vs-otb": majority_against_otb,
    "zonal-vs-otb": zonal_against_otb,
    "cropmask-segments-vs-otb": segments_against_otb,
    "memory-sieve": partial(smoothing_memory, "sieve"),
    "memory-majority": partial(smoothing_memory, "majority"),
    "memory-parcel-votes": votes_memory,
    "memory-parcel-means": means_memory,
    "memory-cropmask": partial(product_memory, "L4A", False),
    "memory-cropmaskfromreference": partial(product_memory, "L4A", True),
    "memory-croptype": partial(product_memory, "L4B", False),
    "memory-classifycrops": partial(classification_memory, "map"),
    "memory-trainclassifier": partial(classification_memory, "model"),
}
