"""Walking a forest: from the features of pixels to the votes of the trees.

scikit-learn's ``predict_proba`` copies the class probabilities of every leaf it meets. Here the leaf of a pixel is
only looked up, and what a leaf adds is rounded to a multiple of 2**-24 of a vote. Such sums are exact in float64, so
they are the same bytes whatever adds them up in whatever order: numba's loops (:mod:`.kernels`), scikit-learn's own
compiled trees rebuilt from ours, or numpy alone. A walker may be used from several threads at once.
"""

import numpy as np

from .kernels import numba_walker
from .trees import LEAF

# Pixels walked at once: features and votes of so many stay near the processor.
PIXELS_AT_ONCE = 16384
# Trees whose votes are noted before they are counted.
TREES_AT_ONCE = 10
# Looks at which pixels are already decided, in the second half of the trees.
LOOKS = 24
# A chunk is made smaller only if at least this share of it is decided: the copy has to pay.
SHARE_WORTH_DROPPING = 0.1
# The smallest part of a vote.
UNITS_PER_VOTE = 2.0 ** 24
# Walks of a pixel down a tree from which on it pays to load and compile what numba needs.
WALKS_WORTH_COMPILING = 2e7


class Walker:
    """A forest ready to classify.

    Parameters
    ----------
    trees : Trees
    pixels : int, optional
        About how many there will be; for a few numba is not loaded, which takes longer than it saves.
    """

    def __init__(self, trees, pixels=None):
        self._class_count = trees.class_count
        shares = np.rint(trees.votes.astype(np.float64) * UNITS_PER_VOTE) / UNITS_PER_VOTE
        is_worth_it = pixels is None or pixels * trees.count >= WALKS_WORTH_COMPILING
        self._engine = (numba_walker(trees, shares) if is_worth_it else None) or TreeWalker(trees, shares)

    def votes(self, features, check=None):
        """Class probabilities added up over all trees: divided by the number of trees, the forest's probabilities.

        Parameters
        ----------
        features : ndarray of float32, shape (pixels, features), C order
            Finite.
        check : callable, optional
            Called now and then; raises to end the work.

        Returns
        -------
        ndarray of float64, shape (pixels, classes)
        """
        return self._engine.votes(features, check or _go_on)

    def classes(self, features, check=None):
        """The class with most votes, the first of several.

        A pixel is left alone once the trees still to come cannot change its class, which may halve the work.
        Parameters as for :meth:`votes`.

        Returns
        -------
        ndarray of intp, shape (pixels,)
            Counted from 0.
        """
        return self._engine.classes(features, check or _go_on)


def _go_on():
    """Nobody asks to stop."""


