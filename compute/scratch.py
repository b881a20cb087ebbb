"""Scratch folders and files on the disk of the output.

One rule: beside an output file, inside an existing output folder (which may be a mount point or have a read-only
parent), and otherwise in the nearest existing folder above. The disk of the output is where the user has made room; the
folder for temporary files of the system is often a small memory disk. Only what is written to no output uses the
temporary folder of QGIS, whose path is then passed as `output`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import threading
from collections.abc import Hashable, Iterator
from typing import BinaryIO

import numpy as np

from .errors import OutputError

PREFIX = ".floefield-scratch-"


def nearest_folder(output: str) -> str:
    """Return an existing folder on the disk of an output: the output folder itself, or the nearest one above.

    Parameters
    ----------
    output : str
        Output file or folder, which need not exist.

    Returns
    -------
    str
    """
    folder = os.path.abspath(output)
    if not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    while not os.path.lexists(folder) and folder != os.path.dirname(folder):
        folder = os.path.dirname(folder)
    return folder


@contextlib.contextmanager
def scratch_folder(output: str) -> Iterator[str]:
    """Provide a hidden, empty folder on the disk of an output; it is removed with its contents at the end.

    Parameters
    ----------
    output : str
        Output file or folder, which need not exist.

    Yields
    ------
    str

    Raises
    ------
    OutputError
        If the folder cannot be created.
    """
    with scratch_errors(output):
        folder = tempfile.mkdtemp(prefix=PREFIX, dir=nearest_folder(output))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def open_scratch_file(output: str) -> BinaryIO:
    """Open an unnamed, unbuffered file on the disk of an output; it vanishes when it is closed.

    Raises
    ------
    OutputError
        If the file cannot be created.
    """
    with scratch_errors(output):
        return tempfile.TemporaryFile(prefix=PREFIX, dir=nearest_folder(output), buffering=0)


@contextlib.contextmanager
def scratch_errors(output: str) -> Iterator[None]:
    """Raise OutputError for the OSErrors of a context that writes scratch files."""
    try:
        yield
    except OSError as error:
        raise OutputError(f"Temporary files cannot be written to {nearest_folder(output)}: {error.strerror or error}. "
                          "Check the folder, its permissions and the free space.") from error


class ScratchArrays:
    """Lists of one-dimensional arrays by key, in an unnamed file; thread-safe. Closing it removes the file.

    Parameters
    ----------
    output : str
        Output file or folder, on whose disk the file is created.
    """

    def __init__(self, output: str) -> None:
        self._output, self._file, self._lock = output, open_scratch_file(output), threading.Lock()
        self._index: dict[Hashable, tuple[int, list[tuple[np.dtype, int]]]] = {}
        self._end = 0

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    def put(self, key: Hashable, *arrays: np.ndarray) -> None:
        """Store one-dimensional arrays.

        Raises
        ------
        OutputError
            If the disk is full.
        """
        with self._lock, scratch_errors(self._output):
            self._index[key] = self._end, [(array.dtype, array.size) for array in arrays]
            self._file.seek(self._end)
            for array in arrays:
                self._end += write_all(self._file, array)

    def take(self, key: Hashable) -> list[np.ndarray]:
        """Return the arrays stored under a key, read-only."""
        start, kinds = self._index[key]
        with self._lock:
            self._file.seek(start)
            return [np.frombuffer(self._file.read(dtype.itemsize * size), dtype) for dtype, size in kinds]


def write_all(file: BinaryIO, array: np.ndarray) -> int:
    """Write an array to an unbuffered file, which may accept less than all bytes at a time; return the bytes."""
    unwritten = memoryview(np.ascontiguousarray(array)).cast("B") if array.size else memoryview(b"")
    total = len(unwritten)
    while unwritten:
        unwritten = unwritten[file.write(unwritten):]
    return total
