"""On how many dates each pixel showed land, water, snow or nothing: Sen2-Agri's status flags.

A date without data is looked at first, then water, then snow; what remains is land.
"""

import numpy as np

from ..errors import GridMismatch, UnsuitableInput
from ..forest.features import grid_differences
from ..raster.reader import RasterReader
from .stack import dated_bands

NAMES = ("land", "water", "snow", "other")
WATER, SNOW = 6, 11
# Classes of Level-2A's scene classification that show no ground: no data, saturated, shadow, clouds.
UNSEEN = (0, 1, 3, 8, 9, 10)
REFLECTANCE = "B04"


class StatusFlags:
    """Counts dates by what they showed.

    Parameters
    ----------
    path : str
        A raster with the scene classification of each date (``SCL_20180627``); without any, the dates on which the
        red band has data count as land.
    grid : Grid
        That of the product.

    Raises
    ------
    UnsuitableInput
        If the raster has neither scene classifications nor red bands of any date, or lies on another grid.
    """

    def __init__(self, path, grid):
        self._reader = RasterReader(path)
        try:
            differences = grid_differences(grid, self._reader.grid)
            if differences:
                raise GridMismatch(f"{path}, which tells the quality, does not lie on the grid of the series: "
                                   f"{'; '.join(differences)}. Make both with the same area and pixel size.")
            days = dated_bands(self._reader.band_names)
            self._classes = [bands["SCL"] for bands in days.values() if "SCL" in bands]
            self._red = [bands[REFLECTANCE] for bands in days.values() if REFLECTANCE in bands]
            if not self._classes and not self._red:
                raise UnsuitableInput(f"{path} tells nothing of quality: it has neither bands like SCL_20180627 nor "
                                      "bands like B04_20180627.")
        except BaseException:
            self._reader.close()
            raise

    def close(self):
        """Close the raster."""
        self._reader.close()

    @property
    def is_classified(self):
        """bool: whether water, snow and clouds can be told."""
        return bool(self._classes)

    @property
    def dates(self):
        """int: how many dates are counted."""
        return len(self._classes or self._red)

    def count(self, window):
        """The four counts of each pixel.

        Parameters
        ----------
        window : Window

        Returns
        -------
        ndarray of int16, shape (4, height, width)
            Land, water, snow, other.
        """
        values, valid = self._reader.read(window, self._classes or self._red)
        if self._classes:
            seen = valid & ~np.isin(values, UNSEEN)
            water, snow = seen & (values == WATER), seen & (values == SNOW)
        else:
            seen, water, snow = valid, np.zeros_like(valid), np.zeros_like(valid)
        counts = [plane.sum(axis=0, dtype=np.int16) for plane in (seen & ~water & ~snow, water, snow, ~seen)]
        return np.stack(counts)
