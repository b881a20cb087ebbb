"""Maps whose pixels depend on their neighbours, made strip by strip: no block is read or classified twice.

A strip is as wide as the raster. It is smoothed as soon as the next one has been classified; of the one before only the
last rows are still needed.
"""

from dataclasses import astuple

import numpy as np

from ..raster.grid import Window
from ..raster.writer import TILE
from .smooth import HALO, smoothed

# Bytes of a strip; two are in memory.
STRIP_BYTES = 256 * 1024 ** 2
# No lower, so that no pixel looks farther than into the next strip.
LOWEST_STRIP = 16


class Strip:
    """What the trees said of the pixels of some rows; nothing at first.

    Parameters
    ----------
    window : Window
        Of whole rows.
    shares : ndarray of float32, shape (classes, rows, columns)
    traits : ndarray of int16, shape (axes, rows, columns)
    valid : ndarray of bool, shape (rows, columns)
    """

    def __init__(self, window, shares, traits, valid):
        self.window, self.shares, self.traits, self.valid = window, shares, traits, valid

    @classmethod
    def empty(cls, blocks, classes, axes):
        """The strip of some blocks, of which nothing has been said yet."""
        first, last = blocks[0], blocks[-1]
        window = Window(first.row, 0, last.row + last.height - first.row, last.col + last.width)
        return cls(window, np.zeros((classes, *window.shape), np.float32), np.zeros((axes, *window.shape), np.int16),
                   np.zeros(window.shape, bool))

    def put(self, window, votes):
        """Take the votes of a block."""
        shares, traits, valid = self._arrays(window)
        valid[:] = votes.valid.reshape(window.shape)
        shares[:, valid] = votes.shares.T
        traits[:, valid] = votes.traits

    def part(self, window):
        """A strip of those pixels of a window that lie in this one."""
        inside = window.intersection(self.window)
        return Strip(inside, *self._arrays(inside))

    def blocks(self):
        """list of Window: its parts, none wider than a tile."""
        row, _, height, width = astuple(self.window)
        return [Window(row, col, height, min(TILE, width - col)) for col in range(0, width, TILE)]

    def tail(self):
        """The last rows, as far up as the next strip looks; a copy, so that the rest can be forgotten."""
        rows = min(HALO, self.window.height)
        part = self.part(Window(self.window.row + self.window.height - rows, 0, rows, self.window.width))
        return Strip(part.window, part.shares.copy(), part.traits.copy(), part.valid.copy())

    def _arrays(self, window):
        rows, columns = window.relative_to(self.window).slices
        return self.shares[:, rows, columns], self.traits[:, rows, columns], self.valid[rows, columns]


def strip_height(grid, classes, axes):
    """Rows of a strip that fits into ``STRIP_BYTES``: a tile, or a half, a quarter ... of it.

    Parameters
    ----------
    grid : Grid
    classes, axes : int

    Returns
    -------
    int
    """
    height, bytes_per_row = TILE, grid.width * (4 * classes + 2 * axes + 1)
    while height > LOWEST_STRIP and height * bytes_per_row > STRIP_BYTES:
        height //= 2
    return height


def smoothed_within(window, strips):
    """The smoothed probabilities of a window.

    Parameters
    ----------
    window : Window
    strips : sequence of Strip
        Above each other; they hold the window and its neighbours.

    Returns
    -------
    shares : ndarray of float32, shape (valid pixels, classes)
    valid : ndarray of bool, shape (pixels,)
    """
    parts = [strip.part(window.padded(HALO)) for strip in strips]
    shares, traits = (np.concatenate([getattr(part, name) for part in parts], axis=1) for name in ("shares", "traits"))
    valid = np.concatenate([part.valid for part in parts])
    place = window.relative_to(parts[0].window).slices
    inner = valid[place]
    return smoothed(shares, traits, valid)[(slice(None), *place)][:, inner].T, inner.ravel()
