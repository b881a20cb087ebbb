"""Validation parcels that are pieces of fields that train.

A field cut into pieces (one polygon for each pixel, an inner part and its rim, a copy that was moved a little) looks
like many parcels, but its pixels resemble each other: judged by its pieces, a map looks far too good. Such pieces
give themselves away: most of their pixels lie directly beside training pixels of the same class.
"""

import numpy as np

from ..raster.grid import Window
from ..raster.neighbours import grown

STRIP = 512


def find_pieces(parcel_map, is_training, is_validation, progress):
    """Which parcels judge, though most of their pixels lie directly beside training pixels of their class.

    Parameters
    ----------
    parcel_map : ParcelMap
    is_training, is_validation : ndarray of bool, shape (parcels + 2,)
        By parcel number.
    progress : Progress

    Returns
    -------
    ndarray of bool, shape (parcels + 2,)
    """
    codes = np.array([parcel.code for parcel in parcel_map.parcels], object)
    found = np.zeros(len(is_validation), bool)
    for number in np.flatnonzero(is_validation).tolist():
        progress.check()
        window = parcel_map.window(number - 1)
        near = parcel_map.near(_grown(window, parcel_map.grid))
        kin = near[is_training[near + 1] & (codes[near] == codes[number - 1])]
        found[number] = len(kin) > 0 and _is_beside(parcel_map, number - 1, window, kin.tolist())
    return found


def _is_beside(parcel_map, place, window, kin):
    """Whether most pixels of a parcel that are not in its kin touch them."""
    free = beside = 0
    for row in range(window.row, window.row + window.height, STRIP):
        strip = Window(row, window.col, min(STRIP, window.row + window.height - row), window.width)
        around = _grown(strip, parcel_map.grid)
        training = np.logical_or.reduce([parcel_map.draw(other, around) for other in kin])
        inside = strip.relative_to(around).slices
        own = parcel_map.draw(place, strip) & ~training[inside]
        free += np.count_nonzero(own)
        beside += np.count_nonzero(own & grown(training, 1)[inside])
    return 2 * beside > free


def _grown(window, grid):
    """The window and a pixel around it, as far as the grid goes."""
    return window.padded(1).intersection(grid.window)
