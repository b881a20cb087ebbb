"""Time series: many products as one dated stack on one grid.

Products of one date are mosaicked; dates without any clear pixel in the area are dropped. Bands are named by band and
date (``B04_20180627``); composites by the first day of their month or season.
"""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from ..declarations import ParameterDeclaration
from ..errors import UnsuitableInput
from ..raster.blocks import make_executor
from ..raster.crs import is_same_crs
from ..raster.formats import require_outside
from ..raster.masks import Regions, RegionSettings
from ..raster.tile_store import StoredTilesReader, TileStore
from ..timeseries.gap_filling import GAP_FILLING
from ..timeseries.time_steps import COMPOSITES, check_time_settings, time_steps
from .band_stack import BLOCK
from .mosaics import Acquisition, common_grid
from .msi_bands import BANDS
from .msi_product import read_granules
from .product_reader import ProductReader, StackSettings
from .reflectance_encoding import StorageSettings
from .series_blocks import Masks, band_groups, tiles_to_store
from .series_overview import PixelCounts, log_messages
from .series_writer import Series, SeriesPaths, write_files
from .spectral_indices import INDICES


@dataclass(frozen=True)
class SeriesSettings(StackSettings):
    """Settings of a time series; see also :class:`StackSettings`.

    Parameters
    ----------
    gap_filling : {"none", "linear"}
        Interpolation of masked dates in time, pixel by pixel.
    interval : int
        Days between regular output dates; 0 keeps the acquisition dates.
    composite : {"none", "month", "season"}
        Median composites of the clear observations of each calendar month or meteorological season.
    start_date, end_date : str
        First and last acquisition date (ISO); empty for all. With an interval, also the range of output dates.
    indices : tuple of str
        Keys of ``INDICES``, computed for each output date from its (gap-filled) reflectance.
    """

    bands: tuple = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
    cloud_mask: str = "l2a"
    min_cloud_area: float = 10000.0
    gap_filling: str = "linear"
    interval: int = 0
    composite: str = "none"
    start_date: str = ""
    end_date: str = ""
    indices: tuple = ("ndvi", "ndwi", "brightness")

    @property
    def bands_read(self):
        """tuple of str: the bands of the stack and those required by the indices."""
        needed = [band for name in self.indices for band in INDICES[name].bands]
        return tuple(dict.fromkeys((*self.bands, *needed)))


SERIES_PARAMETERS = (
    ParameterDeclaration(
        "START_DATE", "Start date",
        "First acquisition date of the products to use (YYYY-MM-DD). Empty: all products. With an interval, also the "
        "first date of the output: set it to get the same dates for several areas and years.",
        kind="date", optional=True, advanced=True, setting="start_date"),
    ParameterDeclaration(
        "END_DATE", "End date",
        "Last acquisition date of the products to use (YYYY-MM-DD). Empty: all products. With an interval, also the "
        "last date of the output: set it to get the same dates for several areas and years.",
        kind="date", optional=True, advanced=True, setting="end_date"),
    ParameterDeclaration(
        "GAP_FILLING", "Gap filling",
        "Method for masked pixels. linear: interpolate each pixel between the clear dates before and after, and "
        "repeat the nearest value before the first and after the last clear date. none: keep NoData.",
        kind="enum", options=GAP_FILLING, setting="gap_filling"),
    ParameterDeclaration(
        "INTERVAL", "Interval (days, 0 = acquisition dates)",
        "Days between the output dates, from the start date (else the first acquisition) on; the bands are "
        "interpolated in time. 0: acquisition dates. 10, as in Sen2-Agri, makes years and areas comparable that "
        "were observed on different days.",
        kind="integer", minimum=0, maximum=366, setting="interval"),
    ParameterDeclaration(
        "COMPOSITE", "Composite period",
        "Median of the clear observations of each pixel over each calendar month, or each season (starting in "
        "March, June, September and December), named by its first day, such as B04_20180601. Reduces noise and the "
        "number of bands. none: no composite. Cannot be combined with an interval.",
        kind="enum", options=COMPOSITES, setting="composite"),
    ParameterDeclaration(
        "INDICES", "Spectral indices",
        "Spectral indices added for every date. ndvi = (B08 - B04) / (B08 + B04). ndwi = (B11 - B08) / (B11 + "
        "B08), signed as in Sen2-Agri; ndwi_gao has the opposite sign; ndwi_mcfeeters = (B03 - B08) / (B03 + B08), "
        "for open water. brightness = square root of the sum of squares of B03, B04, B08 and B11. Red edge: rendvi "
        "= (B08 - B06) / (B08 + B06); chlre = B05 / B08; psri = (B04 - B02) / B05; s2rep = red-edge position (nm).",
        kind="enum", options=tuple(INDICES), multiple=True, optional=True, setting="indices"),
)


