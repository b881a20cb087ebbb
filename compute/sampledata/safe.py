"""Sentinel-2 L2A products on disk: names, folders and files as ESA lays them out (baseline 05.10)."""

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
# No 100 km square of zone 31 carries these letters, so nobody can take the tile for a real one.
TILE = "T31TXX"
CRS, CRS_NAME = "EPSG:32631", "WGS84 / UTM zone 31N"
WEST, NORTH = 399960 + 60 * 90, 4800000 - 60 * 90
# Bands of each folder besides AOT, WVP and TCI; SCL joins at 20 and 60 m.
FOLDER_BANDS = {10: ("B02", "B03", "B04", "B08"),
                20: ("B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B11", "B12"),
                60: ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B09", "B11", "B12")}


@dataclass(frozen=True)
class ProductName:
    """The names inside one product, and where it lies.

    Parameters
    ----------
    overpass : Overpass
    relative_orbit : int
    baseline : str
        Version of the processing.
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
        """str: time of processing; the reprocessing of the archive, a year after the acquisition."""
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
        """Identifier of the datastrip (DS) or the tile (TL); SYNT stands where the processing centre would."""
        what = f"S{self.sensed}" if kind == "DS" else f"A{self.overpass.absolute_orbit:06d}_{TILE}"
        return f"{self.overpass.platform}_OPER_MSI_L2A_{kind}_SYNT_{self.processed}_{what}_N{self.baseline}"

    def image(self, layer, pixel):
        """Path of an image inside the product, without extension."""
        return f"GRANULE/{self.granule}/IMG_DATA/R{pixel}m/{TILE}_{self.sensed}_{layer}_{pixel}m"

    def mask(self, layer):
        """Path of a quality layer inside the product, with extension."""
        return f"GRANULE/{self.granule}/QI_DATA/{layer}.jp2"


def write_product(folder, name, image, rng, progress):
    """Write one product.

    Parameters
    ----------
    folder : str
        Where the product's own folder goes.
    name : ProductName
    image : Image
    rng : numpy.random.Generator
    progress : Progress
        Asked before each file whether to stop.

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
    for done, (relative, (values, pixel)) in enumerate(layers.items()):
        progress.step(done / len(layers))
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
    """Every image of IMG_DATA: path, (values, pixel size)."""
    aerosol, vapour = atmosphere(name.overpass, image.numbers["B02"].shape, rng)
    colour = true_colour(image)
    for pixel, bands in FOLDER_BANDS.items():
        for band in bands:
            yield name.image(band, pixel), (_coarser(image.numbers[band], pixel // NATIVE_SIZE[band]), pixel)
        for layer, values in (("TCI", colour), ("AOT", aerosol), ("WVP", vapour)):
            yield name.image(layer, pixel), (_coarser(values, pixel // 10), pixel)
        if pixel > 10:
            yield name.image("SCL", pixel), (classes if pixel == 20 else classes[1::3, 1::3], pixel)


def _masks(name, classes, probability):
    """Every layer of QI_DATA: path, (values, pixel size)."""
    coarse = classes[1::3, 1::3]
    snow = np.zeros_like(probability)
    # Opaque clouds, cirrus, snow.
    kinds = np.stack([np.isin(coarse, (8, 9)), coarse == 10, coarse == 11]).astype(np.uint8)
    yield name.mask("MSK_CLASSI_B00"), (kinds, 60)
    for layer, values in (("MSK_CLDPRB", probability), ("MSK_SNWPRB", snow)):
        yield name.mask(f"{layer}_20m"), (values, 20)
        yield name.mask(f"{layer}_60m"), (_coarser(values, 3, nodata=None), 60)


def _coarser(values, factor, nodata=NODATA):
    """Means of blocks, rounded; a block with any nodata becomes nodata."""
    if factor == 1:
        return values
    if values.ndim == 3:
        return np.stack([_coarser(band, factor, nodata) for band in values])
    coarse = np.rint(block_mean(values, factor)).astype(values.dtype)
    if nodata is not None:
        coarse[block_mean(values == nodata, factor) > 0] = nodata
    return coarse
