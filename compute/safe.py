"""A SAFE product in a folder or a zip; search for products; ``Product`` protocol.

Files of a Sentinel-1 product in a SAFE folder or a zip, and search for products in folders.

Files of a SAFE product in a folder or a zip, read without unpacking; search for products in a folder.
"""

import contextlib
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from dataclasses import dataclass

from .archives import Budget, open_archive
from .errors import MissingInput, OutputError, UnreadableInput, UnsuitableInput

ANNOTATION = re.compile(r"(^|/)annotation/[^/]+\.xml$", re.IGNORECASE)
PRODUCT_NAME = re.compile(r"S1[A-Z]_(EW|IW)_GRD", re.IGNORECASE)
ACCEPTED_INPUTS = "Choose the .SAFE folder, its manifest.safe, or the zip as downloaded."

# Maximum size of a metadata file; the annotation of a full scene has 3 MB.
MAX_XML_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 8
COPY_BYTES = 8 * 1024 * 1024

# Old multi-tile products unpack to some 10 GB in 2 000 files.
MAX_PRODUCT_BYTES = 64 * 2**30
MAX_PRODUCT_FILES = 50_000


@dataclass(frozen=True)
class SafeFolder:
    """Files of one product.

    Attributes
    ----------
    location : str
        Path of the folder or zip.
    names : tuple of str
        All files, relative to the product folder, with forward slashes.
    prefix : str
        Product folder inside the zip, with trailing slash; None for a folder.
    """

    location: str
    names: tuple
    prefix: str = None

    @property
    def name(self):
        """str: product name, without .SAFE and .zip."""
        inner = (self.prefix or "").rstrip("/").rsplit("/", 1)[-1]
        return re.sub(r"(\.SAFE|\.zip)+$", "", inner or os.path.basename(self.location), flags=re.IGNORECASE)

    def read(self, name):
        """Read a metadata file.

        Returns
        -------
        bytes

        Raises
        ------
        UnreadableInput
            If the file cannot be read, or is too large to be metadata.
        """
        try:
            if self.size(name) <= MAX_XML_BYTES:
                with self._opened(name) as file:
                    return file.read()
        except (OSError, zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
            raise UnreadableInput(f"{self.name}: {name} cannot be read ({error}). Copy or download the product "
                                  "again.") from error
        raise UnreadableInput(f"{self.name}: {name} is too large to be metadata. The file is rejected. Download the "
                              "product again.")

    def size(self, name):
        """Return the size of a file in bytes."""
        if self.prefix is None:
            return os.path.getsize(self._path(name))
        with zipfile.ZipFile(self.location) as archive:
            return archive.getinfo(self.prefix + name).file_size

    @contextlib.contextmanager
    def local_files(self, names, scratch, progress):
        """Context manager of local paths of files; those in a zip are unpacked temporarily.

        Images are read by window, but a deflated zip has no random access.

        Parameters
        ----------
        names : sequence of str
        scratch : str
            Existing folder, in which a temporary folder is created for unpacked files.
        progress : Progress

        Yields
        ------
        dict of str to str
        """
        if self.prefix is None:
            yield {name: self._path(name) for name in names}
            return
        try:
            unpacked = tempfile.mkdtemp(prefix=".unpacked-", dir=scratch)
        except OSError as error:
            raise OutputError(f"{scratch} cannot be written to ({error.strerror}). Choose another folder.") from error
        try:
            yield {name: self._unpack(name, os.path.join(unpacked, f"{number}.tiff"), progress)
                   for number, name in enumerate(names)}
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)

    def _unpack(self, name, path, progress):
        try:
            with self._opened(name) as source, open(path, "wb") as target:
                while part := source.read(COPY_BYTES):
                    progress.check()
                    _write(target, part, path)
        except (OSError, zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
            raise UnreadableInput(f"{self.name}: {name} cannot be unpacked ({error}). Copy or download the product "
                                  "again.") from error
        return path

    @contextlib.contextmanager
    def _opened(self, name):
        if self.prefix is None:
            with open(self._path(name), "rb") as file:
                yield file
        else:
            with zipfile.ZipFile(self.location) as archive, archive.open(self.prefix + name) as file:
                yield file

    def _path(self, name):
        return os.path.join(self.location, *name.split("/"))


def _write(target, part, path):
    try:
        target.write(part)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); the images of a zipped product are unpacked "
                          "there. Check the free space.") from error


