"""The geometry of a raster as one small value, and the arithmetic of its windows.

A :class:`Grid` is north-up: rows run south, columns run east. A :class:`Window` counts in pixels of its grid.
Everything here is exact integer or float64 arithmetic on tiny values; no file is opened.
"""

import math
from dataclasses import dataclass, replace

from ..errors import UnsuitableInput

# Two grids are the same when their corners agree to this share of a pixel.
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
        """tuple of slice: index an array of the whole grid with it."""
        return slice(self.row, self.row + self.height), slice(self.col, self.col + self.width)

    @property
    def is_empty(self):
        """bool: whether no pixel lies in it."""
        return self.height <= 0 or self.width <= 0

    def padded(self, halo):
        """The window grown by `halo` pixels on each side; it may reach outside its grid."""
        return Window(self.row - halo, self.col - halo, self.height + 2 * halo, self.width + 2 * halo)

    def intersection(self, other):
        """The pixels that lie in both windows (possibly none, see :attr:`is_empty`)."""
        row, col = max(self.row, other.row), max(self.col, other.col)
        bottom = min(self.row + self.height, other.row + other.height)
        right = min(self.col + self.width, other.col + other.width)
        return Window(row, col, max(0, bottom - row), max(0, right - col))

    def relative_to(self, other):
        """The same pixels, counted from the upper-left corner of `other`."""
        return replace(self, row=self.row - other.row, col=self.col - other.col)


@dataclass(frozen=True)
class Grid:
    """Where the pixels of a raster lie.

    Parameters
    ----------
    crs_wkt : str
        Coordinate reference system as WKT; empty where the file has none.
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
        """Window: all of it."""
        return Window(0, 0, self.height, self.width)

    def part(self, window):
        """The grid of a window (which may reach outside)."""
        return replace(self, west=self.west + window.col * self.pixel_width,
                       north=self.north - window.row * self.pixel_height,
                       height=window.height, width=window.width)

    def with_pixel_size(self, size):
        """The same upper-left corner with square pixels of another size; partial pixels at the far edges are kept."""
        west, south, east, north = self.bounds
        return replace(self, pixel_width=size, pixel_height=size,
                       height=_whole_pixels(north - south, size), width=_whole_pixels(east - west, size))

    def window_of(self, bounds):
        """The smallest window whose pixels cover `bounds` (west, south, east, north); it may reach outside."""
        west, south, east, north = bounds
        left = _floor((west - self.west) / self.pixel_width)
        top = _floor((self.north - north) / self.pixel_height)
        right = -_floor((self.west - east) / self.pixel_width)
        bottom = -_floor((south - self.north) / self.pixel_height)
        return Window(top, left, bottom - top, right - left)

    def is_same_as(self, other):
        """Whether both have the same shape and corners (to a thousandth of a pixel); the CRS is not compared."""
        return self.shape == other.shape and self.is_aligned_with(other) and self._offset(other) == (0, 0)

    def is_aligned_with(self, other):
        """Whether the pixels of both fall on the same lattice; the CRS is not compared."""
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
        """The grid on this lattice that covers both; `other` must be aligned.

        Raises
        ------
        UnsuitableInput
            If the pixels of `other` do not fall on this lattice.
        """
        if not self.is_aligned_with(other):
            raise UnsuitableInput("The rasters lie on pixel grids that are shifted against each other.")
        row, col = self._offset(other)
        top, left = min(0, row), min(0, col)
        bottom, right = max(self.height, row + other.height), max(self.width, col + other.width)
        return self.part(Window(top, left, bottom - top, right - left))

    def covering(self, other):
        """The grid on this lattice that covers both; `other` may be shifted against it or have other pixels."""
        window = self.window_of(other.bounds)
        top, left = min(0, window.row), min(0, window.col)
        bottom, right = max(self.height, window.row + window.height), max(self.width, window.col + window.width)
        return self.part(Window(top, left, bottom - top, right - left))

    def blocks(self, height, width):
        """Windows of at most `height` x `width` pixels that tile the grid, row by row from the upper left.

        Yields
        ------
        Window
        """
        for row in range(0, self.height, height):
            for col in range(0, self.width, width):
                yield Window(row, col, min(height, self.height - row), min(width, self.width - col))


def _floor(pixels):
    """Floor that forgives rounding noise: 2.9999999 pixels are 3."""
    nearest = round(pixels)
    return nearest if abs(pixels - nearest) <= ALIGNMENT_TOLERANCE else math.floor(pixels)


def _whole_pixels(length, size):
    return max(1, -_floor(-length / size))
