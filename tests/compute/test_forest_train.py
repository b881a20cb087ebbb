"""A forest trained in batches equals the forest of scikit-learn, tree by tree."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from floefield.compute.classifiers.forest_model import ForestSettings
from floefield.compute.classifiers.random_forest import default_features_per_split, grow_forest, new_classifier
from floefield.compute.errors import Cancelled, UnsuitableInput
from floefield.compute.progress import Progress


def pixels():
    generator = np.random.default_rng(0)
    classes = np.repeat([0, 1, 2], [400, 150, 50])
    return (generator.normal(0, 1, (3, 8))[classes] + generator.normal(0, 1, (600, 8))).astype(np.float32), classes


@pytest.mark.parametrize("threads", [1, 2, 4])
@pytest.mark.parametrize("ours, theirs", [
    ({}, {}),
    ({"min_samples_leaf": 4}, {"min_samples_leaf": 4}),
    ({"max_depth": 3}, {"max_depth": 3}),
    ({"balanced_weights": True}, {"class_weight": "balanced"}),
])
def test_the_trees_equal_those_of_scikit_learn_trained_at_once(ours, theirs, threads):
    features, classes = pixels()
    settings = ForestSettings(trees=23, seed=7, threads=threads, classifier="random_forest", **ours)
    grown = grow_forest(features, classes, 3, settings, Progress())
    trees = grown.trees
    expected = RandomForestClassifier(23, random_state=7, **theirs).fit(features, classes)
    thresholds = np.concatenate([tree.tree_.threshold[tree.tree_.children_left >= 0] for tree in expected.estimators_])

    np.testing.assert_array_equal(trees.threshold[trees.left >= 0], thresholds)
    np.testing.assert_array_equal(np.diff(trees.starts), [tree.tree_.node_count for tree in expected.estimators_])
    np.testing.assert_allclose(grown.importances, expected.feature_importances_, atol=1e-12)


def test_another_seed_gives_another_forest():
    first, other = (grow_forest(*pixels(), 3, ForestSettings(trees=5, seed=seed, threads=1), Progress()).trees
                    for seed in (0, 1))

    assert not np.array_equal(first.threshold, other.threshold)


def test_one_class_is_refused():
    with pytest.raises(UnsuitableInput, match="two classes"):
        grow_forest(np.zeros((5, 2), np.float32), np.zeros(5, int), 1, ForestSettings(trees=2), Progress())


def test_training_reports_progress_and_can_be_cancelled():
    class CancelledAfterThree(Progress):
        seen = ()

        @property
        def cancelled(self):
            return len(self.seen) >= 3

        def show(self, fraction):
            self.seen += (fraction,)

    progress = CancelledAfterThree()
    with pytest.raises(Cancelled):
        grow_forest(*pixels(), 3, ForestSettings(trees=100000, threads=1), progress)

    assert len(progress.seen) == 3
    assert list(progress.seen) == sorted(progress.seen)


@pytest.mark.parametrize("classifier, features, expected", [
    ("random_forest", 522, 22), ("random_forest", 2, 1), ("extra_trees", 522, 65), ("extra_trees", 63, 7),
    ("extra_trees", 1, 1)])
def test_default_number_of_features_per_split(classifier, features, expected):
    assert default_features_per_split(classifier, features) == expected
    assert new_classifier(ForestSettings(classifier=classifier), features, 1).max_features == expected
