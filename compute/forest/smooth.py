"""Smoothing class probabilities over the neighbours that look alike, so that noisy pixels follow the field around them.

A pixel takes the weighted mean over itself and eight neighbours: first those beside it, then those 2, 4 and 8 pixels
away. The weights are 1 2 1 across and down, and the less the less alike two pixels are (:mod:`.likeness`). So a field
is averaged as a whole, and its border, a road or a hedge stays where it is.

Smoothing probabilities before deciding: Schindler (2012), doi:10.1109/TGRS.2012.2192741. Weights by likeness: Tomasi
and Manduchi (1998), doi:10.1109/ICCV.1998.710815. Widening steps: Dammertz et al. (2010), "Edge-avoiding A-Trous
wavelet transform for fast global illumination filtering".

All is done pixel by pixel in float32, in an order that depends on nothing, with weights from a table: the result is the
same on every machine.
"""

import numpy as np

from .likeness import STEPS_PER_UNIT

STEPS = (1, 2, 4, 8)
# How far a pixel looks in all.
HALO = sum(STEPS)
# Root mean square difference of traits at which a neighbour has lost 39 % of its weight.
ALIKE = 0.9
# The table of weights: entries for one unit of mean square difference, and where it ends.
ENTRIES_PER_UNIT, FARTHEST = 64, 12
# Each pair of opposite neighbours, as rows down and columns across, and its weight where both look the same.
DIRECTIONS = ((0, 1, 2), (1, 0, 2), (1, 1, 1), (1, -1, 1))
OWN_WEIGHT = 4


def smoothed(shares, traits, valid):
    """Smooth class probabilities.

    Parameters
    ----------
    shares : ndarray of float32, shape (classes, rows, columns)
        0 where not valid.
    traits : ndarray of int16, shape (axes, rows, columns)
        From :meth:`.likeness.Likeness.traits`.
    valid : ndarray of bool, shape (rows, columns)
        Pixels with data; the others have no say.

    Returns
    -------
    ndarray of float32, shape (classes, rows, columns)
        They sum over classes to what they did. Pixels nearer than ``HALO`` to an edge lack the neighbours beyond it.
    """
    for step in STEPS:
        shares = _averaged(shares, _weights(traits, valid, step), step)
    return shares


def _averaged(shares, weights, step):
    """One pass: the weighted mean over pixels and their neighbours `step` pixels away."""
    sums = shares * np.float32(OWN_WEIGHT)
    total = np.full(shares.shape[1:], OWN_WEIGHT, np.float32)
    for plane, (down, across, _) in zip(weights, DIRECTIONS):
        here, there = _pair(total.shape, down * step, across * step)
        shared = plane[here]
        total[here] += shared
        total[there] += shared
        # Class by class, so that what is worked on stays in the cache.
        for sums_of_class, shares_of_class in zip(sums, shares):
            given, taken = shared * shares_of_class[there], shared * shares_of_class[here]
            sums_of_class[here] += given
            sums_of_class[there] += taken
    sums /= total
    return sums


def _pair(shape, down, across):
    """Slices of all pixels of a plane that have a neighbour so far away, and of these neighbours."""
    rows, columns = shape
    down, side = min(down, rows), min(abs(across), columns)
    upper, lower = slice(0, rows - down), slice(down, rows)
    left, right = slice(0, columns - side), slice(side, columns)
    return ((upper, left), (lower, right)) if across >= 0 else ((upper, right), (lower, left))


def _weights(traits, valid, step):
    """Weights of all pairs of neighbours `step` pixels apart; shape (4, rows, columns)."""
    planes = np.zeros((len(DIRECTIONS), *valid.shape), np.float32)
    for plane, (down, across, weight) in zip(planes, DIRECTIONS):
        here, there = _pair(valid.shape, down * step, across * step)
        plane[here] = np.float32(weight) * _TABLE[_entries(traits, here, there)]
        plane[here] *= valid[here] & valid[there]
    return planes


def _entries(traits, here, there):
    """The entry of the table for the mean square difference of the traits of each pair."""
    squares = np.zeros(traits[0][here].shape, np.float32)
    for trait in traits:
        difference = np.subtract(trait[here], trait[there], dtype=np.float32)
        squares += difference * difference
    squares *= np.float32(ENTRIES_PER_UNIT / (STEPS_PER_UNIT ** 2 * len(traits)))
    return np.minimum(squares, np.float32(len(_TABLE) - 1)).astype(np.intp)


def _table():
    """Weights by mean square difference, 0 at the end."""
    squares = np.arange(ENTRIES_PER_UNIT * FARTHEST) / ENTRIES_PER_UNIT
    weights = np.rint(np.exp(-squares / (2 * ALIKE ** 2)) * 2 ** 20) / 2 ** 20
    return np.append(weights, 0.0).astype(np.float32)


_TABLE = _table()
