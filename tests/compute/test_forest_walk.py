"""Our trees vote as scikit-learn's do, whoever walks them and however many threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from floefield.compute.errors import Cancelled
from floefield.compute.forest import walk
from floefield.compute.forest.trees import check_trees, trees_from_sklearn
from floefield.compute.forest.walk import Walker

CLASSES, FEATURES = 5, 12


def pixels(count, seed):
    """Overlapping clouds of five classes: (features, classes)."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(0, 1, (CLASSES, FEATURES))
    classes = np.arange(count) % CLASSES
    return (centres[classes] + generator.normal(0, 1.5, (count, FEATURES))).astype(np.float32), classes


@pytest.fixture(scope="module", params=[1, 7], ids=["pure leaves", "mixed leaves"])
def forest(request):
    """A forest of scikit-learn and ours made from it."""
    grown = RandomForestClassifier(60, min_samples_leaf=request.param, random_state=3).fit(*pixels(1500, seed=0))
    return grown, trees_from_sklearn(grown.estimators_, CLASSES, FEATURES)


@pytest.fixture(params=["compiled", "plain"])
def walker(request, forest, monkeypatch):
    if request.param == "plain":
        monkeypatch.setattr(walk, "_compiled_trees", lambda trees: None)
    return Walker(forest[1])


def test_votes_are_the_probabilities_of_scikit_learn(forest, walker):
    features, _ = pixels(3000, seed=1)

    np.testing.assert_allclose(walker.votes(features) / 60, forest[0].predict_proba(features), rtol=0, atol=1e-6)


def test_pixels_exactly_on_a_threshold_go_the_same_way(forest, walker):
    thresholds = np.concatenate([tree.tree_.threshold for tree in forest[0].estimators_]).astype(np.float32)
    features = np.random.default_rng(0).choice(thresholds, (2000, FEATURES))

    np.testing.assert_allclose(walker.votes(features) / 60, forest[0].predict_proba(features), rtol=0, atol=1e-6)


def test_deciding_early_gives_the_same_classes(forest, walker):
    # Half of the pixels are clear cases, the other half close races up to the last tree.
    features = np.concatenate([pixels(2000, seed=2)[0], pixels(2000, seed=3)[0] * 0.2])

    np.testing.assert_array_equal(walker.classes(features), walker.votes(features).argmax(axis=1))
    assert len(np.unique(walker.classes(features))) == CLASSES


def test_both_walkers_give_the_same_bytes(forest, monkeypatch):
    features, _ = pixels(3000, seed=4)
    compiled = Walker(forest[1]).votes(features)
    monkeypatch.setattr(walk, "_compiled_trees", lambda trees: None)

    assert compiled.tobytes() == Walker(forest[1]).votes(features).tobytes()


def test_scikit_learn_lets_its_trees_be_rebuilt(forest):
    """If this fails with a new version, maps are still right, but made several times slower."""
    assert walk._compiled_trees(forest[1]) is not None


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_and_pieces_do_not_change_a_byte(forest, threads):
    features, _ = pixels(5000, seed=5)
    walker = Walker(forest[1])
    with ThreadPoolExecutor(threads) as executor:
        pieces = list(executor.map(walker.votes, np.array_split(features, 7)))

    assert np.concatenate(pieces).tobytes() == walker.votes(features).tobytes()


def test_no_pixels_give_no_votes(walker):
    nothing = np.empty((0, FEATURES), np.float32)

    assert walker.votes(nothing).shape == (0, CLASSES)
    assert walker.classes(nothing).shape == (0,)


def test_a_walk_can_be_stopped(walker):
    def stop():
        raise Cancelled()

    for walking in (walker.votes, walker.classes):
        with pytest.raises(Cancelled):
            walking(pixels(10, seed=0)[0], stop)


def test_trees_that_grew_pass_the_check(forest):
    check_trees(forest[1])


def test_trees_of_a_single_leaf_vote_too():
    features = np.zeros((10, 2), np.float32)
    grown = RandomForestClassifier(3, random_state=0).fit(features, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    walker = Walker(trees_from_sklearn(grown.estimators_, 2, 2))

    np.testing.assert_allclose(walker.votes(features) / 3, grown.predict_proba(features), atol=1e-6)
