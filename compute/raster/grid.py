"""Pixel grids and windows; output grids; comparison of grids; area of pixels.

A :class:`Grid` is north-up: rows run south, columns run east. A :class:`Window` is given in pixels of its grid.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..errors import GridMismatch, UnsuitableInput
from .crs import (
    WGS84,
    bounds_in,
    crs_name,
    is_geographic,
    is_projected,
    is_same_crs,
    metres_per_unit,
    parse_crs,
    transform_points,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Tolerance of grid comparison, as a fraction of a pixel.
ALIGNMENT_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Window:
    """A rectangle of pixels: rows `row` .. `row + height`, columns `col` .. `col + width` (ends excluded)."""

    row: int
    col: int
    height: int
    width: int

    @property
    def shape(self):
        """tuple of int: (height, width)."""
        return self.height, self.width

    @property
    def slices(self):
        """tuple of slice: rows and columns of the window in an array of the whole grid."""
        return slice(self.row, self.row + self.height), slice(self.col, self.col + self.width)

    @property
    def is_empty(self):
        """bool: whether the window contains no pixel."""
        return self.height <= 0 or self.width <= 0

    def padded(self, halo):
        """Return the window extended by `halo` pixels on each side; it may exceed its grid."""
        return Window(self.row - halo, self.col - halo, self.height + 2 * halo, self.width + 2 * halo)

    def intersection(self, other):
        """Return the intersection of two windows (possibly empty, see :attr:`is_empty`)."""
        row, col = max(self.row, other.row), max(self.col, other.col)
        bottom = min(self.row + self.height, other.row + other.height)
        right = min(self.col + self.width, other.col + other.width)
        return Window(row, col, max(0, bottom - row), max(0, right - col))

    def relative_to(self, other):
        """Return the same window, counted from the upper-left corner of `other`."""
        return replace(self, row=self.row - other.row, col=self.col - other.col)


@dataclass(frozen=True)
class Grid:
    """Geometry of a raster.

    Parameters
    ----------
    crs_wkt : str
        Coordinate reference system as WKT; empty if undefined.
    west, north : float
        Outer corner of the upper-left pixel, in units of the CRS.
    pixel_width, pixel_height : float
        Size of a pixel, both positive, in units of the CRS.
    height, width : int
        Rows and columns.
    """

    crs_wkt: str
    west: float
    north: float
    pixel_width: float
    pixel_height: float
    height: int
    width: int

    @property
    def shape(self):
        """tuple of int: (height, width)."""
        return self.height, self.width

    @property
    def bounds(self):
        """tuple of float: (west, south, east, north), outer edges."""
        return (self.west, self.north - self.height * self.pixel_height,
                self.west + self.width * self.pixel_width, self.north)

    @property
    def transform(self):
        """tuple of float: (a, b, c, d, e, f) of the affine transform from (column, row) to (x, y)."""
        return self.pixel_width, 0.0, self.west, 0.0, -self.pixel_height, self.north

    @property
    def window(self):
        """Window: the whole grid."""
        return Window(0, 0, self.height, self.width)

    def part(self, window):
        """Return the grid of a window, which may exceed this grid."""
        return replace(self, west=self.west + window.col * self.pixel_width,
                       north=self.north - window.row * self.pixel_height,
                       height=window.height, width=window.width)

    def with_pixel_size(self, size):
        """Return a grid with the same upper-left corner and square pixels of `size`, rounded up to whole pixels."""
        west, south, east, north = self.bounds
        return replace(self, pixel_width=size, pixel_height=size,
                       height=_whole_pixels(north - south, size), width=_whole_pixels(east - west, size))

    def window_of(self, bounds):
        """Return the smallest window that covers `bounds` (west, south, east, north); it may exceed the grid."""
        west, south, east, north = bounds
        left = _floor((west - self.west) / self.pixel_width)
        top = _floor((self.north - north) / self.pixel_height)
        right = -_floor((self.west - east) / self.pixel_width)
        bottom = -_floor((south - self.north) / self.pixel_height)
        return Window(top, left, bottom - top, right - left)

    def is_same_as(self, other):
        """Whether shape and corners are equal (within ``ALIGNMENT_TOLERANCE``); the CRS is not compared."""
        return self.shape == other.shape and self.is_aligned_with(other) and self._offset(other) == (0, 0)

    def is_aligned_with(self, other):
        """Whether the pixels of both grids are aligned; the CRS is not compared."""
        if not (math.isclose(self.pixel_width, other.pixel_width, rel_tol=1e-7)
                and math.isclose(self.pixel_height, other.pixel_height, rel_tol=1e-7)):
            return False
        columns = (other.west - self.west) / self.pixel_width
        rows = (self.north - other.north) / self.pixel_height
        return max(abs(columns - round(columns)), abs(rows - round(rows))) <= ALIGNMENT_TOLERANCE

    def _offset(self, other):
        return (round((self.north - other.north) / self.pixel_height),
                round((other.west - self.west) / self.pixel_width))

    def union(self, other):
        """Return the grid that covers both, aligned with this one; `other` must be aligned too.

        Raises
        ------
        UnsuitableInput
            If the grids are not aligned.
        """
        if not self.is_aligned_with(other):
            raise UnsuitableInput("The pixel grids of the rasters are shifted against each other. Resample the rasters "
                                  "to a common grid first.")
        row, col = self._offset(other)
        top, left = min(0, row), min(0, col)
        bottom, right = max(self.height, row + other.height), max(self.width, col + other.width)
        return self.part(Window(top, left, bottom - top, right - left))

    def covering(self, other):
        """Return the grid, aligned with this one, that covers both; `other` may be shifted or differ in pixel size."""
        window = self.window_of(other.bounds)
        top, left = min(0, window.row), min(0, window.col)
        bottom, right = max(self.height, window.row + window.height), max(self.width, window.col + window.width)
        return self.part(Window(top, left, bottom - top, right - left))

    def blocks(self, height, width):
        """Iterate over windows of at most `height` x `width` pixels that tile the grid, row by row from the upper left.

        Yields
        ------
        Window
        """
        for row in range(0, self.height, height):
            for col in range(0, self.width, width):
                yield Window(row, col, min(height, self.height - row), min(width, self.width - col))


def _floor(pixels):
    """Floor with tolerance for rounding errors: 2.9999999 pixels are 3."""
    nearest = round(pixels)
    return nearest if abs(pixels - nearest) <= ALIGNMENT_TOLERANCE else math.floor(pixels)


def _whole_pixels(length, size):
    return max(1, -_floor(-length / size))


def target_grid(grid: Grid, crs_wkt: str, pixel_size: float) -> Grid:
    """Return the grid with square pixels that covers another grid.

    Parameters
    ----------
    grid : Grid
    crs_wkt : str
        Output CRS; empty for that of `grid`.
    pixel_size : float
        Metres; a degree is taken as 111319.49 m at any latitude.

    Returns
    -------
    Grid
        With the upper-left corner of `grid` if the CRS is the same. Otherwise the corner is a multiple of the pixel
        size, so that the grids of neighbouring images are aligned.

    Raises
    ------
    UnsuitableInput
        If the CRS is neither projected nor geographic, or the grid lies outside its domain.
    """
    if not crs_wkt or is_same_crs(grid.crs_wkt, crs_wkt, missing_is_same=True):
        return grid.with_pixel_size(pixel_size)
    size = pixel_size / metres_per_unit(crs_wkt)
    west, south, east, north = bounds_in(grid.bounds, grid.crs_wkt, crs_wkt)
    left, top = math.floor(west / size + 1e-6), math.ceil(north / size - 1e-6)
    right, bottom = math.ceil(east / size - 1e-6), math.floor(south / size + 1e-6)
    return Grid(crs_wkt=crs_wkt, west=left * size, north=top * size, pixel_width=size, pixel_height=size,
                height=max(1, top - bottom), width=max(1, right - left))


# Relative area distortion up to which a grid has the nominal pixel area of its CRS: 10 m pixels have 100 m2 in UTM.
AREA_TOLERANCE = 0.01

# Maximum number of pixels along a row or column of which the area is computed.
AREA_SAMPLES = 9

# Distance in metres over which the area of a pixel changes linearly (to a millionth).
AREA_STEP = 20000.0

# Semi-major axis and eccentricity of WGS 84.
SEMI_MAJOR = 6378137.0
ECCENTRICITY = math.sqrt((2 - 1 / 298.257223563) / 298.257223563)


def pixel_area(grid: Grid, window: Window | None = None) -> float:
    """Return the mean area in square metres of the pixels of a window (default: of the grid).

    See :func:`row_areas`.
    """
    window = window or grid.window
    return float(_areas(grid, window.row + _sampled(window.height), window).mean())


def row_areas(grid: Grid, window: Window) -> NDArray[np.float64]:
    """Return the mean area in square metres of the pixels of each row of a window.

    Parameters
    ----------
    grid : Grid
    window : Window

    Returns
    -------
    ndarray of float64, shape (height,)
        Area on the WGS 84 ellipsoid. Nominal area, the same for all pixels, if that is accurate to 1 % everywhere in
        the grid (UTM, national grids). Square units without a CRS.
    """
    return _areas(grid, np.arange(window.row, window.row + window.height), window)


def _areas(grid: Grid, rows: NDArray[np.int64], window: Window) -> NDArray[np.float64]:
    """Return the mean areas of the pixels of rows between the edges of a window."""
    nominal = _nominal_area(grid)
    if _has_nominal_area(grid):
        return np.full(len(rows), nominal)
    if is_geographic(grid.crs_wkt):
        return _geographic_areas(grid, rows)
    step = max(1, int(AREA_STEP / (grid.pixel_height * metres_per_unit(grid.crs_wkt))))
    nodes = np.unique(np.append(rows[::step], rows[-1:]))
    areas = _projected_areas(grid, nodes, window.col + _sampled(window.width)).mean(axis=1)
    return np.interp(rows, nodes, np.where(np.isfinite(areas), areas, nominal))


def _sampled(size: int) -> NDArray[np.int64]:
    """Return the indices in the centres of equal parts of a row or column: all, if they are few."""
    parts = min(size, AREA_SAMPLES)
    return ((np.arange(parts) + 0.5) / parts * size).astype(np.int64)


@lru_cache(maxsize=64)
def _has_nominal_area(grid: Grid) -> bool:
    if is_geographic(grid.crs_wkt):
        return False
    if not is_projected(grid.crs_wkt):
        return True
    rows, columns = (np.unique(np.linspace(0, size - 1, AREA_SAMPLES).astype(np.int64)) for size in grid.shape)
    areas = _projected_areas(grid, rows, columns)
    areas = areas[np.isfinite(areas) & (areas > 0)]
    return bool((np.abs(_nominal_area(grid) / areas - 1) <= AREA_TOLERANCE).all())


def _nominal_area(grid: Grid) -> float:
    area = grid.pixel_width * grid.pixel_height
    return area * metres_per_unit(grid.crs_wkt) ** 2 if is_projected(grid.crs_wkt) else area


def _geographic_areas(grid: Grid, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the area of the pixels of rows between parallels and meridians."""
    radians = parse_crs(grid.crs_wkt).units_factor[1]
    edges = (grid.north - np.stack([rows, rows + 1]) * grid.pixel_height) * radians
    top, bottom = _authalic_sine(np.clip(edges, -math.pi / 2, math.pi / 2))
    return _squared_authalic_radius() * grid.pixel_width * radians * (top - bottom)


