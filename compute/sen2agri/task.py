"""What a product is made of and where its parts go."""

from dataclasses import dataclass, field

from ..forest.settings import ForestSettings
from ..insitu.split import SplitSettings
from .settings import ProductInfo, ReferenceSettings, SegmentSettings

CROP_TYPE, CROP_MASK = "L4B", "L4A"


@dataclass(frozen=True)
class ProductPaths:
    """Where the results go; empty for those not wanted.

    Parameters
    ----------
    final, raw : str
        The product, and the map before mask or segments.
    quality : str
        Status flags.
    report : str
    folder : str
        The folder in which the product folder of Sen2-Agri is made.
    """

    final: str
    raw: str = ""
    quality: str = ""
    report: str = ""
    folder: str = ""


@dataclass(frozen=True)
class ProductTask:
    """What to make.

    Parameters
    ----------
    kind : {"L4A", "L4B"}
    series : str
        Path of the dated, gap-filled series.
    forest : ForestSettings
    parcels : tuple of Parcel
        In the CRS of the series; crops by code for L4B, ``0`` and ``1`` for L4A. Empty with `reference`.
    labels : dict of str to str
        What people should read for a code.
    validation : tuple of Parcel or None
    split : SplitSettings
    reference : str
        Path of a land-cover map that takes the place of the parcels (L4A).
    reference_settings : ReferenceSettings
    segments : SegmentSettings
    mask : str
        Path of a crop mask (L4B).
    flags : str
        Path of the raster that tells what each date showed; empty for the series itself.
    red_edge : bool
    info : ProductInfo
    parcels_path, class_field, validation_path : str
        Where the parcels came from.
    notes : tuple of str
        What happened to them before.
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
