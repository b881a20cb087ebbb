"""Record of the training pixels of a map, stored in the map, so that they can be excluded from its assessment.

The record is a GeoTIFF tag in the domain ``FLOEFIELD``: run lengths over the pixels, row by row, beginning with
pixels that were not used for training; little-endian uint32, compressed by zlib, as base64. It is preceded by the grid
of the map (rows, columns and upper-left corner) and a semicolon.

Programs that clip or rewrite a map drop that domain. A short tag in the common domain, which they keep, then indicates
that there was a record.
"""

import base64
import binascii
import zlib

import numpy as np

from ..errors import UnreadableInput
from ..raster.grid import Window

DOMAIN, TAG = "FLOEFIELD", "TRAINING_PIXELS"
COMMON_DOMAIN, MARK = "", "FLOEFIELD_TRAINING_PIXELS"
STRIP = 128

# Limit of the decompressed size; real records are far smaller.
MAX_BYTES = 256 * 1024 ** 2
MAX_RUN = 2 ** 32 - 1

# Scattered training pixels would need a record as large as the map; none is written then.
MAX_RUNS = 1_000_000


class TrainingRecord:
    """Training pixels of a map.

    Parameters
    ----------
    starts, ends : ndarray of int64, shape (runs,)
        Ranges of training pixels, counted row by row, ascending.
    grid : Grid
    """

    def __init__(self, starts, ends, grid):
        self._starts, self._ends, self.grid = starts, ends, grid

    @property
    def count(self):
        """int: number of training pixels."""
        return int((self._ends - self._starts).sum())

    def read(self, window):
        """Mask of the training pixels of a window.

        Returns
        -------
        ndarray of bool, shape (height, width)
        """
        mask = np.zeros(window.shape, bool)
        width = self.grid.width
        for row in range(window.height):
            begin = (window.row + row) * width + window.col
            end = begin + window.width
            first = np.searchsorted(self._ends, begin, side="right")
            last = np.searchsorted(self._starts, end, side="left")
            for start, stop in zip(self._starts[first:last], self._ends[first:last]):
                mask[row, max(0, start - begin):min(window.width, stop - begin)] = True
        return mask

    def text(self):
        """The record as the text of a tag.

        Returns
        -------
        str
        """
        edges = np.stack([self._starts, self._ends], axis=1).ravel()
        runs = np.diff(edges, prepend=0)
        # Runs too long for 32 bits are split by an empty run.
        parts = [part for run in runs.tolist() for part in _split_run(run)]
        packed = base64.b64encode(zlib.compress(np.array(parts, "<u4").tobytes(), 9)).decode("ascii")
        return f"{_grid_text(self.grid)};{packed}"


def record_training(grid, read_mask, touches, check=lambda: None):
    """Record the training pixels of an image.

    Parameters
    ----------
    grid : Grid
    read_mask : callable
        ``read_mask(window)`` returns an ndarray of bool, shape (height, width).
    touches : callable
        ``touches(window)`` returns whether the window may contain training pixels.
    check : callable
        Called for each strip; raises an exception to cancel.

    Returns
    -------
    TrainingRecord or None
        None if the pixels are too scattered for a record of reasonable size.
    """
    starts, ends, runs = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 0
    for row in range(0, grid.height, STRIP):
        check()
        window = Window(row, 0, min(STRIP, grid.height - row), grid.width)
        if not touches(window):
            continue
        edges = np.diff(read_mask(window).ravel().astype(np.int8), prepend=0, append=0)
        offset = np.int64(row) * grid.width
        starts.append(np.flatnonzero(edges == 1) + offset)
        ends.append(np.flatnonzero(edges == -1) + offset)
        runs += len(ends[-1])
        if runs > MAX_RUNS:
            return None
    return TrainingRecord(np.concatenate(starts), np.concatenate(ends), grid)


def training_text(grid, reference, check=lambda: None):
    """The record of the training pixels as text; empty if no record is possible.

    Parameters
    ----------
    grid : Grid
    reference : ReferenceData
    check : callable

    Returns
    -------
    str
    """
    def read(window):
        return reference.is_training[reference.labels(window)[0]].reshape(window.shape)

    record = record_training(grid, read, reference.parcel_map.touches, check)
    return record.text() if record is not None else ""


def record_tags(text, grid):
    """Tags with the record of training pixels, for ``RasterLayout.domain_tags`` of a map on `grid`.

    Parameters
    ----------
    text : str
        From :func:`training_text`, or empty.
    grid : Grid

    Returns
    -------
    dict of str to dict of str
        Empty if the record belongs to another grid.
    """
    if text.partition(";")[0] != _grid_text(grid):
        return {}
    return {DOMAIN: {TAG: text}, COMMON_DOMAIN: {MARK: "RECORDED"}}


def read_record(text, grid):
    """Parse the record in a tag.

    Parameters
    ----------
    text : str
    grid : Grid
        Grid of the map.

    Returns
    -------
    TrainingRecord

    Raises
    ------
    UnreadableInput
        If it is damaged or belongs to another image.
    """
    grid_text, _, text = text.partition(";")
    if grid_text != _grid_text(grid):
        raise UnreadableInput("The map was clipped or shifted after classification, so its record of training pixels "
                              "is invalid. Use the original map.")
    try:
        unpacker = zlib.decompressobj()
        packed = unpacker.decompress(base64.b64decode(text, validate=True), MAX_BYTES)
        if unpacker.unconsumed_tail or not unpacker.eof or len(packed) % 8:
            raise ValueError
        edges = np.cumsum(np.frombuffer(packed, "<u4").astype(np.int64))
        if len(edges) and edges[-1] > grid.height * grid.width:
            raise ValueError
    except (ValueError, binascii.Error, zlib.error) as error:
        raise UnreadableInput("The record of training pixels in the map is damaged. Classify again, or specify the "
                              "TRAINING parcels and use a copy of the map without its metadata.") from error
    starts, ends = edges[0::2], edges[1::2]
    is_not_empty = ends > starts
    return TrainingRecord(starts[is_not_empty], ends[is_not_empty], grid)


def _grid_text(grid):
    return f"{grid.height},{grid.width},{grid.west:.6f},{grid.north:.6f}"


def _split_run(run):
    while run > MAX_RUN:
        yield MAX_RUN
        yield 0
        run -= MAX_RUN
    yield run
