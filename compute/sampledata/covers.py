"""Land covers of the synthetic crop scene, with the calendar of each crop as double-logistic seasons.

The leaf area index of a season rises and falls along two logistic curves (Zhang et al. 2003, Remote Sensing of
Environment 84). Days are days of the year for a mild oceanic climate at 43 degrees north. Crop names and codes are
those of Sen2-Agri; other covers have codes from 90001 on.
"""

from dataclasses import dataclass


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
