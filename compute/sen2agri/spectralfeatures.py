"""Features of the crop mask without in-situ data: reflectances at five moments of the season of a pixel.

As in Sen2-Agri, the moments are the steepest rise and fall of the NDVI (central differences per day), its maximum and
minimum, and the maximum of red.
"""

import numpy as np

from .indices import index_of, needed_bands

MOMENTS = ("RISE", "FALL", "MAX_NDVI", "MIN_NDVI", "MAX_RED")
# Features of the outlier test.
TRIMMING_FEATURES = ("B03_MAX_NDVI", "B04_MAX_NDVI", "B08_MAX_NDVI", "B04_MIN_NDVI", "B08_MIN_NDVI")
MIN_DATES = 3


class SpectralFeatures:
    """Compute the reflectances at the five moments from the bands of a series.

    Parameters
    ----------
    days : tuple of datetime.date
        At least three.
    red_edge : bool
        Whether to include the red-edge bands.

    Attributes
    ----------
    bands, names : tuple of str
        Bands required for each date, and names of the features.
    """

    def __init__(self, days, red_edge=False):
        self.bands = needed_bands(red_edge)
        self._ordinals = np.array([day.toordinal() for day in days], np.float32)
        self.names = tuple(f"{band}_{moment}" for moment in MOMENTS for band in self.bands)

    def compute(self, bands):
        """Compute the features of pixels.

        Parameters
        ----------
        bands : dict of str to ndarray of float32, shape (pixels, dates)

        Returns
        -------
        ndarray of float32, shape (pixels, features), C order
        """
        ndvi = index_of("ndvi", bands)
        slope = (ndvi[:, 2:] - ndvi[:, :-2]) / (self._ordinals[2:] - self._ordinals[:-2])
        # Pixels with missing values are excluded by the caller.
        dates = [1 + slope.argmax(axis=1), 1 + slope.argmin(axis=1), ndvi.argmax(axis=1), ndvi.argmin(axis=1),
                 bands["B04"].argmax(axis=1)]
        pixels = np.arange(len(ndvi))
        return np.ascontiguousarray(np.stack([bands[band][pixels, date] for date in dates for band in self.bands],
                                             axis=1))
