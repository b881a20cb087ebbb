"""``Grid``, ``Window``, target grid, grid comparison, pixel area.

Raster grids and pixel windows.

A :class:`Grid` is north-up: rows run south, columns run east. A :class:`Window` is given in pixels of its grid.

Output grids: in the CRS of the input or in another CRS.

True area of a pixel, in any coordinate reference system.
"""

import math
import re
from dataclasses import dataclass, replace

from ..errors import GridMismatch, UnsuitableInput
from .crs import _same_crs, bounds_in, metres_per_unit, same_crs

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


def target_grid(grid, crs_wkt, pixel_size):
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
    if not crs_wkt or same_crs(grid.crs_wkt, crs_wkt):
        return grid.with_pixel_size(pixel_size)
    size = pixel_size / metres_per_unit(crs_wkt)
    west, south, east, north = bounds_in(grid, crs_wkt)
    left, top = math.floor(west / size + 1e-6), math.ceil(north / size - 1e-6)
    right, bottom = math.ceil(east / size - 1e-6), math.floor(south / size + 1e-6)
    return Grid(crs_wkt=crs_wkt, west=left * size, north=top * size, pixel_width=size, pixel_height=size,
                height=max(1, top - bottom), width=max(1, right - left))


SEMI_MAJOR, FLATTENING = 6378137.0, 1 / 298.257223563

# Relative area distortion up to which the nominal pixel area of a projected CRS is used: 10 m pixels have 100 m2.
AREA_TOLERANCE = 0.01

# Distance in pixels, on either side, over which the scale of the projection is measured.
STEP = 50


def pixel_area(grid, window=None):
    """Return the area in square metres of a pixel in the centre of a window.

    Parameters
    ----------
    grid : Grid
    window : Window, optional
        The whole grid by default.

    Returns
    -------
    float
        Area on the WGS 84 ellipsoid for geographic CRSs and for projections that distort areas (Web Mercator), nominal
        area for other projections (UTM, national grids). Square units without a CRS.
    """
    from rasterio.crs import CRS
    from rasterio.errors import CRSError
    from rasterio.warp import transform

    nominal = grid.pixel_width * grid.pixel_height
    crs = CRS.from_wkt(grid.crs_wkt) if grid.crs_wkt else None
    if crs is None:
        return nominal
    part = grid.part(window or grid.window)
    west, south, east, north = part.bounds
    x, y = (west + east) / 2, (south + north) / 2
    dx, dy = STEP * grid.pixel_width, STEP * grid.pixel_height
    if crs.is_geographic:
        unit = crs.units_factor[1] * 180 / math.pi
        return nominal * unit ** 2 * _square_degree(y * unit)
    nominal *= crs.linear_units_factor[1] ** 2
    try:
        longitudes, latitudes = transform(crs, CRS.from_epsg(4326), [x - dx, x + dx, x, x, x],
                                          [y, y, y - dy, y + dy, y])
    except CRSError:
        return nominal
    if not all(map(math.isfinite, (*longitudes, *latitudes))):
        return nominal
    square_degrees = abs((longitudes[1] - longitudes[0]) * (latitudes[3] - latitudes[2])
                         - (longitudes[3] - longitudes[2]) * (latitudes[1] - latitudes[0])) / (2 * STEP) ** 2
    true = square_degrees * _square_degree(latitudes[4])
    return true if true and abs(nominal / true - 1) > AREA_TOLERANCE else nominal


def _square_degree(latitude):
    """Return the area of a square degree in square metres, from the radii of curvature (Snyder 1987, pp. 24-25)."""
    squared_eccentricity = FLATTENING * (2 - FLATTENING)
    factor = 1 - squared_eccentricity * math.sin(math.radians(latitude)) ** 2
    meridian, normal = SEMI_MAJOR * (1 - squared_eccentricity) / factor ** 1.5, SEMI_MAJOR / math.sqrt(factor)
    return math.radians(1) ** 2 * meridian * normal * math.cos(math.radians(latitude))


def grid_differences(first, other):
    """Differences between two grids, as text.

    Parameters
    ----------
    first, other : Grid

    Returns
    -------
    list of str
        Empty if they are the same.
    """
    differences = []
    if not _same_crs(first.crs_wkt, other.crs_wkt):
        differences.append(f"the CRS is {_crs_name(first.crs_wkt)} and {_crs_name(other.crs_wkt)}")
    if first.shape != other.shape:
        differences.append(f"the size is {first.width} x {first.height} and {other.width} x {other.height} pixels")
    if not first.is_aligned_with(other):
        differences.append(f"pixels of {first.pixel_width:g} x {first.pixel_height:g} begin at {_corner(first)} and "
                           f"pixels of {other.pixel_width:g} x {other.pixel_height:g} at {_corner(other)}")
    elif not differences and not first.is_same_as(other):
        differences.append(f"the upper-left corner is {_corner(first)} and {_corner(other)}")
    return differences


def _corner(grid):
    return f"({grid.west:.10g}, {grid.north:.10g})"


def _crs_name(wkt):
    found = re.search(r'"([^"]+)"', wkt)
    return found.group(1) if found else "unknown"


def require_same_grid(first, other):
    """Raise an error if two rasters do not have the same grid.

    Parameters
    ----------
    first, other : RasterReader

    Raises
    ------
    GridMismatch
    """
    differences = grid_differences(first.grid, other.grid)
    if differences:
        raise GridMismatch(f"The grids of {first.path} and {other.path} differ: {'; '.join(differences)}. Use rasters "
                           "of the same run.")
