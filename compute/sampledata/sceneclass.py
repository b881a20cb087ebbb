"""The layers that go with the bands: scene classification, cloud probability, aerosol, water vapour, true colour.

The classification is as fallible as that of a real product: it sees the clouds only where they are dense enough,
misses their thin rims and parts of the shadows, and takes a very bright roof for a cloud.
"""

import numpy as np

from .fields import block_any, block_mean, correlated_field
from .imaging import NODATA, OFFSET, QUANTIFICATION
from .landscape import SPOT

CLASS_NAMES = ("NODATA", "SATURATED_DEFECTIVE", "DARK_FEATURE_SHADOW", "CLOUD_SHADOW", "VEGETATION", "NOT_VEGETATED",
               "WATER", "UNCLASSIFIED", "CLOUD_MEDIUM_PROBA", "CLOUD_HIGH_PROBA", "THIN_CIRRUS", "SNOW_ICE")
(NO_DATA, _, DARK, SHADOW, VEGETATION, NOT_VEGETATED, WATER, UNCLASSIFIED, CLOUD_MEDIUM, CLOUD_HIGH, CIRRUS,
 _) = range(12)
AEROSOL_SCALE = VAPOUR_SCALE = 1000


def cloud_probability(image, rng):
    """Chance of cloud as the classifier sees it.

    Parameters
    ----------
    image : Image
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (rows, columns) at 20 m
        0..100 percent.
    """
    factor = round(20 / SPOT)
    seen = block_mean(image.sky.opacity + 0.5 * image.sky.cirrus, factor)
    doubt = correlated_field(seen.shape, 20.0, 150.0, rng, 1.6)
    chance = 100.0 / (1.0 + np.exp(-(seen - 0.42 + 0.05 * doubt) / 0.07))
    chance[_is_bright(image)] = np.maximum(chance[_is_bright(image)], 55.0)
    chance[_is_outside(image)] = 0.0
    return np.rint(chance).astype(np.uint8)


def classify_scene(image, probability, rng):
    """Scene classification in the classes of Sen2Cor.

    Parameters
    ----------
    image : Image
    probability : ndarray of uint8, shape (rows, columns) at 20 m
        Of cloud, in percent.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, same shape
    """
    factor = round(20 / SPOT)
    green, red = (block_mean(reflectance(image.numbers[band]), 2) for band in ("B03", "B04"))
    near, short = reflectance(image.numbers["B8A"]), reflectance(image.numbers["B11"])
    greenness = (near - red) / np.maximum(near + red, 0.01)
    classes = np.full(near.shape, UNCLASSIFIED, np.uint8)
    classes[greenness < 0.33] = NOT_VEGETATED
    classes[greenness > 0.38] = VEGETATION
    classes[(near < 0.13) & (short < 0.10)] = DARK
    classes[(green > near) & (near < 0.09)] = WATER
    doubt = correlated_field(near.shape, 20.0, 200.0, rng, 1.6)
    shade = block_mean(image.sky.shade, factor) > 0.45 + 0.08 * doubt
    classes[shade] = np.where(doubt[shade] < -1.3, DARK, SHADOW)
    classes[block_mean(image.sky.cirrus, factor) > 0.075] = CIRRUS
    classes[probability >= 35] = CLOUD_MEDIUM
    classes[probability >= 80] = CLOUD_HIGH
    classes[_is_outside(image)] = NO_DATA
    return classes


def atmosphere(overpass, shape, rng):
    """Aerosol optical thickness and water vapour, as stored.

    Parameters
    ----------
    overpass : Overpass
    shape : tuple of int
        (rows, columns) at 10 m.
    rng : numpy.random.Generator

    Returns
    -------
    aerosol, vapour : ndarray of uint16
        Thickness and centimetres, times 1000.
    """
    season = np.sin(np.pi * (overpass.day - 60) / 245.0)
    aerosol = 0.07 + 7.0 * overpass.haze + 0.004 * correlated_field(shape, 10.0, 6000.0, rng, 2.6)
    vapour = 1.1 + 1.3 * season + 0.05 * correlated_field(shape, 10.0, 3000.0, rng, 2.2)
    return (np.rint(np.clip(aerosol, 0.01, None) * AEROSOL_SCALE).astype(np.uint16),
            np.rint(np.clip(vapour, 0.1, None) * VAPOUR_SCALE).astype(np.uint16))


def true_colour(image):
    """Red, green and blue for the eye.

    Parameters
    ----------
    image : Image

    Returns
    -------
    ndarray of uint8, shape (3, rows, columns) at 10 m
        0 is nodata.
    """
    bands = np.stack([image.numbers[band] for band in ("B04", "B03", "B02")])
    picture = np.clip(np.rint(reflectance(bands) / 0.2856 * 255), 1, 255)
    picture[bands == NODATA] = 0
    return picture.astype(np.uint8)


def reflectance(numbers):
    """Physical reflectance of stored numbers (nodata not treated)."""
    return (numbers.astype(np.float64) + OFFSET) / QUANTIFICATION


def _is_bright(image):
    """Ground so bright in the blue that it passes for a cloud."""
    return block_mean(reflectance(image.numbers["B02"]), 2) > 0.17


def _is_outside(image):
    return block_any(image.sky.outside, round(20 / SPOT))
