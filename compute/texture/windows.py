"""Textures of a part of an image: from grey levels to one plane for each feature."""

from dataclasses import dataclass

import numpy as np

from . import compiled, plain
from .features import NEEDS, Features, feature_values
from .moments import words
from .pairs import histogram, pair_plane
from .settings import texture_sets
from .tables import count_table

# Features are worked out for so many windows at once, so that what is on the way stays near the processor.
WINDOWS_AT_ONCE = 12000


@dataclass(frozen=True, eq=False)
class Frame:
    """How much of each window lies in the image.

    Parameters
    ----------
    heights, widths : ndarray of int64, shape (rows,) and (columns,)
        Rows (columns) of the window that lie in the image, for each row (column) of the result.
    """

    heights: np.ndarray
    widths: np.ndarray

    @property
    def shape(self):
        """tuple of int: (rows, columns) of the result."""
        return len(self.heights), len(self.widths)

    def possible_pairs(self, offset):
        """Pairs that a window would have if all its pixels in the image had data.

        Returns
        -------
        ndarray of int64, shape (rows, columns)
        """
        rows, columns = (np.maximum(0, inside - abs(step))
                         for inside, step in zip((self.heights, self.widths), offset))
        return rows[:, None] * columns

    def is_whole(self, window):
        """Whether all of the window lies in the image.

        Returns
        -------
        ndarray of bool, shape (rows, columns)
        """
        return (self.heights == window)[:, None] & (self.widths == window)


def window_textures(grey, frame, settings, check=None, engine=None):
    """Features of every window.

    Parameters
    ----------
    grey : ndarray of uint8, shape ((rows - 1) * step + window, (columns - 1) * step + window)
        Grey levels; ``settings.levels`` where there is no data, and outside the image.
    frame : Frame
    settings : TextureSettings
    check : callable, optional
        Called now and then; raises to end the work.
    engine : module, optional
        :mod:`.plain` or :mod:`.compiled`; they differ in speed only.

    Returns
    -------
    ndarray of float32, shape (sets * features, rows, columns)
        In the order of :func:`~.settings.texture_sets`, within each of ``settings.features``; NaN where too few pairs
        have data.
    """
    engine = engine or fastest_engine()
    result = []
    for texture_set in texture_sets(settings):
        mean = _Mean(frame, settings, len(texture_set.matrices))
        for offsets in texture_set.matrices:
            if check:
                check()
            mean.add(_Matrix(grey, offsets, frame, settings, engine))
        result.append(mean.values())
    return result[0] if len(result) == 1 else np.concatenate(result)


def fastest_engine():
    """The compiled engine where numba is installed, else numpy alone."""
    return compiled if compiled.is_available() else plain


class _Matrix:
    """All that is counted in the windows for one co-occurrence matrix."""

    def __init__(self, grey, offsets, frame, settings, engine):
        self.offsets = offsets
        planes = [pair_plane(grey, offset, settings.levels, settings.window) for offset in offsets]
        most = sum(plane.height * plane.width for plane in planes)
        needs = [NEEDS[name] for name in settings.features]
        self._words = []
        for word in words(frozenset({"pairs"}.union(*(need.sums for need in needs))), most, settings.levels):
            totals = np.zeros(frame.shape, np.uint64)
            for plane in planes:
                engine.add_box_sums(plane, word.table, settings.step, totals)
            self._words.append((word, totals))
        self._histograms, self._largest = {}, None
        for kind in sorted({kind for need in needs for kind in need.histograms}):
            wants_largest = kind == "joint" and any(need.largest for need in needs)
            counted = histogram(kind, settings.levels)
            table = count_table(most * len(counted.codes), kind == "joint")
            totals, largest = engine.histogram_totals(planes, counted, table, frame.shape, settings.step, wants_largest)
            self._histograms[kind] = table, totals
            self._largest = largest if wants_largest else self._largest

    def features(self, rows):
        """The features of some rows of windows.

        Returns
        -------
        Features
        """
        sums = {}
        for word, totals in self._words:
            sums.update(word.unpack(totals[rows]))
        return Features(sums, {kind: (table, totals[rows]) for kind, (table, totals) in self._histograms.items()},
                        None if self._largest is None else self._largest[rows])


class _Mean:
    """The mean of each feature over those matrices of a window that have data."""

    def __init__(self, frame, settings, matrices):
        self._frame, self._settings = frame, settings
        # A single matrix needs no more digits than the result has.
        self._totals = np.empty((len(settings.features), *frame.shape), np.float32 if matrices == 1 else np.float64)
        self._counts = np.zeros(frame.shape, np.uint16)
        self._is_first = True

    def add(self, matrix):
        rows_at_once = max(1, WINDOWS_AT_ONCE // self._counts.shape[1])
        with np.errstate(divide="ignore", invalid="ignore"):
            for first in range(0, len(self._counts), rows_at_once):
                self._add(matrix, slice(first, first + rows_at_once))
        self._is_first = False

    def _add(self, matrix, rows):
        features = matrix.features(rows)
        frame = Frame(self._frame.heights[rows], self._frame.widths)
        possible = sum(frame.possible_pairs(offset) for offset in matrix.offsets)
        has_data = (features.pairs > 0) & (features.pairs >= self._settings.min_valid * possible)
        if self._settings.edges == "nodata":
            has_data &= frame.is_whole(self._settings.window)
        self._counts[rows] += has_data
        is_complete = has_data.all()
        for name, total in zip(self._settings.features, self._totals):
            values = feature_values(features, name, self._settings.normalisation)
            if not is_complete:
                values = np.where(has_data, values, 0.0)
            if self._is_first:
                total[rows] = values
            else:
                total[rows] += values

    def values(self):
        """The means (features, rows, columns); NaN where no matrix has data."""
        result = self._totals
        if self._counts.max() > 1:
            result /= np.maximum(self._counts, 1)
        result = result.astype(np.float32, copy=False)
        if not self._counts.all():
            result[:, self._counts == 0] = np.nan
        return result
