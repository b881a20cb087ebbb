"""What lies near a mask."""

import numpy as np

from floefield.compute.raster.neighbours import grown


def test_a_pixel_grows_to_a_square_that_the_edge_cuts():
    mask = np.zeros((5, 6), bool)
    mask[1, 4] = True
    assert np.argwhere(grown(mask, 1)).tolist() == [[row, column] for row in (0, 1, 2) for column in (3, 4, 5)]
    assert grown(mask, 2).sum() == 4 * 4
    np.testing.assert_array_equal(grown(mask, 0), mask)
