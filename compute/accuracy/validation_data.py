"""Reference data of an assessment with one interface: parcels, points or a raster.

A *unit* is a parcel, a point, or (of a raster) all pixels of one class. Each kind returns, for a window of the map, the
reference pixels and their units.
"""

from dataclasses import dataclass

import numpy as np

from ..classmap.class_map import as_integers
from ..insitu.parcel_raster import DISPUTED, ParcelRaster


@dataclass(frozen=True)
class Point:
    """A reference point with its class, in the CRS of the map."""

    identifier: object
    code: str
    x: float
    y: float


class ParcelReference:
    """Reference parcels; a pixel belongs to the parcel that contains its centre, and to none if classes overlap there.

    Parameters
    ----------
    grid : Grid
    parcels : sequence of Parcel
    progress : Progress, optional
        Checked for cancellation.

    Attributes
    ----------
    units : tuple of Parcel
    outside : ndarray of bool, shape (units,)
        Which are outside the map.
    """

    kind = "parcels"

    def __init__(self, grid, parcels, progress=None):
        self.units = tuple(sorted(parcels, key=lambda parcel: parcel.identifier))
        self._map = ParcelRaster(grid, self.units, progress=progress)
        self.outside = self._map.outside

    def read(self, window):
        """Reference pixels of a window, their units, and the number of disputed pixels.

        Returns
        -------
        indices : ndarray of int64
            Of the pixels, row by row.
        units : ndarray of int64
            Indices into `units`.
        disputed : int
        """
        if not self._map.touches(window):
            return _EMPTY, _EMPTY, 0
        numbers = self._map.read(window).ravel()
        indices = np.flatnonzero(numbers > 0)
        return indices, numbers[indices].astype(np.int64) - 1, int(np.count_nonzero(numbers == DISPUTED))

    def codes(self, units):
        """The reference label of each unit."""
        return [self.units[unit].code for unit in units]


class PointReference:
    """Reference points; several may lie in one pixel. Attributes as of ParcelReference."""

    kind = "points"

    def __init__(self, grid, points):
        self.units = tuple(sorted(points, key=lambda point: point.identifier))
        columns = np.floor([(point.x - grid.west) / grid.pixel_width for point in self.units]).astype(np.int64)
        rows = np.floor([(grid.north - point.y) / grid.pixel_height for point in self.units]).astype(np.int64)
        self.outside = (rows < 0) | (rows >= grid.height) | (columns < 0) | (columns >= grid.width)
        order = np.argsort(rows, kind="stable")
        self._order, self._rows, self._columns = order, rows[order], columns[order]

    def read(self, window):
        """As :meth:`ParcelReference.read`."""
        first, last = np.searchsorted(self._rows, [window.row, window.row + window.height])
        columns = self._columns[first:last]
        inside = (columns >= window.col) & (columns < window.col + window.width)
        rows = self._rows[first:last][inside] - window.row
        return rows * window.width + columns[inside] - window.col, self._order[first:last][inside].astype(np.int64), 0

    def codes(self, units):
        """As :meth:`ParcelReference.codes`."""
        return [self.units[unit].code for unit in units]


class RasterReference:
    """A reference raster; its units are its values.

    Parameters
    ----------
    raster : ResampledReader
        Resampled to the grid of the map.
    nodata : frozenset of int
        Nodata values in addition to that of the file.
    """

    kind = "pixels"

    def __init__(self, raster, nodata=frozenset()):
        self._raster, self._nodata = raster, np.array(sorted(nodata), np.int64)
        self.labels = {}

    def read(self, window):
        """As :meth:`ParcelReference.read`."""
        values, valid = self._raster.read(window, [0])
        indices = np.flatnonzero(valid.ravel() & ~np.isin(values.ravel(), self._nodata))
        return indices, as_integers(values.ravel()[indices], self._raster.path), 0

    def codes(self, units):
        """As :meth:`ParcelReference.codes`."""
        return [self.labels.get(unit, str(unit)) for unit in units]


_EMPTY = np.empty(0, np.int64)
