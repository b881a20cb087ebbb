"""Prediction of the pixels of a block, each independently of its neighbours."""

from dataclasses import dataclass

import numpy as np

from ..raster.neighbours import dilate
from .features import ALL
from .gaps import impute
from .smooth import HALO
from .walk import Walker

# Every n-th pixel is compared with the range of the training pixels.
STRIDE = 61


@dataclass(frozen=True, eq=False)
class Votes:
    """Prediction of a block.

    Parameters
    ----------
    valid : ndarray of bool, shape (pixels,)
        Pixels that were predicted.
    winners : ndarray of intp, shape (valid pixels,)
        Index of the class with most votes.
    probabilities : ndarray of float64, shape (valid pixels, classes), or None
        Class probabilities; None if only the winners are needed, which are faster to compute.
    components : ndarray of int16, shape (components, valid pixels), or None
        For the comparison of pixels in smoothing, see :mod:`.likeness`.
    imputed : int
        Pixels with missing features.
    out_of_range : ndarray of int64, shape (features,)
        Number of the `checked` pixels far outside the range of the training pixels.
    checked : int
    """

    valid: np.ndarray
    winners: np.ndarray
    probabilities: np.ndarray
    components: np.ndarray
    imputed: int
    out_of_range: np.ndarray
    checked: int


class Voter:
    """Reads and predicts blocks; thread-safe.

    Parameters
    ----------
    stack : FeatureStack
    forest : Forest
    reference : GroundTruth or None
        Without a map only its validation parcels are predicted.
    is_map : bool
    needs_probabilities : bool
    smooths : bool
        Whether the probabilities are smoothed afterwards.
    """

    def __init__(self, stack, forest, reference, is_map, needs_probabilities, smooths):
        self._stack, self._forest, self._reference = stack, forest, reference
        self._is_map, self._needs_probabilities, self._smooths = is_map, needs_probabilities, smooths
        self._halo = HALO if smooths else 0
        self.class_count, self.feature_count = forest.trees.class_count, len(forest.feature_names)
        self.component_count = len(forest.similarity.coefficients) if smooths else 0
        self._traversal = Walker(forest.trees, stack.grid.height * stack.grid.width if is_map else 0)

    def needs(self, window):
        """Whether a window, with the halo of the smoothing, contains pixels to predict."""
        return self._is_map or (bool(self._reference) and self._reference.parcel_map.touches(self._padded(window)))

    def predict(self, window, check):
        """The prediction of a block.

        Parameters
        ----------
        window : Window
        check : callable
            Raises an exception to cancel.

        Returns
        -------
        Votes
        """
        selected = ALL if self._is_map else np.flatnonzero(self._near_validation(window))
        features, has_data = self._stack.read(window, selected)
        valid = np.zeros(window.height * window.width, bool)
        valid[selected] = has_data
        features = features if has_data.all() else features[has_data]
        components = (self._forest.similarity.components(features[:, :len(self._forest.bands)])
                      if self._smooths else None)
        imputed = impute(features, self._forest.imputation_values)
        if self._needs_probabilities:
            probabilities = self._traversal.votes(features, check) / self._forest.trees.count
            winners = probabilities.argmax(axis=1)
        else:
            probabilities, winners = None, self._traversal.classes(features, check)
        checked = features[::STRIDE]
        return Votes(valid, winners, probabilities, components, imputed, self._out_of_range(checked), len(checked))

    def _near_validation(self, window):
        """Pixels of validation parcels, and the neighbours used to smooth them."""
        padded = self._padded(window)
        is_validation = self._reference.is_validation[self._reference.labels(padded)[0]].reshape(padded.shape)
        return dilate(is_validation, self._halo)[window.relative_to(padded).slices].ravel()

    def _padded(self, window):
        return window.padded(self._halo).intersection(self._stack.grid.window)

    def _out_of_range(self, features):
        """Number of pixels far outside the range of the training pixels, by feature."""
        if not self._forest.lows:
            return np.zeros(features.shape[1], np.int64)
        lows, highs = np.array(self._forest.lows), np.array(self._forest.highs)
        margin = highs - lows
        # Values in a unit 10000 times larger are nearly 0, which may be within the margin below the range.
        floor = np.where(lows > 0, np.maximum(lows - margin, lows / 100), lows - margin)
        return np.count_nonzero((features < floor) | (features > highs + margin), axis=0)
