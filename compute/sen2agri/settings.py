"""Settings of the products; the defaults are those of the Sen2-Agri system (version 2.0.4 and later)."""

import re
from dataclasses import dataclass

from ..errors import UnsuitableInput
from ..forest.settings import ForestSettings


def sen2agri_forest(samples_per_class, **others):
    """Random forest settings of Sen2-Agri: 100 trees with a maximum depth of 25, without band differences.

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
                             "samples_per_class": samples_per_class, "classifier": "random_forest", "band_differences": False,
                             **others})


CROP_TYPE_SAMPLES = 10000
CROP_MASK_SAMPLES = 40000


@dataclass(frozen=True)
class SegmentSettings:
    """Smoothing of the crop mask over segments of similar NDVI.

    Parameters
    ----------
    components : int
        Principal components of the NDVI series; 0 disables smoothing.
    range_radius : float
        Maximum Euclidean distance, in the principal components of NDVI, at which single pixels are merged.
    min_size : int
        Minimum segment size in pixels; smaller segments are merged with the most similar neighbour.
    min_crop_area : int
        Minimum size in pixels at which a segment with equal numbers of crop and other pixels is crop.
    """

    components: int = 6
    range_radius: float = 0.65
    min_size: int = 10
    min_crop_area: int = 20


@dataclass(frozen=True)
class ReferenceSettings:
    """Selection of training pixels from an existing land-cover map.

    Parameters
    ----------
    crop_classes : tuple of int
        Map values that are cropland; by default those of ESA CCI Land Cover.
    erosion_radius : int
        Width in pixels removed from the border of each patch of a class; 0 removes none.
    trimming_alpha : float
        Significance level of the Mahalanobis test for outliers of a class; 0 keeps all pixels.
    """

    crop_classes: tuple = (10, 11, 20)
    erosion_radius: int = 1
    trimming_alpha: float = 0.01


@dataclass(frozen=True)
class ProductInfo:
    """Site and tile in the name of the product folder.

    Parameters
    ----------
    site, tile : str
        Number or name of the site, and of the tile (31TEJ), as in Sen2-Agri product names; letters and digits.

    Raises
    ------
    UnsuitableInput
        If one is empty, or contains other characters.
    """

    site: str = "1"
    tile: str = "00XXX"

    def __post_init__(self):
        for name, text in (("site", self.site), ("tile", self.tile)):
            if not re.fullmatch(r"[A-Za-z0-9]{1,20}", text):
                raise UnsuitableInput(f"The {name} of the product is '{text}', but must be one to twenty letters "
                                      "and digits.")
