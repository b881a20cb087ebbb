"""A raster of another grid, read as if it lay on ours: GDAL resamples each window on its way in."""

import contextlib
import threading

import numpy as np

from ..errors import UnreadableInput
from ..raster.reader import RasterReader

RESAMPLINGS = ("none", "nearest", "bilinear", "average")


class RegriddedReader:
    """An open raster seen through another grid; it offers of :class:`RasterReader` what features need.

    Parameters
    ----------
    path : str
    grid : Grid
        The grid to be read on.
    resampling : {"nearest", "bilinear", "average"}

    Attributes
    ----------
    grid, bands, block_shape, tags
        As of a :class:`RasterReader`.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        As of a :class:`RasterReader`.
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
        """Close the file in every thread."""
        with self._lock:
            self._opened.close()

    def read_physical(self, window, indexes):
        """As :meth:`RasterReader.read_physical`; the window lies inside the grid."""
        from rasterio.errors import RasterioError

        numbers = [index + 1 for index in indexes]
        place = ((window.row, window.row + window.height), (window.col, window.col + window.width))
        try:
            view = self._view()
            values, valid = view.read(numbers, window=place), view.read_masks(numbers, window=place) != 0
        except RasterioError as error:
            raise UnreadableInput(f"{self.path} is damaged or cannot be brought to the grid of the first raster. Copy "
                                  "or download it again, or warp it with the GDAL tool Warp.") from error
        scales, offsets = (np.array([getattr(self.bands[index], name) for index in indexes])[:, None, None]
                           for name in ("scale", "offset"))
        physical = (values * scales + offsets).astype(np.float32)
        physical[~valid | ~np.isfinite(physical)] = np.nan
        return physical

    def _view(self):
        if not hasattr(self._local, "view"):
            import rasterio
            from rasterio.enums import Resampling
            from rasterio.vrt import WarpedVRT

            with self._lock:
                source = self._opened.enter_context(rasterio.open(self.path))
                has_nodata = source.nodata is not None
                self._local.view = self._opened.enter_context(WarpedVRT(
                    source, crs=self.grid.crs_wkt, transform=rasterio.Affine(*self.grid.transform),
                    width=self.grid.width, height=self.grid.height, resampling=Resampling[self._resampling],
                    add_alpha=not has_nodata))
        return self._local.view
