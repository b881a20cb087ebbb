"""Reading a class raster on another grid, in any CRS and pixel size.

Resampling is nearest neighbour, as classes cannot be averaged.
"""

import threading

import numpy as np

from ..errors import UnreadableInput, UnsuitableInput
from .reader import RasterReader


class RasterOnto:
    """The first band of a raster, resampled to a target grid.

    Parameters
    ----------
    path : str
    grid : Grid
        Target grid.

    Attributes
    ----------
    source : RasterReader
    is_resampled : bool
        Whether the grids differ, so that the raster is resampled.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the raster cannot be opened, or only one of the two grids has a CRS.
    """

    def __init__(self, path, grid):
        self.grid = grid
        self.source = RasterReader(path)
        self._read_lock = threading.Lock()
        own = self.source.grid
        self.is_resampled = not (own.is_same_as(grid) and _is_same_crs(own.crs_wkt, grid.crs_wkt))
        if self.is_resampled and bool(own.crs_wkt) != bool(grid.crs_wkt):
            self.source.close()
            raise UnsuitableInput(f"{path} or the raster it is compared with has no coordinate reference system. "
                                  "Assign one with the GDAL tool 'Assign projection'.")
        self._warped = self._warp(path) if self.is_resampled else None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Close the raster."""
        if self._warped is not None:
            self._warped.close()
            self._dataset.close()
        self.source.close()

    def read(self, window):
        """Return values and validity of a window of the target grid, each of shape (height, width)."""
        if self._warped is None:
            values, valid = self.source.read(window, [0])
            return values[0], valid[0]
        from rasterio.errors import RasterioError, RasterioIOError

        ranges = ((window.row, window.row + window.height), (window.col, window.col + window.width))
        try:
            with self._read_lock:
                values = self._warped.read(1, window=ranges)
                valid = self._warped.read_masks(1, window=ranges) != 0
        except (RasterioError, RasterioIOError) as error:
            raise UnreadableInput(f"{self.source.path} is damaged: a part of it cannot be read. Copy or download it "
                                  "again.") from error
        if np.issubdtype(values.dtype, np.floating):
            valid &= np.isfinite(values)
        return values, valid

    def _warp(self, path):
        import rasterio
        from rasterio.enums import Resampling
        from rasterio.vrt import WarpedVRT

        self._dataset = rasterio.open(path)
        return WarpedVRT(self._dataset, crs=self.grid.crs_wkt or None, transform=rasterio.Affine(*self.grid.transform),
                         width=self.grid.width, height=self.grid.height, resampling=Resampling.nearest,
                         add_alpha=self._dataset.nodata is None)


def _is_same_crs(first, second):
    from rasterio.crs import CRS

    return first == second or (bool(first and second) and CRS.from_wkt(first) == CRS.from_wkt(second))
