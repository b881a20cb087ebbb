"""The pixels of a time series: which bands are worked on together, in which order, and what becomes of them.

An index needs several bands at once, every other band stands alone. So the images of one group of bands, all dates,
are all that must be decoded at a time: the cache stays small, and no image tile is decoded twice for lack of room.
"""

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from ..raster.blocks import CACHE_BYTES, nested_blocks
from ..raster.writer import TILE
from .bands import BANDS
from .indices import INDICES
from .scene import STORED_PER_REFLECTANCE, to_storage
from .stack import BLOCK, REGION

# What the float32 values of one block of a group may take.
BLOCK_BYTES = 8 * 1024 * 1024
# Below this, blocks are mostly overhead. Those smaller than a tile of the result fill it in GDAL's cache.
SMALLEST_BLOCK = TILE // 4
# Decoded tiles of one image that are in use while a row of blocks, and the next, are worked on: two rows of six.
TILES_IN_USE = 12
# What they are to GDAL's cache, with the results; with a third of it, tiles were decoded two to three times.
CACHED_BYTES = 9 * BLOCK * BLOCK


@dataclass(frozen=True)
class BandGroup:
    """Bands that are read together, and the indices made of them.

    Parameters
    ----------
    bands : tuple of str
    indices : tuple of str
        Keys of ``INDICES``.
    """

    bands: tuple
    indices: tuple = ()


def band_groups(bands, indices):
    """Divide the bands of a series into groups.

    Parameters
    ----------
    bands, indices : tuple of str
        Of the settings.

    Returns
    -------
    tuple of BandGroup
        The one with the indices first; the first group with a reflectance band comes before all without.
    """
    needed = tuple(dict.fromkeys(band for name in indices for band in INDICES[name].bands))
    alone = sorted((band for band in bands if band not in needed), key=lambda band: band not in BANDS)
    return (*([BandGroup(needed, indices)] if indices else []), *(BandGroup((band,)) for band in alone))


def plan_blocks(grid, dates, groups):
    """Blocks small enough for all dates at once, in an order in which what was decoded for one serves the next.

    Parameters
    ----------
    grid : Grid
    dates : int
    groups : tuple of BandGroup

    Returns
    -------
    list of (Window, BandGroup)
    """
    widest = max(len(group.bands) for group in groups)
    edge = BLOCK
    while edge > SMALLEST_BLOCK and dates * widest * edge * edge * 4 > BLOCK_BYTES:
        edge //= 2
    blocks = nested_blocks(grid, edge, BLOCK, REGION)
    regions = groupby(blocks, key=lambda block: (block.row // REGION, block.col // REGION))
    return [(block, group) for region in [list(members) for _, members in regions]
            for group in groups for block in region]


def tiles_to_store(products, groups):
    """How many decoded tiles must be kept on disk, because GDAL's cache has no room for those of so many products.

    Returns
    -------
    int
        0 where the cache has room.
    """
    widest = max(len(group.bands) for group in groups)
    if products * widest * CACHED_BYTES <= CACHE_BYTES:
        return 0
    return products * (widest + 1) * TILES_IN_USE


@dataclass(frozen=True, eq=False)
class Observed:
    """What the acquisitions show of a block.

    Attributes
    ----------
    covered, clear : list of list of int
        By acquisition and scene: pixels with data, and those that are unclouded too.
    counts : ndarray of uint16, shape (1 + periods, height, width)
        How many acquisitions show each pixel clearly: all, and those of each date of the result if it has several.
    seen : ndarray of int64, shape (dates,)
        Pixels that the acquisitions of each date of the result show clearly.
    """

    covered: list
    clear: list
    counts: np.ndarray
    seen: np.ndarray


def group_planes(acquisitions, steps, window, group, settings, masks, observes, progress):
    """The planes of a block in stored units, and what was observed of it.

    Parameters
    ----------
    acquisitions : sequence of Acquisition
        By date.
    steps : AcquisitionDates, RegularDates or Periods
    window : Window
    group : BandGroup
    settings : SeriesSettings
    masks : Masks
    observes : bool
        Whether to look what the first band of the group shows.
    progress : Progress
        Asked before each image whether to stop.

    Returns
    -------
    planes : dict of str to (ndarray of float32, ndarray of bool), each of shape (dates, height, width)
        Values and validity by name of the band or index; bands that only the indices need are left out.
    observed : Observed or None
    """
    planes, reflectance, observed = {}, {}, None
    for band in group.bands:
        values, valid, shown = _images(acquisitions, band, window, masks, observes and band == group.bands[0], progress)
        if shown:
            observed = _observed(valid, steps, *zip(*shown))
        if band in BANDS:
            values, valid = steps.planes(values, valid)
        if band in settings.bands:
            planes[band] = to_storage(band, values), valid
        if group.indices:
            reflectance[band] = values / np.float32(STORED_PER_REFLECTANCE), valid
    for name in group.indices:
        index = INDICES[name]
        inputs = [reflectance[band] for band in index.bands]
        values = index.formula(*(plane for plane, _ in inputs)) * np.float32(index.stored_per_unit)
        planes[index.name] = values, np.logical_and.reduce([valid for _, valid in inputs])
    return planes, observed


def _images(acquisitions, band, window, masks, observes, progress):
    """A band of all acquisitions; and of each, if it is observed, what its scenes show (covered, clear)."""
    values = np.empty((len(acquisitions), *window.shape), np.float32)
    valid = np.empty(values.shape, bool)
    shown = []
    for number, (acquisition, clear) in enumerate(zip(acquisitions, masks.clear(window))):
        progress.check()
        if observes:
            values[number], valid[number], *pixels = acquisition.observe(band, window, clear)
            shown.append(pixels)
        else:
            values[number], valid[number] = acquisition.read(band, window, clear)
    kept = masks.kept(window)
    return values, valid if kept is None else valid & kept, shown


def _observed(valid, steps, covered, clear):
    members = [valid[list(group)] for group in steps.members]
    counts = [valid, *(members if steps.counted else ())]
    return Observed(covered, clear, np.stack([planes.sum(axis=0, dtype=np.uint16) for planes in counts]),
                    np.array([int(planes.any(axis=0).sum()) for planes in members], np.int64))
