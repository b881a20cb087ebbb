"""Arithmetic of grids and windows."""

import pytest

from floefield.compute.errors import UnsuitableInput
from floefield.compute.raster.grid import Grid, Window

TEN_METRES = Grid("", west=600000.0, north=4900000.0, pixel_width=10.0, pixel_height=10.0, height=30, width=20)


def test_bounds_are_the_outer_edges():
    assert TEN_METRES.bounds == (600000.0, 4899700.0, 600200.0, 4900000.0)


def test_the_window_of_the_bounds_is_the_whole_grid():
    assert TEN_METRES.window_of(TEN_METRES.bounds) == Window(0, 0, 30, 20)


def test_a_window_includes_partially_covered_pixels():
    assert TEN_METRES.window_of((600011.0, 4899955.0, 600029.0, 4899999.0)) == Window(0, 1, 5, 2)


def test_rounding_errors_do_not_add_a_pixel():
    assert TEN_METRES.window_of((600010.0000001, 4899990.0, 600019.9999999, 4900000.0)) == Window(0, 1, 1, 1)


def test_larger_pixels_keep_the_corner_and_are_rounded_up():
    assert TEN_METRES.with_pixel_size(60.0).shape == (5, 4)


def test_the_part_of_a_grid_has_the_bounds_of_its_window():
    assert TEN_METRES.part(Window(2, 3, 4, 5)).bounds == (600030.0, 4899940.0, 600080.0, 4899980.0)


def test_blocks_tile_the_grid_without_overlap():
    blocks = list(TEN_METRES.blocks(16, 16))
    assert [block.shape for block in blocks] == [(16, 16), (16, 4), (14, 16), (14, 4)]
    assert sum(block.height * block.width for block in blocks) == 30 * 20


def test_the_union_of_two_grids_covers_both():
    east = TEN_METRES.part(Window(-5, 15, 10, 10))
    assert TEN_METRES.union(east).bounds == (600000.0, 4899700.0, 600250.0, 4900050.0)


def test_shifted_grids_have_no_union():
    shifted = Grid("", 600004.0, 4900000.0, 10.0, 10.0, 5, 5)
    with pytest.raises(UnsuitableInput, match="shifted"):
        TEN_METRES.union(shifted)


def test_padding_then_intersecting_keeps_a_window_inside():
    assert Window(0, 5, 10, 10).padded(3).intersection(TEN_METRES.window) == Window(0, 2, 13, 16)