def open_sentinel1_safe(path):
    """Find the files of the product at `path`.

    Parameters
    ----------
    path : str
        A ``.SAFE`` folder, its ``manifest.safe``, or a zip.

    Returns
    -------
    SafeFolder

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the path does not exist, the zip is damaged, or it does not contain exactly one product.
    """
    path = os.path.abspath(path)
    if not os.path.exists(path):
        raise MissingInput(f"{path} does not exist. Check its path.")
    if os.path.isdir(path):
        return _in_folder(path)
    if path.lower().endswith(".zip"):
        return _in_zip(path)
    if os.path.basename(path).lower() == "manifest.safe":
        return _in_folder(os.path.dirname(path))
    raise UnsuitableInput(f"{path} is not part of a Sentinel-1 product. {ACCEPTED_INPUTS}")


def find_sentinel1_products(folder):
    """Return the sorted paths of all Sentinel-1 products (SAFE folders and zips) in a folder and its subfolders.

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
        if "manifest.safe" in files or "annotation" in folders or parent.upper().endswith(".SAFE"):
            if _is_sentinel1(parent, folders):
                found.append(parent)
            folders.clear()
        elif os.path.relpath(parent, folder).count(os.sep) >= MAX_DEPTH:
            folders.clear()
        found += [os.path.join(parent, name) for name in files if _is_zipped_product(os.path.join(parent, name))]
    if not found:
        raise MissingInput(f"No Sentinel-1 product was found in {folder} (neither a .SAFE folder nor a zip of one). "
                           "Choose the folder that contains the products.")
    return sorted(found)


def _is_sentinel1(folder, folders):
    return "annotation" in folders or PRODUCT_NAME.match(os.path.basename(folder)) is not None


def _is_zipped_product(path):
    """Whether a zip contains a product; a damaged zip is accepted by its name, so that it is reported later."""
    if not path.lower().endswith(".zip"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(ANNOTATION.search(name) for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return PRODUCT_NAME.match(os.path.basename(path)) is not None


def _in_folder(folder):
    names = []
    for parent, _, files in os.walk(folder):
        inside = os.path.relpath(parent, folder).replace(os.sep, "/")
        names += [name if inside == "." else f"{inside}/{name}" for name in files]
    if not any(ANNOTATION.match(name) for name in names):
        inner = sorted({name[:match.start()] for name in names if (match := ANNOTATION.search(name))})
        if len(inner) == 1:
            return _in_folder(os.path.join(folder, *inner[0].split("/")))
        raise _selection_error(folder, inner)
    return SafeFolder(folder, tuple(sorted(names)))


def _in_zip(path):
    try:
        with open_archive(path, Budget(MAX_PRODUCT_BYTES, MAX_PRODUCT_FILES, "a product")) as archive:
            entries = sorted(name for name in archive.namelist() if not name.endswith("/"))
    except (OSError, zipfile.BadZipFile) as error:
        raise UnreadableInput(f"{path} is not a complete zip file ({error}). Copy or download it again.") from error
    prefixes = sorted({entry[:match.start() + len(match[1])] for entry in entries
                       if (match := ANNOTATION.search(entry))})
    if len(prefixes) != 1:
        raise _selection_error(path, prefixes)
    prefix = prefixes[0]
    return SafeFolder(path, tuple(entry[len(prefix):] for entry in entries if entry.startswith(prefix)), prefix)


def _selection_error(location, products):
    if products:
        listed = ", ".join(product.strip("/") for product in products[:5])
        return UnsuitableInput(f"{location} contains {len(products)} Sentinel-1 products ({listed}). Choose one of "
                               "them, or select the folder as folder with Sentinel-1 products.")
    if PRODUCT_NAME.match(os.path.basename(location)):
        return MissingInput(f"{location} is incomplete: it has no annotation folder. Copy or download it again.")
    return UnsuitableInput(f"{location} is not a Sentinel-1 product: it has no annotation. {ACCEPTED_INPUTS}")


METADATA_NAME = re.compile(r"(^|/)(MTD_MSIL(1C|2A)|S2[A-Z]_[A-Z]{4}_MTD_(SAFL1C|SAFL2A|DMPL1C)_[^/]*)\.xml$",
                           re.IGNORECASE)

# Product metadata has less than 1 MB; larger files are rejected.
MAX_METADATA_BYTES = 64 * 1024 * 1024


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


def open_sentinel2_safe(path):
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


def find_sentinel2_products(folder):
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
        with open_archive(path, Budget(MAX_PRODUCT_BYTES, MAX_PRODUCT_FILES, "a product")) as archive:
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
