"""Smoothing class probabilities over the neighbours, so that single noisy pixels follow the field around them.

Each pixel takes the mean over its 3 x 3 neighbourhood with binomial weights (1 2 1, across and down); pixels without
data have no say. Smoothing soft votes before deciding: Schindler (2012), doi:10.1109/TGRS.2012.2192741.
"""

import numpy as np

from ..raster.grid import Window

RADIUS = 1


def with_neighbours(window, grid):
    """The window and the pixels around it, as far as the grid goes."""
    row, col = max(0, window.row - RADIUS), max(0, window.col - RADIUS)
    return Window(row, col, min(grid.height, window.row + window.height + RADIUS) - row,
                  min(grid.width, window.col + window.width + RADIUS) - col)


def grown(mask):
    """A mask and the neighbours of its pixels.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, columns)

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    return _binomial(mask.astype(np.float32)[None])[0] > 0


def smoothed(votes, valid, around, window):
    """The smoothed votes of the valid pixels of a window.

    Parameters
    ----------
    votes : ndarray of float64, shape (valid pixels around, classes)
    valid : ndarray of bool, shape (pixels around,)
    around : Window
        From :func:`with_neighbours`.
    window : Window

    Returns
    -------
    ndarray of float64, shape (valid pixels of the window, classes)
        Summing over classes to what the votes sum to.
    """
    planes = np.zeros((votes.shape[1] + 1, len(valid)))
    planes[:-1, valid] = votes.T
    planes[-1] = valid
    planes = _binomial(planes.reshape(-1, *around.shape))[(slice(None), *_inside(around, window))]
    kept = planes.reshape(len(planes), -1)[:, inner_part(valid, around, window)]
    return (kept[:-1] / kept[-1]).T


def inner_part(mask, around, window):
    """What a mask of the pixels around says of those of the window; both as flat arrays."""
    return mask.reshape(around.shape)[_inside(around, window)].ravel()


def _inside(around, window):
    row, col = window.row - around.row, window.col - around.col
    return slice(row, row + window.height), slice(col, col + window.width)


def _binomial(planes):
    """Weights 1 2 1 down and across; beyond the edge there is nothing."""
    for axis in (1, 2):
        result = 2 * planes
        before, after = [slice(None)] * 3, [slice(None)] * 3
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        result[tuple(after)] += planes[tuple(before)]
        result[tuple(before)] += planes[tuple(after)]
        planes = result
    return planes
