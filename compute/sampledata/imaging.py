"""From land and sky to the numbers that a Sentinel-2 product stores.

Every band is first drawn on spots of 5 m and then averaged to its own pixels, so that border pixels are mixed in the
same way in all bands.
"""

from dataclasses import dataclass

import numpy as np

from .fields import block_any, block_mean, correlated_field, soften
from .growth import look_on
from .landscape import SPOT, mean_by_unit
from .sky import sky_over
from .spectra import BAND_NAMES, CLOUD, DIRECT_SHARE, EXTINCTION, HAZE, NATIVE_SIZE

QUANTIFICATION = 10000
OFFSET = -1000
NODATA = 0
LARGEST_NUMBER = 2 ** 15 - 1


@dataclass(frozen=True)
class Scene:
    """What does not change from one overpass to the next; arrays have shape (rows, columns) in spots of 5 m.

    Parameters
    ----------
    labels : ndarray of int32
        Unit at each spot.
    stands : Stands
    soil : ndarray of float64
        Brightness of the ground relative to its unit's spectrum.
    vigour : ndarray of float64
        Leaf area relative to its unit's.
    texture : ndarray of float64
        Relative brightness of each spot.
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
    numbers : dict of str to ndarray of uint16
        Stored numbers of each band at its native pixel size; 0 is nodata.
    sky : Sky
    """

    numbers: dict
    sky: object


def prepare_scene(labels, stands, rng):
    """Give the land its gradients and its grain.

    Parameters
    ----------
    labels : ndarray of int32, shape (rows, columns)
        Unit at each spot.
    stands : Stands
    rng : numpy.random.Generator

    Returns
    -------
    Scene
    """
    rows, columns = np.indices(labels.shape)
    slope = np.zeros(labels.shape)
    for axis, place in enumerate((columns, rows)):
        centre = mean_by_unit(labels, place, len(stands.base))
        slope += stands.lie[labels, axis] * (place - centre[labels]) * SPOT / 1000.0
    vigour = np.exp(0.12 * correlated_field(labels.shape, SPOT, 160.0, rng)) * np.clip(1.0 + slope, 0.5, 1.5)
    soil = np.exp(0.10 * correlated_field(labels.shape, SPOT, 2500.0, rng)
                  + 0.05 * correlated_field(labels.shape, SPOT, 120.0, rng))
    texture = 1.0 + stands.texture[labels] * rng.standard_normal(labels.shape)
    return Scene(labels, stands, soil, vigour, np.clip(texture, 0.3, 1.7))


def take_image(scene, overpass, rng, progress):
    """What the satellite records on one overpass.

    Parameters
    ----------
    scene : Scene
    overpass : Overpass
    rng : numpy.random.Generator
    progress : Progress
        Asked before each band whether to stop.

    Returns
    -------
    Image
    """
    look = look_on(scene.stands, overpass.day, overpass.wetness, rng)
    sky = sky_over(scene.labels.shape, SPOT, overpass, rng)
    leaf_area = look.leaf_area[scene.labels] * scene.vigour
    fades = {k: np.exp(-k * leaf_area) for k in set(EXTINCTION)}
    calibration = np.exp(rng.normal(0.0, 0.012, len(BAND_NAMES)) + rng.normal(0.0, 0.015))
    numbers = {}
    for place, band in enumerate(BAND_NAMES):
        progress.step(place / len(BAND_NAMES))
        fade = fades[EXTINCTION[place]]
        surface = look.leaves[scene.labels, place] * (1.0 - fade)
        surface += look.ground[scene.labels, place] * scene.soil * fade
        surface *= scene.texture * calibration[place] * (1.0 - DIRECT_SHARE[place] * sky.shade)
        surface *= (1.0 - sky.opacity) * (1.0 - sky.cirrus)
        surface += CLOUD[place] * (sky.brightness * sky.opacity + 0.7 * sky.cirrus) + HAZE[place] * sky.haze
        numbers[band] = _count(_see(surface, NATIVE_SIZE[band]), sky.outside, NATIVE_SIZE[band], rng)
    return Image(numbers, sky)


def _see(surface, pixel):
    """Average spots to pixels through optics that blur by half a pixel or so."""
    image, size = soften(surface), SPOT
    for finer in (10, 20, 60):
        if finer > pixel:
            break
        image, size = block_mean(image, round(finer / size)), finer
        if finer < pixel:
            image = soften(image)
    return image


def _count(reflectance, outside, pixel, rng):
    """Add the noise of the sensor and turn reflectance into stored numbers."""
    noise = np.sqrt(0.0012 ** 2 + (0.006 * reflectance) ** 2)
    noisy = reflectance + noise * rng.standard_normal(reflectance.shape)
    numbers = np.clip(np.rint(noisy * QUANTIFICATION) - OFFSET, NODATA + 1, LARGEST_NUMBER)
    numbers[block_any(outside, round(pixel / SPOT))] = NODATA
    return numbers.astype(np.uint16)
