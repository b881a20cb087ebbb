"""What the bins of a histogram add up to, kept up to date while the window moves.

The entropy of a window needs the sum of n log n over its bins, the second moment the sum of n squared. When a count
goes from n to n + 1 both change by a number that depends on n alone, so that a moving window needs one look into a
table for each pair that enters or leaves. Logarithms are fixed-point numbers: sums of whole numbers are the same in any
order, hence on any path of the window. Both sums share one 64-bit word.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

WORD_BITS = 64
MOST_FRACTION_BITS = 40


@dataclass(frozen=True, eq=False)
class CountTable:
    """Look-up tables for counts up to a limit.

    Counts are kept in three regions of `region` numbers each: plain bins count from 0, those of pairs of equal levels
    (see :class:`~.pairs.Histogram`) from `region`, the bin of pairs without data from twice that.

    Parameters
    ----------
    region : int
    growth : ndarray of uint64, shape (3 * region,)
        What the total grows by when a bin is raised from here: n log n above, n squared in the lowest `square_bits`.
    logs : ndarray of int64, shape (region,)
        n log n with `fraction_bits` binary places.
    fraction_bits, square_bits : int
    dtype : numpy.dtype
        The smallest for the counts.
    """

    region: int
    growth: np.ndarray
    logs: np.ndarray
    fraction_bits: int
    square_bits: int
    dtype: np.dtype

    def starts(self, histogram):
        """Counts of empty bins, the one without data last.

        Returns
        -------
        ndarray, shape (bins + 1,)
        """
        counts = np.zeros(histogram.bins + 1, self.dtype)
        counts[:histogram.doubled] = self.region
        counts[-1] = 2 * self.region
        return counts

    def entropy(self, totals, counted):
        """Entropy of the bins.

        Parameters
        ----------
        totals : ndarray of uint64
        counted : ndarray of int64
            All counts of the window together, above 0.

        Returns
        -------
        ndarray of float64
            In nats.
        """
        logs = (totals >> np.uint64(self.square_bits)).view(np.int64)
        return (self.logs.take(counted) - logs) / (counted * float(1 << self.fraction_bits))

    def squares(self, totals):
        """Sum of the squared counts, those of pairs of equal levels twice.

        Returns
        -------
        ndarray of int64
        """
        return (totals & np.uint64((1 << self.square_bits) - 1)).view(np.int64)


@lru_cache(maxsize=16)
def count_table(most, with_squares):
    """The tables for windows with at most `most` counts.

    Parameters
    ----------
    most : int
    with_squares : bool
        Whether the squares are wanted as well; logarithms are more exact without them.

    Returns
    -------
    CountTable
    """
    region = most + 1
    square_bits = (2 * most * most).bit_length() if with_squares else 0
    fraction_bits = min(MOST_FRACTION_BITS, WORD_BITS - square_bits - int(most * math.log(most + 1)).bit_length() - 1)
    logs = np.array([0] + [round(math.ldexp(count * math.log(count), fraction_bits)) for count in range(1, region + 1)],
                    np.int64)
    counts = np.arange(region)
    growth = np.diff(logs).astype(np.uint64) << np.uint64(square_bits)
    squares = (2 * counts + 1).astype(np.uint64) if with_squares else np.zeros(region, np.uint64)
    return CountTable(
        region, np.concatenate([growth + squares, growth + np.uint64(2) * squares, np.zeros(region, np.uint64)]),
        logs[:region], fraction_bits, square_bits, np.min_scalar_type(3 * region))
