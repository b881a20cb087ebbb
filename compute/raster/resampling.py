"""Resampling from one grid to another with nodata masks.

Every method is defined per pixel, so that a block has the same values as the same part of the whole raster:

* *Upsampling* (finer or equal target pixels) interpolates at the pixel centres: ``nearest``, ``bilinear`` or
  ``bicubic`` (cubic convolution, a = -0.5; Keys 1981, doi:10.1109/TASSP.1981.1163711). Invalid neighbours are ignored
  and the weights renormalised; a target pixel is valid if the source pixel that contains its centre is valid. (SNAP
  evaluates bilinear and bicubic half a target pixel off, and loses a rim around nodata.)
* *Downsampling* (coarser target pixels) aggregates the overlapping source pixels: ``first`` (the one at the upper-left
  corner), ``min``, ``max``, ``mean`` (weighted by overlap) or ``median`` of the valid ones, or one of the flag methods
  of :mod:`.resampling_methods`.

This module resamples rows and columns separately, as the axes of grids in one CRS are parallel; :mod:`.reprojection`
resamples between coordinate reference systems.
"""

from dataclasses import dataclass

import numpy as np

from .crs import is_same_crs
from .grid import ALIGNMENT_TOLERANCE, Window
from .reprojection import read_warped, source_extent
from .resampling_methods import AGGREGATION, FLAG_AGGREGATION, KERNELS, aggregate, snap_positions

UPSAMPLING = ("nearest", "bilinear", "bicubic")
DOWNSAMPLING = AGGREGATION
FLAG_DOWNSAMPLING = FLAG_AGGREGATION

# A window that depends on more source pixels is resampled in parts, so that memory is bounded for any ratio.
MAX_SOURCE_PIXELS = 12 * 1024 * 1024


@dataclass(frozen=True)
class _AxisWeights:
    """Indices and weights, along one axis, of the source pixels of each target pixel."""

    indexes: np.ndarray
    weights: np.ndarray

    @property
    def start(self):
        return int(self.indexes.min())

    @property
    def length(self):
        return int(self.indexes.max()) - self.start + 1


def read_resampled(reader, grid, window, upsampling="nearest", downsampling="first", nodata=None, prepare=None,
                   index=0):
    """Read one band resampled to another grid, in the same or another CRS.

    Parameters
    ----------
    reader : RasterReader
    grid : Grid
        Target grid.
    window : Window
        Part of the target grid to read.
    upsampling : {"nearest", "bilinear", "bicubic"}
        Method for target pixels finer than the source pixels.
    downsampling : {"first", "min", "max", "mean", "median"} or a flag method
        Method for target pixels coarser than the source pixels.
    nodata : int, optional
        Additional stored value to treat as nodata.
    prepare : callable, optional
        Called with values and validity of the source pixels, returns those to resample in their place.
    index : int
        Band of the file, counted from 0.

    Returns
    -------
    values : ndarray, shape (height, width)
        dtype of the file for methods that select pixels, float32 for methods that compute values.
    valid : ndarray of bool, same shape
    """
    is_parallel = is_same_crs(reader.grid.crs_wkt, grid.crs_wkt, missing_is_same=True)
    parts = _parts_to_read(reader.grid, grid, window, is_parallel)
    if len(parts) > 1:
        return _assemble(window, [(part, *read_resampled(reader, grid, part, upsampling, downsampling, nodata, prepare,
                                                       index)) for part in parts])

    def read(source):
        values, valid = (plane[0] for plane in reader.read(source, (index,)))
        if nodata is not None:
            valid &= values != nodata
        return prepare(values, valid) if prepare else (values, valid)

    if not is_parallel:
        return read_warped(read, reader.grid, grid, window, upsampling, downsampling)
    return _read_parallel(read, reader.grid, grid, window, upsampling, downsampling)


def _read_parallel(read, source, grid, window, upsampling, downsampling):
    coarser = grid.pixel_width > source.pixel_width * (1 + 1e-6)
    method = downsampling if coarser else upsampling
    rows = _axis_weights((source.north - grid.north) / source.pixel_height,
                 grid.pixel_height / source.pixel_height, window.row + np.arange(window.height), method, coarser)
    columns = _axis_weights((grid.west - source.west) / source.pixel_width,
                    grid.pixel_width / source.pixel_width, window.col + np.arange(window.width), method, coarser)
    values, valid = read(Window(rows.start, columns.start, rows.length, columns.length))
    row_indexes, column_indexes = rows.indexes - rows.start, columns.indexes - columns.start
    if len(row_indexes) == 1 and len(column_indexes) == 1:
        return _select(values, row_indexes[0], column_indexes[0]), _select(valid, row_indexes[0], column_indexes[0])
    if coarser:
        return aggregate(_neighbours(values, valid, rows, columns), method)
    return _interpolate(values, valid, rows, columns)


