"""Resampling between axis-aligned grids that share a CRS, as a mask-aware array operation.

Every method is defined pixel by pixel, so a block gives the same values as the whole raster:

* *Finer or equal target pixels* are interpolated at their centres: ``nearest``, ``bilinear`` or ``bicubic`` (cubic
  convolution, a = -0.5; Keys 1981, doi:10.1109/TASSP.1981.1163711). Neighbours without data are left out and the
  weights renormalised; a target pixel has data exactly when the source pixel that holds its centre has. (SNAP
  evaluates bilinear and bicubic half a target pixel off, and loses a rim around nodata; this does neither.)
* *Coarser target pixels* are aggregated from the source pixels they overlap: ``first`` (the one at the upper-left
  corner), ``min``, ``max``, ``mean`` (weighted by overlap) or ``median`` of those with data.
"""

from dataclasses import dataclass

import numpy as np

from .grid import ALIGNMENT_TOLERANCE, Window

UPSAMPLING = ("nearest", "bilinear", "bicubic")
DOWNSAMPLING = ("first", "min", "max", "mean", "median")


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


def read_resampled(reader, grid, window, upsampling="nearest", downsampling="first", nodata=None):
    """Read one band onto another grid of the same CRS.

    Parameters
    ----------
    reader : RasterReader
        Its first band is read.
    grid : Grid
        Target grid.
    window : Window
        Part of the target grid to fill.
    upsampling : {"nearest", "bilinear", "bicubic"}
        For target pixels that are finer than the source's.
    downsampling : {"first", "min", "max", "mean", "median"}
        For target pixels that are coarser than the source's.
    nodata : int, optional
        A stored value that means "no data" though the file does not say so.

    Returns
    -------
    values : ndarray, shape (height, width)
        dtype of the file where pixels are only picked, float32 where they are computed.
    valid : ndarray of bool, same shape
    """
    coarser = grid.pixel_width > reader.grid.pixel_width * (1 + 1e-6)
    method = downsampling if coarser else upsampling
    rows = _taps((reader.grid.north - grid.north) / reader.grid.pixel_height,
                 grid.pixel_height / reader.grid.pixel_height, window.row + np.arange(window.height), method, coarser)
    columns = _taps((grid.west - reader.grid.west) / reader.grid.pixel_width,
                    grid.pixel_width / reader.grid.pixel_width, window.col + np.arange(window.width), method, coarser)
    source = Window(rows.start, columns.start, rows.length, columns.length)
    values, valid = (plane[0] for plane in reader.read(source, (0,)))
    if nodata is not None:
        valid &= values != nodata
    row_indexes, column_indexes = rows.indexes - rows.start, columns.indexes - columns.start
    if len(row_indexes) == 1 and len(column_indexes) == 1:
        return _pick(values, row_indexes[0], column_indexes[0]), _pick(valid, row_indexes[0], column_indexes[0])
    if coarser:
        return _AGGREGATORS[method](_neighbours(values, valid, rows, columns))
    return _interpolate(values, valid, rows, columns)


def _taps(offset, ratio, targets, method, coarser):
    """The source pixels that each target pixel draws on along one axis.

    `offset` and `ratio` are in source pixels; `targets` are counted from the origin of the target grid, not of the
    block, so that every block sees the same rounding.
    """
    if coarser and method != "first":
        begin = _snapped(offset + ratio * targets)
        end = _snapped(offset + ratio * (targets + 1))
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
    reach = np.array([0, 1]) if method == "bilinear" else np.array([-1, 0, 1, 2])
    kernel = _linear if method == "bilinear" else _cubic
    return _Taps(base + reach[:, None], kernel(np.abs(distance - reach[:, None])))


def _single_tap(positions):
    return _Taps(np.floor(_snapped(positions)).astype(np.int64)[None], np.ones((1, len(positions))))


def _snapped(positions):
    """Positions with rounding noise removed: a pixel edge is exactly an integer."""
    nearest = np.rint(positions)
    return np.where(np.abs(positions - nearest) <= ALIGNMENT_TOLERANCE, nearest, positions)


def _linear(distance):
    return np.maximum(0.0, 1.0 - distance)


def _cubic(distance, a=-0.5):
    near = ((a + 2) * distance - (a + 3)) * distance ** 2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


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


def _extreme(neighbours, better, worst):
    result = any_valid = None
    for values, valid, _ in neighbours:
        candidate = np.where(valid, values, worst(values.dtype))
        result = candidate if result is None else better(result, candidate)
        any_valid = valid if any_valid is None else any_valid | valid
    return np.where(any_valid, result, 0), any_valid


def _lowest(dtype):
    return np.array(np.iinfo(dtype).min if np.issubdtype(dtype, np.integer) else -np.inf, dtype)


def _highest(dtype):
    return np.array(np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else np.inf, dtype)


def _mean(neighbours):
    total = weights = None
    for values, valid, weight in neighbours:
        share = weight * valid
        total = values * share if total is None else total + values * share
        weights = share if weights is None else weights + share
    valid = weights > 0
    return np.divide(total, weights, out=np.zeros(total.shape, np.float32), where=valid), valid


def _median(neighbours):
    planes = np.stack([np.where(valid, values, np.nan).astype(np.float32) for values, valid, _ in neighbours])
    planes.sort(axis=0)
    counts = np.isfinite(planes).sum(axis=0)
    lower, upper = np.maximum(counts - 1, 0) // 2, counts // 2
    upper = np.minimum(upper, np.maximum(counts - 1, 0))
    middle = (np.take_along_axis(planes, lower[None], 0)[0] + np.take_along_axis(planes, upper[None], 0)[0]) / 2
    return np.where(counts > 0, middle, 0).astype(np.float32), counts > 0


_AGGREGATORS = {
    "min": lambda neighbours: _extreme(neighbours, np.minimum, _highest),
    "max": lambda neighbours: _extreme(neighbours, np.maximum, _lowest),
    "mean": _mean,
    "median": _median,
}
