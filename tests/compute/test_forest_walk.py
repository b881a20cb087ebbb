"""Tree traversal: the votes agree with scikit-learn, with every engine and number of threads."""

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from floefield.compute.classifiers import tree_kernels, tree_traversal
from floefield.compute.classifiers.forest_model import LEAF, Trees, check_trees, trees_from_sklearn
from floefield.compute.classifiers.tree_kernels import compiled_kernels
from floefield.compute.classifiers.tree_traversal import AdaptiveTraversal, TreeTraversal
from floefield.compute.errors import Cancelled, UnreadableInput

CLASSES, FEATURES = 5, 12


def pixels(count, seed):
    """Overlapping clusters of five classes: (features, classes)."""
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(0, 1, (CLASSES, FEATURES))
    classes = np.arange(count) % CLASSES
    return (centres[classes] + generator.normal(0, 1.5, (count, FEATURES))).astype(np.float32), classes


@pytest.fixture(scope="module", params=[1, 7], ids=["pure leaves", "mixed leaves"])
def forest(request):
    """A forest of scikit-learn and the trees converted from it."""
    grown = RandomForestClassifier(60, min_samples_leaf=request.param, random_state=3).fit(*pixels(1500, seed=0))
    return grown, trees_from_sklearn(grown.estimators_, CLASSES, FEATURES)


def traversal_with(engine, trees, monkeypatch):
    """A traversal that is forced to use numba, scikit-learn's trees or numpy."""
    if engine == "numba":
        if compiled_kernels() is None:
            pytest.skip("numba is not installed")
        return TreeTraversal(trees)
    monkeypatch.setattr(tree_traversal, "numba_traversal", lambda trees, leaf_votes: None)
    if engine == "numpy":
        monkeypatch.setattr(tree_traversal, "_compiled_trees", lambda trees: None)
    return TreeTraversal(trees)


@pytest.fixture(params=["numba", "scikit-learn", "numpy"])
def traversal(request, forest, monkeypatch):
    return traversal_with(request.param, forest[1], monkeypatch)


def test_votes_are_the_probabilities_of_scikit_learn(forest, traversal):
    features, _ = pixels(3000, seed=1)

    np.testing.assert_allclose(traversal.votes(features) / 60, forest[0].predict_proba(features), rtol=0, atol=1e-6)


def test_pixels_exactly_on_a_threshold_take_the_same_branch(forest, traversal):
    thresholds = np.concatenate([tree.tree_.threshold for tree in forest[0].estimators_]).astype(np.float32)
    features = np.random.default_rng(0).choice(thresholds, (2000, FEATURES))

    np.testing.assert_allclose(traversal.votes(features) / 60, forest[0].predict_proba(features), rtol=0, atol=1e-6)


def test_early_decision_gives_the_same_classes(forest, traversal):
    # Half of the pixels are clear cases, the other half are undecided up to the last trees.
    features = np.concatenate([pixels(2000, seed=2)[0], pixels(2000, seed=3)[0] * 0.2])

    np.testing.assert_array_equal(traversal.classes(features), traversal.votes(features).argmax(axis=1))
    assert len(np.unique(traversal.classes(features))) == CLASSES


def test_all_engines_give_the_same_bytes(traversal, forest, monkeypatch):
    features, _ = pixels(3000, seed=4)
    votes, classes = traversal.votes(features), traversal.classes(features)
    plain = traversal_with("numpy", forest[1], monkeypatch)

    assert votes.tobytes() == plain.votes(features).tobytes()
    assert classes.tobytes() == plain.classes(features).tobytes()


@pytest.mark.parametrize("count", [1, 7, 8, 9, 1023, 1025])
def test_pixels_keep_their_order_at_the_edges_of_chunks(traversal, forest, count):
    features, _ = pixels(count, seed=6)

    np.testing.assert_allclose(traversal.votes(features) / 60, forest[0].predict_proba(features), rtol=0, atol=1e-6)
    np.testing.assert_array_equal(traversal.classes(features), traversal.votes(features).argmax(axis=1))


@pytest.mark.parametrize("engine", ["numba", "scikit-learn", "numpy"])
def test_a_tie_goes_to_the_first_class(engine, monkeypatch):
    """Two trees that disagree: class 0 and class 1 have one vote each."""
    stumps = Trees(starts=np.array([0, 1, 2]), left=np.array([LEAF, LEAF], np.int32),
                   right=np.array([1, 0], np.int32), feature=np.array([LEAF, LEAF], np.int32),
                   threshold=np.zeros(2), votes=np.eye(3, dtype=np.float32), feature_count=2)
    traversal = traversal_with(engine, stumps, monkeypatch)

    assert traversal.classes(np.zeros((20, 2), np.float32)).tolist() == [0] * 20


