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
    codes = [parcel.code for parcel in parcel_map.parcels]
    # By parcel number, as the arguments; 0 is no class.
    classes = np.array([0, *(np.unique(codes, return_inverse=True)[1].reshape(-1) + 1), 0], np.int32)
    free, beside, unsure = (np.zeros(len(classes), dtype) for dtype in (np.int64, np.int64, bool))
    for window in parcel_map.grid.blocks(STRIP, STRIP):
        progress.check()
        near = parcel_map.near(_grown(window, parcel_map.grid))
        judges, trainers = near[is_validation[near + 1]], near[is_training[near + 1]]
        if len(judges) and len(trainers):
            numbers, is_free, is_beside, is_doubtful = _look(parcel_map, window, judges, trainers, classes)
            free += np.bincount(numbers[is_free], minlength=len(free))
            beside += np.bincount(numbers[is_beside], minlength=len(beside))
            unsure[_reaching(parcel_map, judges, window, is_doubtful) + 1] = True
    found = is_validation & (2 * beside > free)
    for number in np.flatnonzero(unsure).tolist():
        progress.check()
        window = parcel_map.window(number - 1)
        near = parcel_map.near(_grown(window, parcel_map.grid))
        kin = near[is_training[near + 1] & (classes[near + 1] == classes[number])]
        found[number] = len(kin) > 0 and _is_beside(parcel_map, number - 1, window, kin.tolist())
    return found


def _look(parcel_map, window, judges, trainers, classes):
    """All judges of a window at once.

    The number of the judge that holds each pixel; pixels that are not in its kin; those of them that touch its kin;
    and where this is doubtful, as several judges hold a pixel or parcels of several classes train beside it.
    """
    numbers, around = parcel_map.rasterise_in_order(judges, window), _grown(window, parcel_map.grid)
    lowest, highest = parcel_map.rasterise_lowest_and_highest(trainers, around)
    inside = window.relative_to(around).slices
    is_doubtful = grown(lowest != highest, 1)[inside] | (numbers != parcel_map.rasterise_in_order(judges[::-1], window))
    own = classes[numbers]
    frame = np.zeros((window.height + 2, window.width + 2), np.int32)
    frame[around.relative_to(window.padded(1)).slices] = classes[lowest]
    touches = np.zeros(window.shape, bool)
    for row, column in np.ndindex(3, 3):
        touches |= frame[row:row + window.height, column:column + window.width] == own
    is_free = (own > 0) & (frame[1:-1, 1:-1] != own)
    return numbers, is_free, is_free & touches, is_doubtful


def _reaching(parcel_map, places, window, mask):
    """Those of the parcels whose rectangle holds some pixel of a mask of the window."""
    if not mask.any():
        return places[:0]
    parts = (parcel_map.window(place).intersection(window).relative_to(window) for place in places.tolist())
    return places[[bool(mask[part.slices].any()) if not part.is_empty else False for part in parts]]


def _is_beside(parcel_map, place, window, kin):
    """Whether most pixels of a parcel that are not in its kin touch them."""
    free = beside = 0
    for row in range(window.row, window.row + window.height, STRIP):
        strip = Window(row, window.col, min(STRIP, window.row + window.height - row), window.width)
        around = _grown(strip, parcel_map.grid)
        training = np.logical_or.reduce([parcel_map.rasterise_parcel(other, around) for other in kin])
        inside = strip.relative_to(around).slices
        own = parcel_map.rasterise_parcel(place, strip) & ~training[inside]
        free += np.count_nonzero(own)
        beside += np.count_nonzero(own & grown(training, 1)[inside])
    return 2 * beside > free


def _grown(window, grid):
    """The window and a pixel around it, as far as the grid goes."""
    return window.padded(1).intersection(grid.window)
