"""Sentinel-2 L2A products on disk: names, folders, JPEG 2000 images and XML metadata of the SAFE format.

The metadata (baseline 05.10) are reduced to the elements that readers use; the templates are
``resources/templates/sentinel2_*.xml``. Element names follow ESA's product specification (PSD 14). Every file is marked
as synthetic in its first lines.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from ..raster.crs import WGS84, transform_points
from ..raster.product_images import write_jp2
from ..templates import render_template
from .msi_imaging import NODATA, OFFSET, QUANTIFICATION
from .random_fields import block_mean
from .sample import write_text
from .scene_classification import (
    AEROSOL_SCALE,
    CLASS_NAMES,
    VAPOUR_SCALE,
    atmosphere,
    classify_scene,
    cloud_probability,
    true_colour,
)
from .spectra import BANDS, NATIVE_SIZE

COMMENT = "Synthetic data made by Floefield; not a satellite image"
BASELINE = "05.10"

# No 100 km square of zone 31 has these letters, so the tile cannot be confused with a real one.
TILE = "T31TXX"
CRS, CRS_NAME = "EPSG:32631", "WGS84 / UTM zone 31N"
WEST, NORTH = 399960 + 60 * 90, 4800000 - 60 * 90

# Bands of each folder besides AOT, WVP, TCI, and SCL at 20 and 60 m.
FOLDER_BANDS = {10: ("B02", "B03", "B04", "B08"),
                20: ("B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B11", "B12"),
                60: ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B8A", "B09", "B11", "B12")}

# Solar irradiance by band_id in W/m2/um.
IRRADIANCE = (1884.69, 1959.66, 1823.24, 1512.06, 1424.64, 1287.61, 1162.08, 1041.63, 955.32, 812.92, 367.15, 245.59,
              85.25)

# B10 is listed although L2A products do not contain it.
CIRRUS_BAND = ("B10", 60, 10, (1360, 1375, 1390))
PERCENTAGES = (("NODATA_PIXEL_PERCENTAGE", (0,)), ("SATURATED_DEFECTIVE_PIXEL_PERCENTAGE", (1,)),
               ("DARK_FEATURES_PERCENTAGE", (2,)), ("CLOUD_SHADOW_PERCENTAGE", (3,)), ("VEGETATION_PERCENTAGE", (4,)),
               ("NOT_VEGETATED_PERCENTAGE", (5,)), ("WATER_PERCENTAGE", (6,)), ("UNCLASSIFIED_PERCENTAGE", (7,)),
               ("MEDIUM_PROBA_CLOUDS_PERCENTAGE", (8,)), ("HIGH_PROBA_CLOUDS_PERCENTAGE", (9,)),
               ("THIN_CIRRUS_PERCENTAGE", (10,)), ("SNOW_ICE_PERCENTAGE", (11,)))
MASKS = ("MSK_CLASSI_B00", "MSK_CLDPRB_20m", "MSK_SNWPRB_20m", "MSK_CLDPRB_60m", "MSK_SNWPRB_60m")


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
        write_jp2(target, values, name.crs, name.west, name.north, pixel, COMMENT)
    size = classes.shape[0] * 2
    texts = {"MTD_MSIL2A.xml": product_metadata(name, images, classes, size),
             f"GRANULE/{name.granule}/MTD_TL.xml": tile_metadata(name, classes, size)}
    files = sorted([*texts, *images, *(mask for mask in layers if mask.endswith(".jp2"))])
    texts["manifest.safe"] = manifest(
        [file if file.endswith((".jp2", ".xml")) else file + ".jp2" for file in files])
    for relative, text in texts.items():
        write_text(os.path.join(path, *relative.split("/")), text)
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


def product_metadata(name: ProductName, images: Sequence[str], classes: np.ndarray, size: int) -> str:
    """Return the text of MTD_MSIL2A.xml.

    Parameters
    ----------
    name : ProductName
    images : sequence of str
        Paths of the images inside the product, without extension.
    classes : ndarray of uint8
        Scene classification, for the percentages.
    size : int
        Scene size in pixels of 10 m.

    Returns
    -------
    str
    """
    return render_template(
        "sentinel2_product.xml", product=name, sensed=_iso(name.sensed), processed=_iso(name.processed), images=images,
        nodata=NODATA, quantification=QUANTIFICATION, aerosol_scale=AEROSOL_SCALE, vapour_scale=VAPOUR_SCALE,
        offset=OFFSET, bands=sorted([*BANDS, CIRRUS_BAND], key=lambda band: band[2]), irradiances=IRRADIANCE,
        scene_classes=CLASS_NAMES, footprint=_footprint(name, size), **_percentages(classes))


def tile_metadata(name: ProductName, classes: np.ndarray, size: int) -> str:
    """Return the text of MTD_TL.xml; see :func:`product_metadata` for the parameters."""
    zenith, azimuth = name.overpass.sun
    # The angles are given on a grid of 5 km, and are constant as they hardly vary over the scene.
    return render_template(
        "sentinel2_tile.xml", product=name, sensed=_iso(name.sensed), size=size, zenith=zenith, azimuth=azimuth,
        angle_nodes=-(-size * 10 // 5000) + 1, masks=MASKS, **_percentages(classes))


def manifest(files: Sequence[str]) -> str:
    """Return the text of manifest.safe, the list of the files with their paths inside the product."""
    return render_template("sentinel2_manifest.xml", files=files)


def _percentages(classes: np.ndarray) -> dict[str, object]:
    """Return the percentage of clouds, and of each quality indicator by element name."""
    return {"cloud_percentage": _percentage(classes, (8, 9, 10)),
            "percentages": {element: _percentage(classes, values) for element, values in PERCENTAGES}}


def _percentage(classes: np.ndarray, values: tuple[int, ...]) -> float:
    """Return the percentage of valid pixels that are in the classes (for nodata, of all pixels)."""
    count = np.isin(classes, values).sum()
    total = classes.size if values == (0,) else np.count_nonzero(classes)
    return 100.0 * count / max(1, total)


def _footprint(name: ProductName, size: int) -> str:
    """Return the corners as latitude and longitude, closed, counter-clockwise."""
    west, north, edge = name.west, name.north, size * 10
    longitudes, latitudes = transform_points(name.crs, WGS84, [west, west, west + edge, west + edge, west],
                                             [north, north - edge, north - edge, north, north])
    return " ".join(f"{latitude:.8f} {longitude:.8f}" for latitude, longitude in zip(latitudes, longitudes))


def _iso(compact: str) -> str:
    """Convert 20230308T104031 to 2023-03-08T10:40:31.024Z."""
    return f"{compact[:4]}-{compact[4:6]}-{compact[6:11]}:{compact[11:13]}:{compact[13:]}.024Z"
