"""Many products as one dated stack on one grid.

Products of one day are merged. Dates on which nothing of the area was seen are left out. Bands are named by band and
day (``B04_20180627``), so no two are ever equal; a month or a season is named by its first day.
"""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from ..errors import UnsuitableInput
from ..raster.blocks import make_executor
from ..raster.formats import require_outside
from ..raster.regions import Regions, RegionSettings
from ..raster.tilestore import StoredTilesReader, TileStore
from ..raster.warp import same_crs
from .acquisition import Acquisition
from .bands import BANDS
from .groups import band_groups, tiles_to_store
from .indices import INDICES
from .masks import Masks
from .mosaic import common_grid
from .overview import Shown, sentences
from .product import read_granules
from .scene import Scene, StackSettings
from .seriesfiles import Series, SeriesPaths, write_files
from .stack import BLOCK
from .storage import StorageSettings
from .timesteps import require_sense, time_steps


@dataclass(frozen=True)
class SeriesSettings(StackSettings):
    """How a list of products becomes a dated stack; see :class:`StackSettings`.

    Parameters
    ----------
    gap_filling : {"none", "linear"}
        Whether masked dates are interpolated in time, pixel by pixel.
    interval : int
        Days between the dates of the result; 0 keeps the dates of the acquisitions.
    composite : {"none", "month", "season"}
        Whether the clear observations of each calendar month or meteorological season become one date: their median.
    start, end : str
        First and last day (ISO) that are used; empty for all. With an interval, the first date of the result.
    indices : tuple of str
        Keys of ``INDICES``, computed per date of the result from its (filled) reflectance.
    """

    bands: tuple = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
    cloud_mask: str = "l2a"
    min_cloud_area: float = 10000.0
    gap_filling: str = "linear"
    interval: int = 0
    composite: str = "none"
    start: str = ""
    end: str = ""
    indices: tuple = ("ndvi", "ndwi", "brightness")

    @property
    def bands_read(self):
        """tuple of str: the bands of the stack and those that only the indices need."""
        needed = [band for name in self.indices for band in INDICES[name].bands]
        return tuple(dict.fromkeys((*self.bands, *needed)))


def read_products(paths, progress):
    """Read the metadata of many products; a product given twice counts once.

    Parameters
    ----------
    paths : sequence of str
    progress : Progress

    Returns
    -------
    list of Product
        By date; of one date the newest processing first. The granules of old products count as products.

    Raises
    ------
    PlainError
        If one of them cannot be used; the message names it.
    """
    products = {}
    for index, path in enumerate(paths):
        progress.step(index / len(paths))
        for product in read_granules(path):
            if product.uri in products:
                progress.say(f"{product.location} is the same product as {products[product.uri].location}; used once.")
            products.setdefault(product.uri, product)
    levels = {product.level for product in products.values()}
    if len(levels) > 1:
        progress.warn("Level-1C and Level-2A products are mixed: reflectance at the top of the atmosphere and at the "
                      "ground cannot be compared. Use products of one level.")
    newest_first = sorted(products.values(), key=_age, reverse=True)
    return sorted(newest_first, key=lambda product: product.date)


def products_between(products, start, end):
    """Those of some days.

    Parameters
    ----------
    products : sequence of Product
    start, end : str
        First and last day, ISO; empty for no limit.

    Returns
    -------
    list of Product

    Raises
    ------
    UnsuitableInput
        If there are none.
    """
    chosen = [product for product in products
              if (not start or start <= product.date.isoformat()) and (not end or product.date.isoformat() <= end)]
    if not chosen:
        first, last = products[0].date.isoformat(), products[-1].date.isoformat()
        raise UnsuitableInput(f"No product was taken from {start or 'the beginning'} to {end or 'the end'}: the "
                              f"products are of {first} to {last}. Choose other days.")
    return chosen


