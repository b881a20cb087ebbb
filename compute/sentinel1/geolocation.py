"""From image position to place on Earth and back, through the geolocation grid of a product.

The grid's points become unit vectors (normals of the ellipsoid) and are seen from above the middle of the scene, so
that neither a pole nor the line of 180 degrees is special. In that plane a bicubic spline passes exactly through all
points; it is inverted by Newton's method.
"""

from dataclasses import replace

import numpy as np

EARTH_RADIUS = 6371008.8
# The grid goes on beyond the image by this share of the distance of its points: the inverse must find its way there.
MARGIN = 0.75
ITERATIONS = 8
# Newton's method has arrived when the position moves by less than this many pixels.
ARRIVED = 1e-4


class Geolocation:
    """The geometry of one image.

    Line and pixel count pixel centres: (0, 0) is the middle of the first pixel.

    Parameters
    ----------
    grid : GeolocationGrid

    Attributes
    ----------
    margin : float
        Lines and pixels beyond the grid for which positions are known.
    """

    def __init__(self, grid):
        from scipy.interpolate import RectBivariateSpline

        normals = normal_of(grid.longitudes, grid.latitudes)
        self._frame = _frame_above(normals.reshape(3, -1).mean(axis=1))
        plane = np.tensordot(self._frame[:2], normals, 1)
        lines, pixels = _extended(grid.lines.astype(float)), _extended(grid.pixels.astype(float))
        degrees = min(3, len(lines) - 1), min(3, len(pixels) - 1)
        self._east, self._north, self._angle = (
            RectBivariateSpline(lines, pixels, _continued(values, grid.lines, grid.pixels, lines, pixels),
                                kx=degrees[0], ky=degrees[1], s=0)
            for values in (*plane, grid.incidence_angles))
        self._reach = float(np.hypot(*plane).max()) * 1.2
        self._guess = _Guess(plane, grid.lines, grid.pixels)
        self._bounds = lines[[0, -1]], pixels[[0, -1]]
        self.margin = MARGIN * min(np.diff(places)[end] for places in (grid.lines, grid.pixels) for end in (0, -1))

    def place(self, lines, pixels):
        """Longitudes and latitudes (degrees) of image positions.

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

    def position(self, longitudes, latitudes):
        """Image positions of places; NaN far outside the image.

        Parameters
        ----------
        longitudes, latitudes : ndarray of float
            Degrees; NaN is allowed.

        Returns
        -------
        tuple of ndarray
            Lines and pixels.
        """
        shape = np.shape(longitudes)
        east, north, up = np.tensordot(self._frame, normal_of(np.ravel(longitudes), np.ravel(latitudes)), 1)
        lines, pixels = np.full(east.shape, np.nan), np.full(east.shape, np.nan)
        near = np.flatnonzero((up > 0) & (np.hypot(east, north) < self._reach))
        if near.size:
            lines[near], pixels[near] = self._newton(east[near], north[near])
        return lines.reshape(shape), pixels.reshape(shape)

    def incidence_angle(self, lines, pixels):
        """Incidence angle in degrees at image positions.

        Returns
        -------
        ndarray
        """
        return self._angle.ev(lines, pixels)

    def _newton(self, east, north):
        (top, bottom), (left, right) = self._bounds
        lines, pixels = self._guess(east, north)
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
            active = active[moved[active] > ARRIVED]
            if not active.size:
                break
        lost = ~(moved <= ARRIVED)
        lines[lost] = pixels[lost] = np.nan
        return lines, pixels


def at_sea_level(grid):
    """The grid with its points where the radar would see the sea instead of land that is there.

    A point at a height is seen as far away as one at sea level that lies nearer to the satellite by
    height / tan(incidence angle). Along mountainous coasts the sea between a point on land and one at sea is otherwise
    drawn towards the land, by hundreds of metres.

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
    x, y, z = normals - away * grid.heights / np.tan(np.radians(grid.incidence_angles)) / EARTH_RADIUS
    return replace(grid, longitudes=np.degrees(np.arctan2(y, x)), latitudes=np.degrees(np.arctan2(z, np.hypot(x, y))),
                   heights=np.zeros_like(grid.heights))


class _Guess:
    """Image position as a cubic polynomial of the plane: right to some pixels, where Newton's method begins."""

    def __init__(self, plane, lines, pixels):
        east, north = (values.ravel() for values in plane)
        self._scale = max(np.abs(east).max(), np.abs(north).max())
        order = 3 if min(plane.shape[1:]) > 3 else 1
        self._powers = [(i, j) for i in range(order + 1) for j in range(order + 1 - i)]
        places = np.stack([np.repeat(lines, len(pixels)), np.tile(pixels, len(lines))], axis=1)
        self._weights = np.linalg.lstsq(self._terms(east, north), places, rcond=None)[0]

    def __call__(self, east, north):
        lines, pixels = (self._terms(east, north) @ self._weights).T
        return lines, pixels

    def _terms(self, east, north):
        east, north = east / self._scale, north / self._scale
        return np.stack([east ** i * north ** j for i, j in self._powers], axis=1)


def normal_of(longitudes, latitudes):
    """Unit vectors normal to the ellipsoid, of shape (3, ...), from degrees."""
    longitudes, latitudes = np.radians(longitudes), np.radians(latitudes)
    return np.stack([np.cos(latitudes) * np.cos(longitudes), np.cos(latitudes) * np.sin(longitudes),
                     np.sin(latitudes)])


def _frame_above(centre):
    """Rows: unit vectors of a plane that touches the sphere at `centre`, and the vector to `centre` itself."""
    up = centre / np.linalg.norm(centre)
    aside = np.array([0.0, 0.0, 1.0]) if abs(up[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    east = np.cross(aside, up)
    east /= np.linalg.norm(east)
    return np.stack([east, np.cross(up, east), up])


def _extended(places):
    """Positions with one more on either side."""
    before, after = (places[1] - places[0]) * MARGIN, (places[-1] - places[-2]) * MARGIN
    return np.concatenate([[places[0] - before], places, [places[-1] + after]])


def _continued(values, lines, pixels, more_lines, more_pixels):
    """Values of the grid with an outer ring that goes on as the last points go."""
    down = _continued_along(values, lines, more_lines)
    return _continued_along(down.T, pixels, more_pixels).T


def _continued_along(values, places, more):
    first, last = (_polynomial(values[part], places[part], place)
                   for part, place in ((slice(None, 3), more[0]), (slice(-3, None), more[-1])))
    return np.concatenate([first[None], values, last[None]])


def _polynomial(values, places, place):
    """Lagrange's polynomial through some rows, at one place."""
    result = np.zeros(values.shape[1:])
    for index, own in enumerate(places):
        others = np.delete(np.asarray(places, float), index)
        result += values[index] * np.prod((place - others) / (own - others))
    return result
