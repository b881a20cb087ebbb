"""Pairs of pixels: where they lie, and what each pair of grey levels stands for.

A pair is known by its key, ``first * (levels + 1) + second``; the level that is one too high marks pixels without data.
All else is looked up by the key. Every matrix is symmetric, so that (first, second) and (second, first) are the same.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np


@dataclass(frozen=True, eq=False)
class PairPlane:
    """The pairs of one offset in a part of an image.

    Parameters
    ----------
    keys : ndarray of uint16, shape (rows, columns)
        Each pair lies where the upper left corner of the smallest box around it lies.
    height, width : int
        Pairs of a window: the window over pixel (0, 0) of the result has those of ``keys[:height, :width]``.
    """

    keys: np.ndarray
    height: int
    width: int


def pair_plane(grey, offset, levels, window):
    """The pairs that an offset makes.

    Parameters
    ----------
    grey : ndarray of uint8, shape (rows, columns)
        Grey levels; `levels` where there is no data.
    offset : tuple of int
        (rows, columns) from a pixel to its partner.
    levels, window : int

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
    """Both levels of each key, and whether both have data.

    Returns
    -------
    first, second : ndarray of int64, shape (keys,)
    has_data : ndarray of bool, shape (keys,)
    """
    first, second = np.divmod(np.arange((levels + 1) ** 2), levels + 1)
    return first, second, (first < levels) & (second < levels)


@dataclass(frozen=True, eq=False)
class Histogram:
    """What is counted of the pairs in a window.

    Parameters
    ----------
    bins : int
    doubled : int
        The first so many bins are those of pairs of equal levels: their cell of the symmetric matrix holds each pair
        twice, where the others share it between two cells.
    codes : tuple of ndarray of uint16, shape (keys,)
        The bin of each key, or `bins` where there is no data; several where a pair counts more than once.
    """

    bins: int
    doubled: int
    codes: tuple


@lru_cache(maxsize=16)
def histogram(kind, levels):
    """The histograms that features are made of.

    Parameters
    ----------
    kind : {"joint", "marginal", "sum", "difference"}
        Of the pairs of levels, of the levels, of their sum, of their difference.
    levels : int

    Returns
    -------
    Histogram
    """
    first, second, has_data = levels_of_keys(levels)
    low, high = np.minimum(first, second), np.maximum(first, second)
    if kind == "joint":
        bins, doubled = levels * (levels + 1) // 2, levels
        codes = (np.where(low == high, low, levels + high * (high - 1) // 2 + low),)
    else:
        bins, doubled = (2 * levels - 1 if kind == "sum" else levels), 0
        codes = {"marginal": (first, second), "sum": (first + second,), "difference": (high - low,)}[kind]
    return Histogram(bins, doubled, tuple(np.where(has_data, code, bins).astype(np.uint16) for code in codes))