def write_series(products, paths, settings, area, progress, regions=None, storage=None):
    """Write a dated stack.

    Parameters
    ----------
    products : list of Product
        From :func:`read_products`.
    paths : SeriesPaths or str
        Files to write; a single path is that of the stack: by default int16, reflectance and indices scaled by 10000
        (scale in the file), nodata -32768.
    settings : SeriesSettings
    area : Area, PixelArea or None
        Its bounding box is kept; all of the products without it.
    progress : Progress
    regions : RegionSettings, optional
        What else is removed.
    storage : StorageSettings, optional

    Returns
    -------
    Overview

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput, OutputError
        With a sentence for the user.
    Cancelled
        If the user asked to stop; nothing is left of the output.
    """
    require_sense(settings, BANDS)
    products = products_between(products, settings.start, settings.end)
    paths = SeriesPaths(paths) if isinstance(paths, str) else paths
    groups = band_groups(settings.bands, settings.indices)
    for product in products:
        require_outside(paths.stack, product.location)
    with ExitStack() as stack:
        scene_settings = replace(settings, bands=settings.bands_read)
        opening = {}
        if tiles := tiles_to_store(len(products), groups):
            store = stack.enter_context(TileStore(paths.stack, tiles))
            opening["open_image"] = partial(StoredTilesReader, store=store)
        scenes = [stack.enter_context(Scene(product, scene_settings, **opening)) for product in products]
        kept = stack.enter_context(Regions(regions or RegionSettings()))
        executor = stack.enter_context(make_executor(settings.threads))
        grid = common_grid(scenes, settings, area)
        kept.check(grid, progress)
        _tell_of_reprojection(scenes, grid, settings, progress)
        acquisitions = [Acquisition(date, sorted(same_day, key=lambda scene: _preference(scene, grid), reverse=True),
                                    grid) for date, same_day in groupby(scenes, key=lambda scene: scene.product.date)]
        seen, shown = _seen(acquisitions, kept, groups[0].bands[0], progress.part(0.0, 0.1))
        steps = time_steps([acquisition.date for acquisition in seen], settings)
        series = Series(acquisitions, seen, steps, grid, settings, storage or StorageSettings(), groups)
        overview = write_files(series, paths, kept, shown, executor, progress.part(0.1, 1.0))
    for sentence in sentences(overview):
        progress.say(sentence)
    return overview


def _age(product):
    return product.baseline, product.generated, product.uri


def _preference(scene, grid):
    """What makes a scene win over others of its day: processing, then that it need not be reprojected."""
    product = scene.product
    return product.baseline, same_crs(scene.grid.crs_wkt, grid.crs_wkt), product.generated, product.uri


def _tell_of_reprojection(scenes, grid, settings, progress):
    moved = [scene.product.uri for scene in scenes if not same_crs(scene.grid.crs_wkt, grid.crs_wkt)]
    if moved and not settings.crs:
        zone = grid.crs_wkt.split('"')[1]
        progress.say(f"{len(moved)} of {len(scenes)} products lie in another zone and are brought to that of most "
                     f"({zone}): {', '.join(moved)}.")


def _seen(acquisitions, regions, band, progress):
    """The acquisitions that show at least one clear pixel of the grid, and what the others show by product.

    The user is told of those.
    """
    used, shown = [], {}
    masks = [Masks([acquisition], BLOCK, regions) for acquisition in acquisitions]
    for index, (acquisition, mask) in enumerate(zip(acquisitions, masks)):
        progress.step(index / len(acquisitions))
        pixels = _search(acquisition, band, mask, progress)
        if pixels is None:
            used.append(acquisition)
            continue
        shown.update((scene.product.uri, Shown(covered)) for scene, covered in zip(acquisition.scenes, pixels))
        progress.warn(f"{acquisition.date.isoformat()} is left out: no clear pixel of the area was seen that day.")
    if not used:
        raise UnsuitableInput("No product shows a clear pixel of the area: nothing can be stacked. "
                              "Add products, or mask fewer scene classes.")
    return used, shown


def _search(acquisition, band, masks, progress):
    """None if there is a clear pixel; otherwise how many pixels with data each scene has."""
    covered = [0] * len(acquisition.scenes)
    for window in acquisition.grid.blocks(BLOCK, BLOCK):
        progress.check()
        _, valid, pixels, _ = acquisition.observe(band, window, masks.clear(window)[0])
        kept = masks.kept(window)
        if (valid if kept is None else valid & kept).any():
            return None
        covered = [total + more for total, more in zip(covered, pixels)]
    return covered
