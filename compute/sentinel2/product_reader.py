"""Windowed reading of one Sentinel-2 product: any band on any grid, with cloud mask, in storage units.

Reflectance = (digital number + radiometric offset) / quantification value, returned as ``reflectance * 10000``, so that
values are comparable across processing baseline 04.00. Nodata and saturated pixels are determined from the digital
number before the offset is added: dark pixels may become negative and stay valid.
"""

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..declarations import ParameterDeclaration
from ..errors import UnreadableInput, UnsuitableInput
from ..raster.blocks import SCENE_THREADS
from ..raster.grid import target_grid
from ..raster.reader import RasterReader
from ..raster.resampling import DOWNSAMPLING, FLAG_DOWNSAMPLING, UPSAMPLING, read_resampled
from .angles import AngleGrids
from .cloud_mask import CLOUD_MASKS, open_cloud_mask
from .msi_bands import ANGLES, BAND_CHOICES, BANDS, CLASS_BANDS, LEVEL_1C_CLOUD_TYPES, SCENE_CLASSES

STORED_PER_REFLECTANCE = 10000.0

# Maximum image width and height; a Sentinel-2 tile has 10980.
MAX_IMAGE_EDGE = 12000


@dataclass(frozen=True)
class StackSettings:
    """Settings of a stack.

    Parameters
    ----------
    bands : tuple of str
        Names of bands, layers and angles; see ``BAND_CHOICES``.
    pixel_size : float
        Pixel size in metres.
    crs : str
        Output CRS (WKT); empty for the UTM zone of the product.
    upsampling : {"nearest", "bilinear", "bicubic"}
    downsampling : {"first", "min", "max", "mean", "median"}
    flag_downsampling : {"first", "flagand", "flagor", "flagmedianand", "flagmedianor"}
        Downsampling method of the cloud mask.
    cloud_mask : {"none", "l1c", "l2a", "probability"}
        Reflectance under the mask is set to nodata. "l2a": `scl_classes` of the scene classification; "l1c":
        `cloud_types` of the Level-1C masks; "probability": cloud probability of at least `cloud_probability_threshold`.
    scl_classes : tuple of str
        Names of scene classes (``SCENE_CLASSES``).
    cloud_types : tuple of str
        Subset of ``LEVEL_1C_CLOUD_TYPES``.
    cloud_probability_threshold : float
        Cloud probability threshold in percent.
    min_cloud_area : float
        Minimum cloud patch area in square metres; smaller patches of the cloud mask are removed.
    cloud_buffer : float
        Width of the buffer around the remaining cloud mask, in metres.
    threads : int
        Number of worker threads; 0 = automatic.
    """

    bands: tuple = ("B02", "B03", "B04", "B08")
    pixel_size: float = 10.0
    crs: str = ""
    upsampling: str = "nearest"
    downsampling: str = "first"
    flag_downsampling: str = "first"
    cloud_mask: str = "none"
    scl_classes: tuple = ("nodata", "saturated_defective", "cloud_shadow", "cloud_medium_probability",
                             "cloud_high_probability", "thin_cirrus")
    cloud_types: tuple = ("opaque", "cirrus")
    cloud_probability_threshold: float = 50.0
    min_cloud_area: float = 0.0
    cloud_buffer: float = 0.0
    threads: int = 0


