"""What a Sentinel-2 product says of itself, read from its metadata and never from its name.

Elements that the first Level-2A layout (2017, processing level "Level-2Ap") names differently are looked up under both
names. Files are found through the granule list first, by pattern second. Source: Sentinel-2 Products Specification
Document; processing baseline 04.00 introduced the radiometric offsets.
"""

import os
import re
from dataclasses import dataclass
from datetime import datetime

from ..errors import MissingInput, UnreadableInput, UnsuitableInput
from .bands import BANDS, LAYERS, native_resolution
from .safe import open_safe

IMAGE_NAME = re.compile(r"_(B0[1-9]|B1[0-2]|B8A|SCL|AOT|WVP)(?:_(10|20|60)m)?\.jp2$")


@dataclass(frozen=True)
class Product:
    """A Sentinel-2 product.

    Attributes
    ----------
    location : str
        Folder or zip.
    uri : str
        The product's own name.
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
            elif sizes and sizes[0] <= max(native_resolution(band), resolution):
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
        coarser = [self._sizes(band) for band in bands]
        if all(coarser):
            size = max(sizes[0] for sizes in coarser)
            return f"{text} There are larger pixels: choose a resolution of {size} m or more, or download it again."
        return f"{text} Download the product again, or leave these bands out."


def read_product(path):
    """Read the metadata of a Sentinel-2 product.

    Parameters
    ----------
    path : str
        A ``.SAFE`` folder, its product metadata, or a zip.

    Returns
    -------
    Product

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If it is not there, damaged, or no product of this kind.
    """
    safe = open_safe(path)
    root = _parse(safe.read_metadata(), safe)
    start = _text(root, "DATATAKE_SENSING_START") or _text(root, "PRODUCT_START_TIME")
    if not start:
        raise UnreadableInput(f"{safe.location}: {safe.metadata_name} has no sensing time; it is not complete.")
    level = "L1C" if "1C" in (_text(root, "PROCESSING_LEVEL") or safe.metadata_name) else "L2A"
    listed, listed_names = _listed_images(root)
    images = _existing_images(safe, listed_names)
    uri = (_text(root, "PRODUCT_URI") or _text(root, f"PRODUCT_URI_{level[1:]}")
           or os.path.basename(safe.location))
    if not images:
        raise MissingInput(f"{uri} holds no image files (its metadata lists {len(listed)}). "
                           "Download the product again.")
    return Product(
        location=safe.location, uri=uri, level=level, platform=_text(root, "SPACECRAFT_NAME") or "Sentinel-2",
        baseline=_text(root, "PROCESSING_BASELINE") or "00.00", sensing_start=_time(start, safe),
        generated=_text(root, "GENERATION_TIME") or "", tile=_tile(root, listed_names),
        quantification=_quantification(root, level, safe), offsets=_offsets(root, level),
        layer_quantification={layer: float(_text(root, f"{layer}_QUANTIFICATION_VALUE", "L2A_") or 1000.0)
                              for layer in ("AOT", "WVP")},
        nodata=_special_value(root, "NODATA", 0), saturated=_special_value(root, "SATURATED", 65535),
        images=images, listed=listed, is_synthetic="synthetic" in (_text(root, "PRODUCT_DOI") or "").lower())


def _parse(text, safe):
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        return fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise UnreadableInput(f"{safe.location}: {safe.metadata_name} contains document type or entity declarations, "
                              "which product metadata never does. The file is not used.") from error
    except (ParseError, ValueError) as error:
        raise UnreadableInput(f"{safe.location}: {safe.metadata_name} is not readable XML ({error}). "
                              "Copy or download the product again.") from error


def _elements(root, name, prefix=""):
    """All elements called `name`, or `prefix` + `name`, in any name space."""
    names = {name, prefix + name}
    return [element for element in root.iter()
            if isinstance(element.tag, str) and element.tag.rsplit("}", 1)[-1] in names]


def _text(root, name, prefix=""):
    for element in _elements(root, name, prefix):
        if element.text and element.text.strip():
            return element.text.strip()
    return None


def _time(text, safe):
    try:
        return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise UnreadableInput(f"{safe.location}: the sensing time {text!r} cannot be read.") from error


def _quantification(root, level, safe):
    text = (_text(root, "BOA_QUANTIFICATION_VALUE", "L2A_") if level == "L2A" else _text(root, "QUANTIFICATION_VALUE"))
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = 0.0
    if not value > 0:
        raise UnreadableInput(f"{safe.location}: {safe.metadata_name} has no quantification value, so digital numbers "
                              "cannot be turned into reflectance.")
    return value


def _offsets(root, level):
    by_index = {element.get("band_id"): float(element.text)
                for element in _elements(root, "BOA_ADD_OFFSET" if level == "L2A" else "RADIO_ADD_OFFSET")}
    return {name: by_index.get(str(band.index), 0.0) for name, band in BANDS.items()}


def _special_value(root, meaning, default):
    for element in _elements(root, "Special_Values"):
        if _text(element, "SPECIAL_VALUE_TEXT") == meaning:
            return int(_text(element, "SPECIAL_VALUE_INDEX"))
    return default


def _listed_images(root):
    """Image files named by the granule list: by (band, pixel size), and all of them by relative path."""
    names = [element.text.strip() for tag in ("IMAGE_FILE", "IMAGE_FILE_2A", "IMAGE_ID")
             for element in _elements(root, tag) if element.text]
    names = [name if name.lower().endswith(".jp2") else name + ".jp2" for name in names]
    return {key: name.rsplit("/", 1)[-1] for name in names if (key := _image_key(name))}, names


def _existing_images(safe, listed_names):
    """The image files that are there, those of the granule list first, then any whose name fits."""
    granules = {name.split("/")[1] for name in listed_names if name.startswith("GRANULE/")}
    by_pattern = sorted(name for name in safe.names if "QI_DATA/" not in name and IMAGE_NAME.search(name))
    if len({name.split("/")[1] for name in by_pattern if name.startswith("GRANULE/")} | granules) > 1:
        raise UnsuitableInput(f"{safe.location} holds several granules (products made before December 2016 do). "
                              "Split it into single tiles first.")
    images = {}
    for name in [*(name for name in listed_names if name in set(safe.names)), *by_pattern]:
        key = _image_key(name)
        if key:
            images.setdefault(key, safe.path_of(name))
    return images


def _image_key(name):
    found = IMAGE_NAME.search(name)
    if not found:
        return None
    band, size = found.groups()
    return band, int(size) if size else native_resolution(band)


def _tile(root, names):
    text = " ".join([_text(root, "PRODUCT_URI") or "", _text(root, "PRODUCT_URI_2A") or "", *names[:1],
                     *(element.get("granuleIdentifier", "") for element in _elements(root, "Granule")[:1])])
    found = re.search(r"_(T\d{2}[A-Z]{3})(?![A-Z0-9])", text)
    return found.group(1) if found else ""
