"""Product metadata of Sentinel-2, read from the metadata files and never from file names.

Elements that have other names in the first Level-2A layout (2017, processing level "Level-2Ap") are looked up under
both. Files are located by the granule list first, by file name pattern second. Source: Sentinel-2 Products
Specification Document; radiometric offsets since processing baseline 04.00.
"""

import os
import re
from dataclasses import dataclass, field
from datetime import datetime

from ..errors import MissingInput, UnreadableInput, UnsuitableInput
from ..safe import SafeKind, SafeProduct, open_safe
from ..xml_documents import elements, parse_xml, text_of, time_of
from .granules import Granule, granules_of
from .msi_bands import BANDS, LAYERS, native_resolution

# Slowly varying layers, for which a coarser image is accepted.
SMOOTH_LAYERS = ("AOT", "WVP", "CLDPRB", "SNWPRB")
SENTINEL2_SAFE = SafeKind(
    mission="Sentinel-2",
    metadata=re.compile(r"(^|/)(MTD_MSIL(1C|2A)|S2[A-Z]_[A-Z]{4}_MTD_(SAFL1C|SAFL2A|DMPL1C)_[^/]*)\.xml$",
                        re.IGNORECASE),
    product_name=re.compile(r"S2[A-Z]_"), metadata_words="MTD_MSIL2A.xml", entry_file="MTD_MSIL2A.xml")


# Digital numbers per unit of reflectance, and the radiometric offset in digital numbers: 10000 and -1000 so far.
QUANTIFICATIONS = (1.0, 1e6)
OFFSETS = (-32768.0, 32768.0)
FIRST_TEST_BASELINE = "90"


@dataclass(frozen=True)
class MsiProduct:
    """A Sentinel-2 product, or one granule (tile) of a multi-tile product.

    Attributes
    ----------
    location : str
        Folder or zip.
    uri : str
        Product URI; followed by the tile if the product has several granules.
    level : {"L1C", "L2A"}
    platform : str
        Such as "Sentinel-2A".
    baseline : str
        Processing baseline, such as "04.00".
    acquired : datetime
        Datatake sensing start (UTC).
    generated : str
        Generation time (ISO); the later of two versions is used.
    tile : str
        MGRS tile such as "T31TEJ"; empty if unknown.
    quantification : float
        Quantification value: digital numbers per unit of reflectance.
    offsets : dict of str to float
        Radiometric offset by band, in digital numbers; 0 before baseline 04.00.
    layer_quantification : dict of str to float
        Quantification values of AOT and WVP.
    nodata, saturated : int
        Digital numbers of bands that are no measurement.
    images : dict of (str, int) to str
        GDAL paths of the existing image files, by band and pixel size in metres.
    listed : dict of (str, int) to str
        File names of the images listed in the metadata, by the same keys.
    is_synthetic : bool
        Whether the metadata mark it as synthetic (sample data).
    safe : SafeProduct
        All files of the product.
    granule : Granule
        The files of this granule.
    """

    location: str
    uri: str
    level: str
    platform: str
    baseline: str
    acquired: datetime
    generated: str
    tile: str
    quantification: float
    offsets: dict
    layer_quantification: dict
    nodata: int
    saturated: int
    images: dict
    listed: dict
    is_synthetic: bool = False
    safe: SafeProduct = field(default=None, repr=False, compare=False)
    granule: Granule = field(default=None, repr=False, compare=False)

    @property
    def name(self) -> str:
        """str: product name, without .SAFE."""
        return self.safe.name

    @property
    def processor(self) -> str:
        """str: processing baseline."""
        return self.baseline

    @property
    def date(self):
        """datetime.date: acquisition date (UTC)."""
        return self.acquired.date()

    def image_path(self, layer: str) -> str:
        """Return the GDAL path of the finest image of a band or layer; see :meth:`images_for`."""
        return self.images_for((layer,), native_resolution(layer))[layer]

    @property
    def baseline_rank(self):
        """(bool, str): orders processing baselines; those of test processings (Sen2Cor writes 99.99) come first."""
        return self.baseline < FIRST_TEST_BASELINE, self.baseline

    def images_for(self, bands, resolution):
        """Select the image of each band for an output of `resolution` metres.

        The image at native resolution is preferred to coarser copies in the product, so that all resampling follows
        the settings; layers other than reflectance are read at the output pixel size where available.

        Parameters
        ----------
        bands : sequence of str
        resolution : float

        Returns
        -------
        dict of str to str
            GDAL path by band.

        Raises
        ------
        MissingInput
            If a band has no image of sufficient resolution; the message lists all missing files and the alternatives.
        """
        paths = {}
        for band in bands:
            sizes = self._sizes(band)
            if band in LAYERS and resolution in sizes:
                paths[band] = self.images[band, resolution]
            elif sizes and (sizes[0] <= max(native_resolution(band), resolution) or band in SMOOTH_LAYERS):
                paths[band] = self.images[band, sizes[0]]
        missing = [band for band in bands if band not in paths]
        if missing:
            raise MissingInput(self._explain_missing(missing))
        return paths

    def _sizes(self, band):
        """Available pixel sizes of a band in metres, finest first."""
        return sorted(size for name, size in self.images if name == band)

    def _explain_missing(self, bands):
        if self.level == "L2A" and "B10" in bands:
            return f"{self.uri}: Level-2A products have no band B10 (cirrus). Leave it out."
        if self.level == "L1C" and any(band in LAYERS for band in bands):
            layers = ", ".join(band for band in bands if band in LAYERS)
            return f"{self.uri} is a Level-1C product; {layers} exists in Level-2A products only."
        natives = [(band, native_resolution(band)) for band in bands]
        files = ", ".join(self.listed.get(image, "{} with {} m pixels".format(*image)) for image in natives)
        text = f"{self.uri}: {'a file is' if len(bands) == 1 else 'files are'} missing: {files}."
        coarser = {band: self._sizes(band)[0] for band in bands if self._sizes(band)}
        absent = [band for band in bands if band not in coarser]
        if coarser:
            size = max(coarser.values())
            text += (f" {', '.join(coarser)} exists with larger pixels: choose a pixel size of {size} m or more, "
                     "or download it again.")
        else:
            text += " Download the product again, or leave these bands out."
        if absent == ["B08"] and self._sizes("B8A"):
            text += " B08 exists with 10 m pixels only; use B8A, the narrow near infrared, instead."
        elif absent and coarser:
            text += f" In that case leave out {', '.join(absent)}."
        return text


