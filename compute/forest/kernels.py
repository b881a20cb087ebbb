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
PIXELS_AT_ONCE = 2048
# Looks at which pixels are already decided, in the second half of the trees.
LOOKS = 12


class NumbaWalker:
    """A forest that compiled loops walk; made by :func:`numba_walker`."""

    def __init__(self, trees, shares, kernels):
        self._forest = (*pack_nodes(trees), trees.starts, shares)
        self._count, self._class_count = trees.count, trees.class_count
        self._walk, self._sift = kernels

    def votes(self, features, check):
        """As :meth:`.walk.Walker.votes`."""
        votes = np.zeros((len(features), self._class_count))
        for part in _parts(len(features)):
            check()
            pixels = np.arange(len(features[part]))
            self._walk(*self._forest, features[part], pixels, 0, self._count, votes[part])
        return votes

    def classes(self, features, check):
        """As :meth:`.walk.Walker.classes`."""
        winners = np.zeros(len(features), np.intp)
        for part in _parts(len(features)):
            check()
            self._decide(features[part], winners[part])
        return winners

    def _decide(self, features, winners):
        votes = np.zeros((len(features), self._class_count))
        waiting = np.arange(len(features))
        # Before half of the trees have voted nothing can be decided.
        done, stop = 0, min(self._count, self._count // 2 + 1)
        while len(waiting) and done < self._count:
            self._walk(*self._forest, features, waiting, done, stop, votes)
            waiting = waiting[:self._sift(votes, waiting, self._count - stop, winners)]
            done, stop = stop, min(self._count, stop + max(1, self._count // (2 * LOOKS)))


def _parts(pixels):
    return [slice(first, first + PIXELS_AT_ONCE) for first in range(0, pixels, PIXELS_AT_ONCE)]


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
        kernels = _compile(njit(nogil=True, cache=_may_keep(njit)))
        nodes = np.array([(0.5, 0, 1), (np.inf, 0, 1), (np.inf, 0, 2)], SMALL_NODE)
        rows, starts = np.array([0, 0, 1], np.int32), np.array([0, 3], np.int64)
        features = np.linspace(0, 1, 11, dtype=np.float32).reshape(-1, 1)
        pixels, votes, winners = np.arange(11), np.zeros((11, 2)), np.empty(11, np.intp)
        kernels[0](nodes, rows, starts, np.eye(2), features, pixels, 0, 1, votes)
        kernels[1](votes, pixels, 0, winners)
        is_sound = np.array_equal(votes[:, 1] == 1, features[:, 0] > 0.5) and np.array_equal(votes[:, 1], winners)
        return kernels if is_sound else None
    except (NumbaError, ImportError, OSError, AttributeError, TypeError, ValueError, RuntimeError, SystemError):
        return None


def _may_keep(njit):
    """Whether numba finds a folder to keep what it compiled, so that the next session need not compile again."""
    def nothing():
        return 0

    try:
        njit(cache=True)(nothing)
    except RuntimeError:
        return False
    return True


def _compile(compiled):
    """The loops; none of them refers to another, which would keep numba from finding them again on the disk."""
    return _walking(compiled), _sifting(compiled)


def _walking(compiled):
    """Add the votes of the trees `first` .. `last` for some pixels."""
    @compiled
    def walk(nodes, rows, starts, shares, features, pixels, first, last, votes):
        ends = np.empty(len(pixels), np.uint32)
        last_place = len(pixels) - 1
        for number in range(first, last):
            tree = nodes[starts[number]:starts[number + 1]]
            row = rows[starts[number]:starts[number + 1]]
            for i0 in range(0, len(pixels), 8):
                # Where fewer than eight are left, the last one walks several times.
                i1, i2, i3 = min(i0 + 1, last_place), min(i0 + 2, last_place), min(i0 + 3, last_place)
                i4, i5 = min(i0 + 4, last_place), min(i0 + 5, last_place)
                i6, i7 = min(i0 + 6, last_place), min(i0 + 7, last_place)
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
            for place in range(len(pixels)):
                pixel, mine = pixels[place], row[ends[place]]
                if mine < shares.shape[1]:
                    votes[pixel, mine] += 1.0
                else:
                    for column in range(shares.shape[1]):
                        votes[pixel, column] += shares[mine, column]

    return walk


def _sifting(compiled):
    """Note the leaders, and keep the pixels that the trees to come may still change; gives their number."""
    @compiled
    def sift(votes, waiting, to_come, winners):
        kept = 0
        for pixel in waiting:
            leader, most, second = 0, -1.0, -1.0
            for number in range(votes.shape[1]):
                if votes[pixel, number] > most:
                    leader, most, second = number, votes[pixel, number], most
                elif votes[pixel, number] > second:
                    second = votes[pixel, number]
            winners[pixel] = leader
            if most - second <= to_come:
                waiting[kept] = pixel
                kept += 1
        return kept

    return sift