def _projected_areas(grid: Grid, rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the area of pixels, shape (rows, columns): that of their corners on the sphere with equal areas."""
    x = grid.west + np.stack([columns, columns + 1], axis=1).ravel() * grid.pixel_width
    y = grid.north - np.stack([rows, rows + 1], axis=1).ravel() * grid.pixel_height
    x, y = np.meshgrid(x, y)
    longitudes, latitudes = np.radians(transform_points(grid.crs_wkt, WGS84, x.ravel(), y.ravel()))
    sines = _authalic_sine(latitudes)
    cosines = np.sqrt(np.maximum(1 - sines ** 2, 0))
    corners = np.stack([cosines * np.cos(longitudes), cosines * np.sin(longitudes), sines], axis=-1)
    corners = corners.reshape(len(rows), 2, len(columns), 2, 3)
    falling, rising = corners[:, 1, :, 1] - corners[:, 0, :, 0], corners[:, 0, :, 1] - corners[:, 1, :, 0]
    return _squared_authalic_radius() * np.linalg.norm(np.cross(falling, rising), axis=-1) / 2


def _authalic_sine(latitudes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sine of the latitudes (radians) on the sphere with equal areas (Snyder 1987, p. 16)."""
    return _authalic_q(np.sin(latitudes)) / _authalic_q(1.0)


def _squared_authalic_radius() -> float:
    return SEMI_MAJOR ** 2 * float(_authalic_q(1.0)) / 2


def _authalic_q(sine: NDArray[np.float64] | float) -> NDArray[np.float64] | float:
    return (1 - ECCENTRICITY ** 2) * (sine / (1 - (ECCENTRICITY * sine) ** 2)
                                      + np.arctanh(ECCENTRICITY * sine) / ECCENTRICITY)


def grid_differences(first: Grid, other: Grid) -> list[str]:
    """Return the differences between two grids as text; empty if they are the same."""
    differences = []
    if not is_same_crs(first.crs_wkt, other.crs_wkt, missing_is_same=False):
        differences.append(f"the CRS is {crs_name(first.crs_wkt)} and {crs_name(other.crs_wkt)}")
    if first.shape != other.shape:
        differences.append(f"the size is {first.width} x {first.height} and {other.width} x {other.height} pixels")
    if not first.is_aligned_with(other):
        differences.append(f"pixels of {first.pixel_width:g} x {first.pixel_height:g} begin at {_corner(first)} and "
                           f"pixels of {other.pixel_width:g} x {other.pixel_height:g} at {_corner(other)}")
    elif not differences and not first.is_same_as(other):
        differences.append(f"the upper-left corner is {_corner(first)} and {_corner(other)}")
    return differences


def _corner(grid: Grid) -> str:
    return f"({grid.west:.10g}, {grid.north:.10g})"


def require_crs(grid: Grid, path: str) -> None:
    """Raise an error if a raster has no coordinate reference system.

    Parameters
    ----------
    grid : Grid
    path : str
        Path or description of the raster, to begin the message with.

    Raises
    ------
    UnsuitableInput
    """
    if not grid.crs_wkt:
        raise UnsuitableInput(f"{path} has no coordinate reference system. Assign one with the GDAL tool 'Assign "
                              "projection'.")


class _Raster(Protocol):
    path: str
    grid: Grid


def require_same_grid(first: _Raster, other: _Raster) -> None:
    """Raise :class:`GridMismatch` if two rasters (:class:`RasterReader`) do not have the same grid."""
    differences = grid_differences(first.grid, other.grid)
    if differences:
        raise GridMismatch(f"The grids of {first.path} and {other.path} differ: {'; '.join(differences)}. Use rasters "
                           "of the same run.")
