"""Sentinel-2 L2A products on disk: names, folders and files of the SAFE format (baseline 05.10)."""

import os
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from . import safe_xml
from .fields import block_mean
from .imaging import NODATA
from .jp2 import write_jp2
from .sceneclass import atmosphere, classify_scene, cloud_probability, true_colour
from .spectra import NATIVE_SIZE

BASELINE = "05.10"
# No 100 km square of zone 31 has these letters, so the tile cannot be confused with a real one.
TILE = "T31TXX"
CRS, CRS_NAME = "EPSG:32631", "WGS84 / UTM zone 31N"
WEST, NORTH = 399960 + 60 * 90, 4800000 - 60 * 90
# Bands of each folder besides AOT, WVP, TCI, and SCL at 20 and 60 m.
FOLDER_BANDS = {10: ("B02", "B03", "B04", "B08"),
                20: ("B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B11", "B12"),
                60: ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B09", "B11", "B12")}


@dataclass(frozen=True)
class ProductName:
    """Names of a product and its files, and its location.

    Parameters
    ----------
    overpass : Overpass
    relative_orbit : int
    baseline : str
        Processing baseline.
    crs, crs_name : str
        Authority code and name of the coordinate reference system.
    west, north : int
        Upper-left corner.
    """

    overpass: object
    relative_orbit: int
    baseline: str = BASELINE
    crs: str = CRS
    crs_name: str = CRS_NAME
    west: int = WEST
    north: int = NORTH

    @property
    def sensed(self):
        """str: time of the datatake in compact form."""
        return self.overpass.sensed.strftime("%Y%m%dT%H%M%S")

    @property
    def processed(self):
        """str: processing time, as of a reprocessing about a year after the acquisition."""
        return (self.overpass.sensed + timedelta(days=400, hours=7, minutes=21)).strftime("%Y%m%dT%H%M%S")

    @property
    def safe(self):
        """str: the folder of the product."""
        return (f"{self.overpass.platform}_MSIL2A_{self.sensed}_N{self.baseline.replace('.', '')}_"
                f"R{self.relative_orbit:03d}_{TILE}_{self.processed}.SAFE")

    @property
    def granule(self):
        """str: the folder of the tile."""
        return f"L2A_{TILE}_A{self.overpass.absolute_orbit:06d}_{self.sensed}"

    def identifier(self, kind):
        """Return the identifier of the datastrip (DS) or the tile (TL), with SYNT in place of the processing centre."""
        source = f"S{self.sensed}" if kind == "DS" else f"A{self.overpass.absolute_orbit:06d}_{TILE}"
        return f"{self.overpass.platform}_OPER_MSI_L2A_{kind}_SYNT_{self.processed}_{source}_N{self.baseline}"

    def image(self, layer, pixel):
        """Return the path of an image inside the product, without extension."""
        return f"GRANULE/{self.granule}/IMG_DATA/R{pixel}m/{TILE}_{self.sensed}_{layer}_{pixel}m"

    def mask(self, layer):
        """Return the path of a quality layer inside the product, with extension."""
        return f"GRANULE/{self.granule}/QI_DATA/{layer}.jp2"


def write_product(folder, name, image, rng, progress):
    """Write one product.

    Parameters
    ----------
    folder : str
        Parent folder of the product.
    name : ProductName
    image : Image
    rng : numpy.random.Generator
    progress : Progress
        Checked before each file.

    Returns
    -------
    str
        Path of the product.
    """
    path = os.path.join(folder, name.safe)
    probability = cloud_probability(image, rng)
    classes = classify_scene(image, probability, rng)
    layers = dict(_images(name, image, classes, rng))
    images = tuple(layers)
    layers.update(_masks(name, classes, probability))
    for index, (relative, (values, pixel)) in enumerate(layers.items()):
        progress.step(index / len(layers))
        target = os.path.join(path, *relative.split("/")) + ("" if relative.endswith(".jp2") else ".jp2")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        write_jp2(target, values, name.crs, name.west, name.north, pixel)
    size = classes.shape[0] * 2
    texts = {"MTD_MSIL2A.xml": safe_xml.product_metadata(name, images, classes, size),
             f"GRANULE/{name.granule}/MTD_TL.xml": safe_xml.tile_metadata(name, classes, size)}
    files = sorted([*texts, *images, *(mask for mask in layers if mask.endswith(".jp2"))])
    texts["manifest.safe"] = safe_xml.manifest(
        [file if file.endswith((".jp2", ".xml")) else file + ".jp2" for file in files])
    for relative, text in texts.items():
        with open(os.path.join(path, *relative.split("/")), "w", encoding="utf-8", newline="\n") as target:
            target.write(text)
    return path


def _images(name, image, classes, rng):
    """Yield the path and (values, pixel size) of every image of IMG_DATA."""
    aerosol, vapour = atmosphere(name.overpass, image.digital_numbers["B02"].shape, rng)
    colour = true_colour(image)
    for pixel, bands in FOLDER_BANDS.items():
        for band in bands:
            yield name.image(band, pixel), (_aggregate(image.digital_numbers[band], pixel // NATIVE_SIZE[band]), pixel)
        for layer, values in (("TCI", colour), ("AOT", aerosol), ("WVP", vapour)):
            yield name.image(layer, pixel), (_aggregate(values, pixel // 10), pixel)
        if pixel > 10:
            yield name.image("SCL", pixel), (classes if pixel == 20 else classes[1::3, 1::3], pixel)


def _masks(name, classes, probability):
    """Yield the path and (values, pixel size) of every layer of QI_DATA."""
    coarse = classes[1::3, 1::3]
    snow = np.zeros_like(probability)
    # Opaque clouds, cirrus, snow.
    masks = np.stack([np.isin(coarse, (8, 9)), coarse == 10, coarse == 11]).astype(np.uint8)
    yield name.mask("MSK_CLASSI_B00"), (masks, 60)
    for layer, values in (("MSK_CLDPRB", probability), ("MSK_SNWPRB", snow)):
        yield name.mask(f"{layer}_20m"), (values, 20)
        yield name.mask(f"{layer}_60m"), (_aggregate(values, 3, nodata=None), 60)


def _aggregate(values, factor, nodata=NODATA):
    """Return rounded block means; a block that contains nodata becomes nodata."""
    if factor == 1:
        return values
    if values.ndim == 3:
        return np.stack([_aggregate(band, factor, nodata) for band in values])
    coarse = np.rint(block_mean(values, factor)).astype(values.dtype)
    if nodata is not None:
        coarse[block_mean(values == nodata, factor) > 0] = nodata
    return coarse
