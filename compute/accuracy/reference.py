"""What the truth is and where: parcels, points or another raster, all asked alike.

A *unit* is what was surveyed: a parcel, a point, or (of a raster) all pixels of one class. Each kind says, for a window
of the map, at which pixels it has something to say and which unit says it.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import UnsuitableInput
from ..insitu.burn import DISPUTED, ParcelMap


@dataclass(frozen=True)
class Point:
    """A place of one class, in the CRS of the map."""

    identifier: object
    code: str
    x: float
    y: float


class ParcelReference:
    """Polygons; a pixel belongs to the parcel that holds its centre, and to none if parcels of two classes claim it.

    Parameters
    ----------
    grid : Grid
    parcels : sequence of Parcel
    progress : Progress, optional
        Asked whether the user wants to stop.

    Attributes
    ----------
    units : tuple of Parcel
    outside : ndarray of bool, shape (units,)
        Which have no part on the map.
    """

    kind = "parcels"

    def __init__(self, grid, parcels, progress=None):
        self.units = tuple(sorted(parcels, key=lambda parcel: parcel.identifier))
        self._map = ParcelMap(grid, self.units, progress=progress)
        self.outside = self._map.outside

    def look(self, window):
        """Pixels of a window (row by row) that the reference speaks of, the unit of each, and disputed pixels.

        Returns
        -------
        places : ndarray of int64
        units : ndarray of int64
            Counted from 0.
        disputed : int
        """
        if not self._map.touches(window):
            return _NOTHING, _NOTHING, 0
        numbers = self._map.read(window).ravel()
        places = np.flatnonzero(numbers > 0)
        return places, numbers[places].astype(np.int64) - 1, int(np.count_nonzero(numbers == DISPUTED))

    def codes(self, units):
        """The label of each unit, as the reference says it."""
        return [self.units[unit].code for unit in units]


class PointReference:
    """Points; each judges the pixel it lies in, also where several lie in one. Attributes as of ParcelReference."""

    kind = "points"

    def __init__(self, grid, points):
        self.units = tuple(sorted(points, key=lambda point: point.identifier))
        columns = np.floor([(point.x - grid.west) / grid.pixel_width for point in self.units]).astype(np.int64)
        rows = np.floor([(grid.north - point.y) / grid.pixel_height for point in self.units]).astype(np.int64)
        self.outside = (rows < 0) | (rows >= grid.height) | (columns < 0) | (columns >= grid.width)
        order = np.argsort(rows, kind="stable")
        self._order, self._rows, self._columns = order, rows[order], columns[order]

    def look(self, window):
        """As :meth:`ParcelReference.look`."""
        first, last = np.searchsorted(self._rows, [window.row, window.row + window.height])
        columns = self._columns[first:last]
        inside = (columns >= window.col) & (columns < window.col + window.width)
        rows = self._rows[first:last][inside] - window.row
        return rows * window.width + columns[inside] - window.col, self._order[first:last][inside].astype(np.int64), 0

    def codes(self, units):
        """As :meth:`ParcelReference.codes`."""
        return [self.units[unit].code for unit in units]


class RasterReference:
    """A raster of classes; its units are its values.

    Parameters
    ----------
    raster : RasterOnto
        On the grid of the map.
    nodata : frozenset of int
        Values that mean "no data" though the file does not say so.
    """

    kind = "pixels"

    def __init__(self, raster, nodata=frozenset()):
        self._raster, self._nodata = raster, np.array(sorted(nodata), np.int64)
        self.labels = {}

    def look(self, window):
        """As :meth:`ParcelReference.look`."""
        values, valid = self._raster.read(window)
        places = np.flatnonzero(valid.ravel() & ~np.isin(values.ravel(), self._nodata))
        return places, whole(values.ravel()[places], self._raster.source.path), 0

    def codes(self, units):
        """As :meth:`ParcelReference.codes`."""
        return [self.labels.get(unit, str(unit)) for unit in units]


_NOTHING = np.empty(0, np.int64)


def whole(values, path):
    """Class values as int64.

    Raises
    ------
    UnsuitableInput
        If they are no whole numbers.
    """
    if values.dtype.kind in "iub":
        return values.astype(np.int64)
    rounded = np.rint(values)
    if (rounded != values).any() or (np.abs(rounded) > 2 ** 53).any():
        raise UnsuitableInput(f"{path} is no class map: it holds the value "
                              f"{values[rounded != values][0] if (rounded != values).any() else values[0]:g}, which is "
                              "no whole number. Choose the raster with the classes.")
    return rounded.astype(np.int64)