def read_product(path, tile=""):
    """Read the metadata of a Sentinel-2 product.

    Parameters
    ----------
    path : str
        A ``.SAFE`` folder, its product metadata, or a zip.
    tile : str
        Granule of a multi-tile product, such as "31TEJ".

    Returns
    -------
    MsiProduct

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If it does not exist, is damaged, is not a Sentinel-2 product, or has several granules and none is selected.
    """
    products = choose_tile(read_granules(path), tile)
    if len(products) > 1:
        raise UnsuitableInput(f"{products[0].location} contains {len(products)} granules (a multi-tile product from "
                              f"before December 2016): {tile_names(products)}. Choose one of these tiles.")
    return products[0]


def choose_tile(products, tile):
    """Select the granules of one tile; all granules if no tile is given.

    Parameters
    ----------
    products : sequence of MsiProduct
    tile : str
        With or without the leading T.

    Returns
    -------
    tuple of MsiProduct

    Raises
    ------
    UnsuitableInput
        If the product has no such tile; the message lists its tiles.
    """
    name = tile.strip().upper()
    if not name:
        return tuple(products)
    selected = tuple(product for product in products if product.tile in (name, f"T{name}"))
    if not selected:
        raise UnsuitableInput(f"{products[0].location} has no tile {tile.strip()}; it has {tile_names(products)}.")
    return selected


def tile_names(products):
    """Names of the tiles of granules, separated by commas."""
    return ", ".join(product.tile.lstrip("T") or "a tile without name" for product in products)


