"""Cancelled in the middle, each tool ends at once, gives nothing, leaves nothing, and spares what was there before."""

import threading
import time

import numpy as np
import pytest

from .. import fieldscene, icescene, seriesscene
from ..bench.products import full_size_product
from ..icecharts import box, write_chart
from ..modelfiles import grow_model
from ..parcelfiles import write_geojson
from ..sentinel1products import make_product

SOON = 2.0  # seconds
DATES = ("2023-06-17", "2023-06-27", "2023-07-07")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Work for a while: products of four tiles, a raster of the same size, and thousands of parcels."""
    folder = tmp_path_factory.mktemp("inputs")
    products = [full_size_product(folder / "products", 2040, date) for date in DATES]
    pixels = np.random.default_rng(1).normal(0.35, 0.2, (2, 800, 800))
    pixels[:, :40, :48] = fieldscene.reflectance(0.15)
    squares = [([box(west / 20, north, west / 20 + 0.05, north + 0.1)], {"POLY_TYPE": "I", "CT": "92", "SA": "91"})
               for west in range(-400, 400) for north in (66, 67, 68, 69, 70)]
    many = [(number, "wheat", fieldscene.square(*divmod(number * 8, 1600))) for number in range(15000)]
    classes = (np.arange(3000 * 3000, dtype=np.uint32) // 7 % 3 + 1).astype(np.uint8).reshape(1, 3000, 3000)
    legend = ("<PAMDataset><PAMRasterBand band='1'><CategoryNames><Category/><Category>wheat</Category>"
              "<Category>maize</Category><Category>rye</Category></CategoryNames></PAMRasterBand></PAMDataset>")
    for name in ("map.tif", "other.tif"):
        (folder / f"{name}.aux.xml").write_text(legend, encoding="utf-8")
    return {"map": fieldscene.write(folder / "map.tif", classes, ("class",)),
            "shifted map": fieldscene.write(folder / "other.tif", classes, ("class",), west=fieldscene.WEST + 3),
            "products": [str(path) for path in products],
            "radar product": str(make_product(folder / "radar", shape=(1500, 1500), numbers=dict.fromkeys(
                ("HH", "HV"), np.full((1500, 1500), 300)))),
            "charts": [str(write_chart(folder / f"nic_arctic_2020100{day}_pl_a.gpkg", squares)) for day in range(1, 7)],
            "model": grow_model(folder / "model.ffm", fieldscene.reflectance(0.15)),
            "raster": fieldscene.write(folder / "scene.tif", pixels),
            "series": seriesscene.write_series(folder / "series.tif", values=np.tile(
                seriesscene.reflectance(), (1, 1, 12, 12))),
            "in-situ parcels": seriesscene.write_parcels(folder / "insitu.geojson"),
            "ice": str(_ice(folder)), "parcels": str(write_geojson(folder / "parcels.geojson", fieldscene.fields())),
            "many parcels": str(write_geojson(folder / "many.geojson", many))}


def _ice(folder):
    """Scenes of ice that are large enough to be waited for."""
    for name in ("scenes", "charts"):
        (folder / name).mkdir()
    for number, day in enumerate(("2020-10-08", "2020-10-15", "2020-10-22")):
        rng = np.random.default_rng(number)
        grain = np.repeat(icescene.TEXTURE, icescene.STRIPE)
        pixels = -15 + np.tile(grain, 6) * rng.standard_normal((2, 500, 540))
        icescene.write_scene(folder / "scenes" / f"scene{number}.tif", day, pixels=pixels)
        icescene.write_chart(folder / "charts", day)
    return folder


def parameters_of(tool, inputs, folder):
    """A run that takes some seconds, with every output."""
    return {
        "innerbuffer": lambda: {"INPUT": inputs["many parcels"], "OUTPUT": folder / "shrunk.gpkg"},
        "filterbyarea": lambda: {"INPUT": inputs["many parcels"], "MIN_AREA": 1000, "OUTPUT": folder / "big.gpkg",
                                 "REJECTED": folder / "small.gpkg"},
        "prepareinsitu": lambda: {
            "INPUT": inputs["many parcels"], "CLASS_FIELD": "crop", "MIN_AREA": 100, "OUTPUT": folder / "kept.gpkg",
            "ARCHIVE": folder / "insitu.zip", "REPORT": folder / "report.html", "REJECTED": folder / "out.gpkg"},
        "splitinsitu": lambda: {
            "INPUT": inputs["many parcels"], "CLASS_FIELD": "crop", "SPLIT_BY": "blocks", "BLOCK_SIZE": 100,
            "TRAINING": folder / "train.gpkg", "VALIDATION": folder / "judge.gpkg"},
        "aggregatebyparcel": lambda: {
            "RASTER": inputs["map"], "PARCELS": inputs["many parcels"], "STATISTIC": ["mean", "std", "median"],
            "OUTPUT": folder / "means.tif", "PARCEL_STATISTICS": folder / "values.gpkg"},
        "aggregatebyparcel by votes": lambda: {
            "RASTER": inputs["map"], "PARCELS": inputs["many parcels"], "STATISTIC": ["majority"],
            "OUTPUT": folder / "votes.tif", "PARCEL_STATISTICS": folder / "votes.gpkg"},
        "smoothclassification": lambda: {
            "CLASSIFICATION": inputs["map"], "METHOD": "sieve", "OUTPUT": folder / "sieved.tif"},
        "smoothclassification by majority": lambda: {
            "CLASSIFICATION": inputs["map"], "METHOD": "majority", "WINDOW": 51, "OUTPUT": folder / "smooth.tif"},
        "preprocesssentinel2": lambda: {"INPUT": inputs["products"][0], "CLOUD_MASK": "l2a", "BANDS": [
            "B02", "B03", "B04", "B05", "B06", "B08", "B09"], "OUTPUT": folder / "stack.tif"},
        "preprocesssentinel2 in another CRS": lambda: {
            "INPUT": inputs["products"][0], "BANDS": ["B02", "B03", "B04", "B08"], "CRS": "EPSG:2154",
            "UPSAMPLING": "bicubic", "OUTPUT": folder / "stack.nc"},
        "sentinel2timeseries": lambda: {"INPUTS": inputs["products"], "BANDS": ["B04", "B8A"], "INDICES": ["ndvi"],
                                        "OUTPUT": folder / "series.tif"},
        "sentinel2timeseries of months, with everything": lambda: {
            "INPUTS": inputs["products"], "BANDS": ["B04", "B8A"], "INDICES": ["ndvi"], "COMPOSITE": "month",
            "OUTPUT": folder / "series.tif", "CLEAR_COUNT": folder / "count.tif", "TABLE": folder / "table.csv",
            "FIGURE": folder / "picture.png"},
        "classifycrops": lambda: {
            "RASTERS": [inputs["raster"]], "TRAINING": inputs["parcels"], "CLASS_FIELD": "crop", "TREES": 200,
            "OUTPUT": folder / "map.tif", "CONFIDENCE": folder / "confidence.tif",
            "PROBABILITIES": folder / "probabilities.tif", "MODEL": folder / "model.ffm",
            "REPORT": folder / "report.html", "SUSPECT_LABELS": folder / "suspicious.gpkg"},
        "assessaccuracy": lambda: {
            "CLASSIFICATION": inputs["map"], "OTHER_CLASSIFICATIONS": inputs["shifted map"],
            "REFERENCE": inputs["many parcels"], "CLASS_FIELD": "crop", "REPORT": folder / "report.html",
            "MATRIX": folder / "matrix.csv", "ERRORS": folder / "errors.gpkg"},
        "preprocesssentinel1": lambda: {
            "INPUTS": [inputs["radar product"]], "PIXEL_SIZE": 15, "SPECKLE_FILTER": "refined_lee",
            "SWATH_BALANCE": "estimate", "OUTPUT_FOLDER": folder / "scenes"},
        "prepareicecharts": lambda: {"CHARTS": inputs["charts"], "OUTPUT_FOLDER": folder / "charts",
                                     "SUMMARY": folder / "summary.csv", "REPORT": folder / "report.html"},
        "trainclassifier": lambda: {
            "RASTERS": [inputs["raster"]], "TRAINING": inputs["parcels"], "CLASS_FIELD": "crop", "TREES": 3000,
            "MODEL": folder / "model.ffm", "REPORT": folder / "report.html"},
        "applyclassifier": lambda: {
            "RASTERS": [inputs["raster"]], "MODEL": inputs["model"], "OUTPUT": folder / "map.tif",
            "CONFIDENCE": folder / "confidence.tif", "PROBABILITIES": folder / "probabilities.tif"},
        "cropmask": lambda: {
            "INPUT": inputs["series"], "TRAINING": inputs["in-situ parcels"], "OUTPUT": folder / "mask.tif",
            "OUTPUT_UNMASKED": folder / "raw.tif", "QUALITY": folder / "quality.tif", "REPORT": folder / "report.html"},
        "cropmaskfromreference": lambda: {
            "INPUT": inputs["series"], "REFERENCE_MAP": inputs["map"], "CROP_CLASSES": "1",
            "OUTPUT": folder / "mask.tif"},
        "croptype": lambda: {
            "INPUT": inputs["series"], "TRAINING": inputs["in-situ parcels"], "OUTPUT": folder / "type.tif",
            "OUTPUT_UNMASKED": folder / "raw.tif", "QUALITY": folder / "quality.tif", "REPORT": folder / "report.html"},
        "glcmtextures": lambda: {"INPUT": inputs["raster"], "RANGE": "-0.5,1.5", "WINDOW": 51, "DISTANCES": "1,2,3,4",
                                 "OUTPUT": folder / "textures.tif"},
        "glcmtextures of a folder": lambda: {"INPUT_FOLDER": inputs["ice"] + "/scenes", "WINDOW": 41,
                                             "OUTPUT_FOLDER": folder / "textures"},
        "classifyseaice": lambda: {
            "SCENES_FOLDER": inputs["ice"] + "/scenes", "CHARTS_FOLDER": inputs["ice"] + "/charts",
            "BOUNDARY_DISTANCE": 80,
            "WINDOW": 41, "TREES": 300, "MODEL": folder / "model.ffm", "REPORT": folder / "report.html",
            "OUTPUT_FOLDER": folder / "maps"},
        "createsampledata": lambda: {"SIZE": 300, "DATE_COUNT": 4, "OUTPUT_FOLDER": folder / "sample"},
    }[tool]()


class Impatient:
    """Presses the cancel button a moment after the progress bar has passed a mark, from another thread, as people do.

    Parameters
    ----------
    mark : float
        Per cent.
    moment : float
        Seconds.
    """

    def __init__(self, mark, moment):
        from qgis.core import QgsProcessingFeedback

        self.feedback = QgsProcessingFeedback(False)
        self.pressed_at = None
        self._mark, self._moment = mark, moment
        self._timer = None
        self.feedback.progressChanged.connect(self._look)

    def _look(self, progress):
        if progress >= self._mark and self._timer is None:
            self._timer = threading.Timer(self._moment, self._press)
            self._timer.start()

    def _press(self):
        self.pressed_at = time.monotonic()
        self.feedback.cancel()


@pytest.mark.parametrize(("tool", "mark"), [
    ("innerbuffer", 30), ("filterbyarea", 30), ("prepareinsitu", 10), ("prepareinsitu", 60), ("splitinsitu", 10),
    ("aggregatebyparcel", 15), ("aggregatebyparcel", 70), ("aggregatebyparcel by votes", 40),
    ("smoothclassification", 20), ("smoothclassification", 50),
    ("smoothclassification by majority", 12),
    ("preprocesssentinel2", 0), ("preprocesssentinel2", 50), ("preprocesssentinel2 in another CRS", 30),
    ("sentinel2timeseries", 1), ("sentinel2timeseries", 30), ("sentinel2timeseries of months, with everything", 50),
    ("classifycrops", 3), ("classifycrops", 20), ("classifycrops", 43), ("classifycrops", 60), ("classifycrops", 98),
    ("assessaccuracy", 5), ("assessaccuracy", 30), ("assessaccuracy", 94),
    ("preprocesssentinel1", 1), ("preprocesssentinel1", 30), ("prepareicecharts", 15),
    ("trainclassifier", 20), ("applyclassifier", 10), ("applyclassifier", 60),
    ("cropmask", 20), ("cropmask", 45), ("cropmask", 80), ("croptype", 50), ("croptype", 92),
    ("cropmaskfromreference", 5), ("cropmaskfromreference", 60),
    ("glcmtextures", 0), ("glcmtextures", 40), ("glcmtextures of a folder", 50),
    ("classifyseaice", 10), ("classifyseaice", 50), ("classifyseaice", 75), ("createsampledata", 30)])
def test_cancel_ends_soon_and_leaves_everything_as_it_was(provider, inputs, tmp_path, tool, mark):
    import processing

    parameters = {name: str(value) if hasattr(value, "parts") else value
                  for name, value in parameters_of(tool, inputs, tmp_path).items()}
    earlier = {path: b"an earlier result" for name, path in parameters.items()
               if str(path).startswith(str(tmp_path)) and name != "OUTPUT_FOLDER"}
    for path, content in earlier.items():
        with open(path, "wb") as file:
            file.write(content)
    user = Impatient(mark, moment=0.1)

    results = processing.run(f"floefield:{tool.split()[0]}", parameters, feedback=user.feedback)

    assert user.pressed_at, "it was over before anyone could cancel it"
    assert time.monotonic() - user.pressed_at < SOON
    assert not results
    assert {str(path): path.read_bytes() for path in tmp_path.rglob("*")} == earlier


@pytest.mark.parametrize("tool", ["innerbuffer", "splitinsitu"])
def test_cancel_while_layers_are_written_keeps_the_earlier_ones(provider, inputs, tmp_path, tool):
    import processing
    from qgis.core import QgsProcessingFeedback

    class WhileWriting(QgsProcessingFeedback):
        asked = progress = 0

        def setProgress(self, progress):
            self.progress = progress

        def isCanceled(self):
            self.asked += self.progress >= 98 and any(tmp_path.glob(".floefield-partial-*/*"))
            return self.asked > 3

    parameters = {name: str(value) if hasattr(value, "parts") else value
                  for name, value in parameters_of(tool, inputs, tmp_path).items()}
    earlier = {path: b"an earlier result" for path in parameters.values() if str(path).startswith(str(tmp_path))}
    for path, content in earlier.items():
        with open(path, "wb") as file:
            file.write(content)

    results = processing.run(f"floefield:{tool}", parameters, feedback=WhileWriting(False))

    assert not results
    assert {str(path): path.read_bytes() for path in tmp_path.rglob("*")} == earlier
