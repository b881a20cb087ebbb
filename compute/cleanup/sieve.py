"""Sieve filter by block.

Sieve filter: patches smaller than a minimum number of pixels take the class of their largest neighbour.

A patch is a connected component of pixels of one class; patches below the minimum size are called specks. As in
``gdal_sieve``, a speck takes the class of the largest patch next to it; if that is a speck too, of the largest patch
next to that one, and so on. Specks that are not connected to any large patch keep their class. Pixels without data
belong to no patch.

The result does not depend on the size of the blocks. Only patches that touch the border of a block are kept in memory
between blocks. All neighbours of the others are in the same block, so that their new class is determined there, or
depends on a patch at the border; until that is decided, the classes of the block are stored in a temporary file. Memory
increases with the length of the block borders, not with the number of pixels or patches.

Patches (connected components) of one block of a class map: labels, sizes, neighbours.
"""

import numpy as np

from ..classmap.class_map import EDGE, read_classes
from ..raster.blocks import run_blocks
from ..scratch import ScratchArrays


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


# Number of bits of a patch weight for the position of its first pixel.
POSITION_BITS = 40


class Sieve:
    """Sieve filter of a class map.

    Parameters
    ----------
    reader : RasterReader
        The class map.
    min_pixels : int
        Smaller patches are removed.
    output : str
        Output file, on whose disk the classes of the blocks are kept.
    connectivity : {4, 8}
        Whether diagonal neighbours are connected (8) or not (4).
    edge : int
        Height and width of a block; the result does not depend on it.
    """

    def __init__(self, reader, min_pixels, output, connectivity=4, edge=EDGE):
        self._reader, self._min_pixels, self._corners, self._edge = reader, min_pixels, connectivity == 8, edge
        self.blocks = list(reader.grid.blocks(edge, edge))
        # By block: offset of the numbers of its border patches, and the patches along its edges.
        self._offsets, self._borders = {}, {}
        # By number of a border patch: id of the merged patch. By id: class, size, first pixel, weight and new class.
        self._patch_ids = self._classes = self._sizes = self._firsts = self._weights = None
        self._is_decided = self._new_classes = self._large_sizes = None
        # By block: new classes as far as decided, and the pixels that depend on a border speck.
        self._scratch = ScratchArrays(output)

    def analyse(self, executor, progress):
        """Find all patches and the new class of each speck.

        Parameters
        ----------
        executor : concurrent.futures.Executor
        progress : Progress

        Returns
        -------
        int
            Number of specks that take another class.
        """
        self._join_patches(executor, progress.part(0.0, 0.4))
        return self._assign_classes(executor, progress.part(0.4, 1.0))

    def read(self, window):
        """The sieved map.

        Parameters
        ----------
        window : Window
            One of ``blocks``.

        Returns
        -------
        values : ndarray of int64, shape (height, width)
        valid : ndarray of bool, same shape
        before : ndarray of int64, same shape
            Original values.
        """
        before, valid = read_classes(self._reader, window)
        classes, pixels, patch_ids = self._scratch.take((window.row, window.col))
        classes = classes.astype(np.int64)
        classes[pixels] = np.where(self._is_decided[patch_ids], self._new_classes[patch_ids], classes[pixels])
        return classes.reshape(window.shape), valid, before

    def close(self):
        """Remove the temporary file."""
        self._scratch.close()

    def _patches(self, window):
        return Patches(*read_classes(self._reader, window), self._corners)

    def _join_patches(self, executor, progress):
        """Number the patches that touch the border of a block, and merge those that continue across borders."""
        width = self._reader.grid.width
        found, links, count = [], [], 0

        def work(window):
            patches = self._patches(window)
            numbers = np.full(len(patches.sizes) + 1, -1)
            numbers[patches.border + 1] = np.arange(len(patches.border))
            rows, columns = np.divmod(patches.firsts[patches.border], window.width)
            firsts = (rows + window.row) * width + columns + window.col
            classes = np.append(0, patches.classes)
            labels = [patches.labels[edge] for edge in EDGE_SLICES]
            return ((patches.classes[patches.border], patches.sizes[patches.border], firsts),
                    [np.stack([numbers[edge], classes[edge]]) for edge in labels])

        def finish(window, result):
            nonlocal count
            measures, edges = result
            for numbers, _ in edges:
                numbers[numbers >= 0] += count
            self._offsets[window.row, window.col], self._borders[window.row, window.col] = count, edges
            count += len(measures[0])
            found.append(measures)
            one, other, same = self._border_neighbours(window)
            links.append(np.unique(np.stack([one[same], other[same]]), axis=1))

        run_blocks(self.blocks, work, finish, executor, progress)
        self._merge_border_patches(*map(np.concatenate, zip(*found)), np.concatenate(links, axis=1))

    def _merge_border_patches(self, classes, sizes, firsts, links):
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        parts = len(classes)
        graph = coo_matrix((np.ones(links.shape[1], np.int8), tuple(links)), shape=(parts, parts))
        count, self._patch_ids = connected_components(graph, directed=False)
        self._sizes = np.bincount(self._patch_ids, weights=sizes, minlength=count).astype(np.int64)
        self._classes = np.zeros(count, np.int64)
        self._classes[self._patch_ids] = classes
        self._firsts = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(self._firsts, self._patch_ids, firsts)
        # There are few sizes larger than a block, as they sum up to the image; they are replaced by their rank.
        self._large_sizes = np.unique(self._sizes[self._sizes > self._edge ** 2])
        self._weights = self._size_weights(self._sizes, self._firsts)

    def _size_weights(self, sizes, firsts):
        """Weights that order patches by size; for equal sizes an earlier first pixel gives a larger weight."""
        block = self._edge ** 2
        ranks = np.where(sizes > block, block + 1 + np.searchsorted(self._large_sizes, sizes), sizes)
        return (ranks << POSITION_BITS) - firsts

    def _chain_ends(self, window, patches):
        """Weights and neighbours of the patches of a block, and the ends of chains of specks within it.

        They end at large patches, at specks that touch the border, and at specks without neighbours.

        Returns
        -------
        patch_ids : ndarray of int
            Ids of the merged patches at the border.
        weights, is_large, neighbours, ends : ndarray, shape (patches,)
        """
        offset = self._offsets[window.row, window.col]
        patch_ids = self._patch_ids[offset:offset + len(patches.border)]
        sizes = patches.sizes.copy()
        sizes[patches.border] = self._sizes[patch_ids]
        rows, columns = np.divmod(patches.firsts, window.width)
        weights = self._size_weights(sizes, (rows + window.row) * self._reader.grid.width + columns + window.col)
        weights[patches.border] = self._weights[patch_ids]
        neighbours, is_large = patches.largest_neighbours(weights), sizes >= self._min_pixels
        continues = ~is_large & (neighbours >= 0)
        continues[patches.border] = False
        ends = follow_links(np.where(continues, neighbours, np.arange(len(sizes))))
        return patch_ids, weights, is_large, neighbours, ends

    def _assign_classes(self, executor, progress):
        """Determine the new class of border specks; return the number of specks that take another class."""
        count = len(self._sizes)
        self._is_decided, self._new_classes = self._sizes >= self._min_pixels, self._classes.copy()
        targets, max_weights = np.arange(count), np.zeros(count, np.int64)
        dependent_counts, decided = np.zeros(count, np.int64), 0

        def work(window):
            patches = self._patches(window)
            patch_ids, weights, is_large, neighbours, ends = self._chain_ends(window, patches)
            patch_id_of = np.full(len(ends), -1)
            patch_id_of[patches.border] = patch_ids
            specks = patches.border[~is_large[patches.border] & (neighbours[patches.border] >= 0)]
            targets = ends[neighbours[specks]]
            within_block = (patch_id_of[specks], weights[neighbours[specks]], patch_id_of[targets], is_large[targets],
                            patches.classes[targets])
            is_dependent = ~is_large & (patch_id_of < 0)
            deciding_ids = np.where(is_large[ends], -1, patch_id_of[ends])
            dependents = np.unique(deciding_ids[is_dependent & (deciding_ids >= 0)], return_counts=True)
            new_classes = np.where(is_large[ends], patches.classes[ends], patches.classes)
            self._store_block(window, patches, new_classes, deciding_ids)
            both = [np.concatenate(part) for part in zip(within_block, self._specks_at_borders(window))]
            return _largest_by_speck(*both), dependents, np.count_nonzero(is_dependent & is_large[ends])

        def finish(_, result):
            nonlocal decided
            (specks, weights, next_patches, is_decided, classes), (deciding_ids, counts), decided_here = result
            better = weights > max_weights[specks]
            specks, next_patches, is_decided = specks[better], next_patches[better], is_decided[better]
            max_weights[specks] = weights[better]
            targets[specks] = np.where(is_decided | (next_patches < 0), specks, next_patches)
            self._is_decided[specks] = is_decided
            self._new_classes[specks] = np.where(is_decided, classes[better], self._classes[specks])
            dependent_counts[deciding_ids] += counts
            decided += decided_here

        run_blocks(self.blocks, work, finish, executor, progress)
        ends = follow_links(targets)
        self._is_decided, self._new_classes = self._is_decided[ends], self._new_classes[ends]
        is_changed = self._is_decided & (self._sizes < self._min_pixels)
        return int(decided + np.count_nonzero(is_changed) + dependent_counts[is_changed].sum())

    def _store_block(self, window, patches, classes, deciding_ids):
        deciding_ids = np.append(np.int32(-1), deciding_ids.astype(np.int32))[patches.labels].ravel()
        pixels = np.flatnonzero(deciding_ids >= 0)
        dtype = self._reader.bands[0].dtype
        self._scratch.put((window.row, window.col), np.append(0, classes).astype(dtype)[patches.labels],
                          pixels.astype(np.int32), deciding_ids[pixels])

    def _specks_at_borders(self, window):
        """Specks on both sides of the upper and left border of a block, with the weight and class of a neighbour.

        Returns
        -------
        specks, weights, targets, is_decided, classes : ndarray
        """
        one, other, _ = self._border_neighbours(window)
        near, far = self._patch_ids[np.concatenate([one, other])], self._patch_ids[np.concatenate([other, one])]
        is_speck = (near != far) & (self._sizes[near] < self._min_pixels)
        near, far = near[is_speck], far[is_speck]
        return near, self._weights[far], far, self._sizes[far] >= self._min_pixels, self._classes[far]

    def _border_neighbours(self, window):
        """Neighbouring patches across the upper and left border of a block: both numbers, whether classes are equal.

        With 8-connectivity, also across the upper-left and upper-right corner.
        """
        top, left = self._borders[window.row, window.col][:2]
        pairs = []
        for near, (row, col), side in ((top, (window.row - self._edge, window.col), 2),
                                       (left, (window.row, window.col - self._edge), 3)):
            far = self._borders.get((row, col))
            if far is not None:
                pairs += _neighbour_pairs(near, far[side], self._corners)
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


def _neighbour_pairs(near, far, corners):
    length = min(near.shape[1], far.shape[1])
    near, far = near[:, :length], far[:, :length]
    pairs = [(near, far)]
    if corners:
        pairs += [(near[:, 1:], far[:, :-1]), (near[:, :-1], far[:, 1:])]
    return pairs


def _largest_by_speck(specks, weights, *others):
    """The row with the largest weight for each speck."""
    order = np.lexsort((weights, specks))
    is_last = np.append(specks[order][1:] != specks[order][:-1], True)[:len(order)]
    chosen = order[is_last]
    return (specks[chosen], weights[chosen], *(other[chosen] for other in others))
