"""How the products are made; the defaults are those of the Sen2-Agri system (version 2.0.4 and later)."""

import re
from dataclasses import dataclass

from ..errors import UnsuitableInput
from ..forest.settings import ForestSettings


def sen2agri_forest(samples_per_class, **others):
    """A forest as Sen2-Agri grows it: 100 trees of at most 25 levels, nothing but the features themselves.

    Parameters
    ----------
    samples_per_class : int
    **others
        Fields of :class:`ForestSettings`.

    Returns
    -------
    ForestSettings
    """
    return ForestSettings(**{"trees": 100, "max_depth": 25, "min_samples_leaf": 25,
                             "samples_per_class": samples_per_class, "classifier": "random", "band_differences": False,
                             **others})


CROP_TYPE_SAMPLES = 10000
CROP_MASK_SAMPLES = 40000


@dataclass(frozen=True)
class SegmentSettings:
    """How the crop mask is smoothed over segments of similar NDVI.

    Parameters
    ----------
    components : int
        Principal components of the NDVI series; 0 leaves the mask as it is.
    range_radius : float
        How far (Euclidean distance in the principal components of NDVI) single pixels may differ and still join.
    min_size : int
        Pixels; smaller segments join the neighbour that is most alike.
    min_crop_area : int
        A segment with as many crop pixels as others is crop from so many pixels on.
    """

    components: int = 6
    range_radius: float = 0.65
    min_size: int = 10
    min_crop_area: int = 20


@dataclass(frozen=True)
class ReferenceSettings:
    """How training pixels are taken from an existing land-cover map.

    Parameters
    ----------
    crop_classes : tuple of int
        Values of the map that are cropland (those of ESA CCI Land Cover).
    erosion_radius : int
        Pixels taken off the border of each patch of a class; 0 takes none.
    trimming_alpha : float
        Share of the pixels of a class that a Mahalanobis test takes for outliers; 0 keeps all.
    """

    crop_classes: tuple = (10, 11, 20)
    erosion_radius: int = 1
    trimming_alpha: float = 0.01


@dataclass(frozen=True)
class ProductInfo:
    """What the product folder is named after.

    Parameters
    ----------
    site, tile : str
        Number or name of the site, and of the tile (31TEJ), as Sen2-Agri writes them into names; letters and digits.

    Raises
    ------
    UnsuitableInput
        If one is empty, or something else.
    """

    site: str = "1"
    tile: str = "00XXX"

    def __post_init__(self):
        for name, text in (("site", self.site), ("tile", self.tile)):
            if not re.fullmatch(r"[A-Za-z0-9]{1,20}", text):
                raise UnsuitableInput(f"The {name} of the product is '{text}', but names of Sen2-Agri products take "
                                      "one to twenty letters and digits there.")
