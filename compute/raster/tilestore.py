"""Decoded image tiles on disk: each is decoded once, and memory does not grow with the number of images.

A tile of a JPEG 2000 image can only be decoded as a whole. Where the same place of very many images is worked on in
small blocks, GDAL's cache would have to hold a tile of every image; here the tiles lie in one unnamed scratch file
beside the result, and only the rows that a block needs come back into memory.
"""

import contextlib
import os
import tempfile
import threading
from collections import OrderedDict

import numpy as np

from ..errors import OutputError
from .grid import Window
from .reader import RasterReader

# Room for one tile: 1024 x 1024 pixels of uint16, the largest of Sentinel-2. Of a smaller tile less is written.
SLOT_BYTES = 2 * 1024 * 1024


class TileStore:
    """A scratch file of tiles that forgets those used longest ago.

    Parameters
    ----------
    beside : str
        A file of the result; its folder takes the scratch file, as it must have room for the result anyway.
    most : int
        How many tiles are kept.

    Raises
    ------
    OutputError
        If the folder cannot be written to; later, if the disk is full.
    """

    def __init__(self, beside, most):
        self._folder, self._most = os.path.dirname(os.path.abspath(beside)), most
        self._slots, self._lock = OrderedDict(), threading.Lock()
        with self._told():
            os.makedirs(self._folder, exist_ok=True)
            self._file = tempfile.TemporaryFile(  # noqa: SIM115, closed by __exit__
                prefix=".floefield-tiles-", dir=self._folder, buffering=0)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._file.close()

    def rows(self, key, first, count, width, dtype):
        """Rows of a tile, or None if it is not here.

        Parameters
        ----------
        key : hashable
        first, count : int
            Rows of the tile.
        width : int
            Pixels of a row.
        dtype : numpy.dtype

        Returns
        -------
        ndarray, shape (count, width), or None
        """
        values = np.empty((count, width), dtype)
        with self._lock:
            if key not in self._slots:
                return None
            self._slots.move_to_end(key)
            self._file.seek(self._slots[key] * SLOT_BYTES + first * width * values.itemsize)
            self._file.readinto(values)
        return values

    def keep(self, key, tile):
        """Remember a tile (of at most ``SLOT_BYTES``)."""
        with self._lock:
            slot = self._slots.popitem(last=False)[1] if len(self._slots) >= self._most else len(self._slots)
            with self._told():
                self._file.seek(slot * SLOT_BYTES)
                unwritten = memoryview(np.ascontiguousarray(tile)).cast("B")
                while unwritten:
                    unwritten = unwritten[self._file.write(unwritten):]
            self._slots[key] = slot

    @contextlib.contextmanager
    def _told(self):
        try:
            yield
        except OSError as error:
            raise OutputError(f"{self._folder} cannot take the images while they are worked on: {error.strerror}. "
                              "Check the folder and the free space.") from error


class StoredTilesReader(RasterReader):
    """A raster whose tiles are decoded once and then come from a :class:`TileStore`.

    Parameters
    ----------
    path : str
    store : TileStore
    """

    def __init__(self, path, store):
        super().__init__(path, take_turns=True)
        self._store = store
        height, width = self.block_shape
        self._fits = len(self.bands) == 1 and height * width * np.dtype(self.bands[0].dtype).itemsize <= SLOT_BYTES

    def _values(self, dataset, numbers, window):
        if not self._fits:
            return super()._values(dataset, numbers, window)
        values = np.empty(window.shape, self.bands[0].dtype)
        for tile in self._tiles(window):
            part = tile.intersection(window)
            rows, columns = part.relative_to(tile).slices
            values[part.relative_to(window).slices] = self._rows(dataset, tile, rows)[:, columns]
        return values[None]

    def _tiles(self, window):
        height, width = self.block_shape
        for row in range(window.row // height * height, window.row + window.height, height):
            for col in range(window.col // width * width, window.col + window.width, width):
                yield Window(row, col, height, width).intersection(self.grid.window)

    def _rows(self, dataset, tile, rows):
        key = self.path, tile
        stored = self._store.rows(key, rows.start, rows.stop - rows.start, tile.width, self.bands[0].dtype)
        if stored is not None:
            return stored
        decoded = super()._values(dataset, [1], tile)[0]
        self._store.keep(key, decoded)
        return decoded[rows]
