"""A dated series of reflectances as a source of features: the features of a product, computed by block."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..classification.bands import FeatureSelection, add_band_differences
from ..classification.feature_stack import FeatureStack
from ..errors import UnsuitableInput
from ..raster.band_metadata import ACQUISITIONS_TAG, dated_bands
from ..raster.grid import Grid, Window
from ..raster.reader import RasterReader
from ..raster.writer import TILE

ADVICE = "Make the series with 'Stack a Sentinel-2 time series' (B03, B04, B08 and B11, linear gap filling)."


class SeriesFeatures(Protocol):
    """Features of the pixels of a series, for certain dates."""

    bands: tuple[str, ...]
    names: tuple[str, ...]

    def compute(self, bands: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
        """The features, shape (pixels, features), from the reflectances of each band, shape (pixels, dates)."""


class SeriesStack:
    """A series opened as the features of a product; see :class:`~..classification.feature_stack.FeatureSource`.

    Parameters
    ----------
    path : str
    make_features : callable
        Returns the SeriesFeatures for the dates of the series. Picklable, if the stack is to be pickled.
    min_dates : int
        Minimum number of dates.
    selection : FeatureSelection, optional
        Of the features of the product; default all.

    Raises
    ------
    MissingInput, UnreadableInput
        If the raster cannot be opened.
    UnsuitableInput
        If it is not a dated series, or lacks bands or dates.
    """

    def __init__(self, path: str, make_features: Callable[[tuple[date, ...]], SeriesFeatures], min_dates: int = 2,
                 selection: FeatureSelection | None = None) -> None:
        self._arguments = path, make_features, min_dates
        self._file = FeatureStack((path,))
        try:
            series = dated_bands(self._file.names)
            self._days = tuple(series)
            self._features = make_features(self._days)
            _check(path, series, self._features.bands, min_dates)
        except BaseException:
            self.close()
            raise
        indices = tuple(series[day][band] for day in self._days for band in self._features.bands)
        self._reflectances = self._file.selected(FeatureSelection(
            bands=indices, differences=(), names=tuple(self._file.names[index] for index in indices)))
        names = tuple(self._features.names)
        self._selection = selection or FeatureSelection(tuple(range(len(names))), (), names)

    def __enter__(self) -> SeriesStack:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __reduce__(self):
        """Another process opens the series by its path."""
        return SeriesStack, (*self._arguments, self._selection)

    def close(self) -> None:
        """Close the raster."""
        self._file.close()

    @property
    def grid(self) -> Grid:
        """Grid: that of the series."""
        return self._file.grid

    @property
    def names(self) -> tuple[str, ...]:
        """tuple of str: names of the features."""
        return self._selection.names

    @property
    def band_differences(self) -> tuple[tuple[int, int], ...]:
        """tuple of (int, int): pairs of features whose normalised differences are the last features."""
        return self._selection.differences

    @property
    def is_synthetic(self) -> bool:
        """bool: whether the series is tagged as synthetic sample data."""
        return self._file.is_synthetic

    @property
    def readers(self) -> tuple[RasterReader, ...]:
        """tuple of RasterReader: the series."""
        return self._file.readers

    @property
    def dates(self) -> tuple[tuple[str, ...], ...]:
        """tuple of tuple of str: the ISO dates of the series."""
        return self._file.dates

    @property
    def days(self) -> tuple[date, ...]:
        """tuple of datetime.date: dates of the series."""
        return self._days

    @property
    def acquisitions(self) -> tuple[date, ...]:
        """tuple of datetime.date: acquisition dates in the tags of the file; by default the dates of the series."""
        return _acquisitions(self.readers[0].tags.get(ACQUISITIONS_TAG, "")) or self._days

    def selected(self, selection: FeatureSelection) -> SeriesStack:
        """The same series with other features; valid while this stack is open.

        Parameters
        ----------
        selection : FeatureSelection
            Of the features of this stack.

        Returns
        -------
        SeriesStack
        """
        other = copy.copy(self)
        other._selection = FeatureSelection(bands=tuple(self._selection.bands[index] for index in selection.bands),
                                            differences=selection.differences, names=selection.names)
        return other

    def read(self, window: Window, wanted: NDArray[np.intp] | None = None,
             accept_gaps: bool = False) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Compute the features of the pixels of a window; see :meth:`FeatureSource.read`."""
        bands, valid = self.read_bands(window, wanted, accept_gaps)
        features = np.full((len(valid), len(self.names)), np.nan, np.float32)
        if valid.any():
            computed = self._features.compute({name: values[valid] for name, values in bands.items()})
            features[valid, :len(self._selection.bands)] = computed[:, self._selection.bands]
        if self.band_differences:
            add_band_differences(features, np.array(self.band_differences))
        return features, valid

    def read_bands(self, window: Window, wanted: NDArray[np.intp] | None = None,
                   accept_gaps: bool = False) -> tuple[dict[str, NDArray[np.float32]], NDArray[np.bool_]]:
        """Read the reflectances of the pixels of a window; parameters as for :meth:`FeatureSource.read`.

        Returns
        -------
        dict of str to ndarray of float32, shape (pixels, dates)
        ndarray of bool, shape (pixels,)
            Where every band of every date has data, or with `accept_gaps` any.
        """
        values, valid = self._reflectances.read(window, wanted, accept_gaps)
        count = len(self._features.bands)
        return {band: values[:, index::count] for index, band in enumerate(self._features.bands)}, valid

    def strips(self, rows: int = TILE) -> Iterator[list[Window]]:
        """Windows that tile the grid, strip by strip; see :meth:`FeatureStack.strips`."""
        return self._reflectances.strips(rows)

    def blocks(self) -> list[Window]:
        """All windows of :meth:`strips`."""
        return self._reflectances.blocks()


def _check(path: str, series: dict[date, dict[str, int]], required: tuple[str, ...], min_dates: int) -> None:
    if not series:
        raise UnsuitableInput(f"{path} is no dated series: it has no band named like B04_20180627. {ADVICE}")
    missing = sorted({band for bands in series.values() for band in required if band not in bands})
    if missing:
        day = next(day for day, bands in series.items() if missing[0] not in bands)
        raise UnsuitableInput(f"{path} lacks {', '.join(missing)} (for example on {day}). {ADVICE} The red-edge "
                              "features require B02, B05, B06 and B07 as well, or switch RED_EDGE off.")
    if len(series) < min_dates:
        raise UnsuitableInput(f"{path} has {len(series)} dates, but the features of this product require at "
                              f"least {min_dates}. Use a longer season.")


def _acquisitions(text: str) -> tuple[date, ...]:
    try:
        return tuple(sorted(map(date.fromisoformat, filter(None, text.split(",")))))
    except ValueError:
        return ()
