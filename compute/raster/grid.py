"""Raster grids and pixel windows.

A :class:`Grid` is north-up: rows run south, columns run east. A :class:`Window` is given in pixels of its grid.
"""

import math
from dataclasses import dataclass, replace

from ..errors import UnsuitableInput

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
