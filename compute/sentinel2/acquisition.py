"""Mosaic of all products of one acquisition date.

Where products overlap, a pixel is taken from the first one with a clear observation. The order is: newest processing
baseline, then products that need no reprojection, then the latest processing.
"""

import numpy as np

from .bands import BANDS
from .mosaic import covering_window


class Acquisition:
    """The scenes of one acquisition date, mosaicked on one grid.

    Parameters
    ----------
    date : datetime.date
    scenes : sequence of Scene
        In order of preference.
    grid : Grid
        Output grid.
    """

    def __init__(self, date, scenes, grid):
        self.date, self.scenes, self.grid = date, tuple(scenes), grid
        self._extents = [covering_window(grid, scene.grid).padded(1) for scene in self.scenes]

    def clear(self, window):
        """Clear-pixel mask of each scene.

        Parameters
        ----------
        window : Window

        Returns
        -------
        list of ndarray of bool, shape (height, width)
            None for scenes that do not intersect the window.
        """
        return [scene.clear(self.grid, window) if self._intersects(index, window) else None
                for index, scene in enumerate(self.scenes)]

    def read(self, band, window, clear):
        """Read a band, each pixel from the first scene with a clear observation.

        Parameters
        ----------
        band : str
        window : Window
        clear : list
            From :meth:`clear`.

        Returns
        -------
        values : ndarray of float32, shape (height, width)
        valid : ndarray of bool, same shape
        """
        values, valid = np.zeros(window.shape, np.float32), np.zeros(window.shape, bool)
        for index, scene in enumerate(self.scenes):
            if clear[index] is not None and not valid.all():
                values, valid, _ = self._merge(scene, band, window, clear[index], values, valid)
        return values, valid

    def read_and_count(self, band, window, clear):
        """Read a band as :meth:`read` does, and count the valid and clear pixels of each scene.

        Returns
        -------
        values, valid : ndarray
        covered, clear : list of int
            Number of pixels of each scene with data, and of those also clear.
        """
        values, valid = np.zeros(window.shape, np.float32), np.zeros(window.shape, bool)
        covered, clear_counts = [0] * len(self.scenes), [0] * len(self.scenes)
        for index, scene in enumerate(self.scenes):
            if clear[index] is not None:
                values, valid, data = self._merge(scene, band, window, clear[index], values, valid)
                covered[index], clear_counts[index] = int(data.sum()), int((data & clear[index]).sum())
        return values, valid, covered, clear_counts

    def _merge(self, scene, band, window, clear, values, valid):
        scene_values, data = scene.read(band, self.grid, window)
        usable = data & clear if band in BANDS else data
        if not valid.any():
            return scene_values, usable, data
        return np.where(valid, values, scene_values), valid | usable, data

    def _intersects(self, index, window):
        return not self._extents[index].intersection(window).is_empty
