"""Resampling between grids of different coordinate reference systems, by the same definitions as within one.

Where a target pixel lies in the source is computed exactly at every 16th pixel, counted from the origin of the target
grid, and interpolated linearly between. In metres the error is below a thousandth of a 10 m pixel (the worst case,
between neighbouring UTM zones at 70 degrees north, is a few ten-thousandths), and a block gives the same values as the
whole raster. ``gdalwarp -et 0`` computes the same positions one by one.

Target pixels that are coarser than the source's are divided into as many parts as it takes, up to 64 x 64; each part
takes the source pixel it lies in, and these are summarised.
"""

import math
from functools import lru_cache

import numpy as np

from .aggregate import aggregate
from .grid import Window
from .kernels import KERNELS, snapped, tap_weights

STEP = 16
# Up to this ratio of pixel sizes a target pixel counts as no coarser: map projections stretch by less.
STRETCH = 1.05
# A target pixel is divided into so many parts along an edge at most; 4096 samples of a pixel are enough.
MOST_PARTS = 64
# What transformations that should be none do to a place, in pixels (ETRS89 instead of WGS 84 does 1e-5).
NOISE = 1e-4
NOWHERE = -2 ** 40


@lru_cache(maxsize=256)
def same_crs(first_wkt, second_wkt):
    """Whether two CRS are one, however they are written; a missing one is taken for the other.

    Returns
    -------
    bool
    """
    from rasterio.crs import CRS

    return (first_wkt == second_wkt or not first_wkt or not second_wkt
            or CRS.from_wkt(first_wkt) == CRS.from_wkt(second_wkt))


def transform_points(from_wkt, to_wkt, x, y):
    """Coordinates in another CRS.

    Parameters
    ----------
    from_wkt, to_wkt : str
    x, y : ndarray of float64, shape (n,)

    Returns
    -------
    ndarray of float64, shape (2, n)
        Infinity where a point lies outside what the CRS can express.
    """
    from rasterio._err import CPLE_BaseError
    from rasterio.crs import CRS
    from rasterio.errors import RasterioError
    from rasterio.warp import transform

    try:
        return np.array(transform(CRS.from_wkt(from_wkt), CRS.from_wkt(to_wkt), x, y))
    except (RasterioError, CPLE_BaseError):
        # One point outside spoils the whole call; halving finds it.
        if len(x) == 1:
            return np.full((2, 1), np.inf)
        half = len(x) // 2
        return np.concatenate([transform_points(from_wkt, to_wkt, x[:half], y[:half]),
                               transform_points(from_wkt, to_wkt, x[half:], y[half:])], axis=1)


@lru_cache(maxsize=256)
def pixel_ratio(source, grid):
    """How many source pixels a target pixel is long, as (down a column, along a row), in the middle of the target.

    Parameters
    ----------
    source, grid : Grid

    Returns
    -------
    tuple of float
        1 where the middle cannot be expressed in the CRS of the source.
    """
    middle = np.array([grid.height / 2, grid.width / 2])
    rows, columns = _exact(source, grid, middle[0] + np.array([0.0, 1.0, 0.0]), middle[1] + np.array([0.0, 0.0, 1.0]))
    down, along = (math.hypot(rows[i] - rows[0], columns[i] - columns[0]) for i in (1, 2))
    return tuple(ratio if math.isfinite(ratio) and ratio > 0 else 1.0 for ratio in (down, along))


def source_extent(source, grid, window):
    """The window of the source on which a window of the target depends, without the reach of an interpolation.

    Returns
    -------
    Window
        Possibly empty.
    """
    rows, columns = _at_nodes(source, grid, *_nodes(window))
    known = np.isfinite(rows) & np.isfinite(columns)
    if not known.any():
        return Window(0, 0, 0, 0)
    top, left = (int(max(-2, min(axis[known].min() - 1, limit)))
                 for axis, limit in ((rows, source.height + 2), (columns, source.width + 2)))
    bottom, right = (int(min(limit + 2, max(axis[known].max() + 2, -1)))
                     for axis, limit in ((rows, source.height), (columns, source.width)))
    return Window(top, left, max(0, bottom - top), max(0, right - left))


