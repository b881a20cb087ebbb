"""Validation parcels next to training pixels of their class are left out, however the field was split."""

import pytest

from floefield.compute.classification.reference import build_reference
from floefield.compute.classification.training_warnings import validation_warnings
from floefield.compute.insitu.parcel import Parcel
from floefield.compute.insitu.parcel_split import SplitSettings
from floefield.compute.progress import Progress
from floefield.compute.raster.reader import RasterReader

from ..fieldscene import fields, parcels, reflectance, square, write


@pytest.fixture
def grid(tmp_path):
    with RasterReader(write(tmp_path / "scene.tif", reflectance())) as raster:
        return raster.grid


def moved(columns):
    """The fields, shifted to the east by some pixels."""
    return [Parcel(f"moved {number}", crop, square(number // 6 * 8 + 1, number % 6 * 8 + 1 + columns))
            for number, crop, _ in fields()]


def pixels_as_parcels():
    """A polygon for each pixel of each field, as from a pixel-wise survey."""
    return [Parcel(f"{number}/{row}/{column}", crop, square(number // 6 * 8 + 1 + row, number % 6 * 8 + 1 + column, 1))
            for number, crop, _ in fields()[:9] for row in range(6) for column in range(6)]


def test_one_polygon_for_each_pixel_does_not_give_a_random_split_of_pixels(grid):
    reference = build_reference(grid, pixels_as_parcels(), None, SplitSettings(training_fraction=0.75), Progress())

    # Of 9 fields of 36 pixels a quarter is held out: 81 pixels, nearly all of them adjacent to a training pixel.
    assert reference.adjacent >= 79
    assert len(reference.validation) == 81 - reference.adjacent == reference.is_validation.sum()
    assert "adjacent to training pixels of the same class" in validation_warnings(reference, True)[0]


def test_copies_shifted_by_a_pixel_are_not_used_for_validation(grid):
    reference = build_reference(grid, parcels(), moved(1), SplitSettings(), Progress())

    assert reference.adjacent == 30 and not reference.validation
    assert "accuracy of the map cannot be determined" in validation_warnings(reference, False)[-1]


def test_neighbouring_fields_of_the_same_crop_are_used_for_validation(grid):
    beside = [Parcel("beside", "barley", square(1, 7, 2)), Parcel("wide", "barley", square(9, 7, 6))]
    trained = [Parcel(1, "barley", square(1, 1)), Parcel(2, "barley", square(9, 1)), Parcel(3, "wheat", square(17, 1))]
    reference = build_reference(grid, trained, beside, SplitSettings(), Progress())

    # Two columns of pixels, one of which touches the training field: half is not most.
    assert [parcel.identifier for parcel in reference.validation] == ["beside", "wide"]
    assert reference.adjacent == 0


def test_another_crop_next_to_a_training_parcel_is_used_for_validation(grid):
    trained = [Parcel(1, "barley", square(1, 1)), Parcel(2, "wheat", square(9, 1))]
    validation = [Parcel("strip", "wheat", square(1, 7, 1))]
    reference = build_reference(grid, trained, validation, SplitSettings(), Progress())

    assert reference.adjacent == 0


def test_adjacent_parcels_that_overlap_other_validation_parcels_are_found(grid):
    trained = [Parcel(1, "barley", square(1, 1)), Parcel(2, "wheat", square(9, 1))]
    # The column of the rim outside the field is free: both pixels touch the field, and one belongs to "wide" too.
    validation = [Parcel("rim", "barley", square(2, 6, 2)), Parcel("wide", "barley", square(1, 7, 2))]
    reference = build_reference(grid, trained, validation, SplitSettings(), Progress())

    assert [parcel.identifier for parcel in reference.validation] == ["wide"]
    assert reference.adjacent == 1
