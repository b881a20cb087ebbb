"""Growth of crops and other land covers: leaf area, straw, flowers and background spectrum of each unit by day.

The leaf area index of a season rises and falls along two logistic curves (Zhang et al. 2003, Remote Sensing of
Environment 84). Canopy reflectance follows Baret and Guyot (1991), "Potentials and limits of vegetation indices for LAI
and APAR assessment", Remote Sensing of Environment 35: the background contributes exponentially less with increasing
leaf area. Days are days of the year for a mild oceanic climate at 43 degrees north. Crop names and codes are those of
Sen2-Agri; other covers have codes from 90001 on.
"""

from dataclasses import dataclass

import numpy as np

from .spectra import BANDS, CANOPIES, FLOWERS, GROUNDS


@dataclass(frozen=True)
class Season:
    """One rise and fall of the leaf area index.

    Parameters
    ----------
    rise, fall : float
        Days of half the rise and of half the fall.
    peak : float
        Leaf area index at the peak.
    rise_days, fall_days : float
        Time constants; from a quarter to three quarters takes 2.2 times as long.
    """

    rise: float
    fall: float
    peak: float
    rise_days: float = 11.0
    fall_days: float = 7.0


@dataclass(frozen=True)
class Cover:
    """A land cover.

    Parameters
    ----------
    name : str
        Class label of a parcel, or name of a cover too small for parcels.
    code : int
        Class code of a parcel, 0 if it is never surveyed.
    area_fraction : float
        Fraction of the farmed parcels.
    base : float
        Leaf area index outside the seasons.
    seasons : tuple of Season
    canopy, ground : str
        Keys of the spectra of the canopy and of the background.
    flower : str
        Key of the spectrum of the flowers, or empty.
    flower_day : float
        Middle of flowering.
    ripens : bool
        Whether it ripens to straw and is harvested, and the soil is tilled afterwards.
    cover_crop, regrowth : float
        Fraction of parcels with a cover crop or weeds before the crop, and with regrowth after it.
    spread_days : float
        Standard deviation of the calendar between parcels.
    texture : float
        Relative standard deviation of brightness between subpixels.
    """

    name: str
    code: int = 0
    area_fraction: float = 0.0
    base: float = 0.0
    seasons: tuple = ()
    canopy: str = "grass"
    ground: str = "soil"
    flower: str = ""
    flower_day: float = 0.0
    ripens: bool = False
    cover_crop: float = 0.0
    regrowth: float = 0.0
    spread_days: float = 5.0
    texture: float = 0.03

    @property
    def is_crop(self):
        """bool: whether it is a crop."""
        return self.area_fraction > 0


CROPS = (
    Cover("Winter wheat", 111, 0.23, 0.5, (Season(93, 167, 4.8, 13, 6),), "wheat", ripens=True, regrowth=0.3,
          spread_days=4),
    Cover("Winter barley", 151, 0.12, 0.6, (Season(84, 146, 4.4, 13, 6),), "barley", ripens=True, regrowth=0.35,
          spread_days=4),
    Cover("Rapeseed", 435, 0.09, 0.9, (Season(72, 156, 4.2, 14, 8),), "rapeseed", flower="rapeseed", flower_day=108,
          ripens=True, regrowth=0.5, spread_days=5),
    Cover("Maize", 12, 0.16, 0.0, (Season(164, 259, 4.4, 9, 9),), "maize", ripens=True, cover_crop=0.35, spread_days=6),
    Cover("Sunflower", 438, 0.13, 0.0, (Season(156, 229, 3.4, 9, 8),), "sunflower", flower="sunflower",
          flower_day=192, ripens=True, cover_crop=0.3, spread_days=6),
    Cover("Soybeans", 41, 0.09, 0.0, (Season(177, 254, 4.8, 9, 6),), "soybean", ripens=True, cover_crop=0.35,
          spread_days=6),
    Cover("Alfalfa", 791, 0.07, 1.0, (Season(70, 126, 3.6, 11, 2), Season(141, 168, 3.2, 6, 2),
                                      Season(183, 212, 2.8, 7, 2), Season(229, 290, 2.4, 8, 4)), "alfalfa",
          spread_days=8),
    Cover("Grassland", 792, 0.11, 1.3, (Season(74, 146, 2.9, 14, 4), Season(172, 205, 1.2, 12, 12),
                                        Season(255, 330, 1.2, 12, 12)), "grass", spread_days=11, texture=0.04),
)
WOOD = Cover("Forest", 90001, base=1.6, seasons=(Season(102, 305, 3.6, 7, 9),), canopy="broadleaf", ground="litter",
             spread_days=4, texture=0.13)
WATER = Cover("Water", 90002, ground="water", texture=0.05)
BUILT_UP = Cover("Built-up", 90003, ground="concrete")
ROOF = Cover("roof", ground="tiles", texture=0.12)
SLAB = Cover("slab", ground="concrete", texture=0.2)
ASPHALT = Cover("asphalt", ground="asphalt", texture=0.06)
GARDEN = Cover("garden", base=1.4, seasons=(Season(90, 300, 2.2, 14, 14),), texture=0.15)
HEDGE = Cover("hedge", base=1.2, seasons=(Season(100, 302, 3.4, 8, 9),), canopy="broadleaf", ground="litter",
              texture=0.15)
MARGIN = Cover("margin", base=1.2, seasons=(Season(80, 190, 1.6, 14, 14),), texture=0.08)
TRACK = Cover("track", base=0.25, ground="gravel", texture=0.08)
COVERS = (*CROPS, WOOD, WATER, BUILT_UP, ROOF, SLAB, ASPHALT, GARDEN, HEDGE, MARGIN, TRACK)
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
