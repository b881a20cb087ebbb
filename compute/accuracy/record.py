"""Which pixels trained a map, written into the map itself, so that nobody judges the map by them.

The record is a tag of the GeoTIFF in a domain of its own (``FLOEFIELD``): run lengths over the pixels, row by row,
beginning with pixels that did not train; little-endian uint32, compressed by zlib, as base64. Before it, set off by a
semicolon, stands the image it belongs to: rows, columns, and the upper-left corner.

Programs that cut or rewrite a map drop that domain. A short tag in the common domain, which they keep, then still says
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
# Runs of a real record are far fewer; what unpacks to more is no record.
MOST_BYTES = 256 * 1024 ** 2
LONGEST_RUN = 2 ** 32 - 1
# A raster of scattered training pixels would need a record as large as a map: it is left out then.
MOST_RUNS = 1_000_000


class TrainingRecord:
    """Pixels that trained a map.

    Parameters
    ----------
    starts, ends : ndarray of int64, shape (runs,)
        Ranges of training pixels, counted row by row, in rising order.
    grid : Grid
    """

    def __init__(self, starts, ends, grid):
        self._starts, self._ends, self.grid = starts, ends, grid

    @property
    def count(self):
        """int: training pixels."""
        return int((self._ends - self._starts).sum())

    def read(self, window):
        """Which pixels of a window trained.

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
        """The record as it is stored in a tag.

        Returns
        -------
        str
        """
        edges = np.stack([self._starts, self._ends], axis=1).ravel()
        runs = np.diff(edges, prepend=0)
        # A gap too long for 32 bits is split by an empty run of training pixels.
        pieces = [piece for run in runs.tolist() for piece in _pieces(run)]
        packed = base64.b64encode(zlib.compress(np.array(pieces, "<u4").tobytes(), 9)).decode("ascii")
        return f"{_place(self.grid)};{packed}"


def record_training(grid, read_mask, touches, check=lambda: None):
    """Go through an image and note the pixels that trained.

    Parameters
    ----------
    grid : Grid
    read_mask : callable
        Takes a window, gives an ndarray of bool of its shape.
    touches : callable
        Takes a window; whether any pixel in it may have trained.
    check : callable
        Called for each strip; raises to end the work.

    Returns
    -------
    TrainingRecord or None
        None where the pixels are so scattered that no record of a sensible size can hold them.
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
        if runs > MOST_RUNS:
            return None
    return TrainingRecord(np.concatenate(starts), np.concatenate(ends), grid)


def training_text(grid, ground, check=lambda: None):
    """The record of the pixels that train, as text; empty where there can be none.

    Parameters
    ----------
    grid : Grid
    ground : GroundTruth
    check : callable

    Returns
    -------
    str
    """
    def read(window):
        return ground.is_training[ground.labels(window)[0]].reshape(window.shape)

    record = record_training(grid, read, ground.parcel_map.touches, check)
    return record.text() if record is not None else ""


def record_tags(text, grid):
    """The tags of a map on `grid` that tell which pixels trained, for ``RasterLayout.domain_tags``.

    Parameters
    ----------
    text : str
        From :func:`training_text`, or empty.
    grid : Grid

    Returns
    -------
    dict of str to dict of str
        Empty where the record is that of another grid.
    """
    if text.partition(";")[0] != _place(grid):
        return {}
    return {DOMAIN: {TAG: text}, COMMON_DOMAIN: {MARK: "RECORDED"}}


def read_record(text, grid):
    """The record in a tag.

    Parameters
    ----------
    text : str
    grid : Grid
        Of the map that carries it.

    Returns
    -------
    TrainingRecord

    Raises
    ------
    UnreadableInput
        If it is damaged, or that of another image.
    """
    place, _, text = text.partition(";")
    if place != _place(grid):
        raise UnreadableInput("The map was cut or moved after it was classified, so its record of training pixels does "
                              "not fit any more. Use the map as it was made.")
    try:
        unpacker = zlib.decompressobj()
        packed = unpacker.decompress(base64.b64decode(text, validate=True), MOST_BYTES)
        if unpacker.unconsumed_tail or not unpacker.eof or len(packed) % 8:
            raise ValueError
        edges = np.cumsum(np.frombuffer(packed, "<u4").astype(np.int64))
        if len(edges) and edges[-1] > grid.height * grid.width:
            raise ValueError
    except (ValueError, binascii.Error, zlib.error) as error:
        raise UnreadableInput("The record of training pixels in the map is damaged. Classify again, or give the "
                              "TRAINING parcels and a copy of the map without its metadata.") from error
    starts, ends = edges[0::2], edges[1::2]
    filled = ends > starts
    return TrainingRecord(starts[filled], ends[filled], grid)


def _place(grid):
    return f"{grid.height},{grid.width},{grid.west:.6f},{grid.north:.6f}"


def _pieces(run):
    while run > LONGEST_RUN:
        yield LONGEST_RUN
        yield 0
        run -= LONGEST_RUN
    yield run
