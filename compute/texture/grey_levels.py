"""Quantisation; range and quantiles of a band.

Quantisation of band values to grey levels.

A fixed range yields the same grey levels in every scene, which is required to apply a model to other scenes. The
published ranges in dB are those of the sea ice classification of Park et al. (2020, The Cryosphere 14), from the
authors' code; VV and VH use the ranges of HH and HV.

Exact range and quantiles of a band with bounded memory.

Quantiles are computed in two passes over the bit patterns of float32 values, mapped to integers of the same order: the
first pass counts the upper 16 bits, the second the lower 16 bits in the intervals that contain quantiles.
"""

import re
from dataclasses import dataclass

import numpy as np

from ..errors import UnsuitableInput
from ..raster.blocks import run_blocks

_CO_POLARISED, _CROSS_POLARISED = (-36.0, 2.0), (-35.0, -7.0)
PUBLISHED_RANGES = {"HH": _CO_POLARISED, "VV": _CO_POLARISED, "HV": _CROSS_POLARISED, "VH": _CROSS_POLARISED}
POLARISATION = re.compile(r"(?<![A-Z0-9])(HH|HV|VV|VH)(?![A-Z0-9])")


def polarisation(band_name):
    """Return the polarisation in a band name such as ``HH`` or ``sigma0_hv``.

    Returns
    -------
    str
        Empty if the name contains none or several.
    """
    found = set(POLARISATION.findall(band_name.upper()))
    return found.pop() if len(found) == 1 else ""


def published_range(band_name):
    """Return the published range of the polarisation in a band name.

    Parameters
    ----------
    band_name : str

    Returns
    -------
    tuple of float
        (minimum, maximum) in dB.

    Raises
    ------
    UnsuitableInput
        If the name contains no polarisation.
    """
    found = polarisation(band_name)
    if not found:
        raise UnsuitableInput(f"The value range of band {band_name} is undefined: its name contains none of HH, HV, VV "
                              "and VH. Set RANGE, or choose equal_distance or equal_probability as QUANTISATION.")
    return PUBLISHED_RANGES[found]


@dataclass(frozen=True)
class EqualDistanceQuantiser:
    """Equal-distance quantiser: grey levels of equal width.

    Parameters
    ----------
    minimum, maximum : float
        Value range; values outside are assigned the first or last level. If both are equal, all values are assigned
        the first level.
    levels : int
        Number of grey levels.
    """

    minimum: float
    maximum: float
    levels: int

    def quantise(self, values):
        """Return the grey levels of a part of a band.

        Parameters
        ----------
        values : ndarray of float32
            NaN where invalid.

        Returns
        -------
        ndarray of uint8
            0 to ``levels - 1``; `levels` where invalid.
        """
        width = self.maximum - self.minimum
        scaled = values.astype(np.float64)
        scaled -= self.minimum
        scaled /= width if width else np.inf
        scaled *= self.levels
        return _to_grey_levels(np.clip(scaled, 0, self.levels - 1, out=scaled), self.levels)

    def __str__(self):
        return f"{self.minimum:g} to {self.maximum:g}"


@dataclass(frozen=True)
class EqualProbabilityQuantiser:
    """Equal-probability quantiser: grey levels with equal numbers of pixels, as far as ties allow.

    Parameters
    ----------
    edges : tuple of float
        Lower edge of each level except the first.
    """

    edges: tuple

    @property
    def levels(self):
        """int: number of grey levels."""
        return len(self.edges) + 1

    def quantise(self, values):
        """Return the grey levels of a part of a band; see :meth:`EqualDistanceQuantiser.quantise`."""
        level = np.searchsorted(np.array(self.edges, np.float32), values, side="right").astype(np.float64)
        level[np.isnan(values)] = np.nan
        return _to_grey_levels(level, self.levels)

    def __str__(self):
        return "equal probability, from " + " ".join(f"{edge:g}" for edge in self.edges)


def _to_grey_levels(level, invalid):
    """Round levels down to uint8, with the value `invalid` for NaN."""
    is_invalid = np.isnan(level)
    if is_invalid.any():
        level[is_invalid] = invalid
    return level.astype(np.uint8)


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
