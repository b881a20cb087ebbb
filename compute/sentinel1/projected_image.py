"""Output grid of a scene, and image positions of its pixels.

Image positions are computed exactly on a lattice of output pixels and interpolated between. The lattice is refined,
down to every pixel (near a pole in geographic coordinates), until the error is below ``TOLERANCE`` pixels.
"""

import numpy as np

from ..errors import UnsuitableInput
from ..raster.crs import WGS84, crs_code, is_geographic, metres_per_unit, transform_points, unit_name
from ..raster.grid import Grid
from ..units import MEAN_EARTH_RADIUS
from .geolocation_grid import normal_of

STEP = 64

# Maximum size of a lattice cell, as a fraction of the margin of the geolocation beyond the image.
MAX_CELL_FRACTION = 0.5
TOLERANCE = 0.01

# Number of positions along each edge, and along each axis of the interior, that define the footprint of the image.
RIM_POINTS, INNER_POINTS = 201, 41

# Maximum ratio of output pixels to image pixels; larger outputs are rejected as mistakes.
MAX_PIXEL_RATIO = 12
MIN_SIZE = 4


class ProjectedImage:
    """A radar image projected to a CRS.

    Parameters
    ----------
    geolocation : Geolocation
    shape : tuple of int
        (lines, pixels) of the image.
    crs_wkt : str

    Raises
    ------
    UnsuitableInput
        If the scene lies outside the domain of the CRS.
    """

    def __init__(self, geolocation, shape, crs_wkt):
        self.geolocation = geolocation
        self.shape = shape
        self.crs_wkt = crs_wkt
        self.is_geographic = is_geographic(crs_wkt)
        self._central_longitude = self.centre[0]
        self.footprint = self._footprint()

    @property
    def centre(self):
        """tuple of float: longitude and latitude of the image centre."""
        return tuple(float(degrees) for degrees in self.geolocation.to_lonlat(self.shape[0] / 2, self.shape[1] / 2))

    @property
    def lonlat_bounds(self):
        """tuple of float: (west, south, east, north) in degrees; west may be below -180, or east above 180.

        All longitudes if the image contains a pole.
        """
        longitudes, latitudes = self.geolocation.to_lonlat(*_rim_and_interior(self.shape))
        longitudes = self._central_longitude + np.mod(longitudes - self._central_longitude + 180, 360) - 180
        for pole in (90.0, -90.0):
            line, pixel = self.geolocation.to_image(np.zeros(1), np.full(1, pole))
            if 0 <= line[0] <= self.shape[0] and 0 <= pixel[0] <= self.shape[1]:
                return (-180.0, *((float(latitudes.min()), 180.0, 90.0) if pole > 0
                                  else (-90.0, 180.0, float(latitudes.max()))))
        return tuple(float(edge) for edge in (longitudes.min(), latitudes.min(), longitudes.max(), latitudes.max()))

    def grid(self, pixel_size):
        """Return the north-up grid that covers the image, aligned to multiples of the pixel size.

        Parameters
        ----------
        pixel_size : float
            In units of the CRS.

        Returns
        -------
        Grid

        Raises
        ------
        UnsuitableInput
            If the pixel size is larger than the scene, or so small that the output would be mostly empty.
        """
        x, y = self.footprint
        left, right = np.floor(x.min() / pixel_size), np.ceil(x.max() / pixel_size)
        bottom, top = np.floor(y.min() / pixel_size), np.ceil(y.max() / pixel_size)
        height, width = int(top - bottom), int(right - left)
        if min(height, width) < MIN_SIZE:
            raise UnsuitableInput(f"A pixel size of {pixel_size:g} is larger than the scene: the units of "
                                  f"{self._name()} are {unit_name(self.crs_wkt)}. Choose a smaller pixel size, or 0 "
                                  "for that of the product.")
        native = metres_per_unit(self.crs_wkt) * pixel_size
        if height * width > MAX_PIXEL_RATIO * 1e4 + MAX_PIXEL_RATIO * self._pixels(native):
            raise UnsuitableInput(
                f"With a pixel size of {pixel_size:g} in {self._name()} the output would have {width} x {height} "
                "pixels, most of them empty: the scene lies around a pole or an edge of this CRS. Choose a CRS for the "
                "region, such as EPSG:3413 (Arctic) or EPSG:3031 (Antarctic), or a larger pixel size.")
        return Grid(self.crs_wkt, left * pixel_size, top * pixel_size, pixel_size, pixel_size, height, width)

    def _pixels(self, metres):
        """Return the number of pixels of this size in the image."""
        return self.shape[0] * self.shape[1] * (self._ground_spacing() / metres) ** 2

    def _ground_spacing(self):
        """Return the pixel spacing on the ground in metres at the image centre, as the mean of both directions."""
        line, pixel = self.shape[0] / 2, self.shape[1] / 2
        origin, down, across = (MEAN_EARTH_RADIUS * normal for normal in normal_of(*self.geolocation.to_lonlat(
            np.array([line, line + 1, line]), np.array([pixel, pixel, pixel + 1]))).T)
        return float(np.sqrt(np.linalg.norm(down - origin) * np.linalg.norm(across - origin)))

    def positions(self, grid, window):
        """Return image lines, image pixels and incidence angles of the pixels of a window.

        Parameters
        ----------
        grid : Grid
        window : Window

        Returns
        -------
        ndarray of float64, shape (3, height, width), or None
            NaN outside the image; None if the whole window is outside.
        """
        step = self._largest_step(grid)
        while True:
            lattice = _Lattice(window.shape, step)
            planes = self._compute_positions(grid, window, *lattice.nodes)
            if step == 1:
                break
            if np.isnan(planes[0]).all():
                # The window does not intersect the image, as lattice cells are smaller than any image.
                return None
            rows, columns = lattice.centres
            error = np.abs(self._compute_positions(grid, window, rows, columns)[:2] - lattice.at_centres(planes[:2]))
            if not np.nanmax(np.where(np.isnan(error), 0, error)) > TOLERANCE:
                break
            step //= 2
        return lattice.at_pixels(planes)

    def _largest_step(self, grid):
        """Return the largest allowed lattice spacing in output pixels, a power of two."""
        max_metres = MAX_CELL_FRACTION * self.geolocation.margin * self._ground_spacing()
        max_pixels = max_metres / (max(grid.pixel_width, grid.pixel_height) * metres_per_unit(self.crs_wkt))
        return int(2 ** np.clip(np.floor(np.log2(max(max_pixels, 1))), 0, np.log2(STEP)))

    def _compute_positions(self, grid, window, rows, columns):
        """Compute lines, pixels and incidence angles at rows and columns of a window, shape (3, rows, columns)."""
        x = grid.west + (window.col + columns + 0.5) * grid.pixel_width
        y = grid.north - (window.row + rows + 0.5) * grid.pixel_height
        x, y = (values.ravel() for values in np.meshgrid(x, y))
        longitudes, latitudes = self.to_lonlat(x, y)
        lines, pixels = self.geolocation.to_image(longitudes, latitudes)
        angles = np.full(lines.shape, np.nan)
        finite = np.isfinite(lines)
        angles[finite] = self.geolocation.incidence_angle(lines[finite], pixels[finite])
        return np.stack([lines, pixels, angles]).reshape(3, len(rows), len(columns))

    def to_lonlat(self, x, y):
        """Transform CRS coordinates to longitudes and latitudes; NaN outside the domain of the CRS."""
        if self.is_geographic:
            # Longitudes beyond 180 degrees are valid.
            x = np.mod(x + 180, 360) - 180
        longitudes, latitudes = _transform(self.crs_wkt, WGS84, x, y)
        undefined = ~(np.abs(latitudes) <= 90)
        longitudes[undefined] = latitudes[undefined] = np.nan
        return longitudes, latitudes

    def from_lonlat(self, longitudes, latitudes):
        """Transform longitudes and latitudes to CRS coordinates, without a discontinuity at 180 degrees in a scene."""
        x, y = _transform(WGS84, self.crs_wkt, longitudes, latitudes)
        if self.is_geographic:
            x = self._central_longitude + np.mod(x - self._central_longitude + 180, 360) - 180
        return x, y

    def _footprint(self):
        lines, pixels = _rim_and_interior(self.shape)
        longitudes, latitudes = self.geolocation.to_lonlat(lines, pixels)
        x, y = self.from_lonlat(longitudes, latitudes)
        if np.isfinite(x).all() and np.isfinite(y).all():
            again = self.geolocation.to_image(*self.to_lonlat(x, y))
            if np.nanmax(np.abs([again[0] - lines, again[1] - pixels])) < 0.1 and np.isfinite(again).all():
                return x, y
        raise UnsuitableInput(f"The scene, around longitude {longitudes.mean():.1f} and latitude "
                              f"{latitudes.mean():.1f}, lies outside the domain of {self._name()}. Choose a CRS for "
                              "that region, such as EPSG:3413 (Arctic) or EPSG:3031 (Antarctic).")

    def _name(self):
        return crs_code(self.crs_wkt) or "the selected CRS"


