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
    dict of str to ndarray of float64, shape (parcels, bands)
        By statistic, in physical values; NaN where a parcel has no data ("count": 0).
    """
    bands = len(reader.bands)
    sums = _Sums(len(parcels.parcels), bands)
    touched = [window for window in blocks_of(reader.grid, bands) if parcels.touches(window)]

    def work(window):
        return _sums_of(*_pixels(reader, parcels, window))

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


def _sums_of(owners, values):
    """Sums of a block by parcel, each of shape (bands, parcels of the block)."""
    present, starts = np.unique(owners, return_index=True)
    if not len(present):
        return (present,)
    values = values.astype(np.float64)
    known = ~np.isnan(values)
    count = np.add.reduceat(known, starts, axis=1, dtype=np.int64)
    total = np.add.reduceat(np.where(known, values, 0.0), starts, axis=1)
    mean = total / np.maximum(count, 1)
    lengths = np.diff(starts, append=len(owners))
    departures = np.where(known, values - np.repeat(mean, lengths, axis=1), 0.0)
    squares = np.add.reduceat(departures * departures, starts, axis=1)
    return (present, count, mean, squares, np.fmin.reduceat(values, starts, axis=1),
            np.fmax.reduceat(values, starts, axis=1))


class _Sums:
    """Adds up blocks so that nothing cancels out: Chan, Golub and LeVeque 1979, Stanford STAN-CS-79-773."""

    def __init__(self, parcels, bands):
        self._count = np.zeros((bands, parcels), np.int64)
        self._mean, self._squares = np.zeros((bands, parcels)), np.zeros((bands, parcels))
        self._low, self._high = np.full((bands, parcels), np.nan), np.full((bands, parcels), np.nan)

    def add(self, present, count=None, mean=None, squares=None, low=None, high=None):
        """Take in a block."""
        if not len(present):
            return
        before = self._count[:, present]
        total = np.maximum(before + count, 1)
        step = mean - self._mean[:, present]
        self._squares[:, present] += squares + step * step * before * count / total
        self._mean[:, present] += step * count / total
        self._count[:, present] += count
        self._low[:, present] = np.fmin(self._low[:, present], low)
        self._high[:, present] = np.fmax(self._high[:, present], high)

    def statistics(self):
        """By name, each of shape (parcels, bands)."""
        known = np.where(self._count > 0, 1.0, np.nan)
        spread = np.sqrt(self._squares / np.maximum(self._count, 1))
        return {"count": self._count.T.astype(np.float64), "mean": (self._mean * known).T,
                "std": (spread * known).T, "min": self._low.T, "max": self._high.T}


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
