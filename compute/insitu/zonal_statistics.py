"""Zonal statistics by parcel, computed block by block.

A pixel belongs to the parcel that contains its centre; where parcels overlap, to the first of them. All statistics are
exact. Mean, standard deviation (population), minimum, maximum, count and majority need memory for the parcels only; for
the median, parcels are read in groups whose pixels fit into ``MEDIAN_VALUES``.
"""

import numpy as np

from ..errors import UnsuitableInput
from ..raster.blocks import run_blocks
from .parcel import Parcel
from .parcel_raster import ParcelRaster

STATISTICS = ("mean", "median", "std", "min", "max", "majority", "count")

# Maximum number of values sorted at once for medians (float32): 256 MB.
MEDIAN_VALUES = 64 * 1024 * 1024

# Maximum number of pairs of parcel and value of a class map.
MAX_PAIRS = 20_000_000

# Maximum of pixels times bands of a block.
BLOCK_VALUES = 4 * 1024 * 1024
EDGES = (512, 256)


def rasterise_parcels(grid, geometries):
    """Rasterise parcels; of overlapping parcels the first has priority.

    Parameters
    ----------
    grid : Grid
    geometries : sequence of dict
        GeoJSON polygons in the CRS of the grid.

    Returns
    -------
    ParcelRaster
    """
    # One class for all, so that overlaps are not disputed.
    return ParcelRaster(grid, [Parcel(number, "", geometry) for number, geometry in enumerate(geometries)])


def work_blocks(grid, bands):
    """Windows for processing the given number of bands at once.

    Returns
    -------
    list of Window
    """
    edge = next((edge for edge in EDGES if edge * edge * bands <= BLOCK_VALUES), EDGES[-1])
    return list(grid.blocks(edge, edge))


def zonal_statistics(reader, parcels, statistics, executor, progress):
    """Zonal statistics of every band.

    Parameters
    ----------
    reader : RasterReader
    parcels : ParcelRaster
        From :func:`rasterise_parcels`, on the grid of the raster.
    statistics : collection of str
        Out of ``STATISTICS``, without "majority".
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    dict of str to ndarray, shape (parcels, bands)
        By statistic, in physical values; NaN for parcels without data ("count": 0).
    """
    bands = len(reader.bands)
    sums = _Sums(len(parcels.parcels), bands, statistics)
    windows = [window for window in work_blocks(reader.grid, bands) if parcels.touches(window)]

    def work(window):
        return sums.summarise_block(*_parcel_pixels(reader, parcels, window))

    fraction = 0.5 if "median" in statistics else 1.0
    run_blocks(windows, work, lambda _, part: sums.add(*part), executor, progress.part(0.0, fraction))
    results = sums.statistics()
    if "median" in statistics:
        results["median"] = _medians(reader, parcels, results["count"], executor, progress.part(fraction, 1.0))
    return {name: results[name] for name in statistics}


def count_values(read, blocks, parcels, executor, progress):
    """Number of pixels of each class in each parcel.

    Parameters
    ----------
    read : callable
        ``read(window)`` returns classes (int64) and validity, shape (height, width).
    blocks : iterable of Window
    parcels : ParcelRaster
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    pairs : ndarray of int64, shape (n, 2)
        Index of the parcel and class, sorted.
    counts : ndarray of int64, shape (n,)

    Raises
    ------
    UnsuitableInput
        If the raster is not a class map.
    """
    table = [np.empty((0, 2), np.int64), np.empty(0, np.int64)]
    pending = []

    def work(window):
        values, valid = read(window)
        numbers = parcels.read(window)
        inside = valid & (numbers > 0)
        return np.unique(np.stack([numbers[inside].astype(np.int64) - 1, values[inside]], axis=1), axis=0,
                         return_counts=True)

    def finish(_, results):
        pending.append(results)
        if sum(len(counts) for _, counts in pending) > max(len(table[1]), 100_000):
            table[:] = _sum_counts([tuple(table), *pending])
            pending.clear()
            if len(table[1]) > MAX_PAIRS:
                raise UnsuitableInput("The raster has too many different values for a majority: it is not a class map. "
                                      "Choose a raster of classes, or another statistic.")

    run_blocks([window for window in blocks if parcels.touches(window)], work, finish, executor, progress)
    return _sum_counts([tuple(table), *pending])


def majority_by_parcel(pairs, counts, parcels):
    """The most frequent class of each parcel; for ties the smallest value.

    Parameters
    ----------
    pairs, counts
        From :func:`count_values`.
    parcels : int

    Returns
    -------
    values : ndarray of int64, shape (parcels,)
    proportions : ndarray of float64, shape (parcels,)
        Proportion of the pixels with a class; NaN without pixels.
    """
    order = np.lexsort((pairs[:, 1], -counts, pairs[:, 0]))
    owners, first = np.unique(pairs[order, 0], return_index=True)
    totals = np.bincount(pairs[:, 0], weights=counts, minlength=parcels)
    values, proportions = np.zeros(parcels, np.int64), np.full(parcels, np.nan)
    values[owners] = pairs[order[first], 1]
    proportions[owners] = counts[order[first]] / totals[owners]
    return values, proportions


def _sum_counts(tables):
    pairs, counts = (np.concatenate(part) for part in zip(*tables))
    pairs, index = np.unique(pairs, axis=0, return_inverse=True)
    return pairs, np.bincount(index.reshape(-1), weights=counts, minlength=len(pairs)).astype(np.int64)


