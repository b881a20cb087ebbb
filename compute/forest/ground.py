"""The ground truth of a classification: which parcels train, which judge, and what class each stands for."""

from dataclasses import dataclass

import numpy as np

from ..classes import class_table
from ..errors import UnsuitableInput
from ..insitu.burn import DISPUTED, ParcelMap
from ..insitu.split import split_parcels
from .pieces import find_pieces


@dataclass(frozen=True, eq=False)
class GroundTruth:
    """Parcels that hold pixels of the image, divided.

    A pixel that lies in a training parcel never judges, whatever else lies on it.

    Parameters
    ----------
    classes : tuple of MapClass
        Of all parcels.
    training, validation : tuple of Parcel
        Those that have pixels of their own to judge by.
    unassessed : tuple of str
        Codes of the classes without a validation parcel.
    outside : int
        Parcels that lie outside the image.
    too_small : int
        Parcels in the image that hold the centre of no pixel.
    parcel_map : ParcelMap
        Of both kinds of parcels.
    values : ndarray of int64, shape (parcels + 2,)
        Map value of each parcel number; 0 for pixels of nobody and (last place) disputed pixels.
    is_training, is_validation : ndarray of bool, shape (parcels + 2,)
        Likewise.
    pieces : int
        Validation parcels that do not judge, because they are pieces of fields that train.
    covered : int
        Validation parcels that cannot judge, because each of their pixels trains or is disputed.
    shared : int
        Validation parcels of which that holds for some pixels.
    """

    classes: tuple
    training: tuple
    validation: tuple
    unassessed: tuple
    outside: int
    too_small: int
    parcel_map: ParcelMap
    values: np.ndarray
    is_training: np.ndarray
    is_validation: np.ndarray
    pieces: int = 0
    covered: int = 0
    shared: int = 0

    def labels(self, window):
        """Parcel numbers of the pixels of a window, row by row, and how many pixels are disputed.

        Returns
        -------
        numbers : ndarray of int32, shape (pixels,)
        disputed : int
        """
        numbers = self.parcel_map.read(window).ravel()
        return numbers, int(np.count_nonzero(numbers == DISPUTED))


def survey_ground(grid, parcels, validation, split_settings, progress):
    """Find the parcels that can be used, and divide them.

    Parameters
    ----------
    grid : Grid
    parcels : sequence of Parcel
    validation : sequence of Parcel or None
        Parcels that only judge; None divides `parcels`.
    split_settings : SplitSettings
    progress : Progress

    Returns
    -------
    GroundTruth

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
        raise UnsuitableInput(_nothing_usable(len(parcels), outside, too_small))
    if validation is None:
        split = split_parcels(usable, split_settings, progress=progress)
        training, judging = split.training, split.validation
        parcel_map = ParcelMap(grid, training + judging, progress=progress)
    else:
        training = tuple(usable)
        judging, sizes, more_outside, more_too_small = _usable(grid, validation, progress)
        if not judging:
            raise UnsuitableInput("No validation parcel holds a pixel of the image. Check where the validation layer "
                                  "lies, or leave it out.")
        outside, too_small = outside + more_outside, too_small + more_too_small
        parcel_map = ParcelMap(grid, training, judging, progress=progress)
    codes = sorted({parcel.code for parcel in training})
    if len(codes) < 2:
        raise UnsuitableInput(f"All training parcels in the image are of one class ({codes[0]}). A map needs at least "
                              "two: check the class field, or add parcels of other classes.")
    owned = parcel_map.owned_counts(len(training), progress)
    shared = sum(0 < own < sizes[parcel.identifier] for own, parcel in zip(owned, judging))
    classes = class_table(parcel.code for parcel in parcel_map.parcels)
    value_of = {map_class.code: map_class.value for map_class in classes}
    values = np.array([0, *(value_of[parcel.code] for parcel in parcel_map.parcels), 0], np.int64)
    is_training = np.zeros(len(values), bool)
    is_training[1:len(training) + 1] = True
    is_validation = np.zeros(len(values), bool)
    is_validation[len(training) + 1:-1] = owned > 0
    covered = int(np.count_nonzero(owned == 0))
    is_piece = find_pieces(parcel_map, is_training, is_validation, progress)
    is_validation &= ~is_piece
    judges = tuple(parcel for parcel, judges in zip(judging, is_validation[len(training) + 1:-1]) if judges)
    unassessed = tuple(sorted(set(codes) - {parcel.code for parcel in judges}))
    return GroundTruth(classes, tuple(training), judges, unassessed, outside, too_small, parcel_map, values,
                       is_training, is_validation, int(is_piece.sum()), covered, int(shared))


def _usable(grid, parcels, progress):
    """Parcels that hold at least one pixel; how many each holds; how many lie outside; how many are too small."""
    parcels = sorted(parcels, key=lambda parcel: parcel.identifier)
    drawn = ParcelMap(grid, parcels, progress=progress)
    counts, is_outside = drawn.pixel_counts(progress), drawn.outside
    usable = [parcel for parcel, count in zip(parcels, counts) if count]
    sizes = {parcel.identifier: count for parcel, count in zip(parcels, counts)}
    outside = int(is_outside.sum())
    return usable, sizes, outside, len(parcels) - len(usable) - outside


def _nothing_usable(parcels, outside, too_small):
    if not too_small:
        return (f"All {outside} parcels lie outside the image. Check that raster and parcels show the same place and "
                "that both have the right coordinate reference system.")
    return (f"None of the {parcels} parcels holds the centre of a pixel: {outside} lie outside the image, {too_small} "
            "are too small for its pixels. Use larger parcels or an image with smaller pixels.")
