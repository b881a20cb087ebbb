"""Output files of a series (stack, clear observation count, table, figure), written completely or not at all."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ..output_files import OutputSet
from ..raster.band_metadata import ACQUISITIONS_TAG, DATE_TAG, BandName, synthetic_tag
from ..raster.blocks import run_blocks
from ..raster.formats import create_in_format
from ..raster.raster_styles import shipped_style
from ..raster.writer import RasterLayout
from .band_stack import band_tags
from .product_reader import STORED_PER_REFLECTANCE
from .reflectance_encoding import stored_scale, to_float, to_stored
from .series_blocks import Masks, group_planes, plan_blocks
from .series_overview import PixelCounts, as_csv, make_overview, write_figure
from .spectral_indices import INDICES
from .stack_styles import DisplayRanges

CLEAR_COUNT = "CLEAR_COUNT"


@dataclass(frozen=True)
class SeriesPaths:
    """Output paths of a series; empty for outputs not requested.

    Parameters
    ----------
    stack : str
        The dated stack.
    clear_count : str
        Number of clear observations per pixel (uint16); for composites also per period.
    table : str
        CSV with one row per product.
    figure : str
        PNG of dates, clouds and coverage.
    """

    stack: str
    clear_count: str = ""
    table: str = ""
    figure: str = ""


@dataclass(frozen=True)
class Series:
    """Inputs, dates, grid and settings of a series.

    Parameters
    ----------
    acquisitions : list of Acquisition
        All acquisitions.
    used : list of Acquisition
        Those with at least one clear pixel.
    steps : AcquisitionDates, RegularDates or Periods
        Output dates.
    grid : Grid
    settings : SeriesSettings
    storage : StorageSettings
    groups : tuple of BandGroup
    """

    acquisitions: list
    used: list
    steps: object
    grid: object
    settings: object
    storage: object
    groups: tuple

    @property
    def names(self):
        """tuple of str: bands and indices of each date."""
        return *self.settings.bands, *(INDICES[name].name for name in self.settings.indices)

    @property
    def scales(self):
        """tuple of float: physical units per stored unit of each of `names`."""
        product = self.used[0].scenes[0].product
        return (*(stored_scale(product, band) for band in self.settings.bands),
                *(1 / INDICES[name].stored_per_unit for name in self.settings.indices))


def write_files(series, paths, regions, pixel_counts, executor, progress):
    """Write all outputs of a series.

    Parameters
    ----------
    series : Series
    paths : SeriesPaths
    regions : Regions
    pixel_counts : dict of str to PixelCounts
        Counts of the products not used, by URI; those of the other products are added.
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    Overview
    """
    side_files = {}
    with ExitStack() as files:
        outputs = files.enter_context(OutputSet())
        table, figure = (outputs.file(path) if path else "" for path in (paths.table, paths.figure))
        count = files.enter_context(create_in_format(
            paths.clear_count, _count_layout(series), side_files={".qml": shipped_style("clear_count")},
            progress=progress, outputs=outputs)) if paths.clear_count else None
        stack = files.enter_context(create_in_format(paths.stack, _layout(series), series.storage.format, side_files,
                                                     progress, outputs))
        statistics = _SeriesStatistics(series, pixel_counts)
        _write_blocks(series, stack, count, regions, statistics, executor, progress)
        side_files.update(statistics.styles())
        overview = make_overview(series, pixel_counts, statistics.clear_counts)
        if table:
            with open(table, "w", encoding="utf-8", newline="") as file:
                file.write(as_csv(overview))
        if figure:
            write_figure(overview, figure)
    return overview


def _write_blocks(series, stack, count, regions, statistics, executor, progress):
    blocks = plan_blocks(series.grid, len(series.used), series.groups)
    masks = Masks(series.used, max(window.height for window, _ in blocks), regions)
    names = series.names

    scales = dict(zip(names, series.scales))
    is_integer = series.storage.data_type == "int16"

    def work(block):
        window, group = block
        planes, counts = group_planes(series.used, series.steps, window, group, series.settings, masks,
                                      group is series.groups[0], progress)
        return {name: (to_stored(*plane), None if is_integer else to_float(*plane, scales[name]))
                for name, plane in planes.items()}, counts

    def finish(block, result):
        planes, counts = result
        for name, (stored, physical) in planes.items():
            for date, plane in enumerate(stored if is_integer else physical):
                stack.write(block[0], plane[None], first_band=date * len(names) + names.index(name))
                statistics.add_display(date, names.index(name), stored[date])
        if counts is not None:
            statistics.add_counts(counts)
            if count is not None:
                count.write(block[0], counts.clear_counts)

    run_blocks(blocks, work, finish, executor, progress)


class _SeriesStatistics:
    """Observation counts and display histograms collected while the blocks are written."""

    def __init__(self, series, pixel_counts):
        self._series, self._pixel_counts = series, pixel_counts
        self._displays = [DisplayRanges(series.settings.bands) for _ in series.steps.dates]
        self._clear_pixels = np.zeros(len(series.steps.dates), np.int64)
        self.clear_counts = np.zeros(len(series.used) + 1, np.int64)

    def add_display(self, date, index, plane):
        self._displays[date].add(index, plane)

    def add_counts(self, counts):
        self._clear_pixels += counts.clear_pixels
        self.clear_counts += np.bincount(counts.clear_counts[0].ravel(), minlength=len(self.clear_counts))
        for acquisition, covered, clear in zip(self._series.used, counts.covered, counts.clear):
            for scene, covered_pixels, clear_pixels in zip(acquisition.scenes, covered, clear):
                totals = self._pixel_counts.setdefault(scene.product.uri, PixelCounts())
                totals.covered += covered_pixels
                totals.clear += clear_pixels

    def styles(self):
        """Styles of the date with most clear pixels; of a tie the darkest, in case no cloud mask is used."""
        clearest = max(range(len(self._displays)),
                       key=lambda date: (self._clear_pixels[date], -self._displays[date].brightest))
        return self._displays[clearest].styles(1 / STORED_PER_REFLECTANCE, clearest * len(self._series.names))


def _layout(series):
    settings, storage, dates = series.settings, series.storage, series.steps.dates
    tags = []
    for step, members in zip(dates, series.steps.members):
        product = series.used[members[0]].scenes[0].product
        date = {DATE_TAG: step.isoformat()}
        tags += [{**band_tags(band, product), **date} for band in settings.bands]
        tags += [{"BAND": INDICES[name].name, **date} for name in settings.indices]
    return RasterLayout(
        grid=series.grid, dtype=storage.data_type, nodata=storage.nodata, band_tags=tuple(tags), tags=_tags(series),
        scales=series.scales * len(dates) if storage.data_type == "int16" else (),
        band_names=tuple(BandName(name, step).text() for step in dates for name in series.names),
        compression=storage.compression, predictor=storage.compression != "deflate")


def _count_layout(series):
    dates = series.steps.dates if series.steps.counts_by_date else ()
    return RasterLayout(grid=series.grid, dtype="uint16", tags=_tags(series), band_names=(
        CLEAR_COUNT, *(BandName(CLEAR_COUNT, step).text() for step in dates)))


def _tags(series):
    settings = series.settings
    tags = {ACQUISITIONS_TAG: ",".join(acquisition.date.isoformat() for acquisition in series.used),
            "GAP_FILLING": settings.gap_filling,
            **synthetic_tag(any(scene.product.is_synthetic for acquisition in series.used
                                for scene in acquisition.scenes))}
    if settings.interval:
        tags["INTERVAL"] = str(settings.interval)
    if settings.composite != "none":
        tags["COMPOSITE"] = settings.composite
    return tags
