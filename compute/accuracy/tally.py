"""One pass over a map (or two): the area of each class, and what was mapped on the pixels of the reference."""

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from ..errors import UnsuitableInput
from ..raster.blocks import run_blocks
from ..raster.neighbours import dilate
from ..raster.truearea import pixel_area
from .reference import whole

# A class map with more values is a measurement that was chosen by mistake.
MOST_VALUES = 2000
BLOCK = 512
STRIP_PIXELS = 1024 * 1024


class MapBand:
    """The classes of a map, block by block.

    Parameters
    ----------
    raster : RasterOnto
    nodata : frozenset of int
        Values that mean "no data" though the file does not say so.
    """

    def __init__(self, raster, nodata=frozenset()):
        self.raster, self._nodata = raster, np.array(sorted(nodata), np.int64)

    def read(self, window):
        """Class values (int64) and where there are any (bool) of the pixels of a window, row by row."""
        values, valid = self.raster.read(window)
        values, valid = values.ravel(), valid.ravel()
        classes = np.zeros(len(values), np.int64)
        classes[valid] = whole(values[valid], self.raster.source.path)
        if len(self._nodata):
            valid &= ~np.isin(classes, self._nodata)
        return classes, valid


@dataclass(frozen=True, eq=False)
class Tally:
    """What was counted.

    Parameters
    ----------
    areas : tuple of dict of int to (int, float)
        For each map: pixels and square metres of each value.
    units, counts : ndarray of int64, shape (n,)
        Unit of the reference, and on how many of its pixels the maps show the values of the same row.
    values : ndarray of int64, shape (n, maps)
    without_class : dict of int to int
        Pixels of units on which some map has no class.
    trained : dict of int to int
        Pixels of units that trained the map; they are not in `counts`.
    beside : tuple of int
        Parcels of which most pixels in `counts` lie directly beside training pixels.
    disputed : int
        Pixels claimed by parcels of different classes.
    """

    areas: tuple
    units: np.ndarray
    values: np.ndarray
    counts: np.ndarray
    without_class: dict
    trained: dict
    beside: tuple
    disputed: int


def tally(grid, maps, reference, read_trained, executor, progress, blocks=None):
    """Count.

    Parameters
    ----------
    grid : Grid
        Of the first map.
    maps : sequence of MapBand
        One or two, on that grid. Only pixels on which all have a class are compared.
    reference : ParcelReference, PointReference or RasterReference
    read_trained : callable or None
        Takes a window, gives an ndarray of bool of its shape: which pixels trained.
    executor : concurrent.futures.Executor
    progress : Progress
    blocks : sequence of Window, optional
        The parts of the grid to look at, all of it if left out.

    Returns
    -------
    Tally

    Raises
    ------
    UnsuitableInput
        If a map holds no classes but measurements.
    UnreadableInput
        If a raster is damaged.
    Cancelled
        If the user asked to stop.
    """
    areas = tuple(defaultdict(lambda: [0, 0.0]) for _ in maps)
    without_class, trained, beside, rows = Counter(), Counter(), Counter(), []
    disputed = 0

    def work(window):
        progress.check()
        read = [band.read(window) for band in maps]
        found = [_frequencies(values[valid]) for values, valid in read]
        places, units, disputed_here = reference.look(window)
        own, touching = _read_training(reference, read_trained, places, window, grid)
        classified = np.logical_and.reduce([valid[places] for _, valid in read]) if len(places) else own
        judged = classified & ~own
        compared = _compressed(units[judged], *(values[places[judged]] for values, _ in read))
        return (found, pixel_area(grid, window), compared, _frequencies(units[own]),
                _frequencies(units[~classified & ~own]), _frequencies(units[judged & touching]), disputed_here)

    def finish(_, result):
        nonlocal disputed
        found, square_metres, compared, own, lacking, near, disputed_here = result
        for area, (values, counts) in zip(areas, found):
            for value, count in zip(values.tolist(), counts.tolist()):
                area[value][0] += count
                area[value][1] += count * square_metres
            if len(area) > MOST_VALUES:
                raise UnsuitableInput("The map holds thousands of different values, so it is a measurement and no map "
                                      "of classes. Choose the raster with the classes.")
        rows.append(compared)
        for table, (units, counts) in ((trained, own), (without_class, lacking), (beside, near)):
            for unit, count in zip(units.tolist(), counts.tolist()):
                table[unit] += count
        disputed += disputed_here
        if len(rows) > 500:
            rows[:] = [_merged(rows)]

    run_blocks(reading_blocks(grid, maps) if blocks is None else blocks, work, finish, executor, progress)
    merged = _merged(rows) if rows else np.empty((0, len(maps) + 2), np.int64)
    return Tally(tuple({value: tuple(pair) for value, pair in sorted(area.items())} for area in areas),
                 merged[:, 0], merged[:, 1:-1], merged[:, -1], dict(without_class), dict(trained),
                 _mostly(beside, merged), disputed)


def _read_training(reference, read_trained, places, window, grid):
    """Which places of a window trained, and which lie directly beside such (asked of parcels only)."""
    if not len(places) or read_trained is None:
        return np.zeros(len(places), bool), np.zeros(len(places), bool)
    around = window.padded(1).intersection(grid.window)
    training, inside = read_trained(around), window.relative_to(around).slices
    is_asked = reference.kind == "parcels" and training.any()
    near = dilate(training, 1) if is_asked else np.zeros_like(training)
    return training[inside].ravel()[places], near[inside].ravel()[places]


def _mostly(beside, merged):
    """Units of which more than half of the compared pixels are counted in `beside`."""
    compared = Counter()
    for unit, count in zip(merged[:, 0].tolist(), merged[:, -1].tolist()):
        compared[unit] += count
    return tuple(sorted(unit for unit, count in beside.items() if 2 * count > compared[unit]))


def reading_blocks(grid, maps):
    """Windows that tile the grid in the order in which the first map is best read."""
    height, width = maps[0].raster.source.block_shape
    if width >= grid.width and height < BLOCK:
        rows = max(1, STRIP_PIXELS // max(grid.width, 1))
        return list(grid.blocks(max(height, rows // height * height), grid.width))
    return list(grid.blocks(BLOCK, BLOCK))


def _frequencies(values):
    """Different values and how often each occurs."""
    if len(values) and values.min() >= 0 and values.max() < 65536:
        counts = np.bincount(values)
        present = np.flatnonzero(counts)
        return present, counts[present]
    return np.unique(values, return_counts=True)


def _compressed(*columns):
    """Different rows of columns of equal length, with their number in a last column."""
    if not len(columns[0]):
        return np.empty((0, len(columns) + 1), np.int64)
    return _summed(np.stack([*columns, np.ones(len(columns[0]), np.int64)], axis=1))


def _merged(tables):
    return _summed(np.concatenate(tables))


def _summed(table):
    """Rows that differ in all but the last column, sorted, with the sums of that column."""
    if not len(table):
        return table
    table = table[np.lexsort(table[:, -2::-1].T)]
    begins = np.flatnonzero(np.concatenate([[True], (np.diff(table[:, :-1], axis=0) != 0).any(axis=1)]))
    summed = table[begins]
    summed[:, -1] = np.add.reduceat(table[:, -1], begins)
    return summed
