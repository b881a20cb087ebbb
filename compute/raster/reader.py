"""Reading rasters by window, from any number of threads.

A GDAL data set may only be used by one thread at a time. A :class:`RasterReader` opens the file once per thread that
reads from it, or lets the threads take turns on one handle where decoding is dear and GDAL's cache should serve all of
them (JPEG 2000). Nodata leaves here as a mask, never as a number.
"""

import contextlib
import threading
from dataclasses import dataclass, field

import numpy as np

from ..errors import MissingInput, UnreadableInput, UnsuitableInput
from .grid import Grid


@dataclass(frozen=True)
class Band:
    """What a raster file says of one of its bands; physical value = stored value * `scale` + `offset`."""

    name: str
    dtype: str
    nodata: float = None
    scale: float = 1.0
    offset: float = 0.0
    tags: dict = field(default_factory=dict)


class RasterReader:
    """An open raster file.

    Parameters
    ----------
    path : str
        Anything GDAL opens, ``/vsizip/`` paths included.
    take_turns : bool
        Share one handle among all threads.
    in_pixels : bool
        The image has no grid on the ground (radar geometry): the grid of the reader counts its pixels, from 0.

    Attributes
    ----------
    grid : Grid
    bands : tuple of Band
    block_shape : tuple of int
        (height, width) of the file's own tiles or strips.
    tags : dict
        Metadata of the file.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the file is not there, is no raster, or is rotated.
    """

    def __init__(self, path, take_turns=False, in_pixels=False):
        self.path = str(path)
        self._turn = threading.Lock() if take_turns else contextlib.nullcontext()
        self._local = _Handle() if take_turns else threading.local()
        self._opened = []
        self._lock = threading.Lock()
        dataset = self._dataset()
        self.grid = (Grid("", 0.0, 0.0, 1.0, 1.0, dataset.height, dataset.width) if in_pixels
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
        """dict of str: metadata of the file in a domain other than the common one."""
        with self._turn:
            return self._dataset().tags(ns=domain)

    def read(self, window=None, indexes=None):
        """Stored values of a window, which may reach outside the raster.

        Parameters
        ----------
        window : Window, optional
            All of the raster if left out.
        indexes : sequence of int, optional
            Bands to read, counted from 0; all if left out.

        Returns
        -------
        values : ndarray, shape (bands, height, width), dtype of the file
        valid : ndarray of bool, same shape
            False outside the raster, on nodata, NaN and infinity.

        Raises
        ------
        UnreadableInput
            If the file is damaged there.
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
        place = (slice(None), *inside.relative_to(window).slices)
        padded_values, padded_valid = np.zeros(shape, values.dtype), np.zeros(shape, bool)
        padded_values[place], padded_valid[place] = values, valid
        return padded_values, padded_valid

    def read_physical(self, window=None, indexes=None):
        """Physical values (scale and offset applied) of a window; see :meth:`read`.

        Returns
        -------
        ndarray of float32, shape (bands, height, width)
            NaN where invalid.
        """
        indexes = range(len(self.bands)) if indexes is None else indexes
        values, valid = self.read(window, indexes)
        physical = values.astype(np.float32)
        for place, index in enumerate(indexes):
            band = self.bands[index]
            if (band.scale, band.offset) != (1.0, 0.0):
                physical[place] = values[place] * band.scale + band.offset
        physical[~valid] = np.nan
        return physical

    def _read_inside(self, window, indexes):
        from rasterio.errors import RasterioError, RasterioIOError

        numbers = [index + 1 for index in indexes]
        try:
            with self._turn:
                dataset = self._dataset()
                values = self._values(dataset, numbers, window)
                if self._has_mask_band:
                    valid = dataset.read_masks(numbers, window=_ranges(window)) != 0
                else:
                    valid = np.ones(values.shape, bool)
        except (RasterioIOError, RasterioError) as error:
            raise UnreadableInput(f"{self.path} is damaged and cannot be read to its end. "
                                  "Copy or download it again.") from error
        for place, index in enumerate(indexes):
            nodata = self.bands[index].nodata
            if nodata is not None and not np.isnan(nodata):
                valid[place] &= values[place] != nodata
        if np.issubdtype(values.dtype, np.floating):
            valid &= np.isfinite(values)
        return values, valid

    def _values(self, dataset, numbers, window):
        return dataset.read(numbers, window=_ranges(window))

    def _dataset(self):
        dataset = getattr(self._local, "dataset", None)
        if dataset is None:
            dataset = _open(self.path)
            self._local.dataset = dataset
            with self._lock:
                self._opened.append(dataset)
        return dataset


class _Handle:
    """Holds one data set for all threads, where ``threading.local`` holds one for each."""


def _ranges(window):
    return (window.row, window.row + window.height), (window.col, window.col + window.width)


def _open(path):
    import os
    import warnings

    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

    if not path.startswith("/vsi") and not os.path.exists(path):
        raise MissingInput(f"{path} does not exist.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            return rasterio.open(path)
    except RasterioIOError as error:
        raise UnreadableInput(f"{path} cannot be opened as a raster: it is damaged or of a kind that GDAL "
                              "does not read.") from error


def _grid_of(dataset, path):
    transform = dataset.transform
    if transform.b or transform.d or transform.a <= 0 or transform.e >= 0:
        if transform.is_identity:
            raise UnsuitableInput(f"{path} has no position on the ground (it is not georeferenced).")
        raise UnsuitableInput(f"{path} is rotated or mirrored; warp it to a north-up grid first.")
    return Grid(crs_wkt=dataset.crs.to_wkt() if dataset.crs else "", west=transform.c, north=transform.f,
                pixel_width=transform.a, pixel_height=-transform.e, height=dataset.height, width=dataset.width)

