"""Validation parcels that are pieces of fields that train.

A field cut into pieces (one polygon for each pixel, an inner part and its rim, a copy that was moved a little) looks
like many parcels, but its pixels resemble each other: judged by its pieces, a map looks far too good. Such pieces
give themselves away: most of their pixels lie directly beside training pixels of the same class.
"""

import numpy as np

from .smooth import inner_part, with_neighbours

BLOCK = 512


def find_pieces(parcel_map, values, is_training, is_validation, progress):
    """Which parcels judge, though most of their pixels lie directly beside training pixels of their class.

    Parameters
    ----------
    parcel_map : ParcelMap
    values : ndarray of int64, shape (parcels + 2,)
        Class of each parcel number.
    is_training, is_validation : ndarray of bool, shape (parcels + 2,)
    progress : Progress

    Returns
    -------
    ndarray of bool, shape (parcels + 2,)
    """
    owned, beside = np.zeros(len(values), np.int64), np.zeros(len(values), np.int64)
    judging = np.flatnonzero(is_validation) - 1
    for window in parcel_map.grid.blocks(BLOCK, BLOCK):
        progress.check()
        if not parcel_map.touches(window, judging):
            continue
        around = with_neighbours(window, parcel_map.grid)
        numbers = parcel_map.read(around)
        near = _beside(np.where(is_training[numbers], values[numbers], 0), values[numbers])
        numbers, near = (inner_part(plane, around, window) for plane in (numbers, near))
        owned += np.bincount(numbers[numbers > 0], minlength=len(values))
        beside += np.bincount(numbers[(numbers > 0) & near], minlength=len(values))
    return is_validation & (2 * beside > owned)


def _beside(training, classes):
    """Where one of the eight neighbours trains the class of the pixel."""
    rows, columns = classes.shape
    framed = np.pad(training, 1)
    return np.logical_or.reduce([framed[row:row + rows, column:column + columns] == classes
                                 for row in range(3) for column in range(3) if (row, column) != (1, 1)]) & (classes > 0)
