"""Running work over the blocks of a raster: many at once, results in order, never all in memory.

The one seam for parallel work is :class:`concurrent.futures.Executor`: threads on this machine (numpy, GDAL and
scikit-learn release the interpreter lock), or a cluster client that offers the same interface.
"""

import contextlib
import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

# More threads than this rarely help: decoding and the disk are the limit.
MOST_THREADS = 8
# GDAL's cache while rasters are read and written; its default, a share of the memory, would grow with the raster.
CACHE_BYTES = 160 * 1024 * 1024


def default_threads():
    """Threads to use when the user does not say: all cores but one, at least one, at most eight."""
    return max(1, min(MOST_THREADS, (os.cpu_count() or 2) - 1))


@contextlib.contextmanager
def make_executor(threads):
    """Worker threads for as long as the block lasts; open it around all reading and writing.

    Meanwhile GDAL's cache is bounded, and its complaints reach Python as errors instead of the terminal as noise.

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
    """Rasterio keeps an environment for each thread; this one ends with its thread."""
    import rasterio

    rasterio.Env().__enter__()


def nested_blocks(grid, edge, *regions):
    """Blocks in an order that finishes one square region before the next, so that a small cache serves.

    Parameters
    ----------
    grid : Grid
    edge : int
        Height and width of a block, in pixels.
    *regions : int
        Height and width of a region, of a region of regions and so on; each a multiple of the one before.

    Returns
    -------
    list of Window
    """
    sizes = (*reversed(regions), 1)
    return sorted(grid.blocks(edge, edge),
                  key=lambda block: [place for size in sizes for place in (block.row // size, block.col // size)])


def run_blocks(blocks, work, finish, executor, progress, ahead=None):
    """Call ``finish(block, work(block))`` for every block, in order.

    `work` runs in the executor, for a few blocks at a time; `finish` runs here, so that writing needs no lock and
    the result does not depend on the number of threads.

    Parameters
    ----------
    blocks : iterable
        What to work on, usually windows.
    work : callable
        Takes a block, gives its result.
    finish : callable
        Takes a block and its result; writes it, or adds it up.
    executor : concurrent.futures.Executor
    progress : Progress
        Told the share of blocks finished; asked before each whether to stop.
    ahead : int, optional
        How many blocks may be under way or waiting to be finished; by default one more than there are threads.

    Raises
    ------
    Cancelled
        If the user asked to stop; blocks that had begun are waited for.
    """
    blocks = list(blocks)
    ahead = ahead or getattr(executor, "_max_workers", 1) + 1
    pending = deque()
    waiting = iter(blocks)
    try:
        for finished in range(len(blocks)):
            progress.step(finished / len(blocks))
            while len(pending) < ahead and (block := next(waiting, None)) is not None:
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
