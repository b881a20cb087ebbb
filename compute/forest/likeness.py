"""How alike two pixels are: their difference, measured in the differences that pixels of one parcel show.

Pixels of one parcel hold the same crop, so whatever they differ in says nothing of the crop. The axes are the canonical
variates of the training pixels with parcels as groups: the directions in which parcels differ most, scaled so that
pixels of a parcel differ by about one. Fisher (1936), doi:10.1111/j.1469-1809.1936.tb02137.x; Rao (1948).
"""

from dataclasses import dataclass

import numpy as np

# More axes than this keep little more apart.
MOST_AXES = 4
# An axis along which parcels differ less than this share of the first one's is noise.
LEAST_STRENGTH = 1e-6
# So much of the scatter within parcels is taken to be the same in all directions: with few pixels it is not well known.
SHRINKAGE = 0.1
# Training pixels of which the scatter is computed.
MOST_PIXELS = 50_000
# Pixels of a parcel scatter at least by this share of the spread of all, even where they are means of the parcel.
LEAST_SCATTER = 1 / 32
# Traits are stored in steps so small, which makes them the same on every machine.
STEPS_PER_UNIT = 16


@dataclass(frozen=True, eq=False)
class Likeness:
    """Turns bands into a few traits, to be compared between neighbours.

    Parameters
    ----------
    centres : ndarray of float64, shape (bands,)
        Mean of each band; what a missing one is taken to be.
    axes : ndarray of float64, shape (axes, bands)
        A trait is the product of an axis and a pixel's distance from the centres.
    """

    centres: np.ndarray
    axes: np.ndarray

    def traits(self, bands):
        """The traits of pixels.

        Parameters
        ----------
        bands : ndarray of float32, shape (pixels, bands)
            NaN where missing.

        Returns
        -------
        ndarray of int16, shape (axes, pixels)
            In steps of 1 / ``STEPS_PER_UNIT``; within a parcel a trait varies by about one unit.
        """
        distances = bands - self.centres
        distances[np.isnan(distances)] = 0.0
        steps = np.rint(self.axes @ distances.T * STEPS_PER_UNIT)
        return np.clip(steps, -32767, 32767).astype(np.int16)


def learn_likeness(bands, groups):
    """What tells parcels apart, learned from their pixels.

    Parameters
    ----------
    bands : ndarray of float32, shape (pixels, bands)
        Of training pixels, NaN where missing.
    groups : ndarray of int, shape (pixels,)
        Parcel of each; pixels of a group are taken to be alike.

    Returns
    -------
    Likeness
    """
    chosen = slice(None, None, -(-len(bands) // MOST_PIXELS))
    bands, (_, groups, sizes) = bands[chosen].astype(np.float64), np.unique(
        groups[chosen], return_inverse=True, return_counts=True)
    is_known = np.isfinite(bands)
    centres = np.where(is_known, bands, 0.0).sum(axis=0) / np.maximum(1, is_known.sum(axis=0))
    values = np.where(is_known, bands - centres, 0.0)
    spread = values.std(axis=0)
    spread[spread == 0] = 1.0
    values /= spread
    means = np.stack([np.bincount(groups, column) / sizes for column in values.T], axis=1)
    whitening = _whitening(values - means[groups])
    whitened = means @ whitening
    _, strengths, directions = np.linalg.svd(whitened - whitened.mean(axis=0), full_matrices=False)
    telling = max(1, np.count_nonzero(strengths[:MOST_AXES] > LEAST_STRENGTH * strengths[0]))
    return Likeness(centres, directions[:telling] @ whitening.T / spread)


def _whitening(residuals):
    """A matrix that gives residuals unit scatter in all directions; shape (bands, bands)."""
    scatter = residuals.T @ residuals / max(1, len(residuals) - 1)
    mean_variance = scatter.trace() / len(scatter)
    scatter = (1 - SHRINKAGE) * scatter + SHRINKAGE * mean_variance * np.eye(len(scatter))
    variances, directions = np.linalg.eigh(scatter)
    return directions / np.sqrt(np.maximum(variances, LEAST_SCATTER ** 2))
