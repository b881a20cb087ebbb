"""The grid of the result, and where in the radar image each of its pixels lies.

Positions are computed exactly on a lattice of pixels of the result and interpolated between, on a lattice so fine that
the interpolation is right to ``TOLERANCE`` pixels; where the projection bends too much (near a pole in degrees) the
lattice is refined down to every pixel.
"""

import numpy as np

from ..errors import UnsuitableInput
from ..raster.grid import Grid
from .geolocation import EARTH_RADIUS, normal_of

STEP = 64
# A cell of the lattice is smaller than this share of what the geolocation reaches beyond the image.
CELL = 0.5
TOLERANCE = 0.01
# Along the rim of the image, and in its inside, this many positions say how large the result must be.
RIM, INNER = 201, 41
# A result with this many times the pixels of the image is a mistake.
MOST_PIXELS = 12
FEWEST_PIXELS = 4
METRES_PER_DEGREE = 111319.49079327358


class ProjectedImage:
    """The relation between one radar image and a CRS.

    Parameters
    ----------
    geolocation : Geolocation
    shape : tuple of int
        (lines, pixels) of the image.
    crs_wkt : str

    Raises
    ------
    UnsuitableInput
        If the CRS cannot hold the scene.
    """

    def __init__(self, geolocation, shape, crs_wkt):
        from rasterio.crs import CRS

        self.geolocation = geolocation
        self.shape = shape
        self.crs_wkt = crs_wkt
        self._crs = CRS.from_wkt(crs_wkt)
        self._degrees = CRS.from_epsg(4326)
        self.is_geographic = self._crs.is_geographic
        self._middle = self.centre[0]
        self.footprint = self._footprint()

    @property
    def centre(self):
        """tuple of float: longitude and latitude of the middle of the image."""
        return tuple(float(place) for place in self.geolocation.place(self.shape[0] / 2, self.shape[1] / 2))

    @property
    def box(self):
        """tuple of float: (west, south, east, north) in degrees; west may be below -180, or east above 180.

        Around a pole it holds all longitudes.
        """
        longitudes, latitudes = self.geolocation.place(*_rim_and_inside(self.shape))
        longitudes = self._middle + np.mod(longitudes - self._middle + 180, 360) - 180
        for pole in (90.0, -90.0):
            line, pixel = self.geolocation.position(np.zeros(1), np.full(1, pole))
            if 0 <= line[0] <= self.shape[0] and 0 <= pixel[0] <= self.shape[1]:
                return (-180.0, *((float(latitudes.min()), 180.0, 90.0) if pole > 0
                                  else (-90.0, 180.0, float(latitudes.max()))))
        return tuple(float(edge) for edge in (longitudes.min(), latitudes.min(), longitudes.max(), latitudes.max()))

    def grid(self, pixel_size):
        """The north-up grid that covers the image; its pixels begin at multiples of their size.

        Parameters
        ----------
        pixel_size : float
            In units of the CRS.

        Returns
        -------
        Grid
        """
        x, y = self.footprint
        left, right = np.floor(x.min() / pixel_size), np.ceil(x.max() / pixel_size)
        bottom, top = np.floor(y.min() / pixel_size), np.ceil(y.max() / pixel_size)
        height, width = int(top - bottom), int(right - left)
        if min(height, width) < FEWEST_PIXELS:
            unit = "degrees" if self.is_geographic else self._crs.linear_units
            raise UnsuitableInput(f"A pixel of {pixel_size:g} is larger than the scene: the units of {self._name()} "
                                  f"are {unit}. Choose smaller pixels, or 0 for those of the product.")
        native = self.metres_per_unit() * pixel_size
        if height * width > MOST_PIXELS * 1e4 + MOST_PIXELS * self._pixels(native):
            raise UnsuitableInput(
                f"With pixels of {pixel_size:g} units in {self._name()} the result would have {width} x {height} "
                "pixels, most of them empty: the scene lies around a pole or an edge of this CRS. Choose a CRS for the "
                "region, such as EPSG:3413 (Arctic) or EPSG:3031 (Antarctic), or larger pixels.")
        return Grid(self.crs_wkt, left * pixel_size, top * pixel_size, pixel_size, pixel_size, height, width)

    def _pixels(self, metres):
        """How many pixels of this size would fill the image."""
        return self.shape[0] * self.shape[1] * (self._ground_spacing() / metres) ** 2

    def _ground_spacing(self):
        """Metres between neighbouring pixels in the middle of the image, the mean of both directions."""
        line, pixel = self.shape[0] / 2, self.shape[1] / 2
        origin, down, across = (EARTH_RADIUS * normal for normal in normal_of(*self.geolocation.place(
            np.array([line, line + 1, line]), np.array([pixel, pixel, pixel + 1]))).T)
        return float(np.sqrt(np.linalg.norm(down - origin) * np.linalg.norm(across - origin)))

    def metres_per_unit(self):
        """Metres on the ground of one unit of the CRS, as the CRS itself says (degrees: of latitude).

        Returns
        -------
        float
        """
        return METRES_PER_DEGREE if self.is_geographic else self._crs.linear_units_factor[1]

    def positions(self, grid, window):
        """Lines, pixels and incidence angles of the pixels of a window.

        Parameters
        ----------
        grid : Grid
        window : Window

        Returns
        -------
        ndarray of float64, shape (3, height, width), or None
            NaN outside the image; None if all of the window is.
        """
        step = self._largest_step(grid)
        while True:
            lattice = _Lattice(window.shape, step)
            planes = self._exact(grid, window, *lattice.places)
            if step == 1:
                break
            if np.isnan(planes[0]).all():
                # Nothing of the image is near: the lattice is finer than any image is small.
                return None
            rows, columns = lattice.centres
            error = np.abs(self._exact(grid, window, rows, columns)[:2] - lattice.between(planes[:2]))
            if not np.nanmax(np.where(np.isnan(error), 0, error)) > TOLERANCE:
                break
            step //= 2
        return lattice.spread(planes)

    def _largest_step(self, grid):
        """The largest power of two that a cell of the lattice may measure, in pixels of the result."""
        reach = CELL * self.geolocation.margin * self._ground_spacing()
        most = reach / (max(grid.pixel_width, grid.pixel_height) * self.metres_per_unit())
        return int(2 ** np.clip(np.floor(np.log2(max(most, 1))), 0, np.log2(STEP)))

    def _exact(self, grid, window, rows, columns):
        """Positions of some pixels of a window: planes of shape (3, rows, columns)."""
        x = grid.west + (window.col + columns + 0.5) * grid.pixel_width
        y = grid.north - (window.row + rows + 0.5) * grid.pixel_height
        x, y = (values.ravel() for values in np.meshgrid(x, y))
        longitudes, latitudes = self.to_degrees(x, y)
        lines, pixels = self.geolocation.position(longitudes, latitudes)
        angles = np.full(lines.shape, np.nan)
        known = np.isfinite(lines)
        angles[known] = self.geolocation.incidence_angle(lines[known], pixels[known])
        return np.stack([lines, pixels, angles]).reshape(3, len(rows), len(columns))

    def to_degrees(self, x, y):
        """Longitudes and latitudes of places in the CRS; NaN where there are none."""
        if self.is_geographic:
            # 185 degrees is a place too, and PROJ need not be asked.
            x = np.mod(x + 180, 360) - 180
        longitudes, latitudes = _transformed(self._crs, self._degrees, x, y)
        lost = ~(np.abs(latitudes) <= 90)
        longitudes[lost] = latitudes[lost] = np.nan
        return longitudes, latitudes

    def from_degrees(self, longitudes, latitudes):
        """Places in the CRS of longitudes and latitudes; those of a scene are never torn at 180 degrees."""
        x, y = _transformed(self._degrees, self._crs, longitudes, latitudes)
        if self.is_geographic:
            x = self._middle + np.mod(x - self._middle + 180, 360) - 180
        return x, y

    def _footprint(self):
        lines, pixels = _rim_and_inside(self.shape)
        longitudes, latitudes = self.geolocation.place(lines, pixels)
        x, y = self.from_degrees(longitudes, latitudes)
        if np.isfinite(x).all() and np.isfinite(y).all():
            again = self.geolocation.position(*self.to_degrees(x, y))
            if np.nanmax(np.abs([again[0] - lines, again[1] - pixels])) < 0.1 and np.isfinite(again).all():
                return x, y
        raise UnsuitableInput(f"{self._name()} cannot hold the scene, which lies around longitude "
                              f"{longitudes.mean():.1f}, latitude {latitudes.mean():.1f}. Choose a CRS for that region,"
                              " such as EPSG:3413 (Arctic) or EPSG:3031 (Antarctic).")

    def _name(self):
        authority = self._crs.to_authority()
        return ":".join(authority) if authority else "The chosen CRS"


