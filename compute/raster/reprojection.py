"""Resampling between coordinate reference systems, with the same method definitions as :mod:`.resampling`.

Source positions are transformed exactly at every 16th target pixel, counted from the origin of the target grid, and
interpolated linearly between. The error is below a thousandth of a 10 m pixel (a few ten-thousandths between
neighbouring UTM zones at 70 degrees north), and a block has the same values as the same part of the whole raster.
``gdalwarp -et 0`` computes the same positions without interpolation.

For downsampling, each target pixel is divided into up to 64 x 64 parts; the source pixels at the centres of the parts
are aggregated.
"""

import math
from functools import lru_cache

import numpy as np

from .crs import transform_points
from .grid import Window
from .resampling_methods import KERNELS, aggregate, kernel_weights, snap_positions

STEP = 16

# Ratio of pixel sizes up to which a target pixel is not considered coarser: the scale distortion of projections.
MAX_DISTORTION = 1.05

# Maximum number of parts along an edge of a target pixel; 4096 samples per pixel are sufficient.
MAX_PARTS = 64

# Position error in pixels of transformations between equivalent CRSs (1e-5 between ETRS89 and WGS 84).
POSITION_TOLERANCE = 1e-4

# Index of positions that cannot be transformed.
UNDEFINED = -2 ** 40


@lru_cache(maxsize=256)
def pixel_ratio(source, grid):
    """Return the size of a target pixel in source pixels as (rows, columns), at the centre of the target grid.

    Parameters
    ----------
    source, grid : Grid

    Returns
    -------
    tuple of float
        1 if the centre cannot be transformed to the CRS of the source.
    """
    centre = np.array([grid.height / 2, grid.width / 2])
    rows, columns = _transform_positions(source, grid, centre[0] + np.array([0.0, 1.0, 0.0]),
                                         centre[1] + np.array([0.0, 0.0, 1.0]))
    down, along = (math.hypot(rows[i] - rows[0], columns[i] - columns[0]) for i in (1, 2))
    return tuple(ratio if math.isfinite(ratio) and ratio > 0 else 1.0 for ratio in (down, along))


def source_extent(source, grid, window):
    """Return the source window on which a target window depends, without the margin of interpolation kernels.

    Returns
    -------
    Window
        Possibly empty.
    """
    rows, columns = _at_nodes(source, grid, *_nodes(window))
    finite = np.isfinite(rows) & np.isfinite(columns)
    if not finite.any():
        return Window(0, 0, 0, 0)
    top, left = (int(max(-2, min(axis[finite].min() - 1, limit)))
                 for axis, limit in ((rows, source.height + 2), (columns, source.width + 2)))
    bottom, right = (int(min(limit + 2, max(axis[finite].max() + 2, -1)))
                     for axis, limit in ((rows, source.height), (columns, source.width)))
    return Window(top, left, max(0, bottom - top), max(0, right - left))


def read_warped(read, source, grid, window, upsampling, downsampling):
    """Resample a window of a target grid in another CRS.

    Parameters
    ----------
    read : callable
        Called with a source window, returns its values and validity, both of shape (height, width).
    source, grid : Grid
        Source and target grid.
    window : Window
        Part of `grid`.
    upsampling, downsampling : str

    Returns
    -------
    values : ndarray, shape (height, width)
    valid : ndarray of bool, same shape
    """
    extent = source_extent(source, grid, window)
    if extent.intersection(source.window).is_empty:
        return np.zeros(window.shape, np.uint8), np.zeros(window.shape, bool)
    # The padding contains at least one invalid pixel around the source, to which outside positions are clipped.
    extent = extent.padded(3).intersection(source.window.padded(3))
    pixels = _SourcePixels(*read(extent), extent)
    down, along = pixel_ratio(source, grid)
    if max(down, along) > MAX_DISTORTION:
        if downsampling == "first":
            return pixels.sample(*_positions(source, grid, window, 0.0, 0.0))
        return _aggregate_parts(pixels, source, grid, window, downsampling, _part_count(down), _part_count(along))
    rows, columns = _positions(source, grid, window, 0.5, 0.5)
    return pixels.sample(rows, columns) if upsampling == "nearest" else _interpolate(pixels, rows, columns, upsampling)


def _part_count(ratio):
    return min(MAX_PARTS, max(1, math.ceil(ratio - MAX_DISTORTION + 1)))


class _SourcePixels:
    """Source pixels, accessed by fractional positions in the source grid."""

    def __init__(self, values, valid, window):
        self.values, self.valid, self._window = values, valid, window

    def sample(self, rows, columns):
        """Return values and validity of the pixels at positions; invalid outside the source."""
        rows, columns = _floor(rows), _floor(columns)
        index = self.index_of(rows, columns)
        return self.values.ravel()[index], self.valid.ravel()[index] & (rows > UNDEFINED) & (columns > UNDEFINED)

    def index_of(self, rows, columns):
        """Return the indices of pixels in the flattened planes; outside pixels are clipped to the invalid rim."""
        return (np.clip(rows - self._window.row, 0, self._window.height - 1) * self._window.width
                + np.clip(columns - self._window.col, 0, self._window.width - 1))

    def planes(self):
        """Return flattened float32 values, 0 where invalid, and validity, or None if all pixels are valid."""
        if self.valid.all():
            return self.values.ravel().astype(np.float32), None
        return np.where(self.valid, self.values, 0).ravel().astype(np.float32), self.valid.ravel()


