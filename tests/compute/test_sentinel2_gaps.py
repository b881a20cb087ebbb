"""Gap filling against numpy's one-dimensional interpolation."""

import numpy as np

from floefield.compute.sentinel2.gaps import fill_gaps

DAYS = [0.0, 5.0, 15.0, 17.0, 40.0, 41.0]


def test_filled_pixels_equal_numpys_interpolation():
    generator = np.random.default_rng(4)
    values = generator.random((len(DAYS), 30, 30)).astype(np.float32)
    valid = generator.random(values.shape) < 0.5
    filled, known = fill_gaps(np.where(valid, values, np.nan), valid, DAYS)
    for row, column in np.ndindex(30, 30):
        seen = valid[:, row, column]
        assert known[row, column] == seen.any()
        if seen.any():
            expected = np.interp(DAYS, np.array(DAYS)[seen], values[seen, row, column])
            np.testing.assert_allclose(filled[:, row, column], expected, atol=1e-6)


def test_clear_values_are_not_touched():
    values = np.random.default_rng(5).random((6, 4, 4)).astype(np.float32)
    valid = values > 0.3
    filled, _ = fill_gaps(values, valid, DAYS)
    assert (filled[valid] == values[valid]).all()
