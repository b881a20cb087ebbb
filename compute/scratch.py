"""Arrays stored in a temporary file."""

import tempfile
import threading

import numpy as np


class ScratchArrays:
    """Lists of arrays by key in a temporary file; thread-safe. Closing it removes the file."""

    def __init__(self):
        self._file = tempfile.TemporaryFile(prefix="floefield-")  # noqa: SIM115, `close` closes it
        self._lock = threading.Lock()
        self._index, self._end = {}, 0

    def close(self):
        """Remove the file."""
        self._file.close()

    def put(self, key, *arrays):
        """Store one-dimensional arrays.

        Raises
        ------
        OSError
            If the disk is full.
        """
        with self._lock:
            self._index[key] = self._end, [(array.dtype, array.size) for array in arrays]
            self._file.seek(self._end)
            for array in arrays:
                self._end += self._file.write(array.tobytes())

    def take(self, key):
        """list of ndarray: the arrays stored under a key, read-only."""
        start, kinds = self._index[key]
        with self._lock:
            self._file.seek(start)
            return [np.frombuffer(self._file.read(dtype.itemsize * size), dtype) for dtype, size in kinds]
