"""What a C-band radar sees of the synthetic ice: from kinds of ice to the numbers a Sentinel-1 EW product stores.

Levels are typical of winter (rounded from published ranges, not fitted to any scene). They overlap on purpose: wind
roughens the water, frost flowers brighten new ice, and each region and each date has a level of its own. What
tells the kinds apart more reliably is their grain.
"""

from dataclasses import dataclass

import numpy as np

from . import seaice_world as world_of
from .fields import correlated_field

PIXEL = 40.0
# Equivalent number of looks of EW GRDM: 6 in range, 3 in azimuth, partly overlapping.
LOOKS = 10.7
POLARISATIONS = ("HH", "HV")
REFERENCE_ANGLE = 30.0
# Incidence angles across the swath, and where the sub-swaths meet (share of the width), as in EW products.
ANGLES = (18.9, 46.4)
SWATHS = ("EW1", "EW2", "EW3", "EW4", "EW5")
SWATH_ENDS = (0.297, 0.478, 0.676, 0.854, 1.0)
# Noise-equivalent sigma nought in the middle of each sub-swath (dB, HV), and how much it rises towards its ends.
NOISE_FLOOR = (-26.0, -30.2, -31.5, -34.0, -33.3)
NOISE_RISE = (3.0, 1.9, 3.2, 4.2, 2.0)
HH_NOISE_SURPLUS = 1.0
# How wrong the annotated noise is in each sub-swath: what is left after its removal are the well-known steps.
NOISE_ERROR = {"HH": (1.03, 1.0, 0.99, 1.02, 0.98), "HV": (1.10, 0.97, 1.02, 0.94, 1.03)}
SCALLOPING, SCALLOPING_LINES = 0.2, 130
BETA_NOUGHT = 1087.0

WATER, NEW, YOUNG, FIRST_YEAR, OLD, LAND = range(6)


@dataclass(frozen=True)
class Surface:
    """How a kind of ice looks.

    Parameters
    ----------
    level : tuple of float
        Sigma nought at 30 degrees in dB, HH and HV.
    slope : tuple of float
        Change with the incidence angle in dB per degree.
    grain : float
        Standard deviation in dB.
    length : float
        Distance in metres over which the grain resembles itself.
    ridges : float
        Brightness of thin lines in dB.
    unrest : float
        By how much the level differs from date to date and from region to region, in dB.
    """

    level: tuple
    slope: tuple
    grain: float
    length: float
    ridges: float
    unrest: float


SURFACES = {
    WATER: Surface((-18.0, -29.5), (-0.55, -0.12), 0.3, 1500.0, 0.0, 2.1),
    NEW: Surface((-19.0, -28.0), (-0.30, -0.15), 1.4, 260.0, 0.0, 1.3),
    YOUNG: Surface((-14.2, -24.2), (-0.26, -0.15), 2.8, 110.0, 0.0, 1.0),
    FIRST_YEAR: Surface((-16.0, -26.0), (-0.24, -0.16), 0.7, 700.0, 4.5, 0.9),
    OLD: Surface((-11.8, -20.4), (-0.17, -0.10), 2.0, 55.0, 1.0, 1.0),
    LAND: Surface((-9.0, -15.5), (-0.12, -0.08), 3.2, 160.0, 0.0, 0.5)}

# Kinds of ice in each zone: what most floes are, what some are, what is between them.
MIXTURES = {world_of.WATER: (WATER, WATER, WATER), world_of.BERGY: (WATER, NEW, WATER),
            world_of.NEW: (NEW, YOUNG, WATER), world_of.YOUNG: (YOUNG, NEW, NEW),
            world_of.FIRST_YEAR: (FIRST_YEAR, YOUNG, NEW), world_of.OLD: (OLD, FIRST_YEAR, NEW),
            world_of.FAST: (FIRST_YEAR, FIRST_YEAR, FIRST_YEAR), world_of.LAND: (LAND, LAND, LAND)}
MOST, SOME = 0.88, 0.96
FLOE_SIZE = {world_of.NEW: 400.0, world_of.YOUNG: 550.0, world_of.FIRST_YEAR: 1100.0, world_of.OLD: 850.0}
LEAD_WIDTH = 70.0


def surface_kinds(zones, points, rng):
    """Which kind of ice each pixel shows: floes in the mixture of their zone, with leads between them.

    Parameters
    ----------
    zones : ndarray of int8, shape (height, width)
    points : ndarray of float64, shape (height, width, 2)
        Metres.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int8, shape (height, width)
        ``WATER`` .. ``LAND``.
    """
    mixtures = np.array([MIXTURES[zone] for zone in sorted(MIXTURES)], np.int8)
    kinds = mixtures[zones, 0]
    for zone, size in FLOE_SIZE.items():
        inside = zones == zone
        if inside.any():
            fate, edge = _floes(points[inside], size, rng)
            choice = np.digitize(fate, (MOST, SOME))
            choice[edge < LEAD_WIDTH / 2] = 2
            kinds[inside] = mixtures[zone][choice]
    return kinds


