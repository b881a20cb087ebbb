"""Clouds, the shadows they cast, and the edge of the swath."""

from dataclasses import dataclass

import numpy as np

from .fields import correlated_field


@dataclass(frozen=True)
class Sky:
    """What stands between the ground and the satellite, on spots of 5 m; all arrays have shape (rows, columns).

    Parameters
    ----------
    opacity : ndarray of float64
        0 clear .. 1 opaque cloud.
    cirrus : ndarray of float64
        The same for thin high cloud.
    brightness : ndarray of float64
        Reflectance of the cloud in the visible.
    shade : ndarray of float64
        Share of the direct sunlight that clouds take away, 0..1.
    haze : ndarray of float64
        Reflectance that haze adds in the blue.
    outside : ndarray of bool
        Beyond the edge of the swath.
    """

    opacity: np.ndarray
    cirrus: np.ndarray
    brightness: np.ndarray
    shade: np.ndarray
    haze: np.ndarray
    outside: np.ndarray


def sky_over(shape, spot, overpass, rng):
    """The sky of an overpass.

    Parameters
    ----------
    shape : tuple of int
        (rows, columns) of spots.
    spot : float
        Their size in metres.
    overpass : Overpass
    rng : numpy.random.Generator

    Returns
    -------
    Sky
    """
    lumps = correlated_field(shape, spot, 1500.0, rng, 2.0)
    threshold = np.quantile(lumps, 1.0 - overpass.cloud_share)
    thickness = np.maximum(lumps - threshold, 0.0)
    opacity = 1.0 - np.exp(-6.0 * thickness)
    zenith, azimuth = np.radians(overpass.sun)
    reach = rng.uniform(900.0, 1900.0) * np.tan(zenith) / spot
    south, east = reach * np.cos(azimuth), -reach * np.sin(azimuth)
    # The field joins at its edges, so rolling also brings in the shadows of clouds outside the scene.
    shade = np.roll(opacity, (round(south), round(east)), axis=(0, 1))
    towards_sun = np.roll(thickness, (round(12 * np.cos(azimuth)), round(-12 * np.sin(azimuth))), axis=(0, 1))
    brightness = np.clip(0.42 + 0.36 * (1 - np.exp(-2.0 * thickness)) + 0.5 * (thickness - towards_sun), 0.25, 0.95)
    veil = correlated_field(shape, spot, 5000.0, rng, 2.6)
    cirrus = overpass.cirrus * np.clip(0.5 * (veil + 0.6), 0.0, 1.0)
    haze = overpass.haze * (1.0 + 0.35 * np.clip(correlated_field(shape, spot, 4000.0, rng, 2.6), -2, 2))
    return Sky(opacity, cirrus, brightness, shade, haze, _beyond_swath(shape, overpass, rng))


def _beyond_swath(shape, overpass, rng):
    """West or east of a slanting line; the ground track leans 12 degrees from north."""
    rows, columns = np.mgrid[:shape[0], :shape[1]]
    lean = np.tan(np.radians(12.0))
    # A descending track runs to the south-south-west.
    across = columns + lean * rows
    share, west = rng.uniform(0.12, 0.24), rng.random() < 0.5
    if not overpass.swath_edge:
        return np.zeros(shape, bool)
    limit = np.quantile(across, share if west else 1.0 - share)
    return across < limit if west else across > limit