STACK_PARAMETERS = (
    ParameterDeclaration(
        "BANDS", "Bands",
        "Bands of the output, in this order. SCL: scene classification; AOT: aerosol optical thickness; WVP: water "
        "vapour; CLDPRB and SNWPRB: probability of cloud and of snow (%); sun and view angles in degrees, from the "
        "tile metadata.",
        kind="enum", options=BAND_CHOICES, multiple=True, setting="bands"),
    ParameterDeclaration(
        "PIXEL_SIZE", "Pixel size (m)",
        "Pixel size of the output in metres (at least 1). All bands are resampled to it.",
        minimum=1.0, setting="pixel_size"),
    ParameterDeclaration(
        "CLOUD_MASK", "Cloud mask",
        "Source of the cloud mask; masked pixels are set to NoData. l2a: scene classification of Level-2A products "
        "(clouds and shadows). l1c: Level-1C cloud mask (also in Level-2A products of 2022 and later). probability: "
        "cloud probability of Level-2A products. none: no masking.",
        kind="enum", options=CLOUD_MASKS, setting="cloud_mask"),
    ParameterDeclaration(
        "SCL_CLASSES", "Scene classes to mask",
        "Classes of the scene classification that the cloud mask l2a removes.",
        kind="enum", options=SCENE_CLASSES, multiple=True, advanced=True, setting="scl_classes"),
    ParameterDeclaration(
        "CLOUD_TYPES", "Level-1C cloud types to mask",
        "Cloud types that the cloud mask l1c removes. Snow is in the masks of 2022 and later only.",
        kind="enum", options=LEVEL_1C_CLOUD_TYPES, multiple=True, advanced=True, setting="cloud_types"),
    ParameterDeclaration(
        "CLOUD_PROBABILITY_THRESHOLD", "Cloud probability threshold (%)",
        "Minimum cloud probability, in per cent, of the pixels that the cloud mask probability removes. Lower it to "
        "mask more.",
        minimum=0.0, maximum=100.0, advanced=True, setting="cloud_probability_threshold"),
    ParameterDeclaration(
        "MIN_CLOUD_AREA", "Minimum cloud patch area (m²)",
        "Patches of the cloud mask smaller than this area, in square metres, are ignored: bright roofs and dark rows "
        "of vineyards are often misclassified as clouds and shadows. 0 keeps all patches.",
        minimum=0.0, maximum=1e6, advanced=True, setting="min_cloud_area"),
    ParameterDeclaration(
        "CLOUD_BUFFER", "Cloud mask buffer (m)",
        "Dilation of the cloud mask in metres, measured between pixel centres. 0: no buffer; 100 m covers the usual "
        "thin cloud edges.",
        minimum=0.0, maximum=5000.0, advanced=True, setting="cloud_buffer"),
    ParameterDeclaration(
        "UPSAMPLING", "Upsampling method",
        "Method for bands with larger pixels than the output (20 m to 10 m). nearest repeats pixels; bilinear and "
        "bicubic interpolate between pixel centres.",
        kind="enum", options=UPSAMPLING, advanced=True, setting="upsampling"),
    ParameterDeclaration(
        "DOWNSAMPLING", "Downsampling method",
        "Method for bands with smaller pixels than the output (10 m to 20 m). first takes the upper-left pixel, the "
        "others aggregate all pixels of the output pixel. The scene classification is never averaged.",
        kind="enum", options=DOWNSAMPLING, advanced=True, setting="downsampling"),
    ParameterDeclaration(
        "FLAG_DOWNSAMPLING", "Flag downsampling method",
        "Rule by which a larger output pixel is flagged as cloud: its upper-left pixel is (first), all pixels are "
        "(flagand), at least one is (flagor), more than half are (flagmedianand), at least half are (flagmedianor).",
        kind="enum", options=FLAG_DOWNSAMPLING, advanced=True, setting="flag_downsampling"),
    ParameterDeclaration(
        "CRS", "Output CRS",
        "Coordinate reference system of the output. Empty: the UTM zone of the product. In a geographic CRS the pixel "
        "size is converted at the equator (1 degree = 111.3 km).",
        kind="crs", optional=True, advanced=True, setting="crs"),
    SCENE_THREADS,
)


