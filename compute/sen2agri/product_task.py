"""Task and settings.

Inputs, settings and output paths of a product.

Settings of the products; the defaults are those of the Sen2-Agri system (version 2.0.4 and later).
"""

import re
from dataclasses import dataclass, field

from ..classifiers.forest_model import ForestSettings
from ..errors import UnsuitableInput
from ..insitu.parcel_split import SplitSettings


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
                             "samples_per_class": samples_per_class, "classifier": "random_forest",
                             "band_differences": False, **others})


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


CROP_TYPE, CROP_MASK = "L4B", "L4A"


@dataclass(frozen=True)
class ProductPaths:
    """Output paths; empty for outputs not requested.

    Parameters
    ----------
    final, raw : str
        Final map, and map before mask or smoothing.
    quality : str
        Raster of status flags.
    report : str
    folder : str
        Parent folder of the Sen2-Agri product folder.
    """

    final: str
    raw: str = ""
    quality: str = ""
    report: str = ""
    folder: str = ""


@dataclass(frozen=True)
class ProductTask:
    """Inputs and settings of a product.

    Parameters
    ----------
    kind : {"L4A", "L4B"}
    series : str
        Path of the dated, gap-filled series.
    forest : ForestSettings
    parcels : tuple of Parcel
        In the CRS of the series; crops by code for L4B, ``0`` and ``1`` for L4A. Empty with `reference`.
    labels : dict of str to str
        Class name by code.
    validation : tuple of Parcel or None
    split : SplitSettings
    reference : str
        Path of a land-cover map used instead of parcels (L4A).
    reference_settings : ReferenceSettings
    segments : SegmentSettings
    mask : str
        Path of a crop mask (L4B).
    flags : str
        Path of the raster with the scene classification of each date; empty for the series itself.
    red_edge : bool
    info : ProductInfo
    parcels_path, class_field, validation_path : str
        Source of the parcels.
    notes : tuple of str
        Notes on the preparation of the parcels.
    """

    kind: str
    series: str
    forest: ForestSettings
    parcels: tuple = ()
    labels: dict = field(default_factory=dict)
    validation: tuple = None
    split: SplitSettings = field(default_factory=SplitSettings)
    reference: str = ""
    reference_settings: ReferenceSettings = field(default_factory=ReferenceSettings)
    segments: SegmentSettings = field(default_factory=SegmentSettings)
    mask: str = ""
    flags: str = ""
    red_edge: bool = False
    info: ProductInfo = field(default_factory=ProductInfo)
    parcels_path: str = ""
    class_field: str = ""
    validation_path: str = ""
    notes: tuple = ()
