"""Smoothing of maps by row strips: every block is read and predicted only once.

A strip is as wide as the raster. It is smoothed as soon as the next one has been predicted; of the previous one only
the last rows are kept.
"""

from dataclasses import astuple

import numpy as np

from ..raster.grid import Window
from ..raster.writer import TILE
from .smooth import HALO, smooth_probabilities

# Maximum size of a strip; two are in memory.
STRIP_BYTES = 256 * 1024 ** 2
# Minimum height: at least HALO, so that the neighbours of a pixel lie in the adjacent strips.
MIN_STRIP_HEIGHT = 16


class Strip:
    """Class probabilities and components of the pixels of some rows.

    Parameters
    ----------
    window : Window
        Of whole rows.
    probabilities : ndarray of float32, shape (classes, rows, columns)
    components : ndarray of int16, shape (components, rows, columns)
    valid : ndarray of bool, shape (rows, columns)
    """

    def __init__(self, window, probabilities, components, valid):
        self.window, self.probabilities, self.components, self.valid = window, probabilities, components, valid

    @classmethod
    def empty(cls, blocks, classes, components):
        """The strip of some blocks, without data."""
        first, last = blocks[0], blocks[-1]
        window = Window(first.row, 0, last.row + last.height - first.row, last.col + last.width)
        return cls(window, np.zeros((classes, *window.shape), np.float32),
                   np.zeros((components, *window.shape), np.int16), np.zeros(window.shape, bool))

    def put(self, window, votes):
        """Store the votes of a block."""
        probabilities, components, valid = self._arrays(window)
        valid[:] = votes.valid.reshape(window.shape)
        probabilities[:, valid] = votes.probabilities.T
        components[:, valid] = votes.components

    def part(self, window):
        """The intersection of this strip with a window."""
        inside = window.intersection(self.window)
        return Strip(inside, *self._arrays(inside))

    def blocks(self):
        """list of Window: blocks of the height of the strip, at most as wide as a tile."""
        row, _, height, width = astuple(self.window)
        return [Window(row, col, height, min(TILE, width - col)) for col in range(0, width, TILE)]

    def bottom_rows(self):
        """A copy of the last rows, the halo of the next strip."""
        rows = min(HALO, self.window.height)
        part = self.part(Window(self.window.row + self.window.height - rows, 0, rows, self.window.width))
        return Strip(part.window, part.probabilities.copy(), part.components.copy(), part.valid.copy())

    def _arrays(self, window):
        rows, columns = window.relative_to(self.window).slices
        return self.probabilities[:, rows, columns], self.components[:, rows, columns], self.valid[rows, columns]


def strip_height(grid, classes, components):
    """Height of a strip that fits into ``STRIP_BYTES``: a tile, or a half, a quarter ... of it.

    Parameters
    ----------
    grid : Grid
    classes, components : int

    Returns
    -------
    int
    """
    height, bytes_per_row = TILE, grid.width * (4 * classes + 2 * components + 1)
    while height > MIN_STRIP_HEIGHT and height * bytes_per_row > STRIP_BYTES:
        height //= 2
    return height


def smooth_window(window, strips):
    """The smoothed probabilities of a window.

    Parameters
    ----------
    window : Window
    strips : sequence of Strip
        Consecutive strips that contain the window and its halo.

    Returns
    -------
    probabilities : ndarray of float32, shape (valid pixels, classes)
    valid : ndarray of bool, shape (pixels,)
    """
    parts = [strip.part(window.padded(HALO)) for strip in strips]
    probabilities, components = (np.concatenate([getattr(part, name) for part in parts], axis=1)
                                 for name in ("probabilities", "components"))
    valid = np.concatenate([part.valid for part in parts])
    inner = window.relative_to(parts[0].window).slices
    inner_valid = valid[inner]
    smoothed = smooth_probabilities(probabilities, components, valid)
    return smoothed[(slice(None), *inner)][:, inner_valid].T, inner_valid.ravel()
