"""Output of several files to a folder at once: all appear when complete, or none."""

import contextlib
import os
import shutil

from ..errors import OutputError


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
