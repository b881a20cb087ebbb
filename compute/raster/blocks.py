"""Running work over the blocks of a raster: many at once, results in order, never all in memory.

The one seam for parallel work is :class:`concurrent.futures.Executor`: threads on this machine (numpy, GDAL and
scikit-learn release the interpreter lock), or a cluster client that offers the same interface.
"""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor

# More threads than this rarely help: decoding and the disk are the limit.
MOST_THREADS = 8


def default_threads():
    """Threads to use when the user does not say: all cores but one, at least one, at most eight."""
    return max(1, min(MOST_THREADS, (os.cpu_count() or 2) - 1))


def make_executor(threads):
    """An executor of `threads` worker threads (0 means :func:`default_threads`)."""
    return ThreadPoolExecutor(max_workers=threads or default_threads(), thread_name_prefix="floefield")


def nested_blocks(grid, edge, region):
    """Blocks in an order that finishes one square region before the next, so that a small cache serves.

    Parameters
    ----------
    grid : Grid
    edge : int
        Height and width of a block, in pixels.
    region : int
        Height and width of a region; a multiple of `edge`.

    Returns
    -------
    list of Window
    """
    return sorted(grid.blocks(edge, edge),
                  key=lambda block: (block.row // region, block.col // region, block.row, block.col))


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
