"""Removing specks: patches of fewer pixels than wanted take the class of their largest neighbour.

A patch is a set of pixels of one class that hang together. Specks are handled as ``gdal_sieve`` does it: each takes the
class of the largest patch that touches it; where that one is a speck too, of the largest that touches that one, and so
on. Specks that no large patch can be reached from keep their class. Pixels without data belong to no patch.

Patches know no blocks. Blocks are labelled one by one, the labels along their borders are kept, and what belongs
together is found from those: the result is the same for any size of blocks, whatever the size of the patches. Memory
grows with the number of patches (some 50 bytes each), not with that of pixels.
"""

import numpy as np

from ..raster.blocks import run_blocks
from .classmap import EDGE, read_classes


class Sieve:
    """Patches of a class map, and what becomes of those that are too small.

    Parameters
    ----------
    reader : RasterReader
        The class map.
    least : int
        Patches of fewer pixels are removed.
    connectedness : {4, 8}
        Whether pixels that touch at a corner hang together.
    edge : int
        Height and width of a block; the result does not depend on it.
    """

    def __init__(self, reader, least, connectedness=4, edge=EDGE):
        self._reader, self._least, self._corners = reader, least, connectedness == 8
        self.blocks = list(reader.grid.blocks(edge, edge))
        self._number = {(block.row, block.col): place for place, block in enumerate(self.blocks)}
        self._edge = edge
        self._offsets = np.zeros(len(self.blocks) + 1, np.int64)
        self._borders = {}
        self._roots = self._values = self._sizes = None

    def survey(self, executor, progress):
        """Find all patches, and the class each speck is to take.

        Parameters
        ----------
        executor : concurrent.futures.Executor
        progress : Progress

        Returns
        -------
        int
            Specks that take another class.
        """
        self._find_patches(executor, progress.part(0.0, 0.5))
        largest = self._find_neighbours(executor, progress.part(0.5, 1.0))
        return self._decide(largest)

    def read(self, window):
        """The map without specks.

        Parameters
        ----------
        window : Window
            One of ``blocks``.

        Returns
        -------
        values : ndarray of int64, shape (height, width)
        valid : ndarray of bool, same shape
        """
        labels, values, valid = self._label(window)
        place = self._number[window.row, window.col]
        values[valid] = self._values[self._roots[labels[valid] - 1 + self._offsets[place]]]
        return values, valid

    def _label(self, window):
        """Patches within a block, counted from 1; 0 where there is no data."""
        from skimage.measure import label

        values, valid = read_classes(self._reader, window)
        outside = int(values.min()) - 1
        labels = label(np.where(valid, values, outside), background=outside, connectivity=1 + self._corners)
        return labels, values, valid

    def _find_patches(self, executor, progress):
        width = self._reader.grid.width
        values, sizes, firsts, links = [], [], [], []

        def work(window):
            labels, classes, valid = self._label(window)
            _, first, counts = np.unique(labels[valid], return_index=True, return_counts=True)
            rows, columns = (places[first] for places in valid.nonzero())
            return labels, classes, classes[rows, columns], counts, (rows + window.row) * width + columns + window.col

        def finish(window, patches):
            labels, classes, own_values, own_sizes, own_firsts = patches
            place = self._number[window.row, window.col]
            self._offsets[place + 1] = self._offsets[place] + len(own_values)
            numbers = np.where(labels > 0, labels - 1 + self._offsets[place], -1)
            self._borders[window.row, window.col] = _edges(numbers, classes)
            values.append(own_values)
            sizes.append(own_sizes)
            firsts.append(own_firsts)
            one, other, same = self._across(window, *_edges(numbers, classes)[:2])
            links.append(np.unique(np.stack([one[same], other[same]]), axis=1))

        run_blocks(self.blocks, work, finish, executor, progress)
        self._unite(*map(np.concatenate, (values, sizes, firsts)), np.concatenate(links, axis=1))

    def _unite(self, values, sizes, firsts, links):
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        parts = len(values)
        graph = coo_matrix((np.ones(links.shape[1], np.int8), tuple(links)), shape=(parts, parts))
        count, self._roots = connected_components(graph, directed=False)
        self._sizes = np.bincount(self._roots, weights=sizes, minlength=count).astype(np.int64)
        self._values = np.zeros(count, np.int64)
        self._values[self._roots] = values
        # The place of its first pixel tells patches of equal size apart, for any blocks.
        self._firsts = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(self._firsts, self._roots, firsts)

    def _find_neighbours(self, executor, progress):
        """The largest patch that touches each speck; -1 where there is none."""
        largest = np.full(len(self._sizes), -1, np.int64)

        def work(window):
            labels, values, _ = self._label(window)
            place = self._number[window.row, window.col]
            numbers = np.where(labels > 0, labels - 1 + self._offsets[place], -1)
            pairs = [np.stack(pair) for pair in _touching(numbers, self._corners)]
            pairs.append(np.stack(self._across(window, *_edges(numbers, values)[:2])[:2]))
            pairs = np.concatenate(pairs, axis=1)
            pairs = self._roots[pairs[:, (pairs >= 0).all(axis=0)]]
            pairs = pairs[:, pairs[0] != pairs[1]]
            pairs = np.concatenate([pairs, pairs[::-1]], axis=1)
            pairs = np.unique(pairs[:, self._sizes[pairs[0]] < self._least], axis=1)
            return self._best(*pairs)

        def finish(window, found):
            specks, neighbours = found
            known = largest[specks] >= 0
            specks, neighbours = self._best(np.concatenate([specks, specks[known]]),
                                            np.concatenate([neighbours, largest[specks[known]]]))
            largest[specks] = neighbours

        run_blocks(self.blocks, work, finish, executor, progress)
        return largest

    def _best(self, specks, neighbours):
        """Of each speck the largest neighbour; of several the one whose first pixel comes first."""
        order = np.lexsort((self._firsts[neighbours], -self._sizes[neighbours], specks))
        specks, neighbours = specks[order], neighbours[order]
        is_first = np.ones(len(specks), bool)
        is_first[1:] = specks[1:] != specks[:-1]
        return specks[is_first], neighbours[is_first]

    def _decide(self, largest):
        count = len(largest)
        is_speck = self._sizes < self._least
        goal = np.where(is_speck & (largest >= 0), largest, np.arange(count))
        # Each round doubles the length of the chains that have been followed.
        for _ in range(max(1, count).bit_length()):
            goal = goal[goal]
        goes = is_speck & (self._sizes[goal] >= self._least)
        self._values = np.where(goes, self._values[goal], self._values)
        return int(np.count_nonzero(goes))

    def _across(self, window, top, left):
        """Neighbours on both sides of the upper and the left border of a block: patch, patch, same class?

        With corners, those across the upper-left and the upper-right corner too.
        """
        pairs = []
        for near, (row, col), side in ((top, (window.row - self._edge, window.col), 2),
                                       (left, (window.row, window.col - self._edge), 3)):
            far = self._borders.get((row, col))
            if far is not None:
                pairs += _facing(near, far[side], self._corners)
        if self._corners:
            corners = ((-self._edge, top[:, :1], lambda edges: edges[2][:, -1:]),
                       (self._edge, top[:, -1:], lambda edges: edges[2][:, :1]))
            for shift, near, end in corners:
                far = self._borders.get((window.row - self._edge, window.col + shift))
                if far is not None:
                    pairs.append((near, end(far)))
        if not pairs:
            empty = np.empty(0, np.int64)
            return empty, empty, empty.astype(bool)
        near, far = (np.concatenate(side, axis=1) for side in zip(*pairs))
        known = (near[0] >= 0) & (far[0] >= 0)
        return near[0][known], far[0][known], (near[1] == far[1])[known]


def _edges(numbers, classes):
    """Patch and class along the upper, left, lower and right border of a block, each of shape (2, pixels)."""
    return [np.stack([numbers[place], classes[place]]) for place in (
        np.s_[0], np.s_[:, 0], np.s_[-1], np.s_[:, -1])]


def _facing(near, far, corners):
    length = min(near.shape[1], far.shape[1])
    near, far = near[:, :length], far[:, :length]
    pairs = [(near, far)]
    if corners:
        pairs += [(near[:, 1:], far[:, :-1]), (near[:, :-1], far[:, 1:])]
    return pairs


def _touching(numbers, corners):
    """Patches of pixels side by side (with corners: also diagonally) in a block, where they differ."""
    pairs = [(numbers[:, 1:], numbers[:, :-1]), (numbers[1:], numbers[:-1])]
    if corners:
        pairs += [(numbers[1:, 1:], numbers[:-1, :-1]), (numbers[1:, :-1], numbers[:-1, 1:])]
    for one, other in pairs:
        differ = one != other
        yield one[differ], other[differ]
