"""Band groups, masks and block planes of a series.

Band groups of a time series, the order of its blocks, and the computation of a block.

The bands of the indices are read together, every other band on its own. Only the images of one group, all dates, are
decoded at a time: the cache stays small, and no image tile has to be decoded twice.

Clear-pixel and region masks of each block of a series.

All band groups of a block use the same masks; they are cached, one bit per pixel, while its region is processed.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from ..raster.blocks import CACHE_BYTES, nested_blocks
from ..raster.writer import TILE
from .band_stack import BLOCK, REGION
from .msi_bands import BANDS
from .product_reader import STORED_PER_REFLECTANCE
from .reflectance_encoding import to_storage
from .spectral_indices import INDICES

# Memory limit for the float32 values of one block of a group.
BLOCK_BYTES = 8 * 1024 * 1024

# Smaller blocks are mostly overhead. Blocks smaller than an output tile are assembled in GDAL's cache.
MIN_BLOCK = TILE // 4

# Decoded tiles of one image in use while two rows of blocks are processed: two rows of six.
TILES_IN_USE = 12

# Cache size per image, including the outputs; with a third of it, tiles were decoded two to three times.
CACHED_BYTES = 9 * BLOCK * BLOCK


@dataclass(frozen=True)
class BandGroup:
    """Bands that are read together, and the indices computed from them.

    Parameters
    ----------
    bands : tuple of str
    indices : tuple of str
        Keys of ``INDICES``.
    """

    bands: tuple
    indices: tuple = ()


def band_groups(bands, indices):
    """Divide the bands of a series into groups to be read together.

    Parameters
    ----------
    bands, indices : tuple of str
        Selected bands and indices.

    Returns
    -------
    tuple of BandGroup
        The group of the indices first; groups of reflectance bands before those of other layers.
    """
    needed = tuple(dict.fromkeys(band for name in indices for band in INDICES[name].bands))
    separate = sorted((band for band in bands if band not in needed), key=lambda band: band not in BANDS)
    return (*([BandGroup(needed, indices)] if indices else []), *(BandGroup((band,)) for band in separate))


def plan_blocks(grid, dates, groups):
    """Blocks small enough to hold all dates, ordered so that decoded tiles are reused by the next blocks.

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
    while edge > MIN_BLOCK and dates * widest * edge * edge * 4 > BLOCK_BYTES:
        edge //= 2
    blocks = nested_blocks(grid, edge, BLOCK, REGION)
    regions = groupby(blocks, key=lambda block: (block.row // REGION, block.col // REGION))
    return [(block, group) for region in [list(members) for _, members in regions]
            for group in groups for block in region]


def tiles_to_store(products, groups):
    """Number of decoded tiles to store on disk because they exceed GDAL's cache.

    Returns
    -------
    int
        0 if the cache is large enough.
    """
    widest = max(len(group.bands) for group in groups)
    if products * widest * CACHED_BYTES <= CACHE_BYTES:
        return 0
    return products * (widest + 1) * TILES_IN_USE


@dataclass(frozen=True, eq=False)
class ObservationCounts:
    """Counts of valid and clear observations in a block.

    Attributes
    ----------
    covered, clear : list of list of int
        Pixels with data, and those of them that are clear, by acquisition and scene.
    clear_counts : ndarray of uint16, shape (1 + periods, height, width)
        Number of clear acquisitions of each pixel: in total, and per composite period if there are any.
    clear_pixels : ndarray of int64, shape (dates,)
        Number of pixels with a clear acquisition, for each output date.
    """

    covered: list
    clear: list
    clear_counts: np.ndarray
    clear_pixels: np.ndarray


def group_planes(acquisitions, steps, window, group, settings, masks, count_clear, progress):
    """Compute the planes of a block in stored units, and its observation counts.

    Parameters
    ----------
    acquisitions : sequence of Acquisition
        In order of date.
    steps : AcquisitionDates, RegularDates or Periods
    window : Window
    group : BandGroup
    settings : SeriesSettings
    masks : Masks
    count_clear : bool
        Whether to count the clear observations of the first band of the group.
    progress : Progress
        Checked for cancellation before each image.

    Returns
    -------
    planes : dict of str to (ndarray of float32, ndarray of bool), each of shape (dates, height, width)
        Values and validity by name of the band or index; bands required only by the indices are omitted.
    counts : ObservationCounts or None
    """
    planes, reflectance, counts = {}, {}, None
    for band in group.bands:
        values, valid, scene_counts = _read_band(acquisitions, band, window, masks,
                                                 count_clear and band == group.bands[0], progress)
        if scene_counts:
            counts = _observation_counts(valid, steps, *zip(*scene_counts))
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
    return planes, counts


def _read_band(acquisitions, band, window, masks, count_clear, progress):
    """Read a band of all acquisitions; if `count_clear`, with the covered and clear pixels of their scenes."""
    values = np.empty((len(acquisitions), *window.shape), np.float32)
    valid = np.empty(values.shape, bool)
    scene_counts = []
    for index, (acquisition, clear) in enumerate(zip(acquisitions, masks.clear(window))):
        progress.check()
        if count_clear:
            values[index], valid[index], *pixels = acquisition.read_and_count(band, window, clear)
            scene_counts.append(pixels)
        else:
            values[index], valid[index] = acquisition.read(band, window, clear)
    kept = masks.kept(window)
    return values, valid if kept is None else valid & kept, scene_counts


def _observation_counts(valid, steps, covered, clear):
    by_date = [valid[list(members)] for members in steps.members]
    stacks = [valid, *(by_date if steps.counts_by_date else ())]
    return ObservationCounts(covered, clear, np.stack([planes.sum(axis=0, dtype=np.uint16) for planes in stacks]),
                             np.array([int(planes.any(axis=0).sum()) for planes in by_date], np.int64))


class Masks:
    """Cached masks of all acquisitions, by block.

    Parameters
    ----------
    acquisitions : sequence of Acquisition
    edge : int
        Height and width of the blocks.
    regions : Regions
    """

    def __init__(self, acquisitions, edge, regions):
        self._acquisitions, self._regions = acquisitions, regions
        self._max_cached = (REGION // edge) ** 2 + BLOCK // edge
        self._cache, self._lock = OrderedDict(), threading.Lock()

    def clear(self, window):
        """:meth:`Acquisition.clear` of each acquisition."""
        packed, _ = self._masks_of(window)
        return [[_unpack(mask, window) for mask in scenes] for scenes in packed]

    def kept(self, window):
        """Region mask of a window: ndarray of bool, shape (height, width), or None where all pixels are kept."""
        return _unpack(self._masks_of(window)[1], window)

    def _masks_of(self, window):
        with self._lock:
            if window in self._cache:
                return self._cache[window]
        packed = [[_pack(mask) for mask in acquisition.clear(window)] for acquisition in self._acquisitions]
        kept = None
        if not self._regions.is_empty:
            kept = _pack(self._regions.kept(self._acquisitions[0].grid, window))
        with self._lock:
            self._cache[window] = packed, kept
            if len(self._cache) > self._max_cached:
                self._cache.popitem(last=False)
        return packed, kept


def _pack(mask):
    return None if mask is None else np.packbits(mask)


def _unpack(bits, window):
    if bits is None:
        return None
    return np.unpackbits(bits, count=window.height * window.width).reshape(window.shape).view(bool)
