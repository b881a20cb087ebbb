"""Many products as one dated stack on one grid.

Products of one day are merged: where several are clear, the one with the newest processing wins. Dates on which nothing
of the area was seen are left out. Bands are named by band and day (``B04_20180627``), so no two are ever equal.
"""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from ..errors import UnsuitableInput
from ..raster.area import window_of
from ..raster.blocks import make_executor, nested_blocks, run_blocks
from ..raster.writer import TILE, RasterLayout, create_raster
from .bands import BANDS
from .display import DisplayRanges
from .gaps import fill_gaps
from .indices import INDICES
from .product import read_product
from .scene import STORED_PER_REFLECTANCE, Scene, StackSettings, stored_scale
from .stack import BLOCK, band_tags, synthetic_tag
from .storage import NODATA, to_stored

# What the float32 values of one block may take.
BLOCK_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True)
class SeriesSettings(StackSettings):
    """How a list of products becomes a dated stack; see :class:`StackSettings`.

    Parameters
    ----------
    gap_filling : {"none", "linear"}
        Whether masked dates are interpolated in time, pixel by pixel.
    indices : tuple of str
        Keys of ``INDICES``, computed per date from the (filled) reflectance.
    """

    bands: tuple = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
    cloud_mask: str = "l2a"
    gap_filling: str = "linear"
    indices: tuple = ("ndvi", "ndwi", "brightness")

    @property
    def bands_read(self):
        """tuple of str: the bands of the stack and those that only the indices need."""
        needed = [band for name in self.indices for band in INDICES[name].bands]
        return tuple(dict.fromkeys((*self.bands, *needed)))


class _Acquisition:
    """All scenes of one day."""

    def __init__(self, date, scenes):
        self.date, self.scenes = date, scenes

    @property
    def day(self):
        return self.date.toordinal()

    def clear(self, grid, window):
        """Per scene, which pixels it shows unclouded."""
        return [scene.clear(grid, window) for scene in self.scenes]

    def read(self, band, grid, window, clear):
        """A band, each pixel from the first scene that shows it unclouded."""
        values, valid = self._read_scene(0, band, grid, window, clear)
        for index in range(1, len(self.scenes)):
            if valid.all():
                break
            more, more_valid = self._read_scene(index, band, grid, window, clear)
            values = np.where(valid, values, more)
            valid = valid | more_valid
        return values, valid

    def _read_scene(self, index, band, grid, window, clear):
        values, valid = self.scenes[index].read(band, grid, window)
        return values, (valid & clear[index] if band in BANDS else valid)


def read_products(paths, progress):
    """Read the metadata of many products; a product given twice counts once.

    Parameters
    ----------
    paths : sequence of str
    progress : Progress

    Returns
    -------
    list of Product
        By date; of one date the newest processing first.

    Raises
    ------
    PlainError
        If one of them cannot be used; the message names it.
    """
    products = {}
    for index, path in enumerate(paths):
        progress.step(index / len(paths))
        product = read_product(path)
        if product.uri in products:
            progress.say(f"{product.location} is the same product as {products[product.uri].location}; used once.")
        products.setdefault(product.uri, product)
    newest_first = sorted(products.values(), key=lambda product: (product.baseline, product.generated, product.uri),
                          reverse=True)
    return sorted(newest_first, key=lambda product: product.date)


def write_series(products, output, settings, area, progress):
    """Write a dated stack.

    Parameters
    ----------
    products : list of Product
        From :func:`read_products`.
    output : str
        GeoTIFF to write: int16, reflectance and indices scaled by 10000 (scale in the file), nodata -32768.
    settings : SeriesSettings
    area : Area or None
        Its bounding box is kept; all of the products without it.
    progress : Progress

    Returns
    -------
    list of datetime.date
        The dates of the stack.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput, OutputError
        With a sentence for the user.
    Cancelled
        If the user asked to stop; nothing is left of the output.
    """
    with ExitStack() as stack:
        scene_settings = replace(settings, bands=settings.bands_read)
        scenes = [stack.enter_context(Scene(product, scene_settings)) for product in products]
        executor = stack.enter_context(make_executor(settings.threads))
        grid = _common_grid(scenes, area)
        acquisitions = [_Acquisition(date, list(same_day))
                        for date, same_day in groupby(scenes, key=lambda scene: scene.product.date)]
        acquisitions = _seen(acquisitions, grid, settings, progress.part(0.0, 0.1))
        _write(acquisitions, grid, output, settings, executor, progress.part(0.1, 1.0))
    return [acquisition.date for acquisition in acquisitions]


def _common_grid(scenes, area):
    grid = scenes[0].grid
    for scene in scenes[1:]:
        scene.require_same_crs(grid)
        grid = grid.union(scene.grid)
    return grid.part(window_of(area, grid))


