"""Rasters by parcel: features that are the same all over a parcel, and maps on which parcels vote for their class."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..cleanup.classmap import classes_of, free_value, like, read_classes, require_same_grid, values_in, with_nodata
from ..cleanup.smooth import band_values
from ..errors import UnsuitableInput
from ..forest.timeleft import TimeLeft
from ..raster.blocks import make_executor, run_blocks
from ..raster.reader import RasterReader
from ..raster.writer import RasterLayout, create_raster
from .zonal import blocks_of, count_values, majority_of, measure, parcel_map

OUTSIDE = ("nodata", "keep")
MAJORITY = "majority"
LIKE_THE_PIXELS = ("mean", "median", "min", "max")


@dataclass(frozen=True)
class AggregateSettings:
    """What is made of the pixels of a parcel.

    Parameters
    ----------
    statistics : tuple of str
        Of ``STATISTICS``; "majority" stands alone.
    outside : {"nodata", "keep"}
        Of a majority: what becomes of the map between the parcels.
    threads : int
        0 lets Floefield choose.
    """

    statistics: tuple = ("mean",)
    outside: str = "nodata"
    threads: int = 0


@dataclass(frozen=True)
class AggregateTask:
    """What is aggregated.

    Parameters
    ----------
    raster : str
        Path.
    geometries : tuple of dict
        Parcels as GeoJSON, in the CRS of the raster.
    probabilities : str
        Path of class probabilities that decide a majority in place of the pixels' classes; empty without.
    entries : tuple of LegendEntry
        What the files of a class map say of its values.
    """

    raster: str
    geometries: tuple
    probabilities: str = ""
    entries: tuple = ()


@dataclass(frozen=True)
class ParcelTable:
    """What was found out about each parcel.

    Parameters
    ----------
    fields : tuple of (str, type)
    rows : sequence of tuple
        In the order of the parcels; None where a parcel has no data.
    empty : tuple of int
        Places of the parcels without data.
    """

    fields: tuple
    rows: Sequence
    empty: tuple


class Rows(Sequence):
    """Rows of a table of numbers, made when they are asked for: parcels times bands are too many to be Python numbers.

    Parameters
    ----------
    columns : ndarray, shape (rows, columns)
        NaN becomes None.
    """

    def __init__(self, columns):
        self._columns = columns

    def __len__(self):
        return len(self._columns)

    def __getitem__(self, place):
        return tuple(None if cell != cell else cell for cell in self._columns[place].tolist())


def aggregate(task, output, settings, progress, deliver=lambda table: None):
    """Summarise a raster by parcel.

    Parameters
    ----------
    task : AggregateTask
    output : str
        GeoTIFF to write, on the grid of the raster; empty for the table alone. Statistics are float32 in physical
        values, NaN outside the parcels and where a parcel has no data; bands are named ``<band>_<statistic>``, or as in
        the raster where there is one statistic. A majority is a class map like the raster.
    settings : AggregateSettings
    progress : Progress
    deliver : callable, optional
        Takes the :class:`ParcelTable` before the raster gets its name: if it fails, there is no raster either.

    Returns
    -------
    ParcelTable

    Raises
    ------
    UnsuitableInput
        If no parcel lies on the raster, or a majority is wanted of something that is no class map.
    """
    progress = TimeLeft(progress, "done")
    with make_executor(settings.threads) as executor, RasterReader(task.raster) as reader:
        parcels = parcel_map(reader.grid, task.geometries)
        if parcels.outside.all():
            raise UnsuitableInput(f"All {len(parcels.parcels)} parcels lie outside the raster. Check that both show "
                                  "the same place, and that their coordinate reference systems are right.")
        if settings.statistics == (MAJORITY,):
            table, layout, side_files, work = _vote(task, reader, parcels, settings, executor, progress.part(0.0, 0.6))
        else:
            table, layout, side_files, work = _summarise(reader, parcels, settings.statistics, executor,
                                                         progress.part(0.0, 0.6))
        with contextlib.ExitStack() as results:
            if output:
                raster = results.enter_context(create_raster(output, layout, side_files))
                run_blocks(blocks_of(reader.grid, len(layout.band_names)), work, raster.write, executor,
                           progress.part(0.6, 1.0))
            deliver(table)
    return table


def _summarise(reader, parcels, statistics, executor, progress):
    """Table, layout and side files of the raster, and what gives its blocks."""
    found = measure(reader, parcels, {"count", *statistics}, executor, progress)
    columns = np.concatenate([found[name] for name in statistics], axis=1, dtype=np.float64)
    names = [band.name if len(statistics) == 1 else f"{band.name}_{name}" for name in statistics
             for band in reader.bands]
    layout = RasterLayout(reader.grid, "float32", tuple(names), nodata=float("nan"), tags=_dates_of(reader.tags),
                          band_tags=tuple(_dates_of(band.tags) for _ in statistics for band in reader.bands))
    values = np.full((len(columns) + 1, len(names)), np.nan, np.float32)
    values[1:] = columns

    def work(window):
        if not parcels.touches(window):
            return np.full((len(names), *window.shape), np.nan, np.float32)
        return np.moveaxis(values[parcels.read(window)], -1, 0)

    table = ParcelTable(tuple((name, float) for name in _unique(names)),
                        Rows(columns),
                        tuple(np.flatnonzero(found["count"].max(axis=1) == 0).tolist()))
    return table, layout, _style_of(reader.path, statistics), work


def _vote(task, reader, parcels, settings, executor, progress):
    """The same for a majority."""
    if len(reader.bands) > 1:
        raise UnsuitableInput(f"{reader.path} has {len(reader.bands)} bands, and a majority is that of a class map "
                              "with one band. Choose the raster with the classes, or another statistic.")
    values = values_in(reader, executor, progress.part(0.0, 0.4))
    classes = classes_of(values, task.entries)
    winners, shares = _winners(task, reader, parcels, classes, values, executor, progress.part(0.4, 1.0))
    known = ~np.isnan(shares)
    layout, side_files = like(reader, classes, free_value(values, reader.bands[0].dtype))
    cast_by, decided = np.append(0, winners), np.append(False, known)

    def work(window):
        numbers = parcels.read(window)
        cast, valid = cast_by[numbers], decided[numbers]
        if settings.outside == "keep":
            before, has_class = read_classes(reader, window)
            cast, valid = np.where(valid, cast, before), valid | has_class
        return with_nodata(cast, valid, layout)

    named = {each.value: (each.code, each.label) for each in classes}
    nothing = (None,) * 4
    rows = [(value, *named.get(value, (str(value),) * 2), share) if share == share else nothing
            for value, share in zip(winners.tolist(), shares.tolist())]
    table = ParcelTable((("majority", int), ("code", str), ("label", str), ("share", float)), rows,
                        tuple(np.flatnonzero(~known).tolist()))
    return table, layout, side_files, work


def _winners(task, reader, parcels, classes, values, executor, progress):
    """The class of each parcel, and its share of the pixels or its mean probability; NaN where there is none."""
    if not task.probabilities:
        pairs, counts = count_values(lambda window: read_classes(reader, window), blocks_of(reader.grid, 1), parcels,
                                     executor, progress)
        return majority_of(pairs, counts, len(parcels.parcels))
    with RasterReader(task.probabilities) as probabilities:
        require_same_grid(reader, probabilities)
        meant = np.array(band_values(probabilities, classes, values))
        means = measure(probabilities, parcels, ("mean",), executor, progress)["mean"]
    shares = np.where(np.isnan(means).all(axis=1), np.nan, np.nan_to_num(means, nan=-1.0).max(axis=1))
    return meant[np.nan_to_num(means, nan=-1.0).argmax(axis=1)], shares


def _dates_of(tags):
    """Metadata that the means of a raster share with it: dates, wavelengths, that it is made up ..."""
    return {name: text for name, text in tags.items()
            if name != "AREA_OR_POINT" and not name.startswith(("TIFFTAG_", "STATISTICS_"))}


def _style_of(path, statistics):
    """The style beside a raster suits its means, too: same bands, same range."""
    style = Path(path).with_suffix(".qml")
    if len(statistics) > 1 or statistics[0] not in LIKE_THE_PIXELS or not style.is_file():
        return {}
    return {".qml": style.read_text(encoding="utf-8", errors="replace")}


def _unique(names):
    """Names of fields, each once whatever its case."""
    seen, unique = set(), []
    for name in names:
        wanted, number = name, 1
        while wanted.casefold() in seen:
            number += 1
            wanted = f"{name}_{number}"
        seen.add(wanted.casefold())
        unique.append(wanted)
    return unique
