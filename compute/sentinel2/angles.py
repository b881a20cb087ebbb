"""Sun and view angles of a tile: 5 km grids of the tile metadata, interpolated to pixels.

The first node of a grid is the upper-left corner of the tile. View angles are listed per band and detector footprint;
their mean is returned, as in SNAP. Azimuths are averaged and interpolated as vectors, since 0 and 360 degrees are both
north.
"""

import numpy as np

from ..errors import MissingInput, UnreadableInput
from ..raster.grid import Grid
from ..raster.resampling import read_resampled
from ..xml_documents import elements, parse_xml, text_of


class AngleGrids:
    """The angle grids of one tile.

    Parameters
    ----------
    product : MsiProduct
    crs_wkt : str
        CRS of the product.

    Raises
    ------
    MissingInput, UnreadableInput
        If the tile metadata are missing or contain no angles.
    """

    def __init__(self, product, crs_wkt):
        name = product.granule.metadata
        if not name:
            raise MissingInput(f"{product.uri} has no tile metadata (MTD_TL.xml), which contain the angles. Omit the "
                               "angle bands, or download the product again.")
        root = parse_xml(product.safe.read(name), f"{product.location}: {name}")
        try:
            sun = elements(root, "Sun_Angles_Grid")[0]
            views = elements(root, "Viewing_Incidence_Angles_Grids")
            step = float(text_of(sun, "COL_STEP"))
            corner = float(text_of(root, "ULX")), float(text_of(root, "ULY"))
            components = {"sun": _mean_vectors([sun]), "view": _mean_vectors(views)}
        except (IndexError, TypeError, ValueError) as error:
            raise UnreadableInput(f"{product.uri}: {name} contains no readable angles. Omit the angle bands, or "
                                  "download the product again.") from error
        height, width = components["sun"][0].shape
        grid = Grid(crs_wkt, corner[0] - step / 2, corner[1] + step / 2, step, step, height, width)
        self._planes = {kind: [_Plane(plane, grid) for plane in vectors] for kind, vectors in components.items()}

    def read(self, name, grid, window):
        """Interpolate an angle to a window of a grid.

        Parameters
        ----------
        name : {"view_zenith_mean", "view_azimuth_mean", "sun_zenith", "sun_azimuth"}
        grid : Grid
        window : Window

        Returns
        -------
        values : ndarray of float32, shape (height, width)
            In degrees; azimuth clockwise from north, 0 to 360.
        valid : ndarray of bool, same shape
        """
        kind, angle = name.split("_")[:2]
        zenith, east, north = self._planes[kind]
        if angle == "zenith":
            return read_resampled(zenith, grid, window, "bilinear", "first")
        (x, valid), (y, _) = (read_resampled(plane, grid, window, "bilinear", "first") for plane in (east, north))
        return np.mod(np.degrees(np.arctan2(x, y)), 360).astype(np.float32), valid


class _Plane:
    """A small raster in memory with the interface of a raster reader."""

    def __init__(self, values, grid):
        self.grid = grid
        self._values, self._valid = np.nan_to_num(values).astype(np.float32), np.isfinite(values)

    def read(self, window, indexes):
        """Values and validity of a window, which may extend beyond the raster."""
        overlap = window.intersection(self.grid.window)
        values, valid = np.zeros((1, *window.shape), np.float32), np.zeros((1, *window.shape), bool)
        if not overlap.is_empty:
            target = (0, *overlap.relative_to(window).slices)
            values[target], valid[target] = self._values[overlap.slices], self._valid[overlap.slices]
        return values, valid


def _mean_vectors(grids):
    """Mean zenith angle and mean azimuth vector (east, north) of several grids; NaN where none has a value."""
    zenith = np.stack([_node_values(elements(grid, "Zenith")[0]) for grid in grids])
    azimuth = np.radians(np.stack([_node_values(elements(grid, "Azimuth")[0]) for grid in grids]))
    counts = np.isfinite(zenith).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return [_fill_from_neighbours(np.where(counts > 0, np.nansum(plane, axis=0) / counts, np.nan))
                for plane in (zenith, np.sin(azimuth), np.cos(azimuth))]


def _fill_from_neighbours(plane):
    """Fill empty nodes with the mean of their neighbours, so that pixels at the swath edge have angles."""
    padded = np.pad(plane, 1, constant_values=np.nan)
    height, width = plane.shape
    shifted = np.stack([padded[row:row + height, column:column + width] for row in range(3) for column in range(3)])
    counts = np.isfinite(shifted).sum(axis=0)
    means = np.divide(np.nansum(shifted, axis=0), counts, out=np.full(plane.shape, np.nan), where=counts > 0)
    return np.where(np.isfinite(plane), plane, means)


def _node_values(element):
    return np.array([row.text.split() for row in elements(element, "VALUES")], float)
