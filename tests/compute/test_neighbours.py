"""Dilation of masks."""

import numpy as np

from floefield.compute.raster.masks import dilate


def test_a_pixel_is_dilated_to_a_square_clipped_at_the_edge():
    mask = np.zeros((5, 6), bool)
    mask[1, 4] = True
    assert np.argwhere(dilate(mask, 1)).tolist() == [[row, column] for row in (0, 1, 2) for column in (3, 4, 5)]
    assert dilate(mask, 2).sum() == 4 * 4
    np.testing.assert_array_equal(dilate(mask, 0), mask)
