"""Accuracy and area of the whole map, estimated from a sample that was drawn at random, with standard errors.

Olofsson et al. (2014), Remote Sensing of Environment 148:42-57, doi 10.1016/j.rse.2014.02.015: the classes of the map
are the strata, and each counts by its mapped area, not by how many samples happened to fall into it. A sample drawn
from the whole map without strata is served by the same formulas (post-stratification).
"""

from dataclasses import dataclass

import numpy as np

from ..progress import Progress

# Half of a 95 % interval in standard errors (normal distribution).
Z95 = 1.959963984540054


@dataclass(frozen=True, eq=False)
class Estimates:
    """Accuracies and shares of the area, each with its standard error (NaN where nothing is known).

    Parameters
    ----------
    overall, overall_error : float
        Share of the area that is mapped right.
    users, users_error : ndarray of float64, shape (n,)
        Of what is mapped as a class, the share of the area that is right (precision).
    producers, producers_error : ndarray of float64, shape (n,)
        Of what is a class on the ground, the share of the area that was found (recall).
    shares, shares_error : ndarray of float64, shape (n,)
        Share of each class on the ground, by the reference.
    mapped_shares : ndarray of float64, shape (n,)
        Share of each class on the map, among the strata with samples.
    unsampled : ndarray of bool, shape (n,)
        Mapped classes without a sample: nothing is known of their area, and it is left out of everything here.
    loose : ndarray of bool, shape (n,)
        Mapped classes with a single sample, which gives no standard error.
    """

    overall: float
    overall_error: float
    users: np.ndarray
    users_error: np.ndarray
    producers: np.ndarray
    producers_error: np.ndarray
    shares: np.ndarray
    shares_error: np.ndarray
    mapped_shares: np.ndarray
    unsampled: np.ndarray
    loose: np.ndarray


def estimate(matrix, mapped):
    """The estimates of Olofsson et al. (2014), equations 1 to 11.

    Parameters
    ----------
    matrix : ConfusionMatrix
        Sampled units; rows = reference, columns = map, as everywhere here (the paper has the map in the rows).
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
        shares = weights @ within
        right = weights * np.diag(within)
        users = np.where(sampled > 0, np.diag(within), nan)
        producers = np.where(shares > 0, right / shares, nan)
        by_stratum = weights[:, None] ** 2 * variance
        own = np.diag(by_stratum)
        others = by_stratum.sum(axis=0) - own
        producers_variance = ((1 - producers) ** 2 * own + producers ** 2 * others) / shares ** 2
        return Estimates(
            overall=float(right.sum()), overall_error=float(np.sqrt(own.sum())),
            users=users, users_error=np.sqrt(np.where(sampled > 1, np.diag(variance), nan)),
            producers=producers, producers_error=np.sqrt(np.where(shares > 0, producers_variance, nan)),
            shares=shares, shares_error=np.sqrt(by_stratum.sum(axis=0)), mapped_shares=weights,
            unsampled=unsampled, loose=(mapped > 0) & (sampled == 1))


def interval(value, error):
    """The 95 % interval of a share, cut at 0 and 1.

    Parameters
    ----------
    value, error : float

    Returns
    -------
    tuple of float
        (lowest, highest); NaN where the error is unknown.
    """
    if value != value or error != error:
        return float("nan"), float("nan")
    return max(0.0, value - Z95 * error), min(1.0, value + Z95 * error)


def parcel_interval(right, total, draws=2000, seed=0, progress=None):
    """Between which values the share of right pixels lies in 95 of 100 draws of as many parcels from these.

    The bootstrap over parcels (Efron 1979): pixels of one parcel are right or wrong together, so parcels are what is
    drawn again. It says how much the figure depends on which parcels were at hand, not how good the whole map is.

    Parameters
    ----------
    right, total : array_like of int, shape (parcels,)
        Right pixels and all pixels of each parcel.
    progress : Progress, optional
        Asked whether the user wants to stop.

    Returns
    -------
    tuple of float
        (lowest, highest); NaN with fewer than five parcels.
    """
    right, total = np.asarray(right, np.float64), np.asarray(total, np.float64)
    if len(right) < 5:
        return float("nan"), float("nan")
    random = np.random.default_rng(seed)
    shares, progress = [], progress or Progress()
    for _ in range(draws):
        progress.check()
        drawn = random.integers(0, len(right), len(right))
        shares.append(right[drawn].sum() / max(total[drawn].sum(), 1.0))
    lowest, highest = np.percentile(shares, [2.5, 97.5])
    return float(lowest), float(highest)
