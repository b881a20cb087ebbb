"""Simulation of C-band radar images: from surface types to the digital numbers of a Sentinel-1 EW product.

Backscatter levels are typical of winter (rounded from published ranges, not fitted to a scene). They overlap on
purpose: wind roughens water, frost flowers brighten new ice, and levels vary by region and date. Texture separates the
surface types more reliably.
"""

from dataclasses import dataclass

import numpy as np

from . import seaice_world
from .random_fields import correlated_field

PIXEL = 40.0

# Equivalent number of looks of EW GRDM: 6 in range and 3 in azimuth, partly correlated.
LOOKS = 10.7
POLARISATIONS = ("HH", "HV")
REFERENCE_ANGLE = 30.0

# Incidence angles of the swath, and ends of the sub-swaths as fractions of its width, as in EW products.
ANGLES = (18.9, 46.4)
SWATHS = ("EW1", "EW2", "EW3", "EW4", "EW5")
SWATH_ENDS = (0.297, 0.478, 0.676, 0.854, 1.0)

# Noise-equivalent sigma nought at the centre of each sub-swath (dB, HV), and its increase towards the ends.
NOISE_FLOOR = (-26.0, -30.2, -31.5, -34.0, -33.3)
NOISE_RISE = (3.0, 1.9, 3.2, 4.2, 2.0)
HH_NOISE_OFFSET = 1.0

# Actual relative to annotated noise in each sub-swath; causes steps after noise removal, as in real products.
NOISE_ERROR = {"HH": (1.03, 1.0, 0.99, 1.02, 0.98), "HV": (1.10, 0.97, 1.02, 0.94, 1.03)}
SCALLOPING, SCALLOPING_LINES = 0.2, 130
BETA_NOUGHT = 1087.0
WATER, NEW, YOUNG, FIRST_YEAR, OLD, LAND = range(6)


@dataclass(frozen=True)
class Surface:
    """Backscatter and texture of a surface type.

    Parameters
    ----------
    level : tuple of float
        Sigma nought at 30 degrees in dB, HH and HV.
    slope : tuple of float
        Incidence-angle slope in dB per degree, HH and HV.
    texture : float
        Standard deviation in dB.
    correlation_length : float
        Of the texture, in metres.
    ridges : float
        Brightness of thin lines in dB.
    level_variation : float
        Variation of the level between dates and regions in dB.
    """

    level: tuple
    slope: tuple
    texture: float
    correlation_length: float
    ridges: float
    level_variation: float


SURFACES = {
    WATER: Surface((-18.0, -29.5), (-0.55, -0.12), 0.3, 1500.0, 0.0, 2.1),
    NEW: Surface((-19.0, -28.0), (-0.30, -0.15), 1.4, 260.0, 0.0, 1.3),
    YOUNG: Surface((-14.2, -24.2), (-0.26, -0.15), 2.8, 110.0, 0.0, 1.0),
    FIRST_YEAR: Surface((-16.0, -26.0), (-0.24, -0.16), 0.7, 700.0, 4.5, 0.9),
    OLD: Surface((-11.8, -20.4), (-0.17, -0.10), 2.0, 55.0, 1.0, 1.0),
    LAND: Surface((-9.0, -15.5), (-0.12, -0.08), 3.2, 160.0, 0.0, 0.5)}

# Surface types of each zone: main type of floes, second type of floes, and type between floes.
MIXTURES = {seaice_world.WATER: (WATER, WATER, WATER), seaice_world.BERGY: (WATER, NEW, WATER),
            seaice_world.NEW: (NEW, YOUNG, WATER), seaice_world.YOUNG: (YOUNG, NEW, NEW),
            seaice_world.FIRST_YEAR: (FIRST_YEAR, YOUNG, NEW), seaice_world.OLD: (OLD, FIRST_YEAR, NEW),
            seaice_world.FAST: (FIRST_YEAR, FIRST_YEAR, FIRST_YEAR), seaice_world.LAND: (LAND, LAND, LAND)}

# Cumulative fractions of floes of the main and the second type.
MAIN_TYPE, SECOND_TYPE = 0.88, 0.96
FLOE_SIZE = {seaice_world.NEW: 400.0, seaice_world.YOUNG: 550.0, seaice_world.FIRST_YEAR: 1100.0,
             seaice_world.OLD: 850.0}
LEAD_WIDTH = 70.0


def surface_types(zones, points, rng):
    """Return the surface type of each pixel: floes in the mixture of their zone, with leads between them.

    Parameters
    ----------
    zones : ndarray of int8, shape (height, width)
    points : ndarray of float64, shape (height, width, 2)
        Coordinates in metres.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int8, shape (height, width)
        ``WATER`` .. ``LAND``.
    """
    mixtures = np.array([MIXTURES[zone] for zone in sorted(MIXTURES)], np.int8)
    surfaces = mixtures[zones, 0]
    for zone, size in FLOE_SIZE.items():
        inside = zones == zone
        if inside.any():
            value, edge_distance = _floes(points[inside], size, rng)
            choice = np.digitize(value, (MAIN_TYPE, SECOND_TYPE))
            choice[edge_distance < LEAD_WIDTH / 2] = 2
            surfaces[inside] = mixtures[zone][choice]
    return surfaces


