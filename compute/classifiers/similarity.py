"""Spectral similarity of pixels: canonical variates of the training pixels with parcels as groups.

Pixels of one parcel have the same class, so variation within parcels is noise. The canonical variates are the
directions in which parcels differ most relative to the variation within parcels, scaled to unit variance within
parcels. Fisher (1936), doi:10.1111/j.1469-1809.1936.tb02137.x; Rao (1948).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# More components hardly improve the separation.
MAX_COMPONENTS = 4

# Minimum singular value of a component, relative to the first one; weaker ones are noise.
MIN_STRENGTH = 1e-6

# Weight of the spherical target in the covariance within parcels, which is poorly estimated from few pixels.
SHRINKAGE = 0.1

# Maximum number of training pixels used for the covariance.
MAX_PIXELS = 50_000

# Minimum standard deviation within parcels, relative to that of all pixels; parcel means have none.
MIN_SCATTER = 1 / 32

# Components are rounded to this many steps per unit, which makes them equal on all machines.
STEPS_PER_UNIT = 16


@dataclass(frozen=True, eq=False)
class Similarity:
    """Linear transform of the bands to a few components, by which neighbouring pixels are compared.

    Parameters
    ----------
    centres : ndarray of float64, shape (bands,)
        Mean of each band; also replaces missing values.
    coefficients : ndarray of float64, shape (components, bands)
        Coefficients of the components.
    """

    centres: NDArray[np.float64]
    coefficients: NDArray[np.float64]

    def components(self, bands: NDArray[np.float32]) -> NDArray[np.int16]:
        """The components of pixels.

        Parameters
        ----------
        bands : ndarray of float32, shape (pixels, bands)
            NaN where missing.

        Returns
        -------
        ndarray of int16, shape (components, pixels)
            In steps of 1 / ``STEPS_PER_UNIT``; the standard deviation within parcels is about one unit.
        """
        centred = bands - self.centres
        centred[np.isnan(centred)] = 0.0
        steps = np.rint(self.coefficients @ centred.T * STEPS_PER_UNIT)
        return np.clip(steps, -32767, 32767).astype(np.int16)


def fit_similarity(bands: NDArray[np.float32], groups: NDArray[np.integer]) -> Similarity:
    """Estimate the canonical variates from the pixels of parcels.

    Parameters
    ----------
    bands : ndarray of float32, shape (pixels, bands)
        Training pixels, NaN where missing.
    groups : ndarray of int, shape (pixels,)
        Parcel of each pixel.

    Returns
    -------
    Similarity
    """
    subset = slice(None, None, -(-len(bands) // MAX_PIXELS))
    bands, (_, groups, sizes) = bands[subset].astype(np.float64), np.unique(
        groups[subset], return_inverse=True, return_counts=True)
    is_known = np.isfinite(bands)
    centres = np.where(is_known, bands, 0.0).sum(axis=0) / np.maximum(1, is_known.sum(axis=0))
    values = np.where(is_known, bands - centres, 0.0)
    deviations = values.std(axis=0)
    deviations[deviations == 0] = 1.0
    values /= deviations
    means = np.stack([np.bincount(groups, column) / sizes for column in values.T], axis=1)
    whitening = _whitening(values - means[groups])
    whitened = means @ whitening
    _, strengths, directions = np.linalg.svd(whitened - whitened.mean(axis=0), full_matrices=False)
    count = max(1, np.count_nonzero(strengths[:MAX_COMPONENTS] > MIN_STRENGTH * strengths[0]))
    return Similarity(centres, directions[:count] @ whitening.T / deviations)


def _whitening(residuals: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix that transforms residuals to unit covariance; shape (bands, bands)."""
    covariance = residuals.T @ residuals / max(1, len(residuals) - 1)
    mean_variance = covariance.trace() / len(covariance)
    covariance = (1 - SHRINKAGE) * covariance + SHRINKAGE * mean_variance * np.eye(len(covariance))
    variances, directions = np.linalg.eigh(covariance)
    return directions / np.sqrt(np.maximum(variances, MIN_SCATTER ** 2))
