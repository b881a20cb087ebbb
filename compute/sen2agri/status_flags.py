"""Sen2-Agri's status flags: number of dates on which each pixel is land, water, snow or not observed.

Order of precedence on each date: no data or cloud, water, snow, land.
"""

import numpy as np

from ..errors import GridMismatch, UnsuitableInput
from ..raster.band_metadata import dated_bands
from ..raster.grid import grid_differences
from ..raster.reader import RasterReader

NAMES = ("land", "water", "snow", "other")
WATER, SNOW = 6, 11

# Scene classes without a valid surface observation: no data, saturated, cloud shadow, clouds.
NOT_OBSERVED = (0, 1, 3, 8, 9, 10)
RED = "B04"


class StatusFlags:
    """Counts of dates by land, water, snow and no observation.

    Parameters
    ----------
    path : str
        Raster with the scene classification of each date (``SCL_20180627``); without any, dates with valid red band
        are counted as land.
    grid : Grid
        Grid of the product.

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
                raise GridMismatch(f"{path}, used for the quality flags, does not lie on the grid of the series: "
                                   f"{'; '.join(differences)}. Make both with the same area and pixel size.")
            days = dated_bands(self._reader.band_names)
            self._classes = [bands["SCL"] for bands in days.values() if "SCL" in bands]
            self._red = [bands[RED] for bands in days.values() if RED in bands]
            if not self._classes and not self._red:
                raise UnsuitableInput(f"{path} cannot be used for the quality flags: it has neither bands like "
                                      "SCL_20180627 nor bands like B04_20180627. Stack a series with the band SCL.")
        except BaseException:
            self._reader.close()
            raise

    def close(self):
        """Close the raster."""
        self._reader.close()

    @property
    def is_classified(self):
        """bool: whether there is a scene classification to identify water, snow and clouds."""
        return bool(self._classes)

    @property
    def dates(self):
        """int: number of dates counted."""
        return len(self._classes or self._red)

    def count(self, window):
        """Count the dates of each pixel by status.

        Parameters
        ----------
        window : Window

        Returns
        -------
        ndarray of int16, shape (4, height, width)
            Land, water, snow, not observed.
        """
        values, valid = self._reader.read(window, self._classes or self._red)
        if self._classes:
            observed = valid & ~np.isin(values, NOT_OBSERVED)
            water, snow = observed & (values == WATER), observed & (values == SNOW)
        else:
            observed, water, snow = valid, np.zeros_like(valid), np.zeros_like(valid)
        counts = [plane.sum(axis=0, dtype=np.int16) for plane in (observed & ~water & ~snow, water, snow, ~observed)]
        return np.stack(counts)
