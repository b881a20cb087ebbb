"""Validation parcels next to training pixels of the same class.

If a field is split into several parcels (one polygon per pixel, an inner part and its rim, a shifted copy), training
and validation pixels come from the same field and the accuracy is overestimated. Such validation parcels are detected:
most of their pixels are adjacent to training pixels of the same class.
"""

import numpy as np

from ..raster.grid import Window
from ..raster.masks import dilate

STRIP = 512


def find_adjacent_parcels(parcel_map, is_training, is_validation, progress):
    """Validation parcels most of whose pixels are adjacent to training pixels of the same class.

    Parameters
    ----------
    parcel_map : ParcelRaster
    is_training, is_validation : ndarray of bool, shape (parcels + 2,)
        By parcel number.
    progress : Progress

    Returns
    -------
    ndarray of bool, shape (parcels + 2,)
    """
    codes = [parcel.code for parcel in parcel_map.parcels]
    # By parcel number, like the arguments; 0 is no class.
    classes = np.array([0, *(np.unique(codes, return_inverse=True)[1].reshape(-1) + 1), 0], np.int32)
    free, adjacent, ambiguous = (np.zeros(len(classes), dtype) for dtype in (np.int64, np.int64, bool))
    for window in parcel_map.grid.blocks(STRIP, STRIP):
        progress.check()
        near = parcel_map.near(_grown(window, parcel_map.grid))
        validation, training = near[is_validation[near + 1]], near[is_training[near + 1]]
        if len(validation) and len(training):
            numbers, is_free, is_adjacent, is_ambiguous = _compare(parcel_map, window, validation, training, classes)
            free += np.bincount(numbers[is_free], minlength=len(free))
            adjacent += np.bincount(numbers[is_adjacent], minlength=len(adjacent))
            ambiguous[_overlapping(parcel_map, validation, window, is_ambiguous) + 1] = True
    found = is_validation & (2 * adjacent > free)
    for number in np.flatnonzero(ambiguous).tolist():
        progress.check()
        window = parcel_map.window(number - 1)
        near = parcel_map.near(_grown(window, parcel_map.grid))
        same_class = near[is_training[near + 1] & (classes[near + 1] == classes[number])]
        found[number] = len(same_class) > 0 and _is_adjacent(parcel_map, number - 1, window, same_class.tolist())
    return found


def _compare(parcel_map, window, validation, training, classes):
    """Compare all validation parcels of a window with the training parcels around them.

    Returns the number of the validation parcel of each pixel; its pixels outside training parcels of its class (free);
    those of them adjacent to such a parcel; and the pixels where this is ambiguous, because several validation parcels
    cover them or training parcels of several classes are adjacent.
    """
    numbers, around = parcel_map.rasterise_in_order(validation, window), _grown(window, parcel_map.grid)
    lowest, highest = parcel_map.rasterise_lowest_and_highest(training, around)
    inside = window.relative_to(around).slices
    is_ambiguous = (dilate(lowest != highest, 1)[inside]
                    | (numbers != parcel_map.rasterise_in_order(validation[::-1], window)))
    own = classes[numbers]
    frame = np.zeros((window.height + 2, window.width + 2), np.int32)
    frame[around.relative_to(window.padded(1)).slices] = classes[lowest]
    touches = np.zeros(window.shape, bool)
    for row, column in np.ndindex(3, 3):
        touches |= frame[row:row + window.height, column:column + window.width] == own
    is_free = (own > 0) & (frame[1:-1, 1:-1] != own)
    return numbers, is_free, is_free & touches, is_ambiguous


def _overlapping(parcel_map, indices, window, mask):
    """Those of the parcels whose bounding box contains pixels of a mask of the window."""
    if not mask.any():
        return indices[:0]
    parts = (parcel_map.window(index).intersection(window).relative_to(window) for index in indices.tolist())
    return indices[[bool(mask[part.slices].any()) if not part.is_empty else False for part in parts]]


def _is_adjacent(parcel_map, index, window, same_class):
    """Whether most pixels of a parcel outside the training parcels of its class are adjacent to them."""
    free = adjacent = 0
    for row in range(window.row, window.row + window.height, STRIP):
        strip = Window(row, window.col, min(STRIP, window.row + window.height - row), window.width)
        around = _grown(strip, parcel_map.grid)
        training = np.logical_or.reduce([parcel_map.rasterise_parcel(other, around) for other in same_class])
        inside = strip.relative_to(around).slices
        own = parcel_map.rasterise_parcel(index, strip) & ~training[inside]
        free += np.count_nonzero(own)
        adjacent += np.count_nonzero(own & dilate(training, 1)[inside])
    return 2 * adjacent > free


def _grown(window, grid):
    """The window with one pixel around it, within the grid."""
    return window.padded(1).intersection(grid.window)
