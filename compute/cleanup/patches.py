"""Patches of one block of a class map: labelled, measured, and where specks inside the block lead to."""

import numpy as np


class Patches:
    """Patches within a block.

    Parameters
    ----------
    values : ndarray of int64, shape (height, width)
    valid : ndarray of bool, same shape
        Where there is a class; other pixels belong to no patch.
    corners : bool
        Whether pixels that touch at a corner hang together.

    Attributes
    ----------
    labels : ndarray of int, shape (height, width)
        Patch of each pixel counted from 1; 0 where there is no class.
    classes, sizes, firsts : ndarray of int64, shape (patches,)
        Class, pixels, and the first pixel (row by row, within the block).
    border : ndarray of int64
        Places of the patches that touch an edge of the block, rising: what they are beyond it, the block cannot tell.
    """

    def __init__(self, values, valid, corners):
        from scipy.sparse import csr_matrix
        from skimage.measure import label

        outside = int(values.min()) - 1
        self.labels, count = label(np.where(valid, values, outside), background=outside, connectivity=1 + corners,
                                   return_num=True)
        pixels = np.flatnonzero(valid)
        # A sparse matrix brings the pixels of each patch together without sorting them.
        grouped = csr_matrix((np.ones(len(pixels), np.int8), (self.labels[valid] - 1, pixels)),
                             shape=(count, self.labels.size))
        self._pixels, self._begins, self._corners = grouped.indices, grouped.indptr[:-1], corners
        self.sizes = np.diff(grouped.indptr).astype(np.int64)
        self.firsts = np.minimum.reduceat(self._pixels, self._begins).astype(np.int64)
        self.classes = values.ravel()[self.firsts]
        edges = np.concatenate([self.labels[edge] for edge in EDGES])
        self.border = np.unique(edges[edges > 0]) - 1

    def largest_neighbours(self, weights):
        """The neighbour of each patch that weighs most.

        Parameters
        ----------
        weights : ndarray of int64, shape (patches,)

        Returns
        -------
        ndarray of int64, shape (patches,)
            Places of patches; -1 where there is no neighbour.
        """
        order = np.argsort(weights)
        ranks = np.zeros(len(order) + 1, np.int32)
        ranks[order + 1] = np.arange(1, len(order) + 1)
        plane = ranks[self.labels]
        highest = np.zeros_like(plane)
        for near, far in facing_pixels(self._corners):
            differ = plane[near] != plane[far]
            np.maximum(highest[near], plane[far] * differ, out=highest[near])
            np.maximum(highest[far], plane[near] * differ, out=highest[far])
        highest = np.maximum.reduceat(highest.ravel()[self._pixels], self._begins)
        return np.append(-1, order)[highest]


EDGES = (np.s_[0], np.s_[:, 0], np.s_[-1], np.s_[:, -1])


def facing_pixels(corners):
    """Pairs of slices of a plane that bring neighbouring pixels face to face, each pair of neighbours once."""
    pairs = [(np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])]
    if corners:
        pairs += [(np.s_[1:, 1:], np.s_[:-1, :-1]), (np.s_[1:, :-1], np.s_[:-1, 1:])]
    return pairs


def follow(goals):
    """Where each chain ends; one that ends in two patches that point at each other ends in one of them.

    Parameters
    ----------
    goals : ndarray of int64
        Next link of the chain; an end points at itself.

    Returns
    -------
    ndarray of int64, same shape
    """
    # Each round doubles the length of the chains that have been followed.
    while (further := goals[goals]).tobytes() != goals.tobytes():
        goals = further
    return goals
