"""Walking a forest with numba, where it is installed: the same votes, several times faster.

Three things make it fast. A node is eight bytes (threshold, feature, place of the left child with the right one beside
it), so that a tree stays in the nearest cache. Eight pixels walk a tree together, so that the processor has something
to do while it waits for one of them. And a step is arithmetic instead of a branch that nobody can foresee: leaves send
a walk back to themselves, and a walk is over when nobody moves.
"""

import functools

import numpy as np

from .trees import LEAF

SMALL_NODE = np.dtype([("threshold", "f4"), ("feature", "u2"), ("child", "u2")])
WIDE_NODE = np.dtype([("threshold", "f4"), ("feature", "u4"), ("child", "u4")])
MOST_SMALL = 2 ** 16
# Pixels whose features and votes stay in the second cache while all trees go by.
PIXELS_AT_ONCE = 1024
# Trees between two looks at which pixels are already decided.
TREES_BETWEEN_LOOKS = 10


class NumbaWalker:
    """A forest that compiled loops walk; made by :func:`numba_walker`."""

    def __init__(self, trees, shares, kernels):
        self._nodes, self._rows = pack_nodes(trees)
        self._starts, self._shares = trees.starts, shares
        self._count_votes, self._decide = kernels

    def votes(self, features, check):
        """As :meth:`.walk.Walker.votes`."""
        votes = np.zeros((len(features), self._shares.shape[1]))
        for first in range(0, len(features), PIXELS_AT_ONCE):
            check()
            part = slice(first, first + PIXELS_AT_ONCE)
            self._count_votes(self._nodes, self._rows, self._starts, self._shares, features[part], votes[part])
        return votes

    def classes(self, features, check):
        """As :meth:`.walk.Walker.classes`."""
        winners = np.empty(len(features), np.intp)
        for first in range(0, len(features), PIXELS_AT_ONCE):
            check()
            part = slice(first, first + PIXELS_AT_ONCE)
            self._decide(self._nodes, self._rows, self._starts, self._shares, features[part], winners[part])
        return winners


def numba_walker(trees, shares):
    """A walker with numba's loops, or None where numba is absent or does not work here.

    Parameters
    ----------
    trees : Trees
    shares : ndarray of float64, shape (rows, classes)
        What a leaf of each row of ``trees.votes`` adds to the votes.

    Returns
    -------
    NumbaWalker or None
    """
    kernels = compiled_kernels()
    return NumbaWalker(trees, shares, kernels) if kernels else None


def pack_nodes(trees):
    """The nodes of all trees level by level, the children of a node side by side.

    Parameters
    ----------
    trees : Trees

    Returns
    -------
    nodes : structured ndarray, shape (nodes,)
        Where a feature is greater than ``threshold`` the walk goes on at ``child + 1`` of the same tree, otherwise at
        ``child``. The child of a leaf is the leaf itself.
    rows : ndarray of int32, shape (nodes,)
        Row of the votes at a leaf.
    """
    sizes = np.diff(trees.starts)
    is_small = max(sizes.max(), trees.feature_count) <= MOST_SMALL
    nodes = np.zeros(len(trees.left), SMALL_NODE if is_small else WIDE_NODE)
    rows = np.zeros(len(nodes), np.int32)
    thresholds = _not_above(trees.threshold)
    # Where the nodes of a level are in the old and in the new order, counted from the first node of the forest.
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


def _not_above(thresholds):
    """The largest float32 not above each threshold: a float32 feature is at most one just if at most the other."""
    with np.errstate(over="ignore"):
        nearest = thresholds.astype(np.float32)
    return np.where(nearest > thresholds, np.nextafter(nearest, np.float32(-np.inf)), nearest)


