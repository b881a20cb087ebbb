"""Sample size of an accuracy assessment, in total and by class.

Cochran (1977), Sampling Techniques, eq. 5.25, as recommended by Olofsson et al. (2014, doi 10.1016/j.rse.2014.02.015),
eq. 13: n = (sum of W S / S(O))^2, with the mapped area proportion W of each class, S = sqrt(U (1 - U)) for its expected
user's accuracy U, and the target standard error S(O) of the overall accuracy.
"""

import math
from dataclasses import dataclass

import numpy as np

# Minimum number of samples per class (Olofsson et al. advise 50 to 100).
MIN_PER_CLASS = 50

# Upper limit of measured user's accuracies, which may be optimistic, and the conservative value without measurement.
MAX_PRECISION, DEFAULT_PRECISION = 0.95, 0.5


@dataclass(frozen=True, eq=False)
class SamplePlan:
    """Numbers of random samples in each class of a map.

    Parameters
    ----------
    total : int
    by_class : ndarray of int64, shape (n,)
    precisions : ndarray of float64, shape (n,)
        Assumed user's accuracies.
    """

    total: int
    by_class: np.ndarray
    precisions: np.ndarray


def required_samples(proportions, precisions, error):
    """Number of samples for a target standard error of the overall accuracy.

    Parameters
    ----------
    proportions : array_like, shape (n,)
        Mapped area proportions; summing to 1.
    precisions : array_like, shape (n,)
        Expected user's accuracies, 0..1.
    error : float
        Standard error of the overall accuracy, for instance 0.01.

    Returns
    -------
    int
    """
    proportions, precisions = np.asarray(proportions, np.float64), np.asarray(precisions, np.float64)
    # Subtract a small value, so that an integer with rounding error is not rounded up.
    return math.ceil((proportions @ np.sqrt(precisions * (1 - precisions)) / error) ** 2 - 1e-6)


def plan_samples(proportions, measured, error):
    """Allocate samples to classes: in proportion to area, but at least 50 each.

    Parameters
    ----------
    proportions : array_like, shape (n,)
        Mapped area proportions; summing to 1. Classes with 0 get no samples.
    measured : array_like, shape (n,)
        Measured user's accuracies, NaN if unknown.
    error : float
        See :func:`required_samples`.

    Returns
    -------
    SamplePlan
    """
    proportions, measured = np.asarray(proportions, np.float64), np.asarray(measured, np.float64)
    precisions = np.where(np.isnan(measured), DEFAULT_PRECISION, np.minimum(measured, MAX_PRECISION))
    required = required_samples(proportions, precisions, error)
    rare = np.zeros(len(proportions), bool)
    while True:
        common = (proportions > 0) & ~rare
        remaining = required - MIN_PER_CLASS * rare.sum()
        allocated = np.zeros(len(proportions))
        allocated[common] = remaining * proportions[common] / proportions[common].sum()
        below_minimum = common & (allocated < MIN_PER_CLASS)
        if not below_minimum.any():
            break
        rare |= below_minimum
    counts = np.where(rare, MIN_PER_CLASS, np.ceil(allocated)).astype(np.int64)
    return SamplePlan(int(counts.sum()), counts, precisions)
