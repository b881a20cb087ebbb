"""Exact range and quantiles of a band with bounded memory.

Quantiles are computed in two passes over the bit patterns of float32 values, mapped to integers of the same order: the
first pass counts the upper 16 bits, the second the lower 16 bits in the intervals that contain quantiles.
"""

import numpy as np

from ..errors import UnsuitableInput
from ..raster.blocks import run_blocks

BLOCK = 1024
HALF = 1 << 16


def scene_range(raster, index, executor, progress):
    """Return the minimum and maximum of a band.

    Parameters
    ----------
    raster : RasterReader
    index : int
        Band index, counted from 0.
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
    extremes = []

    def work(window):
        values = _values(raster, window, index)
        return (values.min(), values.max()) if values.size else ()

    run_blocks(raster.grid.blocks(BLOCK, BLOCK), work, lambda window, ends: extremes.extend(ends), executor, progress)
    if not extremes:
        raise _no_data(raster, index)
    return float(min(extremes)), float(max(extremes))


def scene_quantiles(raster, index, levels, executor, progress):
    """Return the quantiles that divide the pixels of a band into intervals of equal probability.

    Parameters as for :func:`scene_range`, and

    levels : int
        Number of intervals.

    Returns
    -------
    tuple of float
        The sorted values at index floor(n k / levels), for n pixels and k from 1 to ``levels - 1``.

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
    ranks = np.arange(1, levels, dtype=np.int64) * pixels // levels
    upper = np.searchsorted(np.cumsum(upper_counts), ranks, side="right")
    ranks_inside = ranks - (np.cumsum(upper_counts) - upper_counts)[upper]
    slots = np.full(HALF, -1)
    slots[upper] = np.unique(upper, return_inverse=True)[1]
    lower_counts = np.zeros((slots.max() + 1, HALF), np.int32)

    def count_lower_halves(window):
        numbers = _sortable(_values(raster, window, index))
        slot = slots[numbers >> 16]
        return np.unique(slot[slot >= 0] * HALF + (numbers[slot >= 0] & (HALF - 1)), return_counts=True)

    def count_lower(window, result):
        indices, counts = result
        lower_counts.reshape(-1)[indices] += counts.astype(np.int32)

    run_blocks(raster.grid.blocks(BLOCK, BLOCK), count_lower_halves, count_lower, executor, progress.part(0.5, 1.0))
    lower = [np.searchsorted(np.cumsum(lower_counts[slots[half]], dtype=np.int64), rank, side="right")
             for half, rank in zip(upper, ranks_inside)]
    return tuple(float(value) for value in _unsortable(upper * HALF + lower))


def _values(raster, window, index):
    """Return the valid values of a window as one-dimensional array, without negative zeros."""
    values = raster.read_physical(window, [index])[0]
    return values[~np.isnan(values)] + np.float32(0)


def _sortable(values):
    """Map float32 values to integers of the same order."""
    bits = values.view(np.uint32)
    return np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31)).astype(np.int64)


def _unsortable(numbers):
    numbers = np.asarray(numbers).astype(np.uint32)
    return np.where(numbers >> 31, numbers & np.uint32((1 << 31) - 1), ~numbers).astype(np.uint32).view(np.float32)


def _no_data(raster, index):
    return UnsuitableInput(f"The band {raster.band_names[index]} of {raster.path} has no valid pixel. Choose other "
                           "bands.")
