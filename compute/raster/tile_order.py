"""Reproducible order of the tiles inside a GeoTIFF.

GDAL writes tiles when they leave its cache, in an order that depends on thread timing, so that files with equal pixels
differ from run to run. This module copies the compressed tiles of a finished file into a fixed order.
"""

import os
import struct

import numpy as np

# Tags of a TIFF directory, its integer types, and the size in bytes of a value of each type (Adobe, TIFF 6.0, 1992;
# BigTIFF adds 16 to 18).
IMAGE_WIDTH, IMAGE_LENGTH, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS = 256, 257, 322, 323, 324, 325
INTEGER_TYPES = {3: "<u2", 4: "<u4", 16: "<u8"}
VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
BIG_TIFF = 43
COPY_BYTES = 4 * 1024 * 1024


def arrange_tiles(path, arranged, band_by_band=False):
    """Copy a tiled GeoTIFF with its tiles in order, unless they are in order already.

    Parameters
    ----------
    path : str
        File as created by GDAL: directory before all tiles, bands in separate tiles.
    arranged : str
        File to write.
    band_by_band : bool
        Order by band, as GDAL writes rasters that fit in its cache; otherwise by tile row, then by band.

    Returns
    -------
    bool
        Whether a copy was required and written.

    Raises
    ------
    OSError
        If tiles are missing (disk full), or the copy cannot be written.
    """
    with open(path, "rb") as source:
        try:
            fields, data_start = _read_directory(source)
            offsets, counts = (fields[field][1].astype(np.int64) for field in (TILE_OFFSETS, TILE_BYTE_COUNTS))
        except (struct.error, IndexError, KeyError, ValueError) as error:
            raise OSError("the disk may be full") from error
        if not offsets.all() or (offsets + counts).max() > os.path.getsize(path):
            raise OSError("the disk may be full")
        order = slice(None) if band_by_band else _row_by_row(fields)
        runs = list(_runs(offsets[order], counts[order]))
        if runs == [(data_start, os.path.getsize(path))]:
            return False
        with open(arranged, "wb") as target:
            _copy(source, target, 0, data_start)
            for start, end in runs:
                _copy(source, target, start, end - start)
            position, new_offsets = fields[TILE_OFFSETS]
            new_offsets[order] = data_start + np.cumsum(counts[order]) - counts[order]
            target.seek(position)
            target.write(new_offsets.tobytes())
        return True


def _read_directory(file):
    """Return the integer fields of the first directory, and the position of the tile data.

    Returns
    -------
    fields : dict of int to (int, ndarray)
        File position and values by tag.
    data_start : int
        End of the directory and its values.
    """
    header = file.read(16)
    is_big = header[2] == BIG_TIFF
    start = struct.unpack_from("<Q", header, 8)[0] if is_big else struct.unpack_from("<I", header, 4)[0]
    count, entry, pointer = map(struct.Struct, ("<Q", "<HHQ", "<Q") if is_big else ("<H", "<HHI", "<I"))
    file.seek(start)
    entries = count.unpack(file.read(count.size))[0]
    data_start = start + count.size + entries * (entry.size + pointer.size) + pointer.size
    fields = {}
    for number in range(entries):
        file.seek(start + count.size + number * (entry.size + pointer.size))
        tag, value_type, length = entry.unpack(file.read(entry.size))
        size = length * VALUE_BYTES[value_type]
        if size > pointer.size:
            file.seek(pointer.unpack(file.read(pointer.size))[0])
            data_start = max(data_start, file.tell() + size)
        if value_type in INTEGER_TYPES:
            position = file.tell()
            fields[tag] = position, np.frombuffer(file.read(size), INTEGER_TYPES[value_type]).copy()
    return fields, data_start


def _row_by_row(fields):
    """Return the tile indices in the order tile row, band, column; TIFF counts tiles by band, row, column."""
    width, length, tile_width, tile_length = (int(fields[field][1][0]) for field in (
        IMAGE_WIDTH, IMAGE_LENGTH, TILE_WIDTH, TILE_LENGTH))
    across, down = -(-width // tile_width), -(-length // tile_length)
    band, row, column = np.unravel_index(np.arange(len(fields[TILE_OFFSETS][1])), (
        len(fields[TILE_OFFSETS][1]) // (across * down), down, across))
    return np.lexsort((column, band, row))


def _runs(offsets, counts):
    """Return the byte ranges (start, end) of the file in which consecutive tiles are already in order."""
    ends = offsets + counts
    breaks = np.flatnonzero(offsets[1:] != ends[:-1]) + 1
    return zip(offsets[np.concatenate([[0], breaks])], ends[np.concatenate([breaks - 1, [-1]])])


def _copy(source, target, start, length):
    source.seek(start)
    while length:
        part = source.read(min(length, COPY_BYTES))
        target.write(part)
        length -= len(part)
