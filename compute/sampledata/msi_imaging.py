"""Simulation of Sentinel-2 images: from landscape and sky to digital numbers.

Every band is simulated on subpixels of 5 m and averaged to its pixel size, so that mixed pixels are consistent between
bands.
"""

from dataclasses import dataclass

import numpy as np

from .cloud_cover import create_sky
from .crop_growth import appearance_on
from .landscape import SUBPIXEL, mean_by_unit
from .random_fields import block_any, block_mean, blur, correlated_field
from .spectra import BAND_NAMES, CLOUD, DIRECT_FRACTION, EXTINCTION, HAZE, NATIVE_SIZE

QUANTIFICATION = 10000
OFFSET = -1000
NODATA = 0
MAX_DIGITAL_NUMBER = 2 ** 15 - 1


@dataclass(frozen=True)
class CropScene:
    """Properties that are the same for all overpasses; arrays have shape (rows, columns) in subpixels of 5 m.

    Parameters
    ----------
    labels : ndarray of int32
        Unit of each subpixel.
    stands : Stands
    soil : ndarray of float64
        Brightness of the background relative to the spectrum of its unit.
    vigour : ndarray of float64
        Leaf area relative to that of its unit.
    texture : ndarray of float64
        Relative brightness of each subpixel.
    """

    labels: np.ndarray
    stands: object
    soil: np.ndarray
    vigour: np.ndarray
    texture: np.ndarray


@dataclass(frozen=True)
class Image:
    """One acquisition.

    Parameters
    ----------
    digital_numbers : dict of str to ndarray of uint16
        By band, at its native pixel size; 0 is nodata.
    sky : Sky
    """

    digital_numbers: dict
    sky: object


def prepare_scene(labels, stands, rng):
    """Create the scene, with random variation of vigour, soil and texture.

    Parameters
    ----------
    labels : ndarray of int32, shape (rows, columns)
        Unit of each subpixel.
    stands : Stands
    rng : numpy.random.Generator

    Returns
    -------
    CropScene
    """
    rows, columns = np.indices(labels.shape)
    slope = np.zeros(labels.shape)
    for axis, position in enumerate((columns, rows)):
        centre = mean_by_unit(labels, position, len(stands.base))
        slope += stands.gradient[labels, axis] * (position - centre[labels]) * SUBPIXEL / 1000.0
    vigour = np.exp(0.12 * correlated_field(labels.shape, SUBPIXEL, 160.0, rng)) * np.clip(1.0 + slope, 0.5, 1.5)
    soil = np.exp(0.10 * correlated_field(labels.shape, SUBPIXEL, 2500.0, rng)
                  + 0.05 * correlated_field(labels.shape, SUBPIXEL, 120.0, rng))
    texture = 1.0 + stands.texture[labels] * rng.standard_normal(labels.shape)
    return CropScene(labels, stands, soil, vigour, np.clip(texture, 0.3, 1.7))


def simulate_image(scene, overpass, rng, progress):
    """Simulate the image of an overpass.

    Parameters
    ----------
    scene : CropScene
    overpass : Overpass
    rng : numpy.random.Generator
    progress : Progress
        Checked before each band.

    Returns
    -------
    Image
    """
    appearance = appearance_on(scene.stands, overpass.day, overpass.wetness, rng)
    sky = create_sky(scene.labels.shape, SUBPIXEL, overpass, rng)
    leaf_area = appearance.leaf_area[scene.labels] * scene.vigour
    transmittances = {k: np.exp(-k * leaf_area) for k in set(EXTINCTION)}
    calibration = np.exp(rng.normal(0.0, 0.012, len(BAND_NAMES)) + rng.normal(0.0, 0.015))
    digital_numbers = {}
    for index, band in enumerate(BAND_NAMES):
        progress.step(index / len(BAND_NAMES))
        transmittance = transmittances[EXTINCTION[index]]
        surface = appearance.leaves[scene.labels, index] * (1.0 - transmittance)
        surface += appearance.ground[scene.labels, index] * scene.soil * transmittance
        surface *= scene.texture * calibration[index] * (1.0 - DIRECT_FRACTION[index] * sky.shade)
        surface *= (1.0 - sky.opacity) * (1.0 - sky.cirrus)
        surface += CLOUD[index] * (sky.brightness * sky.opacity + 0.7 * sky.cirrus) + HAZE[index] * sky.haze
        pixels = _average_to_pixels(surface, NATIVE_SIZE[band])
        digital_numbers[band] = _quantise(pixels, sky.outside, NATIVE_SIZE[band], rng)
    return Image(digital_numbers, sky)


def _average_to_pixels(surface, pixel):
    """Average subpixels to pixels, blurred by about half a pixel as by the optics."""
    image, size = blur(surface), SUBPIXEL
    for finer in (10, 20, 60):
        if finer > pixel:
            break
        image, size = block_mean(image, round(finer / size)), finer
        if finer < pixel:
            image = blur(image)
    return image


def _quantise(reflectance, outside, pixel, rng):
    """Add sensor noise and convert reflectance to digital numbers."""
    noise = np.sqrt(0.0012 ** 2 + (0.006 * reflectance) ** 2)
    noisy = reflectance + noise * rng.standard_normal(reflectance.shape)
    digital_numbers = np.clip(np.rint(noisy * QUANTIFICATION) - OFFSET, NODATA + 1, MAX_DIGITAL_NUMBER)
    digital_numbers[block_any(outside, round(pixel / SUBPIXEL))] = NODATA
    return digital_numbers.astype(np.uint16)
