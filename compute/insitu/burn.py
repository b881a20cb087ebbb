"""Which parcel a pixel belongs to: parcels drawn on a grid, window by window.

A pixel belongs to the parcel that holds its centre. Where parcels of different classes claim one pixel, nobody knows
what grows there, and the pixel is given to none of them.
"""

import warnings

import numpy as np

from ..progress import Progress
from ..raster.grid import Window
from .parcels import bounds_of

NOBODY = 0
DISPUTED = -1
# Rows and columns drawn at once while counting: a parcel may be as large as the image.
STRIP = 512


class ParcelMap:
    """Parcels on a grid.

    Parameters
    ----------
    grid : Grid
    *sources : sequences of Parcel
        The first source that reaches a pixel owns it; within a source, the first parcel of the same class.
    progress : Progress, optional
        Asked whether the user wants to stop.

    Attributes
    ----------
    parcels : tuple of Parcel
        All of them, in the order given; parcel number ``n`` on the map is ``parcels[n - 1]``.
    """

    def __init__(self, grid, *sources, progress=None):
        _silence_rasterio()
        self.grid = grid
        self.parcels = tuple(parcel for source in sources for parcel in source)
        codes = {code: number for number, code in enumerate(dict.fromkeys(p.code for p in self.parcels), start=1)}
        # Index 0 is NOBODY, and -1, the last, is DISPUTED.
        self._class_of = np.array([0, *(codes[parcel.code] for parcel in self.parcels), 0], np.int32)
        self._windows = _windows_of(self.parcels, grid, progress or Progress())
        self._edges = np.array([(w.row, w.col, w.row + w.height, w.col + w.width) for w in self._windows],
                               np.int64).reshape(-1, 4)
        self._source_ends = np.cumsum([len(source) for source in sources])

    @property
    def outside(self):
        """ndarray of bool: which parcels have no part on the grid."""
        return np.array([window.is_empty for window in self._windows], bool)

    def touches(self, window, some=None):
        """Whether any parcel (of `some`, places counted from 0) may reach into the window."""
        near = self.near(window)
        return len(near) > 0 if some is None else bool(np.isin(near, some).any())

    def corners(self):
        """Row and column of the upper-left pixel of each parcel: two ndarrays of int64."""
        return self._edges[:, 0], self._edges[:, 1]

    def read(self, window):
        """The parcel of each pixel.

        Parameters
        ----------
        window : Window
            Inside the grid.

        Returns
        -------
        ndarray of int32, shape (height, width)
            Number of the parcel counted from 1, ``NOBODY`` or ``DISPUTED``.
        """
        numbers = np.full(window.shape, NOBODY, np.int32)
        near = self.near(window)
        for some in np.split(near, np.searchsorted(near, self._source_ends[:-1])):
            free = numbers == NOBODY
            numbers[free] = self._owners(some, window)[free]
        return numbers

    def _owners(self, places, window):
        """What :meth:`read` says where these parcels are all there is."""
        lowest, highest = self.draw_from_both_ends(places, window)
        return np.where(self._class_of[lowest] == self._class_of[highest], lowest, DISPUTED)

    def draw_from_both_ends(self, places, window):
        """Parcels drawn at once, over one another.

        Parameters
        ----------
        places : ndarray of int64
            Counted from 0, ascending.
        window : Window

        Returns
        -------
        lowest, highest : ndarray of int32, shape (height, width)
            Of the parcels that hold a pixel the number of the first of the lowest and of the highest class, or
            ``NOBODY``. They are the same unless parcels of different classes hold the pixel.
        """
        classes = self._class_of[places + 1]
        # What is drawn last stays.
        highest = self.draw_over(places[np.lexsort((-places, classes))], window)
        if len(np.unique(classes)) < 2:
            return highest, highest
        return self.draw_over(places[np.lexsort((-places, -classes))], window), highest

    def pixel_counts(self, progress):
        """Pixels whose centre lies in each parcel, whoever else claims them.

        Parameters
        ----------
        progress : Progress
            Shown the share of the grid that was looked at.

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
        last, first = self.draw_over(near, window), self.draw_over(near[::-1], window)
        is_shared = first != last
        found = np.bincount(first[~is_shared], minlength=len(counts) + 1)
        if is_shared.any():
            # Where two parcels lie on one another, these are the first and the last; more are looked at one by one.
            is_crowded = self._draw_sum(near, window) > 2
            pairs = is_shared & ~is_crowded
            found += np.bincount(first[pairs], minlength=len(found)) + np.bincount(last[pairs], minlength=len(found))
            is_crowded &= is_shared
            for place in near.tolist() if is_crowded.any() else ():
                progress.check()
                part = self._windows[place].intersection(window)
                crowd = is_crowded[part.relative_to(window).slices]
                if crowd.any():
                    counts[place] += np.count_nonzero(self.draw(place, part) & crowd)
        counts += found[1:]

    def window(self, place):
        """The part of the grid that holds a parcel (place counted from 0)."""
        return self._windows[place]

    def owned_counts(self, first, progress):
        """Pixels that are each parcel's alone: those that others own or dispute are left out.

        Parameters
        ----------
        first : int
            Place of the first parcel of interest; only windows that it or later ones reach are read.
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
                counts += np.bincount(numbers[numbers > NOBODY], minlength=len(counts))
        return counts[first + 1:]

    def near(self, window):
        """Places, counted from 0, of the parcels that may reach into a window: ndarray of int64."""
        top, left, bottom, right = self._edges.T
        return np.flatnonzero((top < window.row + window.height) & (bottom > window.row) & (bottom > top)
                              & (left < window.col + window.width) & (right > window.col) & (right > left))

    def _draw_sum(self, places, window):
        """How many of the parcels hold each pixel (a part of a parcel that lies on another counts again)."""
        from rasterio.enums import MergeAlg

        return self._rasterize([(self.parcels[place].geometry, 1) for place in places.tolist()], window,
                               merge_alg=MergeAlg.add)

    def draw_over(self, places, window):
        """Numbers of parcels (places counted from 0), each drawn over those before it."""
        return self._rasterize([(self.parcels[place].geometry, place + 1) for place in places.tolist()], window)

    def _rasterize(self, shapes, window, **options):
        from rasterio import Affine
        from rasterio.features import rasterize

        if not shapes:
            return np.full(window.shape, NOBODY, np.int32)
        return rasterize(shapes, out_shape=window.shape, transform=Affine(*self.grid.part(window).transform),
                         fill=NOBODY, dtype="int32", **options)

    def draw(self, place, window):
        """Which pixels of a window have their centre in a parcel (place counted from 0), whoever else claims them."""
        from rasterio import Affine
        from rasterio.features import rasterize

        transform = Affine(*self.grid.part(window).transform)
        return rasterize([self.parcels[place].geometry], out_shape=window.shape, transform=transform,
                         dtype="uint8").astype(bool)


def _silence_rasterio():
    """Rasterio warns of a missing transform before it sets the one it was given. Filters cannot be put aside and
    restored while other threads draw, so this one stays; it concerns that module only.
    """
    from rasterio.errors import NotGeoreferencedWarning

    warnings.filterwarnings("ignore", category=NotGeoreferencedWarning, module=r"rasterio\.features")


def _windows_of(parcels, grid, progress):
    windows = []
    for parcel in parcels:
        progress.check()
        windows.append(_window_of(parcel.geometry, grid))
    return windows


def _window_of(geometry, grid):
    from rasterio.features import is_valid_geom

    bounds = bounds_of(geometry)
    if bounds is None or not is_valid_geom(geometry):
        return Window(0, 0, 0, 0)
    return grid.window_of(bounds).intersection(grid.window)