class _Lattice:
    """Every n-th pixel of a window, up to and beyond its far edges, and the interpolation between them."""

    def __init__(self, shape, step):
        self._shape, self._step = shape, step
        self.places = tuple(np.arange(-(-(size - 1) // step) + 1) * step if size > 1 else np.zeros(1, int)
                            for size in shape)

    @property
    def centres(self):
        """Places in the middle between the lattice's own."""
        return tuple(places[:-1] + self._step / 2 if len(places) > 1 else places + 0.0 for places in self.places)

    def between(self, planes):
        """What interpolation gives at the centres."""
        for axis in (1, 2):
            if planes.shape[axis] > 1:
                first, second = (np.take(planes, range(start, planes.shape[axis] - 1 + start), axis)
                                 for start in (0, 1))
                planes = (first + second) / 2
        return planes

    def spread(self, planes):
        """Values at every pixel of the window."""
        if self._step == 1:
            return planes[:, :self._shape[0], :self._shape[1]]
        across = np.stack([self._along(plane.T, self._shape[1]).T for plane in planes])
        return np.stack([self._along(plane, self._shape[0]) for plane in across])

    def _along(self, plane, size):
        """Interpolate the rows of a plane."""
        if len(plane) == 1:
            return np.repeat(plane, size, axis=0)
        spread = np.empty(((len(plane) - 1) * self._step + 1, plane.shape[1]))
        share = (np.arange(self._step) / self._step)[:, None]
        for index, (first, second) in enumerate(zip(plane, plane[1:])):
            part = spread[index * self._step:(index + 1) * self._step]
            np.multiply(share, second - first, out=part)
            part += first
        spread[-1] = plane[-1]
        return spread[:size]


def _transformed(source, target, x, y):
    """Coordinates in another CRS; NaN where there are none.

    PROJ gives up at the first place that it cannot transform, so the others are tried without it.
    """
    from rasterio._err import CPLE_BaseError
    from rasterio.warp import transform

    try:
        moved = np.array(transform(source, target, x, y), float)
    except CPLE_BaseError:
        if len(x) == 1:
            return np.full((2, 1), np.nan)
        half = len(x) // 2
        return np.concatenate([_transformed(source, target, x[:half], y[:half]),
                               _transformed(source, target, x[half:], y[half:])], axis=1)
    moved[:, ~np.isfinite(moved).all(axis=0)] = np.nan
    return moved


def _rim_and_inside(shape):
    """Positions along the outer edges of the pixels of an image, and in its inside."""
    down, across = (np.linspace(-0.5, size - 0.5, RIM) for size in shape)
    inner_down, inner_across = (np.linspace(-0.5, size - 0.5, INNER) for size in shape)
    lines = [down, down, np.full(RIM, down[0]), np.full(RIM, down[-1]), np.repeat(inner_down, INNER)]
    pixels = [np.full(RIM, across[0]), np.full(RIM, across[-1]), across, across, np.tile(inner_across, INNER)]
    return np.concatenate(lines), np.concatenate(pixels)
