"""Area-weighted estimates against the example of a published package, and McNemar's test against scipy."""

import numpy as np
import pytest

from floefield.compute.accuracy.confusion_matrix import ConfusionMatrix
from floefield.compute.accuracy.estimates import bootstrap_interval, estimate, interval
from floefield.compute.accuracy.mcnemar import mcnemar

# The example of the R package mapac (aa_card): map classes in rows, 872 samples, mapped pixels.
MAP_ROWS = np.array([[410, 26], [67, 369]], np.int64)
MAPPED = (828837, 33067283)


def estimated(map_rows, mapped):
    names = tuple(f"class {number}" for number in range(len(map_rows)))
    return estimate(ConfusionMatrix(names, np.asarray(map_rows, np.int64).T), mapped)


def test_the_published_example():
    found = estimated(MAP_ROWS, MAPPED)

    np.testing.assert_allclose(found.mapped_proportions, [0.02445227, 0.97554773], atol=5e-9)
    np.testing.assert_allclose(found.users_accuracy, [0.94036697, 0.84633028], atol=5e-9)
    np.testing.assert_allclose(found.producers_accuracy, [0.13298596, 0.998237], atol=5e-7)
    assert found.overall == pytest.approx(0.84862969, abs=5e-9)
    assert found.overall_error == pytest.approx(0.01687046, abs=5e-9)
    np.testing.assert_allclose(found.proportions, [0.1729063, 0.8270937], atol=5e-8)
    np.testing.assert_allclose(found.proportions_error, [0.01687046, 0.01687046], atol=5e-9)
    np.testing.assert_allclose(found.users_error, [0.01135396, 0.01729097], atol=5e-9)
    np.testing.assert_allclose(found.producers_error, [0.01304815, 0.00033700], atol=5e-9)


def test_the_unit_of_the_area_does_not_matter():
    one, other = estimated(MAP_ROWS, MAPPED), estimated(MAP_ROWS, np.array(MAPPED) * 0.01)

    np.testing.assert_allclose(one.producers_error, other.producers_error)


def test_standard_errors_agree_with_repeated_sampling():
    """The standard deviation of estimates from many random samples equals the estimated standard errors."""
    random = np.random.default_rng(4)
    confusion = np.array([[0.9, 0.1, 0.0], [0.05, 0.8, 0.15], [0.1, 0.2, 0.7]])
    mapped = np.array([0.2, 0.5, 0.3])
    samples = [estimated([random.multinomial(60, row) for row in confusion], mapped) for _ in range(3000)]

    assert np.mean([sample.overall for sample in samples]) == pytest.approx(mapped @ np.diag(confusion), abs=2e-3)
    np.testing.assert_allclose(np.mean([sample.proportions for sample in samples], axis=0), mapped @ confusion,
                               atol=2e-3)
    for values, errors in (("overall", "overall_error"), ("proportions", "proportions_error"),
                           ("producers_accuracy", "producers_error")):
        spread = np.std([getattr(sample, values) for sample in samples], axis=0)
        np.testing.assert_allclose(np.mean([getattr(sample, errors) for sample in samples], axis=0), spread, rtol=0.05)


def test_strata_with_one_sample_or_none():
    found = estimated([[10, 0, 0], [0, 1, 0], [0, 0, 0]], [500, 300, 200])

    assert found.single_sample.tolist() == [False, True, False]
    assert found.unsampled.tolist() == [False, False, True]
    np.testing.assert_allclose(found.mapped_proportions, [0.625, 0.375, 0])
    assert np.isnan(found.overall_error) and np.isnan(found.users_error[1])
    assert found.users_error[0] == 0.0


def test_a_class_that_the_map_does_not_have():
    found = estimated([[40, 10], [0, 0]], [1000, 0])

    assert np.isnan(found.users_accuracy[1])
    assert found.producers_accuracy[1] == 0.0
    np.testing.assert_allclose(found.proportions, [0.8, 0.2])
    assert found.overall == pytest.approx(0.8)


def test_intervals_are_limited_to_0_and_1():
    assert interval(0.99, 0.02)[1] == 1.0
    assert interval(0.5, 0.1) == pytest.approx((0.5 - 0.195996, 0.5 + 0.195996), abs=1e-6)
    assert all(np.isnan(interval(0.5, float("nan"))))


def test_the_bootstrap_interval_shows_the_variation_between_parcels():
    assert bootstrap_interval([9] * 30, [10] * 30) == pytest.approx((0.9, 0.9))
    lowest, highest = bootstrap_interval([10, 0] * 15, [10] * 30)
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
