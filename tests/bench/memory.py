"""Peak memory of the tools on full-size input, against the ceiling that is promised."""

import numpy as np
import rasterio

from .measure import THREADS, peak_megabytes
from .products import full_size_product
from .sentinel2 import BANDS, STACK

STACK_CEILING = 1024
ASSESSMENT_CEILING = 512

ASSESSMENT = """
import sys
from floefield.compute.accuracy.assess import AssessmentSettings, AssessmentTask, MapInput, assess
from floefield.compute.insitu.parcels import Parcel
from floefield.compute.progress import Progress
path, threads = sys.argv[1:3]
corners = [(600000 + 700 * column, 4900000 - 1000 * row) for row in range(100) for column in range(150)]
parcels = tuple(Parcel(number, str(number % 12 + 1), {"type": "Polygon", "coordinates": [[
    (x, y), (x + 150, y), (x + 150, y - 150), (x, y - 150), (x, y)]]}) for number, (x, y) in enumerate(corners))
assess(AssessmentTask(MapInput(path), parcels=parcels, settings=AssessmentSettings(threads=int(threads))), Progress())
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


ROWS = {"memory-s2-tile": sentinel2_stack, "memory-assessaccuracy": assessment}