class ProductReader:
    """The images of one product, opened for reading on any grid.

    Parameters
    ----------
    product : MsiProduct
    settings : StackSettings
    open_image : callable, optional
        Returns an open RasterReader for an image path.

    Attributes
    ----------
    grid : Grid
        Extent of the product at the output resolution, in its own CRS.
    target : Grid
        The same in the output CRS; the targets of all scenes in one CRS are aligned.

    Raises
    ------
    MissingInput
        If images are missing; the message lists all of them.
    UnsuitableInput
        If the images of the product do not share a CRS.
    """

    def __init__(self, product, settings, open_image=None):
        self.product = product
        self.settings = settings
        self._open_image = open_image or partial(RasterReader, share_handle=True)
        images = [band for band in settings.bands if band not in ANGLES]
        paths = product.images_for(images or [_reference_band(product)], settings.pixel_size)
        self._opened, self._lock = {}, threading.Lock()
        with ExitStack() as on_failure:
            on_failure.callback(self.close)
            self._readers = {band: self._open_reader(path) for band, path in paths.items()}
            self.grid = self._grid()
            self.target = target_grid(self.grid, settings.crs, settings.pixel_size)
            self._angles = AngleGrids(product, self.grid.crs_wkt) if set(ANGLES) & set(settings.bands) else None
            self._cloud_mask = open_cloud_mask(product, settings, self.grid.crs_wkt, self._open_reader)
            on_failure.pop_all()

    def _open_reader(self, path):
        """Open an image, or return the reader if it is already open."""
        with self._lock:
            if path not in self._opened:
                self._opened[path] = self._open_image(path)
                grid = self._opened[path].grid
                if max(grid.shape) > MAX_IMAGE_EDGE:
                    raise UnreadableInput(f"{path} has {grid.width} x {grid.height} pixels, more than a Sentinel-2 "
                                          "image can have. It is not used.")
            return self._opened[path]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Close all images."""
        for reader in self._opened.values():
            reader.close()

    def _grid(self):
        images = list(self._readers.values())
        finest = min(images, key=lambda reader: reader.grid.pixel_width)
        if not finest.grid.crs_wkt:
            raise UnsuitableInput(f"{self.product.uri}: the image {finest.path} has no coordinate reference system.")
        if any(reader.grid.crs_wkt != finest.grid.crs_wkt for reader in images):
            raise UnsuitableInput(f"{self.product.uri}: its images have different coordinate reference systems.")
        return finest.grid.with_pixel_size(self.settings.pixel_size)

    def read(self, band, grid, window):
        """Read a band on a window of a grid.

        Parameters
        ----------
        band : str
        grid : Grid
            In any CRS.
        window : Window
            Part of `grid`.

        Returns
        -------
        values : ndarray of float32, shape (height, width)
            Reflectance * 10000, angles in degrees, or digital numbers of other layers.
        valid : ndarray of bool, same shape
        """
        if band in ANGLES:
            return self._angles.read(band, grid, window)
        is_class = band in CLASS_BANDS
        values, valid = read_resampled(
            self._readers[band], grid, window, "nearest" if is_class else self.settings.upsampling,
            "first" if is_class else self.settings.downsampling, nodata=self._nodata_value(band),
            prepare=self._mask_saturated if band in BANDS else None)
        values = values.astype(np.float32)
        if band in BANDS:
            values += self.product.offsets[band]
            if self.product.quantification != STORED_PER_REFLECTANCE:
                values *= STORED_PER_REFLECTANCE / self.product.quantification
        return values, valid

    def _nodata_value(self, band):
        """Nodata value of the metadata; None for probabilities, where 0 is valid."""
        return None if band.endswith("PRB") else self.product.nodata

    def _mask_saturated(self, values, valid):
        return values, valid & (values != self.product.saturated)

    def clear(self, grid, window):
        """Mask of the pixels without cloud.

        Parameters
        ----------
        grid : Grid
            In any CRS.
        window : Window
            Part of `grid`.

        Returns
        -------
        ndarray of bool, shape (height, width)
        """
        if self._cloud_mask is None:
            return np.ones(window.shape, bool)
        return ~self._cloud_mask(grid, window)


def _reference_band(product):
    """Band that defines the grid if only angles are requested."""
    return min(((size, name) for name, size in product.images if name in BANDS), default=(0, "B02"))[1]