class _Lattice:
    """Lattice of every n-th pixel of a window, up to and beyond its far edges, and interpolation between its nodes."""

    def __init__(self, shape, step):
        self._shape, self._step = shape, step
        self.nodes = tuple(np.arange(-(-(size - 1) // step) + 1) * step if size > 1 else np.zeros(1, int)
                           for size in shape)

    @property
    def centres(self):
        """tuple of ndarray: rows and columns of the cell centres."""
        return tuple(nodes[:-1] + self._step / 2 if len(nodes) > 1 else nodes + 0.0 for nodes in self.nodes)

    def at_centres(self, planes):
        """Interpolate at the cell centres."""
        for axis in (1, 2):
            if planes.shape[axis] > 1:
                first, second = (np.take(planes, range(start, planes.shape[axis] - 1 + start), axis)
                                 for start in (0, 1))
                planes = (first + second) / 2
        return planes

    def at_pixels(self, planes):
        """Interpolate at every pixel of the window."""
        if self._step == 1:
            return planes[:, :self._shape[0], :self._shape[1]]
        across = np.stack([self._along(plane.T, self._shape[1]).T for plane in planes])
        return np.stack([self._along(plane, self._shape[0]) for plane in across])

    def _along(self, plane, size):
        """Interpolate the rows of a plane."""
        if len(plane) == 1:
            return np.repeat(plane, size, axis=0)
        values = np.empty(((len(plane) - 1) * self._step + 1, plane.shape[1]))
        fraction = (np.arange(self._step) / self._step)[:, None]
        for index, (first, second) in enumerate(zip(plane, plane[1:])):
            part = values[index * self._step:(index + 1) * self._step]
            np.multiply(fraction, second - first, out=part)
            part += first
        values[-1] = plane[-1]
        return values[:size]


def _transform(source, target, x, y):
    """Transform coordinates to another CRS; NaN outside its domain."""
    transformed = transform_points(source, target, x, y)
    transformed[:, ~np.isfinite(transformed).all(axis=0)] = np.nan
    return transformed


def _rim_and_interior(shape):
    """Return image positions along the outer edges and in the interior of an image."""
    down, across = (np.linspace(-0.5, size - 0.5, RIM_POINTS) for size in shape)
    inner_down, inner_across = (np.linspace(-0.5, size - 0.5, INNER_POINTS) for size in shape)
    lines = [down, down, np.full(RIM_POINTS, down[0]), np.full(RIM_POINTS, down[-1]),
             np.repeat(inner_down, INNER_POINTS)]
    pixels = [np.full(RIM_POINTS, across[0]), np.full(RIM_POINTS, across[-1]), across, across,
              np.tile(inner_across, INNER_POINTS)]
    return np.concatenate(lines), np.concatenate(pixels)
