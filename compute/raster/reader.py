"""Thread-safe reading of rasters by window.

A GDAL dataset may only be used by one thread at a time. A :class:`RasterReader` opens the file once per thread, or
shares one handle between the threads where decoding is expensive and GDAL's cache should serve all of them (JPEG 2000).
Nodata is returned as a mask, never as a value.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..errors import MissingInput, UnreadableInput, UnsuitableInput
from .gdal_errors import gdal_errors, without_georeference_warning
from .grid import Grid


@dataclass(frozen=True)
class Band:
    """Metadata of a raster band; physical value = stored value * `scale` + `offset`."""

    name: str
    dtype: str
    nodata: float = None
    scale: float = 1.0
    offset: float = 0.0
    tags: dict = field(default_factory=dict)


class RasterReader:
    """An open raster file; thread-safe and picklable: a copy in another process opens the file again.

    Parameters
    ----------
    path : str
        Any path that GDAL opens, ``/vsizip/`` paths included.
    share_handle : bool
        Share one handle between all threads.
    in_image_coordinates : bool
        The image is not georeferenced (radar geometry); the grid of the reader is in image coordinates, from 0.

    Attributes
    ----------
    grid : Grid
    bands : tuple of Band
    block_shape : tuple of int
        (height, width) of the tiles or strips of the file.
    tags : dict
        Metadata of the file.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the file does not exist, is not a raster, or is rotated.
    """

    def __init__(self, path, share_handle=False, in_image_coordinates=False):
        self.path = str(path)
        self._arguments = self.path, share_handle, in_image_coordinates
        self._read_lock = threading.Lock() if share_handle else contextlib.nullcontext()
        self._local = _SharedHandle() if share_handle else threading.local()
        self._opened = []
        self._lock = threading.Lock()
        dataset = self._dataset()
        self.grid = (Grid("", 0.0, 0.0, 1.0, 1.0, dataset.height, dataset.width) if in_image_coordinates
                     else _grid_of(dataset, self.path))
        self.bands = tuple(
            Band(name=name or f"band_{index}", dtype=dtype, nodata=nodata, scale=scale, offset=offset,
                 tags=dataset.tags(index))
            for index, (name, dtype, nodata, scale, offset) in enumerate(
                zip(dataset.descriptions, dataset.dtypes, dataset.nodatavals, dataset.scales, dataset.offsets),
                start=1))
        self.block_shape = dataset.block_shapes[0]
        self.tags = dataset.tags()
        self._has_mask_band = not dataset.mask_flag_enums[0] or any(
            flag.name in ("per_dataset", "alpha") for flag in dataset.mask_flag_enums[0])

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._arguments

    def close(self):
        """Close the file in every thread."""
        with self._lock:
            for dataset in self._opened:
                dataset.close()
            self._opened.clear()

    @property
    def band_names(self):
        """tuple of str: names of the bands, in file order."""
        return tuple(band.name for band in self.bands)

    def domain_tags(self, domain):
        """Return the metadata of the file in a GDAL metadata domain, as a dict of str."""
        with self._read_lock:
            return self._dataset().tags(ns=domain)

    def read(self, window=None, indexes=None):
        """Read stored values of a window, which may exceed the raster.

        Parameters
        ----------
        window : Window, optional
            The whole raster by default.
        indexes : sequence of int, optional
            Bands to read, counted from 0; all by default.

        Returns
        -------
        values : ndarray, shape (bands, height, width), dtype of the file
        valid : ndarray of bool, same shape
            False outside the raster, on nodata, NaN and infinity.

        Raises
        ------
        UnreadableInput
            If this part of the file is damaged.
        """
        window = window or self.grid.window
        indexes = range(len(self.bands)) if indexes is None else indexes
        inside = window.intersection(self.grid.window)
        shape = (len(indexes), *window.shape)
        if inside.is_empty:
            return np.zeros(shape, np.result_type(*(self.bands[i].dtype for i in indexes))), np.zeros(shape, bool)
        values, valid = self._read_inside(inside, indexes)
        if inside == window:
            return values, valid
        slices = (slice(None), *inside.relative_to(window).slices)
        padded_values, padded_valid = np.zeros(shape, values.dtype), np.zeros(shape, bool)
        padded_values[slices], padded_valid[slices] = values, valid
        return padded_values, padded_valid

    def read_physical(self, window=None, indexes=None):
        """Read physical values (scale and offset applied) of a window; see :meth:`read`.

        Returns
        -------
        ndarray of float32, shape (bands, height, width)
            NaN where invalid.
        """
        indexes = range(len(self.bands)) if indexes is None else indexes
        values, valid = self.read(window, indexes)
        physical = values.astype(np.float32)
        for position, index in enumerate(indexes):
            band = self.bands[index]
            if (band.scale, band.offset) != (1.0, 0.0):
                physical[position] = values[position] * band.scale + band.offset
        physical[~valid] = np.nan
        return physical

    def _read_inside(self, window, indexes):
        band_numbers = [index + 1 for index in indexes]
        with gdal_errors(f"{self.path} is damaged: a part of it cannot be read. Copy or download it again.",
                         UnreadableInput), self._read_lock:
            dataset = self._dataset()
            values = self._read_values(dataset, band_numbers, window)
            if self._has_mask_band:
                valid = dataset.read_masks(band_numbers, window=_ranges(window)) != 0
            else:
                valid = np.ones(values.shape, bool)
        for position, index in enumerate(indexes):
            nodata = self.bands[index].nodata
            if nodata is not None and not np.isnan(nodata):
                valid[position] &= values[position] != nodata
        if np.issubdtype(values.dtype, np.floating):
            valid &= np.isfinite(values)
        return values, valid

    def _read_values(self, dataset, band_numbers, window):
        return dataset.read(band_numbers, window=_ranges(window))

    def _dataset(self):
        dataset = getattr(self._local, "dataset", None)
        if dataset is None:
            dataset = _open(self.path)
            self._local.dataset = dataset
            with self._lock:
                self._opened.append(dataset)
        return dataset


class _SharedHandle:
    """One dataset for all threads, in place of one per thread as in ``threading.local``."""


def _ranges(window):
    return (window.row, window.row + window.height), (window.col, window.col + window.width)


def _open(path):
    import os

    import rasterio

    if not path.startswith("/vsi") and not os.path.exists(path):
        raise MissingInput(f"{path} does not exist. Check its path.")
    with gdal_errors(f"{path} cannot be opened as a raster: it is damaged, or in a format that GDAL does not read.",
                     UnreadableInput), without_georeference_warning():
        return rasterio.open(path)


def _grid_of(dataset, path):
    transform = dataset.transform
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        if transform.is_identity:
            raise UnsuitableInput(f"{path} is not georeferenced. Georeference it first.")
        raise UnsuitableInput(f"{path} is rotated or mirrored. Warp it to a north-up grid first.")
    return Grid(crs_wkt=dataset.crs.to_wkt() if dataset.crs else "", west=transform.c, north=transform.f,
                pixel_width=transform.a, pixel_height=-transform.e, height=dataset.height, width=dataset.width)
