"""The order of the tiles inside a GeoTIFF.

GDAL writes a tile when its cache is full, and which tile is the next to go depends on how threads met: files with equal
pixels differ from run to run. Here the finished file gets its tiles, as they are compressed, in one order; a file that
has it already is left alone.
"""

import os
import struct

import numpy as np

# Fields of a TIFF directory, its types of whole numbers, and the bytes of a value of each type (Adobe, TIFF 6.0, 1992;
# BigTIFF adds 16 to 18).
IMAGE_WIDTH, IMAGE_LENGTH, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS = 256, 257, 322, 323, 324, 325
WHOLE_NUMBERS = {3: "<u2", 4: "<u4", 16: "<u8"}
VALUE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
BIG_TIFF = 43
COPIED_AT_ONCE = 4 * 1024 * 1024


def arrange_tiles(path, arranged, band_by_band=False):
    """Copy a tiled GeoTIFF so that its tiles lie in order, unless they do so already.

    Parameters
    ----------
    path : str
        As GDAL creates it: the directory before all tiles, each band in tiles of its own.
    arranged : str
        File to write.
    band_by_band : bool
        All of a band before the next, as GDAL writes what fits in its cache; otherwise row by row of tiles, and within
        a row band by band.

    Returns
    -------
    bool
        Whether a copy was needed and made.

    Raises
    ------
    OSError
        If tiles are missing (the disk ran full), or the copy cannot be written.
    """
    with open(path, "rb") as source:
        try:
            fields, begin = _read_directory(source)
            offsets, counts = (fields[field][1].astype(np.int64) for field in (TILE_OFFSETS, TILE_BYTE_COUNTS))
        except (struct.error, IndexError, KeyError, ValueError) as error:
            raise OSError("the disk may be full") from error
        if not offsets.all() or (offsets + counts).max() > os.path.getsize(path):
            raise OSError("the disk may be full")
        order = slice(None) if band_by_band else _row_by_row(fields)
        runs = list(_runs(offsets[order], counts[order]))
        if runs == [(begin, os.path.getsize(path))]:
            return False
        with open(arranged, "wb") as target:
            _copy(source, target, 0, begin)
            for start, end in runs:
                _copy(source, target, start, end - start)
            place, stored = fields[TILE_OFFSETS]
            stored[order] = begin + np.cumsum(counts[order]) - counts[order]
            target.seek(place)
            target.write(stored.tobytes())
        return True


def _read_directory(file):
    """The fields of the first directory that hold whole numbers, and where the tiles begin.

    Returns
    -------
    fields : dict of int to (int, ndarray)
        Place in the file and values of each.
    begin : int
        Where all that belongs to the directory ends.
    """
    header = file.read(16)
    is_big = header[2] == BIG_TIFF
    start = struct.unpack_from("<Q", header, 8)[0] if is_big else struct.unpack_from("<I", header, 4)[0]
    count, entry, pointer = (struct.Struct(form) for form in (("<Q", "<HHQ", "<Q") if is_big else ("<H", "<HHI", "<I")))
    file.seek(start)
    entries = count.unpack(file.read(count.size))[0]
    begin = start + count.size + entries * (entry.size + pointer.size) + pointer.size
    fields = {}
    for number in range(entries):
        file.seek(start + count.size + number * (entry.size + pointer.size))
        field, kind, length = entry.unpack(file.read(entry.size))
        size = length * VALUE_BYTES[kind]
        if size > pointer.size:
            file.seek(pointer.unpack(file.read(pointer.size))[0])
            begin = max(begin, file.tell() + size)
        if kind in WHOLE_NUMBERS:
            place = file.tell()
            fields[field] = place, np.frombuffer(file.read(size), WHOLE_NUMBERS[kind]).copy()
    return fields, begin


def _row_by_row(fields):
    """Numbers of the tiles in their new order; they are counted band by band, each row by row."""
    width, length, tile_width, tile_length = (int(fields[field][1][0]) for field in (
        IMAGE_WIDTH, IMAGE_LENGTH, TILE_WIDTH, TILE_LENGTH))
    across, down = -(-width // tile_width), -(-length // tile_length)
    band, row, column = np.unravel_index(np.arange(len(fields[TILE_OFFSETS][1])), (
        len(fields[TILE_OFFSETS][1]) // (across * down), down, across))
    return np.lexsort((column, band, row))


def _runs(offsets, counts):
    """Stretches of the file, (start, end), in which the tiles already follow each other as they should."""
    ends = offsets + counts
    breaks = np.flatnonzero(offsets[1:] != ends[:-1]) + 1
    return zip(offsets[np.concatenate([[0], breaks])], ends[np.concatenate([breaks - 1, [-1]])])


def _copy(source, target, start, length):
    source.seek(start)
    while length:
        part = source.read(min(length, COPIED_AT_ONCE))
        target.write(part)
        length -= len(part)
