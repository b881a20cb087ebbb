"""Pixel pairs at a displacement, and the bins of their co-occurrence histograms.

A pair of grey levels is encoded as the key ``first * (levels + 1) + second``, where the level ``levels`` marks invalid
pixels; other quantities are looked up by key. Matrices are symmetric: (first, second) equals (second, first).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True, eq=False)
class PairPlane:
    """Pairs of one displacement in a part of an image.

    Parameters
    ----------
    keys : ndarray of uint16, shape (rows, columns)
        Key of each pair, at the upper-left corner of its bounding box.
    height, width : int
        Rows and columns of the pairs of a window: the first window has the pairs ``keys[:height, :width]``.
    """

    keys: np.ndarray
    height: int
    width: int


def pair_plane(grey, offset, levels, window):
    """Return the pairs of a displacement.

    Parameters
    ----------
    grey : ndarray of uint8, shape (rows, columns)
        Grey levels; `levels` where invalid.
    offset : tuple of int
        Displacement (rows, columns) from the first to the second pixel of a pair.
    levels, window : int
        Number of grey levels and window size.

    Returns
    -------
    PairPlane
    """
    rows, columns = offset
    first = grey[max(0, -rows):len(grey) - max(0, rows), max(0, -columns):grey.shape[1] - max(0, columns)]
    second = grey[max(0, rows):len(grey) + min(0, rows), max(0, columns):grey.shape[1] + min(0, columns)]
    keys = np.multiply(first, levels + 1, dtype=np.uint16)
    keys += second
    return PairPlane(keys, window - abs(rows), window - abs(columns))


@lru_cache(maxsize=4)
def levels_of_keys(levels):
    """Return both grey levels of each key, and whether both are valid.

    Returns
    -------
    first, second : ndarray of int64, shape (keys,)
    has_data : ndarray of bool, shape (keys,)
    """
    first, second = np.divmod(np.arange((levels + 1) ** 2), levels + 1)
    return first, second, (first < levels) & (second < levels)


@dataclass(frozen=True, eq=False)
class Histogram:
    """Bins of a histogram of the pairs in a window.

    Parameters
    ----------
    bins : int
    diagonal_bins : int
        Number of leading bins for pairs of equal levels: in the symmetric matrix each such pair counts twice in one
        diagonal cell, other pairs once in each of two cells.
    codes : tuple of ndarray of uint16, shape (keys,)
        Bin of each key, or `bins` where invalid; several arrays if a pair counts several times.
    """

    bins: int
    diagonal_bins: int
    codes: tuple


@lru_cache(maxsize=16)
def histogram(kind, levels):
    """Return the bins of a histogram.

    Parameters
    ----------
    kind : {"joint", "marginal", "sum", "difference"}
        Histogram of the pairs of levels, of the levels, of their sums, or of their absolute differences.
    levels : int

    Returns
    -------
    Histogram
    """
    first, second, has_data = levels_of_keys(levels)
    low, high = np.minimum(first, second), np.maximum(first, second)
    if kind == "joint":
        bins, diagonal_bins = levels * (levels + 1) // 2, levels
        codes = (np.where(low == high, low, levels + high * (high - 1) // 2 + low),)
    else:
        bins, diagonal_bins = (2 * levels - 1 if kind == "sum" else levels), 0
        codes = {"marginal": (first, second), "sum": (first + second,), "difference": (high - low,)}[kind]
    return Histogram(bins, diagonal_bins, tuple(np.where(has_data, code, bins).astype(np.uint16) for code in codes))
