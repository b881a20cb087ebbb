"""A full EW scene with all steps, against what gdalwarp needs to geocode the same two bands."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np

from .measure import THREADS, alternated, peak_megabytes, row, run_script, seconds_of

FULL, TINY = (10708, 10487), (64, 64)
CRS, PIXEL = "EPSG:32626", 40
CEILING = 2048

PREPROCESS = """
import sys
from rasterio.crs import CRS
from floefield.compute.progress import Progress
from floefield.compute.sentinel1.geocoding import write_scene
from floefield.compute.sentinel1.grd_product import read_product
from floefield.compute.sentinel1.backscatter_settings import BackscatterSettings
safe, output, threads, crs, pixel = sys.argv[1:6]
write_scene(read_product(safe), output, BackscatterSettings(
    crs=CRS.from_string(crs).to_wkt(), pixel_size=float(pixel), threads=int(threads)), Progress())
"""


def full_size_scene(folder, shape=FULL):
    """Make the product unless it is there already: real structure and size, ice with speckle as pixels.

    Returns
    -------
    pathlib.Path
        The ``.SAFE`` folder.
    """
    from ..sentinel1products import make_product

    place = Path(folder) / f"sentinel1_{shape[0]}"
    if not place.exists():
        partial = place.with_name(f".{os.getpid()}-{place.name}")
        generator = np.random.default_rng(1)
        patch = np.sqrt(generator.gamma(4, 4e4 / 4, (1024, 1024))).astype(np.uint16)
        numbers = np.tile(patch, (11, 11))[:shape[0], :shape[1]]
        make_product(partial, shape=shape, numbers={"HH": numbers, "HV": numbers // 2}, nodes=21, corner=(-15.0, 81.0))
        try:
            partial.rename(place)
        except OSError:
            # somebody else was faster
            shutil.rmtree(partial)
    return next(place.glob("*.SAFE"))


def scene_against_gdalwarp(folder, runs, *options):
    """All steps for two polarisations, against gdalwarp (bilinear, control points) of the two bands alone."""
    if not shutil.which("gdalwarp"):
        return {"ours": None, "peer": None, "ratio": None, "unit": "s", "reason": "gdalwarp is not installed"}

    def ours(safe):
        return seconds_of(lambda: run_script(PREPROCESS, safe, folder / "scene.tif", THREADS, CRS, PIXEL))

    def warp(safe):
        return seconds_of(lambda: _warp(folder, safe, *options))

    tiny, full = full_size_scene(folder, TINY), full_size_scene(folder)
    our_start, peer_start = alternated(lambda: ours(tiny), lambda: warp(tiny), 3)
    our_time, peer_time = alternated(lambda: ours(full), lambda: warp(full), runs)
    return row(our_time - our_start, peer_time - peer_start, "s",
               f"start-up {our_start:.1f} and {peer_start:.1f} s taken off")


def scene_against_splines(folder, runs):
    """The same against the exact way of gdalwarp: thin plate splines."""
    return scene_against_gdalwarp(folder, runs, "-tps")


def _warp(folder, safe, *options):
    for number, image in enumerate(sorted(safe.glob("measurement/*.tiff"))):
        subprocess.run(["gdalwarp", "-q", "-overwrite", *options, "-r", "bilinear", "-t_srs", CRS, "-tr", str(PIXEL),
                        str(PIXEL), "-tap", "-multi", "-wo", f"NUM_THREADS={THREADS}", "-srcnodata", "0", "-co",
                        "TILED=YES", str(image), str(folder / f"warped{number}.tif")], check=True)


def scene_memory(folder, runs):
    """The same scene, in megabytes."""
    peak = peak_megabytes(PREPROCESS, full_size_scene(folder),
                          folder / "scene.tif", THREADS, CRS, PIXEL)
    return {"ours": round(peak, 1), "peer": CEILING, "ratio": round(CEILING / peak, 3), "unit": "MB",
            "note": "the peer is the ceiling promised"}


ROWS = {"s1-scene-vs-gdalwarp": scene_against_gdalwarp, "s1-scene-vs-gdalwarp-tps": scene_against_splines,
        "memory-s1-scene": scene_memory}