def read_granules(path):
    """Read the metadata of all granules of a Sentinel-2 product.

    Parameters
    ----------
    path : str
        A ``.SAFE`` folder, its product metadata, or a zip.

    Returns
    -------
    tuple of MsiProduct
        One per granule, sorted by tile.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If it does not exist, is damaged, or is not a Sentinel-2 product.
    """
    safe = open_safe(path, SENTINEL2_SAFE)
    metadata_name = _metadata_name(safe)
    root = parse_xml(safe.read(metadata_name), f"{safe.location}: {metadata_name}")
    granules = granules_of(safe, root)
    level = "L1C" if "1C" in (text_of(root, "PROCESSING_LEVEL") or metadata_name) else "L2A"
    uri = (text_of(root, "PRODUCT_URI") or text_of(root, f"PRODUCT_URI_{level[1:]}")
           or os.path.basename(safe.location))
    if not granules[0].images:
        raise MissingInput(f"{uri} contains no image files (its metadata lists {len(granules[0].listed)}). "
                           "Download the product again.")
    common = _common_metadata(root, safe, level)
    return tuple(MsiProduct(
        location=safe.location, uri=uri if len(granules) == 1 else f"{uri} ({granule.tile})", level=level,
        tile=granule.tile, images={key: safe.path_of(name) for key, name in granule.images.items()},
        listed=granule.listed, safe=safe, granule=granule, **common) for granule in granules)


def _metadata_name(safe):
    if len(safe.metadata_names) > 1:
        raise UnsuitableInput(f"{safe.location} contains several product metadata files "
                              f"({', '.join(safe.metadata_names)}). Choose one of them.")
    return safe.metadata_names[0]


def _common_metadata(root, safe, level):
    """Product metadata common to all granules, as fields of :class:`MsiProduct`."""
    start = text_of(root, "DATATAKE_SENSING_START") or text_of(root, "PRODUCT_START_TIME")
    if not start:
        raise UnreadableInput(f"{safe.location}: {safe.metadata_names[0]} has no sensing time; it is incomplete. "
                              "Copy or download the product again.")
    try:
        return {
            "platform": text_of(root, "SPACECRAFT_NAME") or "Sentinel-2",
            "baseline": text_of(root, "PROCESSING_BASELINE") or "00.00",
            "acquired": time_of(start, safe.location), "generated": text_of(root, "GENERATION_TIME") or "",
            "quantification": _quantification(root, level, safe), "offsets": _offsets(root, level),
            "layer_quantification": {
                layer: _number(text_of(root, f"{layer}_QUANTIFICATION_VALUE", "L2A_") or "1000", *QUANTIFICATIONS)
                for layer in ("AOT", "WVP")},
            "nodata": _special_value(root, "NODATA", 0), "saturated": _special_value(root, "SATURATED", 65535),
            "is_synthetic": "synthetic" in (text_of(root, "PRODUCT_DOI") or "").lower()}
    except (TypeError, ValueError) as error:
        raise UnreadableInput(f"{safe.location}: {safe.metadata_names[0]} has a number that cannot be read ({error}). "
                              "Copy or download the product again.") from error


def _quantification(root, level, safe):
    text = (text_of(root, "BOA_QUANTIFICATION_VALUE", "L2A_") if level == "L2A"
            else text_of(root, "QUANTIFICATION_VALUE"))
    if not text:
        raise UnreadableInput(f"{safe.location}: {safe.metadata_names[0]} has no quantification value, so digital "
                              "numbers cannot be converted to reflectance. Download the product again.")
    return _number(text, *QUANTIFICATIONS)


def _number(text, minimum, maximum):
    """Number of the metadata; ValueError if it is not finite or outside the possible range."""
    value = float(text)
    if not minimum <= value <= maximum:
        raise ValueError(f"{text} is not between {minimum:g} and {maximum:g}")
    return value


def _offsets(root, level):
    by_index = {element.get("band_id"): _number(element.text, *OFFSETS)
                for element in elements(root, "BOA_ADD_OFFSET" if level == "L2A" else "RADIO_ADD_OFFSET")}
    return {name: by_index.get(str(band.index), 0.0) for name, band in BANDS.items()}


def _special_value(root, meaning, default):
    for element in elements(root, "Special_Values"):
        if text_of(element, "SPECIAL_VALUE_TEXT") == meaning:
            return int(_number(text_of(element, "SPECIAL_VALUE_INDEX"), 0, 65535))
    return default
