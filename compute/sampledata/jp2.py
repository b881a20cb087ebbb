"""Lossless JPEG 2000 files as in Sentinel-2 products."""

import numpy as np

from ..errors import MissingInput

COMMENT = "Synthetic data made by Floefield; not a satellite image"


def write_jp2(path, values, crs, west, north, pixel):
    """Write bands to a lossless JPEG 2000 file.

    Parameters
    ----------
    path : str
    values : ndarray of uint8 or uint16, shape (rows, columns) or (bands, rows, columns)
        16-bit values are stored with 15 bits, as in real products.
    crs : str
        Such as EPSG:32631.
    west, north : float
        Upper-left corner.
    pixel : float
        Size of a pixel.

    Raises
    ------
    MissingInput
        If this GDAL cannot write JPEG 2000.
    OSError
        If the file cannot be written.
    """
    import rasterio
    from rasterio.io import MemoryFile

    _require_driver()
    bands = values if values.ndim == 3 else values[None]
    options = {"QUALITY": "100", "REVERSIBLE": "YES", "YCBCR420": "NO", "COMMENT": COMMENT}
    if values.dtype == np.uint16:
        options["NBITS"] = 15
    count, height, width = bands.shape
    with MemoryFile(ext=".jp2") as memory:
        with memory.open(driver="JP2OpenJPEG", dtype=values.dtype.name, count=count, height=height, width=width,
                         crs=crs, transform=rasterio.Affine(pixel, 0, west, 0, -pixel, north), **options) as dataset:
            dataset.write(bands)
        encoded = memory.read()
    # GDAL does not report why a file cannot be written.
    with open(path, "wb") as file:
        file.write(encoded)


def _require_driver():
    from rasterio.drivers import raster_driver_extensions

    if "JP2OpenJPEG" not in raster_driver_extensions().values():
        raise MissingInput("This installation of GDAL cannot write JPEG 2000: the driver JP2OpenJPEG is missing. "
                           "Install a GDAL with OpenJPEG.")
