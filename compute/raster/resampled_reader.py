"""Reader of a raster on another grid: GDAL resamples each window when it is read."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UnreadableInput, UnsuitableInput
from .crs import is_same_crs
from .gdal_errors import gdal_errors
from .grid import Grid, Window
from .reader import RasterReader

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLINGS = ("none", "nearest", "bilinear", "average")

# Height and width of the windows in which a resampled raster is read efficiently.
BLOCK_SHAPE = (256, 256)


class ResampledReader:
    """An open raster on another grid, in any CRS and pixel size; thread-safe and picklable.

    A raster that has this grid already is read as it is.

    Parameters
    ----------
    path : str
    grid : Grid
        The grid to resample to.
    method : {"nearest", "bilinear", "average"}
        Nearest neighbour for classes, which cannot be averaged.

    Attributes
    ----------
    source : RasterReader
        The raster on its own grid.
    path, grid, bands, block_shape, tags
        As in :class:`RasterReader`.
    is_resampled : bool
        Whether the grids differ.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the raster cannot be opened, or only one of the two grids has a CRS.
    """

    def __init__(self, path: str, grid: Grid, method: str) -> None:
        self.source = RasterReader(path)
        self.path, self.grid, self.method = self.source.path, grid, method
        self.bands, self.tags = self.source.bands, self.source.tags
        own = self.source.grid
        self.is_resampled = not (own.is_same_as(grid) and is_same_crs(own.crs_wkt, grid.crs_wkt, missing_is_same=False))
        self.block_shape = BLOCK_SHAPE if self.is_resampled else self.source.block_shape
        self._local, self._lock, self._opened = threading.local(), threading.Lock(), contextlib.ExitStack()
        if self.is_resampled and bool(own.crs_wkt) != bool(grid.crs_wkt):
            self.source.close()
            raise UnsuitableInput(f"{path} or the raster it is compared with has no coordinate reference system. "
                                  "Assign one with the GDAL tool 'Assign projection'.")

    def __enter__(self) -> ResampledReader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return ResampledReader, (self.path, self.grid, self.method)

    def close(self) -> None:
        """Close the files of all threads."""
        with self._lock:
            self._opened.close()
        self.source.close()

    def read(self, window: Window, indexes: Sequence[int] | None = None
             ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        """Read stored values and validity; as :meth:`RasterReader.read`, but the window must lie inside the grid."""
        if not self.is_resampled:
            return self.source.read(window, indexes)
        band_numbers = [index + 1 for index in (range(len(self.bands)) if indexes is None else indexes)]
        extent = ((window.row, window.row + window.height), (window.col, window.col + window.width))
        with gdal_errors(f"{self.path} is damaged or cannot be resampled to the grid of the first raster. Copy or "
                         "download it again, or warp it with the GDAL tool Warp.", UnreadableInput):
            warped = self._warped()
            values = warped.read(band_numbers, window=extent)
            valid = warped.read_masks(band_numbers, window=extent) != 0
        if np.issubdtype(values.dtype, np.floating):
            valid &= np.isfinite(values)
        return values, valid

    def read_physical(self, window: Window, indexes: Sequence[int] | None = None) -> NDArray[np.float32]:
        """Read physical values; as :meth:`RasterReader.read_physical`, but the window must lie inside the grid."""
        if not self.is_resampled:
            return self.source.read_physical(window, indexes)
        indexes = range(len(self.bands)) if indexes is None else indexes
        values, valid = self.read(window, indexes)
        scales, offsets = (np.array([getattr(self.bands[index], name) for index in indexes])[:, None, None]
                           for name in ("scale", "offset"))
        physical = (values * scales + offsets).astype(np.float32)
        physical[~valid | ~np.isfinite(physical)] = np.nan
        return physical

    def _warped(self) -> Any:
        """Return the resampled dataset of this thread."""
        if not hasattr(self._local, "warped"):
            import rasterio
            from rasterio.enums import Resampling
            from rasterio.vrt import WarpedVRT

            # Entered as contexts, rasterio's datasets must be closed by the thread that opened them.
            with self._lock:
                source = rasterio.open(self.path)
                self._opened.callback(source.close)
                self._local.warped = WarpedVRT(
                    source, crs=self.grid.crs_wkt or None, transform=rasterio.Affine(*self.grid.transform),
                    width=self.grid.width, height=self.grid.height, resampling=Resampling[self.method],
                    add_alpha=source.nodata is None)
                self._opened.callback(self._local.warped.close)
        return self._local.warped
