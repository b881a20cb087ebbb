"""Pixels that lack some of their features: what stands in for what is missing."""

import numpy as np

# Far below every reflectance, index or backscatter: a branch can tell "missing" from all that was measured.
NOWHERE = -1e6


def stand_ins(features, missing):
    """What a missing feature is taken to be.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
        Of the training pixels, NaN where missing.
    missing : {"exclude", "median", "value"}

    Returns
    -------
    tuple of float
        One for each feature; empty where pixels with gaps are left out.
    """
    if missing == "exclude":
        return ()
    if missing == "value":
        return (NOWHERE,) * features.shape[1]
    medians = []
    for column in features.T:
        seen = column[np.isfinite(column)]
        medians.append(float(np.float32(np.median(seen))) if len(seen) else 0.0)
    return tuple(medians)


def fill_gaps(features, values):
    """Put the stand-ins where features are missing, in place.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
    values : tuple of float
        From :func:`stand_ins`.

    Returns
    -------
    int
        Pixels that lacked something.
    """
    if not values:
        return 0
    missing = ~np.isfinite(features)
    np.copyto(features, np.array(values, np.float32), where=missing)
    return int(np.count_nonzero(missing.any(axis=1)))
