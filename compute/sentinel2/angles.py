"""Sun and view angles of a tile: grids of 5 km in its metadata, interpolated to pixels.

The grids begin at the upper-left corner of the tile. Those of the view are given for each band and detector; what is
offered here is their mean, as SNAP does. Directions are averaged and interpolated as vectors, since north is both 0 and
360 degrees.
"""

import numpy as np

from ..errors import MissingInput, UnreadableInput
from ..raster.grid import Grid
from ..raster.resample import read_resampled
from .metadata import elements, parse_xml, text_of


class AngleGrids:
    """The angles of one tile.

    Parameters
    ----------
    product : Product
    crs_wkt : str
        Of the product.

    Raises
    ------
    MissingInput, UnreadableInput
        If the tile metadata are missing or have no angles.
    """

    def __init__(self, product, crs_wkt):
        name = product.granule.metadata
        if not name:
            raise MissingInput(f"{product.uri} has no tile metadata (MTD_TL.xml), which hold the angles. Leave the "
                               "angles out, or download the product again.")
        root = parse_xml(product.safe.read(name), product.location, name)
        try:
            sun = elements(root, "Sun_Angles_Grid")[0]
            views = elements(root, "Viewing_Incidence_Angles_Grids")
            step = float(text_of(sun, "COL_STEP"))
            corner = float(text_of(root, "ULX")), float(text_of(root, "ULY"))
            planes = {"sun": _vectors([sun]), "view": _vectors(views)}
        except (IndexError, TypeError, ValueError) as error:
            raise UnreadableInput(f"{product.uri}: {name} has no angles that can be read. Leave the angles out, or "
                                  "download the product again.") from error
        height, width = planes["sun"][0].shape
        grid = Grid(crs_wkt, corner[0] - step / 2, corner[1] + step / 2, step, step, height, width)
        self._planes = {kind: [_Plane(plane, grid) for plane in vectors] for kind, vectors in planes.items()}

    def read(self, name, grid, window):
        """An angle on a grid.

        Parameters
        ----------
        name : {"view_zenith_mean", "view_azimuth_mean", "sun_zenith", "sun_azimuth"}
        grid : Grid
        window : Window

        Returns
        -------
        values : ndarray of float32, shape (height, width)
            Degrees; azimuths clockwise from north, 0 to 360.
        valid : ndarray of bool, same shape
        """
        kind, angle = name.split("_")[:2]
        zenith, east, north = self._planes[kind]
        if angle == "zenith":
            return read_resampled(zenith, grid, window, "bilinear", "first")
        (x, valid), (y, _) = (read_resampled(plane, grid, window, "bilinear", "first") for plane in (east, north))
        return np.mod(np.degrees(np.arctan2(x, y)), 360).astype(np.float32), valid


class _Plane:
    """A small raster in memory, read like one in a file."""

    def __init__(self, values, grid):
        self.grid = grid
        self._values, self._valid = np.nan_to_num(values).astype(np.float32), np.isfinite(values)

    def read(self, window, indexes):
        """Values and validity of a window, which may reach outside."""
        place = window.intersection(self.grid.window)
        values, valid = np.zeros((1, *window.shape), np.float32), np.zeros((1, *window.shape), bool)
        if not place.is_empty:
            target = (0, *place.relative_to(window).slices)
            values[target], valid[target] = self._values[place.slices], self._valid[place.slices]
        return values, valid


def _vectors(grids):
    """Mean zenith, and mean direction as east and north, of some grids; NaN where none has a value."""
    zenith = np.stack([_numbers(elements(grid, "Zenith")[0]) for grid in grids])
    azimuth = np.radians(np.stack([_numbers(elements(grid, "Azimuth")[0]) for grid in grids]))
    counts = np.isfinite(zenith).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return [_grown(np.where(counts > 0, np.nansum(plane, axis=0) / counts, np.nan))
                for plane in (zenith, np.sin(azimuth), np.cos(azimuth))]


def _grown(plane):
    """Nodes without a value take the mean of those around them, so that pixels at the edge of the swath have angles."""
    around = np.pad(plane, 1, constant_values=np.nan)
    height, width = plane.shape
    shifted = np.stack([around[row:row + height, column:column + width] for row in range(3) for column in range(3)])
    counts = np.isfinite(shifted).sum(axis=0)
    means = np.divide(np.nansum(shifted, axis=0), counts, out=np.full(plane.shape, np.nan), where=counts > 0)
    return np.where(np.isfinite(plane), plane, means)


def _numbers(element):
    return np.array([row.text.split() for row in elements(element, "VALUES")], float)