def _parcel_pixels(reader, parcels, window, bands=None):
    """Parcel index and values, shape (bands, pixels), of the pixels in parcels, sorted by parcel."""
    numbers = parcels.read(window)
    inside = numbers > 0
    owners = numbers[inside].astype(np.int64) - 1
    order = np.argsort(owners, kind="stable")
    return owners[order], reader.read_physical(window, bands)[:, inside][:, order]


class _Sums:
    """Numerically stable sums over blocks: Chan, Golub and LeVeque 1979, Stanford STAN-CS-79-773.

    Parameters
    ----------
    parcels, bands : int
    statistics : collection of str
        Statistics to compute.
    """

    def __init__(self, parcels, bands, statistics):
        self._count = np.zeros((bands, parcels), np.int32)
        self._mean = np.zeros((bands, parcels))
        self._squares = np.zeros((bands, parcels)) if "std" in statistics else None
        self._extremes = {name: (reduce, np.full((bands, parcels), np.nan, np.float32))
                          for name, reduce in (("min", np.fmin), ("max", np.fmax)) if name in statistics}

    def summarise_block(self, owners, values):
        """Parcels of a block and their sums, shape (bands, parcels of the block)."""
        present, starts = np.unique(owners, return_index=True)
        if not len(present):
            return (present,)
        valid = ~np.isnan(values)
        count = np.add.reduceat(valid, starts, axis=1, dtype=np.int32)
        extremes = {name: reduce.reduceat(values, starts, axis=1) for name, (reduce, _) in self._extremes.items()}
        filled = np.where(valid, values.astype(np.float64), 0.0)
        mean = np.add.reduceat(filled, starts, axis=1) / np.maximum(count, 1)
        if self._squares is None:
            return present, count, mean, None, extremes
        deviations = np.where(valid, filled - np.repeat(mean, np.diff(starts, append=len(owners)), axis=1), 0.0)
        return present, count, mean, np.add.reduceat(deviations * deviations, starts, axis=1), extremes

    def add(self, present, count=None, mean=None, squares=None, extremes=None):
        """Add a block."""
        if not len(present):
            return
        cumulated = self._count[:, present].astype(np.int64)
        total = np.maximum(cumulated + count, 1)
        step = mean - self._mean[:, present]
        if self._squares is not None:
            self._squares[:, present] += squares + step * step * cumulated * count / total
        self._mean[:, present] += step * count / total
        self._count[:, present] += count
        for name, results in extremes.items():
            reduce, best = self._extremes[name]
            best[:, present] = reduce(best[:, present], results)

    def statistics(self):
        """Statistics by name, shape (parcels, bands)."""
        results = {"count": self._count.T, "mean": np.where(self._count > 0, self._mean, np.nan).T,
                   **{name: best.T for name, (_, best) in self._extremes.items()}}
        if self._squares is not None:
            results["std"] = np.sqrt(np.where(self._count > 0, self._squares, np.nan) / np.maximum(self._count, 1)).T
        return results


def _medians(reader, parcels, counts, executor, progress):
    """Exact medians by groups of parcels."""
    medians = np.full(counts.shape, np.nan)
    pixels = counts.max(axis=1)
    groups = _groups(parcels, pixels, MEDIAN_VALUES // counts.shape[1])
    for number, group in enumerate(groups):
        too_many = pixels[group].sum() * counts.shape[1] > MEDIAN_VALUES
        band_groups = [[band] for band in range(counts.shape[1])] if too_many else [None]
        for index, bands in enumerate(band_groups):
            done = number + index / len(band_groups)
            part = progress.part(done / len(groups), (done + 1 / len(band_groups)) / len(groups))
            medians[np.ix_(group, bands or range(counts.shape[1]))] = _medians_of(
                reader, parcels, group, bands, executor, part)
    return medians


def _groups(parcels, pixels, maximum):
    """Groups of parcels in the order of their position, limited by their number of pixels."""
    rows, columns = parcels.corners()
    order = np.lexsort((columns, rows))
    ends = np.cumsum(pixels[order])
    groups, begin, cumulated = [], 0, 0
    while begin < len(order):
        end = max(begin + 1, int(np.searchsorted(ends, cumulated + maximum, side="right")))
        groups.append(order[begin:end])
        begin, cumulated = end, ends[end - 1]
    return groups


def _medians_of(reader, parcels, group, bands, executor, progress):
    group_index = np.full(len(parcels.parcels), -1)
    group_index[group] = np.arange(len(group))
    count = len(reader.bands) if bands is None else len(bands)
    collected = []

    def work(window):
        progress.check()
        owners, values = _parcel_pixels(reader, parcels, window, bands)
        in_group = group_index[owners] >= 0
        return group_index[owners[in_group]], values[:, in_group]

    windows = [window for window in work_blocks(reader.grid, len(reader.bands)) if parcels.touches(window, group)]
    run_blocks(windows, work, lambda _, results: collected.append(results), executor, progress)
    medians = np.full((len(group), count), np.nan)
    if not collected:
        return medians
    owners = np.concatenate([part for part, _ in collected])
    for band in range(count):
        progress.check()
        values = np.concatenate([part[band] for _, part in collected])
        valid = ~np.isnan(values)
        own, values = owners[valid], values[valid]
        order = np.lexsort((values, own))
        present, starts, lengths = np.unique(own[order], return_index=True, return_counts=True)
        low, high = (values[order[starts + half]].astype(np.float64) for half in ((lengths - 1) // 2, lengths // 2))
        medians[present, band] = (low + high) / 2
    return medians
