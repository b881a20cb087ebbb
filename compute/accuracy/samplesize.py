"""How many samples a map needs, and how many in each class, before its accuracy is known well enough.

Cochran (1977), Sampling Techniques, eq. 5.25, as Olofsson et al. (2014, doi 10.1016/j.rse.2014.02.015) recommend it in
their eq. 13: n = (sum of W S / S(O))^2, with the mapped share W of each class, S = sqrt(U (1 - U)) for the precision U
one expects of it, and the standard error S(O) wanted of the overall accuracy.
"""

import math
from dataclasses import dataclass

import numpy as np

# No class gets fewer, or nothing could be said about it (Olofsson et al. advise 50 to 100).
LEAST_PER_CLASS = 50
# What was measured on a few parcels may be better than what is true; where nothing is known the most cautious holds.
HIGHEST_PRECISION, UNKNOWN_PRECISION = 0.95, 0.5


@dataclass(frozen=True, eq=False)
class SamplePlan:
    """Samples to draw at random in each class of a map.

    Parameters
    ----------
    total : int
    by_class : ndarray of int64, shape (n,)
    precisions : ndarray of float64, shape (n,)
        What was assumed of each class.
    """

    total: int
    by_class: np.ndarray
    precisions: np.ndarray


def needed_samples(shares, precisions, error):
    """Samples with which the overall accuracy has this standard error.

    Parameters
    ----------
    shares : array_like, shape (n,)
        Of the mapped area; summing to 1.
    precisions : array_like, shape (n,)
        Expected user's accuracies, 0..1.
    error : float
        Standard error of the overall accuracy, for instance 0.01.

    Returns
    -------
    int
    """
    shares, precisions = np.asarray(shares, np.float64), np.asarray(precisions, np.float64)
    # Less a trifle, so that a sum that is whole but for rounding is not rounded up.
    return math.ceil((shares @ np.sqrt(precisions * (1 - precisions)) / error) ** 2 - 1e-6)


def plan_samples(shares, found, error):
    """How many samples to draw in each class: by its share, but no fewer than 50.

    Parameters
    ----------
    shares : array_like, shape (n,)
        Of the mapped area; summing to 1. A class with none gets no samples.
    found : array_like, shape (n,)
        Precisions measured so far, NaN where unknown.
    error : float
        See :func:`needed_samples`.

    Returns
    -------
    SamplePlan
    """
    shares, found = np.asarray(shares, np.float64), np.asarray(found, np.float64)
    precisions = np.where(np.isnan(found), UNKNOWN_PRECISION, np.minimum(found, HIGHEST_PRECISION))
    needed = needed_samples(shares, precisions, error)
    rare = np.zeros(len(shares), bool)
    while True:
        common = (shares > 0) & ~rare
        left = needed - LEAST_PER_CLASS * rare.sum()
        wanted = np.zeros(len(shares))
        wanted[common] = left * shares[common] / shares[common].sum()
        fewer = common & (wanted < LEAST_PER_CLASS)
        if not fewer.any():
            break
        rare |= fewer
    counts = np.where(rare, LEAST_PER_CLASS, np.ceil(wanted)).astype(np.int64)
    return SamplePlan(int(counts.sum()), counts, precisions)
