"""Removing specks: patches of fewer pixels than wanted take the class of their largest neighbour.

A patch is a set of pixels of one class that hang together. Specks are handled as ``gdal_sieve`` does it: each takes the
class of the largest patch that touches it; where that one is a speck too, of the largest that touches that one, and so
on. Specks that no large patch can be reached from keep their class. Pixels without data belong to no patch.

Patches know no blocks: the result is the same for any size of blocks, whatever the size of the patches. Only patches
that touch the border of a block are remembered from block to block. All neighbours of the others lie in the same block:
their fate is found there, or hangs on that of a patch at the border. Until that is known, the classes of the block wait
in a temporary file. Memory grows with the borders of the blocks, neither with pixels nor with patches.
"""

import numpy as np

from ..raster.blocks import run_blocks
from .classmap import EDGE, read_classes
from .patches import EDGES, Patches, follow
from .shelf import Shelf

# Of the weight of a patch so many bits are for the place of its first pixel.
PLACE_BITS = 40


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
        self._reader, self._least, self._corners, self._edge = reader, least, connectedness == 8, edge
        self.blocks = list(reader.grid.blocks(edge, edge))
        # By block: the first number of a patch at its border, and the patches along its edges.
        self._offsets, self._borders = {}, {}
        # By number of a patch at a border: the whole patch. By whole patch: what is known of it, and its fate.
        self._wholes = self._classes = self._sizes = self._firsts = self._weights = None
        self._is_settled = self._new_classes = self._large_sizes = None
        # By block: new classes as far as they are known, and the pixels that wait for the fate of a speck at a border.
        self._shelf = Shelf()

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
        self._join_patches(executor, progress.part(0.0, 0.4))
        return self._settle(executor, progress.part(0.4, 1.0))

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
        before : ndarray of int64, same shape
            Values of the map itself.
        """
        before, valid = read_classes(self._reader, window)
        classes, pixels, wholes = self._shelf.take((window.row, window.col))
        classes = classes.astype(np.int64)
        classes[pixels] = np.where(self._is_settled[wholes], self._new_classes[wholes], classes[pixels])
        return classes.reshape(window.shape), valid, before

    def close(self):
        """Remove what was put aside."""
        self._shelf.close()

    def _patches(self, window):
        return Patches(*read_classes(self._reader, window), self._corners)

    def _join_patches(self, executor, progress):
        """Give every patch that touches the border of a block a number, and join those that are one."""
        width = self._reader.grid.width
        found, links, count = [], [], 0

        def work(window):
            patches = self._patches(window)
            numbers = np.full(len(patches.sizes) + 1, -1)
            numbers[patches.border + 1] = np.arange(len(patches.border))
            rows, columns = np.divmod(patches.firsts[patches.border], window.width)
            firsts = (rows + window.row) * width + columns + window.col
            classes = np.append(0, patches.classes)
            labels = [patches.labels[edge] for edge in EDGES]
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
            one, other, same = self._across(window)
            links.append(np.unique(np.stack([one[same], other[same]]), axis=1))

        run_blocks(self.blocks, work, finish, executor, progress)
        self._unite(*map(np.concatenate, zip(*found)), np.concatenate(links, axis=1))

    def _unite(self, classes, sizes, firsts, links):
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        parts = len(classes)
        graph = coo_matrix((np.ones(links.shape[1], np.int8), tuple(links)), shape=(parts, parts))
        count, self._wholes = connected_components(graph, directed=False)
        self._sizes = np.bincount(self._wholes, weights=sizes, minlength=count).astype(np.int64)
        self._classes = np.zeros(count, np.int64)
        self._classes[self._wholes] = classes
        self._firsts = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(self._firsts, self._wholes, firsts)
        # Patches within a block are no larger than it. Different sizes beyond that are few: they sum up to the image.
        self._large_sizes = np.unique(self._sizes[self._sizes > self._edge ** 2])
        self._weights = self._weigh(self._sizes, self._firsts)

    def _weigh(self, sizes, firsts):
        """Numbers that order patches by size, and those of equal size by the first pixel: the earlier weighs more."""
        block = self._edge ** 2
        ranks = np.where(sizes > block, block + 1 + np.searchsorted(self._large_sizes, sizes), sizes)
        return (ranks << PLACE_BITS) - firsts

    def _ends(self, window, patches):
        """What is known of the patches of a block, and where chains of specks end within it.

        They end at large patches, at specks that touch the border, and at specks that lead nowhere.

        Returns
        -------
        wholes : ndarray of int
            The whole patches at the border.
        weights, is_large, neighbours, ends : ndarray, shape (patches,)
        """
        offset = self._offsets[window.row, window.col]
        wholes = self._wholes[offset:offset + len(patches.border)]
        sizes = patches.sizes.copy()
        sizes[patches.border] = self._sizes[wholes]
        rows, columns = np.divmod(patches.firsts, window.width)
        weights = self._weigh(sizes, (rows + window.row) * self._reader.grid.width + columns + window.col)
        weights[patches.border] = self._weights[wholes]
        neighbours, is_large = patches.largest_neighbours(weights), sizes >= self._least
        goes_on = ~is_large & (neighbours >= 0)
        goes_on[patches.border] = False
        return wholes, weights, is_large, neighbours, follow(np.where(goes_on, neighbours, np.arange(len(sizes))))

    def _settle(self, executor, progress):
        """Find the fate of the specks at borders; the number of specks that take another class."""
        count = len(self._sizes)
        self._is_settled, self._new_classes = self._sizes >= self._least, self._classes.copy()
        goals, heaviest = np.arange(count), np.zeros(count, np.int64)
        followers, settled = np.zeros(count, np.int64), 0

        def work(window):
            patches = self._patches(window)
            wholes, weights, is_large, neighbours, ends = self._ends(window, patches)
            whole_of = np.full(len(ends), -1)
            whole_of[patches.border] = wholes
            specks = patches.border[~is_large[patches.border] & (neighbours[patches.border] >= 0)]
            goals = ends[neighbours[specks]]
            within = (whole_of[specks], weights[neighbours[specks]], whole_of[goals], is_large[goals],
                      patches.classes[goals])
            led = ~is_large & (whole_of < 0)
            leader = np.where(is_large[ends], -1, whole_of[ends])
            leads_to = np.unique(leader[led & (leader >= 0)], return_counts=True)
            self._put_aside(window, patches, np.where(is_large[ends], patches.classes[ends], patches.classes), leader)
            both = [np.concatenate(part) for part in zip(within, self._across_borders(window))]
            return _heaviest(*both), leads_to, np.count_nonzero(led & is_large[ends])

        def finish(_, result):
            nonlocal settled
            (specks, weights, leads, is_settled, classes), (leaders, led), settled_here = result
            better = weights > heaviest[specks]
            specks, leads, is_settled = specks[better], leads[better], is_settled[better]
            heaviest[specks] = weights[better]
            goals[specks] = np.where(is_settled | (leads < 0), specks, leads)
            self._is_settled[specks] = is_settled
            self._new_classes[specks] = np.where(is_settled, classes[better], self._classes[specks])
            followers[leaders] += led
            settled += settled_here

        run_blocks(self.blocks, work, finish, executor, progress)
        ends = follow(goals)
        self._is_settled, self._new_classes = self._is_settled[ends], self._new_classes[ends]
        goes = self._is_settled & (self._sizes < self._least)
        return int(settled + np.count_nonzero(goes) + followers[goes].sum())

    def _put_aside(self, window, patches, classes, leaders):
        leaders = np.append(np.int32(-1), leaders.astype(np.int32))[patches.labels].ravel()
        pixels = np.flatnonzero(leaders >= 0)
        dtype = self._reader.bands[0].dtype
        self._shelf.put((window.row, window.col), np.append(0, classes).astype(dtype)[patches.labels],
                        pixels.astype(np.int32), leaders[pixels])

    def _across_borders(self, window):
        """Of specks on both sides of the upper and left border of a block: speck, weight of a neighbour, its fate.

        Returns
        -------
        specks, weights, goals, is_settled, classes : ndarray
        """
        one, other, _ = self._across(window)
        near, far = self._wholes[np.concatenate([one, other])], self._wholes[np.concatenate([other, one])]
        counts = (near != far) & (self._sizes[near] < self._least)
        near, far = near[counts], far[counts]
        return near, self._weights[far], far, self._sizes[far] >= self._least, self._classes[far]

    def _across(self, window):
        """Patches on both sides of the upper and the left border of a block: number, number, same class?

        With corners, those across the upper-left and the upper-right corner too.
        """
        top, left = self._borders[window.row, window.col][:2]
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


def _facing(near, far, corners):
    length = min(near.shape[1], far.shape[1])
    near, far = near[:, :length], far[:, :length]
    pairs = [(near, far)]
    if corners:
        pairs += [(near[:, 1:], far[:, :-1]), (near[:, :-1], far[:, 1:])]
    return pairs


def _heaviest(specks, weights, *others):
    """Of the rows of each speck the one with the largest weight."""
    order = np.lexsort((weights, specks))
    is_last = np.append(specks[order][1:] != specks[order][:-1], True)[:len(order)]
    chosen = order[is_last]
    return (specks[chosen], weights[chosen], *(other[chosen] for other in others))
