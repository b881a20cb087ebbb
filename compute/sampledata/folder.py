"""Output folder that is either complete or absent."""

import contextlib
import os
import shutil

from ..errors import OutputError


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
