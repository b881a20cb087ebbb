"""Tree traversal: from the features of pixels to the votes of the trees.

scikit-learn's ``predict_proba`` copies the class probabilities of every leaf. Here only the leaf of a pixel is looked
up, and its votes are rounded to multiples of 2**-24. Such sums are exact in float64, so they do not depend on the order
or the engine: numba (:mod:`.tree_kernels`), the compiled trees of scikit-learn, or numpy. The traversal is thread-safe.
"""

import numpy as np

from .forest_model import LEAF
from .tree_kernels import numba_traversal

# Pixels processed at once: their features and votes stay in the cache.
PIXELS_AT_ONCE = 16384

# Trees whose votes are collected before they are counted.
TREES_AT_ONCE = 10

# Number of checks for decided pixels, in the second half of the trees.
DECISION_CHECKS = 24

# Minimum fraction of decided pixels for which dropping them is worth the copy.
MIN_DECIDED_FRACTION = 0.1

# Resolution of a vote.
UNITS_PER_VOTE = 2.0 ** 24

# Minimum number of traversals (pixels x trees) for which loading and compiling with numba is worth the time.
MIN_TRAVERSALS_FOR_NUMBA = 2e7


class TreeTraversal:
    """A forest prepared for prediction.

    Parameters
    ----------
    trees : Trees
    pixels : int, optional
        Approximate number of pixels; for a small number numba is not loaded.
    """

    def __init__(self, trees, pixels=None):
        self._class_count = trees.class_count
        leaf_votes = np.rint(trees.votes.astype(np.float64) * UNITS_PER_VOTE) / UNITS_PER_VOTE
        uses_numba = pixels is None or pixels * trees.count >= MIN_TRAVERSALS_FOR_NUMBA
        self._engine = ((numba_traversal(trees, leaf_votes) if uses_numba else None)
                        or TreeByTreeTraversal(trees, leaf_votes))

    def votes(self, features, check=None):
        """Sum of the class probabilities of all trees; divided by their number, the probabilities of the forest.

        Parameters
        ----------
        features : ndarray of float32, shape (pixels, features), C order
            Finite.
        check : callable, optional
            Called regularly; raises an exception to cancel.

        Returns
        -------
        ndarray of float64, shape (pixels, classes)
        """
        return self._engine.votes(features, check or _no_check)

    def classes(self, features, check=None):
        """The class with most votes, the first one in a tie.

        A pixel is skipped once the remaining trees cannot change its class, which may halve the work.
        Parameters as for :meth:`votes`.

        Returns
        -------
        ndarray of intp, shape (pixels,)
            Class numbers from 0.
        """
        return self._engine.classes(features, check or _no_check)


def _no_check():
    """Never cancels."""


