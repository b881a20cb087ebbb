"""Arrays put aside in a temporary file while the rest of an image is looked at."""

import tempfile
import threading

import numpy as np


class Shelf:
    """Holds lists of arrays by key; several threads may put and take. Close it to have the file removed."""

    def __init__(self):
        self._file = tempfile.TemporaryFile(prefix="floefield-")  # noqa: SIM115, `close` closes it
        self._lock = threading.Lock()
        self._places, self._end = {}, 0

    def close(self):
        """Remove everything."""
        self._file.close()

    def put(self, key, *arrays):
        """Keep one-dimensional arrays.

        Raises
        ------
        OSError
            If the disk is full.
        """
        with self._lock:
            self._places[key] = self._end, [(array.dtype, array.size) for array in arrays]
            self._file.seek(self._end)
            for array in arrays:
                self._end += self._file.write(array.tobytes())

    def take(self, key):
        """list of ndarray: the arrays put under a key, to be read but not written to."""
        start, kinds = self._places[key]
        with self._lock:
            self._file.seek(start)
            return [np.frombuffer(self._file.read(dtype.itemsize * size), dtype) for dtype, size in kinds]
