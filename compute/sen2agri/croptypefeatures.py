"""The features of the crop type: for each date the reflectances, then NDVI, NDWI and brightness."""

import numpy as np

from ..sentinel2.indices import INDICES
from .indices import RED_EDGE_INDICES, index_of, needed_bands

PER_DATE = ("ndvi", "ndwi", "brightness")


class CropTypeFeatures:
    """Turns the bands of a series into the features of the crop type.

    Parameters
    ----------
    days : tuple of datetime.date
    red_edge : bool
        Whether the bands and indices of the red edge belong to them.

    Attributes
    ----------
    bands, names : tuple of str
        What is needed of each date, and what the features are called.
    """

    def __init__(self, days, red_edge=False):
        self.bands = needed_bands(red_edge)
        self._indices = PER_DATE + (RED_EDGE_INDICES if red_edge else ())
        columns = (*self.bands, *(INDICES[index].name for index in self._indices))
        self.names = tuple(f"{column}_{day:%Y%m%d}" for day in days for column in columns)

    def compute(self, bands):
        """The features of pixels.

        Parameters
        ----------
        bands : dict of str to ndarray of float32, shape (pixels, dates)

        Returns
        -------
        ndarray of float32, shape (pixels, features), C order
        """
        planes = [bands[name] for name in self.bands] + [index_of(name, bands) for name in self._indices]
        return np.ascontiguousarray(np.stack(planes, axis=2).reshape(len(planes[0]), -1))
