"""Resampling from one grid to another, as a mask-aware array operation.

Every method is defined pixel by pixel, so a block gives the same values as the whole raster:

* *Finer or equal target pixels* are interpolated at their centres: ``nearest``, ``bilinear`` or ``bicubic`` (cubic
  convolution, a = -0.5; Keys 1981, doi:10.1109/TASSP.1981.1163711). Neighbours without data are left out and the
  weights renormalised; a target pixel has data exactly when the source pixel that holds its centre has. (SNAP
  evaluates bilinear and bicubic half a target pixel off, and loses a rim around nodata; this does neither.)
* *Coarser target pixels* are aggregated from the source pixels they overlap: ``first`` (the one at the upper-left
  corner), ``min``, ``max``, ``mean`` (weighted by overlap) or ``median`` of those with data, or by one of
  the flag methods of :mod:`.aggregate`.

Here the axes of both grids are parallel, and rows and columns can be treated one after the other; :mod:`.warp` does the
same between coordinate reference systems.
"""

from dataclasses import dataclass

import numpy as np

from .aggregate import AGGREGATION, FLAG_AGGREGATION, aggregate
from .grid import ALIGNMENT_TOLERANCE, Window
from .kernels import KERNELS, snapped
from .warp import read_warped, same_crs, source_extent

UPSAMPLING = ("nearest", "bilinear", "bicubic")
DOWNSAMPLING = AGGREGATION
FLAG_DOWNSAMPLING = FLAG_AGGREGATION
# A window that draws on more source pixels is resampled in parts, so that memory does not grow with the ratio.
MOST_SOURCE_PIXELS = 12 * 1024 * 1024


