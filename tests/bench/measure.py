"""Measuring: medians of alternated runs, and commands with their start-up taken off."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Both sides of every row get as many threads.
THREADS = 2


def alternated(ours, peer, runs):
    """Medians of both, run in turn.

    Parameters
    ----------
    ours, peer : callable
        Each does its work once and gives the seconds it took.
    runs : int

    Returns
    -------
    tuple of float
        (ours, peer)
    """
    times = [(ours(), peer()) for _ in range(runs)]
    return tuple(statistics.median(side) for side in zip(*times))


def seconds_of(work):
    """How long a call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run_script(script, *arguments, gdal_threads=THREADS):
    """Run a Python script text with the plugin importable; an error ends the benchmark with what it said."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'build' / 'plugins'}{os.pathsep}{ROOT}",
                   "GDAL_NUM_THREADS": str(gdal_threads)}
    subprocess.run([sys.executable, "-c", script, *map(str, arguments)], env=environment, check=True)


# A process counts the memory of the one that started it as its own until it has begun: a small one stands in between.
MEASURE = """
import resource, subprocess, sys
answer, *command = sys.argv[1:]
subprocess.run([sys.executable, "-c", *command], check=True)
with open(answer, "w") as text:
    text.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
"""


def peak_megabytes(script, *arguments):
    """Largest resident memory of a script run in a process of its own; it gets one more argument, to be ignored."""
    answer = ROOT / "build" / "bench" / "peak.txt"
    run_script(MEASURE, answer, script, *arguments, answer)
    unit = 1024 if sys.platform != "darwin" else 1024 * 1024
    return int(answer.read_text()) / unit


def row(ours, peer, unit, note=""):
    """A row of times: above 1 ours is faster."""
    return {"ours": round(ours, 3), "peer": round(peer, 3), "ratio": round(peer / ours, 3), "unit": unit, "note": note}
