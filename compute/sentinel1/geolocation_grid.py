"""Geolocation: image position to longitude and latitude and back, from the geolocation grid of a product.

The grid points are converted to unit vectors (ellipsoid normals) and projected onto a plane tangent at the scene
centre, so that poles and the antimeridian need no special treatment. Bicubic splines interpolate the points in that
plane; they are inverted by Newton's method.
"""

from dataclasses import replace

import numpy as np

from ..units import MEAN_EARTH_RADIUS

# The grid is extrapolated beyond the image by this fraction of its spacing, so that the inversion converges there.
MARGIN = 0.75
ITERATIONS = 8

# Convergence criterion of Newton's method, in pixels.
CONVERGENCE = 1e-4


class Geolocation:
    """Geometry of one image.

    Lines and pixels refer to pixel centres: (0, 0) is the centre of the first pixel.

    Parameters
    ----------
    grid : GeolocationGrid

    Attributes
    ----------
    margin : float
        Lines and pixels beyond the grid for which positions are available.
    """

    def __init__(self, grid):
        from scipy.interpolate import RectBivariateSpline

        normals = normal_of(grid.longitudes, grid.latitudes)
        self._frame = _tangent_frame(normals.reshape(3, -1).mean(axis=1))
        plane = np.tensordot(self._frame[:2], normals, 1)
        lines, pixels = _extend_axis(grid.lines.astype(float)), _extend_axis(grid.pixels.astype(float))
        degrees = min(3, len(lines) - 1), min(3, len(pixels) - 1)
        self._east, self._north, self._angle = (
            RectBivariateSpline(lines, pixels, _extrapolate(values, grid.lines, grid.pixels, lines, pixels),
                                kx=degrees[0], ky=degrees[1], s=0)
            for values in (*plane, grid.incidence_angles))
        self._max_radius = float(np.hypot(*plane).max()) * 1.2
        self._initial = _InitialPosition(plane, grid.lines, grid.pixels)
        self._bounds = lines[[0, -1]], pixels[[0, -1]]
        self.margin = MARGIN * min(np.diff(axis)[end] for axis in (grid.lines, grid.pixels) for end in (0, -1))

    def to_lonlat(self, lines, pixels):
        """Return longitudes and latitudes (degrees) of image positions.

        Parameters
        ----------
        lines, pixels : ndarray of float

        Returns
        -------
        tuple of ndarray
        """
        east, north = self._east.ev(lines, pixels), self._north.ev(lines, pixels)
        up = np.sqrt(np.maximum(1 - east ** 2 - north ** 2, 0))
        x, y, z = np.tensordot(self._frame.T, np.stack([east, north, up]), 1)
        return np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))

    def to_image(self, longitudes, latitudes):
        """Return image positions of geographic coordinates; NaN far outside the image.

        Parameters
        ----------
        longitudes, latitudes : ndarray of float
            Degrees; may contain NaN.

        Returns
        -------
        tuple of ndarray
            Lines and pixels.
        """
        shape = np.shape(longitudes)
        east, north, up = np.tensordot(self._frame, normal_of(np.ravel(longitudes), np.ravel(latitudes)), 1)
        lines, pixels = np.full(east.shape, np.nan), np.full(east.shape, np.nan)
        near = np.flatnonzero((up > 0) & (np.hypot(east, north) < self._max_radius))
        if near.size:
            lines[near], pixels[near] = self._newton(east[near], north[near])
        return lines.reshape(shape), pixels.reshape(shape)

    def incidence_angle(self, lines, pixels):
        """Return the incidence angle in degrees at image positions.

        Returns
        -------
        ndarray
        """
        return self._angle.ev(lines, pixels)

    def _newton(self, east, north):
        (top, bottom), (left, right) = self._bounds
        lines, pixels = self._initial(east, north)
        lines, pixels = np.clip(lines, top, bottom), np.clip(pixels, left, right)
        moved = np.full(lines.shape, np.inf)
        active = np.arange(len(lines))
        for _ in range(ITERATIONS):
            at = lines[active], pixels[active]
            east_off, north_off = east[active] - self._east.ev(*at), north[active] - self._north.ev(*at)
            east_line, east_pixel = self._east.ev(*at, dx=1), self._east.ev(*at, dy=1)
            north_line, north_pixel = self._north.ev(*at, dx=1), self._north.ev(*at, dy=1)
            determinant = east_line * north_pixel - east_pixel * north_line
            line_step = (east_off * north_pixel - north_off * east_pixel) / determinant
            pixel_step = (north_off * east_line - east_off * north_line) / determinant
            lines[active] = np.clip(at[0] + line_step, top, bottom)
            pixels[active] = np.clip(at[1] + pixel_step, left, right)
            moved[active] = np.maximum(np.abs(line_step), np.abs(pixel_step))
            active = active[moved[active] > CONVERGENCE]
            if not active.size:
                break
        unconverged = ~(moved <= CONVERGENCE)
        lines[unconverged] = pixels[unconverged] = np.nan
        return lines, pixels


