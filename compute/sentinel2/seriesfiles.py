"""Writing a series: the stack, the count of clear observations, the table and the picture, all of them or none."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ..raster.blocks import run_blocks
from ..raster.formats import create_in_format
from ..raster.qml import shipped_style
from ..raster.writer import RasterLayout, complete_file
from .display import DisplayRanges
from .groups import group_planes, plan_blocks
from .indices import INDICES
from .masks import Masks
from .overview import Shown, as_csv, overview_of
from .scene import STORED_PER_REFLECTANCE, stored_scale
from .seriespicture import write_picture
from .stack import band_tags, synthetic_tag
from .storage import to_float, to_stored

CLEAR_COUNT = "CLEAR_COUNT"


@dataclass(frozen=True)
class SeriesPaths:
    """Where the results of a series go; empty for those not wanted.

    Parameters
    ----------
    stack : str
        The dated stack.
    clear_count : str
        How often each pixel was seen clearly (uint16); for composites the same for each period as well.
    table : str
        CSV with a line for each product.
    picture : str
        PNG of dates, clouds and coverage.
    """

    stack: str
    clear_count: str = ""
    table: str = ""
    picture: str = ""


@dataclass(frozen=True)
class Series:
    """Everything that says what a series will be.

    Parameters
    ----------
    acquisitions : list of Acquisition
        All.
    seen : list of Acquisition
        Those that show something.
    steps : AcquisitionDates, RegularDates or Periods
        Dates of the stack.
    grid : Grid
    settings : SeriesSettings
    storage : StorageSettings
    groups : tuple of BandGroup
    """

    acquisitions: list
    seen: list
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
        """tuple of float: physical units per stored unit of each of them."""
        product = self.seen[0].scenes[0].product
        return (*(stored_scale(product, band) for band in self.settings.bands),
                *(1 / INDICES[name].stored_per_unit for name in self.settings.indices))


def write_files(series, paths, regions, shown, executor, progress):
    """Write all results of a series.

    Parameters
    ----------
    series : Series
    paths : SeriesPaths
    regions : Regions
    shown : dict of str to Shown
        What the products that are not used show; the others are added.
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    Overview
    """
    side_files = {}
    with ExitStack() as files:
        table, picture = (files.enter_context(complete_file(path)) if path else ""
                          for path in (paths.table, paths.picture))
        count = files.enter_context(create_in_format(
            paths.clear_count, _count_layout(series), side_files={".qml": shipped_style("clear-count")},
            progress=progress)) if paths.clear_count else None
        stack = files.enter_context(create_in_format(paths.stack, _layout(series), series.storage.format, side_files,
                                                     progress))
        tally = _Tally(series, shown)
        _write_blocks(series, stack, count, regions, tally, executor, progress)
        side_files.update(tally.styles())
        overview = overview_of(series, shown, tally.clear_counts)
        if table:
            with open(table, "w", encoding="utf-8", newline="") as file:
                file.write(as_csv(overview))
        if picture:
            write_picture(overview, picture)
    return overview


def _write_blocks(series, stack, count, regions, tally, executor, progress):
    blocks = plan_blocks(series.grid, len(series.seen), series.groups)
    masks = Masks(series.seen, max(window.height for window, _ in blocks), regions)
    names = series.names

    scales = dict(zip(names, series.scales))
    is_whole = series.storage.storage == "int16"

    def work(block):
        window, group = block
        planes, observed = group_planes(series.seen, series.steps, window, group, series.settings, masks,
                                        group is series.groups[0], progress)
        return {name: (to_stored(*plane), None if is_whole else to_float(*plane, scales[name]))
                for name, plane in planes.items()}, observed

    def finish(block, result):
        planes, observed = result
        for name, (whole, physical) in planes.items():
            for date, plane in enumerate(whole if is_whole else physical):
                stack.write(block[0], plane[None], first_band=date * len(names) + names.index(name))
                tally.display(date, names.index(name), whole[date])
        if observed is not None:
            tally.add(observed)
            if count is not None:
                count.write(block[0], observed.counts)

    run_blocks(blocks, work, finish, executor, progress)


class _Tally:
    """What is counted while the blocks are written."""

    def __init__(self, series, shown):
        self._series, self._shown = series, shown
        self._displays = [DisplayRanges(series.settings.bands) for _ in series.steps.dates]
        self._seen = np.zeros(len(series.steps.dates), np.int64)
        self.clear_counts = np.zeros(len(series.seen) + 1, np.int64)

    def display(self, date, index, plane):
        self._displays[date].add(index, plane)

    def add(self, observed):
        self._seen += observed.seen
        self.clear_counts += np.bincount(observed.counts[0].ravel(), minlength=len(self.clear_counts))
        for acquisition, covered, clear in zip(self._series.seen, observed.covered, observed.clear):
            for scene, pixels, unclouded in zip(acquisition.scenes, covered, clear):
                counted = self._shown.setdefault(scene.product.uri, Shown())
                counted.covered += pixels
                counted.clear += unclouded

    def styles(self):
        """The styles of the date that was seen most clearly; of several the darkest, as nothing may be masked."""
        clearest = max(range(len(self._displays)), key=lambda date: (self._seen[date], -self._displays[date].brightest))
        return self._displays[clearest].styles(1 / STORED_PER_REFLECTANCE, clearest * len(self._series.names))


def _layout(series):
    settings, storage, dates = series.settings, series.storage, series.steps.dates
    tags = []
    for step, members in zip(dates, series.steps.members):
        product = series.seen[members[0]].scenes[0].product
        date = {"ACQUISITION_DATE": step.isoformat()}
        tags += [{**band_tags(band, product), **date} for band in settings.bands]
        tags += [{"BAND": INDICES[name].name, **date} for name in settings.indices]
    return RasterLayout(
        grid=series.grid, dtype=storage.storage, nodata=storage.nodata, band_tags=tuple(tags), tags=_tags(series),
        scales=series.scales * len(dates) if storage.storage == "int16" else (),
        band_names=tuple(f"{name}_{step:%Y%m%d}" for step in dates for name in series.names),
        compression=storage.compression, predictor=storage.compression != "deflate")


def _count_layout(series):
    dates = series.steps.dates if series.steps.counted else ()
    return RasterLayout(grid=series.grid, dtype="uint16", tags=_tags(series), band_names=(
        CLEAR_COUNT, *(f"{CLEAR_COUNT}_{step:%Y%m%d}" for step in dates)))


def _tags(series):
    settings = series.settings
    tags = {"ACQUISITION_DATES": ",".join(acquisition.date.isoformat() for acquisition in series.seen),
            "GAP_FILLING": settings.gap_filling,
            **synthetic_tag(scene.product for acquisition in series.seen for scene in acquisition.scenes)}
    if settings.interval:
        tags["INTERVAL"] = str(settings.interval)
    if settings.composite != "none":
        tags["COMPOSITE"] = settings.composite
    return tags
