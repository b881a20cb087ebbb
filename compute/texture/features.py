"""From what was added up in a window to its features: one place, whichever way the sums were made.

Formulas: Haralick, Shanmugam and Dinstein (1973), with grey levels counted from 0; cluster shade and prominence:
Conners and Harlow (1980).
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .moments import HOMOGENEITY_BITS


@dataclass(frozen=True)
class Needs:
    """What a feature is made of: sums of :mod:`.moments`, histograms of :mod:`.pairs`, the largest bin."""

    sums: tuple = ()
    histograms: tuple = ()
    largest: bool = False


NEEDS = {
    "contrast": Needs(("difference2",)),
    "dissimilarity": Needs(("difference",)),
    "homogeneity": Needs(("homogeneity",)),
    "asm": Needs((), ("joint",)),
    "energy": Needs((), ("joint",)),
    "maximum": Needs((), ("joint",), largest=True),
    "entropy": Needs(("distinct",), ("joint",)),
    "mean": Needs(("sum",)),
    "variance": Needs(("sum", "sum2", "difference2")),
    "correlation": Needs(("sum", "sum2", "difference2")),
    "sumaverage": Needs(("sum",)),
    "sumvariance": Needs(("sum", "sum2")),
    "sumentropy": Needs((), ("sum",)),
    "differencevariance": Needs(("difference", "difference2")),
    "differenceentropy": Needs((), ("difference",)),
    "information1": Needs(("distinct",), ("joint", "marginal")),
    "information2": Needs(("distinct",), ("joint", "marginal")),
    "clustershade": Needs(("sum", "sum2", "sum3")),
    "clusterprominence": Needs(("sum", "sum2", "sum3", "sum4")),
}


class Features:
    """The features of some windows, each worked out when it is asked for.

    Parameters
    ----------
    sums : dict of str to ndarray of int64
        Of :mod:`.moments`; "pairs" above 0, or what is said of the window means nothing.
    histograms : dict of str to (CountTable, ndarray of uint64)
        Totals of the histograms of :mod:`.pairs`, by kind.
    largest : ndarray of int64, optional
        The largest weight of a bin of the joint histogram.

    Attributes
    ----------
    pairs : ndarray of float64
        How many have data.
    """

    def __init__(self, sums, histograms, largest=None):
        # Whole numbers below 2 to the power of 53 are exact as floating-point numbers, with which work is faster.
        self._sums = {name: plane.astype(np.float64) for name, plane in sums.items()}
        self._whole_sums, self._histograms, self._largest = sums, histograms, largest
        self.pairs = self._sums["pairs"]

    def _mean_of(self, name):
        return self._sums[name] / self.pairs

    def _entropy_of(self, kind):
        table, totals = self._histograms[kind]
        return table.entropy(totals, self._whole_sums["pairs"])

    @cached_property
    def contrast(self):
        """Mean squared difference of the levels."""
        return self._mean_of("difference2")

    @cached_property
    def dissimilarity(self):
        """Mean difference of the levels."""
        return self._mean_of("difference")

    @cached_property
    def homogeneity(self):
        """Mean of 1 / (1 + difference squared); Haralick's inverse difference moment."""
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
        """In nats. A pair of different levels shares its probability between two cells: ln 2 more for each."""
        return self._entropy_of("joint") + math.log(2.0) * self._mean_of("distinct")

    @cached_property
    def mean(self):
        """Mean level."""
        return self._sums["sum"] / (2.0 * self.pairs)

    @cached_property
    def mean_square(self):
        """Mean of the squared levels."""
        return (self._sums["sum2"] + self._sums["difference2"]) / (4.0 * self.pairs)

    @cached_property
    def mean_product(self):
        """Mean product of the two levels of a pair."""
        return (self._sums["sum2"] - self._sums["difference2"]) / (4.0 * self.pairs)

    @cached_property
    def _squared_sum(self):
        return self._sums["sum"] * self._sums["sum"]

    @cached_property
    def _spread(self):
        """Variance of the levels times 4 pairs squared, a whole number."""
        both = self._sums["sum2"] + self._sums["difference2"]
        return self.pairs * both - self._squared_sum

    @cached_property
    def _joint_spread(self):
        """Covariance of the two levels of a pair, likewise."""
        both = self._sums["sum2"] - self._sums["difference2"]
        return self.pairs * both - self._squared_sum

    @cached_property
    def variance(self):
        """Variance of the levels."""
        return self._spread / (4.0 * self.pairs * self.pairs)

    @cached_property
    def correlation(self):
        """Of the two levels of a pair; 1 where all levels are the same, as scikit-image has it."""
        return _ratio(self._joint_spread, self._spread, 1.0)

    @cached_property
    def sumaverage(self):
        """Mean sum of the levels."""
        return self._mean_of("sum")

    @cached_property
    def sumvariance(self):
        """Variance of the sum of the levels."""
        return (self.pairs * self._sums["sum2"] - self._squared_sum) / (self.pairs * self.pairs)

    @cached_property
    def sumentropy(self):
        """Entropy of the sum of the levels, in nats."""
        return self._entropy_of("sum")

    @cached_property
    def differencevariance(self):
        """Variance of the difference of the levels, taken without its sign."""
        difference = self._sums["difference"]
        return (self.pairs * self._sums["difference2"] - difference * difference) / (self.pairs * self.pairs)

    @cached_property
    def differenceentropy(self):
        """Entropy of the difference of the levels, taken without its sign; in nats."""
        return self._entropy_of("difference")

    @cached_property
    def _level_entropy(self):
        table, totals = self._histograms["marginal"]
        return table.entropy(totals, 2 * self._whole_sums["pairs"])

    @cached_property
    def _shared(self):
        """What one level of a pair tells of the other, in nats."""
        return np.maximum(2.0 * self._level_entropy - self.entropy, 0.0)

    @cached_property
    def information1(self):
        """First information measure of correlation, -1 to 0; 0 where all levels are the same."""
        return _ratio(-self._shared, self._level_entropy, 0.0)

    @cached_property
    def information2(self):
        """Second information measure of correlation, 0 to 1."""
        return np.sqrt(-np.expm1(-2.0 * self._shared))

    @cached_property
    def _centre(self):
        """The whole number nearest to the mean sum of levels."""
        return np.rint(self.sumaverage).astype(np.int64)

    @cached_property
    def _centred(self):
        """Sums of the first three powers of (sum of levels - centre), exactly."""
        pairs, first, second, third = (self._whole_sums[name] for name in ("pairs", "sum", "sum2", "sum3"))
        centre = self._centre
        return (first - centre * pairs, second - centre * (2 * first - centre * pairs),
                third - centre * (3 * second - centre * (3 * first - centre * pairs)))

    @cached_property
    def clustershade(self):
        """Third power of (sum of levels - its mean), in the mean; in whole numbers, because it may nearly vanish."""
        pairs = self._whole_sums["pairs"]
        first, second, third = self._centred
        whole = pairs * (pairs * third - 3 * first * second) + 2 * first * first * first
        return whole / (self.pairs * self.pairs * self.pairs)

    @cached_property
    def clusterprominence(self):
        """Fourth power of (sum of levels - its mean), in the mean."""
        pairs, first, second, third, fourth = (
            self._whole_sums[name] for name in ("pairs", "sum", "sum2", "sum3", "sum4"))
        centre = self._centre
        centred = fourth - centre * (4 * third - centre * (6 * second - centre * (4 * first - centre * pairs)))
        shift, square, cube = (part / self.pairs for part in self._centred)
        return centred / self.pairs - shift * (4.0 * cube - shift * (6.0 * square - 3.0 * shift * shift))


def _ratio(above, below, otherwise):
    """Their ratio, or another value where the lower is 0."""
    ratio = above / below
    is_undefined = below == 0
    if is_undefined.any():
        ratio[is_undefined] = otherwise
    return ratio


# The ten features as SNAP's operator computes them: it counts every pair in both directions but divides by one of them,
# so that its probabilities add up to 2, and takes variance and correlation around twice the mean.
_OF_SNAP = {
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
    """One feature.

    Parameters
    ----------
    features : Features
    name : str
        Of ``NEEDS``.
    normalisation : {"one", "snap"}
        Features that SNAP does not have are the same in both.

    Returns
    -------
    ndarray of float64
    """
    if normalisation == "snap" and name in _OF_SNAP:
        return _OF_SNAP[name](features)
    return getattr(features, name)
