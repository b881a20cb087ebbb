"""Files of a SAFE product in a folder or a zip, read without unpacking; search for products in a folder."""

import os
import re
import zipfile
import zlib
from dataclasses import dataclass

from ..errors import MissingInput, UnreadableInput, UnsuitableInput
from ..zips import require_safe_archive

METADATA_NAME = re.compile(r"(^|/)(MTD_MSIL(1C|2A)|S2[A-Z]_[A-Z]{4}_MTD_(SAFL1C|SAFL2A|DMPL1C)_[^/]*)\.xml$",
                           re.IGNORECASE)
# Product metadata has less than 1 MB; larger files are rejected.
MAX_METADATA_BYTES = 64 * 1024 * 1024
# Maximum folder depth of the search for products.
MAX_DEPTH = 8


@dataclass(frozen=True)
class SafeFiles:
    """The file list of one product.

    Attributes
    ----------
    location : str
        Path of the folder or zip.
    names : tuple of str
        All files, relative to the product folder, with forward slashes.
    metadata_name : str
        The product metadata file among them (``MTD_MSIL2A.xml``).
    zip_folder : str or None
        Folder of the product inside the zip, with a trailing slash; None for a product in a folder.
    """

    location: str
    names: tuple
    metadata_name: str
    zip_folder: str = None

    def path_of(self, name):
        """GDAL path of a file."""
        if self.zip_folder is None:
            return os.path.join(self.location, *name.split("/"))
        return f"/vsizip/{{{self.location}}}/{self.zip_folder}{name}"

    def read_metadata(self):
        """Read the product metadata; see :meth:`read`."""
        return self.read(self.metadata_name)

    def read(self, name):
        """Read a text file of the product.

        Parameters
        ----------
        name : str
            One of `names`.

        Returns
        -------
        bytes

        Raises
        ------
        UnreadableInput
            If it cannot be read or exceeds ``MAX_METADATA_BYTES``.
        """
        try:
            if self.zip_folder is None:
                path = self.path_of(name)
                size = os.path.getsize(path)
                if size <= MAX_METADATA_BYTES:
                    with open(path, "rb") as file:
                        return file.read()
            else:
                with zipfile.ZipFile(self.location) as archive:
                    size = archive.getinfo(self.zip_folder + name).file_size
                    if size <= MAX_METADATA_BYTES:
                        return archive.read(self.zip_folder + name)
        except (OSError, zipfile.BadZipFile, ValueError, EOFError, zlib.error, RuntimeError) as error:
            raise UnreadableInput(f"{self.location}: {name} cannot be read ({error}). "
                                  "Copy or download the product again.") from error
        raise UnreadableInput(f"{self.location}: {name} has {size // 2 ** 20} MB, "
                              "too much for product metadata. The file is not used.")


def open_safe(path):
    """List the files of the product at `path`.

    Parameters
    ----------
    path : str
        A ``.SAFE`` folder (or any folder with the product metadata), the metadata file, or a zip.

    Returns
    -------
    SafeFiles

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the path does not exist, the zip is damaged, or there is not exactly one Sentinel-2 product.
    """
    path = os.path.abspath(path)
    if not os.path.exists(path) and path.lower().endswith(".safe") and os.path.isfile(path[:-len(".SAFE")] + ".zip"):
        path = path[:-len(".SAFE")] + ".zip"
    if not os.path.exists(path):
        raise MissingInput(f"{path} does not exist. Check its path.")
    if os.path.isfile(path) and path.lower().endswith(".zip"):
        return _open_zip(path)
    if os.path.isfile(path):
        if not METADATA_NAME.search(os.path.basename(path)):
            raise UnsuitableInput(f"{path} is not part of a Sentinel-2 product. Choose the .SAFE folder, "
                                  "its MTD_MSIL2A.xml, or the zip as downloaded.")
        return _open_folder(os.path.dirname(path), os.path.basename(path))
    return _open_folder(path)


def find_products(folder):
    """Paths of all Sentinel-2 products below a folder: SAFE folders and zips, sorted.

    Parameters
    ----------
    folder : str

    Returns
    -------
    list of str

    Raises
    ------
    MissingInput
        If the folder does not exist or contains no product.
    """
    if not os.path.isdir(folder):
        raise MissingInput(f"The folder {folder} does not exist. Check its path.")
    found = []
    for parent, folders, files in os.walk(folder):
        folders.sort()
        if any(METADATA_NAME.search(name) for name in files):
            found.append(parent)
            folders.clear()
            continue
        if os.path.relpath(parent, folder).count(os.sep) >= MAX_DEPTH:
            folders.clear()
        found += [os.path.join(parent, name) for name in sorted(files)
                  if name.lower().endswith(".zip") and _is_product_zip(os.path.join(parent, name))]
    if not found:
        raise MissingInput(f"No Sentinel-2 product was found in {folder} (neither a .SAFE folder nor a zip of one). "
                           "Choose the folder with the downloaded products.")
    return sorted(found)


def _is_product_zip(path):
    """Whether a zip contains a product; damaged zips are recognised by name, so that they are reported."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(METADATA_NAME.search(name) for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return re.match(r"S2[A-Z]_", os.path.basename(path)) is not None


def _open_folder(folder, metadata_name=None):
    names = []
    for parent, folders, files in os.walk(folder):
        folders.sort()
        relative = os.path.relpath(parent, folder).replace(os.sep, "/")
        names += [name if relative == "." else f"{relative}/{name}" for name in sorted(files)]
    metadata_name = metadata_name or _find_metadata(names, folder)
    return SafeFiles(location=folder, names=tuple(names), metadata_name=metadata_name)


def _open_zip(path):
    try:
        with zipfile.ZipFile(path) as archive:
            require_safe_archive(archive, path)
            entries = [entry for entry in archive.namelist() if not entry.endswith("/")]
    except (OSError, zipfile.BadZipFile) as error:
        raise UnreadableInput(f"{path} is not a complete zip file ({error}). Copy or download it again.") from error
    metadata = _find_metadata(entries, path)
    folder = metadata[:metadata.rfind("/") + 1]
    return SafeFiles(location=path, metadata_name=metadata[len(folder):], zip_folder=folder,
                     names=tuple(entry[len(folder):] for entry in entries if entry.startswith(folder)))


def _find_metadata(names, location):
    """The product metadata file among `names`: the one closest to the root."""
    found = sorted((name for name in names if METADATA_NAME.search(name)), key=lambda name: (name.count("/"), name))
    if not found:
        raise UnsuitableInput(f"{location} is not a Sentinel-2 product: it has no MTD_MSIL2A.xml. Choose the .SAFE "
                              "folder, its MTD_MSIL2A.xml, or the zip as downloaded.")
    highest = [name for name in found if name.count("/") == found[0].count("/")]
    if len(highest) > 1:
        products = ", ".join(os.path.dirname(name) or name for name in highest[:5])
        raise UnsuitableInput(f"{location} contains {len(highest)} products ({products}). Choose one of them, or use "
                              "the time series tool for all.")
    return highest[0]
