"""Rasters on one grid as a feature table: pixels are rows, bands are columns with names.

Band names that occur several times, for instance at several dates, are made unique with the date of the raster or
else with its number.
"""

import contextlib
from collections import Counter
from itertools import repeat

import numpy as np

from ..errors import GridMismatch, UnsuitableInput
from ..raster.band_metadata import date_of, is_synthetic
from ..raster.grid import Window, grid_differences
from ..raster.reader import RasterReader
from ..raster.resampled_reader import ResampledReader
from ..raster.writer import TILE
from .bands import add_band_differences

# Bytes of features in a block; each thread has a few blocks in memory.
BLOCK_BYTES = 24 * 1024 ** 2

# All pixels of a window.
ALL = slice(None)

# Bands read at once: temporary copies stay small compared with the block.
BANDS_AT_ONCE = 32


class FeatureStack:
    """Rasters on one grid, opened to be read as features. A copy in another process opens the files again.

    Parameters
    ----------
    paths : sequence of str
    resampling : {"none", "nearest", "bilinear", "average"}
        How rasters on other grids are resampled to the grid of the first; "none" rejects them.
    mask : str
        Path of a mask raster; pixels whose first band is 0 or nodata are not valid. Empty: no mask.

    Attributes
    ----------
    grid : Grid
    names : tuple of str
        Unique names of the features: the bands of the first raster, then those of the next.
    readers : tuple of RasterReader or ResampledReader
    dates : tuple of tuple of str
        Sorted, unique ISO dates of the bands of each raster.
    resampled : tuple of str
        Paths of the rasters on another grid, including the mask.
    band_differences : tuple of (int, int)
        Pairs of bands whose normalised differences are the last features.
    accepts_missing : bool
        Whether a pixel with some missing features is valid.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If a raster cannot be opened.
    GridMismatch
        If the rasters are on different grids and `resampling` is "none".
    """

    def __init__(self, paths, resampling="none", mask=""):
        if not paths:
            raise UnsuitableInput("No raster was given.")
        with contextlib.ExitStack() as opened:
            first = opened.enter_context(RasterReader(paths[0]))
            self.readers = (first, *(opened.enter_context(_reader_on(first, path, resampling)) for path in paths[1:]))
            # A mask cannot be averaged.
            self._mask = opened.enter_context(
                _reader_on(first, mask, "none" if resampling == "none" else "nearest")) if mask else None
            self._files = opened.pop_all()
        self.grid = first.grid
        self.resampled = tuple(reader.path for reader in (*self.readers, self._mask)
                               if isinstance(reader, ResampledReader))
        self.names = _unique_names(self.readers)
        self._bands = [(reader, index) for reader in self.readers for index in range(len(reader.bands))]
        self.dates = tuple(tuple(sorted(set(filter(None, map(_iso_date, reader.bands, repeat(reader.tags))))))
                           for reader in self.readers)
        self.accepts_missing = False
        self.band_differences = ()

    def select_bands(self, indices):
        """Keep the given bands only, in this order.

        Parameters
        ----------
        indices : sequence of int
            Indices of `names`.
        """
        self.names = tuple(self.names[index] for index in indices)
        self._bands = [self._bands[index] for index in indices]

    def add_band_differences(self, pairs, names):
        """Add the normalised differences of pairs of bands to the features.

        Parameters
        ----------
        pairs : sequence of (int, int)
            Indices of `names`.
        names : sequence of str
            Names of the new features.
        """
        self.band_differences = tuple(pairs)
        self.names += tuple(names)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __getstate__(self):
        return {name: value for name, value in self.__dict__.items() if name != "_files"}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._files = contextlib.ExitStack()
        for reader in filter(None, (*self.readers, self._mask)):
            self._files.enter_context(reader)

    def close(self):
        """Close the rasters."""
        self._files.close()

    @property
    def _feature_count(self):
        return len(self._bands) + len(self.band_differences)

    @property
    def is_synthetic(self):
        """bool: whether some raster is tagged as synthetic sample data."""
        return any(is_synthetic(reader.tags) for reader in self.readers)

    def read(self, window, selected=ALL):
        """Read the features of the pixels of a window.

        Parameters
        ----------
        window : Window
        selected : ndarray of int, optional
            Indices of the pixels to read, row by row; default all.

        Returns
        -------
        features : ndarray of float32, shape (pixels, features), C order
            Physical values, row by row; NaN where a raster has no data.
        valid : ndarray of bool, shape (pixels,)
            Pixels inside the mask with finite features: all of them, or with `accepts_missing` at least one.
        """
        count = window.height * window.width if selected is ALL else len(selected)
        features = np.empty((count, self._feature_count), np.float32)
        for first in range(0, len(self._bands), BANDS_AT_ONCE):
            chunk = self._bands[first:first + BANDS_AT_ONCE]
            for reader in dict.fromkeys(reader for reader, _ in chunk):
                columns = [first + index for index, (owner, _) in enumerate(chunk) if owner is reader]
                values = reader.read_physical(window, [self._bands[column][1] for column in columns])
                is_contiguous = columns[-1] - columns[0] + 1 == len(columns)
                target = slice(columns[0], columns[-1] + 1) if is_contiguous else columns
                features[:, target] = values.reshape(len(columns), -1)[:, selected].T
        if self.band_differences:
            add_band_differences(features, np.array(self.band_differences))
        finite = np.isfinite(features)
        valid = finite.any(axis=1) if self.accepts_missing else finite.all(axis=1)
        if self._mask is not None:
            # Comparisons with NaN, the nodata of the mask, are false.
            valid &= (np.abs(self._mask.read_physical(window, [0])) > 0).ravel()[selected]
        return features, valid

    def strips(self, rows=TILE):
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
        height = int(np.clip(BLOCK_BYTES // (4 * TILE * self._feature_count), 16, 128)) // 16 * 16
        in_rows = any(reader.block_shape[1] >= self.grid.width for reader in self.readers)
        for strip in self.grid.blocks(rows, self.grid.width):
            parts = [strip] if in_rows else _split(strip, rows, TILE)
            yield [block for part in parts for block in _split(part, height, TILE)]

    def blocks(self):
        """All windows of :meth:`strips`.

        Returns
        -------
        list of Window
        """
        return [block for strip in self.strips() for block in strip]


def _split(window, height, width):
    """Parts of a window of at most the given height and width, row by row."""
    for row in range(window.row, window.row + window.height, height):
        for col in range(window.col, window.col + window.width, width):
            yield Window(row, col, height, width).intersection(window)


def _reader_on(first, path, resampling):
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


def _unique_names(readers):
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


def _iso_date(band, tags):
    day = date_of(band, tags)
    return day.isoformat() if day else ""


def _where_ambiguous(names, longer):
    counts = Counter(names)
    return tuple(longer_name if counts[name] > 1 else name for name, longer_name in zip(names, longer))


def _with_suffix(name, suffix):
    return name if not suffix or name.endswith(suffix) else f"{name}_{suffix}"