def read_warped(read, source, grid, window, upsampling, downsampling):
    """Resample a window of a grid in another CRS.

    Parameters
    ----------
    read : callable
        Takes a window of the source, gives its values and validity, both of shape (height, width).
    source, grid : Grid
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
    # Around the source there is at least one pixel without data, in which all places outside of it end.
    extent = extent.padded(3).intersection(source.window.padded(3))
    pixels = _Pixels(*read(extent), extent)
    down, along = pixel_ratio(source, grid)
    if max(down, along) > STRETCH:
        if downsampling == "first":
            return pixels.at(*_positions(source, grid, window, 0.0, 0.0))
        return _aggregated(pixels, source, grid, window, downsampling, _parts(down), _parts(along))
    rows, columns = _positions(source, grid, window, 0.5, 0.5)
    return pixels.at(rows, columns) if upsampling == "nearest" else _interpolated(pixels, rows, columns, upsampling)


def _parts(ratio):
    return min(MOST_PARTS, max(1, math.ceil(ratio - STRETCH + 1)))


class _Pixels:
    """Source pixels that were read, found by their (fractional) place in the source grid."""

    def __init__(self, values, valid, window):
        self.values, self.valid, self._window = values, valid, window

    def at(self, rows, columns):
        """Values and validity of the pixels in which places lie; no data outside."""
        rows, columns = _floor(rows), _floor(columns)
        index = self.index_of(rows, columns)
        return self.values.ravel()[index], self.valid.ravel()[index] & (rows > NOWHERE) & (columns > NOWHERE)

    def index_of(self, rows, columns):
        """Where pixels lie in the flat planes; those outside are moved to the rim, which has no data."""
        return (np.clip(rows - self._window.row, 0, self._window.height - 1) * self._window.width
                + np.clip(columns - self._window.col, 0, self._window.width - 1))

    def planes(self):
        """Flat values as float32, 0 where there is no data, and validity; None where all is valid."""
        if self.valid.all():
            return self.values.ravel().astype(np.float32), None
        return np.where(self.valid, self.values, 0).ravel().astype(np.float32), self.valid.ravel()


def _interpolated(pixels, rows, columns, method):
    reach, _ = KERNELS[method]
    nearest, kept = pixels.at(rows, columns)
    if not kept.any():
        return nearest.astype(np.float32), kept
    row_base, column_base = _floor(rows - 0.5), _floor(columns - 0.5)
    row_weights, column_weights = (
        tap_weights(method, np.where(kept, snapped(places - 0.5, NOISE) - base, 0).astype(np.float32))
        for places, base in ((rows, row_base), (columns, column_base)))
    data, known = pixels.planes()
    total = np.zeros(rows.shape, np.float32)
    weights = None if known is None else np.zeros(rows.shape, np.float32)
    for down, row_weight in zip(reach, row_weights):
        for along, column_weight in zip(reach, column_weights):
            index = pixels.index_of(row_base + down, column_base + along)
            share = row_weight * column_weight
            if known is not None:
                share = share * known[index]
                weights += share
            total += share * data[index]
    if known is not None:
        lacking = np.abs(weights - 1) > 1e-5
        np.divide(total, weights, out=total, where=lacking & (weights > 0.1))
        total = np.where(lacking & (weights <= 0.1), nearest, total).astype(np.float32)
    return total, kept


def _aggregated(pixels, source, grid, window, method, down, along):
    """Each target pixel in `down` x `along` parts, summarised."""
    def neighbours():
        for row in range(down):
            for column in range(along):
                rows, columns = _positions(source, grid, window, (row + 0.5) / down, (column + 0.5) / along)
                yield (*pixels.at(rows, columns), np.float32(1))

    return aggregate(neighbours(), method)


def _floor(positions):
    """The pixel in which a place lies; `NOWHERE` where there is none."""
    positions = np.where(np.isfinite(positions), positions, NOWHERE)
    return np.floor(snapped(positions, NOISE)).astype(np.int64)


def _positions(source, grid, window, row_shift, column_shift):
    """Rows and columns, in source pixels, of one place in each target pixel (0.5 is its centre)."""
    node_rows, node_columns = _nodes(window)
    rows, columns = _at_nodes(source, grid, node_rows, node_columns)
    down = _between(window.row + np.arange(window.height) + row_shift, node_rows)
    along = _between(window.col + np.arange(window.width) + column_shift, node_columns)
    with np.errstate(invalid="ignore"):
        return tuple(_bilinear(plane, *down, *along) for plane in (rows, columns))


def _nodes(window):
    """Rows and columns of the target grid at which positions are computed."""
    return tuple(np.arange(start // STEP, -(-(start + length) // STEP) + 1) * STEP
                 for start, length in ((window.row, window.height), (window.col, window.width)))


def _between(places, nodes):
    """Number of the node before each place, and how far it is to the next (0..1)."""
    index = (np.floor(places / STEP) - nodes[0] // STEP).astype(np.int64)
    return index, (places - nodes[index]) / STEP


def _bilinear(plane, row_index, row_share, column_index, column_share):
    across = plane[:, column_index] * (1 - column_share) + plane[:, column_index + 1] * column_share
    return across[row_index] * (1 - row_share[:, None]) + across[row_index + 1] * row_share[:, None]


def _at_nodes(source, grid, rows, columns):
    return _cached_nodes(source, grid, int(rows[0]), int(columns[0]), len(rows), len(columns))


@lru_cache(maxsize=64)
def _cached_nodes(source, grid, first_row, first_column, rows, columns):
    row_places = first_row + STEP * np.arange(rows)
    column_places = first_column + STEP * np.arange(columns)
    planes = np.meshgrid(row_places, column_places, indexing="ij")
    places = _exact(source, grid, *(plane.ravel().astype(float) for plane in planes))
    return tuple(place.reshape(rows, columns) for place in places)


def _exact(source, grid, rows, columns):
    """Places in the source, in pixels from its upper-left corner, of places in the target."""
    x, y = grid.west + columns * grid.pixel_width, grid.north - rows * grid.pixel_height
    x, y = transform_points(grid.crs_wkt, source.crs_wkt, x, y)
    return (source.north - y) / source.pixel_height, (x - source.west) / source.pixel_width
