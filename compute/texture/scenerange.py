"""The range and the quantiles of all pixels of a band, without having them in memory.

Quantiles are found exactly, in two passes: floating-point numbers sort like the whole numbers that their bits make. The
first pass counts the upper halves of these numbers, the second the lower halves where a quantile may lie.
"""

import numpy as np

from ..errors import UnsuitableInput
from ..raster.blocks import run_blocks

BLOCK = 1024
HALF = 1 << 16


def scene_range(raster, index, executor, progress):
    """The lowest and the highest value of a band.

    Parameters
    ----------
    raster : RasterReader
    index : int
        Of the band, counted from 0.
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    tuple of float

    Raises
    ------
    UnsuitableInput
        If the band has no data.
    """
    found = []

    def work(window):
        values = _values(raster, window, index)
        return (values.min(), values.max()) if values.size else ()

    run_blocks(raster.grid.blocks(BLOCK, BLOCK), work, lambda window, ends: found.extend(ends), executor, progress)
    if not found:
        raise _no_data(raster, index)
    return float(min(found)), float(max(found))


def scene_quantiles(raster, index, shares, executor, progress):
    """Values that split the pixels of a band into equal shares.

    Parameters as for :func:`scene_range`, and

    shares : int

    Returns
    -------
    tuple of float
        Of n sorted pixels number floor(n k / shares), counted from 0, for k from 1 to ``shares - 1``.

    Raises
    ------
    UnsuitableInput
        If the band has no data.
    """
    upper_counts = np.zeros(HALF, np.int64)

    def count_upper(window, counts):
        upper_counts[:] += counts

    run_blocks(raster.grid.blocks(BLOCK, BLOCK),
               lambda window: np.bincount(_sortable(_values(raster, window, index)) >> 16, minlength=HALF),
               count_upper, executor, progress.part(0.0, 0.5))
    pixels = int(upper_counts.sum())
    if not pixels:
        raise _no_data(raster, index)
    ranks = np.arange(1, shares, dtype=np.int64) * pixels // shares
    upper = np.searchsorted(np.cumsum(upper_counts), ranks, side="right")
    ranks_inside = ranks - (np.cumsum(upper_counts) - upper_counts)[upper]
    slots = np.full(HALF, -1)
    slots[upper] = np.unique(upper, return_inverse=True)[1]
    lower_counts = np.zeros((slots.max() + 1, HALF), np.int32)

    def look_closer(window):
        numbers = _sortable(_values(raster, window, index))
        slot = slots[numbers >> 16]
        return np.unique(slot[slot >= 0] * HALF + (numbers[slot >= 0] & (HALF - 1)), return_counts=True)

    def count_lower(window, found):
        places, counts = found
        lower_counts.reshape(-1)[places] += counts.astype(np.int32)

    run_blocks(raster.grid.blocks(BLOCK, BLOCK), look_closer, count_lower, executor, progress.part(0.5, 1.0))
    lower = [np.searchsorted(np.cumsum(lower_counts[slots[half]], dtype=np.int64), rank, side="right")
             for half, rank in zip(upper, ranks_inside)]
    return tuple(float(value) for value in _unsortable(upper * HALF + lower))


def _values(raster, window, index):
    """The values that are there, in one row; no negative zeros."""
    values = raster.read_physical(window, [index])[0]
    return values[~np.isnan(values)] + np.float32(0)


def _sortable(values):
    """Whole numbers in the order of float32 values."""
    bits = values.view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31)).astype(np.int64)


def _unsortable(numbers):
    numbers = np.asarray(numbers).astype(np.uint32)
    return np.where(numbers >> 31, numbers & np.uint32((1 << 31) - 1), ~numbers).astype(np.uint32).view(np.float32)


def _no_data(raster, index):
    return UnsuitableInput(f"The band {raster.band_names[index]} of {raster.path} has no data in any pixel.")
