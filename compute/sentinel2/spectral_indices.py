"""Spectral indices of vegetation and water, computed from reflectance.

Normalised differences, brightness and red-edge indices are those of Sen2-Agri. Its NDWI, (SWIR - NIR) / (SWIR + NIR),
has the opposite sign of Gao's (1996, doi:10.1016/S0034-4257(96)00067-3) and differs from McFeeters' open-water index
(1996, doi:10.1080/01431169608948714); the three have different names here.
"""

from dataclasses import dataclass
from typing import Callable

import numpy as np

# Ratios are 0 where the absolute value of the denominator is below this.
MIN_DENOMINATOR = 1e-6


def ratio(numerator, denominator):
    """numerator / denominator, 0 where the denominator is (almost) 0, NaN where either input is NaN.

    Parameters
    ----------
    numerator, denominator : ndarray of float32, same shape

    Returns
    -------
    ndarray of float32, same shape
    """
    is_nan = np.isnan(numerator) | np.isnan(denominator)
    return np.divide(numerator, denominator, out=np.zeros_like(denominator),
                     where=is_nan | (np.abs(denominator) >= MIN_DENOMINATOR))


def normalised_difference(first, second):
    """(first - second) / (first + second), 0 where the denominator is (almost) 0, NaN where either input is NaN.

    Parameters
    ----------
    first, second : ndarray of float32, same shape
        Reflectance.

    Returns
    -------
    ndarray of float32, same shape
    """
    return ratio(first - second, first + second)


def brightness(green, red, near_infrared, short_wave_infrared):
    """Euclidean norm of four reflectances.

    Returns
    -------
    ndarray of float32, same shape as each
    """
    return np.sqrt(green ** 2 + red ** 2 + near_infrared ** 2 + short_wave_infrared ** 2)


def plant_senescence(blue, red, red_edge_1):
    """Plant senescence reflectance index (Merzlyak et al. 1999, doi:10.1034/j.1399-3054.1999.106119.x).

    Returns
    -------
    ndarray of float32, same shape as each
    """
    return ratio(red - blue, red_edge_1)


def red_edge_position(red, red_edge_1, red_edge_2, red_edge_3):
    """Red-edge inflection point in nm, by linear interpolation.

    Guyot and Baret (1988); for Sentinel-2 Frampton et al. (2013, doi:10.1016/j.isprsjprs.2013.04.007).

    Returns
    -------
    ndarray of float32, same shape as each
        705 where B06 and B05 are equal.
    """
    middle = np.float32(0.5) * (red_edge_3 + red)
    return np.float32(705) + np.float32(35) * ratio(middle - red_edge_1, red_edge_2 - red_edge_1)


@dataclass(frozen=True)
class Index:
    """A spectral index: band name in the stack, required bands, and formula on their reflectance.

    `stored_per_unit` is the factor for storage as int16.
    """

    name: str
    bands: tuple
    formula: Callable
    stored_per_unit: float = 10000.0


INDICES = {
    "ndvi": Index("NDVI", ("B08", "B04"), normalised_difference),
    "ndwi": Index("NDWI", ("B11", "B08"), normalised_difference),
    "brightness": Index("BRIGHTNESS", ("B03", "B04", "B08", "B11"), brightness),
    "ndwi_gao": Index("NDWI_GAO", ("B08", "B11"), normalised_difference),
    "ndwi_mcfeeters": Index("NDWI_MCFEETERS", ("B03", "B08"), normalised_difference),
    "rendvi": Index("RENDVI", ("B08", "B06"), normalised_difference),
    "chlre": Index("CHLRE", ("B05", "B08"), ratio),
    "psri": Index("PSRI", ("B02", "B04", "B05"), plant_senescence),
    "s2rep": Index("S2REP", ("B04", "B05", "B06", "B07"), red_edge_position, stored_per_unit=20.0),
}
