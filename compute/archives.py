"""Checks of downloaded zip archives, which are read in place and not trusted."""

from .errors import UnreadableInput

# Large files of genuine products are compressed already, so that a high compression ratio indicates a zip bomb.
SMALL_FILE_BYTES = 64 * 1024 * 1024
MAX_COMPRESSION_RATIO = 100


def require_safe_archive(archive, path):
    """Reject a zip with paths outside the archive or with implausible compression ratios.

    Parameters
    ----------
    archive : zipfile.ZipFile
    path : str
        Path of the archive, for messages.

    Raises
    ------
    UnreadableInput
    """
    for entry in archive.infolist():
        parts = entry.filename.replace("\\", "/").split("/")
        if ".." in parts or parts[0] == "" or parts[0].endswith(":"):
            raise UnreadableInput(f"{path} contains a path outside the archive ({entry.filename}) and is rejected. "
                                  "Download it again from its provider.")
        if entry.file_size > max(SMALL_FILE_BYTES, MAX_COMPRESSION_RATIO * entry.compress_size):
            raise UnreadableInput(f"{path} is rejected: {entry.filename} would unpack from "
                                  f"{entry.compress_size // 1024} kB to {entry.file_size // 2 ** 20} MB, which is not "
                                  "plausible. Download it again from its provider.")
