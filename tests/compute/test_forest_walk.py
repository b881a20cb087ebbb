"""Our trees vote as scikit-learn's do, whoever walks them and however many threads."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from floefield.compute.errors import Cancelled, UnreadableInput
from floefield.compute.forest import kernels, walk
from floefield.compute.forest.kernels import compiled_kernels
from floefield.compute.forest.trees import LEAF, Trees, check_trees, trees_from_sklearn
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


def walker_with(engine, trees, monkeypatch):
    """A walker that uses numba, scikit-learn's trees or numpy alone, whatever it would choose."""
    if engine == "numba":
        if compiled_kernels() is None:
            pytest.skip("numba is not installed")
        return Walker(trees)
    monkeypatch.setattr(walk, "numba_walker", lambda trees, shares: None)
    if engine == "numpy":
        monkeypatch.setattr(walk, "_compiled_trees", lambda trees: None)
    return Walker(trees)


@pytest.fixture(params=["numba", "scikit-learn", "numpy"])
def walker(request, forest, monkeypatch):
    return walker_with(request.param, forest[1], monkeypatch)


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


def test_all_walkers_give_the_same_bytes(walker, forest, monkeypatch):
    features, _ = pixels(3000, seed=4)
    votes, classes = walker.votes(features), walker.classes(features)
    plain = walker_with("numpy", forest[1], monkeypatch)

    assert votes.tobytes() == plain.votes(features).tobytes()
    assert classes.tobytes() == plain.classes(features).tobytes()


@pytest.mark.parametrize("count", [1, 7, 8, 9, 1023, 1025])
def test_pixels_are_not_mixed_up_at_the_edges_of_chunks(walker, forest, count):
    features, _ = pixels(count, seed=6)

    np.testing.assert_allclose(walker.votes(features) / 60, forest[0].predict_proba(features), rtol=0, atol=1e-6)
    np.testing.assert_array_equal(walker.classes(features), walker.votes(features).argmax(axis=1))


@pytest.mark.parametrize("engine", ["numba", "scikit-learn", "numpy"])
def test_a_tie_goes_to_the_first_class(engine, monkeypatch):
    """Two trees that always disagree: class 0 and class 1 have one vote each."""
    stumps = Trees(starts=np.array([0, 1, 2]), left=np.array([LEAF, LEAF], np.int32),
                   right=np.array([1, 0], np.int32), feature=np.array([LEAF, LEAF], np.int32),
                   threshold=np.zeros(2), votes=np.eye(3, dtype=np.float32), feature_count=2)
    walker = walker_with(engine, stumps, monkeypatch)

    assert walker.classes(np.zeros((20, 2), np.float32)).tolist() == [0] * 20


def test_trees_too_large_for_small_nodes_are_walked_as_well(forest, monkeypatch):
    monkeypatch.setattr(kernels, "MOST_SMALL", 0)
    features, _ = pixels(500, seed=7)

    assert kernels.pack_nodes(forest[1])[0].dtype == kernels.WIDE_NODE
    np.testing.assert_array_equal(walker_with("numba", forest[1], monkeypatch).votes(features),
                                  walker_with("numpy", forest[1], monkeypatch).votes(features))


def test_packed_nodes_lead_to_the_same_leaves(forest):
    """One pixel followed by hand through the packed nodes of each tree."""
    trees = forest[1]
    nodes, rows = kernels.pack_nodes(trees)
    pixel = pixels(1, seed=8)[0]
    for number, grown in enumerate(forest[0].estimators_):
        tree, here, there = nodes[trees.nodes(number)], 0, None
        while here != there:
            node, there = tree[here], here
            here = int(node["child"]) + int(pixel[0, node["feature"]] > node["threshold"])
        votes = trees.votes[rows[trees.nodes(number)][here]]
        np.testing.assert_allclose(votes, grown.predict_proba(pixel)[0], atol=1e-6)


def test_a_broken_numba_is_done_without(forest, monkeypatch):
    def broken(compiled):
        raise ImportError("Numba needs NumPy 1.24 or less")

    monkeypatch.setattr(kernels, "_compile", broken)
    kernels.compiled_kernels.cache_clear()
    try:
        features, _ = pixels(50, seed=9)
        np.testing.assert_array_equal(Walker(forest[1]).classes(features), forest[0].predict(features))
    finally:
        kernels.compiled_kernels.cache_clear()


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


@pytest.mark.parametrize("name, wrong", [("left", 10 ** 6), ("right", 0), ("feature", FEATURES), ("threshold", np.nan)])
def test_trees_that_grew_pass_the_check_and_do_not_with_any_node_spoilt(forest, name, wrong):
    trees = forest[1]
    check_trees(trees)
    for node in np.random.default_rng(0).choice(np.flatnonzero(trees.left != LEAF), 20, replace=False):
        spoilt = getattr(trees, name).copy()
        spoilt[node] = wrong
        with pytest.raises(UnreadableInput, match="damaged"):
            check_trees(replace(trees, **{name: spoilt}))


def test_trees_of_a_single_leaf_vote_too():
    features = np.zeros((10, 2), np.float32)
    grown = RandomForestClassifier(3, random_state=0).fit(features, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    walker = Walker(trees_from_sklearn(grown.estimators_, 2, 2))

    np.testing.assert_allclose(walker.votes(features) / 3, grown.predict_proba(features), atol=1e-6)
