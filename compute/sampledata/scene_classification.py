"""Layers of a Level-2A product besides the bands: scene classification, cloud probability, AOT, WVP, TCI.

The classification has errors like that of a real product: it omits thin cloud edges and parts of the shadows, and
classifies very bright roofs as cloud.
"""

import numpy as np

from .landscape import SUBPIXEL
from .msi_imaging import NODATA, OFFSET, QUANTIFICATION
from .random_fields import block_any, block_mean, correlated_field

CLASS_NAMES = ("NODATA", "SATURATED_DEFECTIVE", "DARK_FEATURE_SHADOW", "CLOUD_SHADOW", "VEGETATION", "NOT_VEGETATED",
               "WATER", "UNCLASSIFIED", "CLOUD_MEDIUM_PROBA", "CLOUD_HIGH_PROBA", "THIN_CIRRUS", "SNOW_ICE")
(NO_DATA, _, DARK, SHADOW, VEGETATION, NOT_VEGETATED, WATER, UNCLASSIFIED, CLOUD_MEDIUM, CLOUD_HIGH, CIRRUS,
 _) = range(12)
AEROSOL_SCALE = VAPOUR_SCALE = 1000


def cloud_probability(image, rng):
    """Return the cloud probability, with errors.

    Parameters
    ----------
    image : Image
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (rows, columns) at 20 m
        0..100 percent.
    """
    factor = round(20 / SUBPIXEL)
    opacity = block_mean(image.sky.opacity + 0.5 * image.sky.cirrus, factor)
    noise = correlated_field(opacity.shape, 20.0, 150.0, rng, 1.6)
    probability = 100.0 / (1.0 + np.exp(-(opacity - 0.42 + 0.05 * noise) / 0.07))
    probability[_is_bright(image)] = np.maximum(probability[_is_bright(image)], 55.0)
    probability[_is_outside(image)] = 0.0
    return np.rint(probability).astype(np.uint8)


def classify_scene(image, probability, rng):
    """Return the scene classification in the classes of Sen2Cor.

    Parameters
    ----------
    image : Image
    probability : ndarray of uint8, shape (rows, columns) at 20 m
        Cloud probability in percent.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, same shape
    """
    factor = round(20 / SUBPIXEL)
    green, red = (block_mean(reflectance(image.digital_numbers[band]), 2) for band in ("B03", "B04"))
    near, short = reflectance(image.digital_numbers["B8A"]), reflectance(image.digital_numbers["B11"])
    ndvi = (near - red) / np.maximum(near + red, 0.01)
    classes = np.full(near.shape, UNCLASSIFIED, np.uint8)
    classes[ndvi < 0.33] = NOT_VEGETATED
    classes[ndvi > 0.38] = VEGETATION
    classes[(near < 0.13) & (short < 0.10)] = DARK
    classes[(green > near) & (near < 0.09)] = WATER
    noise = correlated_field(near.shape, 20.0, 200.0, rng, 1.6)
    shade = block_mean(image.sky.shade, factor) > 0.45 + 0.08 * noise
    classes[shade] = np.where(noise[shade] < -1.3, DARK, SHADOW)
    classes[block_mean(image.sky.cirrus, factor) > 0.075] = CIRRUS
    classes[probability >= 35] = CLOUD_MEDIUM
    classes[probability >= 80] = CLOUD_HIGH
    classes[_is_outside(image)] = NO_DATA
    return classes


def atmosphere(overpass, shape, rng):
    """Return aerosol optical thickness and water vapour as digital numbers.

    Parameters
    ----------
    overpass : Overpass
    shape : tuple of int
        (rows, columns) at 10 m.
    rng : numpy.random.Generator

    Returns
    -------
    aerosol, vapour : ndarray of uint16
        Optical thickness and water vapour in centimetres, times 1000.
    """
    season = np.sin(np.pi * (overpass.day - 60) / 245.0)
    aerosol = 0.07 + 7.0 * overpass.haze + 0.004 * correlated_field(shape, 10.0, 6000.0, rng, 2.6)
    vapour = 1.1 + 1.3 * season + 0.05 * correlated_field(shape, 10.0, 3000.0, rng, 2.2)
    return (np.rint(np.clip(aerosol, 0.01, None) * AEROSOL_SCALE).astype(np.uint16),
            np.rint(np.clip(vapour, 0.1, None) * VAPOUR_SCALE).astype(np.uint16))


def true_colour(image):
    """Return the true-colour image.

    Parameters
    ----------
    image : Image

    Returns
    -------
    ndarray of uint8, shape (3, rows, columns) at 10 m
        0 is nodata.
    """
    bands = np.stack([image.digital_numbers[band] for band in ("B04", "B03", "B02")])
    colour = np.clip(np.rint(reflectance(bands) / 0.2856 * 255), 1, 255)
    colour[bands == NODATA] = 0
    return colour.astype(np.uint8)


def reflectance(digital_numbers):
    """Convert digital numbers to reflectance (nodata is not handled)."""
    return (digital_numbers.astype(np.float64) + OFFSET) / QUANTIFICATION


def _is_bright(image):
    """Return pixels bright enough in the blue band to be classified as cloud."""
    return block_mean(reflectance(image.digital_numbers["B02"]), 2) > 0.17


def _is_outside(image):
    return block_any(image.sky.outside, round(20 / SUBPIXEL))
