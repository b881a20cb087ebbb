"""Inputs, settings and output paths of a product."""

from dataclasses import dataclass, field

from ..forest.settings import ForestSettings
from ..insitu.split import SplitSettings
from .settings import ProductInfo, ReferenceSettings, SegmentSettings

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
