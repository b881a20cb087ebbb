"""Rasters aggregated by parcel: statistics as features, and the majority class of a map."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..classmap.class_map import class_values, classes_of, layout_like, read_classes, unused_value, with_nodata
from ..declarations import ParameterDeclaration
from ..errors import UnsuitableInput
from ..eta import TimeLeftProgress
from ..insitu.zonal_statistics import (
    STATISTICS,
    count_values,
    majority_by_parcel,
    rasterise_parcels,
    work_blocks,
    zonal_statistics,
)
from ..output_files import OutputSet
from ..raster.blocks import THREADS, make_executor, run_blocks
from ..raster.grid import require_same_grid
from ..raster.reader import RasterReader
from ..raster.writer import RasterLayout, create_raster
from .map_smoothing import band_values

OUTSIDE = ("nodata", "keep")
MAJORITY = "majority"
SAME_RANGE_STATISTICS = ("mean", "median", "min", "max")


@dataclass(frozen=True)
class AggregateSettings:
    """Settings of the aggregation by parcel.

    Parameters
    ----------
    statistics : tuple of str
        Out of ``STATISTICS``; "majority" cannot be combined.
    outside : {"nodata", "keep"}
        For a majority: nodata or the original classes outside the parcels.
    threads : int
        0 = automatic.
    """

    statistics: tuple = ("mean",)
    outside: str = "nodata"
    threads: int = 0


AGGREGATION_PARAMETERS = (
    ParameterDeclaration(
        "STATISTIC", "Statistics",
        "Statistics of the pixels of each parcel, band by band; mean is the usual choice for an object-based "
        "classification. majority (the most frequent class) is for class maps and cannot be combined with others.",
        kind="enum", options=STATISTICS, multiple=True, setting="statistics"),
    ParameterDeclaration(
        "OUTSIDE", "Pixels outside parcels",
        "For majority only: pixels outside parcels are set to nodata (nodata) or keep their class (keep).", kind="enum",
        options=OUTSIDE, advanced=True, setting="outside"),
    THREADS,
)


@dataclass(frozen=True)
class AggregateTask:
    """Inputs of the aggregation by parcel.

    Parameters
    ----------
    raster : str
        Path.
    geometries : tuple of dict
        Parcels as GeoJSON, in the CRS of the raster.
    probabilities : str
        Path of class probabilities whose parcel means decide a majority instead of the pixel classes; may be empty.
    entries : tuple of LegendEntry
        Legend entries of a class map.
    """

    raster: str
    geometries: tuple
    probabilities: str = ""
    entries: tuple = ()


@dataclass(frozen=True)
class ParcelTable:
    """Statistics of each parcel.

    Parameters
    ----------
    fields : tuple of (str, type)
    rows : sequence of tuple
        In the order of the parcels; None without data.
    empty : tuple of int
        Indices of the parcels without data.
    """

    fields: tuple
    rows: Sequence
    empty: tuple


class Rows(Sequence):
    """Rows of an array as tuples, converted on access to save memory.

    Parameters
    ----------
    columns : ndarray, shape (rows, columns)
        NaN becomes None.
    """

    def __init__(self, columns):
        self._columns = columns

    def __len__(self):
        return len(self._columns)

    def __getitem__(self, index):
        return tuple(None if cell != cell else cell for cell in self._columns[index].tolist())


def aggregate(task, output, settings, progress, deliver=lambda table, outputs: None):
    """Aggregate a raster by parcel.

    Parameters
    ----------
    task : AggregateTask
    output : str
        GeoTIFF to write, on the grid of the raster; empty for the table alone. Statistics are float32 in physical
        values, NaN outside the parcels and in parcels without data; bands are named ``<band>_<statistic>``, or as in
        the raster if there is one statistic. A majority is a class map like the raster.
    settings : AggregateSettings
    progress : Progress
    deliver : callable, optional
        Receives the :class:`ParcelTable` before the raster is finished: if it fails, no raster is written.

    Returns
    -------
    ParcelTable

    Raises
    ------
    UnsuitableInput
        If no parcel lies on the raster, or a majority is requested for a raster that is not a class map.
    """
    progress = TimeLeftProgress(progress, "done")
    with make_executor(settings.threads) as executor, RasterReader(task.raster) as reader:
        parcels = rasterise_parcels(reader.grid, task.geometries)
        if parcels.outside.all():
            raise UnsuitableInput(f"All {len(parcels.parcels)} parcels lie outside the raster. Check the extent and "
                                  "the coordinate reference system of both.")
        if settings.statistics == (MAJORITY,):
            table, layout, side_files, work = _aggregate_majority(task, reader, parcels, settings, executor,
                                                                  progress.part(0.0, 0.6))
        else:
            table, layout, side_files, work = _aggregate_statistics(reader, parcels, settings.statistics, executor,
                                                                    progress.part(0.0, 0.6))
        with OutputSet() as outputs:
            if output:
                with create_raster(output, layout, side_files, outputs) as raster:
                    run_blocks(work_blocks(reader.grid, len(layout.band_names)), work, raster.write, executor,
                               progress.part(0.6, 1.0))
            deliver(table, outputs)
    return table


def _aggregate_statistics(reader, parcels, statistics, executor, progress):
    """Table, layout and side files of the output raster, and the function that computes its blocks."""
    found = zonal_statistics(reader, parcels, {"count", *statistics}, executor, progress)
    columns = np.concatenate([found[name] for name in statistics], axis=1, dtype=np.float64)
    names = [band.name if len(statistics) == 1 else f"{band.name}_{name}" for name in statistics
             for band in reader.bands]
    layout = RasterLayout(reader.grid, "float32", tuple(names), nodata=float("nan"), tags=_inherited_tags(reader.tags),
                          band_tags=tuple(_inherited_tags(band.tags) for _ in statistics for band in reader.bands))
    values = np.full((len(columns) + 1, len(names)), np.nan, np.float32)
    values[1:] = columns

    def work(window):
        if not parcels.touches(window):
            return np.full((len(names), *window.shape), np.nan, np.float32)
        return np.moveaxis(values[parcels.read(window)], -1, 0)

    table = ParcelTable(tuple((name, float) for name in _unique_names(names)),
                        Rows(columns),
                        tuple(np.flatnonzero(found["count"].max(axis=1) == 0).tolist()))
    return table, layout, _style_of(reader.path, statistics), work


def _aggregate_majority(task, reader, parcels, settings, executor, progress):
    """As :func:`_aggregate_statistics` for a majority."""
    if len(reader.bands) > 1:
        raise UnsuitableInput(f"{reader.path} has {len(reader.bands)} bands, but a majority requires a class map with "
                              "one band. Choose a raster of classes, or another statistic.")
    values = class_values(reader, executor, progress.part(0.0, 0.4))
    classes = classes_of(values, task.entries)
    majorities, proportions = _majority_classes(task, reader, parcels, classes, values, executor,
                                                progress.part(0.4, 1.0))
    is_decided = ~np.isnan(proportions)
    layout, side_files = layout_like(reader, classes, unused_value(values, reader.bands[0].dtype))
    class_of, has_majority = np.append(0, majorities), np.append(False, is_decided)

    def work(window):
        numbers = parcels.read(window)
        classes_here, valid = class_of[numbers], has_majority[numbers]
        if settings.outside == "keep":
            own_classes, has_class = read_classes(reader, window)
            classes_here, valid = np.where(valid, classes_here, own_classes), valid | has_class
        return with_nodata(classes_here, valid, layout)

    named = {each.value: (each.code, each.label) for each in classes}
    missing = (None,) * 4
    rows = [(value, *named.get(value, (str(value),) * 2), proportion) if proportion == proportion else missing
            for value, proportion in zip(majorities.tolist(), proportions.tolist())]
    table = ParcelTable((("majority", int), ("code", str), ("label", str), ("share", float)), rows,
                        tuple(np.flatnonzero(~is_decided).tolist()))
    return table, layout, side_files, work


def _majority_classes(task, reader, parcels, classes, values, executor, progress):
    """The class of each parcel, and its proportion of the pixels or its mean probability; NaN without data."""
    if not task.probabilities:
        pairs, counts = count_values(lambda window: read_classes(reader, window), work_blocks(reader.grid, 1), parcels,
                                     executor, progress)
        return majority_by_parcel(pairs, counts, len(parcels.parcels))
    with RasterReader(task.probabilities) as probabilities:
        require_same_grid(reader, probabilities)
        band_classes = np.array(band_values(probabilities, classes, values))
        means = zonal_statistics(probabilities, parcels, ("mean",), executor, progress)["mean"]
    proportions = np.where(np.isnan(means).all(axis=1), np.nan, np.nan_to_num(means, nan=-1.0).max(axis=1))
    return band_classes[np.nan_to_num(means, nan=-1.0).argmax(axis=1)], proportions


def _inherited_tags(tags):
    """Metadata that remain valid after aggregation: dates, wavelengths, SYNTHETIC tag ..."""
    return {name: text for name, text in tags.items()
            if name != "AREA_OR_POINT" and not name.startswith(("TIFFTAG_", "STATISTICS_"))}


def _style_of(path, statistics):
    """The QML style of a raster, if it also fits the statistics: same bands, same range."""
    style = Path(path).with_suffix(".qml")
    if len(statistics) > 1 or statistics[0] not in SAME_RANGE_STATISTICS or not style.is_file():
        return {}
    return {".qml": style.read_text(encoding="utf-8", errors="replace")}


def _unique_names(names):
    """Field names made unique, case-insensitive."""
    seen, unique = set(), []
    for name in names:
        candidate, number = name, 1
        while candidate.casefold() in seen:
            number += 1
            candidate = f"{name}_{number}"
        seen.add(candidate.casefold())
        unique.append(candidate)
    return unique
