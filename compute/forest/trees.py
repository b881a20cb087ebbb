"""The layout of the trees: the one module that knows how a forest lies in memory and in the model file.

All nodes of all trees stand in a few flat arrays, so that a forest can be stored openly, checked before it is used,
and walked by more than one engine.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import UnreadableInput

LEAF = -1
# No forest that grew is larger: a forged one would keep the walker busy for ever.
MOST_TREES = 100_000
MOST_LEVELS = 10_000


@dataclass(frozen=True, eq=False)
class Trees:
    """The trees of a forest.

    A tree's nodes stand one after the other, the root first and every node before its children. At an inner node a
    pixel goes left if its feature is at most the threshold, otherwise right.

    Parameters
    ----------
    starts : ndarray of int64, shape (trees + 1,)
        Tree ``t`` has the nodes ``starts[t]`` .. ``starts[t + 1]``.
    left : ndarray of int32, shape (nodes,)
        Left child, counted from the root of its tree; ``LEAF`` at a leaf.
    right : ndarray of int32, shape (nodes,)
        Right child, counted likewise; at a leaf, its row of `votes`.
    feature : ndarray of int32, shape (nodes,)
        What an inner node looks at; ``LEAF`` at a leaf.
    threshold : ndarray of float64, shape (nodes,)
        0 at a leaf.
    votes : ndarray of float32, shape (rows, classes)
        Class probabilities of leaves. The first rows are the identity: a leaf of one class points to the row of
        that class.
    feature_count : int
    """

    starts: np.ndarray
    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    votes: np.ndarray
    feature_count: int

    @property
    def count(self):
        """int: number of trees."""
        return len(self.starts) - 1

    @property
    def class_count(self):
        """int: number of classes."""
        return self.votes.shape[1]

    def nodes(self, tree):
        """slice: where the nodes of a tree are."""
        return slice(int(self.starts[tree]), int(self.starts[tree + 1]))


# What the arrays must be; the model file stores them under these names.
ARRAYS = {"starts": ("<i8", 1), "left": ("<i4", 1), "right": ("<i4", 1), "feature": ("<i4", 1),
          "threshold": ("<f8", 1), "votes": ("<f4", 2)}


def trees_from_sklearn(estimators, class_count, feature_count):
    """The trees of fitted scikit-learn estimators.

    Parameters
    ----------
    estimators : sequence of sklearn.tree.DecisionTreeClassifier
        Trained on classes 0 .. class_count - 1 without gaps.
    class_count, feature_count : int

    Returns
    -------
    Trees
    """
    parts = {name: [] for name in ("left", "right", "feature", "threshold")}
    votes, rows, starts = [np.eye(class_count, dtype=np.float32)], class_count, [0]
    for estimator in estimators:
        tree = estimator.tree_
        is_leaf = tree.children_left < 0
        # Up to scikit-learn 1.2 the values are weights of training pixels, later shares of them.
        values = tree.value[is_leaf, 0, :]
        shares = (values / values.sum(axis=1, keepdims=True)).astype(np.float32)
        is_pure = np.count_nonzero(values, axis=1) == 1
        row = np.where(is_pure, shares.argmax(axis=1), 0)
        row[~is_pure] = rows + np.arange(np.count_nonzero(~is_pure))
        votes.append(shares[~is_pure])
        rows += len(votes[-1])
        right = tree.children_right.astype(np.int32)
        right[is_leaf] = row
        parts["left"].append(np.where(is_leaf, LEAF, tree.children_left).astype(np.int32))
        parts["right"].append(right)
        parts["feature"].append(np.where(is_leaf, LEAF, tree.feature).astype(np.int32))
        parts["threshold"].append(np.where(is_leaf, 0.0, tree.threshold))
        starts.append(starts[-1] + tree.node_count)
    return Trees(starts=np.array(starts, np.int64), votes=np.concatenate(votes), feature_count=feature_count,
                 **{name: np.concatenate(part) for name, part in parts.items()})


def check_trees(trees):
    """Refuse trees that could not have grown: walking them might never end or read beyond the arrays.

    Parameters
    ----------
    trees : Trees
        With arrays of the right types, from a file that may be damaged or forged.

    Raises
    ------
    UnreadableInput
        Saying what is impossible about them.
    """
    nodes = len(trees.left)
    _require(1 <= trees.count <= MOST_TREES and trees.starts.min() == trees.starts[0] == 0 and trees.starts[-1] == nodes
             and trees.starts.max() == nodes and (np.diff(trees.starts) >= 1).all(),
             "the trees do not follow each other")
    _require(all(len(part) == nodes for part in (trees.right, trees.feature, trees.threshold)),
             "its arrays differ in length")
    sizes = np.diff(trees.starts)
    own = np.arange(nodes, dtype=np.int64) - np.repeat(trees.starts[:-1], sizes)
    size = np.repeat(sizes, sizes)
    is_leaf = trees.left == LEAF
    inner = ~is_leaf
    for child in (trees.left[inner], trees.right[inner]):
        _require((child > own[inner]).all() and (child < size[inner]).all(), "its branches lead astray")
    base = np.repeat(trees.starts[:-1], sizes)[inner]
    children = np.concatenate([base + trees.left[inner], base + trees.right[inner]])
    parents = np.bincount(children, minlength=nodes)
    parents[trees.starts[:-1]] += 1
    _require((parents == 1).all(), "its branches meet again")
    _require(_has_end(trees, base), "its branches have no end")
    _require(((trees.feature[inner] >= 0) & (trees.feature[inner] < trees.feature_count)).all(),
             "it asks for features that it does not name")
    _require(np.isfinite(trees.threshold).all(), "its thresholds are not numbers")
    _require((trees.feature[is_leaf] == LEAF).all()
             and ((trees.right[is_leaf] >= 0) & (trees.right[is_leaf] < len(trees.votes))).all(),
             "its leaves do not vote")
    votes, classes = trees.votes, trees.class_count
    _require(len(votes) >= classes >= 1 and (votes[:classes] == np.eye(classes, dtype=votes.dtype)).all()
             and (votes >= 0).all() and bool((np.abs(votes.sum(axis=1) - 1) < 1e-3).all()),
             "its votes are not probabilities")


def _has_end(trees, base):
    """Whether every walk is over after a sensible number of branches."""
    inner = np.flatnonzero(trees.left != LEAF)
    left, right = np.full(len(trees.left), LEAF, np.int64), np.full(len(trees.left), LEAF, np.int64)
    left[inner], right[inner] = base + trees.left[inner], base + trees.right[inner]
    level = trees.starts[:-1]
    for _ in range(MOST_LEVELS):
        level = level[left[level] != LEAF]
        if not len(level):
            return True
        level = np.concatenate([left[level], right[level]])
    return False


def _require(is_so, fault):
    if not is_so:
        raise UnreadableInput(f"The model file is damaged: {fault}. Train the model again.")
