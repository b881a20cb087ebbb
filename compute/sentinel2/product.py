"""What a Sentinel-2 product says of itself, read from its metadata and never from its name.

Elements that the first Level-2A layout (2017, processing level "Level-2Ap") names differently are looked up under both
names. Files are found through the granule list first, by pattern second. Source: Sentinel-2 Products Specification
Document; processing baseline 04.00 introduced the radiometric offsets.
"""

import os
from dataclasses import dataclass, field
from datetime import datetime

from ..errors import MissingInput, UnreadableInput, UnsuitableInput
from .bands import BANDS, LAYERS, native_resolution
from .granules import Granule, granules_of
from .metadata import elements, parse_xml, text_of, time_of
from .safe import SafeFiles, open_safe

# Layers that vary so slowly that coarser copies serve as well.
SMOOTH_LAYERS = ("AOT", "WVP", "CLDPRB", "SNWPRB")


@dataclass(frozen=True)
class Product:
    """A Sentinel-2 product, or one granule (tile) of an old product that has several.

    Attributes
    ----------
    location : str
        Folder or zip.
    uri : str
        The product's own name; with the tile where the product has several granules.
    level : {"L1C", "L2A"}
    platform : str
        Such as "Sentinel-2A".
    baseline : str
        Processing baseline, such as "04.00".
    sensing_start : datetime
        Start of the datatake (UTC).
    generated : str
        Time of processing, ISO; the later one of two versions wins.
    tile : str
        MGRS tile such as "T31TEJ"; empty if the metadata does not tell.
    quantification : float
        Digital numbers per unit of reflectance.
    offsets : dict of str to float
        Radiometric offset per band, in digital numbers; 0 before baseline 04.00.
    layer_quantification : dict of str to float
        The same for AOT and WVP.
    nodata, saturated : int
        Digital numbers with a special meaning.
    images : dict of (str, int) to str
        GDAL path of each image file that is there, by band and pixel size in metres.
    listed : dict of (str, int) to str
        File name of each image that the metadata lists.
    is_synthetic : bool
        Whether it says of itself that no satellite took it (sample data do).
    safe : SafeFiles
        All files of the product.
    granule : Granule
        The files of this tile.
    """

    location: str
    uri: str
    level: str
    platform: str
    baseline: str
    sensing_start: datetime
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
    safe: SafeFiles = field(default=None, repr=False, compare=False)
    granule: Granule = field(default=None, repr=False, compare=False)

    @property
    def date(self):
        """datetime.date: day of acquisition (UTC)."""
        return self.sensing_start.date()

    def images_for(self, bands, resolution):
        """The image to take each band from for an output of `resolution` metres.

        The native image is preferred to the coarser copies a product may hold, so that resampling is ours; layers
        that cannot be averaged (scene classes) are taken at the output's own pixel size where they exist.

        Parameters
        ----------
        bands : sequence of str
        resolution : float

        Returns
        -------
        dict of str to str
            GDAL path per band.

        Raises
        ------
        MissingInput
            If there is no image fine enough for a band; the message names all missing files and what would work.
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
        """Pixel sizes in metres at which a band is there, finest first."""
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
            text += (f" {', '.join(coarser)} can be had with larger pixels: choose a resolution of {size} m or more, "
                     "or download it again.")
        else:
            text += " Download the product again, or leave these bands out."
        if absent == ["B08"] and self._sizes("B8A"):
            text += " B08 exists with 10 m pixels only; B8A, the narrow near infrared, is there in its place."
        elif absent and coarser:
            text += f" {', '.join(absent)} must be left out then."
        return text


def read_product(path, tile=""):
    """Read the metadata of a Sentinel-2 product.

    Parameters
    ----------
    path : str
        A ``.SAFE`` folder, its product metadata, or a zip.
    tile : str
        Which granule of an old product that has several, such as "31TEJ".

    Returns
    -------
    Product

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If it is not there, damaged, no product of this kind, or has several granules and none is chosen.
    """
    products = choose_tile(read_granules(path), tile)
    if len(products) > 1:
        raise UnsuitableInput(f"{products[0].location} holds {len(products)} granules (products made before December "
                              f"2016 do): {tiles_of(products)}. Choose one of these tiles.")
    return products[0]


def choose_tile(products, tile):
    """The granules of one tile; all without a tile.

    Parameters
    ----------
    products : sequence of Product
    tile : str
        With or without the T in front.

    Returns
    -------
    tuple of Product

    Raises
    ------
    UnsuitableInput
        If there is no such tile; those there are are named.
    """
    wanted = tile.strip().upper()
    if not wanted:
        return tuple(products)
    chosen = tuple(product for product in products if product.tile in (wanted, f"T{wanted}"))
    if not chosen:
        raise UnsuitableInput(f"{products[0].location} has no tile {tile.strip()}; it has {tiles_of(products)}.")
    return chosen


def tiles_of(products):
    """The tiles of some granules, in words."""
    return ", ".join(product.tile.lstrip("T") or "a tile without a name" for product in products)


def read_granules(path):
    """Read the metadata of a Sentinel-2 product that may have several granules.

    Parameters
    ----------
    path : str
        A ``.SAFE`` folder, its product metadata, or a zip.

    Returns
    -------
    tuple of Product
        One for each granule, by tile.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If it is not there, damaged, or no product of this kind.
    """
    safe = open_safe(path)
    root = parse_xml(safe.read_metadata(), safe.location, safe.metadata_name)
    granules = granules_of(safe, root)
    level = "L1C" if "1C" in (text_of(root, "PROCESSING_LEVEL") or safe.metadata_name) else "L2A"
    uri = (text_of(root, "PRODUCT_URI") or text_of(root, f"PRODUCT_URI_{level[1:]}")
           or os.path.basename(safe.location))
    if not granules[0].images:
        raise MissingInput(f"{uri} holds no image files (its metadata lists {len(granules[0].listed)}). "
                           "Download the product again.")
    facts = _facts(root, safe, level)
    return tuple(Product(
        location=safe.location, uri=uri if len(granules) == 1 else f"{uri} ({granule.tile})", level=level,
        tile=granule.tile, images={key: safe.path_of(name) for key, name in granule.images.items()},
        listed=granule.listed, safe=safe, granule=granule, **facts) for granule in granules)


def _facts(root, safe, level):
    """What the product metadata say of all granules."""
    start = text_of(root, "DATATAKE_SENSING_START") or text_of(root, "PRODUCT_START_TIME")
    if not start:
        raise UnreadableInput(f"{safe.location}: {safe.metadata_name} has no sensing time; it is not complete.")
    try:
        return {
            "platform": text_of(root, "SPACECRAFT_NAME") or "Sentinel-2",
            "baseline": text_of(root, "PROCESSING_BASELINE") or "00.00",
            "sensing_start": time_of(start, safe.location), "generated": text_of(root, "GENERATION_TIME") or "",
            "quantification": _quantification(root, level, safe), "offsets": _offsets(root, level),
            "layer_quantification": {layer: float(text_of(root, f"{layer}_QUANTIFICATION_VALUE", "L2A_") or 1000.0)
                                     for layer in ("AOT", "WVP")},
            "nodata": _special_value(root, "NODATA", 0), "saturated": _special_value(root, "SATURATED", 65535),
            "is_synthetic": "synthetic" in (text_of(root, "PRODUCT_DOI") or "").lower()}
    except (TypeError, ValueError) as error:
        raise UnreadableInput(f"{safe.location}: {safe.metadata_name} has a number that cannot be read ({error}). "
                              "Copy or download the product again.") from error


def _quantification(root, level, safe):
    text = (text_of(root, "BOA_QUANTIFICATION_VALUE", "L2A_") if level == "L2A"
            else text_of(root, "QUANTIFICATION_VALUE"))
    value = float(text) if text else 0.0
    if not value > 0:
        raise UnreadableInput(f"{safe.location}: {safe.metadata_name} has no quantification value, so digital numbers "
                              "cannot be turned into reflectance.")
    return value


def _offsets(root, level):
    by_index = {element.get("band_id"): float(element.text)
                for element in elements(root, "BOA_ADD_OFFSET" if level == "L2A" else "RADIO_ADD_OFFSET")}
    return {name: by_index.get(str(band.index), 0.0) for name, band in BANDS.items()}


def _special_value(root, meaning, default):
    for element in elements(root, "Special_Values"):
        if text_of(element, "SPECIAL_VALUE_TEXT") == meaning:
            return int(text_of(element, "SPECIAL_VALUE_INDEX"))
    return default
