"""Parcels rasterised on a grid, window by window.

A pixel belongs to the parcel that contains its centre. Pixels where parcels of different classes overlap are ambiguous
and belong to none of them (``DISPUTED``).
"""

import numpy as np

from ..progress import Progress
from ..raster.geometries import is_valid_geometry, rasterise
from ..raster.grid import Window
from .parcel import bounds_of

NO_PARCEL = 0
DISPUTED = -1

# Edge of the blocks used for counting: a parcel may be as large as the image.
STRIP = 512


class ParcelRaster:
    """Parcels rasterised on a grid.

    Parameters
    ----------
    grid : Grid
    *sources : sequences of Parcel
        Earlier sources have priority; within a source, the first of overlapping parcels of one class.
    progress : Progress, optional
        Checked for cancellation.

    Attributes
    ----------
    parcels : tuple of Parcel
        All parcels in the given order; parcel number ``n`` of the raster is ``parcels[n - 1]``.
    """

    def __init__(self, grid, *sources, progress=None):
        self.grid = grid
        self.parcels = tuple(parcel for source in sources for parcel in source)
        codes = {code: number for number, code in enumerate(dict.fromkeys(p.code for p in self.parcels), start=1)}
        # Index 0 is NO_PARCEL, and -1, the last, is DISPUTED.
        self._class_of = np.array([0, *(codes[parcel.code] for parcel in self.parcels), 0], np.int32)
        self._windows = _parcel_windows(self.parcels, grid, progress or Progress())
        self._edges = np.array([(w.row, w.col, w.row + w.height, w.col + w.width) for w in self._windows],
                               np.int64).reshape(-1, 4)
        self._source_ends = np.cumsum([len(source) for source in sources])

    @property
    def outside(self):
        """ndarray of bool: which parcels are outside the grid."""
        return np.array([window.is_empty for window in self._windows], bool)

    def touches(self, window, group=None):
        """Whether the bounds of any parcel (of the indices `group`) intersect the window."""
        near = self.near(window)
        return len(near) > 0 if group is None else bool(np.isin(near, group).any())

    def corners(self):
        """Row and column of the upper-left pixel of each parcel: two ndarrays of int64."""
        return self._edges[:, 0], self._edges[:, 1]

    def read(self, window):
        """The parcel number of each pixel.

        Parameters
        ----------
        window : Window
            Inside the grid.

        Returns
        -------
        ndarray of int32, shape (height, width)
            Number of the parcel counted from 1, ``NO_PARCEL`` or ``DISPUTED``.
        """
        numbers = np.full(window.shape, NO_PARCEL, np.int32)
        near = self.near(window)
        for group in np.split(near, np.searchsorted(near, self._source_ends[:-1])):
            free = numbers == NO_PARCEL
            numbers[free] = self._rasterise_group(group, window)[free]
        return numbers

    def _rasterise_group(self, indices, window):
        """Parcel numbers as of :meth:`read`, from the given parcels only."""
        lowest, highest = self.rasterise_lowest_and_highest(indices, window)
        return np.where(self._class_of[lowest] == self._class_of[highest], lowest, DISPUTED)

    def rasterise_lowest_and_highest(self, indices, window):
        """Rasterise parcels in ascending and in descending order of class.

        Parameters
        ----------
        indices : ndarray of int64
            Indices of the parcels, ascending.
        window : Window

        Returns
        -------
        lowest, highest : ndarray of int32, shape (height, width)
            Number of the first parcel of the lowest and of the highest class at each pixel, or ``NO_PARCEL``. They are
            the same unless parcels of different classes overlap.
        """
        classes = self._class_of[indices + 1]
        # Parcels rasterised later overwrite earlier ones.
        highest = self.rasterise_in_order(indices[np.lexsort((-indices, classes))], window)
        if len(np.unique(classes)) < 2:
            return highest, highest
        return self.rasterise_in_order(indices[np.lexsort((-indices, -classes))], window), highest

    def pixel_counts(self, progress):
        """Number of pixels of each parcel, including pixels of overlaps.

        Parameters
        ----------
        progress : Progress
            Reports the fraction of the grid that is done.

        Returns
        -------
        ndarray of int64, shape (parcels,)
        """
        counts = np.zeros(len(self.parcels), np.int64)
        blocks = list(self.grid.blocks(STRIP, STRIP))
        for number, window in enumerate(blocks):
            progress.step(number / len(blocks))
            near = self.near(window)
            if len(near):
                self._count_in(window, near, counts, progress)
        return counts

    def _count_in(self, window, near, counts, progress):
        """Add the pixels of a window to the counts of the parcels near it."""
        last, first = self.rasterise_in_order(near, window), self.rasterise_in_order(near[::-1], window)
        is_shared = first != last
        pixels = np.bincount(first[~is_shared], minlength=len(counts) + 1)
        if is_shared.any():
            # Where two parcels overlap, these are the first and the last; larger overlaps are rasterised by parcel.
            is_crowded = self._rasterise_counts(near, window) > 2
            pairs = is_shared & ~is_crowded
            pixels += np.bincount(first[pairs], minlength=len(pixels)) + np.bincount(last[pairs], minlength=len(pixels))
            is_crowded &= is_shared
            for index in near.tolist() if is_crowded.any() else ():
                progress.check()
                part = self._windows[index].intersection(window)
                crowded = is_crowded[part.relative_to(window).slices]
                if crowded.any():
                    counts[index] += np.count_nonzero(self.rasterise_parcel(index, part) & crowded)
        counts += pixels[1:]

    def window(self, index):
        """The window of the grid that contains a parcel (index)."""
        return self._windows[index]

    def owned_counts(self, first, progress):
        """Number of pixels of each parcel in :meth:`read`, without pixels of other parcels and disputed ones.

        Parameters
        ----------
        first : int
            Index of the first parcel of interest; only windows near it or later ones are read.
        progress : Progress

        Returns
        -------
        ndarray of int64, shape (parcels - first,)
        """
        counts = np.zeros(len(self.parcels) + 1, np.int64)
        for window in self.grid.blocks(STRIP, STRIP):
            progress.check()
            if (self.near(window) >= first).any():
                numbers = self.read(window)
                counts += np.bincount(numbers[numbers > NO_PARCEL], minlength=len(counts))
        return counts[first + 1:]

    def near(self, window):
        """Indices of the parcels whose bounds intersect a window: ndarray of int64."""
        top, left, bottom, right = self._edges.T
        return np.flatnonzero((top < window.row + window.height) & (bottom > window.row) & (bottom > top)
                              & (left < window.col + window.width) & (right > window.col) & (right > left))

    def _rasterise_counts(self, indices, window):
        """Number of parcels at each pixel (overlapping parts of one parcel count twice)."""
        return self._rasterise([(self.parcels[index].geometry, 1) for index in indices.tolist()], window, is_sum=True)

    def rasterise_in_order(self, indices, window):
        """Parcel numbers of the given indices, rasterised in this order; later parcels overwrite earlier ones."""
        return self._rasterise([(self.parcels[index].geometry, index + 1) for index in indices.tolist()], window)

    def _rasterise(self, shapes, window, is_sum=False):
        return rasterise(shapes, self.grid.part(window), fill=NO_PARCEL, dtype="int32", is_sum=is_sum)

    def rasterise_parcel(self, index, window):
        """Mask of the pixels of a window with their centre in a parcel (index), including pixels of overlaps."""
        return rasterise([self.parcels[index].geometry], self.grid.part(window)).astype(bool)


def _parcel_windows(parcels, grid, progress):
    windows = []
    for parcel in parcels:
        progress.check()
        windows.append(_parcel_window(parcel.geometry, grid))
    return windows


def _parcel_window(geometry, grid):
    bounds = bounds_of(geometry)
    if bounds is None or not is_valid_geometry(geometry):
        return Window(0, 0, 0, 0)
    return grid.window_of(bounds).intersection(grid.window)
