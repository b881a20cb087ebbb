"""Growth of stands: leaf area, straw, flowers and background spectrum of each unit by day.

Canopy reflectance follows Baret and Guyot (1991), "Potentials and limits of vegetation indices for LAI and APAR
assessment", Remote Sensing of Environment 35: the background contributes exponentially less with increasing leaf area.
"""

from dataclasses import dataclass

import numpy as np

from .covers import COVERS, Season
from .spectra import BANDS, CANOPIES, FLOWERS, GROUNDS

MAX_SEASONS = 6
NEVER = 1e4


@dataclass(frozen=True)
class Stands:
    """Stands on the units of a landscape for a year; all arrays have one row per unit.

    Parameters
    ----------
    base : ndarray, shape (units,)
        Leaf area index outside the seasons.
    seasons : ndarray, shape (units, MAX_SEASONS, 5)
        Rise, fall, peak, rise_days, fall_days.
    ripe, harvest, tillage : ndarray, shape (units,)
        Days; `NEVER` if the cover does not ripen.
    residue : ndarray, shape (units,)
        Fraction of the ground covered by straw after the harvest.
    flower_day : ndarray, shape (units,)
    flower, canopy, ground : ndarray, shape (units, bands)
        Spectra.
    texture : ndarray, shape (units,)
    gradient : ndarray, shape (units, 2)
        Gradient of vigour over the unit, east and south, per kilometre.
    """

    base: np.ndarray
    seasons: np.ndarray
    ripe: np.ndarray
    harvest: np.ndarray
    tillage: np.ndarray
    residue: np.ndarray
    flower_day: np.ndarray
    flower: np.ndarray
    canopy: np.ndarray
    ground: np.ndarray
    texture: np.ndarray
    gradient: np.ndarray


@dataclass(frozen=True)
class Appearance:
    """Appearance of the units on a day: `leaf_area` (units,), `leaves` and `ground` spectra (units, bands)."""

    leaf_area: np.ndarray
    leaves: np.ndarray
    ground: np.ndarray


def create_stands(covers, delay, rng):
    """Create a stand on every unit, with random variation within each cover.

    Parameters
    ----------
    covers : ndarray of int, shape (units,)
        Index in ``COVERS``.
    delay : ndarray, shape (units,)
        Delay of the calendar of the unit in days.
    rng : numpy.random.Generator

    Returns
    -------
    Stands
    """
    rows = [_create_stand(COVERS[cover], late, rng) for cover, late in zip(covers, delay)]
    return Stands(*(np.array(column) for column in zip(*rows)))


def _create_stand(cover, late, rng):
    shift = late + rng.normal(0.0, cover.spread_days)
    vigour = np.exp(rng.normal(0.0, 0.13)) * (rng.uniform(0.4, 0.7) if rng.random() < 0.04 else 1.0)
    seasons = [_perturb_season(season, shift, vigour, rng) for season in cover.seasons]
    first, last = (cover.seasons[0].rise, cover.seasons[-1].fall) if cover.seasons else (NEVER, NEVER)
    ripe = last + shift + 4.0
    harvest = ripe + rng.uniform(12.0, 26.0)
    tillage = harvest + rng.exponential(30.0) + 4.0
    if rng.random() < cover.cover_crop:
        seasons.append(Season(-60.0, first + shift - rng.uniform(35.0, 65.0), rng.uniform(0.6, 2.6), 20.0, 4.0))
    if rng.random() < cover.regrowth:
        seasons.append(Season(harvest + rng.uniform(20.0, 45.0), 400.0, rng.uniform(0.5, 2.2), 9.0, 9.0))
    table = np.zeros((MAX_SEASONS, 5))
    table[:, 3:] = 1.0
    for row, season in enumerate(seasons):
        table[row] = season.rise, season.fall, season.peak, season.rise_days, season.fall_days
    if not cover.ripens:
        ripe = harvest = tillage = NEVER
    canopy = _perturb_spectrum(_canopy(cover, rng), 0.04, 0.03, rng)
    ground = _perturb_spectrum(GROUNDS[cover.ground], 0.10, 0.04, rng)
    return (cover.base * vigour, table, ripe, harvest, tillage, rng.uniform(0.3, 0.75),
            cover.flower_day + shift, FLOWERS[cover.flower] * rng.uniform(0.6, 1.15), canopy, ground, cover.texture,
            rng.normal(0.0, 0.5, 2))


def _canopy(cover, rng):
    if cover.name == "Forest":
        conifers = rng.beta(0.6, 1.4)
        return (1 - conifers) * CANOPIES["broadleaf"] + conifers * CANOPIES["conifer"]
    return CANOPIES[cover.canopy]


def _perturb_season(season, shift, vigour, rng):
    rise, fall = season.rise + shift + rng.normal(0.0, 2.0), season.fall + shift + rng.normal(0.0, 3.0)
    return Season(rise, max(fall, rise + 8.0), season.peak * vigour * np.exp(rng.normal(0.0, 0.08)),
                  season.rise_days * np.exp(rng.normal(0.0, 0.15)), season.fall_days * np.exp(rng.normal(0.0, 0.15)))


def _perturb_spectrum(spectrum, overall, per_band, rng):
    """Return the spectrum with a random brightness and random deviations correlated between neighbouring bands."""
    noise = rng.normal(0.0, per_band, len(BANDS) + 2)
    smooth = (noise[:-2] + noise[1:-1] + noise[2:]) / np.sqrt(3.0)
    return spectrum * np.exp(rng.normal(0.0, overall) + smooth)


def appearance_on(stands, day, wetness, rng):
    """Return the appearance of every unit on a day.

    Parameters
    ----------
    stands : Stands
    day : int
        Day of the year.
    wetness : float
        Soil wetness, which darkens bare soil: 0 dry, 1 saturated.
    rng : numpy.random.Generator
        Random variation between overpasses (soil crust, dew, view angle).

    Returns
    -------
    Appearance
    """
    rise, fall, peak, rise_days, fall_days = np.moveaxis(stands.seasons, 2, 0)
    growth = _logistic((day - rise) / rise_days) - _logistic((day - fall) / fall_days)
    leaf_area = np.maximum(stands.base * (day < stands.ripe) + (peak * np.maximum(growth, 0.0)).sum(axis=1), 0.0)
    straw = _straw_fraction(stands, day)[:, None]
    units = len(stands.base)
    soil = stands.ground * (1.0 - 0.35 * wetness * rng.uniform(0.6, 1.4, units))[:, None]
    ground = (1.0 - straw) * soil + straw * GROUNDS["straw"] * stands.ground.mean(axis=1, keepdims=True) / 0.2
    flowering = np.exp(-0.5 * ((day - stands.flower_day) / 9.0) ** 2)[:, None]
    brightness = np.exp(rng.normal(0.0, 0.025, units))[:, None]
    return Appearance(leaf_area, (stands.canopy + stands.flower * flowering) * brightness, ground * brightness)


def _straw_fraction(stands, day):
    standing = 0.85 * _logistic((day - stands.ripe) / 4.0)
    fraction = np.where(day < stands.harvest, standing, stands.residue)
    return np.where(day < stands.tillage, fraction, 0.12 * stands.residue) * (day > stands.ripe - 40.0)


def _logistic(x):
    return 1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0)))
