"""Zip archives that are not trusted: names, compression ratio, and one budget for all that they unpack to."""

from __future__ import annotations

import contextlib
import zipfile
import zlib
from collections.abc import Iterator

from .errors import MissingInput, UnreadableInput

# Large files of genuine products are compressed already, so that a high compression ratio indicates a zip bomb.
SMALL_FILE_BYTES = 64 * 2**20
MAX_COMPRESSION_RATIO = 100
CHUNK_BYTES = 2**20


class DamagedArchive(UnreadableInput):
    """A file is no zip archive, or it is damaged."""


class Budget:
    """What an archive may unpack to, archives inside it included.

    Parameters
    ----------
    max_bytes, max_files : int
        Maximum total size, and maximum number of files.
    content : str
        What the archive is expected to contain, for messages: "an ice chart".
    """

    def __init__(self, max_bytes: int, max_files: int, content: str) -> None:
        self.max_bytes, self.max_files, self.content = max_bytes, max_files, content
        self._bytes = self._files = 0

    def spend(self, path: str, size: int, files: int = 1) -> None:
        """Take files from the budget.

        Raises
        ------
        UnreadableInput
            If the budget is exceeded.
        """
        self._bytes += size
        self._files += files
        if self._files > self.max_files:
            raise UnreadableInput(f"{path} contains more than {self.max_files} files, far more than {self.content}. "
                                  "Check the file.")
        if self._bytes > self.max_bytes:
            raise UnreadableInput(f"{path} unpacks to more than {self.max_bytes / 2**30:.3g} GB, far more than "
                                  f"{self.content}. Check the file.")


@contextlib.contextmanager
def open_archive(path: str, budget: Budget) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive and check all its entries, before anything is unpacked.

    zipfile never unpacks more than the size that the directory of the archive states, so that these checks suffice.

    Parameters
    ----------
    path : str
    budget : Budget
        Pass the same one for archives inside this archive.

    Yields
    ------
    zipfile.ZipFile

    Raises
    ------
    MissingInput
        If the file does not exist.
    DamagedArchive
        If the file is no complete zip archive; also in place of the errors of zipfile in the context.
    UnreadableInput
        If a name leaves the archive, a compression ratio is implausible, or the budget is exceeded.
    """
    with contextlib.ExitStack() as opened:
        try:
            archive = opened.enter_context(zipfile.ZipFile(path))
        except FileNotFoundError as error:
            raise MissingInput(f"{path} does not exist. Check its path.") from error
        except (OSError, ValueError, NotImplementedError, EOFError, zipfile.BadZipFile) as error:
            raise _damaged(path, error) from error
        for entry in archive.infolist():
            _check_entry(path, entry)
            budget.spend(path, entry.file_size)
        try:
            yield archive
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
            raise _damaged(path, error) from error
        except RuntimeError as error:
            if "encrypted" not in str(error):
                raise
            raise UnreadableInput(f"{path} is encrypted. Unpack it and choose the unpacked files.") from error


def _check_entry(path: str, entry: zipfile.ZipInfo) -> None:
    parts = entry.filename.replace("\\", "/").split("/")
    if ".." in parts or parts[0] == "" or parts[0].endswith(":"):
        raise UnreadableInput(f"{path} contains a path outside the archive ({entry.filename}) and is rejected. "
                              "Download it again from its provider.")
    if entry.file_size > max(SMALL_FILE_BYTES, MAX_COMPRESSION_RATIO * entry.compress_size):
        raise UnreadableInput(f"{path} is rejected: {entry.filename} would unpack from "
                              f"{entry.compress_size // 1024} kB to {entry.file_size // 2**20} MB, which is not "
                              "plausible. Download it again from its provider.")


def _damaged(path: str, error: Exception) -> DamagedArchive:
    return DamagedArchive(f"{path} is not a complete zip file ({error}). Copy or download it again.")
