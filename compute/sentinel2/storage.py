"""How reflectance is stored: int16 scaled by 10000, nodata -32768, which no reflectance can be; or float32 as it is."""

from dataclasses import dataclass

import numpy as np

from ..raster.formats import COMPRESSION, FORMATS

__all__ = ["COMPRESSION", "FORMATS", "NODATA", "STORAGE", "StorageSettings", "to_float", "to_stored"]

NODATA = -32768
LARGEST = 32767
STORAGE = ("int16", "float32")


@dataclass(frozen=True)
class StorageSettings:
    """How a result is written.

    Parameters
    ----------
    storage : {"int16", "float32"}
        Whole numbers with a scale in the file, or physical values with NaN where there is no data.
    format : str
        One of ``FORMATS``; "auto" goes by the extension of the name.
    compression : str
        One of ``COMPRESSION``; of GeoTIFF and COG.
    """

    storage: str = "int16"
    format: str = "auto"
    compression: str = "zstd"

    @property
    def nodata(self):
        """float: what stands where there is no data."""
        return NODATA if self.storage == "int16" else float("nan")


def to_stored(values, valid):
    """Round to int16 and write the mask into the values.

    Parameters
    ----------
    values : ndarray of float32
        In stored units (reflectance * 10000). Values beyond int16 (reflectance above 3.2767: glint, saturation) are
        clipped.
    valid : ndarray of bool, same shape

    Returns
    -------
    ndarray of int16, same shape
    """
    stored = np.clip(np.rint(values), NODATA + 1, LARGEST)
    return np.where(valid, stored, NODATA).astype(np.int16)


def to_float(values, valid, scale):
    """Physical values, NaN where there is no data.

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
