"""One Sentinel-2 product as a source of blocks: any band on any grid, masked and in units of storage.

Reflectance = (digital number + offset of the band) / quantification value. It is kept as ``reflectance * 10000``, so
that a product on either side of processing baseline 04.00 gives the same numbers. "No data" is decided on the raw
digital number, before the offset: a dark pixel may become negative and stays valid.
"""

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import numpy as np

from ..errors import UnreadableInput, UnsuitableInput
from ..raster.reader import RasterReader
from ..raster.resample import read_resampled
from ..raster.target import target_grid
from .angles import AngleGrids
from .bands import ANGLES, BANDS, CLASS_BANDS
from .clouds import CLOUD_MASKS, open_cloud_mask

__all__ = ["CLOUD_MASKS", "STORED_PER_REFLECTANCE", "Scene", "StackSettings", "stored_scale"]

STORED_PER_REFLECTANCE = 10000.0
# Angles are stored in eightieths of a degree: 360 degrees still fit into int16.
STORED_PER_DEGREE = 80.0
# An image with more pixels than this along an edge is none of Sentinel-2: a tile has 10980.
LONGEST_EDGE = 12000


@dataclass(frozen=True)
class StackSettings:
    """How products become a stack.

    Parameters
    ----------
    bands : tuple of str
        Names as in the files: B01 ... B12, B8A, and the layers and angles of ``BAND_CHOICES``.
    resolution : float
        Pixel size in metres.
    crs : str
        CRS of the result as WKT; empty for the UTM zone of the product.
    upsampling : {"nearest", "bilinear", "bicubic"}
    downsampling : {"first", "min", "max", "mean", "median"}
    flag_downsampling : {"first", "flagand", "flagor", "flagmedianand", "flagmedianor"}
        The same for the cloud mask, which is a flag.
    cloud_mask : {"none", "l1c", "l2a", "probability"}
        Pixels under the mask lose their reflectance. "l2a": pixels of `masked_classes` in the scene classification;
        "l1c": those of `cloud_kinds` in the masks of Level-1C; "probability": those with at least `cloud_probability`.
    masked_classes : tuple of str
        Names of scene classes (``SCENE_CLASSES``).
    cloud_kinds : tuple of str
        Some of ``CLOUD_KINDS``.
    cloud_probability : float
        Percent.
    min_cloud_area : float
        Square metres; smaller patches of the cloud mask are not believed.
    mask_dilation : float
        Metres by which the cloud mask is widened, after that.
    threads : int
        Worker threads; 0 leaves it to Floefield.
    """

    bands: tuple = ("B02", "B03", "B04", "B08")
    resolution: float = 10.0
    crs: str = ""
    upsampling: str = "nearest"
    downsampling: str = "first"
    flag_downsampling: str = "first"
    cloud_mask: str = "none"
    masked_classes: tuple = ("nodata", "saturated_defective", "cloud_shadow", "cloud_medium_probability",
                             "cloud_high_probability", "thin_cirrus")
    cloud_kinds: tuple = ("opaque", "cirrus")
    cloud_probability: float = 50.0
    min_cloud_area: float = 0.0
    mask_dilation: float = 0.0
    threads: int = 0


class Scene:
    """The images of one product, opened as the settings ask.

    Parameters
    ----------
    product : Product
    settings : StackSettings
    open_image : callable, optional
        Takes the path of an image, gives a RasterReader.

    Attributes
    ----------
    grid : Grid
        All of the product at the resolution of the settings, in its own CRS.
    target : Grid
        The same in the CRS of the settings; of two scenes in one CRS it falls on one lattice.

    Raises
    ------
    MissingInput
        If images are missing; all of them are named.
    UnsuitableInput
        If the images of the product do not share a CRS.
    """

    def __init__(self, product, settings, open_image=None):
        self.product = product
        self.settings = settings
        self._open_image = open_image or partial(RasterReader, share_handle=True)
        images = [band for band in settings.bands if band not in ANGLES]
        paths = product.images_for(images or [_any_band(product)], settings.resolution)
        self._opened, self._lock = {}, threading.Lock()
        with ExitStack() as unless_complete:
            unless_complete.callback(self.close)
            self._readers = {band: self._reader_of(path) for band, path in paths.items()}
            self.grid = self._grid()
            self.target = target_grid(self.grid, settings.crs, settings.resolution)
            self._angles = AngleGrids(product, self.grid.crs_wkt) if set(ANGLES) & set(settings.bands) else None
            self._cloud_mask = open_cloud_mask(product, settings, self.grid.crs_wkt, self._reader_of)
            unless_complete.pop_all()

    def _reader_of(self, path):
        """An open image; of one file only one."""
        with self._lock:
            if path not in self._opened:
                self._opened[path] = self._open_image(path)
                grid = self._opened[path].grid
                if max(grid.shape) > LONGEST_EDGE:
                    raise UnreadableInput(f"{path} claims to have {grid.width} x {grid.height} pixels, more than a "
                                          "Sentinel-2 image can have. It is not used.")
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
        return finest.grid.with_pixel_size(self.settings.resolution)

    def read(self, band, grid, window):
        """A band on a grid.

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
            Reflectance * 10000, degrees, or the digital numbers of other layers.
        valid : ndarray of bool, same shape
        """
        if band in ANGLES:
            return self._angles.read(band, grid, window)
        is_class = band in CLASS_BANDS
        values, valid = read_resampled(
            self._readers[band], grid, window, "nearest" if is_class else self.settings.upsampling,
            "first" if is_class else self.settings.downsampling, nodata=self._nodata_of(band))
        values = values.astype(np.float32)
        if band in BANDS:
            values += self.product.offsets[band]
            if self.product.quantification != STORED_PER_REFLECTANCE:
                values *= STORED_PER_REFLECTANCE / self.product.quantification
        return values, valid

    def _nodata_of(self, band):
        """0 percent is a probability; in all else the metadata say what is no data."""
        return None if band.endswith("PRB") else self.product.nodata

    def clear(self, grid, window):
        """Which pixels the cloud mask leaves.

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


def _any_band(product):
    """A band to take the grid from where only angles are wanted."""
    return min(((size, name) for name, size in product.images if name in BANDS), default=(0, "B02"))[1]


def to_storage(band, values):
    """Values of :meth:`Scene.read` in the units in which they are stored as whole numbers.

    Returns
    -------
    ndarray
    """
    return values * np.float32(STORED_PER_DEGREE) if band in ANGLES else values


def stored_scale(product, band):
    """Physical units per stored unit of a band.

    Returns
    -------
    float
    """
    if band in BANDS:
        return 1.0 / STORED_PER_REFLECTANCE
    if band in ANGLES:
        return 1.0 / STORED_PER_DEGREE
    return 1.0 / product.layer_quantification[band] if band in product.layer_quantification else 1.0