def _interpolate(pixels, rows, columns, method):
    reach, _ = KERNELS[method]
    nearest, kept = pixels.sample(rows, columns)
    if not kept.any():
        return nearest.astype(np.float32), kept
    row_base, column_base = _floor(rows - 0.5), _floor(columns - 0.5)
    row_weights, column_weights = (
        kernel_weights(method, np.where(kept, snap_positions(positions - 0.5, POSITION_TOLERANCE) - base,
                                        0).astype(np.float32))
        for positions, base in ((rows, row_base), (columns, column_base)))
    data, valid = pixels.planes()
    total = np.zeros(rows.shape, np.float32)
    weights = None if valid is None else np.zeros(rows.shape, np.float32)
    for down, row_weight in zip(reach, row_weights):
        for along, column_weight in zip(reach, column_weights):
            index = pixels.index_of(row_base + down, column_base + along)
            weight = row_weight * column_weight
            if valid is not None:
                weight = weight * valid[index]
                weights += weight
            total += weight * data[index]
    if valid is not None:
        incomplete = np.abs(weights - 1) > 1e-5
        np.divide(total, weights, out=total, where=incomplete & (weights > 0.1))
        total = np.where(incomplete & (weights <= 0.1), nearest, total).astype(np.float32)
    return total, kept


def _aggregate_parts(pixels, source, grid, window, method, down, along):
    """Aggregate each target pixel from `down` x `along` parts."""
    def neighbours():
        for row in range(down):
            for column in range(along):
                rows, columns = _positions(source, grid, window, (row + 0.5) / down, (column + 0.5) / along)
                yield (*pixels.sample(rows, columns), np.float32(1))

    return aggregate(neighbours(), method)


def _floor(positions):
    """Return the index of the pixel at each position; `UNDEFINED` for positions that are not finite."""
    positions = np.where(np.isfinite(positions), positions, UNDEFINED)
    return np.floor(snap_positions(positions, POSITION_TOLERANCE)).astype(np.int64)


def _positions(source, grid, window, row_shift, column_shift):
    """Return source rows and columns of a point in each target pixel (shifts of 0.5: the centre)."""
    node_rows, node_columns = _nodes(window)
    rows, columns = _at_nodes(source, grid, node_rows, node_columns)
    down = _node_fractions(window.row + np.arange(window.height) + row_shift, node_rows)
    along = _node_fractions(window.col + np.arange(window.width) + column_shift, node_columns)
    with np.errstate(invalid="ignore"):
        return tuple(_bilinear(plane, *down, *along) for plane in (rows, columns))


def _nodes(window):
    """Return the target rows and columns at which positions are transformed exactly."""
    return tuple(np.arange(start // STEP, -(-(start + length) // STEP) + 1) * STEP
                 for start, length in ((window.row, window.height), (window.col, window.width)))


def _node_fractions(positions, nodes):
    """Return the index of the node before each position, and the fraction (0..1) of the distance to the next."""
    index = (np.floor(positions / STEP) - nodes[0] // STEP).astype(np.int64)
    return index, (positions - nodes[index]) / STEP


def _bilinear(plane, row_index, row_fraction, column_index, column_fraction):
    across = plane[:, column_index] * (1 - column_fraction) + plane[:, column_index + 1] * column_fraction
    return across[row_index] * (1 - row_fraction[:, None]) + across[row_index + 1] * row_fraction[:, None]


def _at_nodes(source, grid, rows, columns):
    return _cached_nodes(source, grid, int(rows[0]), int(columns[0]), len(rows), len(columns))


@lru_cache(maxsize=64)
def _cached_nodes(source, grid, first_row, first_column, rows, columns):
    node_rows = first_row + STEP * np.arange(rows)
    node_columns = first_column + STEP * np.arange(columns)
    planes = np.meshgrid(node_rows, node_columns, indexing="ij")
    positions = _transform_positions(source, grid, *(plane.ravel().astype(float) for plane in planes))
    return tuple(plane.reshape(rows, columns) for plane in positions)


def _transform_positions(source, grid, rows, columns):
    """Transform target positions to source positions, both in pixels from the upper-left corner."""
    x, y = grid.west + columns * grid.pixel_width, grid.north - rows * grid.pixel_height
    x, y = transform_points(grid.crs_wkt, source.crs_wkt, x, y)
    return (source.north - y) / source.pixel_height, (x - source.west) / source.pixel_width
