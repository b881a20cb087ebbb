"""Statistics of rasters by parcel: what is under each parcel, added up block by block.

A pixel belongs to the parcel that holds its centre; where parcels overlap, to the first of them. Mean, standard
deviation (of the population), extremes, count and majority are exact and need memory for the parcels only. The median
is exact too: parcels are taken in groups whose pixels fit into ``MEDIAN_VALUES``, and each group is read on its own.
"""

import numpy as np

from ..errors import UnsuitableInput
from ..raster.blocks import run_blocks
from .burn import ParcelMap
from .parcels import Parcel

STATISTICS = ("mean", "median", "std", "min", "max", "majority", "count")
# Values sorted at once for medians (float32): 256 MB.
MEDIAN_VALUES = 64 * 1024 * 1024
# Different pairs of parcel and value: more are no class map.
MOST_PAIRS = 20_000_000
# Pixels times bands of a block of work.
BLOCK_VALUES = 4 * 1024 * 1024
EDGES = (512, 256)


def parcel_map(grid, geometries):
    """Parcels on a grid, the first of those that overlap on top.

    Parameters
    ----------
    grid : Grid
    geometries : sequence of dict
        GeoJSON polygons in the CRS of the grid.

    Returns
    -------
    ParcelMap
    """
    # One class for all: otherwise nobody would get the pixels where they overlap.
    return ParcelMap(grid, [Parcel(number, "", geometry) for number, geometry in enumerate(geometries)])


def blocks_of(grid, bands):
    """Windows for work on so many bands at once.

    Returns
    -------
    list of Window
    """
    edge = next((edge for edge in EDGES if edge * edge * bands <= BLOCK_VALUES), EDGES[-1])
    return list(grid.blocks(edge, edge))


def measure(reader, parcels, statistics, executor, progress):
    """Statistics of every band by parcel.

    Parameters
    ----------
    reader : RasterReader
    parcels : ParcelMap
        From :func:`parcel_map`, on the grid of the raster.
    statistics : collection of str
        Of ``STATISTICS``, without "majority".
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    dict of str to ndarray, shape (parcels, bands)
        By statistic, in physical values; NaN where a parcel has no data ("count": 0).
    """
    bands = len(reader.bands)
    sums = _Sums(len(parcels.parcels), bands, statistics)
    touched = [window for window in blocks_of(reader.grid, bands) if parcels.touches(window)]

    def work(window):
        return sums.of_block(*_pixels(reader, parcels, window))

    share = 0.5 if "median" in statistics else 1.0
    run_blocks(touched, work, lambda _, part: sums.add(*part), executor, progress.part(0.0, share))
    found = sums.statistics()
    if "median" in statistics:
        found["median"] = _medians(reader, parcels, found["count"], executor, progress.part(share, 1.0))
    return {name: found[name] for name in statistics}


def count_values(read, blocks, parcels, executor, progress):
    """How often each class occurs in each parcel.

    Parameters
    ----------
    read : callable
        Takes a window, gives classes (int64) and validity, both of its shape.
    blocks : iterable of Window
    parcels : ParcelMap
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    pairs : ndarray of int64, shape (n, 2)
        Place of the parcel and class, sorted.
    counts : ndarray of int64, shape (n,)

    Raises
    ------
    UnsuitableInput
        If the raster is no class map.
    """
    table = [np.empty((0, 2), np.int64), np.empty(0, np.int64)]
    waiting = []

    def work(window):
        values, valid = read(window)
        numbers = parcels.read(window)
        inside = valid & (numbers > 0)
        return np.unique(np.stack([numbers[inside].astype(np.int64) - 1, values[inside]], axis=1), axis=0,
                         return_counts=True)

    def finish(_, found):
        waiting.append(found)
        if sum(len(counts) for _, counts in waiting) > max(len(table[1]), 100_000):
            table[:] = _added([tuple(table), *waiting])
            waiting.clear()
            if len(table[1]) > MOST_PAIRS:
                raise UnsuitableInput("The raster holds too many different values for a majority: it is no class map. "
                                      "Choose the raster with the classes, or another statistic.")

    run_blocks([window for window in blocks if parcels.touches(window)], work, finish, executor, progress)
    return _added([tuple(table), *waiting])


def majority_of(pairs, counts, parcels):
    """The most frequent class of each parcel; of several the smallest value.

    Parameters
    ----------
    pairs, counts
        From :func:`count_values`.
    parcels : int

    Returns
    -------
    values : ndarray of int64, shape (parcels,)
    shares : ndarray of float64, shape (parcels,)
        Of the pixels with a class; NaN where there are none.
    """
    order = np.lexsort((pairs[:, 1], -counts, pairs[:, 0]))
    owners, first = np.unique(pairs[order, 0], return_index=True)
    totals = np.bincount(pairs[:, 0], weights=counts, minlength=parcels)
    values, shares = np.zeros(parcels, np.int64), np.full(parcels, np.nan)
    values[owners] = pairs[order[first], 1]
    shares[owners] = counts[order[first]] / totals[owners]
    return values, shares


def _added(tables):
    pairs, counts = (np.concatenate(part) for part in zip(*tables))
    pairs, place = np.unique(pairs, axis=0, return_inverse=True)
    return pairs, np.bincount(place.reshape(-1), weights=counts, minlength=len(pairs)).astype(np.int64)


