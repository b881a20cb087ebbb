"""What the trees say of the pixels of a block: the first half of mapping, which looks at each pixel alone."""

from dataclasses import dataclass

import numpy as np

from ..raster.neighbours import dilate
from .features import ALL
from .gaps import fill_gaps
from .smooth import HALO
from .walk import Walker

# One pixel in so many is compared with the range in which the forest was trained.
STRIDE = 61


@dataclass(frozen=True, eq=False)
class Votes:
    """Of a block.

    Parameters
    ----------
    valid : ndarray of bool, shape (pixels,)
        Pixels that were voted on.
    winners : ndarray of intp, shape (valid pixels,)
        Place of the class with most votes.
    shares : ndarray of float64, shape (valid pixels, classes), or None
        Class probabilities; None where only the winners are wanted, which are found sooner.
    traits : ndarray of int16, shape (axes, valid pixels), or None
        What pixels are compared by where they are smoothed, see :mod:`.likeness`.
    filled : int
        Pixels that lacked some features.
    strange : ndarray of int64, shape (features,)
        Of `looked_at` pixels so many lie far outside the range in which the forest was trained.
    looked_at : int
    """

    valid: np.ndarray
    winners: np.ndarray
    shares: np.ndarray
    traits: np.ndarray
    filled: int
    strange: np.ndarray
    looked_at: int


class Voter:
    """Reads blocks and lets the trees vote; used by several threads at once.

    Parameters
    ----------
    stack : FeatureStack
    forest : Forest
    ground : GroundTruth or None
        Where no map is made, only its validation parcels are of interest.
    is_map : bool
    needs_shares : bool
    smooths : bool
        Whether the votes are to be smoothed afterwards.
    """

    def __init__(self, stack, forest, ground, is_map, needs_shares, smooths):
        self._stack, self._forest, self._ground = stack, forest, ground
        self._is_map, self._needs_shares, self._smooths = is_map, needs_shares, smooths
        self._halo = HALO if smooths else 0
        self.class_count, self.feature_count = forest.trees.class_count, len(forest.feature_names)
        self.axis_count = len(forest.likeness.axes) if smooths else 0
        self._walker = Walker(forest.trees, stack.grid.height * stack.grid.width if is_map else 0)

    def wants(self, window):
        """Whether the pixels of a window, or what they may mean to their neighbours, are of interest."""
        return self._is_map or (bool(self._ground) and self._ground.parcel_map.touches(self._around(window)))

    def vote(self, window, check):
        """The votes on a block.

        Parameters
        ----------
        window : Window
        check : callable
            Raises to end the work.

        Returns
        -------
        Votes
        """
        wanted = ALL if self._is_map else np.flatnonzero(self._judged(window))
        features, has_data = self._stack.read(window, wanted)
        valid = np.zeros(window.height * window.width, bool)
        valid[wanted] = has_data
        features = features if has_data.all() else features[has_data]
        traits = self._forest.likeness.traits(features[:, :len(self._forest.bands)]) if self._smooths else None
        filled = fill_gaps(features, self._forest.stand_ins)
        if self._needs_shares:
            shares = self._walker.votes(features, check) / self._forest.trees.count
            winners = shares.argmax(axis=1)
        else:
            shares, winners = None, self._walker.classes(features, check)
        looked_at = features[::STRIDE]
        return Votes(valid, winners, shares, traits, filled, self._strange(looked_at), len(looked_at))

    def _judged(self, window):
        """Pixels of validation parcels, and those that smoothing mixes into them."""
        around = self._around(window)
        judged = self._ground.is_validation[self._ground.labels(around)[0]].reshape(around.shape)
        return dilate(judged, self._halo)[window.relative_to(around).slices].ravel()

    def _around(self, window):
        return window.padded(self._halo).intersection(self._stack.grid.window)

    def _strange(self, features):
        """How many pixels lie far outside the range of the training pixels, by feature."""
        if not self._forest.lows:
            return np.zeros(features.shape[1], np.int64)
        lows, highs = np.array(self._forest.lows), np.array(self._forest.highs)
        margin = highs - lows
        # Values in a unit 10000 times as large are all but 0, which may be nearer to the range than it is wide.
        floor = np.where(lows > 0, np.maximum(lows - margin, lows / 100), lows - margin)
        return np.count_nonzero((features < floor) | (features > highs + margin), axis=0)
