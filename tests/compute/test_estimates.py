"""Area-weighted estimates against the example of a published package, and McNemar's test against scipy."""

import numpy as np
import pytest

from floefield.compute.accuracy.confusion import ConfusionMatrix
from floefield.compute.accuracy.estimates import estimate, interval, parcel_interval
from floefield.compute.accuracy.mcnemar import mcnemar

# The example of the R package mapac (aa_card): map classes in rows, 872 samples, mapped pixels.
MAP_ROWS = np.array([[410, 26], [67, 369]], np.int64)
MAPPED = (828837, 33067283)


def estimated(map_rows, mapped):
    names = tuple(f"class {number}" for number in range(len(map_rows)))
    return estimate(ConfusionMatrix(names, np.asarray(map_rows, np.int64).T), mapped)


def test_the_published_example():
    found = estimated(MAP_ROWS, MAPPED)

    np.testing.assert_allclose(found.mapped_shares, [0.02445227, 0.97554773], atol=5e-9)
    np.testing.assert_allclose(found.users, [0.94036697, 0.84633028], atol=5e-9)
    np.testing.assert_allclose(found.producers, [0.13298596, 0.998237], atol=5e-7)
    assert found.overall == pytest.approx(0.84862969, abs=5e-9)
    assert found.overall_error == pytest.approx(0.01687046, abs=5e-9)
    np.testing.assert_allclose(found.shares, [0.1729063, 0.8270937], atol=5e-8)
    np.testing.assert_allclose(found.shares_error, [0.01687046, 0.01687046], atol=5e-9)
    np.testing.assert_allclose(found.users_error, [0.01135396, 0.01729097], atol=5e-9)
    np.testing.assert_allclose(found.producers_error, [0.01304815, 0.00033700], atol=5e-9)


def test_the_unit_of_the_area_does_not_matter():
    one, other = estimated(MAP_ROWS, MAPPED), estimated(MAP_ROWS, np.array(MAPPED) * 0.01)

    np.testing.assert_allclose(one.producers_error, other.producers_error)


def test_the_errors_are_those_of_repeated_draws():
    """Many random samples from a known map: their estimates scatter as the formulas say."""
    random = np.random.default_rng(4)
    truth = np.array([[0.9, 0.1, 0.0], [0.05, 0.8, 0.15], [0.1, 0.2, 0.7]])
    mapped = np.array([0.2, 0.5, 0.3])
    draws = [estimated([random.multinomial(60, row) for row in truth], mapped) for _ in range(3000)]

    assert np.mean([draw.overall for draw in draws]) == pytest.approx(mapped @ np.diag(truth), abs=2e-3)
    np.testing.assert_allclose(np.mean([draw.shares for draw in draws], axis=0), mapped @ truth, atol=2e-3)
    for values, errors in (("overall", "overall_error"), ("shares", "shares_error"), ("producers", "producers_error")):
        spread = np.std([getattr(draw, values) for draw in draws], axis=0)
        np.testing.assert_allclose(np.mean([getattr(draw, errors) for draw in draws], axis=0), spread, rtol=0.05)


def test_a_stratum_with_one_sample_has_no_error_and_one_without_is_left_out():
    found = estimated([[10, 0, 0], [0, 1, 0], [0, 0, 0]], [500, 300, 200])

    assert found.loose.tolist() == [False, True, False]
    assert found.unsampled.tolist() == [False, False, True]
    np.testing.assert_allclose(found.mapped_shares, [0.625, 0.375, 0])
    assert np.isnan(found.overall_error) and np.isnan(found.users_error[1])
    assert found.users_error[0] == 0.0


def test_a_class_that_the_map_does_not_have():
    found = estimated([[40, 10], [0, 0]], [1000, 0])

    assert np.isnan(found.users[1])
    assert found.producers[1] == 0.0
    np.testing.assert_allclose(found.shares, [0.8, 0.2])
    assert found.overall == pytest.approx(0.8)


def test_intervals_stay_between_nothing_and_all():
    assert interval(0.99, 0.02)[1] == 1.0
    assert interval(0.5, 0.1) == pytest.approx((0.5 - 0.195996, 0.5 + 0.195996), abs=1e-6)
    assert all(np.isnan(interval(0.5, float("nan"))))


def test_parcels_that_agree_leave_no_doubt_and_parcels_that_differ_do():
    assert parcel_interval([9] * 30, [10] * 30) == pytest.approx((0.9, 0.9))
    lowest, highest = parcel_interval([10, 0] * 15, [10] * 30)
    # Binomial with n = 30 and p = 0.5: standard deviation 0.0913.
    assert lowest == pytest.approx(0.5 - 1.96 * 0.0913, abs=0.03)
    assert highest == pytest.approx(0.5 + 1.96 * 0.0913, abs=0.03)


@pytest.mark.parametrize(("only_first", "only_second"), [(5, 1), (10, 10), (0, 7), (40, 25)])
def test_mcnemar_is_the_binomial_test(only_first, only_second):
    stats = pytest.importorskip("scipy.stats")
    first = np.array([True] * only_first + [False] * only_second + [True] * 20 + [False] * 3)
    second = np.array([False] * only_first + [True] * only_second + [True] * 20 + [False] * 3)

    found = mcnemar(first, second)

    assert (found.both_right, found.only_first, found.only_second, found.both_wrong) == (20, only_first, only_second, 3)
    assert found.p_value == pytest.approx(stats.binomtest(only_first, only_first + only_second).pvalue)


def test_mcnemar_of_many_pixels_is_the_chi_square_test():
    stats = pytest.importorskip("scipy.stats")
    found = mcnemar(np.array([True, False]), np.array([False, True]), np.array([1200, 1100]))

    assert found.p_value == pytest.approx(stats.chi2.sf((1200 - 1100 - 1) ** 2 / 2300, 1))