def _pixels(reader, parcels, window, bands=None):
    """Parcel (counted from 0) and values, shape (bands, pixels), of the pixels in parcels, sorted by parcel."""
    numbers = parcels.read(window)
    inside = numbers > 0
    owners = numbers[inside].astype(np.int64) - 1
    order = np.argsort(owners, kind="stable")
    return owners[order], reader.read_physical(window, bands)[:, inside][:, order]


class _Sums:
    """Adds up blocks so that nothing cancels out: Chan, Golub and LeVeque 1979, Stanford STAN-CS-79-773.

    Parameters
    ----------
    parcels, bands : int
    statistics : collection of str
        What is wanted; nothing else is kept.
    """

    def __init__(self, parcels, bands, statistics):
        self._count = np.zeros((bands, parcels), np.int32)
        self._mean = np.zeros((bands, parcels))
        self._squares = np.zeros((bands, parcels)) if "std" in statistics else None
        self._extremes = {name: (reduce, np.full((bands, parcels), np.nan, np.float32))
                          for name, reduce in (("min", np.fmin), ("max", np.fmax)) if name in statistics}

    def of_block(self, owners, values):
        """What a block adds: parcels, and sums of shape (bands, parcels of the block)."""
        present, starts = np.unique(owners, return_index=True)
        if not len(present):
            return (present,)
        known = ~np.isnan(values)
        count = np.add.reduceat(known, starts, axis=1, dtype=np.int32)
        extremes = {name: reduce.reduceat(values, starts, axis=1) for name, (reduce, _) in self._extremes.items()}
        filled = np.where(known, values.astype(np.float64), 0.0)
        mean = np.add.reduceat(filled, starts, axis=1) / np.maximum(count, 1)
        if self._squares is None:
            return present, count, mean, None, extremes
        departures = np.where(known, filled - np.repeat(mean, np.diff(starts, append=len(owners)), axis=1), 0.0)
        return present, count, mean, np.add.reduceat(departures * departures, starts, axis=1), extremes

    def add(self, present, count=None, mean=None, squares=None, extremes=None):
        """Take in a block."""
        if not len(present):
            return
        before = self._count[:, present].astype(np.int64)
        total = np.maximum(before + count, 1)
        step = mean - self._mean[:, present]
        if self._squares is not None:
            self._squares[:, present] += squares + step * step * before * count / total
        self._mean[:, present] += step * count / total
        self._count[:, present] += count
        for name, found in extremes.items():
            reduce, best = self._extremes[name]
            best[:, present] = reduce(best[:, present], found)

    def statistics(self):
        """By name, each of shape (parcels, bands)."""
        found = {"count": self._count.T, "mean": np.where(self._count > 0, self._mean, np.nan).T,
                 **{name: best.T for name, (_, best) in self._extremes.items()}}
        if self._squares is not None:
            found["std"] = np.sqrt(np.where(self._count > 0, self._squares, np.nan) / np.maximum(self._count, 1)).T
        return found


def _medians(reader, parcels, counts, executor, progress):
    """Exact medians, group of parcels by group."""
    medians = np.full(counts.shape, np.nan)
    pixels = counts.max(axis=1)
    groups = _groups(parcels, pixels, MEDIAN_VALUES // counts.shape[1])
    for number, group in enumerate(groups):
        too_many = pixels[group].sum() * counts.shape[1] > MEDIAN_VALUES
        some_bands = [[band] for band in range(counts.shape[1])] if too_many else [None]
        for place, bands in enumerate(some_bands):
            done = number + place / len(some_bands)
            part = progress.part(done / len(groups), (done + 1 / len(some_bands)) / len(groups))
            medians[np.ix_(group, bands or range(counts.shape[1]))] = _medians_of(
                reader, parcels, group, bands, executor, part)
    return medians


def _groups(parcels, pixels, most):
    """Parcels in the order of their place, as many at a time as fit."""
    rows, columns = parcels.corners()
    order = np.lexsort((columns, rows))
    ends = np.cumsum(pixels[order])
    groups, begin, before = [], 0, 0
    while begin < len(order):
        end = max(begin + 1, int(np.searchsorted(ends, before + most, side="right")))
        groups.append(order[begin:end])
        begin, before = end, ends[end - 1]
    return groups


def _medians_of(reader, parcels, group, bands, executor, progress):
    place_of = np.full(len(parcels.parcels), -1)
    place_of[group] = np.arange(len(group))
    count = len(reader.bands) if bands is None else len(bands)
    collected = []

    def work(window):
        progress.check()
        owners, values = _pixels(reader, parcels, window, bands)
        wanted = place_of[owners] >= 0
        return place_of[owners[wanted]], values[:, wanted]

    windows = [window for window in blocks_of(reader.grid, len(reader.bands)) if parcels.touches(window, group)]
    run_blocks(windows, work, lambda _, found: collected.append(found), executor, progress)
    medians = np.full((len(group), count), np.nan)
    if not collected:
        return medians
    owners = np.concatenate([part for part, _ in collected])
    for band in range(count):
        progress.check()
        values = np.concatenate([part[band] for _, part in collected])
        known = ~np.isnan(values)
        own, values = owners[known], values[known]
        order = np.lexsort((values, own))
        present, starts, lengths = np.unique(own[order], return_index=True, return_counts=True)
        low, high = (values[order[starts + half]].astype(np.float64) for half in ((lengths - 1) // 2, lengths // 2))
        medians[present, band] = (low + high) / 2
    return medians
