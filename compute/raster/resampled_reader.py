"""Reader that resamples to another grid.

Reading a class raster on another grid, in any CRS and pixel size.

Resampling is nearest neighbour, as classes cannot be averaged.

Reader of a raster on another grid: GDAL resamples each window when it is read.
"""

import contextlib
import threading

import numpy as np

from ..errors import UnreadableInput, UnsuitableInput
from .crs import _is_same_crs
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


RESAMPLINGS = ("none", "nearest", "bilinear", "average")


class RegriddedReader:
    """An open raster resampled to another grid; the part of the :class:`RasterReader` interface that features need.

    Parameters
    ----------
    path : str
    grid : Grid
        The grid to resample to.
    resampling : {"nearest", "bilinear", "average"}

    Attributes
    ----------
    grid, bands, block_shape, tags
        As in :class:`RasterReader`.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        As in :class:`RasterReader`.
    """

    def __init__(self, path, grid, resampling):
        self.path, self.grid, self._resampling = str(path), grid, resampling
        with RasterReader(path) as source:
            self.bands, self.tags = source.bands, source.tags
        self.block_shape = (256, 256)
        self._local, self._lock, self._opened = threading.local(), threading.Lock(), contextlib.ExitStack()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Close the files of all threads."""
        with self._lock:
            self._opened.close()

    def read_physical(self, window, indexes):
        """As :meth:`RasterReader.read_physical`; the window must lie inside the grid."""
        from rasterio.errors import RasterioError

        band_numbers = [index + 1 for index in indexes]
        extent = ((window.row, window.row + window.height), (window.col, window.col + window.width))
        try:
            warped = self._warped()
            values = warped.read(band_numbers, window=extent)
            valid = warped.read_masks(band_numbers, window=extent) != 0
        except RasterioError as error:
            raise UnreadableInput(f"{self.path} is damaged or cannot be resampled to the grid of the first raster. "
                                  "Copy or download it again, or warp it with the GDAL tool Warp.") from error
        scales, offsets = (np.array([getattr(self.bands[index], name) for index in indexes])[:, None, None]
                           for name in ("scale", "offset"))
        physical = (values * scales + offsets).astype(np.float32)
        physical[~valid | ~np.isfinite(physical)] = np.nan
        return physical

    def _warped(self):
        if not hasattr(self._local, "warped"):
            import rasterio
            from rasterio.enums import Resampling
            from rasterio.vrt import WarpedVRT

            with self._lock:
                source = self._opened.enter_context(rasterio.open(self.path))
                has_nodata = source.nodata is not None
                self._local.warped = self._opened.enter_context(WarpedVRT(
                    source, crs=self.grid.crs_wkt, transform=rasterio.Affine(*self.grid.transform),
                    width=self.grid.width, height=self.grid.height, resampling=Resampling[self._resampling],
                    add_alpha=not has_nodata))
        return self._local.warped