def _floes(points, size, rng):
    """A random number for the floe that each point belongs to, and its distance in metres from the edge of the floe."""
    from scipy.spatial import cKDTree

    low, high = points.min(axis=0) - size, points.max(axis=0) + size
    count = max(4, int(np.prod(high - low) / size ** 2))
    seeds = low + rng.random((count, 2)) * (high - low)
    distances, nearest = cKDTree(seeds).query(points, k=2)
    return rng.random(count)[nearest[:, 0]], (distances[:, 1] - distances[:, 0]) / 2


def incidence_angles(width):
    """Degrees at the centre of each column.

    Parameters
    ----------
    width : int

    Returns
    -------
    ndarray of float64, shape (width,)
    """
    near, far = ANGLES
    place = np.arange(width) / max(1, width - 1)
    # Ground range grows faster than the angle: the curve of the real geolocation grid, to a tenth of a degree.
    return near + (far - near) * place * (1.0 + 0.19 * (1.0 - place))


def sigma_nought(kinds, angles, rng):
    """The backscatter of the ice without speckle and noise, in linear power.

    Parameters
    ----------
    kinds : ndarray of int8, shape (height, width)
    angles : ndarray of float64, shape (width,)
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to ndarray of float64, shape (height, width)
        By polarisation.
    """
    shape = kinds.shape
    decibels = {name: np.zeros(shape) for name in POLARISATIONS}
    for kind, surface in SURFACES.items():
        inside = kinds == kind
        region = correlated_field(shape, PIXEL, 3500.0, rng, roughness=3.0)
        grain = correlated_field(shape, PIXEL, surface.length, rng)
        lines = _thin_lines(shape, rng) if surface.ridges else np.zeros(shape)
        own = rng.normal(0.0, 0.6 * surface.unrest)
        if not inside.any():
            continue
        for name, level, slope in zip(POLARISATIONS, surface.level, surface.slope):
            contrast = 1.0 if name == "HH" else 0.8
            trend = (level + own * contrast + slope * (angles - REFERENCE_ANGLE))[np.newaxis, :]
            texture = surface.grain * grain + surface.ridges * lines + 0.8 * surface.unrest * region
            decibels[name][inside] = (trend + contrast * texture)[inside]
    return {name: 10.0 ** (0.1 * values) for name, values in decibels.items()}


def _thin_lines(shape, rng):
    """1 on ridges and 0 between them: where a random field changes its sign."""
    field = correlated_field(shape, PIXEL, 500.0, rng, roughness=3.0)
    rows, columns = np.gradient(field)
    return np.exp(-0.5 * (field / (0.8 * np.hypot(rows, columns) + 1e-9)) ** 2)


def swath_columns(width):
    """(first, last) column of each sub-swath.

    Parameters
    ----------
    width : int

    Returns
    -------
    tuple of (int, int)
    """
    ends = [round(share * width) - 1 for share in SWATH_ENDS]
    return tuple(zip([0, *(end + 1 for end in ends[:-1])], ends))


def noise_floor(name, width):
    """Noise-equivalent sigma nought that the annotation claims, in linear power, without the azimuth term.

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
        place = np.linspace(-1.0, 1.0, last - first + 1)
        decibels[first:last + 1] = floor + rise * place ** 2
    return 10.0 ** (0.1 * (decibels + (HH_NOISE_SURPLUS if name == "HH" else 0.0)))


def scalloping(lines):
    """The azimuth term of the noise: 1 in the middle of a burst, more towards its ends.

    Parameters
    ----------
    lines : ndarray of int

    Returns
    -------
    ndarray of float64
    """
    return 1.0 + SCALLOPING * (2.0 * (lines % SCALLOPING_LINES) / SCALLOPING_LINES - 1.0) ** 2


def stored_numbers(sigma, name, calibration, rng):
    """What the product stores: the root of signal and noise, as speckle leaves it.

    Parameters
    ----------
    sigma : ndarray of float64, shape (height, width)
        Sigma nought in linear power.
    name : str
        Polarisation.
    calibration : ndarray of float64, shape (width,)
        Sigma nought is the squared number divided by the square of this.
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
    """The calibration look-up table of sigma nought along a line.

    Returns
    -------
    ndarray of float64, shape (width,)
    """
    return BETA_NOUGHT / np.sqrt(np.sin(np.radians(incidence_angles(width))))