def at_sea_level(grid):
    """Move the grid points from their heights to sea level, at the same slant range.

    A point at a height has the slant range of a point at sea level that is nearer to the satellite by
    height / tan(incidence angle). Without this correction, interpolation between land and sea points shifts the sea
    along mountainous coasts by hundreds of metres.

    Parameters
    ----------
    grid : GeolocationGrid

    Returns
    -------
    GeolocationGrid
    """
    normals = normal_of(grid.longitudes, grid.latitudes)
    away = np.gradient(normals, grid.pixels, axis=2)
    away /= np.linalg.norm(away, axis=0)
    x, y, z = normals - away * grid.heights / np.tan(np.radians(grid.incidence_angles)) / MEAN_EARTH_RADIUS
    return replace(grid, longitudes=np.degrees(np.arctan2(y, x)), latitudes=np.degrees(np.arctan2(z, np.hypot(x, y))),
                   heights=np.zeros_like(grid.heights))


class _InitialPosition:
    """Initial image position for Newton's method, accurate to some pixels: a cubic polynomial of plane coordinates."""

    def __init__(self, plane, lines, pixels):
        east, north = (values.ravel() for values in plane)
        self._scale = max(np.abs(east).max(), np.abs(north).max())
        order = 3 if min(plane.shape[1:]) > 3 else 1
        self._powers = [(i, j) for i in range(order + 1) for j in range(order + 1 - i)]
        positions = np.stack([np.repeat(lines, len(pixels)), np.tile(pixels, len(lines))], axis=1)
        self._weights = np.linalg.lstsq(self._terms(east, north), positions, rcond=None)[0]

    def __call__(self, east, north):
        lines, pixels = (self._terms(east, north) @ self._weights).T
        return lines, pixels

    def _terms(self, east, north):
        east, north = east / self._scale, north / self._scale
        return np.stack([east ** i * north ** j for i, j in self._powers], axis=1)


def normal_of(longitudes, latitudes):
    """Return unit vectors normal to the ellipsoid, of shape (3, ...), from degrees."""
    longitudes, latitudes = np.radians(longitudes), np.radians(latitudes)
    return np.stack([np.cos(latitudes) * np.cos(longitudes), np.cos(latitudes) * np.sin(longitudes),
                     np.sin(latitudes)])


def _tangent_frame(centre):
    """Return, as rows, two unit vectors of the plane tangent to the sphere at `centre`, and its normal."""
    up = centre / np.linalg.norm(centre)
    aside = np.array([0.0, 0.0, 1.0]) if abs(up[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    east = np.cross(aside, up)
    east /= np.linalg.norm(east)
    return np.stack([east, np.cross(up, east), up])


def _extend_axis(axis):
    """Return grid lines or pixels with one more on either side."""
    before, after = (axis[1] - axis[0]) * MARGIN, (axis[-1] - axis[-2]) * MARGIN
    return np.concatenate([[axis[0] - before], axis, [axis[-1] + after]])


def _extrapolate(values, lines, pixels, extended_lines, extended_pixels):
    """Return grid values with an outer ring extrapolated by quadratic polynomials."""
    down = _extrapolate_along(values, lines, extended_lines)
    return _extrapolate_along(down.T, pixels, extended_pixels).T


def _extrapolate_along(values, axis, extended_axis):
    first, last = (_polynomial(values[part], axis[part], position)
                   for part, position in ((slice(None, 3), extended_axis[0]), (slice(-3, None), extended_axis[-1])))
    return np.concatenate([first[None], values, last[None]])


def _polynomial(values, nodes, position):
    """Evaluate the Lagrange polynomial through rows of values at a position."""
    result = np.zeros(values.shape[1:])
    for index, node in enumerate(nodes):
        others = np.delete(np.asarray(nodes, float), index)
        result += values[index] * np.prod((position - others) / (node - others))
    return result
