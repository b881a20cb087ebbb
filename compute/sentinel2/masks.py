"""What clouds and the choice of land, sea or a study area leave of each block of a series.

Every group of bands asks for the same masks; they are kept, one bit for a pixel, until the work has moved on.
"""

import threading
from collections import OrderedDict

import numpy as np

from .stack import BLOCK, REGION


class Masks:
    """The masks of all acquisitions, block by block.

    Parameters
    ----------
    acquisitions : sequence of Acquisition
    edge : int
        Height and width of the blocks.
    regions : Regions
    """

    def __init__(self, acquisitions, edge, regions):
        self._acquisitions, self._regions = acquisitions, regions
        self._most = (REGION // edge) ** 2 + BLOCK // edge
        self._known, self._lock = OrderedDict(), threading.Lock()

    def clear(self, window):
        """:meth:`Acquisition.clear` of each acquisition."""
        packed, _ = self._of(window)
        return [[_unpacked(mask, window) for mask in scenes] for scenes in packed]

    def kept(self, window):
        """ndarray of bool, shape (height, width), or None where all pixels are kept."""
        return _unpacked(self._of(window)[1], window)

    def _of(self, window):
        with self._lock:
            if window in self._known:
                return self._known[window]
        packed = [[_packed(mask) for mask in acquisition.clear(window)] for acquisition in self._acquisitions]
        kept = None
        if not self._regions.is_empty:
            kept = _packed(self._regions.kept(self._acquisitions[0].grid, window))
        with self._lock:
            self._known[window] = packed, kept
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return packed, kept


def _packed(mask):
    return None if mask is None else np.packbits(mask)


def _unpacked(bits, window):
    if bits is None:
        return None
    return np.unpackbits(bits, count=window.height * window.width).reshape(window.shape).view(bool)
