"""Spectral indices of crops, from reflectance.

The normalised differences and the brightness are those of Sen2-Agri; note its NDWI = (SWIR - NIR) / (SWIR + NIR), which
has the opposite sign of Gao's (1996, doi:10.1016/S0034-4257(96)00067-3).
"""

from dataclasses import dataclass
from typing import Callable

import numpy as np

# A denominator smaller than this gives index 0.
SMALLEST_DENOMINATOR = 1e-6


def normalised_difference(first, second):
    """(first - second) / (first + second), 0 where the denominator is next to nothing.

    Parameters
    ----------
    first, second : ndarray of float32, same shape
        Reflectance.

    Returns
    -------
    ndarray of float32, same shape
    """
    total = first + second
    usable = np.abs(total) >= SMALLEST_DENOMINATOR
    return np.divide(first - second, total, out=np.zeros_like(total), where=usable)


def brightness(green, red, near_infrared, short_wave_infrared):
    """Length of the vector of four reflectances.

    Returns
    -------
    ndarray of float32, same shape as each
    """
    return np.sqrt(green ** 2 + red ** 2 + near_infrared ** 2 + short_wave_infrared ** 2)


@dataclass(frozen=True)
class Index:
    """An index: its name in the stack, the bands it needs, and its formula on their reflectance."""

    name: str
    bands: tuple
    formula: Callable


INDICES = {
    "ndvi": Index("NDVI", ("B08", "B04"), normalised_difference),
    "ndwi": Index("NDWI", ("B11", "B08"), normalised_difference),
    "brightness": Index("BRIGHTNESS", ("B03", "B04", "B08", "B11"), brightness),
}
