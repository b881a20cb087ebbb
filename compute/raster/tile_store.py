"""Cache of decoded image tiles on disk: each tile is decoded once, and memory does not grow with the number of images.

A tile of a JPEG 2000 image can only be decoded as a whole. Processing many images block by block would require a tile
of every image in GDAL's cache. Here the tiles are stored in one unnamed scratch file next to the output, and only the
rows of a block are read back into memory.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from ..scratch import open_scratch_file, scratch_errors, write_all
from .grid import Window
from .reader import RasterReader

# Space reserved for a tile: 1024 x 1024 pixels of uint16, the largest of Sentinel-2.
SLOT_BYTES = 2 * 1024 * 1024


class TileStore:
    """Scratch file of tiles with least-recently-used replacement.

    Parameters
    ----------
    output : str
        Output file or folder, on whose disk the scratch file is created.
    max_tiles : int
        Maximum number of tiles.

    Raises
    ------
    OutputError
        If the folder cannot be written to; from :meth:`add`, if the disk is full.
    """

    def __init__(self, output, max_tiles):
        self._output, self._max_tiles = output, max_tiles
        self._slots, self._lock = OrderedDict(), threading.Lock()
        self._file = open_scratch_file(output)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._file.close()

    def read_rows(self, key, first, count, width, dtype):
        """Return rows of a tile, or None if it is not stored.

        Parameters
        ----------
        key : hashable
        first, count : int
            First row and number of rows.
        width : int
            Width of the tile.
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

    def add(self, key, tile):
        """Store a tile of at most ``SLOT_BYTES``."""
        with self._lock:
            slot = self._slots.popitem(last=False)[1] if len(self._slots) >= self._max_tiles else len(self._slots)
            with scratch_errors(self._output):
                self._file.seek(slot * SLOT_BYTES)
                write_all(self._file, tile)
            self._slots[key] = slot


class StoredTilesReader(RasterReader):
    """Raster reader that decodes each tile once and then reads it from a :class:`TileStore`.

    Parameters
    ----------
    path : str
    store : TileStore
    """

    def __init__(self, path, store):
        super().__init__(path, share_handle=True)
        self._store = store
        height, width = self.block_shape
        self._fits = len(self.bands) == 1 and height * width * np.dtype(self.bands[0].dtype).itemsize <= SLOT_BYTES

    def __reduce__(self) -> tuple[Any, ...]:
        # The store is a file of this process.
        return RasterReader, self._arguments

    def _read_values(self, dataset, band_numbers, window):
        if not self._fits:
            return super()._read_values(dataset, band_numbers, window)
        values = np.empty(window.shape, self.bands[0].dtype)
        for tile in self._tiles(window):
            part = tile.intersection(window)
            rows, columns = part.relative_to(tile).slices
            values[part.relative_to(window).slices] = self._tile_rows(dataset, tile, rows)[:, columns]
        return values[None]

    def _tiles(self, window):
        height, width = self.block_shape
        for row in range(window.row // height * height, window.row + window.height, height):
            for col in range(window.col // width * width, window.col + window.width, width):
                yield Window(row, col, height, width).intersection(self.grid.window)

    def _tile_rows(self, dataset, tile, rows):
        key = self.path, tile
        stored = self._store.read_rows(key, rows.start, rows.stop - rows.start, tile.width, self.bands[0].dtype)
        if stored is not None:
            return stored
        decoded = super()._read_values(dataset, [1], tile)[0]
        self._store.add(key, decoded)
        return decoded[rows]
