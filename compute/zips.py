"""Zips that people download: read in place, and not trusted."""

from .errors import UnreadableInput

# Files of products that deserve the name are compressed already, or small.
SMALL = 64 * 1024 * 1024
MOST_COMPRESSION = 100


def require_tame(archive, path):
    """Refuse a zip that names files outside itself, or would unpack to far more than it has.

    Parameters
    ----------
    archive : zipfile.ZipFile
    path : str
        For the message.

    Raises
    ------
    UnreadableInput
    """
    for entry in archive.infolist():
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or parts[0].endswith(":"):
            raise UnreadableInput(f"{path} names files outside itself ({entry.filename}). The file is not used.")
        if entry.file_size > max(SMALL, MOST_COMPRESSION * entry.compress_size):
            raise UnreadableInput(f"{path}: {entry.filename} would unpack to {entry.file_size // 2 ** 20} MB from "
                                  f"{entry.compress_size // 1024} kB, which no file of a product does. It is not used.")