class TreeByTreeTraversal:
    """Traversal tree by tree with numpy and, if its version permits, with scikit-learn's compiled trees."""

    def __init__(self, trees, leaf_votes):
        self._count, self._leaf_votes = trees.count, np.ascontiguousarray(leaf_votes.T)
        self._trees = _compiled_trees(trees) or [_PlainTree(trees, tree) for tree in range(trees.count)]
        # The row of `leaf_votes` for each node; unused at inner nodes.
        self._rows = [trees.right[trees.nodes(tree)].astype(np.intp) for tree in range(trees.count)]
        self._is_pure = [bool((trees.right[nodes][trees.left[nodes] == LEAF] < trees.class_count).all())
                         for nodes in map(trees.nodes, range(trees.count))]

    def votes(self, features, check):
        """As :meth:`TreeTraversal.votes`."""
        votes = np.empty((len(features), len(self._leaf_votes)))
        for part in self._parts(features):
            sorted_features = features[part]
            by_class = np.zeros((len(self._leaf_votes), len(sorted_features)))
            self._vote(0, self._count, sorted_features, by_class, check)
            votes[part] = by_class.T
        return votes

    def classes(self, features, check):
        """As :meth:`TreeTraversal.classes`."""
        result = np.empty(len(features), np.intp)
        for part in self._parts(features):
            result[part] = self._decide(features[part], check)
        return result

    def _parts(self, features):
        """Indices of the pixels to process at once, sorted by their leaf in the first tree.

        Similar pixels take the same path in most trees, which improves branch prediction.
        """
        for first in range(0, len(features), PIXELS_AT_ONCE):
            leaves = self._trees[0].apply(features[first:first + PIXELS_AT_ONCE])
            yield first + np.argsort(leaves, kind="stable")

    def _decide(self, features, check):
        result = np.empty(len(features), np.intp)
        undecided = np.arange(len(features))
        votes = np.zeros((len(self._leaf_votes), len(features)))
        # No pixel can be decided by the votes of half of the trees.
        done, stop = 0, min(self._count, self._count // 2 + 1)
        while done < self._count and len(undecided):
            self._vote(done, stop, features, votes, check)
            decided = _margins(votes) > self._count - stop
            if decided.mean() >= MIN_DECIDED_FRACTION:
                result[undecided[decided]] = votes[:, decided].argmax(axis=0)
                undecided, features, votes = undecided[~decided], features[~decided], votes[:, ~decided]
            done, stop = stop, min(self._count, stop + max(1, self._count // (2 * DECISION_CHECKS)))
        result[undecided] = votes.argmax(axis=0)
        return result

    def _vote(self, first, last, features, votes, check):
        """Add the votes of some trees; those of trees with pure leaves only are collected as classes and counted."""
        for start in range(first, last, TREES_AT_ONCE):
            check()
            classes = []
            for tree in range(start, min(start + TREES_AT_ONCE, last)):
                rows = self._rows[tree].take(self._trees[tree].apply(features))
                if self._is_pure[tree]:
                    classes.append(rows.astype(np.uint8 if len(votes) <= 256 else np.uint32))
                else:
                    votes += self._leaf_votes.take(rows, axis=1)
            if classes:
                classes = np.array(classes)
                for number in range(len(votes)):
                    votes[number] += (classes == number).sum(axis=0, dtype=np.uint8)


def _margins(votes):
    """Difference between the highest and the second highest votes of each pixel."""
    most, second = votes[0].copy(), np.full(votes.shape[1], -np.inf)
    for others in votes[1:]:
        np.maximum(second, np.minimum(most, others), out=second)
        np.maximum(most, others, out=most)
    return most - second


class _PlainTree:
    """Traversal of a tree with numpy, level by level; for versions of scikit-learn whose trees cannot be rebuilt."""

    def __init__(self, trees, tree):
        nodes = trees.nodes(tree)
        self._left, self._right = trees.left[nodes], trees.right[nodes]
        self._feature, self._threshold = trees.feature[nodes], trees.threshold[nodes]

    def apply(self, features):
        """The leaf of each pixel, as a node index."""
        nodes = np.zeros(len(features), np.intp)
        active = np.flatnonzero(self._left[nodes] != LEAF)
        while len(active):
            here = nodes[active]
            goes_left = features[active, self._feature[here]] <= self._threshold[here]
            nodes[active] = np.where(goes_left, self._left[here], self._right[here])
            active = active[self._left[nodes[active]] != LEAF]
        return nodes


def _compiled_trees(trees):
    """The trees rebuilt as compiled trees of scikit-learn; None if its version does not permit it.

    The layout of the nodes changes between versions: it is taken from a tree trained with the installed version, and
    the first tree is tested against the traversal with numpy.
    """
    try:
        from sklearn.tree import DecisionTreeClassifier

        make, _, state = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1]).tree_.__reduce__()
        first = _compiled_tree(trees, 0, make, state)
        pixels = _test_pixels(trees, 0)
        if not np.array_equal(first.apply(pixels), _PlainTree(trees, 0).apply(pixels)):
            return None
        return [first] + [_compiled_tree(trees, tree, make, state) for tree in range(1, trees.count)]
    except (ImportError, AttributeError, KeyError, TypeError, ValueError):
        return None


def _compiled_tree(trees, tree, make, state):
    part = trees.nodes(tree)
    is_leaf = trees.left[part] == LEAF
    nodes = np.zeros(part.stop - part.start, state["nodes"].dtype)
    # scikit-learn marks a leaf by equal children, and an unused feature by -2.
    nodes["left_child"] = np.where(is_leaf, -1, trees.left[part])
    nodes["right_child"] = np.where(is_leaf, -1, trees.right[part])
    nodes["feature"] = np.where(is_leaf, -2, trees.feature[part])
    nodes["threshold"] = np.where(is_leaf, -2.0, trees.threshold[part])
    rebuilt = make(trees.feature_count, np.array([1], np.intp), 1)
    rebuilt.__setstate__({**state, "node_count": len(nodes), "nodes": nodes, "values": np.zeros((len(nodes), 1, 1))})
    return rebuilt


def _test_pixels(trees, tree):
    """Pixels with features on and just above the thresholds of a tree."""
    thresholds = trees.threshold[trees.nodes(tree)][:64].astype(np.float32)
    generator = np.random.default_rng(0)
    features = generator.choice(np.concatenate([thresholds, np.nextafter(thresholds, np.float32(np.inf))]),
                                (256, trees.feature_count))
    return np.ascontiguousarray(features, np.float32)
