"""Texture features of all windows in a part of an image, from grey levels."""

from dataclasses import dataclass

import numpy as np

from ..texture import numba_windows, numpy_windows
from .haralick_features import REQUIREMENTS, Features, feature_values
from .pixel_pairs import count_table, histogram, pack_sums, pair_plane
from .texture_settings import texture_sets

# Number of windows whose features are computed at once, so that intermediate arrays fit in the processor cache.
WINDOWS_AT_ONCE = 12000


@dataclass(frozen=True, eq=False)
class WindowExtents:
    """Extent of each window inside the image.

    Parameters
    ----------
    heights, widths : ndarray of int64, shape (rows,) and (columns,)
        Number of rows (columns) of the window inside the image, for each row (column) of the output.
    """

    heights: np.ndarray
    widths: np.ndarray

    @property
    def shape(self):
        """tuple of int: (rows, columns) of the output."""
        return len(self.heights), len(self.widths)

    def possible_pairs(self, offset):
        """Return the number of pairs of each window if all its pixels inside the image were valid.

        Returns
        -------
        ndarray of int64, shape (rows, columns)
        """
        rows, columns = (np.maximum(0, inside - abs(step))
                         for inside, step in zip((self.heights, self.widths), offset))
        return rows[:, None] * columns

    def is_whole(self, window):
        """Return whether each window lies completely inside the image.

        Returns
        -------
        ndarray of bool, shape (rows, columns)
        """
        return (self.heights == window)[:, None] & (self.widths == window)


def window_textures(grey, extents, settings, check=None, engine=None):
    """Compute the features of every window.

    Parameters
    ----------
    grey : ndarray of uint8, shape ((rows - 1) * step + window, (columns - 1) * step + window)
        Grey levels; ``settings.levels`` where invalid or outside the image.
    extents : WindowExtents
    settings : TextureSettings
    check : callable, optional
        Called repeatedly; may raise to cancel.
    engine : module, optional
        :mod:`.numpy_windows` or :mod:`.numba_windows`, which have the same results.

    Returns
    -------
    ndarray of float32, shape (sets * features, rows, columns)
        In the order of :func:`~.texture_settings.texture_sets`, then of ``settings.features``; NaN where too few pairs
        are valid.
    """
    engine = engine or fastest_engine()
    result = []
    for texture_set in texture_sets(settings):
        mean = _FeatureMeans(extents, settings, len(texture_set.matrices))
        for offsets in texture_set.matrices:
            if check:
                check()
            mean.add(_MatrixSums(grey, offsets, extents, settings, engine))
        result.append(mean.values())
    return result[0] if len(result) == 1 else np.concatenate(result)


def fastest_engine():
    """Return the numba engine if numba is installed, else the numpy engine."""
    return numba_windows if numba_windows.is_available() else numpy_windows


class _MatrixSums:
    """Sums and histogram totals of all windows for one co-occurrence matrix."""

    def __init__(self, grey, offsets, extents, settings, engine):
        self.offsets = offsets
        planes = [pair_plane(grey, offset, settings.levels, settings.window) for offset in offsets]
        max_count = sum(plane.height * plane.width for plane in planes)
        requirements = [REQUIREMENTS[name] for name in settings.features]
        self._packed_sums = []
        names = frozenset({"pairs"}.union(*(requirement.sums for requirement in requirements)))
        for packed in pack_sums(names, max_count, settings.levels):
            totals = np.zeros(extents.shape, np.uint64)
            for plane in planes:
                engine.add_box_sums(plane, packed.table, settings.step, totals)
            self._packed_sums.append((packed, totals))
        self._histograms, self._largest = {}, None
        for kind in sorted({kind for requirement in requirements for kind in requirement.histograms}):
            with_largest = kind == "joint" and any(requirement.largest for requirement in requirements)
            counted = histogram(kind, settings.levels)
            table = count_table(max_count * len(counted.codes), kind == "joint")
            totals, largest = engine.histogram_totals(planes, counted, table, extents.shape, settings.step,
                                                      with_largest)
            self._histograms[kind] = table, totals
            self._largest = largest if with_largest else self._largest

    def features(self, rows):
        """Return the features of rows of windows.

        Returns
        -------
        Features
        """
        sums = {}
        for packed, totals in self._packed_sums:
            sums.update(packed.unpack(totals[rows]))
        return Features(sums, {kind: (table, totals[rows]) for kind, (table, totals) in self._histograms.items()},
                        None if self._largest is None else self._largest[rows])


class _FeatureMeans:
    """Mean of each feature over the matrices with enough valid pairs."""

    def __init__(self, extents, settings, matrices):
        self._extents, self._settings = extents, settings
        # Double precision is only required to average over several matrices.
        self._totals = np.empty((len(settings.features), *extents.shape), np.float32 if matrices == 1 else np.float64)
        self._counts = np.zeros(extents.shape, np.uint16)
        self._is_first = True

    def add(self, matrix):
        rows_at_once = max(1, WINDOWS_AT_ONCE // self._counts.shape[1])
        with np.errstate(divide="ignore", invalid="ignore"):
            for first in range(0, len(self._counts), rows_at_once):
                self._add(matrix, slice(first, first + rows_at_once))
        self._is_first = False

    def _add(self, matrix, rows):
        features = matrix.features(rows)
        extents = WindowExtents(self._extents.heights[rows], self._extents.widths)
        possible = sum(extents.possible_pairs(offset) for offset in matrix.offsets)
        has_data = (features.pairs > 0) & (features.pairs >= self._settings.min_valid_fraction * possible)
        if self._settings.edges == "nodata":
            has_data &= extents.is_whole(self._settings.window)
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
        """Return the means (features, rows, columns); NaN where no matrix has enough valid pairs."""
        result = self._totals
        if self._counts.max() > 1:
            result /= np.maximum(self._counts, 1)
        result = result.astype(np.float32, copy=False)
        if not self._counts.all():
            result[:, self._counts == 0] = np.nan
        return result
