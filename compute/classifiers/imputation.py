"""Imputation of missing feature values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Far below every reflectance, index or backscatter: a split can separate missing from measured values.
MISSING_CONSTANT = -1e6


def imputation_values(features: NDArray[np.float32], missing_values: str) -> tuple[float, ...]:
    """The value that replaces a missing value of each feature.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
        Training pixels, NaN where missing.
    missing_values : {"exclude", "median", "constant"}

    Returns
    -------
    tuple of float
        One for each feature; empty if pixels with missing values are excluded.
    """
    if missing_values == "exclude":
        return ()
    if missing_values == "constant":
        return (MISSING_CONSTANT,) * features.shape[1]
    medians = []
    for column in features.T:
        finite = column[np.isfinite(column)]
        medians.append(float(np.float32(np.median(finite))) if len(finite) else 0.0)
    return tuple(medians)


def impute(features: NDArray[np.float32], values: tuple[float, ...]) -> int:
    """Replace missing values in place.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
    values : tuple of float
        From :func:`imputation_values`.

    Returns
    -------
    int
        Number of pixels with missing values.
    """
    if not values:
        return 0
    missing = ~np.isfinite(features)
    np.copyto(features, np.array(values, np.float32), where=missing)
    return int(np.count_nonzero(missing.any(axis=1)))
