"""How each stand of plants looks on a given day: leaves, straw, flowers and the ground below.

Reflectance of a canopy follows Baret and Guyot (1991), "Potentials and limits of vegetation indices for LAI and APAR
assessment", Remote Sensing of Environment 35: a background that fades exponentially behind the leaves.
"""

from dataclasses import dataclass

import numpy as np

from .covers import COVERS, Season
from .spectra import BANDS, CANOPIES, FLOWERS, GROUNDS

MOST_SEASONS = 6
NEVER = 1e4


@dataclass(frozen=True)
class Stands:
    """What stands on every unit of a landscape, for the whole year; all arrays have one row per unit.

    Parameters
    ----------
    base : ndarray, shape (units,)
        Leaf area index outside the seasons.
    seasons : ndarray, shape (units, MOST_SEASONS, 5)
        Rise, fall, peak, rise_days, fall_days.
    ripe, harvest, tillage : ndarray, shape (units,)
        Days; `NEVER` where nothing ripens.
    residue : ndarray, shape (units,)
        Share of the ground that straw covers after the harvest.
    flower_day : ndarray, shape (units,)
    flower, canopy, ground : ndarray, shape (units, bands)
        Spectra.
    texture : ndarray, shape (units,)
    lie : ndarray, shape (units, 2)
        Slopes of vigour over the unit, east and south, per kilometre.
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
    lie: np.ndarray


@dataclass(frozen=True)
class Look:
    """How the units look on one day: `leaf_area` (units,), `leaves` and `ground` spectra (units, bands)."""

    leaf_area: np.ndarray
    leaves: np.ndarray
    ground: np.ndarray


def sow(covers, delay, rng):
    """Let something grow on every unit, each a little different from the next of its kind.

    Parameters
    ----------
    covers : ndarray of int, shape (units,)
        Place in ``COVERS``.
    delay : ndarray, shape (units,)
        Days by which the calendar is late where the unit lies.
    rng : numpy.random.Generator

    Returns
    -------
    Stands
    """
    rows = [_one_stand(COVERS[cover], late, rng) for cover, late in zip(covers, delay)]
    return Stands(*(np.array(column) for column in zip(*rows)))


def _one_stand(cover, late, rng):
    shift = late + rng.normal(0.0, cover.spread_days)
    vigour = np.exp(rng.normal(0.0, 0.13)) * (rng.uniform(0.4, 0.7) if rng.random() < 0.04 else 1.0)
    seasons = [_vary(season, shift, vigour, rng) for season in cover.seasons]
    first, last = (cover.seasons[0].rise, cover.seasons[-1].fall) if cover.seasons else (NEVER, NEVER)
    ripe = last + shift + 4.0
    harvest = ripe + rng.uniform(12.0, 26.0)
    tillage = harvest + rng.exponential(30.0) + 4.0
    if rng.random() < cover.before:
        seasons.append(Season(-60.0, first + shift - rng.uniform(35.0, 65.0), rng.uniform(0.6, 2.6), 20.0, 4.0))
    if rng.random() < cover.after:
        seasons.append(Season(harvest + rng.uniform(20.0, 45.0), 400.0, rng.uniform(0.5, 2.2), 9.0, 9.0))
    table = np.zeros((MOST_SEASONS, 5))
    table[:, 3:] = 1.0
    for row, season in enumerate(seasons):
        table[row] = season.rise, season.fall, season.peak, season.rise_days, season.fall_days
    if not cover.ripens:
        ripe = harvest = tillage = NEVER
    canopy = _vary_spectrum(_canopy(cover, rng), 0.04, 0.03, rng)
    ground = _vary_spectrum(GROUNDS[cover.ground], 0.10, 0.04, rng)
    return (cover.base * vigour, table, ripe, harvest, tillage, rng.uniform(0.3, 0.75),
            cover.flower_day + shift, FLOWERS[cover.flower] * rng.uniform(0.6, 1.15), canopy, ground, cover.texture,
            rng.normal(0.0, 0.5, 2))


def _canopy(cover, rng):
    if cover.name == "Forest":
        conifers = rng.beta(0.6, 1.4)
        return (1 - conifers) * CANOPIES["broadleaf"] + conifers * CANOPIES["conifer"]
    return CANOPIES[cover.canopy]


def _vary(season, shift, vigour, rng):
    rise, fall = season.rise + shift + rng.normal(0.0, 2.0), season.fall + shift + rng.normal(0.0, 3.0)
    return Season(rise, max(fall, rise + 8.0), season.peak * vigour * np.exp(rng.normal(0.0, 0.08)),
                  season.rise_days * np.exp(rng.normal(0.0, 0.15)), season.fall_days * np.exp(rng.normal(0.0, 0.15)))


def _vary_spectrum(spectrum, overall, per_band, rng):
    """The spectrum, brighter or darker as a whole and bent a little, neighbouring bands alike."""
    bends = rng.normal(0.0, per_band, len(BANDS) + 2)
    smooth = (bends[:-2] + bends[1:-1] + bends[2:]) / np.sqrt(3.0)
    return spectrum * np.exp(rng.normal(0.0, overall) + smooth)


def look_on(stands, day, wetness, rng):
    """How every unit looks on a day.

    Parameters
    ----------
    stands : Stands
    day : int
        Day of the year.
    wetness : float
        How much rain darkens bare soil: 0 dry, 1 soaked.
    rng : numpy.random.Generator
        For what changes from one overpass to the next (crust, dew, direction of view).

    Returns
    -------
    Look
    """
    rise, fall, peak, rise_days, fall_days = np.moveaxis(stands.seasons, 2, 0)
    swell = _logistic((day - rise) / rise_days) - _logistic((day - fall) / fall_days)
    leaf_area = np.maximum(stands.base * (day < stands.ripe) + (peak * np.maximum(swell, 0.0)).sum(axis=1), 0.0)
    straw = _straw_share(stands, day)[:, None]
    units = len(stands.base)
    soil = stands.ground * (1.0 - 0.35 * wetness * rng.uniform(0.6, 1.4, units))[:, None]
    ground = (1.0 - straw) * soil + straw * GROUNDS["straw"] * stands.ground.mean(axis=1, keepdims=True) / 0.2
    blossom = np.exp(-0.5 * ((day - stands.flower_day) / 9.0) ** 2)[:, None]
    glint = np.exp(rng.normal(0.0, 0.025, units))[:, None]
    return Look(leaf_area, (stands.canopy + stands.flower * blossom) * glint, ground * glint)


def _straw_share(stands, day):
    standing = 0.85 * _logistic((day - stands.ripe) / 4.0)
    share = np.where(day < stands.harvest, standing, stands.residue)
    return np.where(day < stands.tillage, share, 0.12 * stands.residue) * (day > stands.ripe - 40.0)


def _logistic(x):
    return 1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0)))
