"""Peak memory of the tools on full-size input, against the ceiling that is promised."""

import numpy as np
import rasterio

from .measure import THREADS, peak_megabytes
from .products import full_size_product
from .sentinel2 import BANDS, STACK

STACK_CEILING = 1024
ASSESSMENT_CEILING = 512
ICE_CEILING = 2048
ICE_EDGE = 5000

ASSESSMENT = """
import sys
from floefield.compute.accuracy.assessment import AssessmentSettings, AssessmentTask, MapInput, assess
from floefield.compute.insitu.parcel import Parcel
from floefield.compute.progress import Progress
path, threads = sys.argv[1:3]
corners = [(600000 + 700 * column, 4900000 - 1000 * row) for row in range(100) for column in range(150)]
parcels = tuple(Parcel(number, str(number % 12 + 1), {"type": "Polygon", "coordinates": [[
    (x, y), (x + 150, y), (x + 150, y - 150), (x, y - 150), (x, y)]]}) for number, (x, y) in enumerate(corners))
assess(AssessmentTask(MapInput(path), parcels=parcels, settings=AssessmentSettings(threads=int(threads))), Progress())
"""

ICE = """
import os, sys, tempfile
from datetime import date
from floefield.compute.classifiers.forest_model import ForestSettings
from floefield.compute.icechart.ice_legend import load_legend
from floefield.compute.progress import Progress
from floefield.compute.raster.reader import RasterReader
from floefield.compute.seaice.chart_reference import Chart, ChartPolygon
from floefield.compute.seaice.classify_ice import IceTask, classify_ice
from floefield.compute.seaice.ice_settings import TEXTURE_FEATURES, IceSettings
from floefield.compute.texture.texture_settings import TextureSettings
path, threads = sys.argv[1:3]
with RasterReader(path) as raster:
    west, south, east, north = raster.grid.bounds
    crs_wkt, edge = raster.grid.crs_wkt, (east - west) / 60
polygons = tuple(ChartPolygon({"type": "Polygon", "coordinates": [[
    (west + edge * column, north), (west + edge * column, south), (west + edge * (column + 1), south),
    (west + edge * (column + 1), north), (west + edge * column, north)]]}, column % 3 + 1) for column in range(60))
settings = IceSettings(texture=TextureSettings(window=9, levels=32, features=TEXTURE_FEATURES, threads=int(threads)),
                       ice_edge=True, draft_chart="grid", forest=ForestSettings(trees=10, threads=int(threads)))
with tempfile.TemporaryDirectory(dir=os.path.dirname(path)) as folder:
    classify_ice(IceTask((path,), (Chart("chart", date(2020, 10, 8), crs_wkt, polygons),), load_legend("park3"),
                         settings=settings), folder, "", "", Progress())
"""


def sentinel2_stack(folder, runs):
    """A full tile, twelve bands to 10 m, in megabytes."""
    peak = peak_megabytes(STACK.replace("*bands =", "*bands, _ ="), full_size_product(folder), folder / "stack.tif",
                          THREADS, *BANDS)
    return {"ours": round(peak, 1), "peer": STACK_CEILING, "ratio": round(STACK_CEILING / peak, 3), "unit": "MB",
            "note": "the peer is the ceiling promised"}


def assessment(folder, runs):
    """A class map of a full tile against 15 000 parcels, in megabytes."""
    path = folder / "classes.tif"
    with rasterio.open(path, "w", driver="GTiff", width=10980, height=10980, count=1, dtype="uint8", nodata=0,
                       crs="EPSG:32631", transform=rasterio.Affine(10, 0, 600000, 0, -10, 4900020), tiled=True,
                       compress="deflate") as raster:
        fields = np.random.default_rng(1).integers(1, 13, (549, 549), np.uint8)
        for place, line in enumerate(fields):
            raster.write(np.kron(line[None], np.ones((20, 20), np.uint8))[None],
                         window=((20 * place, 20 * place + 20), (0, 10980)))
    peak = peak_megabytes(ASSESSMENT, path, THREADS)
    return {"ours": round(peak, 1), "peer": ASSESSMENT_CEILING, "ratio": round(ASSESSMENT_CEILING / peak, 3),
            "unit": "MB", "note": "the peer is the ceiling promised"}


def sea_ice(folder, runs):
    """Two bands of a large scene, with textures at every pixel, ice edge and draft chart, in megabytes."""
    path = folder / "ice_scene.tif"
    patch = np.random.default_rng(1).normal(-16, 4, (2, 500, ICE_EDGE)).astype(np.float32)
    with rasterio.open(path, "w", driver="GTiff", width=ICE_EDGE, height=ICE_EDGE, count=2, dtype="float32",
                       nodata=np.nan, crs="EPSG:32626", transform=rasterio.Affine(40, 0, 400000, 0, -40, 7600000),
                       tiled=True) as raster:
        for row in range(0, ICE_EDGE, len(patch[0])):
            raster.write(patch, window=((row, row + len(patch[0])), (0, ICE_EDGE)))
        raster.descriptions = ("HH", "HV")
        raster.update_tags(ACQUISITION_DATE="2020-10-08")
    peak = peak_megabytes(ICE, path, THREADS)
    return {"ours": round(peak, 1), "peer": ICE_CEILING, "ratio": round(ICE_CEILING / peak, 3), "unit": "MB",
            "note": "the peer is the ceiling promised"}


ROWS = {"memory-s2-tile": sentinel2_stack, "memory-assessaccuracy": assessment, "memory-classifyseaice": sea_ice}
