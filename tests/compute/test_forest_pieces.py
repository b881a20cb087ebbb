"""A field cut into pieces cannot judge itself, however it was cut."""

import pytest

from floefield.compute.forest.advice import validation_advice
from floefield.compute.forest.ground import survey_ground
from floefield.compute.insitu.parcels import Parcel
from floefield.compute.insitu.split import SplitSettings
from floefield.compute.progress import Progress
from floefield.compute.raster.reader import RasterReader

from ..fieldscene import fields, parcels, reflectance, square, write


@pytest.fixture
def grid(tmp_path):
    with RasterReader(write(tmp_path / "scene.tif", reflectance())) as raster:
        return raster.grid


def moved(columns):
    """The fields, moved to the east by some pixels."""
    return [Parcel(f"moved {number}", crop, square(number // 6 * 8 + 1, number % 6 * 8 + 1 + columns))
            for number, crop, _ in fields()]


def pixels_as_parcels():
    """A polygon for each pixel of each field, as a pixel-wise survey may give them."""
    return [Parcel(f"{number}/{row}/{column}", crop, square(number // 6 * 8 + 1 + row, number % 6 * 8 + 1 + column, 1))
            for number, crop, _ in fields()[:9] for row in range(6) for column in range(6)]


def test_one_polygon_for_each_pixel_does_not_make_a_random_split_of_pixels(grid):
    ground = survey_ground(grid, pixels_as_parcels(), None, SplitSettings(training_share=0.75), Progress())

    # Of 9 fields of 36 pixels a quarter is held back: 81 pixels, nearly all of them beside a training pixel.
    assert ground.pieces >= 79
    assert len(ground.validation) == 81 - ground.pieces == ground.is_validation.sum()
    assert "cut into pieces" in validation_advice(ground, True)[0]


def test_a_copy_that_was_moved_by_a_pixel_does_not_judge(grid):
    ground = survey_ground(grid, parcels(), moved(1), SplitSettings(), Progress())

    assert ground.pieces == 30 and not ground.validation
    assert "nobody knows" in validation_advice(ground, False)[-1]


def test_neighbours_of_the_same_crop_do_judge(grid):
    beside = [Parcel("beside", "barley", square(1, 7, 2)), Parcel("wide", "barley", square(9, 7, 6))]
    trained = [Parcel(1, "barley", square(1, 1)), Parcel(2, "barley", square(9, 1)), Parcel(3, "wheat", square(17, 1))]
    ground = survey_ground(grid, trained, beside, SplitSettings(), Progress())

    # Two columns of pixels, one of which touches the training field: half is not most.
    assert [parcel.identifier for parcel in ground.validation] == ["beside", "wide"]
    assert ground.pieces == 0


def test_another_crop_beside_training_ground_is_no_piece_of_it(grid):
    trained = [Parcel(1, "barley", square(1, 1)), Parcel(2, "wheat", square(9, 1))]
    ground = survey_ground(grid, trained, [Parcel("strip", "wheat", square(1, 7, 1))], SplitSettings(), Progress())

    assert ground.pieces == 0


def test_pieces_that_lie_on_other_judges_are_found_all_the_same(grid):
    trained = [Parcel(1, "barley", square(1, 1)), Parcel(2, "wheat", square(9, 1))]
    # Of the rim the column outside the field is free: both pixels touch it, and one of them is also that of "wide".
    judges = [Parcel("rim", "barley", square(2, 6, 2)), Parcel("wide", "barley", square(1, 7, 2))]
    ground = survey_ground(grid, trained, judges, SplitSettings(), Progress())

    assert [parcel.identifier for parcel in ground.validation] == ["wide"]
    assert ground.pieces == 1
