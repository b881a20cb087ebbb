"""Images as space agencies deliver them: lossless JPEG 2000, and GeoTIFF with ground control points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..errors import MissingInput
from .crs import WGS84
from .gdal_errors import without_georeference_warning

if TYPE_CHECKING:
    from numpy.typing import NDArray


def write_jp2(path: str, values: NDArray[np.integer], crs: str, west: float, north: float, pixel: float,
              comment: str) -> None:
    """Write bands to a lossless JPEG 2000 file.

    Parameters
    ----------
    path : str
    values : ndarray of uint8 or uint16, shape (rows, columns) or (bands, rows, columns)
        16-bit values are stored with 15 bits, as in Sentinel-2 products.
    crs : str
        Such as EPSG:32631.
    west, north : float
        Upper-left corner.
    pixel : float
        Size of a pixel.
    comment : str
        Stored in the file.

    Raises
    ------
    MissingInput
        If this GDAL cannot write JPEG 2000.
    OSError
        If the file cannot be written.
    """
    import rasterio
    from rasterio.io import MemoryFile

    _require_jp2_driver()
    bands = values if values.ndim == 3 else values[None]
    options = {"QUALITY": "100", "REVERSIBLE": "YES", "YCBCR420": "NO", "COMMENT": comment}
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


def _require_jp2_driver() -> None:
    from rasterio.drivers import raster_driver_extensions

    if "JP2OpenJPEG" not in raster_driver_extensions().values():
        raise MissingInput("This installation of GDAL cannot write JPEG 2000: the driver JP2OpenJPEG is missing. "
                           "Install a GDAL with OpenJPEG.")


def write_radar_image(path: str, values: NDArray[np.uint16], points: Sequence[tuple[int, int, float, float]],
                      tags: dict[str, str]) -> None:
    """Write an image in radar geometry with ground control points.

    Parameters
    ----------
    path : str
    values : ndarray of uint16, shape (lines, pixels)
    points : sequence of (line, pixel, latitude, longitude)
    tags : dict of str to str
        Metadata of the file.
    """
    import rasterio
    from rasterio.control import GroundControlPoint

    control_points = [GroundControlPoint(row=line, col=column, x=longitude, y=latitude, z=0.0, id=str(number))
                      for number, (line, column, latitude, longitude) in enumerate(points, start=1)]
    with without_georeference_warning(), rasterio.open(
            path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1, dtype="uint16",
            gcps=control_points, crs=WGS84) as image:
        image.write(values, 1)
        image.update_tags(**tags)
