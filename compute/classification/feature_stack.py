"""Sources of features: the interface, and rasters on one grid as a table of pixels (rows) and named bands (columns).

Band names that occur several times, for instance at several dates, are made unique with the date of the raster or
else with its number.
"""

from __future__ import annotations

import contextlib
import copy
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import GridMismatch, UnsuitableInput
from ..raster.band_metadata import date_of, is_synthetic
from ..raster.grid import Grid, Window, grid_differences
from ..raster.reader import Band, RasterReader
from ..raster.resampled_reader import ResampledReader
from ..raster.writer import TILE
from .bands import FeatureSelection, add_band_differences

# Bytes of features in a block; each thread has a few blocks in memory.
BLOCK_BYTES = 24 * 1024 ** 2

# Bands read at once: temporary copies stay small compared with the block.
BANDS_AT_ONCE = 32


class FeatureSource(Protocol):
    """Features of the pixels of a grid, read by window. Read-only, thread-safe and picklable."""

    @property
    def grid(self) -> Grid:
        """Grid: that of the pixels."""

    @property
    def names(self) -> tuple[str, ...]:
        """tuple of str: unique names of the features: bands, then band differences."""

    @property
    def band_differences(self) -> tuple[tuple[int, int], ...]:
        """tuple of (int, int): pairs of bands whose normalised differences are the last features."""

    @property
    def is_synthetic(self) -> bool:
        """bool: whether the features are those of synthetic sample data."""

    def read(self, window: Window, wanted: NDArray[np.intp] | None = None,
             accept_gaps: bool = False) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Read the features of the pixels of a window.

        Parameters
        ----------
        window : Window
        wanted : ndarray of intp, optional
            Indices of the pixels to read, row by row; default all.
        accept_gaps : bool
            Whether a pixel with some missing features is valid.

        Returns
        -------
        features : ndarray of float32, shape (pixels, features), C order
            Physical values, row by row; NaN where there is no data.
        valid : ndarray of bool, shape (pixels,)
            Pixels with finite features: all of them, or with `accept_gaps` at least one.
        """

    def strips(self, rows: int = TILE) -> Iterator[list[Window]]:
        """Windows that tile the grid, strip by strip of the given height, in the most efficient reading order."""

    def blocks(self) -> list[Window]:
        """All windows of :meth:`strips`."""

    def selected(self, selection: FeatureSelection) -> FeatureSource:
        """A source with some of the bands of this one, and their differences; valid while this one is open."""


class FeatureStack:
    """Rasters on one grid, opened to be read as features; see :class:`FeatureSource`.

    Parameters
    ----------
    paths : sequence of str
    resampling : {"none", "nearest", "bilinear", "average"}
        How rasters on other grids are resampled to the grid of the first; "none" rejects them.
    mask : str
        Path of a mask raster; pixels whose first band is 0 or nodata are not valid. Empty: no mask.
    selection : FeatureSelection, optional
        Of the bands of the first raster, then those of the next ...; default all bands.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If a raster cannot be opened.
    GridMismatch
        If the rasters are on different grids and `resampling` is "none".
    """

    def __init__(self, paths: Sequence[str], resampling: str = "none", mask: str = "",
                 selection: FeatureSelection | None = None) -> None:
        if not paths:
            raise UnsuitableInput("No raster was given.")
        self._arguments = tuple(paths), resampling, mask
        with contextlib.ExitStack() as opened:
            first = opened.enter_context(RasterReader(paths[0]))
            self._readers = (first, *(opened.enter_context(_reader_on(first, path, resampling)) for path in paths[1:]))
            # A mask cannot be averaged.
            self._mask = opened.enter_context(
                _reader_on(first, mask, "none" if resampling == "none" else "nearest")) if mask else None
            self._files = opened.pop_all()
        names = _unique_names(self._readers)
        self._selection = selection or FeatureSelection(tuple(range(len(names))), (), names)
        bands = [(reader, index) for reader in self._readers for index in range(len(reader.bands))]
        self._bands = [bands[index] for index in self._selection.bands]

    def __enter__(self) -> FeatureStack:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __reduce__(self):
        """Another process opens the rasters by their paths."""
        return type(self), (*self._arguments, self._selection)

    def close(self) -> None:
        """Close the rasters."""
        self._files.close()

    @property
    def grid(self) -> Grid:
        """Grid: that of the first raster."""
        return self._readers[0].grid

    @property
    def names(self) -> tuple[str, ...]:
        """tuple of str: unique names of the features: the selected bands, then their differences."""
        return self._selection.names

    @property
    def band_differences(self) -> tuple[tuple[int, int], ...]:
        """tuple of (int, int): pairs of bands whose normalised differences are the last features."""
        return self._selection.differences

    @property
    def is_synthetic(self) -> bool:
        """bool: whether some raster is tagged as synthetic sample data."""
        return any(is_synthetic(reader.tags) for reader in self._readers)

    @property
    def readers(self) -> tuple[RasterReader | ResampledReader, ...]:
        """tuple of RasterReader or ResampledReader: the rasters."""
        return self._readers

    @property
    def dates(self) -> tuple[tuple[str, ...], ...]:
        """tuple of tuple of str: sorted, unique ISO dates of the bands of each raster."""
        return tuple(tuple(sorted({_iso_date(band, reader.tags) for band in reader.bands} - {""}))
                     for reader in self._readers)

    @property
    def resampled(self) -> tuple[str, ...]:
        """tuple of str: paths of the rasters on another grid, including the mask."""
        return tuple(reader.path for reader in (*self._readers, self._mask) if isinstance(reader, ResampledReader))

    def selected(self, selection: FeatureSelection) -> FeatureStack:
        """The same rasters with other features; valid while this stack is open.

        Parameters
        ----------
        selection : FeatureSelection
            Of the bands of this stack.

        Returns
        -------
        FeatureStack
        """
        other = copy.copy(self)
        other._bands = [self._bands[index] for index in selection.bands]
        other._selection = FeatureSelection(bands=tuple(self._selection.bands[index] for index in selection.bands),
                                            differences=selection.differences, names=selection.names)
        return other

    def read(self, window: Window, wanted: NDArray[np.intp] | None = None,
             accept_gaps: bool = False) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Read the features of the pixels of a window; see :meth:`FeatureSource.read`.

        Pixels outside the mask are not valid.
        """
        pixels = slice(None) if wanted is None else wanted
        count = window.height * window.width if wanted is None else len(wanted)
        features = np.empty((count, len(self.names)), np.float32)
        for first in range(0, len(self._bands), BANDS_AT_ONCE):
            chunk = self._bands[first:first + BANDS_AT_ONCE]
            for reader in dict.fromkeys(reader for reader, _ in chunk):
                columns = [first + index for index, (owner, _) in enumerate(chunk) if owner is reader]
                values = reader.read_physical(window, [self._bands[column][1] for column in columns])
                is_contiguous = columns[-1] - columns[0] + 1 == len(columns)
                target = slice(columns[0], columns[-1] + 1) if is_contiguous else columns
                features[:, target] = values.reshape(len(columns), -1)[:, pixels].T
        if self.band_differences:
            add_band_differences(features, np.array(self.band_differences))
        finite = np.isfinite(features)
        valid = finite.any(axis=1) if accept_gaps else finite.all(axis=1)
        if self._mask is not None:
            # Comparisons with NaN, the nodata of the mask, are false.
            valid &= (np.abs(self._mask.read_physical(window, [0])) > 0).ravel()[pixels]
        return features, valid

    def strips(self, rows: int = TILE) -> Iterator[list[Window]]:
        """Windows that tile the grid, strip by strip, in the most efficient reading order.

        Blocks are at most as wide as an output tile, and of a height that fits into ``BLOCK_BYTES``. Tiled rasters are
        read tile by tile, striped ones row by row, so that decoded blocks are reused.

        Parameters
        ----------
        rows : int
            Height of a strip.

        Yields
        ------
        list of Window
        """
        height = int(np.clip(BLOCK_BYTES // (4 * TILE * len(self.names)), 16, 128)) // 16 * 16
        in_rows = any(reader.block_shape[1] >= self.grid.width for reader in self._readers)
        for strip in self.grid.blocks(rows, self.grid.width):
            parts = [strip] if in_rows else _split(strip, rows, TILE)
            yield [block for part in parts for block in _split(part, height, TILE)]

    def blocks(self) -> list[Window]:
        """All windows of :meth:`strips`."""
        return [block for strip in self.strips() for block in strip]


def _split(window: Window, height: int, width: int) -> Iterator[Window]:
    """Parts of a window of at most the given height and width, row by row."""
    for row in range(window.row, window.row + window.height, height):
        for col in range(window.col, window.col + window.width, width):
            yield Window(row, col, height, width).intersection(window)


def _reader_on(first: RasterReader, path: str, resampling: str) -> RasterReader | ResampledReader:
    """A reader of a raster on the grid of the first, resampled if necessary and allowed."""
    other = RasterReader(path)
    differences = grid_differences(first.grid, other.grid)
    if not differences:
        return other
    other.close()
    if resampling == "none":
        raise GridMismatch(f"{first.path} and {path} do not share one pixel grid: {'; '.join(differences)}. Bring "
                           "them to one grid first, for instance with the GDAL tool Warp, or choose a resampling.")
    if bool(first.grid.crs_wkt) != bool(other.grid.crs_wkt):
        raise GridMismatch(f"{first.path} and {path} cannot be resampled to one grid: {'; '.join(differences)}. Assign "
                           "the correct coordinate reference system with the GDAL tool 'Assign projection'.")
    return ResampledReader(path, first.grid, resampling)


def _unique_names(readers: Sequence[RasterReader | ResampledReader]) -> tuple[str, ...]:
    """Band names; equal ones with the date of the band or else the numbers of its raster and band appended."""
    bands = [(raster, number, reader, band) for raster, reader in enumerate(readers, start=1)
             for number, band in enumerate(reader.bands, start=1)]
    names = [band.name for _, _, _, band in bands]
    with_date = [_with_suffix(band.name, _iso_date(band, reader.tags).replace("-", "")) for _, _, reader, band in bands]
    names = _where_ambiguous(names, with_date)
    names = _where_ambiguous(names, [f"{name}_r{raster}" for name, (raster, _, _, _) in zip(names, bands)])
    names = _where_ambiguous(names, [f"{name}_b{number}" for name, (_, number, _, _) in zip(names, bands)])
    # A name with a suffix may equal an original name.
    return _where_ambiguous(names, [f"{name}_f{number}" for number, name in enumerate(names, start=1)])


def _iso_date(band: Band, tags: Mapping[str, str]) -> str:
    day = date_of(band, tags)
    return day.isoformat() if day else ""


def _where_ambiguous(names: Sequence[str], longer: Sequence[str]) -> tuple[str, ...]:
    counts = Counter(names)
    return tuple(longer_name if counts[name] > 1 else name for name, longer_name in zip(names, longer))


def _with_suffix(name: str, suffix: str) -> str:
    return name if not suffix or name.endswith(suffix) else f"{name}_{suffix}"
