"""Look-up tables to update sums over histogram bins while a window moves.

Entropy requires the sum of n log n over the bins, the angular second moment the sum of n ** 2. When a count increases
from n to n + 1, both change by an amount that depends on n only, so that a moving window needs one table look-up per
pair that enters or leaves. Logarithms are fixed-point numbers, as integer sums do not depend on the order of summation.
Both sums are packed into one 64-bit integer.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

WORD_BITS = 64
MAX_FRACTION_BITS = 40


@dataclass(frozen=True, eq=False)
class CountTable:
    """Look-up tables for counts up to a limit.

    Counts use three ranges of `region` integers each: ordinary bins start at 0, bins of pairs of equal levels (see
    :class:`~.pairs.Histogram`) at `region`, the bin of invalid pairs at ``2 * region``.

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
