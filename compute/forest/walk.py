"""Walking a forest: from the features of pixels to the votes of the trees.

scikit-learn's ``predict_proba`` copies the class probabilities of every leaf it meets. Here its compiled trees only say
in which leaf a pixel ends; the votes are added up tree by tree, always in the same order, so that the sums are the
same bytes for any number of threads. A walker may be used from several threads at once.
"""

import numpy as np

from .trees import LEAF

# Pixels walked at once: features and votes of so many stay near the processor.
PIXELS_AT_ONCE = 16384
# Trees between two looks at which pixels are already decided.
TREES_BETWEEN_LOOKS = 10
# A chunk is made smaller only if at least this share of it is decided: the copy has to pay.
SHARE_WORTH_DROPPING = 0.1


class Walker:
    """A forest ready to classify.

    Parameters
    ----------
    trees : Trees
    """

    def __init__(self, trees):
        self._trees = trees
        self._find_leaf = _compiled_trees(trees) or [_PlainTree(trees, tree) for tree in range(trees.count)]
        # The row of `votes` for each node; inner nodes, where no walk ends, keep a child there.
        self._rows = [trees.right[trees.nodes(tree)].astype(np.intp) for tree in range(trees.count)]
        self._is_pure = [bool((trees.right[nodes][trees.left[nodes] == LEAF] < trees.class_count).all())
                         for nodes in map(trees.nodes, range(trees.count))]

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
        votes = np.zeros((len(features), self._trees.class_count))
        for part in _parts(len(features)):
            first_ballots = _first_ballots(votes[part])
            for tree in range(self._trees.count):
                if check and tree % TREES_BETWEEN_LOOKS == 0:
                    check()
                self._vote(tree, features[part], votes[part], first_ballots)
        return votes

    def classes(self, features, check=None):
        """The class with most votes, the first of several.

        A pixel is left alone once the trees still to come cannot change its class, which may halve the work.
        Parameters as for :meth:`votes`.

        Returns
        -------
        ndarray of intp, shape (pixels,)
            Counted from 0.
        """
        result = np.empty(len(features), np.intp)
        for part in _parts(len(features)):
            result[part] = self._decide(features[part], check)
        return result

    def _decide(self, features, check):
        result = np.empty(len(features), np.intp)
        waiting = np.arange(len(features))
        votes = np.zeros((len(features), self._trees.class_count))
        first_ballots = _first_ballots(votes)
        for tree in range(self._trees.count):
            if tree % TREES_BETWEEN_LOOKS == 0:
                if check:
                    check()
                decided = _is_decided(votes, self._trees.count - tree)
                if decided.mean() >= SHARE_WORTH_DROPPING:
                    result[waiting[decided]] = votes[decided].argmax(axis=1)
                    waiting, features, votes = waiting[~decided], features[~decided], votes[~decided]
                    first_ballots = _first_ballots(votes)
                    if not len(waiting):
                        return result
            self._vote(tree, features, votes, first_ballots)
        result[waiting] = votes.argmax(axis=1)
        return result

    def _vote(self, tree, features, votes, first_ballots):
        rows = self._rows[tree].take(self._find_leaf[tree].apply(features))
        if self._is_pure[tree]:
            rows += first_ballots
            votes.reshape(-1)[rows] += 1.0
        else:
            votes += self._trees.votes[rows]


def _parts(pixels):
    return [slice(first, first + PIXELS_AT_ONCE) for first in range(0, pixels, PIXELS_AT_ONCE)]


def _first_ballots(votes):
    """Where the votes of each pixel begin when all are in one row."""
    return np.arange(0, votes.size, votes.shape[1])


def _is_decided(votes, trees_to_come):
    """Whether the leader is out of reach, with a little room for rounding."""
    if votes.shape[1] == 1:
        return np.ones(len(votes), bool)
    if votes[0].sum() <= trees_to_come:
        return np.zeros(len(votes), bool)
    ranked = np.partition(votes, -2, axis=1)
    return ranked[:, -1] - ranked[:, -2] > trees_to_come + 1e-6


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
