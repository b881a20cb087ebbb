"""Inputs, settings and output paths of a Sen2-Agri product, and the parameters of the settings.

The defaults are those of the Sen2-Agri system (version 2.0.4 and later).
"""

import re
from dataclasses import dataclass, field, replace

from ..classifiers.forest_model import ForestSettings
from ..classifiers.forest_parameters import MAX_DEPTH, MIN_SAMPLES_LEAF, SAMPLES_PER_CLASS, TREES
from ..declarations import ParameterDeclaration
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


SEN2AGRI_FOREST_PARAMETERS = (
    replace(TREES, help="Number of trees of the forest; 100 in Sen2-Agri.", advanced=True),
    replace(SAMPLES_PER_CLASS, help="Maximum number of training pixels per class; 0 uses all.", advanced=True),
    MAX_DEPTH,
    replace(MIN_SAMPLES_LEAF, help="Minimum number of training pixels in a leaf of a tree. Reduce it where classes "
                                   "have few pixels."),
)


CROP_TYPE_SAMPLES = 10000
CROP_MASK_SAMPLES = 40000


@dataclass(frozen=True)
class SegmentSettings:
    """Smoothing of the crop mask over segments of similar NDVI.

    Parameters
    ----------
    pca_components : int
        Principal components of the NDVI series; 0 disables smoothing.
    range_radius : float
        Maximum Euclidean distance, in the principal components of NDVI, at which single pixels are merged.
    min_size : int
        Minimum segment size in pixels; smaller segments are merged with the most similar neighbour.
    min_crop_area : int
        Minimum size in pixels at which a segment with equal numbers of crop and other pixels is crop.
    """

    pca_components: int = 6
    range_radius: float = 0.65
    min_size: int = 10
    min_crop_area: int = 20


SEGMENT_PARAMETERS = (
    ParameterDeclaration(
        "PCA_COMPONENTS", "Principal components of the NDVI series",
        "Number of principal components used for the segmentation (0 to 20); 0 applies no segmentation.",
        kind="integer", minimum=0, maximum=20, advanced=True, setting="pca_components"),
    ParameterDeclaration(
        "RANGE_RADIUS", "Range radius (mean shift)",
        "Maximum difference of neighbouring pixels of a segment, in NDVI units over all components. Smaller values "
        "give smaller segments.", minimum=0.001, advanced=True, setting="range_radius"),
    ParameterDeclaration(
        "MIN_SIZE", "Minimum segment size (pixels)", "Segments of fewer pixels are merged with a neighbour.",
        kind="integer", minimum=1, maximum=10000, advanced=True, setting="min_size"),
    ParameterDeclaration(
        "MIN_CROP_AREA", "Minimum size of a crop segment without majority (pixels)",
        "Segments with equal numbers of crop and other pixels become crop from this size on.", kind="integer",
        minimum=0, advanced=True, setting="min_crop_area"),
)


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


# A text, which becomes the numbers of the field crop_classes.
CROP_CLASSES = ParameterDeclaration(
    "CROP_CLASSES", "Cropland class values",
    "Values of the reference map that are cropland, separated by commas; 10, 11 and 20 in ESA CCI Land Cover.",
    kind="text", default=",".join(map(str, ReferenceSettings.crop_classes)))
REFERENCE_PARAMETERS = (
    CROP_CLASSES,
    ParameterDeclaration(
        "EROSION_RADIUS", "Erosion radius (pixels)",
        "Pixels removed from the border of each patch of a class (0 to 50), where land-cover maps are least reliable; "
        "0 applies no erosion.", kind="integer", minimum=0, maximum=50, setting="erosion_radius"),
    ParameterDeclaration(
        "TRIMMING_ALPHA", "Trimming alpha (Mahalanobis distance)",
        "Significance level (0 to 0.5) of the chi-squared test on the Mahalanobis distance by which outliers of each "
        "class are removed; 0 keeps all pixels, larger values keep fewer.", minimum=0.0, maximum=0.5,
        setting="trimming_alpha"),
)


@dataclass(frozen=True)
class ProductInfo:
    """Site and tile in the name of the product folder.

    Parameters
    ----------
    site, tile_id : str
        Number or name of the site, and of the tile (31TEJ), as in Sen2-Agri product names; letters and digits.

    Raises
    ------
    UnsuitableInput
        If one is empty, or contains other characters.
    """

    site: str = "1"
    tile_id: str = "00XXX"

    def __post_init__(self):
        for name, text in (("site", self.site), ("tile", self.tile_id)):
            if not re.fullmatch(r"[A-Za-z0-9]{1,20}", text):
                raise UnsuitableInput(f"The {name} of the product is '{text}', but must be one to twenty letters "
                                      "and digits.")


PRODUCT_INFO_PARAMETERS = (
    ParameterDeclaration(
        "SITE", "Site name",
        "Number or short name of the site, used in the names of the product folder; letters and digits.", kind="text",
        advanced=True, setting="site"),
    ParameterDeclaration(
        "TILE_ID", "Tile identifier", "Tile (31TEJ), used in the names of the product folder; letters and digits.",
        kind="text", advanced=True, setting="tile_id"),
)


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
