"""Whole maps with a forest from a file: against Orfeo Toolbox with as many trees, and the memory of a full tile."""

import os
import shutil
import subprocess

import numpy as np

from .fields import CLASSES, FEATURES, FIELD_PIXELS, pixels_of_fields
from .forest import training_pixels
from .measure import THREADS, alternated, peak_megabytes, row, run_script, seconds_of

TREES = 100
SHAPE, TINY = (1000, 600), (64, 64)
CEILING = 2048
FULL = 10980
# Of a full tile so much has data: enough to fill every buffer, soon done.
FILLED_SHARE = 0.02

APPLY = """
import sys
from floefield.compute.classification.apply_model import ApplyTask, apply_model
from floefield.compute.classification.class_maps import MapPaths
from floefield.compute.classification.prediction import MapRules
from floefield.compute.progress import Progress
image, model, output, threads, *more = sys.argv[1:]
wants_confidence = "confidence" in more
maps = MapPaths(output, f"{output}.confidence.tif" if wants_confidence else "")
rules = MapRules(smoothing=wants_confidence)
apply_model(ApplyTask((image,), model, threads=int(threads), rules=rules), maps, Progress())
"""


def _image(folder, shape):
    """Fields as a raster of float32; made once."""
    import rasterio

    path = folder / f"fields_{shape[0]}.tif"
    if not path.exists():
        pixels, _ = pixels_of_fields(seed=3, fields=-(-shape[0] * shape[1] // FIELD_PIXELS))
        bands = pixels[:shape[0] * shape[1]].T.reshape(FEATURES, *shape)
        with rasterio.open(path, "w", driver="GTiff", height=shape[0], width=shape[1], count=FEATURES, dtype="float32",
                           crs="EPSG:32631", transform=rasterio.Affine(10, 0, 600000, 0, -10, 4900020)) as raster:
            raster.write(bands)
            raster.descriptions = _names()
    return path


def _names():
    return tuple(f"f{number}" for number in range(FEATURES))


def _our_model(folder):
    from floefield.compute.classifiers.classifier import Model
    from floefield.compute.classifiers.forest_model import ForestSettings
    from floefield.compute.classifiers.model_file import save_model
    from floefield.compute.classifiers.random_forest import Forest
    from floefield.compute.classifiers.similarity import fit_similarity
    from floefield.compute.classmap.classes import class_table
    from floefield.compute.insitu.pixel_sampler import PixelSample
    from floefield.compute.progress import Progress

    settings = ForestSettings(trees=TREES, threads=THREADS)
    features, numbers = training_pixels()
    sample = PixelSample(features=features, classes=numbers, parcels=numbers, available=np.bincount(numbers))
    forest = Forest.fit(sample, _names(), class_table([f"class {number:02}" for number in range(CLASSES)]), settings,
                        Progress())
    path = folder / "forest_100.ffm"
    save_model(str(path), Model(classifier=forest, settings=settings, training_pixels=(500,) * CLASSES,
                                similarity=fit_similarity(features, numbers)))
    return path


def _otb_model(folder):
    """A forest of OpenCV, grown on the same pixels, each tree fully."""
    from osgeo import ogr

    samples = folder / "samples.gpkg"
    samples.unlink(missing_ok=True)
    source = ogr.GetDriverByName("GPKG").CreateDataSource(str(samples))
    layer = source.CreateLayer("samples", geom_type=ogr.wkbNone)
    layer.CreateField(ogr.FieldDefn("class", ogr.OFTInteger))
    for name in _names():
        layer.CreateField(ogr.FieldDefn(name, ogr.OFTReal))
    layer.StartTransaction()
    for pixel, number in zip(*training_pixels()):
        feature = ogr.Feature(layer.GetLayerDefn())
        for place, value in enumerate((int(number) + 1, *pixel.tolist())):
            feature.SetField(place, value)
        layer.CreateFeature(feature)
    layer.CommitTransaction()
    layer = source = None
    model = folder / "otb_100.model"
    _otb("TrainVectorClassifier", "-io.vd", samples, "-io.out", model, "-cfield", "class", "-feat", *_names(),
         "-classifier", "rf", "-classifier.rf.nbtrees", TREES, "-classifier.rf.max", 30, "-classifier.rf.min", 2,
         "-classifier.rf.acc", 0)
    if f"ntrees: {TREES}\n" not in model.read_text(encoding="utf-8").replace("ntrees:100", f"ntrees: {TREES}"):
        raise ValueError("Orfeo Toolbox did not grow as many trees as it was asked for")
    return model


def _otb(application, *arguments):
    environment = {**os.environ, "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": str(THREADS), "LC_ALL": "C"}
    subprocess.run([f"otbcli_{application}", *map(str, arguments)], check=True, capture_output=True, env=environment)


def map_against_otb(folder, runs):
    """A map of 600 000 pixels, classes alone as the peer makes it: read, classified, written; start-ups taken off."""
    if not shutil.which("otbcli_ImageClassifier"):
        return {"ours": None, "peer": None, "ratio": None, "unit": "s", "reason": "Orfeo Toolbox is not installed"}
    model, otb_model = _our_model(folder), _otb_model(folder)
    output = folder / "classes.tif"

    def ours(image):
        # GDAL's own threads cost more than they save where nothing is compressed; the peer goes without them, too.
        return seconds_of(lambda: run_script(APPLY, image, model, output, THREADS, gdal_threads=1))

    def otb(image):
        return seconds_of(lambda: _otb("ImageClassifier", "-in", image, "-model", otb_model, "-out", output, "uint8"))

    tiny, image = _image(folder, TINY), _image(folder, SHAPE)
    our_start, otb_start = alternated(lambda: ours(tiny), lambda: otb(tiny), 3)
    our_time, otb_time = alternated(lambda: ours(image), lambda: otb(image), runs)
    return row(max(our_time - our_start, 0.01), otb_time - otb_start, "s",
               f"{TREES} trees, start-up {our_start:.1f} and {otb_start:.1f} s taken off")


def _full_tile(folder):
    """84 bands of a full tile, one image standing for all; a few fields in it, the rest nodata."""
    import rasterio

    image, stack = folder / "full_band.tif", folder / "full_stack.vrt"
    if not image.exists():
        with rasterio.open(image, "w", driver="GTiff", height=FULL, width=FULL, count=1, dtype="int16", nodata=-32768,
                           crs="EPSG:32631", transform=rasterio.Affine(10, 0, 600000, 0, -10, 4900020), tiled=True,
                           blockxsize=256, blockysize=256, compress="deflate", predictor=2) as raster:
            for first in range(0, FULL, 256):
                values = np.full((min(256, FULL - first), FULL), -32768, np.int16)
                filled = np.random.default_rng(first).integers(0, 5000, (len(values), int(FULL * FILLED_SHARE)))
                values[:, 4096:4096 + filled.shape[1]] = filled
                raster.write(values, 1, window=((first, first + len(values)), (0, FULL)))
    subprocess.run(["gdalbuildvrt", "-q", "-overwrite", "-separate", str(stack), *[str(image)] * FEATURES], check=True)
    text = stack.read_text(encoding="utf-8")
    for number, name in enumerate(_names(), start=1):
        text = text.replace(f'band="{number}">', f'band="{number}"><Description>{name}</Description>'
                                                 "<Scale>0.0001</Scale>", 1)
    stack.write_text(text, encoding="utf-8")
    return stack


def full_tile_memory(folder, runs):
    """Class map and confidence of 10980 x 10980 pixels with 84 features."""
    if not shutil.which("gdalbuildvrt"):
        return {"ours": None, "peer": None, "ratio": None, "unit": "MB", "reason": "gdalbuildvrt is not installed"}
    peak = peak_megabytes(APPLY.replace("*more", "*more, _"), _full_tile(folder), _our_model(folder),
                          folder / "full_classes.tif", THREADS, "confidence")
    return {"ours": round(peak, 1), "peer": CEILING, "ratio": round(CEILING / peak, 3), "unit": "MB",
            "note": f"the peer is the ceiling promised; {FULL} x {FULL} pixels, {FEATURES} features"}


ROWS = {"forest-class-vs-otb": map_against_otb, "memory-forest-tile": full_tile_memory}