def read_products(paths, progress):
    """Read the metadata of many products; duplicates are used once.

    Parameters
    ----------
    paths : sequence of str
    progress : Progress

    Returns
    -------
    list of MsiProduct
        Sorted by date, on each date the newest processing first; each granule of a multi-tile product is an item.

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
    newest_first = sorted(products.values(), key=_processing_version, reverse=True)
    return sorted(newest_first, key=lambda product: product.date)


def products_between(products, start, end):
    """Select the products of a date range.

    Parameters
    ----------
    products : sequence of MsiProduct
    start, end : str
        First and last day, ISO; empty for no limit.

    Returns
    -------
    list of MsiProduct

    Raises
    ------
    UnsuitableInput
        If there are none.
    """
    selected = [product for product in products
                if (not start or start <= product.date.isoformat()) and (not end or product.date.isoformat() <= end)]
    if not selected:
        first, last = products[0].date.isoformat(), products[-1].date.isoformat()
        raise UnsuitableInput(f"No product was taken from {start or 'the beginning'} to {end or 'the end'}: the "
                              f"products are of {first} to {last}. Choose other dates.")
    return selected


def write_series(products, paths, settings, area, progress, regions=None, storage=None):
    """Write a dated stack.

    Parameters
    ----------
    products : list of MsiProduct
        From :func:`read_products`.
    paths : SeriesPaths or str
        Output files; a single path is the stack. By default int16, reflectance and indices scaled by 10000 (scale in
        the file), nodata -32768.
    settings : SeriesSettings
    area : Area, PixelArea or None
        The output is its bounding box; by default the extent of all products.
    progress : Progress
    regions : RegionSettings, optional
        Land, sea or study area to mask.
    storage : StorageSettings, optional

    Returns
    -------
    Overview

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput, OutputError
        With a message for the user.
    Cancelled
        If the user cancelled; no output is left behind.
    """
    check_time_settings(settings, BANDS)
    products = products_between(products, settings.start_date, settings.end_date)
    paths = SeriesPaths(paths) if isinstance(paths, str) else paths
    groups = band_groups(settings.bands, settings.indices)
    for product in products:
        require_outside(paths.stack, product.location)
    with ExitStack() as stack:
        scene_settings = replace(settings, bands=settings.bands_read)
        scene_options = {}
        if tiles := tiles_to_store(len(products), groups):
            store = stack.enter_context(TileStore(paths.stack, tiles))
            scene_options["open_image"] = partial(StoredTilesReader, store=store)
        scenes = [stack.enter_context(ProductReader(product, scene_settings, **scene_options)) for product in products]
        region_masks = stack.enter_context(Regions(regions or RegionSettings()))
        executor = stack.enter_context(make_executor(settings.threads))
        grid = common_grid(scenes, settings, area)
        region_masks.check(grid, progress)
        _report_reprojection(scenes, grid, settings, progress)
        acquisitions = [Acquisition(date, sorted(same_day, key=lambda scene: _priority(scene, grid), reverse=True),
                                    grid) for date, same_day in groupby(scenes, key=lambda scene: scene.product.date)]
        used, pixel_counts = _drop_cloudy(acquisitions, region_masks, groups[0].bands[0], progress.part(0.0, 0.1))
        steps = time_steps([acquisition.date for acquisition in used], settings)
        series = Series(acquisitions, used, steps, grid, settings, storage or StorageSettings(), groups)
        overview = write_files(series, paths, region_masks, pixel_counts, executor, progress.part(0.1, 1.0))
    for message in log_messages(overview):
        progress.say(message)
    return overview


def _processing_version(product):
    return product.baseline_rank, product.generated, product.uri


def _priority(scene, grid):
    """Sort key of the scenes of one date: processing baseline, then no reprojection, then generation time."""
    product = scene.product
    needs_no_reprojection = is_same_crs(scene.grid.crs_wkt, grid.crs_wkt, missing_is_same=False)
    return product.baseline_rank, needs_no_reprojection, product.generated, product.uri


def _report_reprojection(scenes, grid, settings, progress):
    reprojected = [scene.product.uri for scene in scenes
                   if not is_same_crs(scene.grid.crs_wkt, grid.crs_wkt, missing_is_same=False)]
    if reprojected and not settings.crs:
        zone = grid.crs_wkt.split('"')[1]
        progress.say(f"{len(reprojected)} of {len(scenes)} products lie in another UTM zone and are reprojected to "
                     f"{zone}: {', '.join(reprojected)}.")


def _drop_cloudy(acquisitions, regions, band, progress):
    """Acquisitions with at least one clear pixel, and the pixel counts of the others by product URI, with a warning."""
    used, pixel_counts = [], {}
    masks = [Masks([acquisition], BLOCK, regions) for acquisition in acquisitions]
    for index, (acquisition, mask) in enumerate(zip(acquisitions, masks)):
        progress.step(index / len(acquisitions))
        covered = _covered_unless_clear(acquisition, band, mask, progress)
        if covered is None:
            used.append(acquisition)
            continue
        pixel_counts.update((scene.product.uri, PixelCounts(count))
                            for scene, count in zip(acquisition.scenes, covered))
        progress.warn(f"{acquisition.date.isoformat()} is left out: it has no clear pixel in the area.")
    if not used:
        raise UnsuitableInput("No product has a clear pixel in the area: there is nothing to stack. "
                              "Add products, or mask fewer scene classes.")
    return used, pixel_counts


def _covered_unless_clear(acquisition, band, masks, progress):
    """Number of pixels with data of each scene; None as soon as a clear pixel is found."""
    covered = [0] * len(acquisition.scenes)
    for window in acquisition.grid.blocks(BLOCK, BLOCK):
        progress.check()
        _, valid, counts, _ = acquisition.read_and_count(band, window, masks.clear(window)[0])
        kept = masks.kept(window)
        if (valid if kept is None else valid & kept).any():
            return None
        covered = [total + count for total, count in zip(covered, counts)]
    return covered
