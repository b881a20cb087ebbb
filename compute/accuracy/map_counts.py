"""Pixel counts of one or several maps in one pass: area by class, and map classes by reference unit."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from ..classmap.class_map import as_integers, class_areas
from ..errors import UnsuitableInput
from ..raster.blocks import run_blocks
from ..raster.masks import dilate

# A raster with more values is not a class map.
MAX_VALUES = 2000
BLOCK = 512
STRIP_PIXELS = 1024 * 1024


class MapBand:
    """Block reader of a class map.

    Parameters
    ----------
    raster : ResampledReader
    nodata : frozenset of int
        Nodata values in addition to that of the file.
    """

    def __init__(self, raster, nodata=frozenset()):
        self.raster, self._nodata = raster, np.array(sorted(nodata), np.int64)

    def read(self, window):
        """Class values (int64) and validity (bool) of the pixels of a window, row by row."""
        values, valid = self.raster.read(window, [0])
        values, valid = values.ravel(), valid.ravel()
        classes = np.zeros(len(values), np.int64)
        classes[valid] = as_integers(values[valid], self.raster.path)
        if len(self._nodata):
            valid &= ~np.isin(classes, self._nodata)
        return classes, valid


@dataclass(frozen=True, eq=False)
class PixelCounts:
    """Pixel counts of maps and reference.

    Parameters
    ----------
    areas : tuple of dict of int to (int, float)
        For each map, pixels and square metres of each value.
    units, counts : ndarray of int64, shape (n,)
        Reference unit and number of its pixels with the map values of the same row.
    values : ndarray of int64, shape (n, maps)
    without_class : dict of int to int
        Pixels of units without a class in at least one map.
    training : dict of int to int
        Training pixels of units; not in `counts`.
    adjacent : tuple of int
        Parcels with most pixels in `counts` next to training pixels.
    disputed : int
        Pixels of overlapping parcels of different classes.
    """

    areas: tuple
    units: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    without_class: dict
    training: dict
    adjacent: tuple
    disputed: int


def count_pixels(grid, maps, reference, read_training, executor, progress, blocks=None):
    """Count the pixels of maps and reference.

    Parameters
    ----------
    grid : Grid
        Of the first map.
    maps : sequence of MapBand
        One or two, on that grid. Only pixels on which all have a class are compared.
    reference : ParcelReference, PointReference or RasterReference
    read_training : callable or None
        ``read_training(window)`` returns the mask of training pixels, ndarray of bool.
    executor : concurrent.futures.Executor
    progress : Progress
    blocks : sequence of Window, optional
        Parts of the grid to read; the whole grid by default.

    Returns
    -------
    PixelCounts

    Raises
    ------
    UnsuitableInput
        If a map is not a class map.
    UnreadableInput
        If a raster is damaged.
    Cancelled
        If the user asked to stop.
    """
    areas = tuple(defaultdict(lambda: [0, 0.0]) for _ in maps)
    without_class, training, adjacent, rows = Counter(), Counter(), Counter(), []
    disputed = 0

    def work(window):
        progress.check()
        read = [band.read(window) for band in maps]
        frequencies = [_class_frequencies(values, valid, grid, window) for values, valid in read]
        indices, units, disputed_here = reference.read(window)
        is_training, is_adjacent = _training_masks(reference, read_training, indices, window, grid)
        classified = np.logical_and.reduce([valid[indices] for _, valid in read]) if len(indices) else is_training
        is_compared = classified & ~is_training
        compared = _unique_rows(units[is_compared], *(values[indices[is_compared]] for values, _ in read))
        return (frequencies, compared, _frequencies(units[is_training]),
                _frequencies(units[~classified & ~is_training]), _frequencies(units[is_compared & is_adjacent]),
                disputed_here)

    def finish(_, result):
        nonlocal disputed
        frequencies, compared, training_units, without, adjacent_units, disputed_here = result
        for area, table in zip(areas, frequencies):
            for value, count, square_metres in zip(*(column.tolist() for column in table)):
                area[value][0] += count
                area[value][1] += square_metres
            if len(area) > MAX_VALUES:
                raise UnsuitableInput("The map has thousands of different values, so it is not a class map. Choose a "
                                      "raster of classes.")
        rows.append(compared)
        for table, (units, counts) in ((training, training_units), (without_class, without),
                                       (adjacent, adjacent_units)):
            for unit, count in zip(units.tolist(), counts.tolist()):
                table[unit] += count
        disputed += disputed_here
        if len(rows) > 500:
            rows[:] = [_merge_rows(rows)]

    run_blocks(read_blocks(grid, maps) if blocks is None else blocks, work, finish, executor, progress)
    merged = _merge_rows(rows) if rows else np.empty((0, len(maps) + 2), np.int64)
    return PixelCounts(
        areas=tuple({value: tuple(pair) for value, pair in sorted(area.items())} for area in areas),
        units=merged[:, 0], values=merged[:, 1:-1], counts=merged[:, -1], without_class=dict(without_class),
        training=dict(training), adjacent=_mostly_adjacent(adjacent, merged), disputed=disputed)


def _training_masks(reference, read_training, indices, window, grid):
    """Masks of the reference pixels used for training, and of those next to training pixels (parcels only)."""
    if not len(indices) or read_training is None:
        return np.zeros(len(indices), bool), np.zeros(len(indices), bool)
    around = window.padded(1).intersection(grid.window)
    training, inside = read_training(around), window.relative_to(around).slices
    is_needed = reference.kind == "parcels" and training.any()
    near = dilate(training, 1) if is_needed else np.zeros_like(training)
    return training[inside].ravel()[indices], near[inside].ravel()[indices]


def _mostly_adjacent(adjacent, merged):
    """Units with more than half of the compared pixels in `adjacent`."""
    compared = Counter()
    for unit, count in zip(merged[:, 0].tolist(), merged[:, -1].tolist()):
        compared[unit] += count
    return tuple(sorted(unit for unit, count in adjacent.items() if 2 * count > compared[unit]))


def read_blocks(grid, maps):
    """Windows that tile the grid, suited to the block layout of the first map."""
    height, width = maps[0].raster.block_shape
    if width >= grid.width and height < BLOCK:
        rows = max(1, STRIP_PIXELS // max(grid.width, 1))
        return list(grid.blocks(max(height, rows // height * height), grid.width))
    return list(grid.blocks(BLOCK, BLOCK))


def _class_frequencies(values, valid, grid, window):
    """Unique values of the valid pixels of a window, their counts, and their areas in square metres."""
    present, counts = _frequencies(values[valid])
    return present, counts, class_areas(np.searchsorted(present, values[valid]), len(present), grid, window, valid)


def _frequencies(values):
    """Unique values and their counts."""
    if len(values) and values.min() >= 0 and values.max() < 65536:
        counts = np.bincount(values)
        present = np.flatnonzero(counts)
        return present, counts[present]
    return np.unique(values, return_counts=True)


def _unique_rows(*columns):
    """Unique rows of columns of equal length, with their counts in the last column."""
    if not len(columns[0]):
        return np.empty((0, len(columns) + 1), np.int64)
    return _sum_rows(np.stack([*columns, np.ones(len(columns[0]), np.int64)], axis=1))


def _merge_rows(tables):
    return _sum_rows(np.concatenate(tables))


def _sum_rows(table):
    """Sum the last column over rows that are equal in all other columns; sorted."""
    if not len(table):
        return table
    table = table[np.lexsort(table[:, -2::-1].T)]
    starts = np.flatnonzero(np.concatenate([[True], (np.diff(table[:, :-1], axis=0) != 0).any(axis=1)]))
    summed = table[starts]
    summed[:, -1] = np.add.reduceat(table[:, -1], starts)
    return summed
