"""Gap filling, compared with numpy.interp."""

import numpy as np

from floefield.compute.timeseries.gap_filling import fill_gaps

DAYS = [0.0, 5.0, 15.0, 17.0, 40.0, 41.0]


def test_gap_filling_equals_numpy_interp():
    generator = np.random.default_rng(4)
    values = generator.random((len(DAYS), 30, 30)).astype(np.float32)
    valid = generator.random(values.shape) < 0.5
    filled, has_data = fill_gaps(np.where(valid, values, np.nan), valid, DAYS)
    for row, column in np.ndindex(30, 30):
        is_valid = valid[:, row, column]
        assert has_data[row, column] == is_valid.any()
        if is_valid.any():
            expected = np.interp(DAYS, np.array(DAYS)[is_valid], values[is_valid, row, column])
            np.testing.assert_allclose(filled[:, row, column], expected, atol=1e-6)


def test_valid_values_are_unchanged():
    values = np.random.default_rng(5).random((6, 4, 4)).astype(np.float32)
    valid = values > 0.3
    filled, _ = fill_gaps(values, valid, DAYS)
    assert (filled[valid] == values[valid]).all()


def test_regular_dates_equal_numpy_interp_and_extrapolate_with_constants():
    generator = np.random.default_rng(6)
    values = generator.random((len(DAYS), 20, 20)).astype(np.float32)
    valid = generator.random(values.shape) < 0.4
    targets = [-7, 0, 10, 17, 20, 40.5, 60]
    filled, has_data = fill_gaps(np.where(valid, values, np.nan), valid, DAYS, targets)
    assert filled.shape == (7, 20, 20)
    assert (filled[:, ~has_data] == 0).all()
    for row, column in np.argwhere(has_data):
        is_valid = valid[:, row, column]
        expected = np.interp(targets, np.array(DAYS)[is_valid], values[is_valid, row, column])
        np.testing.assert_allclose(filled[:, row, column], expected, atol=1e-6)


def test_hundreds_of_dates_do_not_overflow_the_index_type():
    days = np.arange(0, 1200, 3)
    values = np.random.default_rng(7).random((len(days), 1, 40)).astype(np.float32)
    valid = np.random.default_rng(8).random(values.shape) < 0.1
    filled, _ = fill_gaps(values, valid, days)
    for column in range(40):
        is_valid = valid[:, 0, column]
        np.testing.assert_allclose(filled[:, 0, column], np.interp(days, days[is_valid], values[is_valid, 0, column]),
                                   atol=1e-5)


def test_more_pixels_than_one_chunk():
    values = np.random.default_rng(9).random((3, 150, 150)).astype(np.float32)
    valid = np.ones(values.shape, bool)
    valid[1] = False
    filled, _ = fill_gaps(values, valid, [0, 1, 4])
    np.testing.assert_allclose(filled[1], values[0] + (values[2] - values[0]) / 4, atol=1e-6)
