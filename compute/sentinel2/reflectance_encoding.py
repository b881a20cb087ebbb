"""Storage of reflectance and angles: scaled int16 with nodata -32768, or float32 in physical units with NaN."""

from dataclasses import dataclass

import numpy as np

from ..declarations import ParameterDeclaration
from ..raster.formats import COMPRESSION, FORMATS
from .msi_bands import ANGLES, BANDS
from .product_reader import STORED_PER_REFLECTANCE

NODATA = -32768
MAX_STORED = 32767
DATA_TYPES = ("int16", "float32")

# Angles are stored in units of 1/80 degree, so that 360 degrees fit into int16.
STORED_PER_DEGREE = 80.0


@dataclass(frozen=True)
class StorageSettings:
    """Data type, format and compression of an output raster.

    Parameters
    ----------
    data_type : {"int16", "float32"}
        Integers with a scale in the file, or physical values with NaN as nodata.
    format : str
        One of ``FORMATS``; "auto" uses the file extension.
    compression : str
        One of ``COMPRESSION``; for GeoTIFF and COG.
    """

    data_type: str = "int16"
    format: str = "auto"
    compression: str = "zstd"

    @property
    def nodata(self):
        """float: nodata value."""
        return NODATA if self.data_type == "int16" else float("nan")


STORAGE_PARAMETERS = (
    ParameterDeclaration(
        "DATA_TYPE", "Data type",
        "Data type of the output. int16: reflectance times 10000, with the scale factor in the file. float32: "
        "reflectance, twice the file size.",
        kind="enum", options=DATA_TYPES, advanced=True, setting="data_type"),
    ParameterDeclaration(
        "FORMAT", "Output format",
        "Raster format. auto: by the extension of the output: .tif, .dat (ENVI), .nc (NetCDF), .jp2 (JPEG 2000), or "
        "any other that GDAL can write. cog: cloud-optimised GeoTIFF with overviews.",
        kind="enum", options=FORMATS, advanced=True, setting="format"),
    ParameterDeclaration(
        "COMPRESSION", "Compression",
        "Compression of GeoTIFF and COG. zstd: fast and small, for QGIS and GDAL. deflate: readable by all software, "
        "SNAP included. none: largest files.",
        kind="enum", options=COMPRESSION, advanced=True, setting="compression"),
)


def to_stored(values, valid):
    """Round to int16, with nodata where values are not valid.

    Parameters
    ----------
    values : ndarray of float32
        In stored units (reflectance * 10000). Values beyond int16 (reflectance above 3.2767, as in sun glint) are
        clipped.
    valid : ndarray of bool, same shape

    Returns
    -------
    ndarray of int16, same shape
    """
    stored = np.clip(np.rint(values), NODATA + 1, MAX_STORED)
    return np.where(valid, stored, NODATA).astype(np.int16)


def to_float(values, valid, scale):
    """Convert to physical units, with NaN where values are not valid.

    Parameters
    ----------
    values : ndarray of float32
        In stored units.
    valid : ndarray of bool, same shape
    scale : float
        Physical units per stored unit.

    Returns
    -------
    ndarray of float32, same shape
    """
    return np.where(valid, values * np.float32(scale), np.float32("nan")).astype(np.float32)


def to_storage(band, values):
    """Convert values of :meth:`ProductReader.read` to the units of int16 storage.

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