def _parts_to_read(source, grid, window, is_parallel):
    """Divide the window if it depends on more than ``MAX_SOURCE_PIXELS`` source pixels."""
    if is_parallel:
        ratios = grid.pixel_height / source.pixel_height, grid.pixel_width / source.pixel_width
        pixels = window.height * window.width * max(1.0, ratios[0]) * max(1.0, ratios[1])
    else:
        extent = source_extent(source, grid, window).intersection(source.window)
        pixels = extent.height * extent.width
    divisions = int(np.ceil(np.sqrt(pixels / MAX_SOURCE_PIXELS)))
    if divisions <= 1:
        return [window]
    height, width = -(-window.height // divisions), -(-window.width // divisions)
    return [Window(row, column, height, width).intersection(window)
            for row in range(window.row, window.row + window.height, height)
            for column in range(window.col, window.col + window.width, width)]


def _assemble(window, parts):
    values = np.zeros(window.shape, parts[0][1].dtype)
    valid = np.zeros(window.shape, bool)
    for part, part_values, part_valid in parts:
        slices = part.relative_to(window).slices
        values[slices], valid[slices] = part_values, part_valid
    return values, valid


def _axis_weights(offset, ratio, targets, method, coarser):
    """Return indices and weights of the source pixels of each target pixel along one axis.

    `offset` and `ratio` are in source pixels; `targets` are counted from the origin of the target grid, not of the
    block, so that rounding is the same in every block.
    """
    if coarser and method != "first":
        begin = snap_positions(offset + ratio * targets)
        end = snap_positions(offset + ratio * (targets + 1))
        first = np.floor(begin).astype(np.int64)
        count = int(np.max(np.ceil(end) - first))
        indexes = first + np.arange(count)[:, None]
        weights = np.clip(np.minimum(indexes + 1, end) - np.maximum(indexes, begin), 0.0, 1.0)
        return _AxisWeights(indexes, weights)
    if coarser:
        return _single_pixel(offset + ratio * targets)
    centre = offset + ratio * (targets + 0.5)
    if method == "nearest" or (abs(ratio - 1) < 1e-6 and abs(offset - round(offset)) <= ALIGNMENT_TOLERANCE):
        return _single_pixel(centre)
    position = centre - 0.5
    base = np.floor(position).astype(np.int64)
    distance = position - base
    reach, kernel = KERNELS[method]
    reach = np.array(reach)
    return _AxisWeights(base + reach[:, None], kernel(np.abs(distance - reach[:, None])))


def _single_pixel(positions):
    return _AxisWeights(np.floor(snap_positions(positions)).astype(np.int64)[None], np.ones((1, len(positions))))


def _select(plane, rows, columns):
    """Return ``plane[rows][:, columns]``."""
    return np.take(np.take(plane, rows, axis=0), columns, axis=1)


def _interpolate(values, valid, rows, columns):
    row_indexes, column_indexes = rows.indexes - rows.start, columns.indexes - columns.start
    centre_rows = np.take_along_axis(row_indexes, rows.weights.argmax(axis=0)[None], axis=0)[0]
    centre_columns = np.take_along_axis(column_indexes, columns.weights.argmax(axis=0)[None], axis=0)[0]
    kept = _select(valid, centre_rows, centre_columns)
    data = np.where(valid, values, 0).astype(np.float32)
    total = _weighted_sum(data, rows.weights, row_indexes, columns.weights, column_indexes)
    if not valid.all():
        weight = _weighted_sum(valid.astype(np.float32), rows.weights, row_indexes, columns.weights, column_indexes)
        incomplete = kept & (np.abs(weight - 1) > 1e-5)
        np.divide(total, weight, out=total, where=incomplete & (weight > 0.1))
        total = np.where(incomplete & (weight <= 0.1), _select(data, centre_rows, centre_columns), total)
    return total, kept


def _weighted_sum(plane, row_weights, row_indexes, column_weights, column_indexes):
    """Return the separable weighted sum: first over columns, then over rows."""
    across = sum(weight.astype(np.float32) * np.take(plane, index, axis=1)
                 for weight, index in zip(column_weights, column_indexes))
    return sum(weight.astype(np.float32)[:, None] * np.take(across, index, axis=0)
               for weight, index in zip(row_weights, row_indexes))


def _neighbours(values, valid, rows, columns):
    """Yield (values, valid, weight) of each source pixel position within the target pixels, row by row."""
    for row_index, row_weight in zip(rows.indexes - rows.start, rows.weights):
        for column_index, column_weight in zip(columns.indexes - columns.start, columns.weights):
            clipped_rows = np.minimum(row_index, len(values) - 1)
            clipped_columns = np.minimum(column_index, values.shape[1] - 1)
            weight = (row_weight[:, None] * column_weight).astype(np.float32)
            yield (_select(values, clipped_rows, clipped_columns),
                   _select(valid, clipped_rows, clipped_columns) & (weight > 1e-6), weight)
