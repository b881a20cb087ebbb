"""Parallel processing of raster blocks with ordered results and bounded memory.

All parallel work goes through the interface :class:`concurrent.futures.Executor`: local threads (numpy, GDAL and
scikit-learn release the global interpreter lock), or a cluster client with the same interface.
"""

import contextlib
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ..declarations import ParameterDeclaration

# More threads rarely help: decoding and disk access are the bottleneck.
MAX_THREADS = 8

THREADS = ParameterDeclaration(
    "THREADS", "Number of threads (0 = automatic)",
    "Number of worker threads; 0 uses all cores but one. Results do not depend on it.", kind="integer", default=0,
    minimum=0, maximum=4 * MAX_THREADS, advanced=True, setting="threads")

# In the words of the tools for scenes.
SCENE_THREADS = replace(
    THREADS, help="Number of worker threads. 0: all processor cores but one, at most 8. The output does not depend on "
    "it.")

# GDAL's block cache during processing; the default is a percentage of the memory and fills with large rasters.
CACHE_BYTES = 160 * 1024 * 1024


def default_threads():
    """Return the default number of threads: all cores but one, at least one, at most eight."""
    return max(1, min(MAX_THREADS, (os.cpu_count() or 2) - 1))


@contextlib.contextmanager
def make_executor(threads):
    """Context manager of worker threads with a bounded GDAL cache; must enclose all reading and writing.

    GDAL errors are raised as Python exceptions instead of being printed.

    Parameters
    ----------
    threads : int
        0 means :func:`default_threads`.

    Yields
    ------
    concurrent.futures.Executor
    """
    import rasterio

    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), ThreadPoolExecutor(
            threads or default_threads(), "floefield", initializer=_enter_rasterio) as executor:
        yield executor


def _enter_rasterio():
    """Enter a rasterio environment, which is per thread and ends with the thread."""
    import rasterio

    rasterio.Env().__enter__()


def nested_blocks(grid, edge, *regions):
    """List the blocks of a grid region by region, so that a small tile cache suffices.

    Parameters
    ----------
    grid : Grid
    edge : int
        Height and width of a block, in pixels.
    *regions : int
        Height and width of a region, of a group of regions and so on; each a multiple of the one before.

    Returns
    -------
    list of Window
    """
    sizes = (*reversed(regions), 1)
    return sorted(grid.blocks(edge, edge),
                  key=lambda block: [index for size in sizes for index in (block.row // size, block.col // size)])


def run_blocks(blocks, work, finish, executor, progress, max_pending=None):
    """Call ``finish(block, work(block))`` for every block, in order.

    `work` runs in the executor for a few blocks at a time; `finish` runs in the calling thread, so that writing needs
    no lock and the result does not depend on the number of threads.

    Parameters
    ----------
    blocks : iterable
        Blocks to process, usually windows.
    work : callable
        Called with a block, returns its result.
    finish : callable
        Called with a block and its result; writes or accumulates it.
    executor : concurrent.futures.Executor
    progress : Progress
        Updated, and checked for cancellation, before each block.
    max_pending : int, optional
        Maximum number of submitted blocks that are not finished; by default the number of threads plus one.

    Raises
    ------
    Cancelled
        If the user has cancelled; running blocks are completed first.
    """
    blocks = list(blocks)
    max_pending = max_pending or getattr(executor, "_max_workers", 1) + 1
    pending = deque()
    remaining = iter(blocks)
    try:
        for finished in range(len(blocks)):
            progress.step(finished / len(blocks))
            while len(pending) < max_pending and (block := next(remaining, None)) is not None:
                pending.append((block, executor.submit(work, block)))
            block, future = pending.popleft()
            finish(block, future.result())
        progress.step(1.0)
    finally:
        for _, future in pending:
            future.cancel()
        for _, future in pending:
            if not future.cancelled():
                future.exception()