@functools.cache
def compiled_kernels():
    """The compiled loops (votes, classes), tried on a tiny forest; None where numba is absent or fails.

    It is tried because numba must fit the versions of Python and numpy, which people update one without the other.
    """
    try:
        from numba import njit
        from numba.core.errors import NumbaError
    except (ImportError, OSError, AttributeError, RuntimeError, SystemError):
        return None
    try:
        kernels = _compile(njit(nogil=True))
        nodes = np.array([(0.5, 0, 1), (np.inf, 0, 1), (np.inf, 0, 2)], SMALL_NODE)
        rows, starts = np.array([0, 0, 1], np.int32), np.array([0, 3], np.int64)
        features = np.linspace(0, 1, 11, dtype=np.float32).reshape(-1, 1)
        votes, winners = np.zeros((11, 2)), np.empty(11, np.intp)
        kernels[0](nodes, rows, starts, np.eye(2), features, votes)
        kernels[1](nodes, rows, starts, np.eye(2), features, winners)
        is_sound = np.array_equal(votes[:, 1] == 1, features[:, 0] > 0.5) and np.array_equal(votes[:, 1], winners)
        return kernels if is_sound else None
    except (NumbaError, ImportError, OSError, AttributeError, TypeError, ValueError, RuntimeError, SystemError):
        return None


def _compile(compiled):
    walk = _walking(compiled, _voting(compiled))
    return _counting(compiled, walk), _deciding(compiled, walk)


def _voting(compiled):
    """Add what the leaves add, in which the pixels ended."""
    @compiled
    def vote(pixels, row, ends, shares, votes):
        for place in range(len(pixels)):
            pixel, mine = pixels[place], row[ends[place]]
            if mine < shares.shape[1]:
                votes[pixel, mine] += 1.0
            else:
                for number in range(shares.shape[1]):
                    votes[pixel, number] += shares[mine, number]

    return vote


def _walking(compiled, vote):
    """Add the votes of the trees `first` .. `last` for some pixels."""
    @compiled
    def walk(nodes, rows, starts, shares, features, pixels, first, last, votes):
        together = len(pixels) - len(pixels) % 8
        ends = np.empty(len(pixels), np.uint32)
        for number in range(first, last):
            tree = nodes[starts[number]:starts[number + 1]]
            row = rows[starts[number]:starts[number + 1]]
            for place in range(0, together, 8):
                p0, p1, p2, p3 = pixels[place], pixels[place + 1], pixels[place + 2], pixels[place + 3]
                p4, p5, p6, p7 = pixels[place + 4], pixels[place + 5], pixels[place + 6], pixels[place + 7]
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
                ends[place], ends[place + 1], ends[place + 2], ends[place + 3] = n0, n1, n2, n3
                ends[place + 4], ends[place + 5], ends[place + 6], ends[place + 7] = n4, n5, n6, n7
            for place in range(together, len(pixels)):
                pixel, here, there = pixels[place], 0, -1
                while here != there:
                    there = here
                    here = np.int64(tree[here].child) + (features[pixel, tree[here].feature] > tree[here].threshold)
                ends[place] = here
            vote(pixels, row, ends, shares, votes)

    return walk


def _counting(compiled, walk):
    """The votes of all trees."""
    @compiled
    def count_votes(nodes, rows, starts, shares, features, votes):
        walk(nodes, rows, starts, shares, features, np.arange(len(features)), 0, len(starts) - 1, votes)

    return count_votes


def _deciding(compiled, walk):
    """The class with most votes; a pixel is left alone once it is decided."""
    @compiled
    def decide(nodes, rows, starts, shares, features, winners):
        trees = len(starts) - 1
        votes = np.zeros((len(features), shares.shape[1]))
        waiting = np.arange(len(features))
        done = 0
        while len(waiting) and done < trees:
            stop = min(trees, done + TREES_BETWEEN_LOOKS)
            walk(nodes, rows, starts, shares, features, waiting, done, stop, votes)
            done = stop
            kept = 0
            for pixel in waiting:
                leader, most, second = 0, -1.0, -1.0
                for number in range(shares.shape[1]):
                    if votes[pixel, number] > most:
                        leader, most, second = number, votes[pixel, number], most
                    elif votes[pixel, number] > second:
                        second = votes[pixel, number]
                winners[pixel] = leader
                if most - second <= trees - done:
                    waiting[kept] = pixel
                    kept += 1
            waiting = waiting[:kept]

    return decide
