"""Textures against Orfeo ToolBox and GRASS on the same grey levels, one thread each; and a full-size scene.

The image is noise in which every level is equally frequent, or looks like radar. Times of one thread are processor
times of the commands, which a busy machine disturbs less than the clock; reading and writing of a new file are in them.
"""

import os
import resource
import shutil
import statistics
import subprocess
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..peers.texturetools import GRASS_METHODS, grass_command, grass_program, otb_command, otb_program
from .measure import THREADS, peak_megabytes, row, run_script, seconds_of

LEVELS, SIZE, TINY, FULL = 32, 600, 64, 10000
# The commands of ours take so little that a single one says little: so many for each of the other side.
OURS_FOR_EACH = 5
# Speckle of a Sentinel-1 scene as its makers state it, over ice that brightens and darkens by these dB.
LOOKS, ICE_DB, ICE_SWING_DB, SHOWN_DB = 4.4, -14.0, 3.0, (-36.0, 2.0)
FULL_WINDOW = 21
FULL_SECONDS = {"numba": 240, "numpy": 900}
FULL_MEGABYTES = 2048

TEXTURES = """
import sys
from floefield.compute.progress import Progress
from floefield.compute.texture import numba_windows as compiled, numpy_windows as plain
from floefield.compute.texture.texture_settings import TextureSettings
from floefield.compute.texture.texture_raster import write_textures
image, output, engine, window, threads, angles, features, *_ = sys.argv[1:]
chosen = tuple(features.split(",")) if features else TextureSettings().features
settings = TextureSettings(window=int(window), value_range=(0, 32), angles=tuple(angles.split(",")), features=chosen,
                           threads=int(threads))
write_textures(image, output, (), settings, Progress(), {"numpy": plain, "numba": compiled}[engine])
"""


def image_of(folder, size, kind="noise"):
    """The image, made unless it is there."""
    import rasterio

    path = Path(folder) / f"{kind}_{size}.tif"
    if not path.exists():
        with rasterio.open(path, "w", driver="GTiff", height=size, width=size, count=1, dtype="uint8",
                           crs="EPSG:32626", transform=rasterio.Affine(40, 0, 0, 0, -40, 8000000)) as raster:
            for first in range(0, size, 1000):
                rows = min(1000, size - first)
                levels = {"noise": noise, "speckle": speckle}[kind](np.random.default_rng(first), rows, size)
                raster.write(levels, 1, window=((first, first + rows), (0, size)))
    return path


def noise(generator, rows, columns):
    """All levels equally often."""
    return generator.integers(0, LEVELS, (rows, columns), np.uint8)


def speckle(generator, rows, columns):
    """Levels of a radar image in dB."""
    waves = np.sin(np.arange(rows) / 40)[:, None] * np.cos(np.arange(columns) / 55)
    decibels = ICE_DB + ICE_SWING_DB * waves + 10 * np.log10(generator.gamma(LOOKS, 1 / LOOKS, (rows, columns)))
    share = (decibels - SHOWN_DB[0]) / (SHOWN_DB[1] - SHOWN_DB[0])
    return np.clip(share * LEVELS, 0, LEVELS - 1).astype(np.uint8)


def textures(folder, engine, window, size, threads=1, angles="0", features="", kind="noise"):
    """Run ours from file to file."""
    output = folder / "textures.tif"
    output.unlink(missing_ok=True)
    run_script(TEXTURES, image_of(folder, size, kind), output, engine, window, threads, angles, features)


def _without_start_up(ours, peer, runs, note=""):
    """A row; `ours` and `peer` take the size of the image.

    Each run on the image follows one on the tiny image, whose time is taken off: what else the machine does then
    weighs on both.
    """
    def net(side):
        start, whole = (processor_seconds_of(side, size) for size in (TINY, SIZE))
        return start, whole - start

    ours(TINY)
    times = [([net(ours) for _ in range(OURS_FOR_EACH)], net(peer)) for _ in range(runs)]
    our_start, our_time = (statistics.median(side) for side in zip(*(pair for several, _ in times for pair in several)))
    peer_start, peer_time = (statistics.median(side) for side in zip(*(pair for _, pair in times)))
    return row(our_time, peer_time, "s", f"one thread, start-up {our_start:.2f} and {peer_start:.2f} s taken off, "
               f"medians of {runs * OURS_FOR_EACH} and {runs} runs{note}")


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


def against_otb(window, engine, folder, runs, kind="noise"):
    """Ten features against the eight of Orfeo ToolBox, one displacement."""
    if not otb_program():
        return _absent("s", "Orfeo ToolBox is not installed")
    if _lacks_numba(engine):
        return _absent("s", "numba is not installed")

    def otb(size):
        output = folder / "otb.tif"
        output.unlink(missing_ok=True)
        command, environment = otb_command(image_of(folder, size, kind), output, LEVELS, window)
        subprocess.run(command, env=environment, check=True, capture_output=True)

    return _without_start_up(partial(textures, folder, engine, window, kind=kind), otb, runs, f", {kind}")


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
    **{f"glcm-w9-{engine}-speckle-vs-otb": partial(against_otb, 9, engine, kind="speckle")
       for engine in ("numpy", "numba")},
    "glcm-w9-vs-grass": against_grass,
    "glcm-numba-compile": compile_time,
    "glcm-full-numba": partial(full_size, "numba"),
    "glcm-full-numpy": partial(full_size, "numpy"),
    "memory-glcm": full_size_memory,
}
