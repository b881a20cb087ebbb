"""Texture features from the sums and histograms of a window.

Formulas: Haralick, Shanmugam and Dinstein (1973), with grey levels counted from 0; cluster shade and prominence:
Conners and Harlow (1980).
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .pixel_pairs import HOMOGENEITY_BITS


@dataclass(frozen=True)
class Requirements:
    """Inputs of a feature: sums and histograms of :mod:`.pixel_pairs`, and whether the largest bin."""

    sums: tuple = ()
    histograms: tuple = ()
    largest: bool = False


REQUIREMENTS = {
    "contrast": Requirements(("difference2",)),
    "dissimilarity": Requirements(("difference",)),
    "homogeneity": Requirements(("homogeneity",)),
    "asm": Requirements((), ("joint",)),
    "energy": Requirements((), ("joint",)),
    "maximum": Requirements((), ("joint",), largest=True),
    "entropy": Requirements(("distinct",), ("joint",)),
    "mean": Requirements(("sum",)),
    "variance": Requirements(("sum", "sum2", "difference2")),
    "correlation": Requirements(("sum", "sum2", "difference2")),
    "sum_average": Requirements(("sum",)),
    "sum_variance": Requirements(("sum", "sum2")),
    "sum_entropy": Requirements((), ("sum",)),
    "difference_variance": Requirements(("difference", "difference2")),
    "difference_entropy": Requirements((), ("difference",)),
    "information_correlation_1": Requirements(("distinct",), ("joint", "marginal")),
    "information_correlation_2": Requirements(("distinct",), ("joint", "marginal")),
    "cluster_shade": Requirements(("sum", "sum2", "sum3")),
    "cluster_prominence": Requirements(("sum", "sum2", "sum3", "sum4")),
}


class Features:
    """Features of windows, computed on first access.

    Parameters
    ----------
    sums : dict of str to ndarray of int64
        Sums of :mod:`.pixel_pairs`; features are undefined where "pairs" is 0.
    histograms : dict of str to (CountTable, ndarray of uint64)
        Totals of the histograms of :mod:`.pixel_pairs`, by kind.
    largest : ndarray of int64, optional
        Largest weight of a bin of the joint histogram.

    Attributes
    ----------
    pairs : ndarray of float64
        Number of valid pairs.
    """

    def __init__(self, sums, histograms, largest=None):
        # Integers below 2 ** 53 are exact in float64, which is faster.
        self._sums = {name: plane.astype(np.float64) for name, plane in sums.items()}
        self._integer_sums, self._histograms, self._largest = sums, histograms, largest
        self.pairs = self._sums["pairs"]

    def _mean_of(self, name):
        return self._sums[name] / self.pairs

    def _entropy_of(self, kind):
        table, totals = self._histograms[kind]
        return table.entropy(totals, self._integer_sums["pairs"])

    @cached_property
    def contrast(self):
        """Mean squared difference of the grey levels."""
        return self._mean_of("difference2")

    @cached_property
    def dissimilarity(self):
        """Mean absolute difference of the grey levels."""
        return self._mean_of("difference")

    @cached_property
    def homogeneity(self):
        """Mean of 1 / (1 + squared difference): inverse difference moment."""
        return self._sums["homogeneity"] / (self.pairs * float(1 << HOMOGENEITY_BITS))

    @cached_property
    def asm(self):
        """Angular second moment: sum of the squared probabilities."""
        table, totals = self._histograms["joint"]
        return table.squares(totals) / (2.0 * self.pairs * self.pairs)

    @cached_property
    def energy(self):
        """Square root of the angular second moment."""
        return np.sqrt(self.asm)

    @cached_property
    def maximum(self):
        """Largest probability."""
        return self._largest / (2.0 * self.pairs)

    @cached_property
    def entropy(self):
        """Entropy in nats. The probability of a pair of different levels is split between two cells: this adds ln 2."""
        return self._entropy_of("joint") + math.log(2.0) * self._mean_of("distinct")

    @cached_property
    def mean(self):
        """Mean grey level."""
        return self._sums["sum"] / (2.0 * self.pairs)

    @cached_property
    def mean_square(self):
        """Mean squared grey level."""
        return (self._sums["sum2"] + self._sums["difference2"]) / (4.0 * self.pairs)

    @cached_property
    def mean_product(self):
        """Mean product of the grey levels of a pair."""
        return (self._sums["sum2"] - self._sums["difference2"]) / (4.0 * self.pairs)

    @cached_property
    def _squared_sum(self):
        return self._sums["sum"] * self._sums["sum"]

    @cached_property
    def _scaled_variance(self):
        """Variance of the grey levels times 4 * pairs ** 2, an integer."""
        both = self._sums["sum2"] + self._sums["difference2"]
        return self.pairs * both - self._squared_sum

    @cached_property
    def _scaled_covariance(self):
        """Covariance of the grey levels of a pair times 4 * pairs ** 2, an integer."""
        both = self._sums["sum2"] - self._sums["difference2"]
        return self.pairs * both - self._squared_sum

    @cached_property
    def variance(self):
        """Variance of the grey levels."""
        return self._scaled_variance / (4.0 * self.pairs * self.pairs)

    @cached_property
    def correlation(self):
        """Correlation of the grey levels of a pair; 1 if all levels are equal, as in scikit-image."""
        return _ratio(self._scaled_covariance, self._scaled_variance, 1.0)

    @cached_property
    def sum_average(self):
        """Mean sum of the grey levels."""
        return self._mean_of("sum")

    @cached_property
    def sum_variance(self):
        """Variance of the sum of the grey levels."""
        return (self.pairs * self._sums["sum2"] - self._squared_sum) / (self.pairs * self.pairs)

    @cached_property
    def sum_entropy(self):
        """Entropy of the sum of the grey levels, in nats."""
        return self._entropy_of("sum")

    @cached_property
    def difference_variance(self):
        """Variance of the absolute difference of the grey levels."""
        difference = self._sums["difference"]
        return (self.pairs * self._sums["difference2"] - difference * difference) / (self.pairs * self.pairs)

    @cached_property
    def difference_entropy(self):
        """Entropy of the absolute difference of the grey levels, in nats."""
        return self._entropy_of("difference")

    @cached_property
    def _level_entropy(self):
        table, totals = self._histograms["marginal"]
        return table.entropy(totals, 2 * self._integer_sums["pairs"])

    @cached_property
    def _mutual_information(self):
        """Mutual information of the grey levels of a pair, in nats."""
        return np.maximum(2.0 * self._level_entropy - self.entropy, 0.0)

    @cached_property
    def information_correlation_1(self):
        """First information measure of correlation, -1 to 0; 0 if all levels are equal."""
        return _ratio(-self._mutual_information, self._level_entropy, 0.0)

    @cached_property
    def information_correlation_2(self):
        """Second information measure of correlation, 0 to 1."""
        return np.sqrt(-np.expm1(-2.0 * self._mutual_information))

    @cached_property
    def _centre(self):
        """Mean sum of the grey levels, rounded to an integer."""
        return np.rint(self.sum_average).astype(np.int64)

    @cached_property
    def _centred_sums(self):
        """Sums of the first three powers of (sum of levels - centre), in exact integers."""
        pairs, first, second, third = (self._integer_sums[name] for name in ("pairs", "sum", "sum2", "sum3"))
        centre = self._centre
        return (first - centre * pairs, second - centre * (2 * first - centre * pairs),
                third - centre * (3 * second - centre * (3 * first - centre * pairs)))

    @cached_property
    def cluster_shade(self):
        """Mean third power of (sum of levels - its mean), in integer arithmetic to avoid cancellation."""
        pairs = self._integer_sums["pairs"]
        first, second, third = self._centred_sums
        scaled_moment = pairs * (pairs * third - 3 * first * second) + 2 * first * first * first
        return scaled_moment / (self.pairs * self.pairs * self.pairs)

    @cached_property
    def cluster_prominence(self):
        """Mean fourth power of (sum of levels - its mean)."""
        pairs, first, second, third, fourth = (
            self._integer_sums[name] for name in ("pairs", "sum", "sum2", "sum3", "sum4"))
        centre = self._centre
        centred = fourth - centre * (4 * third - centre * (6 * second - centre * (4 * first - centre * pairs)))
        shift, square, cube = (part / self.pairs for part in self._centred_sums)
        return centred / self.pairs - shift * (4.0 * cube - shift * (6.0 * square - 3.0 * shift * shift))


def _ratio(numerator, denominator, default):
    """Return the ratio, or the default where the denominator is 0."""
    ratio = numerator / denominator
    is_undefined = denominator == 0
    if is_undefined.any():
        ratio[is_undefined] = default
    return ratio


# Features as computed by SNAP's GLCM operator: it counts every pair in both directions but divides by the number of
# pairs, so that probabilities sum to 2, and centres variance and correlation at twice the mean.
_SNAP_FORMULAS = {
    "contrast": lambda features: 2.0 * features.contrast,
    "dissimilarity": lambda features: 2.0 * features.dissimilarity,
    "homogeneity": lambda features: 2.0 * features.homogeneity,
    "asm": lambda features: 4.0 * features.asm,
    "energy": lambda features: 2.0 * features.energy,
    "maximum": lambda features: 2.0 * features.maximum,
    "entropy": lambda features: 2.0 * (features.entropy - math.log(2.0)),
    "mean": lambda features: 2.0 * features.mean,
    "variance": lambda features: 2.0 * features.mean_square,
    "correlation": lambda features: features.mean_product / features.mean_square,
}


def feature_values(features, name, normalisation):
    """Return the values of one feature.

    Parameters
    ----------
    features : Features
    name : str
        A key of ``REQUIREMENTS``.
    normalisation : {"standard", "snap"}
        The features that are not in SNAP are the same in both.

    Returns
    -------
    ndarray of float64
    """
    if normalisation == "snap" and name in _SNAP_FORMULAS:
        return _SNAP_FORMULAS[name](features)
    return getattr(features, name)
