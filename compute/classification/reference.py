"""Reference data of a classification: training and validation parcels and their classes."""

from dataclasses import dataclass

import numpy as np

from ..classmap.classes import class_table
from ..errors import UnsuitableInput
from ..insitu.parcel_raster import DISPUTED, ParcelRaster
from ..insitu.parcel_split import split_parcels
from .leakage import find_adjacent_parcels


@dataclass(frozen=True, eq=False)
class ReferenceData:
    """Training and validation parcels with pixels in the image.

    A pixel of a training parcel is never used for validation, even if a validation parcel covers it too.

    Parameters
    ----------
    classes : tuple of MapClass
        Of all parcels.
    training, validation : tuple of Parcel
        Validation parcels have pixels of their own.
    unassessed : tuple of str
        Codes of the classes without a validation parcel.
    outside : int
        Parcels outside the image.
    too_small : int
        Parcels in the image that contain no pixel centre.
    parcel_map : ParcelRaster
        Of training and validation parcels.
    values : ndarray of int64, shape (parcels + 2,)
        Map value by parcel number; 0 for pixels outside parcels and (last element) disputed pixels.
    is_training, is_validation : ndarray of bool, shape (parcels + 2,)
        By parcel number, likewise.
    adjacent : int
        Validation parcels left out because they adjoin training parcels of their class.
    overlapped : int
        Validation parcels left out because all their pixels are training pixels or disputed.
    partly_overlapped : int
        Validation parcels with some such pixels.
    """

    classes: tuple
    training: tuple
    validation: tuple
    unassessed: tuple
    outside: int
    too_small: int
    parcel_map: ParcelRaster
    values: np.ndarray
    is_training: np.ndarray
    is_validation: np.ndarray
    adjacent: int = 0
    overlapped: int = 0
    partly_overlapped: int = 0

    def labels(self, window):
        """Parcel numbers of the pixels of a window, row by row, and the number of disputed pixels.

        Returns
        -------
        numbers : ndarray of int32, shape (pixels,)
        disputed : int
        """
        numbers = self.parcel_map.read(window).ravel()
        return numbers, int(np.count_nonzero(numbers == DISPUTED))


def build_reference(grid, parcels, validation, split_settings, progress):
    """Select the usable parcels and split them into training and validation parcels.

    Parameters
    ----------
    grid : Grid
    parcels : sequence of Parcel
    validation : sequence of Parcel or None
        Parcels used for validation only; None splits `parcels`.
    split_settings : SplitSettings
    progress : Progress

    Returns
    -------
    ReferenceData

    Raises
    ------
    UnsuitableInput
        If no parcel can be used, or all are of one class.
    """
    if not parcels:
        raise UnsuitableInput("There is no training parcel with a class. Check the layer, its selection and the class "
                              "field.")
    usable, sizes, outside, too_small = _usable(grid, parcels, progress)
    if not usable:
        raise UnsuitableInput(_unusable_message(len(parcels), outside, too_small))
    if validation is None:
        split = split_parcels(usable, split_settings, progress=progress)
        training, candidates = split.training, split.validation
        parcel_map = ParcelRaster(grid, training + candidates, progress=progress)
    else:
        training = tuple(usable)
        candidates, sizes, more_outside, more_too_small = _usable(grid, validation, progress)
        if not candidates:
            raise UnsuitableInput("No validation parcel contains a pixel of the image. Check the extent and the "
                                  "coordinate reference system of the validation layer, or leave it out.")
        outside, too_small = outside + more_outside, too_small + more_too_small
        parcel_map = ParcelRaster(grid, training, candidates, progress=progress)
    codes = sorted({parcel.code for parcel in training})
    if len(codes) < 2:
        raise UnsuitableInput(f"All training parcels in the image are of one class ({codes[0]}). A map needs at least "
                              "two: check the class field, or add parcels of other classes.")
    own_pixels = parcel_map.owned_counts(len(training), progress)
    partly_overlapped = sum(0 < own < sizes[parcel.identifier] for own, parcel in zip(own_pixels, candidates))
    classes = class_table(parcel.code for parcel in parcel_map.parcels)
    value_of = {map_class.code: map_class.value for map_class in classes}
    values = np.array([0, *(value_of[parcel.code] for parcel in parcel_map.parcels), 0], np.int64)
    is_training = np.zeros(len(values), bool)
    is_training[1:len(training) + 1] = True
    is_validation = np.zeros(len(values), bool)
    is_validation[len(training) + 1:-1] = own_pixels > 0
    overlapped = int(np.count_nonzero(own_pixels == 0))
    is_adjacent = find_adjacent_parcels(parcel_map, is_training, is_validation, progress)
    is_validation &= ~is_adjacent
    accepted = tuple(parcel for parcel, is_accepted in zip(candidates, is_validation[len(training) + 1:-1])
                     if is_accepted)
    unassessed = tuple(sorted(set(codes) - {parcel.code for parcel in accepted}))
    return ReferenceData(
        classes=classes, training=tuple(training), validation=accepted, unassessed=unassessed, outside=outside,
        too_small=too_small, parcel_map=parcel_map, values=values, is_training=is_training,
        is_validation=is_validation, adjacent=int(is_adjacent.sum()), overlapped=overlapped,
        partly_overlapped=int(partly_overlapped))


def _usable(grid, parcels, progress):
    """Parcels with at least one pixel, pixel count of each parcel, number outside, number too small."""
    parcels = sorted(parcels, key=lambda parcel: parcel.identifier)
    parcel_map = ParcelRaster(grid, parcels, progress=progress)
    counts, is_outside = parcel_map.pixel_counts(progress), parcel_map.outside
    usable = [parcel for parcel, count in zip(parcels, counts) if count]
    sizes = {parcel.identifier: count for parcel, count in zip(parcels, counts)}
    outside = int(is_outside.sum())
    return usable, sizes, outside, len(parcels) - len(usable) - outside


def _unusable_message(parcels, outside, too_small):
    if not too_small:
        return (f"All {outside} parcels lie outside the image. Check that rasters and parcels cover the same area and "
                "that both have the correct coordinate reference system.")
    return (f"None of the {parcels} parcels contains a pixel centre: {outside} lie outside the image, {too_small} are "
            "too small for its pixels. Use larger parcels or an image with smaller pixels.")
