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
from ..raster.blocks import make_executor, run_blocks
from ..raster.writer import RasterLayout, create_raster
from .bands import BANDS
from .display import DisplayRanges
from .groups import band_groups, cache_bytes, group_planes, plan_blocks
from .indices import INDICES
from .product import read_product
from .scene import STORED_PER_REFLECTANCE, Scene, StackSettings, stored_scale
from .stack import BLOCK, band_tags, synthetic_tag
from .storage import NODATA


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
        groups = band_groups(settings.bands, settings.indices)
        executor = stack.enter_context(make_executor(settings.threads, cache_bytes(len(products), groups)))
        grid = _common_grid(scenes, area)
        acquisitions = [_Acquisition(date, list(same_day))
                        for date, same_day in groupby(scenes, key=lambda scene: scene.product.date)]
        acquisitions = _seen(acquisitions, grid, settings, progress.part(0.0, 0.1))
        _write(acquisitions, grid, output, settings, groups, executor, progress.part(0.1, 1.0))
    return [acquisition.date for acquisition in acquisitions]


def _common_grid(scenes, area):
    grid = scenes[0].grid
    for scene in scenes[1:]:
        scene.require_fit(grid)
        grid = grid.union(scene.grid)
    return grid.part(window_of(area, grid))


def _seen(acquisitions, grid, settings, progress):
    """The acquisitions that show at least one clear pixel of the grid; the user is told of the others."""
    band = next((band for band in settings.bands if band in BANDS), settings.bands[0])
    kept = []
    for index, acquisition in enumerate(acquisitions):
        progress.step(index / len(acquisitions))
        if _shows_anything(acquisition, band, grid, progress):
            kept.append(acquisition)
        else:
            progress.warn(f"{acquisition.date.isoformat()} is left out: no clear pixel of the area was seen that day.")
    if not kept:
        raise UnsuitableInput("No product shows a clear pixel of the area: nothing can be stacked. "
                              "Add products, or mask fewer scene classes.")
    return kept


def _shows_anything(acquisition, band, grid, progress):
    for window in grid.blocks(BLOCK, BLOCK):
        progress.check()
        if acquisition.read(band, grid, window, acquisition.clear(grid, window))[1].any():
            return True
    return False


def _write(acquisitions, grid, output, settings, groups, executor, progress):
    names = (*settings.bands, *(INDICES[name].name for name in settings.indices))
    displays = [DisplayRanges(settings.bands) for _ in acquisitions]
    seen = np.zeros(len(acquisitions), np.int64)
    side_files = {}

    def work(block):
        window, group = block
        return group_planes(acquisitions, grid, window, group, settings, progress)

    def finish(block, result):
        window, group = block
        planes, seen_pixels = result
        for name, dates in planes.items():
            index = names.index(name)
            for date, plane in enumerate(dates):
                raster.write(window, plane[None], first_band=date * len(names) + index)
                displays[date].add(index, plane)
        if group is groups[0]:
            seen[:] += seen_pixels

    with create_raster(output, _layout(acquisitions, grid, settings, names), side_files) as raster:
        run_blocks(plan_blocks(grid, len(acquisitions), groups), work, finish, executor, progress)
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
