"""Bilinear interpolation compared with scipy, and next to invalid pixels with values calculated by hand."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from floefield.compute.raster.grid import Window
from floefield.compute.sentinel1.interpolation import interpolate
from floefield.compute.sentinel1.radiometry import TileCache


def at(plane, *positions):
    rows, columns = np.array(positions, np.float32).T
    return interpolate(np.asarray(plane, np.float32)[None], rows, columns)[0]


def test_interpolation_equals_scipy():
    generator = np.random.default_rng(1)
    plane = generator.random((40, 50))
    rows, columns = generator.uniform(0, 39, 500), generator.uniform(0, 49, 500)
    np.testing.assert_allclose(at(plane, *zip(rows, columns)), map_coordinates(plane, [rows, columns], order=1),
                               atol=1e-5)


def test_edge_values_are_used_up_to_half_a_pixel_outside():
    assert at([[1, 2], [3, 4]], (-0.5, 0), (1.5, 1.5), (0.5, -0.4)).tolist() == [1, 4, 2]


def test_weights_are_renormalised_next_to_invalid_pixels():
    plane = [[2, np.nan], [4, 8]]
    found = at(plane, (0, 0.25), (0.25, 0.25), (0.25, 0.75), (1, 0.5))
    assert found[0] == 2
    # weights 9/16, 3/16 and 1/16
    assert found[1] == pytest.approx((9 * 2 + 3 * 4 + 8) / 13)
    assert np.isnan(found[2])
    assert found[3] == 6


@pytest.mark.parametrize(("plane", "position", "expected"), [([[5]], (0.3, -0.2), 5), ([[1, 3]], (0.2, 0.5), 2),
                                                             ([[1], [3]], (0.5, 0.1), 2)])
def test_images_of_one_row_or_column(plane, position, expected):
    assert at(plane, position)[0] == expected


def test_cached_tiles_are_computed_once():
    image = np.arange(35 * 45, dtype=np.float32).reshape(1, 35, 45)
    computed = []

    def make(tile):
        computed.append(tile)
        return image[(slice(None), *tile.slices)]

    cache = TileCache(make, image.shape[1:], 10, 4)
    for window in (Window(3, 4, 15, 12), Window(5, 5, 10, 12), Window(30, 40, 5, 5), Window(0, 0, 35, 45)):
        np.testing.assert_array_equal(cache.read(window, 1), image[(slice(None), *window.slices)])
    assert computed[:5] == [Window(0, 0, 10, 10), Window(0, 10, 10, 10), Window(10, 0, 10, 10), Window(10, 10, 10, 10),
                        Window(30, 40, 5, 5)]


def test_an_error_of_a_tile_is_raised_for_every_reader():
    def make(tile):
        raise OSError("no such pixels")

    cache = TileCache(make, (10, 10), 10, 4)
    for _ in range(2):
        with pytest.raises(OSError, match="no such pixels"):
            cache.read(Window(0, 0, 5, 5), 1)
