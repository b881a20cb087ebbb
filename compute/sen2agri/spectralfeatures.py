"""The features of the crop mask without in-situ data: what a pixel looks like at five moments of its season.

The moments, after Sen2-Agri: where the NDVI rises fastest and falls fastest (centred differences per day), where it is
highest and lowest, and where red is highest.
"""

import numpy as np

from .indices import index_of, needed_bands

MOMENTS = ("RISE", "FALL", "MAX_NDVI", "MIN_NDVI", "MAX_RED")
# The five features by which outliers are told.
TRIMMED = ("B03_MAX_NDVI", "B04_MAX_NDVI", "B08_MAX_NDVI", "B04_MIN_NDVI", "B08_MIN_NDVI")
FEWEST_DATES = 3


class SpectralFeatures:
    """Turns the bands of a series into the reflectances at the five moments.

    Parameters
    ----------
    days : tuple of datetime.date
        At least three.
    red_edge : bool
        Whether the bands of the red edge belong to them.

    Attributes
    ----------
    bands, names : tuple of str
    """

    def __init__(self, days, red_edge=False):
        self.bands = needed_bands(red_edge)
        self._numbers = np.array([day.toordinal() for day in days], np.float32)
        self.names = tuple(f"{band}_{moment}" for moment in MOMENTS for band in self.bands)

    def compute(self, bands):
        """The features of pixels.

        Parameters
        ----------
        bands : dict of str to ndarray of float32, shape (pixels, dates)

        Returns
        -------
        ndarray of float32, shape (pixels, features), C order
        """
        ndvi = index_of("ndvi", bands)
        slope = (ndvi[:, 2:] - ndvi[:, :-2]) / (self._numbers[2:] - self._numbers[:-2])
        # What lacks a value anywhere is left out later; here it must only not stop the search.
        dates = [1 + slope.argmax(axis=1), 1 + slope.argmin(axis=1), ndvi.argmax(axis=1), ndvi.argmin(axis=1),
                 bands["B04"].argmax(axis=1)]
        pixels = np.arange(len(ndvi))
        return np.ascontiguousarray(np.stack([bands[band][pixels, date] for date in dates for band in self.bands],
                                             axis=1))
