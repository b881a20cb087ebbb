"""``OutputSet``: output files and folders that are complete or absent.

Everything is written under hidden, unique names on the disk of the output. When the set ends, each file is verified,
then all are renamed to their final names: the user's earlier files stay in place until that moment, and come back if a
rename fails. After an error or cancellation nothing of the run is left.

    with OutputSet() as outputs:
        write_report(outputs.file(report_path))
        write_maps(outputs.folder(folder_path))
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import NamedTuple

from .errors import OutputError
from .scratch import nearest_folder

PREFIX = ".floefield-partial-"

# Errors of a disk that concern what is being written, whatever the file they were reported for.
DISK_ERRORS = (errno.ENOSPC, errno.EFBIG, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC))


class _File(NamedTuple):
    partial: str
    path: str
    verify: Callable[[str], None] | None


class _Folder(NamedTuple):
    partial: str
    path: str
    must_be_empty: bool


class OutputSet:
    """Context manager of output files and folders: all appear when it ends without an exception, or none.

    Raises
    ------
    OutputError
        If a file or folder cannot be created, is empty or fails its verification, or cannot be renamed; and in place of
        an OSError about a file of the set, or about a full disk, that is raised in the context.
    """

    def __init__(self) -> None:
        self._files: list[_File] = []
        self._folders: list[_Folder] = []
        self._parts: list[_File] = []
        self._main: list[str] = []
        self._obsolete: list[str] = []
        self._temporary: list[str] = []
        self._undo: list[Callable[[], None]] = []

    def __enter__(self) -> OutputSet:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        is_complete = False
        try:
            if kind is None:
                self._finish()
                is_complete = True
            elif isinstance(error, OSError) and (subject := self._subject_of(error)):
                raise _output_error(subject, error) from error
        finally:
            if not is_complete:
                self._roll_back()
            for path in self._temporary:
                _remove(path)

    def file(self, path: str, verify: Callable[[str], None] | None = None) -> str:
        """Add a file.

        Parameters
        ----------
        path : str
            Final path; an earlier file is replaced at the end. Missing folders are created.
        verify : callable, optional
            Called with the temporary path at the end; raises OutputError or OSError if the file is not complete.

        Returns
        -------
        str
            Path to write to: a hidden sibling with the same suffix.
        """
        path = _require_no_folder(path)
        partial = self._hidden_name(path, os.path.splitext(path)[1])
        with _output_errors(path), open(partial, "xb"):
            pass
        self._files.append(_File(partial, path, verify))
        return partial

    def parts(self, path: str, verify: Callable[[str], None] | None = None) -> str:
        """Add a file of a format that writes further files beside it, such as a shapefile.

        All files of the hidden folder become siblings of the final path, the requested one last.

        Parameters
        ----------
        path, verify
            As for :meth:`file`.

        Returns
        -------
        str
            Path to write to: the same name in a hidden folder beside the final path.
        """
        path = _require_no_folder(path)
        folder = self._hidden_name(path, "")
        with _output_errors(path):
            os.mkdir(folder)
        partial = os.path.join(folder, os.path.basename(path))
        self._parts.append(_File(partial, path, verify))
        return partial

    def folder(self, path: str, must_be_empty: bool = False) -> str:
        """Add a folder; its files join those of an existing folder at the end and replace files of the same name.

        Parameters
        ----------
        path : str
            Final path.
        must_be_empty : bool
            Whether to reject an existing folder that contains files.

        Returns
        -------
        str
            Hidden folder to write to: inside the folder if it exists, so that its parent may be read-only.
        """
        path = os.path.abspath(path)
        _require_folder(path, must_be_empty)
        with _output_errors(path, "The folder "):
            if not os.path.isdir(path):
                self._make_folders(os.path.dirname(path))
            partial = os.path.join(nearest_folder(path), PREFIX + uuid.uuid4().hex)
            self._temporary.append(partial)
            os.mkdir(partial)
        self._folders.append(_Folder(partial, path, must_be_empty))
        return partial

    def main(self, path: str) -> None:
        """Rename a file of the set after all others; of several main files, in the order of the calls."""
        self._main.append(os.path.abspath(path))

    def remove(self, path: str) -> None:
        """Remove an earlier file at the end, if it exists and the set does not replace it."""
        self._obsolete.append(os.path.abspath(path))

    def on_failure(self, action: Callable[[], None]) -> None:
        """Call a function if the set fails, to undo what is not a file, such as a table of a database."""
        self._undo.append(action)

    def _hidden_name(self, path: str, suffix: str) -> str:
        folder = os.path.dirname(path)
        with _output_errors(path):
            self._make_folders(folder)
        partial = os.path.join(folder, PREFIX + uuid.uuid4().hex + suffix)
        self._temporary.append(partial)
        return partial

    def _make_folders(self, folder: str) -> None:
        """Create a folder and those above it; those created are removed again on failure, if they are empty."""
        missing = []
        while not os.path.lexists(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for each in reversed(missing):
            os.makedirs(each, exist_ok=True)
            self._undo.append(lambda each=each: os.rmdir(each))
        if not os.path.isdir(folder):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)

    def _finish(self) -> None:
        """Verify all files, then rename them: siblings first, main files last; then remove obsolete files."""
        for file in (*self._files, *self._parts):
            with _output_errors(file.path):
                _verify(file)
        for folder in self._folders:
            _require_folder(folder.path, folder.must_be_empty)
        renames = [(file.partial, file.path) for file in self._files]
        for part in self._parts:
            source, target = os.path.dirname(part.partial), os.path.dirname(part.path)
            names = sorted(os.listdir(source), key=lambda name, part=part: (name == os.path.basename(part.path), name))
            renames += [(os.path.join(source, name), os.path.join(target, name)) for name in names]
        order = {path: number for number, path in enumerate(self._main, start=1)}
        renames.sort(key=lambda rename: order.get(rename[1], 0))
        for folder in self._folders:
            with _output_errors(folder.path, "The folder "):
                self._add_folder(folder)
        is_only = len(renames) == 1 and not self._folders and not self._obsolete
        for partial, path in renames:
            with _output_errors(path):
                self._replace(partial, path, keep_earlier=not is_only)
        replaced = {path for _, path in renames}
        for path in self._obsolete:
            if path not in replaced and os.path.lexists(path):
                with _output_errors(path):
                    self._keep(path)
                    os.remove(path)

    def _add_folder(self, folder: _Folder) -> None:
        if not os.path.isdir(folder.path):
            os.replace(folder.partial, folder.path)
            self._undo.append(lambda: shutil.rmtree(folder.path))
            return
        for source, folders, names in os.walk(folder.partial):
            target = os.path.normpath(os.path.join(folder.path, os.path.relpath(source, folder.partial)))
            for name in folders:
                self._make_folders(os.path.join(target, name))
            for name in sorted(names):
                self._replace(os.path.join(source, name), os.path.join(target, name))

    def _replace(self, partial: str, path: str, keep_earlier: bool = True) -> None:
        existed = os.path.lexists(path)
        if existed and keep_earlier:
            self._keep(path)
        os.replace(partial, path)
        if not existed:
            self._undo.append(lambda: os.remove(path))

    def _keep(self, path: str) -> None:
        """Give an earlier file a second, hidden name, from which it returns on failure.

        Some file systems have no hard links (FAT); there a file that was replaced stays replaced, by a complete one.
        """
        backup = os.path.join(os.path.dirname(path), PREFIX + uuid.uuid4().hex)
        with contextlib.suppress(OSError, NotImplementedError):
            os.link(path, backup, follow_symlinks=False)
            self._temporary.append(backup)
            self._undo.append(lambda: os.replace(backup, path))

    def _roll_back(self) -> None:
        # The hidden files go first, so that folders created for them are empty.
        for path in {file.partial for file in self._files} | {os.path.dirname(part.partial) for part in self._parts}:
            _remove(path)
        for folder in self._folders:
            _remove(folder.partial)
        for action in reversed(self._undo):
            with contextlib.suppress(OSError):
                action()

    def _subject_of(self, error: OSError) -> str:
        """Return the output that an error concerns, for the message; empty if it concerns none."""
        entries = [(file.partial, file.path) for file in self._files]
        entries += [(os.path.dirname(part.partial), part.path) for part in self._parts]
        entries += [(folder.partial, f"The folder {folder.path}") for folder in self._folders]
        names = [os.path.abspath(os.fsdecode(name)) for name in (error.filename, error.filename2)
                 if isinstance(name, (str, bytes))]
        for partial, subject in entries:
            if any(name == partial or name.startswith(partial + os.sep) for name in names):
                return subject
        return entries[0][1] if entries and error.errno in DISK_ERRORS else ""


def _require_no_folder(path: str) -> str:
    path = os.path.abspath(path)
    if os.path.isdir(path):
        raise OutputError(f"{path} is a folder. Choose a file name.")
    return path


def _require_folder(path: str, must_be_empty: bool) -> None:
    if os.path.isdir(path):
        # Hidden folders of other runs do not count.
        if must_be_empty and any(not name.startswith(PREFIX) for name in os.listdir(path)):
            raise OutputError(f"The folder {path} is not empty. Choose a new or an empty folder.")
        if not os.access(path, os.W_OK):
            raise OutputError(f"There is no write permission for the folder {path}. Choose another one.")
    elif os.path.lexists(path):
        raise OutputError(f"{path} is a file; choose a folder.")


def _verify(file: _File) -> None:
    if not os.path.getsize(file.partial):
        raise OutputError(f"{file.path} cannot be written: the file is empty. Check the free space on the disk.")
    if file.verify is not None:
        file.verify(file.partial)


def _output_error(subject: str, error: OSError) -> OutputError:
    return OutputError(f"{subject} cannot be written: {error.strerror or error or 'the disk may be full'}. Check the "
                       "folder, its permissions and the free space.")


@contextlib.contextmanager
def _output_errors(path: str, prefix: str = "") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _output_error(prefix + path, error) from error


def _remove(path: str) -> None:
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        os.remove(path)
