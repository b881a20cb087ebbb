"""Reader of a raster on another grid: GDAL resamples each window when it is read."""

import contextlib
import threading

import numpy as np

from ..errors import UnreadableInput
from ..raster.reader import RasterReader

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
            self.bands, self.tags, self.source_grid = source.bands, source.tags, source.grid
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
