"""All products of one day, as if they were one image.

Where several of them show a pixel clearly, the first wins: the newest processing baseline, then a product that needs no
reprojection, then the latest processing.
"""

import numpy as np

from .bands import BANDS
from .mosaic import window_on


class Acquisition:
    """The scenes of one day on one grid.

    Parameters
    ----------
    date : datetime.date
    scenes : sequence of Scene
        The preferred ones first.
    grid : Grid
        Of the result.
    """

    def __init__(self, date, scenes, grid):
        self.date, self.scenes, self.grid = date, tuple(scenes), grid
        self._extents = [window_on(grid, scene.grid).padded(1) for scene in self.scenes]

    def clear(self, window):
        """Which pixels each scene shows unclouded.

        Parameters
        ----------
        window : Window

        Returns
        -------
        list of ndarray of bool, shape (height, width), or None where a scene does not reach
        """
        return [scene.clear(self.grid, window) if self._reaches(index, window) else None
                for index, scene in enumerate(self.scenes)]

    def read(self, band, window, clear):
        """A band, each pixel from the first scene that shows it unclouded.

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
                values, valid, _ = self._add(scene, band, window, clear[index], values, valid)
        return values, valid

    def observe(self, band, window, clear):
        """A band as :meth:`read` gives it, and what each scene shows of the window.

        Returns
        -------
        values, valid : ndarray
        covered, clear : list of int
            Pixels of each scene with data, and those that are unclouded too.
        """
        values, valid = np.zeros(window.shape, np.float32), np.zeros(window.shape, bool)
        covered, seen = [0] * len(self.scenes), [0] * len(self.scenes)
        for index, scene in enumerate(self.scenes):
            if clear[index] is not None:
                values, valid, data = self._add(scene, band, window, clear[index], values, valid)
                covered[index], seen[index] = int(data.sum()), int((data & clear[index]).sum())
        return values, valid, covered, seen

    def _add(self, scene, band, window, clear, values, valid):
        more, data = scene.read(band, self.grid, window)
        usable = data & clear if band in BANDS else data
        if not valid.any():
            return more, usable, data
        return np.where(valid, values, more), valid | usable, data

    def _reaches(self, index, window):
        return not self._extents[index].intersection(window).is_empty