def test_trees_too_large_for_small_nodes_use_wide_nodes(forest, monkeypatch):
    monkeypatch.setattr(tree_kernels, "MAX_SMALL", 0)
    features, _ = pixels(500, seed=7)

    assert tree_kernels.pack_nodes(forest[1])[0].dtype == tree_kernels.WIDE_NODE
    np.testing.assert_array_equal(traversal_with("numba", forest[1], monkeypatch).votes(features),
                                  traversal_with("numpy", forest[1], monkeypatch).votes(features))


def test_packed_nodes_lead_to_the_same_leaves(forest):
    """The path of one pixel through the packed nodes of each tree."""
    trees = forest[1]
    nodes, rows = tree_kernels.pack_nodes(trees)
    pixel = pixels(1, seed=8)[0]
    for number, grown in enumerate(forest[0].estimators_):
        tree, here, there = nodes[trees.nodes(number)], 0, None
        while here != there:
            node, there = tree[here], here
            here = int(node["child"]) + int(pixel[0, node["feature"]] > node["threshold"])
        votes = trees.votes[rows[trees.nodes(number)][here]]
        np.testing.assert_allclose(votes, grown.predict_proba(pixel)[0], atol=1e-6)


def test_a_broken_numba_is_not_used(forest, monkeypatch):
    def broken(compiled):
        raise ImportError("Numba needs NumPy 1.24 or less")

    monkeypatch.setattr(tree_kernels, "_compile", broken)
    tree_kernels.compiled_kernels.cache_clear()
    try:
        features, _ = pixels(50, seed=9)
        np.testing.assert_array_equal(TreeTraversal(forest[1]).classes(features), forest[0].predict(features))
    finally:
        tree_kernels.compiled_kernels.cache_clear()


def test_compiled_trees_of_scikit_learn_can_be_rebuilt(forest):
    """If this fails with a new version, maps are still correct, but several times slower."""
    assert tree_traversal._compiled_trees(forest[1]) is not None


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_threads_and_blocks_do_not_change_a_byte(forest, threads):
    features, _ = pixels(5000, seed=5)
    traversal = TreeTraversal(forest[1])
    with ThreadPoolExecutor(threads) as executor:
        blocks = list(executor.map(traversal.votes, np.array_split(features, 7)))

    assert np.concatenate(blocks).tobytes() == traversal.votes(features).tobytes()


def test_no_pixels_give_no_votes(traversal):
    no_pixels = np.empty((0, FEATURES), np.float32)

    assert traversal.votes(no_pixels).shape == (0, CLASSES)
    assert traversal.classes(no_pixels).shape == (0,)


def test_the_traversal_can_be_cancelled(traversal):
    def cancel():
        raise Cancelled()

    for method in (traversal.votes, traversal.classes):
        with pytest.raises(Cancelled):
            method(pixels(10, seed=0)[0], cancel)


@pytest.mark.parametrize("name, wrong", [("left", 10 ** 6), ("right", 0), ("feature", FEATURES), ("threshold", np.nan)])
def test_trained_trees_pass_the_check_and_fail_it_with_any_invalid_node(forest, name, wrong):
    trees = forest[1]
    check_trees(trees)
    for node in np.random.default_rng(0).choice(np.flatnonzero(trees.left != LEAF), 20, replace=False):
        changed = getattr(trees, name).copy()
        changed[node] = wrong
        with pytest.raises(UnreadableInput, match="damaged"):
            check_trees(replace(trees, **{name: changed}))


def test_trees_of_a_single_leaf_vote():
    features = np.zeros((10, 2), np.float32)
    grown = RandomForestClassifier(3, random_state=0).fit(features, [0, 0, 0, 0, 0, 0, 1, 1, 1, 1])
    traversal = TreeTraversal(trees_from_sklearn(grown.estimators_, 2, 2))

    np.testing.assert_allclose(traversal.votes(features) / 3, grown.predict_proba(features), atol=1e-6)


def test_numba_is_loaded_once_there_are_enough_pixels(forest, monkeypatch):
    loaded = []
    monkeypatch.setattr(tree_traversal, "numba_traversal", lambda *trees: loaded.append(trees))
    monkeypatch.setattr(tree_traversal, "MIN_TRAVERSALS_FOR_NUMBA", 1000 * forest[1].count)
    traversal = AdaptiveTraversal(forest[1])
    engines = []
    for pixels, count in ((400, 0), (400, 0), (400, 1), (400, 1)):
        engines.append(traversal.engine_for(pixels))
        assert len(loaded) == count

    assert engines[0] is engines[1] is not engines[2] is engines[3]
    copied = pickle.loads(pickle.dumps(traversal)).engine_for(400)
    features = np.random.default_rng(0).normal(0, 1, (50, forest[1].feature_count)).astype(np.float32)
    np.testing.assert_array_equal(copied.votes(features), engines[3].votes(features))
