"""Many results in one folder: all of them appear when all are complete, beside what is there already."""

import contextlib
import os
import shutil

from ..errors import OutputError


@contextlib.contextmanager
def added_files(folder):
    """A hidden folder whose files move into `folder` when the block ends well, and vanish otherwise.

    Files of the same name are replaced; others stay. A folder that was not there is made only then.

    Yields
    ------
    str
        Folder to fill.

    Raises
    ------
    OutputError
        If there is no way to write there.
    """
    folder = os.path.abspath(folder)
    above = os.path.dirname(folder)
    while not os.path.exists(above):
        above = os.path.dirname(above)
    partial = os.path.join(above, f".{os.getpid()}-partial-{os.path.basename(folder)}")
    if os.path.exists(folder) and not os.path.isdir(folder):
        raise OutputError(f"{folder} is a file; choose a folder.")
    if os.path.isdir(folder) and not os.access(folder, os.W_OK):
        raise OutputError(f"You may not write to the folder {folder}. Choose another one.")
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
        raise OutputError(f"The folder {folder} cannot be filled: {error.strerror or error}. "
                          "Check its place, its permissions and the free space.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
