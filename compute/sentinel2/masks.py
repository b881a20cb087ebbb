"""Clear-pixel and region masks of each block of a series.

All band groups of a block use the same masks; they are cached, one bit per pixel, while its region is processed.
"""

import threading
from collections import OrderedDict

import numpy as np

from .stack import BLOCK, REGION


class Masks:
    """Cached masks of all acquisitions, by block.

    Parameters
    ----------
    acquisitions : sequence of Acquisition
    edge : int
        Height and width of the blocks.
    regions : Regions
    """

    def __init__(self, acquisitions, edge, regions):
        self._acquisitions, self._regions = acquisitions, regions
        self._max_cached = (REGION // edge) ** 2 + BLOCK // edge
        self._cache, self._lock = OrderedDict(), threading.Lock()

    def clear(self, window):
        """:meth:`Acquisition.clear` of each acquisition."""
        packed, _ = self._masks_of(window)
        return [[_unpack(mask, window) for mask in scenes] for scenes in packed]

    def kept(self, window):
        """Region mask of a window: ndarray of bool, shape (height, width), or None where all pixels are kept."""
        return _unpack(self._masks_of(window)[1], window)

    def _masks_of(self, window):
        with self._lock:
            if window in self._cache:
                return self._cache[window]
        packed = [[_pack(mask) for mask in acquisition.clear(window)] for acquisition in self._acquisitions]
        kept = None
        if not self._regions.is_empty:
            kept = _pack(self._regions.kept(self._acquisitions[0].grid, window))
        with self._lock:
            self._cache[window] = packed, kept
            if len(self._cache) > self._max_cached:
                self._cache.popitem(last=False)
        return packed, kept


def _pack(mask):
    return None if mask is None else np.packbits(mask)


def _unpack(bits, window):
    if bits is None:
        return None
    return np.unpackbits(bits, count=window.height * window.width).reshape(window.shape).view(bool)
