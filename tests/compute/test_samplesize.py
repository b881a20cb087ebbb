"""Sample size: the example of Olofsson et al. (2014), section 5.1, and its allocation by hand."""

import numpy as np
import pytest

from floefield.compute.accuracy.sample_size import plan_samples, required_samples

# Deforestation, forest gain, stable forest, stable non-forest.
PROPORTIONS, PRECISIONS = (0.020, 0.015, 0.320, 0.645), (0.70, 0.60, 0.90, 0.95)


def test_the_published_example():
    assert required_samples(PROPORTIONS, PRECISIONS, 0.01) == 641


def test_rare_classes_get_50_samples_and_the_others_the_rest_by_area():
    plan = plan_samples(PROPORTIONS, PRECISIONS, 0.01)

    # 641 - 2 * 50 = 541, of which 0.320 / 0.965 and 0.645 / 0.965, rounded up
    assert plan.by_class.tolist() == [50, 50, 180, 362]
    assert plan.total == 642


def test_a_class_below_50_samples_after_allocation_gets_50():
    # The eight small classes get 50 each, which leaves fewer than 50 of the 100 samples for the second class.
    proportions = [0.6, 0.2, *[0.025] * 8]
    plan = plan_samples(proportions, [0.9] * 10, 0.03)

    assert required_samples(proportions, [0.9] * 10, 0.03) == 100
    assert plan.by_class.tolist() == [50] * 10


def test_unknown_and_very_high_accuracies_are_replaced_by_conservative_values():
    plan = plan_samples([0.5, 0.3, 0.2, 0.0], [np.nan, 1.0, 0.8, np.nan], 0.02)

    assert plan.precisions[:3].tolist() == [0.5, 0.95, 0.8]
    assert plan.by_class[3] == 0
    assert plan.total == pytest.approx((0.5 * 0.5 + 0.3 * 0.2179 + 0.2 * 0.4) ** 2 / 0.02 ** 2, abs=3)