def _floes(points, size, rng):
    """Return a random value of the floe of each point, and the distance in metres to the edge of the floe."""
    from scipy.spatial import cKDTree

    low, high = points.min(axis=0) - size, points.max(axis=0) + size
    count = max(4, int(np.prod(high - low) / size ** 2))
    seeds = low + rng.random((count, 2)) * (high - low)
    distances, nearest = cKDTree(seeds).query(points, k=2)
    return rng.random(count)[nearest[:, 0]], (distances[:, 1] - distances[:, 0]) / 2


def incidence_angles(width):
    """Return the incidence angle in degrees at the centre of each column.

    Parameters
    ----------
    width : int

    Returns
    -------
    ndarray of float64, shape (width,)
    """
    near, far = ANGLES
    position = np.arange(width) / max(1, width - 1)
    # Fit of the geolocation grid of a real product, to a tenth of a degree.
    return near + (far - near) * position * (1.0 + 0.19 * (1.0 - position))


def sigma_nought(surfaces, angles, rng):
    """Return the backscatter without speckle and noise, in linear power.

    Parameters
    ----------
    surfaces : ndarray of int8, shape (height, width)
    angles : ndarray of float64, shape (width,)
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to ndarray of float64, shape (height, width)
        By polarisation.
    """
    shape = surfaces.shape
    decibels = {name: np.zeros(shape) for name in POLARISATIONS}
    for surface_type, surface in SURFACES.items():
        inside = surfaces == surface_type
        region = correlated_field(shape, PIXEL, 3500.0, rng, roughness=3.0)
        texture = correlated_field(shape, PIXEL, surface.correlation_length, rng)
        lines = _thin_lines(shape, rng) if surface.ridges else np.zeros(shape)
        offset = rng.normal(0.0, 0.6 * surface.level_variation)
        if not inside.any():
            continue
        for name, level, slope in zip(POLARISATIONS, surface.level, surface.slope):
            scale = 1.0 if name == "HH" else 0.8
            trend = (level + offset * scale + slope * (angles - REFERENCE_ANGLE))[np.newaxis, :]
            variation = surface.texture * texture + surface.ridges * lines + 0.8 * surface.level_variation * region
            decibels[name][inside] = (trend + scale * variation)[inside]
    return {name: 10.0 ** (0.1 * values) for name, values in decibels.items()}


def _thin_lines(shape, rng):
    """Return thin lines along the zero contour of a random field: 1 on the lines, 0 between them."""
    field = correlated_field(shape, PIXEL, 500.0, rng, roughness=3.0)
    rows, columns = np.gradient(field)
    return np.exp(-0.5 * (field / (0.8 * np.hypot(rows, columns) + 1e-9)) ** 2)


def swath_columns(width):
    """Return the (first, last) column of each sub-swath.

    Parameters
    ----------
    width : int

    Returns
    -------
    tuple of (int, int)
    """
    ends = [round(fraction * width) - 1 for fraction in SWATH_ENDS]
    return tuple(zip([0, *(end + 1 for end in ends[:-1])], ends))


def noise_floor(name, width):
    """Return the annotated noise-equivalent sigma nought in linear power, without the azimuth term.

    Parameters
    ----------
    name : str
        Polarisation.
    width : int

    Returns
    -------
    ndarray of float64, shape (width,)
    """
    decibels = np.empty(width)
    for floor, rise, (first, last) in zip(NOISE_FLOOR, NOISE_RISE, swath_columns(width)):
        position = np.linspace(-1.0, 1.0, last - first + 1)
        decibels[first:last + 1] = floor + rise * position ** 2
    return 10.0 ** (0.1 * (decibels + (HH_NOISE_OFFSET if name == "HH" else 0.0)))


def scalloping(lines):
    """Return the azimuth term of the noise: 1 at the centre of a burst, larger towards its ends.

    Parameters
    ----------
    lines : ndarray of int

    Returns
    -------
    ndarray of float64
    """
    return 1.0 + SCALLOPING * (2.0 * (lines % SCALLOPING_LINES) / SCALLOPING_LINES - 1.0) ** 2


def digital_numbers(sigma, name, calibration, rng):
    """Return the digital numbers: amplitude of signal and noise with speckle.

    Parameters
    ----------
    sigma : ndarray of float64, shape (height, width)
        Sigma nought in linear power.
    name : str
        Polarisation.
    calibration : ndarray of float64, shape (width,)
        Calibration constants: sigma nought is (digital number / constant) squared.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint16, shape (height, width)
    """
    height, width = sigma.shape
    noise = noise_floor(name, width)
    for error, (first, last) in zip(NOISE_ERROR[name], swath_columns(width)):
        noise[first:last + 1] *= error
    power = sigma + noise[np.newaxis, :] * scalloping(np.arange(height))[:, np.newaxis]
    power *= rng.gamma(LOOKS, 1.0 / LOOKS, sigma.shape)
    return np.clip(np.rint(np.sqrt(power) * calibration), 1, 65535).astype(np.uint16)


def calibration_constants(width):
    """Return the calibration look-up table of sigma nought along a line.

    Returns
    -------
    ndarray of float64, shape (width,)
    """
    return BETA_NOUGHT / np.sqrt(np.sin(np.radians(incidence_angles(width))))