@dataclass(frozen=True)
class _Taps:
    """Index and weight of the source pixels that each target pixel along one axis draws on."""

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
    """Read one band onto another grid, in the same or another CRS.

    Parameters
    ----------
    reader : RasterReader
    grid : Grid
        Target grid.
    window : Window
        Part of the target grid to fill.
    upsampling : {"nearest", "bilinear", "bicubic"}
        For target pixels that are finer than the source's.
    downsampling : {"first", "min", "max", "mean", "median"} or a flag method
        For target pixels that are coarser than the source's.
    nodata : int, optional
        A stored value that means "no data" though the file does not say so.
    prepare : callable, optional
        Takes the values and the validity of source pixels and gives what is to be resampled in their place.
    index : int
        Which band of the file, counted from 0.

    Returns
    -------
    values : ndarray, shape (height, width)
        dtype of the file where pixels are only picked, float32 where they are computed.
    valid : ndarray of bool, same shape
    """
    is_parallel = same_crs(reader.grid.crs_wkt, grid.crs_wkt)
    parts = _parts_to_read(reader.grid, grid, window, is_parallel)
    if len(parts) > 1:
        return _joined(window, [(part, *read_resampled(reader, grid, part, upsampling, downsampling, nodata, prepare,
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
    rows = _taps((source.north - grid.north) / source.pixel_height,
                 grid.pixel_height / source.pixel_height, window.row + np.arange(window.height), method, coarser)
    columns = _taps((grid.west - source.west) / source.pixel_width,
                    grid.pixel_width / source.pixel_width, window.col + np.arange(window.width), method, coarser)
    values, valid = read(Window(rows.start, columns.start, rows.length, columns.length))
    row_indexes, column_indexes = rows.indexes - rows.start, columns.indexes - columns.start
    if len(row_indexes) == 1 and len(column_indexes) == 1:
        return _pick(values, row_indexes[0], column_indexes[0]), _pick(valid, row_indexes[0], column_indexes[0])
    if coarser:
        return aggregate(_neighbours(values, valid, rows, columns), method)
    return _interpolate(values, valid, rows, columns)


def _parts_to_read(source, grid, window, is_parallel):
    """The window, divided where it draws on more of the source than should be in memory."""
    if is_parallel:
        ratios = grid.pixel_height / source.pixel_height, grid.pixel_width / source.pixel_width
        pixels = window.height * window.width * max(1.0, ratios[0]) * max(1.0, ratios[1])
    else:
        extent = source_extent(source, grid, window).intersection(source.window)
        pixels = extent.height * extent.width
    number = int(np.ceil(np.sqrt(pixels / MOST_SOURCE_PIXELS)))
    if number <= 1:
        return [window]
    height, width = -(-window.height // number), -(-window.width // number)
    return [Window(row, column, height, width).intersection(window)
            for row in range(window.row, window.row + window.height, height)
            for column in range(window.col, window.col + window.width, width)]


def _joined(window, parts):
    values = np.zeros(window.shape, parts[0][1].dtype)
    valid = np.zeros(window.shape, bool)
    for part, part_values, part_valid in parts:
        place = part.relative_to(window).slices
        values[place], valid[place] = part_values, part_valid
    return values, valid


def _taps(offset, ratio, targets, method, coarser):
    """The source pixels that each target pixel draws on along one axis.

    `offset` and `ratio` are in source pixels; `targets` are counted from the origin of the target grid, not of the
    block, so that every block sees the same rounding.
    """
    if coarser and method != "first":
        begin = snapped(offset + ratio * targets)
        end = snapped(offset + ratio * (targets + 1))
        first = np.floor(begin).astype(np.int64)
        number = int(np.max(np.ceil(end) - first))
        indexes = first + np.arange(number)[:, None]
        weights = np.clip(np.minimum(indexes + 1, end) - np.maximum(indexes, begin), 0.0, 1.0)
        return _Taps(indexes, weights)
    if coarser:
        return _single_tap(offset + ratio * targets)
    centre = offset + ratio * (targets + 0.5)
    if method == "nearest" or (abs(ratio - 1) < 1e-6 and abs(offset - round(offset)) <= ALIGNMENT_TOLERANCE):
        return _single_tap(centre)
    position = centre - 0.5
    base = np.floor(position).astype(np.int64)
    distance = position - base
    reach, kernel = KERNELS[method]
    reach = np.array(reach)
    return _Taps(base + reach[:, None], kernel(np.abs(distance - reach[:, None])))


def _single_tap(positions):
    return _Taps(np.floor(snapped(positions)).astype(np.int64)[None], np.ones((1, len(positions))))


def _pick(plane, rows, columns):
    """``plane[rows][:, columns]``, as a view or by repetition where that is all it takes."""
    return np.take(np.take(plane, rows, axis=0), columns, axis=1)


def _interpolate(values, valid, rows, columns):
    row_indexes, column_indexes = rows.indexes - rows.start, columns.indexes - columns.start
    centre_rows = np.take_along_axis(row_indexes, rows.weights.argmax(axis=0)[None], axis=0)[0]
    centre_columns = np.take_along_axis(column_indexes, columns.weights.argmax(axis=0)[None], axis=0)[0]
    kept = _pick(valid, centre_rows, centre_columns)
    data = np.where(valid, values, 0).astype(np.float32)
    total = _weighted_sum(data, rows.weights, row_indexes, columns.weights, column_indexes)
    if not valid.all():
        weight = _weighted_sum(valid.astype(np.float32), rows.weights, row_indexes, columns.weights, column_indexes)
        lacking = kept & (np.abs(weight - 1) > 1e-5)
        np.divide(total, weight, out=total, where=lacking & (weight > 0.1))
        total = np.where(lacking & (weight <= 0.1), _pick(data, centre_rows, centre_columns), total)
    return total, kept


def _weighted_sum(plane, row_weights, row_indexes, column_weights, column_indexes):
    """Separable weighted sum: along the columns first, then along the rows."""
    across = sum(weight.astype(np.float32) * np.take(plane, index, axis=1)
                 for weight, index in zip(column_weights, column_indexes))
    return sum(weight.astype(np.float32)[:, None] * np.take(across, index, axis=0)
               for weight, index in zip(row_weights, row_indexes))


def _neighbours(values, valid, rows, columns):
    """Yield (values, valid, weight) of each source pixel position under the target pixels, row by row."""
    for row_index, row_weight in zip(rows.indexes - rows.start, rows.weights):
        for column_index, column_weight in zip(columns.indexes - columns.start, columns.weights):
            clipped_rows = np.minimum(row_index, len(values) - 1)
            clipped_columns = np.minimum(column_index, values.shape[1] - 1)
            weight = (row_weight[:, None] * column_weight).astype(np.float32)
            yield (_pick(values, clipped_rows, clipped_columns),
                   _pick(valid, clipped_rows, clipped_columns) & (weight > 1e-6), weight)