def _seen(acquisitions, grid, settings, progress):
    """The acquisitions that show at least one clear pixel of the grid; the user is told of the others."""
    band = next((band for band in settings.bands if band in BANDS), settings.bands[0])
    kept = []
    for index, acquisition in enumerate(acquisitions):
        progress.step(index / len(acquisitions))
        if any(acquisition.read(band, grid, window, acquisition.clear(grid, window))[1].any()
               for window in grid.blocks(BLOCK, BLOCK)):
            kept.append(acquisition)
        else:
            progress.warn(f"{acquisition.date.isoformat()} is left out: no clear pixel of the area was seen that day.")
    if not kept:
        raise UnsuitableInput("No product shows a clear pixel of the area: nothing can be stacked. "
                              "Add products, or mask fewer scene classes.")
    return kept


def _write(acquisitions, grid, output, settings, executor, progress):
    names = (*settings.bands, *(INDICES[name].name for name in settings.indices))
    displays = [DisplayRanges(settings.bands) for _ in acquisitions]
    seen = np.zeros(len(acquisitions), np.int64)
    side_files = {}

    def work(window):
        progress.check()
        return _series_block(acquisitions, grid, window, settings)

    def finish(window, result):
        planes, seen_pixels = result
        raster.write(window, planes)
        seen[:] += seen_pixels
        for date, display in enumerate(displays):
            for index in range(len(settings.bands)):
                display.add(index, planes[date * len(names) + index])

    with create_raster(output, _layout(acquisitions, grid, settings, names), side_files) as raster:
        run_blocks(_blocks(grid, len(acquisitions), len(settings.bands_read)), work, finish, executor, progress)
        clearest = int(seen.argmax())
        side_files.update(displays[clearest].styles(1 / STORED_PER_REFLECTANCE, clearest * len(names)))
    for acquisition, pixels in zip(acquisitions, seen):
        sources = ", ".join(scene.product.uri for scene in acquisition.scenes)
        share = pixels / (grid.height * grid.width)
        progress.say(f"{acquisition.date.isoformat()}: {share:.0%} of the area seen clearly ({sources}).")


def _layout(acquisitions, grid, settings, names):
    scales, tags = [], []
    for acquisition in acquisitions:
        product = acquisition.scenes[0].product
        for band in settings.bands:
            scales.append(stored_scale(product, band))
            tags.append(band_tags(band, product))
        for name in settings.indices:
            scales.append(1 / STORED_PER_REFLECTANCE)
            tags.append({"ACQUISITION_DATE": acquisition.date.isoformat(), "BAND": INDICES[name].name})
    return RasterLayout(
        grid=grid, dtype="int16", nodata=NODATA, scales=tuple(scales), band_tags=tuple(tags), compression="zstd",
        band_names=tuple(f"{name}_{acquisition.date:%Y%m%d}" for acquisition in acquisitions for name in names),
        tags={"ACQUISITION_DATES": ",".join(acquisition.date.isoformat() for acquisition in acquisitions),
              "GAP_FILLING": settings.gap_filling,
              **synthetic_tag(scene.product for acquisition in acquisitions for scene in acquisition.scenes)})


def _blocks(grid, dates, bands):
    """Blocks small enough for all dates at once; one image tile is finished before the next."""
    edge = BLOCK
    while edge > TILE and dates * bands * edge * edge * 4 > BLOCK_BYTES:
        edge //= 2
    return nested_blocks(grid, edge, BLOCK)


def _series_block(acquisitions, grid, window, settings):
    """Stored planes of a block, date by date, and how many pixels each date showed clearly."""
    days = [acquisition.day for acquisition in acquisitions]
    clear = [acquisition.clear(grid, window) for acquisition in acquisitions]
    index_bands = {band for name in settings.indices for band in INDICES[name].bands}
    seen = np.zeros(len(days), np.int64)
    stored, reflectance = {}, {}
    for band in settings.bands_read:
        pairs = [acquisition.read(band, grid, window, mask) for acquisition, mask in zip(acquisitions, clear)]
        values, valid = (np.stack(planes) for planes in zip(*pairs))
        if band in BANDS:
            seen = np.maximum(seen, valid.sum(axis=(1, 2)))
            if settings.gap_filling == "linear":
                values, known = fill_gaps(values, valid, days)
                valid = np.broadcast_to(known, values.shape)
        if band in settings.bands:
            stored[band] = to_stored(values, valid)
        if band in index_bands:
            reflectance[band] = values / np.float32(STORED_PER_REFLECTANCE), valid
    for name in settings.indices:
        index = INDICES[name]
        inputs = [reflectance[band] for band in index.bands]
        values = index.formula(*(plane for plane, _ in inputs)) * np.float32(STORED_PER_REFLECTANCE)
        stored[index.name] = to_stored(values, np.logical_and.reduce([valid for _, valid in inputs]))
    names = (*settings.bands, *(INDICES[name].name for name in settings.indices))
    return np.stack([stored[name][date] for date in range(len(days)) for name in names]), seen
