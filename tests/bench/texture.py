"""Textures against Orfeo ToolBox and GRASS on the same grey levels, one thread each; and a full-size scene.

The image is noise in which every level is equally frequent. Times of one thread are processor times of the commands,
which a busy machine disturbs less than the clock; reading and writing are in them.
"""

import os
import resource
import shutil
import subprocess
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..peers.texturetools import GRASS_METHODS, grass_command, grass_program, otb_command, otb_program
from .measure import THREADS, alternated, peak_megabytes, row, run_script, seconds_of

LEVELS, SIZE, TINY, FULL = 32, 600, 64, 10000
FULL_WINDOW = 21
FULL_SECONDS = {"numba": 240, "numpy": 900}
FULL_MEGABYTES = 2048

TEXTURES = """
import sys
from floefield.compute.progress import Progress
from floefield.compute.texture import compiled, plain
from floefield.compute.texture.settings import TextureSettings
from floefield.compute.texture.texture import write_textures
image, output, engine, window, threads, angles, features, *_ = sys.argv[1:]
chosen = tuple(features.split(",")) if features else TextureSettings().features
settings = TextureSettings(window=int(window), value_range=(0, 32), angles=tuple(angles.split(",")), features=chosen,
                           threads=int(threads))
write_textures(image, output, (), settings, Progress(), {"numpy": plain, "numba": compiled}[engine])
"""


def image_of(folder, size):
    """The image, made unless it is there."""
    import rasterio

    path = Path(folder) / f"levels_{size}.tif"
    if not path.exists():
        with rasterio.open(path, "w", driver="GTiff", height=size, width=size, count=1, dtype="uint8",
                           crs="EPSG:32626", transform=rasterio.Affine(40, 0, 0, 0, -40, 8000000)) as raster:
            for first in range(0, size, 1000):
                rows = min(1000, size - first)
                levels = np.random.default_rng(first).integers(0, LEVELS, (rows, size), np.uint8)
                raster.write(levels, 1, window=((first, first + rows), (0, size)))
    return path


def textures(folder, engine, window, size, threads=1, angles="0", features=""):
    """Run ours from file to file."""
    run_script(TEXTURES, image_of(folder, size), folder / "textures.tif", engine, window, threads, angles, features)


def _without_start_up(ours, peer, runs, note=""):
    """A row; `ours` and `peer` take the size of the image."""
    textures_of = [partial(processor_seconds_of, side, size) for size in (TINY, SIZE) for side in (ours, peer)]
    our_start, peer_start = alternated(*textures_of[:2], max(5, runs))
    our_time, peer_time = alternated(*textures_of[2:], runs)
    return row(our_time - our_start, peer_time - peer_start, "s",
               f"one thread, start-up {our_start:.2f} and {peer_start:.2f} s taken off{note}")


def processor_seconds_of(command, size):
    """What the commands that a call runs take of the processor, in user and system time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command(size)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _absent(unit, reason):
    return {"ours": None, "peer": None, "ratio": None, "unit": unit, "reason": reason}


def _lacks_numba(engine):
    return engine == "numba" and find_spec("numba") is None


def against_otb(window, engine, folder, runs):
    """Ten features against the eight of Orfeo ToolBox, one displacement."""
    if not otb_program():
        return _absent("s", "Orfeo ToolBox is not installed")
    if _lacks_numba(engine):
        return _absent("s", "numba is not installed")

    def otb(size):
        command, environment = otb_command(image_of(folder, size), folder / "otb.tif", LEVELS, window)
        subprocess.run(command, env=environment, check=True, capture_output=True)

    return _without_start_up(partial(textures, folder, engine, window), otb, runs)


def against_grass(folder, runs):
    """Six features, four angles averaged, against ``r.texture``; with numba where it is installed."""
    if not grass_program():
        return _absent("s", "GRASS is not installed")
    engine = "numpy" if _lacks_numba("numba") else "numba"

    def ours(size):
        textures(folder, engine, 9, size, angles="0,45,90,135", features=",".join(GRASS_METHODS))

    def grass(size):
        command, environment = grass_command(image_of(folder, size), folder, 9, 1, GRASS_METHODS, separate=False)
        subprocess.run(command, env=environment, check=True, capture_output=True)

    return _without_start_up(ours, grass, runs, f", {engine}")


def compile_time(folder, runs):
    """What the first run with numba takes longer; the peer is every later run."""
    if _lacks_numba("numba"):
        return _absent("s", "numba is not installed")
    cache = folder / "numba-cache"
    shutil.rmtree(cache, ignore_errors=True)
    before = os.environ.get("NUMBA_CACHE_DIR")
    os.environ["NUMBA_CACHE_DIR"] = str(cache)
    try:
        first, later = (seconds_of(partial(textures, folder, "numba", 9, TINY)) for _ in range(2))
    finally:
        os.environ.pop("NUMBA_CACHE_DIR")
        if before is not None:
            os.environ["NUMBA_CACHE_DIR"] = before
    return row(first, later, "s", f"compiling takes {first - later:.1f} s, once")


def full_size(engine, folder, runs):
    """10000 x 10000 pixels, window 21, four angles averaged, ten features; the peer is the time promised."""
    if _lacks_numba(engine):
        return _absent("s", "numba is not installed")
    image_of(folder, FULL)
    seconds = seconds_of(partial(textures, folder, engine, FULL_WINDOW, FULL, THREADS, "0,45,90,135"))
    (folder / "textures.tif").unlink()
    return row(seconds, FULL_SECONDS[engine], "s", f"{THREADS} threads; the peer is the time promised")


def full_size_memory(folder, runs):
    """The same in megabytes, with the faster engine that is there; the peer is the ceiling promised."""
    engine = "numpy" if _lacks_numba("numba") else "numba"
    peak = peak_megabytes(TEXTURES, image_of(folder, FULL), folder / "textures.tif", engine, FULL_WINDOW, THREADS,
                          "0,45,90,135", "")
    (folder / "textures.tif").unlink()
    return {"ours": round(peak, 1), "peer": FULL_MEGABYTES, "ratio": round(FULL_MEGABYTES / peak, 3), "unit": "MB",
            "note": "the peer is the ceiling promised"}


ROWS = {
    **{f"glcm-w{window}-{engine}-vs-otb": partial(against_otb, window, engine)
       for window in (9, 21, 51) for engine in ("numpy", "numba")},
    "glcm-w9-vs-grass": against_grass,
    "glcm-numba-compile": compile_time,
    "glcm-full-numba": partial(full_size, "numba"),
    "glcm-full-numpy": partial(full_size, "numpy"),
    "memory-glcm": full_size_memory,
}
