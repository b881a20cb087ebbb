"""Granules (tiles) of a product and their files, located by the granule list first and by file name pattern second.

Products since December 2016 have one granule; older ones may have more than a dozen, in more than one UTM zone.
Source: Sentinel-2 Products Specification Document, and the products themselves.
"""

import re
from dataclasses import dataclass

from ..xml_documents import elements
from .msi_bands import native_resolution

IMAGE_NAME = re.compile(r"_(B0[1-9]|B1[0-2]|B8A|SCL|AOT|WVP|CLD|SNW|CLDPRB|SNWPRB)(?:_(10|20|60)m)?\.jp2$")
TILE_NAME = re.compile(r"_(T\d{2}[A-Z]{3})(?![A-Z0-9])")

# Older names of the cloud and snow probability.
PROBABILITIES = {"CLD": "CLDPRB", "SNW": "SNWPRB"}

# Opaque cloud and cirrus as polygons (before baseline 04.00); opaque cloud, cirrus and snow as a three-band raster.
CLOUD_POLYGONS = re.compile(r"MSK_CLOUDS_(?:.*_)?B00(?:_[^/]*)?\.gml$")
CLOUD_CLASSES = re.compile(r"MSK_CLASSI_(?:.*_)?B00(?:_[^/]*)?\.jp2$")
TILE_METADATA = re.compile(r"(^|/)(MTD_TL|S2[A-Z]_[A-Z]{4}_MTD_L(1C|2A)_TL_[^/]*)\.xml$", re.IGNORECASE)
LISTS = ("IMAGE_FILE", "IMAGE_FILE_2A", "IMAGE_ID", "IMAGE_ID_2A")


@dataclass(frozen=True)
class Granule:
    """The files of one granule; names are relative to the product folder.

    Attributes
    ----------
    tile : str
        MGRS tile such as "T31TEJ"; empty if it cannot be determined.
    images : dict of (str, int) to str
        Existing image files, by band and pixel size in metres.
    listed : dict of (str, int) to str
        File names of the images listed in the metadata, by the same keys.
    metadata, cloud_polygons, cloud_classes : str
        Tile metadata and cloud masks; empty where missing.
    """

    tile: str
    images: dict
    listed: dict
    metadata: str = ""
    cloud_polygons: str = ""
    cloud_classes: str = ""


def granules_of(safe, root):
    """Find the granules of a product, sorted by tile.

    Parameters
    ----------
    safe : SafeProduct
    root : xml.etree.ElementTree.Element
        Root of the product metadata.

    Returns
    -------
    list of Granule
        Granules with band images; a single granule without images if the product contains none.
    """
    listed = _listed_names(root)
    by_base_name = {_base_name(name): name for name in safe.names}
    present = [by_base_name[_base_name(name)] for name in listed if _base_name(name) in by_base_name]
    by_pattern = sorted(name for name in safe.names if _image_key(name))
    names = list(dict.fromkeys([*(name for name in present if _image_key(name)), *by_pattern]))
    folders = list(dict.fromkeys(_folder(name) for name in names))
    if len(folders) <= 1:
        return [_granule(safe, folders[0] if folders else "", names, listed, root)]
    # An image outside all granule folders belongs to the only granule, or to none of several.
    folders = [folder for folder in folders if folder]
    found = [_granule(safe, folder, [name for name in names if _folder(name) == folder or len(folders) == 1],
                      [name for name in listed if len(folders) == 1 or _belongs(name, folder)], root)
             for folder in folders]
    return sorted((granule for granule in found if _has_bands(granule)), key=lambda granule: granule.tile) or found[:1]


def _granule(safe, folder, names, listed, root):
    images = {}
    for name in names:
        images.setdefault(_image_key(name), name)
    granule_names = [name for name in safe.names if not folder or _folder(name) == folder]
    found = {field: next((name for name in granule_names if pattern.search(name)), "")
             for field, pattern in (("metadata", TILE_METADATA), ("cloud_polygons", CLOUD_POLYGONS),
                                    ("cloud_classes", CLOUD_CLASSES))}
    return Granule(tile=_tile([folder, *names[:1], *listed[:1], *_identifiers(root), safe.location]), images=images,
                   listed={key: name.rsplit("/", 1)[-1] for name in listed if (key := _image_key(name))}, **found)


def _has_bands(granule):
    return any(not band.endswith("PRB") for band, _ in granule.images)


def _listed_names(root):
    names = [element.text.strip() for tag in LISTS for element in elements(root, tag) if element.text]
    return [name if name.lower().endswith(".jp2") else name + ".jp2" for name in names]


def _identifiers(root):
    return [element.get("granuleIdentifier", "") for tag in ("Granule", "Granules") for element in elements(root, tag)]


def _base_name(name):
    """File name without folders, as in the granule list of old products."""
    return name.rsplit("/", 1)[-1]


def _folder(name):
    parts = name.split("/")
    return parts[1] if parts[0] == "GRANULE" and len(parts) > 2 else ""


def _belongs(name, folder):
    return _folder(name) == folder or (not _folder(name) and _tile([name]) == _tile([folder]))


def _image_key(name):
    found = IMAGE_NAME.search(name)
    if not found:
        return None
    band, size = found.groups()
    band = PROBABILITIES.get(band, band)
    if "QI_DATA/" in name and not band.endswith("PRB"):
        # The quality masks of a band have the name of the band.
        return None
    return band, int(size) if size else native_resolution(band)


def _tile(texts):
    return next((found.group(1) for text in texts if (found := TILE_NAME.search(text))), "")
