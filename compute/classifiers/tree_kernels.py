"""Tree traversal with numba, if it is installed: the same votes, several times faster.

A node has eight bytes (threshold, feature, index of the left child, followed by the right one), so that a tree fits
into the first-level cache. Eight pixels traverse a tree at the same time, which hides memory latency. A step is
arithmetic instead of an unpredictable branch: the child of a leaf is the leaf itself, and the traversal ends when no
pixel moves.
"""

import functools

import numpy as np

from .forest_model import LEAF

SMALL_NODE = np.dtype([("threshold", "f4"), ("feature", "u2"), ("child", "u2")])
WIDE_NODE = np.dtype([("threshold", "f4"), ("feature", "u4"), ("child", "u4")])
MAX_SMALL = 2 ** 16

# Pixels whose features and votes stay in the second-level cache during the traversal of all trees.
PIXELS_AT_ONCE = 2048

# Number of checks for decided pixels, in the second half of the trees.
DECISION_CHECKS = 12


class NumbaTraversal:
    """Traversal of a forest by compiled loops; created by :func:`numba_traversal`."""

    def __init__(self, trees, leaf_votes, kernels):
        self._forest = (*pack_nodes(trees), trees.starts, leaf_votes)
        self._count, self._class_count = trees.count, trees.class_count
        self._traverse, self._select_undecided = kernels

    def votes(self, features, check):
        """As :meth:`.tree_traversal.TreeTraversal.votes`."""
        votes = np.zeros((len(features), self._class_count))
        for part in _parts(len(features)):
            check()
            pixels = np.arange(len(features[part]))
            self._traverse(*self._forest, features[part], pixels, 0, self._count, votes[part])
        return votes

    def classes(self, features, check):
        """As :meth:`.tree_traversal.TreeTraversal.classes`."""
        winners = np.zeros(len(features), np.intp)
        for part in _parts(len(features)):
            check()
            self._decide(features[part], winners[part])
        return winners

    def _decide(self, features, winners):
        votes = np.zeros((len(features), self._class_count))
        undecided = np.arange(len(features))
        # No pixel can be decided by the votes of half of the trees.
        done, stop = 0, min(self._count, self._count // 2 + 1)
        while len(undecided) and done < self._count:
            self._traverse(*self._forest, features, undecided, done, stop, votes)
            undecided = undecided[:self._select_undecided(votes, undecided, self._count - stop, winners)]
            done, stop = stop, min(self._count, stop + max(1, self._count // (2 * DECISION_CHECKS)))


def _parts(pixels):
    return [slice(first, first + PIXELS_AT_ONCE) for first in range(0, pixels, PIXELS_AT_ONCE)]


def numba_traversal(trees, leaf_votes):
    """A traversal compiled by numba, or None if numba is not installed or does not work.

    Parameters
    ----------
    trees : Trees
    leaf_votes : ndarray of float64, shape (rows, classes)
        BlockPrediction of a leaf for each row of ``trees.votes``.

    Returns
    -------
    NumbaTraversal or None
    """
    kernels = compiled_kernels()
    return NumbaTraversal(trees, leaf_votes, kernels) if kernels else None


def pack_nodes(trees):
    """Pack the nodes of all trees level by level, with adjacent children.

    Parameters
    ----------
    trees : Trees

    Returns
    -------
    nodes : structured ndarray, shape (nodes,)
        If the feature is greater than ``threshold``, the next node is ``child + 1`` of the same tree, otherwise
        ``child``. The child of a leaf is the leaf itself.
    rows : ndarray of int32, shape (nodes,)
        Row of the votes of a leaf.
    """
    sizes = np.diff(trees.starts)
    is_small = max(sizes.max(), trees.feature_count) <= MAX_SMALL
    nodes = np.zeros(len(trees.left), SMALL_NODE if is_small else WIDE_NODE)
    rows = np.zeros(len(nodes), np.int32)
    thresholds = _round_down(trees.threshold)
    # Indices of the nodes of a level in the old and in the new order, from the first node of the forest.
    tree, old = np.arange(trees.count), trees.starts[:-1].copy()
    new, free = old.copy(), old + 1
    while len(old):
        is_leaf = trees.left[old] == LEAF
        start = trees.starts[tree]
        nodes["threshold"][new] = np.where(is_leaf, np.float32(np.inf), thresholds[old])
        nodes["feature"][new] = np.where(is_leaf, 0, trees.feature[old])
        rows[new[is_leaf]] = trees.right[old[is_leaf]]
        nodes["child"][new[is_leaf]] = (new - start)[is_leaf]
        tree, old, new, start = (part[~is_leaf] for part in (tree, old, new, start))
        pairs = np.bincount(tree, minlength=trees.count)
        rank = np.arange(len(tree)) - np.repeat(np.cumsum(pairs) - pairs, pairs)
        child = free[tree] + 2 * rank
        nodes["child"][new] = child - start
        free += 2 * pairs
        tree = np.repeat(tree, 2)
        old = (np.stack([trees.left[old], trees.right[old]], axis=1) + start[:, None]).ravel()
        new = np.stack([child, child + 1], axis=1).ravel()
    return nodes, rows


def _round_down(thresholds):
    """The largest float32 not above each threshold, which gives the same comparisons with float32 features."""
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)


@functools.cache
def compiled_kernels():
    """The compiled kernels (traversal, selection), tested on a tiny forest; None if numba is not installed or fails.

    The test detects a numba that does not match the installed versions of Python and numpy.
    """
    try:
        from numba import njit
        from numba.core.errors import NumbaError
    except (ImportError, OSError, AttributeError, RuntimeError, SystemError):
        return None
    try:
        kernels = _compile(njit(nogil=True, cache=_can_cache(njit)))
        nodes = np.array([(0.5, 0, 1), (np.inf, 0, 1), (np.inf, 0, 2)], SMALL_NODE)
        rows, starts = np.array([0, 0, 1], np.int32), np.array([0, 3], np.int64)
        features = np.linspace(0, 1, 11, dtype=np.float32).reshape(-1, 1)
        pixels, votes, winners = np.arange(11), np.zeros((11, 2)), np.empty(11, np.intp)
        kernels[0](nodes, rows, starts, np.eye(2), features, pixels, 0, 1, votes)
        kernels[1](votes, pixels, 0, winners)
        is_correct = np.array_equal(votes[:, 1] == 1, features[:, 0] > 0.5) and np.array_equal(votes[:, 1], winners)
        return kernels if is_correct else None
    except (NumbaError, ImportError, OSError, AttributeError, TypeError, ValueError, RuntimeError, SystemError):
        return None


def _can_cache(njit):
    """Whether numba finds a folder to cache compiled code for the next session."""
    def nothing():
        return 0

    try:
        njit(cache=True)(nothing)
    except RuntimeError:
        return False
    return True


def _compile(compiled):
    """The kernels; they do not refer to each other, which would prevent caching on disk."""
    return _traversal_kernel(compiled), _selection_kernel(compiled)


def _traversal_kernel(compiled):
    """Kernel that adds the votes of the trees `first` to `last` - 1 to some pixels."""
    @compiled
    def traverse(nodes, rows, starts, leaf_votes, features, pixels, first, last, votes):
        ends = np.empty(len(pixels), np.uint32)
        last_index = len(pixels) - 1
        for number in range(first, last):
            tree = nodes[starts[number]:starts[number + 1]]
            row = rows[starts[number]:starts[number + 1]]
            for i0 in range(0, len(pixels), 8):
                # If fewer than eight pixels are left, the last one is repeated.
                i1, i2, i3 = min(i0 + 1, last_index), min(i0 + 2, last_index), min(i0 + 3, last_index)
                i4, i5 = min(i0 + 4, last_index), min(i0 + 5, last_index)
                i6, i7 = min(i0 + 6, last_index), min(i0 + 7, last_index)
                p0, p1, p2, p3 = pixels[i0], pixels[i1], pixels[i2], pixels[i3]
                p4, p5, p6, p7 = pixels[i4], pixels[i5], pixels[i6], pixels[i7]
                n0 = n1 = n2 = n3 = n4 = n5 = n6 = n7 = 0
                while True:
                    t0, t1, t2, t3 = tree[n0], tree[n1], tree[n2], tree[n3]
                    t4, t5, t6, t7 = tree[n4], tree[n5], tree[n6], tree[n7]
                    m0 = np.int64(t0.child) + (features[p0, t0.feature] > t0.threshold)
                    m1 = np.int64(t1.child) + (features[p1, t1.feature] > t1.threshold)
                    m2 = np.int64(t2.child) + (features[p2, t2.feature] > t2.threshold)
                    m3 = np.int64(t3.child) + (features[p3, t3.feature] > t3.threshold)
                    m4 = np.int64(t4.child) + (features[p4, t4.feature] > t4.threshold)
                    m5 = np.int64(t5.child) + (features[p5, t5.feature] > t5.threshold)
                    m6 = np.int64(t6.child) + (features[p6, t6.feature] > t6.threshold)
                    m7 = np.int64(t7.child) + (features[p7, t7.feature] > t7.threshold)
                    if (m0 == n0 and m1 == n1 and m2 == n2 and m3 == n3
                            and m4 == n4 and m5 == n5 and m6 == n6 and m7 == n7):
                        break
                    n0, n1, n2, n3, n4, n5, n6, n7 = m0, m1, m2, m3, m4, m5, m6, m7
                ends[i0], ends[i1], ends[i2], ends[i3] = n0, n1, n2, n3
                ends[i4], ends[i5], ends[i6], ends[i7] = n4, n5, n6, n7
            for index in range(len(pixels)):
                pixel, leaf_row = pixels[index], row[ends[index]]
                if leaf_row < leaf_votes.shape[1]:
                    votes[pixel, leaf_row] += 1.0
                else:
                    for column in range(leaf_votes.shape[1]):
                        votes[pixel, column] += leaf_votes[leaf_row, column]

    return traverse


def _selection_kernel(compiled):
    """Kernel that stores the leading classes, and keeps and counts the pixels that remaining trees may change."""
    @compiled
    def select_undecided(votes, undecided, remaining, winners):
        kept = 0
        for pixel in undecided:
            leader, most, second = 0, -1.0, -1.0
            for number in range(votes.shape[1]):
                if votes[pixel, number] > most:
                    leader, most, second = number, votes[pixel, number], most
                elif votes[pixel, number] > second:
                    second = votes[pixel, number]
            winners[pixel] = leader
            if most - second <= remaining:
                undecided[kept] = pixel
                kept += 1
        return kept

    return select_undecided
