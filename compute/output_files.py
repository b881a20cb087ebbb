"""``OutputSet``: files and folders complete or absent.

Output of several files to a folder at once: all appear when complete, or none.

Output folder that is either complete or absent.
"""

import contextlib
import os
import shutil
import tempfile

from .errors import OutputError


@contextlib.contextmanager
def added_files(folder):
    """Provide a hidden folder whose files are moved to `folder` on success and deleted on an error.

    Files of the same name are replaced, others kept. A new folder is created on success only.

    Yields
    ------
    str
        Folder to write to.

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    folder = os.path.abspath(folder)
    parent = os.path.dirname(folder)
    while not os.path.exists(parent):
        parent = os.path.dirname(parent)
    partial = os.path.join(parent, f".{os.getpid()}-partial-{os.path.basename(folder)}")
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise OutputError(f"{folder} is a file; choose a folder.")
    if os.path.isdir(folder) and not os.access(folder, os.W_OK):
        raise OutputError(f"There is no write permission for the folder {folder}. Choose another one.")
    is_new = not os.path.exists(folder)
    try:
        os.mkdir(partial)
        yield partial
        os.makedirs(folder, exist_ok=True)
        for file in sorted(os.listdir(partial)):
            os.replace(os.path.join(partial, file), os.path.join(folder, file))
    except OSError as error:
        if is_new:
            shutil.rmtree(folder, ignore_errors=True)
        raise OutputError(f"The folder {folder} cannot be written: {error.strerror or error}. "
                          "Check its path, its permissions and the free space.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextlib.contextmanager
def complete_folder(path):
    """Provide a hidden folder that is renamed to `path` on success and deleted on an error.

    Parameters
    ----------
    path : str
        Output folder; it may exist if it is empty.

    Yields
    ------
    str
        Folder to write to.

    Raises
    ------
    OutputError
        If the folder is not empty or cannot be written.
    """
    path = os.path.abspath(path)
    parent, name = os.path.split(path)
    partial = os.path.join(parent, f".{os.getpid()}-partial-{name}")
    try:
        _refuse_if_in_use(path)
        os.makedirs(partial)
        yield partial
        if os.path.isdir(path):
            os.rmdir(path)
        os.replace(partial, path)
    except OSError as error:
        raise OutputError(f"The folder {path} cannot be written: {error.strerror or error}. "
                          "Check its path, its permissions and the free space.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _refuse_if_in_use(path):
    if os.path.isdir(path):
        if os.listdir(path):
            raise OutputError(f"The folder {path} is not empty. Choose a new or an empty folder.")
    elif os.path.exists(path):
        raise OutputError(f"{path} is a file; choose a folder.")


@contextlib.contextmanager
def complete_file(path):
    """Context manager of a temporary file that is renamed to `path` on success and removed on error.

    Yields
    ------
    str
        Path to write to, with the suffix of `path`.

    Raises
    ------
    OutputError
        If the folder cannot be written to, the disk is full, or the target is in use.
    """
    path = os.path.abspath(path)
    folder, name = os.path.split(path)
    partial = os.path.join(folder, f".{os.getpid()}-partial-{name}")
    if os.path.isdir(path):
        raise OutputError(f"{path} is a folder. Choose a file name.")
    try:
        with _sentence_for(path):
            os.makedirs(folder, exist_ok=True)
            with open(partial, "wb"):
                pass
        yield partial
        with _sentence_for(path):
            os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            os.remove(partial)


@contextlib.contextmanager
def complete_files(paths):
    """Context manager of several temporary files that are renamed on success and removed on error.

    Yields
    ------
    dict of str to str
        Path to write to, by target path; see :func:`complete_file`.
    """
    with contextlib.ExitStack() as files:
        yield {path: files.enter_context(complete_file(path)) for path in paths}


@contextlib.contextmanager
def _sentence_for(path):
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or 'the disk may be full'}. "
                          "Check the folder, its permissions and the free space.") from error


@contextlib.contextmanager
def _folder_beside(path):
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, exist_ok=True)
        hidden = tempfile.mkdtemp(prefix=".floefield-partial-", dir=folder)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}. Check the folder.") from error
    try:
        yield hidden
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or 'the disk may be full'}. Check the folder "
                          "and the free space.") from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