class TreeWalker:
    """Walks tree by tree with numpy and, where its version lets us, with scikit-learn's compiled trees."""

    def __init__(self, trees, shares):
        self._count, self._shares = trees.count, np.ascontiguousarray(shares.T)
        self._find_leaf = _compiled_trees(trees) or [_PlainTree(trees, tree) for tree in range(trees.count)]
        # The row of `shares` for each node; inner nodes, where no walk ends, keep a child there.
        self._rows = [trees.right[trees.nodes(tree)].astype(np.intp) for tree in range(trees.count)]
        self._is_pure = [bool((trees.right[nodes][trees.left[nodes] == LEAF] < trees.class_count).all())
                         for nodes in map(trees.nodes, range(trees.count))]

    def votes(self, features, check):
        """As :meth:`Walker.votes`."""
        votes = np.empty((len(features), len(self._shares)))
        for part in self._parts(features):
            alike = features[part]
            by_class = np.zeros((len(self._shares), len(alike)))
            self._vote(0, self._count, alike, by_class, check)
            votes[part] = by_class.T
        return votes

    def classes(self, features, check):
        """As :meth:`Walker.classes`."""
        result = np.empty(len(features), np.intp)
        for part in self._parts(features):
            result[part] = self._decide(features[part], check)
        return result

    def _parts(self, features):
        """Pixels to be walked at once, in an order in which those that look alike follow each other.

        They take the same way down most trees, so that the processor foresees where the next one goes.
        """
        for first in range(0, len(features), PIXELS_AT_ONCE):
            leaves = self._find_leaf[0].apply(features[first:first + PIXELS_AT_ONCE])
            yield first + np.argsort(leaves, kind="stable")

    def _decide(self, features, check):
        result = np.empty(len(features), np.intp)
        waiting = np.arange(len(features))
        votes = np.zeros((len(self._shares), len(features)))
        # Before half of the trees have voted nothing can be decided.
        done, stop = 0, min(self._count, self._count // 2 + 1)
        while done < self._count and len(waiting):
            self._vote(done, stop, features, votes, check)
            decided = _lead(votes) > self._count - stop
            if decided.mean() >= SHARE_WORTH_DROPPING:
                result[waiting[decided]] = votes[:, decided].argmax(axis=0)
                waiting, features, votes = waiting[~decided], features[~decided], votes[:, ~decided]
            done, stop = stop, min(self._count, stop + max(1, self._count // (2 * LOOKS)))
        result[waiting] = votes.argmax(axis=0)
        return result

    def _vote(self, first, last, features, votes, check):
        """Add the votes of some trees; those of pure trees are noted as classes and counted together."""
        for start in range(first, last, TREES_AT_ONCE):
            check()
            noted = []
            for tree in range(start, min(start + TREES_AT_ONCE, last)):
                rows = self._rows[tree].take(self._find_leaf[tree].apply(features))
                if self._is_pure[tree]:
                    noted.append(rows.astype(np.uint8 if len(votes) <= 256 else np.uint32))
                else:
                    votes += self._shares.take(rows, axis=1)
            if noted:
                noted = np.array(noted)
                for number in range(len(votes)):
                    votes[number] += (noted == number).sum(axis=0, dtype=np.uint8)


def _lead(votes):
    """By how much the leader of each pixel is ahead of the second."""
    most, second = votes[0].copy(), np.full(votes.shape[1], -np.inf)
    for others in votes[1:]:
        np.maximum(second, np.minimum(most, others), out=second)
        np.maximum(most, others, out=most)
    return most - second


class _PlainTree:
    """A tree walked with numpy alone, level by level; for versions of scikit-learn whose trees cannot be rebuilt."""

    def __init__(self, trees, tree):
        nodes = trees.nodes(tree)
        self._left, self._right = trees.left[nodes], trees.right[nodes]
        self._feature, self._threshold = trees.feature[nodes], trees.threshold[nodes]

    def apply(self, features):
        """The node in which each pixel ends."""
        nodes = np.zeros(len(features), np.intp)
        on_the_way = np.flatnonzero(self._left[nodes] != LEAF)
        while len(on_the_way):
            here = nodes[on_the_way]
            goes_left = features[on_the_way, self._feature[here]] <= self._threshold[here]
            nodes[on_the_way] = np.where(goes_left, self._left[here], self._right[here])
            on_the_way = on_the_way[self._left[nodes[on_the_way]] != LEAF]
        return nodes


def _compiled_trees(trees):
    """scikit-learn's own trees, rebuilt from ours; None where its version does not let us.

    The layout of its nodes changes between versions: it is taken from a tree that the installed version grows, and the
    first tree is tried against the plain walk before the rest is trusted.
    """
    try:
        from sklearn.tree import DecisionTreeClassifier

        make, _, state = DecisionTreeClassifier().fit([[0.0], [1.0]], [0, 1]).tree_.__reduce__()
        first = _compiled_tree(trees, 0, make, state)
        trial = _trial_pixels(trees, 0)
        if not np.array_equal(first.apply(trial), _PlainTree(trees, 0).apply(trial)):
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


def _trial_pixels(trees, tree):
    """Pixels on and around the thresholds of a tree, so that every comparison is tried."""
    thresholds = trees.threshold[trees.nodes(tree)][:64].astype(np.float32)
    generator = np.random.default_rng(0)
    spread = generator.choice(np.concatenate([thresholds, np.nextafter(thresholds, np.float32(np.inf))]),
                              (256, trees.feature_count))
    return np.ascontiguousarray(spread, np.float32)
