"""Pixel pairs, their histograms and sums.

Pixel pairs at a displacement, and the bins of their co-occurrence histograms.

A pair of grey levels is encoded as the key ``first * (levels + 1) + second``, where the level ``levels`` marks invalid
pixels; other quantities are looked up by key. Matrices are symmetric: (first, second) equals (second, first).

Look-up tables to update sums over histogram bins while a window moves.

Entropy requires the sum of n log n over the bins, the angular second moment the sum of n ** 2. When a count increases
from n to n + 1, both change by an amount that depends on n only, so that a moving window needs one table look-up per
pair that enters or leaves. Logarithms are fixed-point numbers, as integer sums do not depend on the order of summation.
Both sums are packed into one 64-bit integer.

Sums over the pixel pairs of a window of quantities that depend on a single pair.

These features require no matrix. The sums are small integers, so that several are packed into one 64-bit integer and
added at once.
"""

import math
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


WORD_BITS = 64
MAX_FRACTION_BITS = 40


@dataclass(frozen=True, eq=False)
class CountTable:
    """Look-up tables for counts up to a limit.

    Counts use three ranges of `region` integers each: ordinary bins start at 0, bins of pairs of equal levels (see
    :class:`Histogram`) at `region`, the bin of invalid pairs at ``2 * region``.

    Parameters
    ----------
    region : int
    increments : ndarray of uint64, shape (3 * region,)
        Increment of the total when a count increases by one: of n ** 2 in the lowest `square_bits`, of n log n above.
    logs : ndarray of int64, shape (region,)
        n log n with `fraction_bits` fraction bits.
    fraction_bits, square_bits : int
    dtype : numpy.dtype
        Smallest unsigned integer type for the counts.
    """

    region: int
    increments: np.ndarray
    logs: np.ndarray
    fraction_bits: int
    square_bits: int
    dtype: np.dtype

    def initial_counts(self, histogram):
        """Return the counts of empty bins, the bin of invalid pairs last.

        Returns
        -------
        ndarray, shape (bins + 1,)
        """
        counts = np.zeros(histogram.bins + 1, self.dtype)
        counts[:histogram.diagonal_bins] = self.region
        counts[-1] = 2 * self.region
        return counts

    def entropy(self, totals, counted):
        """Return the entropy of the bins.

        Parameters
        ----------
        totals : ndarray of uint64
        counted : ndarray of int64
            Sum of all counts of the window, above 0.

        Returns
        -------
        ndarray of float64
            In nats.
        """
        logs = (totals >> np.uint64(self.square_bits)).view(np.int64)
        return (self.logs.take(counted) - logs) / (counted * float(1 << self.fraction_bits))

    def squares(self, totals):
        """Return the sum of the squared counts, doubled for pairs of equal levels.

        Returns
        -------
        ndarray of int64
        """
        return (totals & np.uint64((1 << self.square_bits) - 1)).view(np.int64)


@lru_cache(maxsize=16)
def count_table(max_count, with_squares):
    """Return the tables for windows with at most `max_count` counts.

    Parameters
    ----------
    max_count : int
        Maximum number of counts.
    with_squares : bool
        Whether to include squares; logarithms are more precise without them.

    Returns
    -------
    CountTable
    """
    region = max_count + 1
    square_bits = (2 * max_count * max_count).bit_length() if with_squares else 0
    integer_bits = int(max_count * math.log(max_count + 1)).bit_length()
    fraction_bits = min(MAX_FRACTION_BITS, WORD_BITS - square_bits - integer_bits - 1)
    logs = np.array([0] + [round(math.ldexp(count * math.log(count), fraction_bits)) for count in range(1, region + 1)],
                    np.int64)
    counts = np.arange(region)
    increments = np.diff(logs).astype(np.uint64) << np.uint64(square_bits)
    squares = (2 * counts + 1).astype(np.uint64) if with_squares else np.zeros(region, np.uint64)
    return CountTable(
        region,
        np.concatenate([increments + squares, increments + np.uint64(2) * squares, np.zeros(region, np.uint64)]),
        logs[:region], fraction_bits, square_bits, np.min_scalar_type(3 * region))


# Fixed-point fraction bits of the homogeneity of a pair, 1 / (1 + squared difference).
HOMOGENEITY_BITS = 36
_PAIR_VALUES = {
    "pairs": lambda first, second: np.ones_like(first),
    "distinct": lambda first, second: (first != second).astype(np.int64),
    "difference": lambda first, second: np.abs(first - second),
    "difference2": lambda first, second: (first - second) ** 2,
    "homogeneity": lambda first, second: np.rint((1 << HOMOGENEITY_BITS) / (1 + (first - second) ** 2)).astype(
        np.int64),
    "sum": lambda first, second: first + second,
    "sum2": lambda first, second: (first + second) ** 2,
    "sum3": lambda first, second: (first + second) ** 3,
    "sum4": lambda first, second: (first + second) ** 4,
}


@dataclass(frozen=True, eq=False)
class PackedSums:
    """Several sums packed into one 64-bit integer.

    Parameters
    ----------
    table : ndarray of uint64, shape (keys,)
        Contribution of a pair to the packed sums, by its key.
    parts : tuple of (str, int, int)
        Name, lowest bit and number of bits of each sum.
    """

    table: np.ndarray
    parts: tuple

    def unpack(self, totals):
        """Return the sums by name.

        Parameters
        ----------
        totals : ndarray of uint64

        Returns
        -------
        dict of str to ndarray of int64
        """
        return {name: ((totals >> np.uint64(shift)) & np.uint64((1 << bits) - 1)).view(np.int64)
                for name, shift, bits in self.parts}


@lru_cache(maxsize=16)
def pack_sums(names, max_pairs, levels):
    """Pack sums into as few 64-bit integers as possible, largest first.

    Parameters
    ----------
    names : frozenset of str
        Of "pairs", "distinct" (pairs of different levels), "difference" and "difference2" (absolute and squared
        difference of the levels), "homogeneity", "sum" to "sum4" (powers of the sum of the levels).
    max_pairs : int
        Maximum number of pairs of a window.
    levels : int

    Returns
    -------
    tuple of PackedSums
    """
    first, second, has_data = levels_of_keys(levels)
    values = {name: np.where(has_data, _PAIR_VALUES[name](first, second), 0) for name in sorted(names)}
    bits = {name: (int(value.max()) * max_pairs).bit_length() for name, value in values.items()}
    groups = []
    for name in sorted(values, key=lambda name: (-bits[name], name)):
        group = next((group for group in groups if sum(bits[other] for other in group) + bits[name] <= WORD_BITS), None)
        if group is None:
            groups.append(group := [])
        group.append(name)
    return tuple(_packed(group, values, bits) for group in groups)


def _packed(group, values, bits):
    table, parts, shift = np.zeros(len(values[group[0]]), np.uint64), [], 0
    for name in group:
        table += values[name].astype(np.uint64) << np.uint64(shift)
        parts.append((name, shift, bits[name]))
        shift += bits[name]
    return PackedSums(table, tuple(parts))
