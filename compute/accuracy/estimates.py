"""Accuracy and area of a whole map, estimated from a probability sample, with standard errors.

Olofsson et al. (2014), Remote Sensing of Environment 148:42-57, doi 10.1016/j.rse.2014.02.015: stratified
estimators, the classes of the map being the strata, weighted by their mapped area. For a simple random sample the same
formulas apply (post-stratification).
"""

from dataclasses import dataclass

import numpy as np

from ..progress import Progress

# Half of a 95 % interval in standard errors (normal distribution).
Z95 = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Estimates:
    """Accuracy and area estimates, each with its standard error (NaN if unknown).

    Parameters
    ----------
    overall, overall_error : float
        Overall accuracy: proportion of the area that is classified correctly.
    users_accuracy, users_error : ndarray of float64, shape (n,)
        User's accuracy (precision) of each class.
    producers_accuracy, producers_error : ndarray of float64, shape (n,)
        Producer's accuracy (recall) of each class.
    proportions, proportions_error : ndarray of float64, shape (n,)
        Estimated area proportion of each class.
    mapped_proportions : ndarray of float64, shape (n,)
        Mapped area proportion of each class, among the strata with samples.
    unsampled : ndarray of bool, shape (n,)
        Mapped classes without samples; their area is excluded from all estimates.
    single_sample : ndarray of bool, shape (n,)
        Mapped classes with a single sample, so that the standard error is unknown.
    """

    overall: float
    overall_error: float
    users_accuracy: np.ndarray
    users_error: np.ndarray
    producers_accuracy: np.ndarray
    producers_error: np.ndarray
    proportions: np.ndarray
    proportions_error: np.ndarray
    mapped_proportions: np.ndarray
    unsampled: np.ndarray
    single_sample: np.ndarray


def estimate(matrix, mapped):
    """Estimate accuracy and area as Olofsson et al. (2014), equations 1 to 11.

    Parameters
    ----------
    matrix : ConfusionMatrix
        Sample counts; rows = reference, columns = map (the paper has the map in the rows).
    mapped : array_like, shape (n,)
        Mapped area of each class, in any unit.

    Returns
    -------
    Estimates
    """
    counts = matrix.counts.T.astype(np.float64)
    sampled = counts.sum(axis=1)
    mapped = np.asarray(mapped, np.float64)
    unsampled = (mapped > 0) & (sampled == 0)
    area = np.where(sampled > 0, mapped, 0.0)
    nan = float("nan")
    with np.errstate(divide="ignore", invalid="ignore"):
        weights = area / area.sum()
        within = np.where(sampled[:, None] > 0, counts / sampled[:, None], 0.0)
        variance = within * (1 - within) / (sampled[:, None] - 1)
        variance = np.where(sampled[:, None] < 2, np.where(weights[:, None] > 0, nan, 0.0), variance)
        proportions = weights @ within
        correct = weights * np.diag(within)
        users_accuracy = np.where(sampled > 0, np.diag(within), nan)
        producers_accuracy = np.where(proportions > 0, correct / proportions, nan)
        by_stratum = weights[:, None] ** 2 * variance
        diagonal = np.diag(by_stratum)
        others = by_stratum.sum(axis=0) - diagonal
        producers_variance = ((1 - producers_accuracy) ** 2 * diagonal
                              + producers_accuracy ** 2 * others) / proportions ** 2
        return Estimates(
            overall=float(correct.sum()), overall_error=float(np.sqrt(diagonal.sum())),
            users_accuracy=users_accuracy, users_error=np.sqrt(np.where(sampled > 1, np.diag(variance), nan)),
            producers_accuracy=producers_accuracy,
            producers_error=np.sqrt(np.where(proportions > 0, producers_variance, nan)),
            proportions=proportions, proportions_error=np.sqrt(by_stratum.sum(axis=0)), mapped_proportions=weights,
            unsampled=unsampled, single_sample=(mapped > 0) & (sampled == 1))


def interval(value, error):
    """The 95 % confidence interval of a proportion, limited to 0..1.

    Parameters
    ----------
    value, error : float

    Returns
    -------
    tuple of float
        (low, high); NaN if the error is unknown.
    """
    if value != value or error != error:
        return float("nan"), float("nan")
    return max(0.0, value - Z95 * error), min(1.0, value + Z95 * error)


def bootstrap_interval(correct, total, replicates=2000, seed=0, progress=None):
    """95 % bootstrap interval of the pixel accuracy, by resampling parcels (Efron 1979).

    Parcels are resampled rather than pixels, because pixels of one parcel are correlated. The interval shows how much
    the accuracy depends on the choice of validation parcels; it is not an estimate for the whole map.

    Parameters
    ----------
    correct, total : array_like of int, shape (parcels,)
        Correct pixels and all pixels of each parcel.
    progress : Progress, optional
        Checked for cancellation.

    Returns
    -------
    tuple of float
        (low, high); NaN with fewer than five parcels.
    """
    correct, total = np.asarray(correct, np.float64), np.asarray(total, np.float64)
    if len(correct) < 5:
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    proportions, progress = [], progress or Progress()
    for _ in range(replicates):
        progress.check()
        resampled = random.integers(0, len(correct), len(correct))
        proportions.append(correct[resampled].sum() / max(total[resampled].sum(), 1.0))
    low, high = np.percentile(proportions, [2.5, 97.5])
    return float(low), float(high)
