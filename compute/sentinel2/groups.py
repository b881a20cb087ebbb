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
from .gaps import fill_gaps
from .indices import INDICES
from .scene import STORED_PER_REFLECTANCE
from .stack import BLOCK, REGION
from .storage import to_stored

# What the float32 values of one block of a group may take.
BLOCK_BYTES = 16 * 1024 * 1024
# What GDAL keeps of one band of one product while a region is worked on: an image tile, and the result.
CACHED_BYTES = 3 * BLOCK * BLOCK


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
    while edge > TILE and dates * widest * edge * edge * 4 > BLOCK_BYTES:
        edge //= 2
    blocks = nested_blocks(grid, edge, BLOCK, REGION)
    regions = groupby(blocks, key=lambda block: (block.row // REGION, block.col // REGION))
    return [(block, group) for region in [list(members) for _, members in regions]
            for group in groups for block in region]


def cache_bytes(products, groups):
    """The GDAL cache that the order of :func:`plan_blocks` needs for so many products.

    Returns
    -------
    int
    """
    return max(CACHE_BYTES, products * max(len(group.bands) for group in groups) * CACHED_BYTES)


def group_planes(acquisitions, grid, window, group, settings, progress):
    """The stored planes of a block.

    Parameters
    ----------
    acquisitions : list of Acquisition
        By date.
    grid : Grid
    window : Window
    group : BandGroup
    settings : SeriesSettings
    progress : Progress
        Asked before each image whether to stop.

    Returns
    -------
    planes : dict of str to ndarray of int16, shape (dates, height, width)
        By name of the band or index; bands that only the indices need are left out.
    seen : ndarray of int64, shape (dates,)
        How many pixels each date showed clearly; 0 if the group holds no reflectance.
    """
    days = [acquisition.day for acquisition in acquisitions]
    clear = [acquisition.clear(grid, window) for acquisition in acquisitions]
    seen = np.zeros(len(days), np.int64)
    planes, reflectance = {}, {}
    for band in group.bands:
        values, valid = _dates_of(acquisitions, band, grid, window, clear, progress)
        if band in BANDS:
            seen = np.maximum(seen, valid.sum(axis=(1, 2)))
            if settings.gap_filling == "linear":
                values, known = fill_gaps(values, valid, days)
                valid = np.broadcast_to(known, values.shape)
        if band in settings.bands:
            planes[band] = to_stored(values, valid)
        if group.indices:
            reflectance[band] = values / np.float32(STORED_PER_REFLECTANCE), valid
    for name in group.indices:
        index = INDICES[name]
        inputs = [reflectance[band] for band in index.bands]
        values = index.formula(*(plane for plane, _ in inputs)) * np.float32(STORED_PER_REFLECTANCE)
        planes[index.name] = to_stored(values, np.logical_and.reduce([valid for _, valid in inputs]))
    return planes, seen


def _dates_of(acquisitions, band, grid, window, clear, progress):
    values = np.empty((len(acquisitions), *window.shape), np.float32)
    valid = np.empty(values.shape, bool)
    for date, (acquisition, mask) in enumerate(zip(acquisitions, clear)):
        progress.check()
        values[date], valid[date] = acquisition.read(band, grid, window, mask)
    return values, valid
