"""Clouds, cloud shadows, haze, and the edge of the swath."""

from dataclasses import dataclass

import numpy as np

from .random_fields import correlated_field


@dataclass(frozen=True)
class Sky:
    """Atmosphere of an image; all arrays have shape (rows, columns) in subpixels of 5 m.

    Parameters
    ----------
    opacity : ndarray of float64
        Cloud opacity, 0..1.
    cirrus : ndarray of float64
        Opacity of thin high cloud, 0..1.
    brightness : ndarray of float64
        Reflectance of the cloud in the visible bands.
    shade : ndarray of float64
        Fraction of direct sunlight blocked by clouds, 0..1.
    haze : ndarray of float64
        Reflectance of haze in the blue band.
    outside : ndarray of bool
        Outside the swath.
    """

    opacity: np.ndarray
    cirrus: np.ndarray
    brightness: np.ndarray
    shade: np.ndarray
    haze: np.ndarray
    outside: np.ndarray


def create_sky(shape, pixel, overpass, rng):
    """Create the atmosphere of an overpass.

    Parameters
    ----------
    shape : tuple of int
        (rows, columns).
    pixel : float
        Pixel size in metres.
    overpass : Overpass
    rng : numpy.random.Generator

    Returns
    -------
    Sky
    """
    clouds = correlated_field(shape, pixel, 1500.0, rng, 2.0)
    threshold = np.quantile(clouds, 1.0 - overpass.cloud_fraction)
    thickness = np.maximum(clouds - threshold, 0.0)
    opacity = 1.0 - np.exp(-6.0 * thickness)
    zenith, azimuth = np.radians(overpass.sun)
    length = rng.uniform(900.0, 1900.0) * np.tan(zenith) / pixel
    south, east = length * np.cos(azimuth), -length * np.sin(azimuth)
    # The field is periodic, so rolling adds the shadows of clouds outside the scene.
    shade = np.roll(opacity, (round(south), round(east)), axis=(0, 1))
    towards_sun = np.roll(thickness, (round(12 * np.cos(azimuth)), round(-12 * np.sin(azimuth))), axis=(0, 1))
    brightness = np.clip(0.42 + 0.36 * (1 - np.exp(-2.0 * thickness)) + 0.5 * (thickness - towards_sun), 0.25, 0.95)
    thin_cloud = correlated_field(shape, pixel, 5000.0, rng, 2.6)
    cirrus = overpass.cirrus * np.clip(0.5 * (thin_cloud + 0.6), 0.0, 1.0)
    haze = overpass.haze * (1.0 + 0.35 * np.clip(correlated_field(shape, pixel, 4000.0, rng, 2.6), -2, 2))
    return Sky(opacity, cirrus, brightness, shade, haze, _outside_swath(shape, overpass, rng))


def _outside_swath(shape, overpass, rng):
    """Return the pixels outside the swath, whose edge is inclined by 12 degrees from north."""
    rows, columns = np.mgrid[:shape[0], :shape[1]]
    slope = np.tan(np.radians(12.0))
    # A descending track runs south-south-west.
    across = columns + slope * rows
    fraction, is_west = rng.uniform(0.12, 0.24), rng.random() < 0.5
    if not overpass.swath_edge:
        return np.zeros(shape, bool)
    limit = np.quantile(across, fraction if is_west else 1.0 - fraction)
    return across < limit if is_west else across > limit
