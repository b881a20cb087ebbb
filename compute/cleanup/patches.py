"""Patches (connected components) of one block of a class map: labels, sizes, neighbours."""

import numpy as np


class Patches:
    """Patches of a block.

    Parameters
    ----------
    values : ndarray of int64, shape (height, width)
    valid : ndarray of bool, same shape
        Pixels with a class; others belong to no patch.
    corners : bool
        Whether diagonal neighbours are connected (8-connectivity).

    Attributes
    ----------
    labels : ndarray of int, shape (height, width)
        Patch number of each pixel counted from 1; 0 without a class.
    classes, sizes, firsts : ndarray of int64, shape (patches,)
        Class, number of pixels, and first pixel (row by row, within the block).
    border : ndarray of int64
        Sorted indices of the patches that touch an edge of the block and may continue in the next.
    """

    def __init__(self, values, valid, corners):
        from scipy.sparse import csr_matrix
        from skimage.measure import label

        outside = int(values.min()) - 1
        self.labels, count = label(np.where(valid, values, outside), background=outside, connectivity=1 + corners,
                                   return_num=True)
        pixels = np.flatnonzero(valid)
        # A sparse matrix groups the pixels by patch without sorting.
        grouped = csr_matrix((np.ones(len(pixels), np.int8), (self.labels[valid] - 1, pixels)),
                             shape=(count, self.labels.size))
        self._pixels, self._begins, self._corners = grouped.indices, grouped.indptr[:-1], corners
        self.sizes = np.diff(grouped.indptr).astype(np.int64)
        self.firsts = np.minimum.reduceat(self._pixels, self._begins).astype(np.int64)
        self.classes = values.ravel()[self.firsts]
        edges = np.concatenate([self.labels[edge] for edge in EDGE_SLICES])
        self.border = np.unique(edges[edges > 0]) - 1

    def largest_neighbours(self, weights):
        """The neighbour of each patch with the largest weight.

        Parameters
        ----------
        weights : ndarray of int64, shape (patches,)

        Returns
        -------
        ndarray of int64, shape (patches,)
            Indices of patches; -1 without a neighbour.
        """
        order = np.argsort(weights)
        ranks = np.zeros(len(order) + 1, np.int32)
        ranks[order + 1] = np.arange(1, len(order) + 1)
        plane = ranks[self.labels]
        highest = np.zeros_like(plane)
        for first, second in neighbour_slices(self._corners):
            differs = plane[first] != plane[second]
            np.maximum(highest[first], plane[second] * differs, out=highest[first])
            np.maximum(highest[second], plane[first] * differs, out=highest[second])
        highest = np.maximum.reduceat(highest.ravel()[self._pixels], self._begins)
        return np.append(-1, order)[highest]


EDGE_SLICES = (np.s_[0], np.s_[:, 0], np.s_[-1], np.s_[:, -1])


def neighbour_slices(corners):
    """Pairs of slices of a plane that align neighbouring pixels; each pair of neighbours occurs once."""
    pairs = [(np.s_[:, 1:], np.s_[:, :-1]), (np.s_[1:], np.s_[:-1])]
    if corners:
        pairs += [(np.s_[1:, 1:], np.s_[:-1, :-1]), (np.s_[1:, :-1], np.s_[:-1, 1:])]
    return pairs


def follow_links(targets):
    """The end of each chain of links; a cycle of two elements ends in one of them.

    Parameters
    ----------
    targets : ndarray of int64
        Index of the next element; an end refers to itself.

    Returns
    -------
    ndarray of int64, same shape
    """
    # Each iteration doubles the length of the chains followed.
    while (next_targets := targets[targets]).tobytes() != targets.tobytes():
        targets = next_targets
    return targets
