"""One Sentinel-2 product as a source of blocks: any band on any grid, masked and in units of storage.

Reflectance = (digital number + offset of the band) / quantification value. It is kept as ``reflectance * 10000``, so
that a product on either side of processing baseline 04.00 gives the same numbers. "No data" is decided on the raw
digital number, before the offset: a dark pixel may become negative and stays valid.
"""

from dataclasses import dataclass

import numpy as np

from ..errors import GridMismatch, UnsuitableInput
from ..raster.reader import RasterReader
from ..raster.resample import read_resampled
from ..raster.target import target_grid
from .bands import BANDS, SCENE_CLASSES

STORED_PER_REFLECTANCE = 10000.0
CLOUD_MASKS = ("none", "l2a")


@dataclass(frozen=True)
class StackSettings:
    """How products become a stack.

    Parameters
    ----------
    bands : tuple of str
        Names as in the files: B01 ... B12, B8A, SCL, AOT, WVP.
    resolution : float
        Pixel size in metres.
    crs : str
        CRS of the result as WKT; empty for the UTM zone of the product.
    upsampling : {"nearest", "bilinear", "bicubic"}
    downsampling : {"first", "min", "max", "mean", "median"}
    cloud_mask : {"none", "l2a"}
        "l2a": pixels of `masked_classes` in the scene classification lose their reflectance.
    masked_classes : tuple of str
        Names of scene classes (``SCENE_CLASSES``).
    threads : int
        Worker threads; 0 leaves it to Floefield.
    """

    bands: tuple = ("B02", "B03", "B04", "B08")
    resolution: float = 10.0
    crs: str = ""
    upsampling: str = "nearest"
    downsampling: str = "first"
    cloud_mask: str = "none"
    masked_classes: tuple = ("nodata", "saturated_defective", "cloud_shadow", "cloud_medium_probability",
                             "cloud_high_probability", "thin_cirrus")
    threads: int = 0


class Scene:
    """The images of one product, opened as the settings ask.

    Parameters
    ----------
    product : Product
    settings : StackSettings

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

    def __init__(self, product, settings):
        self.product = product
        self.settings = settings
        wanted = list(settings.bands)
        if settings.cloud_mask == "l2a" and "SCL" not in wanted:
            wanted.append("SCL")
        paths = product.images_for(wanted, settings.resolution)
        self._readers = {}
        try:
            for band, path in paths.items():
                self._readers[band] = RasterReader(path, take_turns=True)
            self.grid = self._grid()
            self.target = target_grid(self.grid, settings.crs, settings.resolution)
        except Exception:
            self.close()
            raise
        self._masked_codes = np.isin(np.arange(256), [SCENE_CLASSES.index(name) for name in settings.masked_classes])

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Close all images."""
        for reader in self._readers.values():
            reader.close()

    def _grid(self):
        images = [self._readers[band] for band in self.settings.bands]
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
            Reflectance * 10000, scene class codes, or the digital numbers of other layers.
        valid : ndarray of bool, same shape
        """
        classes = band == "SCL"
        values, valid = read_resampled(
            self._readers[band], grid, window, "nearest" if classes else self.settings.upsampling,
            "first" if classes else self.settings.downsampling, nodata=self.product.nodata)
        values = values.astype(np.float32)
        if band in BANDS:
            values += self.product.offsets[band]
            if self.product.quantification != STORED_PER_REFLECTANCE:
                values *= STORED_PER_REFLECTANCE / self.product.quantification
        return values, valid

    def clear(self, grid, window):
        """Which pixels the cloud mask leaves.

        Returns
        -------
        ndarray of bool, shape (height, width)
        """
        if self.settings.cloud_mask == "none":
            return np.ones(window.shape, bool)
        codes, known = read_resampled(self._readers["SCL"], grid, window)
        masked = self._masked_codes.take(codes, mode="clip")
        masked[~known] = self._masked_codes[0]
        return ~masked

    def require_fit(self, grid):
        """Raise :class:`GridMismatch` unless the pixels of the product fall on the lattice of `grid`."""
        from rasterio.crs import CRS

        if CRS.from_wkt(self.grid.crs_wkt) != CRS.from_wkt(grid.crs_wkt):
            raise GridMismatch(
                f"{self.product.uri} lies in another UTM zone than the products before it. "
                "Use products of one zone only.")
        if not grid.is_aligned_with(self.grid):
            raise GridMismatch(
                f"The pixels of {self.product.uri} are shifted against those of the products before it. "
                "Use products as they are downloaded, or leave this one out.")


def stored_scale(product, band):
    """Physical units per stored unit of a band.

    Returns
    -------
    float
    """
    if band in BANDS:
        return 1.0 / STORED_PER_REFLECTANCE
    return 1.0 / product.layer_quantification[band] if band in product.layer_quantification else 1.0
