"""Features of the crop type: reflectances, NDVI, NDWI and brightness of each date."""

import numpy as np

from ..sentinel2.indices import INDICES
from .indices import RED_EDGE_INDICES, index_of, needed_bands

PER_DATE = ("ndvi", "ndwi", "brightness")


class CropTypeFeatures:
    """Compute the features of the crop type from the bands of a series.

    Parameters
    ----------
    days : tuple of datetime.date
    red_edge : bool
        Whether to include the red-edge bands and indices.

    Attributes
    ----------
    bands, names : tuple of str
        Bands required for each date, and names of the features.
    """

    def __init__(self, days, red_edge=False):
        self.bands = needed_bands(red_edge)
        self._indices = PER_DATE + (RED_EDGE_INDICES if red_edge else ())
        columns = (*self.bands, *(INDICES[index].name for index in self._indices))
        self.names = tuple(f"{column}_{day:%Y%m%d}" for day in days for column in columns)

    def compute(self, bands):
        """Compute the features of pixels.

        Parameters
        ----------
        bands : dict of str to ndarray of float32, shape (pixels, dates)

        Returns
        -------
        ndarray of float32, shape (pixels, features), C order
        """
        planes = [bands[name] for name in self.bands] + [index_of(name, bands) for name in self._indices]
        return np.ascontiguousarray(np.stack(planes, axis=2).reshape(len(planes[0]), -1))
