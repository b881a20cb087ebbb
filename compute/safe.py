"""A product in ESA's SAFE format, in a folder or a zip; search for products; what the products of missions share.

Zips are read in place; single files are unpacked only where random access is required. What distinguishes the missions
is a :class:`SafeKind`, a constant beside their readers. Format: ESA, Standard Archive Format for Europe (SAFE).
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol

from .archives import Budget, open_archive
from .errors import MissingInput, OutputError, PlainError, UnreadableInput, UnsuitableInput
from .progress import Progress

# The annotation of a full scene has 3 MB; larger files are no metadata.
MAX_METADATA_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 8
COPY_BYTES = 8 * 1024 * 1024
# A product unpacks to some gigabytes in some hundred files.
MAX_PRODUCT_BYTES = 64 * 2 ** 30
MAX_PRODUCT_FILES = 50_000
READ_ERRORS = (OSError, zipfile.BadZipFile, zlib.error, ValueError, EOFError, RuntimeError)


class Product(Protocol):
    """What readers of all missions provide.

    Attributes
    ----------
    name : str
        Product name of ESA.
    platform : str
        Such as "Sentinel-1A".
    acquired : datetime
        Start of the acquisition (UTC).
    processor : str
        Version of the processor or processing baseline.
    is_synthetic : bool
        Whether the metadata mark the product as synthetic (sample data).
    """

    name: str
    platform: str
    acquired: datetime
    processor: str
    is_synthetic: bool

    def image_path(self, layer: str) -> str:
        """Return the GDAL path of the image of a layer, such as "B04" or "HH"."""


@dataclass(frozen=True)
class SafeKind:
    """How the products of a mission are recognised.

    Attributes
    ----------
    mission : str
        Such as "Sentinel-1", for messages.
    metadata : re.Pattern
        Path of a metadata file from the product folder on; group 1 is the separator before it: ``(^|/)``.
    product_name : re.Pattern
        Beginning of a product name, to report incomplete products.
    metadata_words : str
        What an incomplete product lacks, for messages.
    entry_file : str
        The file that users may choose in place of the folder, for messages.
    """

    mission: str
    metadata: re.Pattern
    product_name: re.Pattern
    metadata_words: str
    entry_file: str

    @property
    def accepted_inputs(self) -> str:
        """str: what can be chosen, as a sentence."""
        return f"Choose the .SAFE folder, its {self.entry_file}, or the zip as downloaded."

    def is_named_product(self, path: str) -> bool:
        """Whether a folder or file has the name of a product."""
        return self.product_name.match(os.path.basename(path)) is not None


@dataclass(frozen=True)
class SafeProduct:
    """The files of one product.

    Attributes
    ----------
    location : str
        Path of the folder or zip.
    names : tuple of str
        All files, sorted, relative to the product folder, with forward slashes.
    metadata_names : tuple of str
        The metadata files among them; see :class:`SafeKind`.
    zip_folder : str or None
        Folder of the product inside the zip, with a trailing slash; None for a product in a folder.
    """

    location: str
    names: tuple[str, ...]
    metadata_names: tuple[str, ...]
    zip_folder: str | None = None

    @property
    def name(self) -> str:
        """str: product name, without .SAFE and .zip."""
        inner = (self.zip_folder or "").rstrip("/").rsplit("/", 1)[-1]
        return re.sub(r"(\.SAFE|\.zip)+$", "", inner or os.path.basename(self.location), flags=re.IGNORECASE)

    def path_of(self, name: str) -> str:
        """Return the GDAL path of a file."""
        if self.zip_folder is None:
            return os.path.join(self.location, *name.split("/"))
        return f"/vsizip/{{{self.location}}}/{self.zip_folder}{name}"

    def size(self, name: str) -> int:
        """Return the size of a file in bytes."""
        if self.zip_folder is None:
            return os.path.getsize(self.path_of(name))
        with zipfile.ZipFile(self.location) as archive:
            return archive.getinfo(self.zip_folder + name).file_size

    def read(self, name: str, limit: int = MAX_METADATA_BYTES) -> bytes:
        """Read a metadata file.

        Raises
        ------
        UnreadableInput
            If the file cannot be read or has more than `limit` bytes.
        """
        with self._read_errors(name, "read"):
            size = self.size(name)
            if size <= limit:
                with self._opened(name) as file:
                    return file.read()
        raise UnreadableInput(f"{self.location}: {name} has {size // 2 ** 20} MB, too much for product metadata. The "
                              "file is not used. Download the product again.")

    @contextlib.contextmanager
    def local_files(self, names: Sequence[str], scratch: str, progress: Progress) -> Iterator[dict[str, str]]:
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
            Path by name.

        Raises
        ------
        UnreadableInput, OutputError
            If a file cannot be unpacked.
        """
        if self.zip_folder is None:
            yield {name: self.path_of(name) for name in names}
            return
        try:
            unpacked = tempfile.mkdtemp(prefix=".unpacked-", dir=scratch)
        except OSError as error:
            raise OutputError(f"{scratch} cannot be written to ({error.strerror}). Choose another folder.") from error
        try:
            yield {name: self._unpack(name, os.path.join(unpacked, f"{number}{os.path.splitext(name)[1]}"), progress)
                   for number, name in enumerate(names)}
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)

    def _unpack(self, name: str, path: str, progress: Progress) -> str:
        with self._read_errors(name, "unpacked"), self._opened(name) as source, open(path, "wb") as target:
            while part := source.read(COPY_BYTES):
                progress.check()
                _write(target, part, path)
        return path

    @contextlib.contextmanager
    def _opened(self, name: str) -> Iterator[BinaryIO]:
        if self.zip_folder is None:
            with open(self.path_of(name), "rb") as file:
                yield file
        else:
            with zipfile.ZipFile(self.location) as archive, archive.open(self.zip_folder + name) as file:
                yield file

    @contextlib.contextmanager
    def _read_errors(self, name: str, verb: str) -> Iterator[None]:
        try:
            yield
        except READ_ERRORS as error:
            raise UnreadableInput(f"{self.location}: {name} cannot be {verb} ({error}). Copy or download the product "
                                  "again.") from error


def _write(target: BinaryIO, part: bytes, path: str) -> None:
    try:
        target.write(part)
    except OSError as error:
        raise OutputError(f"{path} cannot be written ({error.strerror}); the images of a zipped product are unpacked "
                          "there. Check the free space.") from error


def open_safe(path: str, kind: SafeKind) -> SafeProduct:
    """List the files of the product at `path`.

    Parameters
    ----------
    path : str
        A ``.SAFE`` folder (or any folder with the files of a product), its ``manifest.safe`` or product metadata file,
        or a zip. If a ``.SAFE`` folder does not exist, the zip of the same name is used.
    kind : SafeKind

    Returns
    -------
    SafeProduct

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the path does not exist, the zip is damaged, or there is not exactly one product of the kind.
    """
    path = os.path.abspath(path)
    if not os.path.exists(path) and path.lower().endswith(".safe") and os.path.isfile(path[:-len(".SAFE")] + ".zip"):
        path = path[:-len(".SAFE")] + ".zip"
    if not os.path.exists(path):
        raise MissingInput(f"{path} does not exist. Check its path.")
    if os.path.isdir(path):
        return _open_folder(path, kind)
    parent, file = os.path.split(path)
    if file.lower().endswith(".zip"):
        return _open_zip(path, kind)
    if file.lower() == "manifest.safe":
        return _open_folder(parent, kind)
    if kind.metadata.search(file):
        return SafeProduct(parent, tuple(_files_below(parent)), (file,))
    raise UnsuitableInput(f"{path} is not part of a {kind.mission} product. {kind.accepted_inputs}")


def _open_folder(folder: str, kind: SafeKind) -> SafeProduct:
    names = _files_below(folder)
    root, metadata_names = _find_root(names, folder, kind)
    location = os.path.join(folder, *root.rstrip("/").split("/")) if root else folder
    return SafeProduct(location, _inside(root, names), _inside(root, metadata_names))


def _open_zip(path: str, kind: SafeKind) -> SafeProduct:
    try:
        with open_archive(path, Budget(MAX_PRODUCT_BYTES, MAX_PRODUCT_FILES, "a product")) as archive:
            names = sorted({name for name in archive.namelist() if not name.endswith("/")})
    except (OSError, zipfile.BadZipFile) as error:
        raise UnreadableInput(f"{path} is not a complete zip file ({error}). Copy or download it again.") from error
    root, metadata_names = _find_root(names, path, kind)
    return SafeProduct(path, _inside(root, names), _inside(root, metadata_names), zip_folder=root)


def _files_below(folder: str) -> list[str]:
    names = []
    for parent, _, files in os.walk(folder):
        relative = os.path.relpath(parent, folder).replace(os.sep, "/")
        names += [name if relative == "." else f"{relative}/{name}" for name in files]
    return sorted(names)


def _inside(root: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(name[len(root):] for name in names if name.startswith(root))


def _find_root(names: Iterable[str], location: str, kind: SafeKind) -> tuple[str, list[str]]:
    """Return the product folder among `names`, the only one closest to the top, and its metadata files."""
    found = {}
    for name in names:
        if match := kind.metadata.search(name):
            found.setdefault(name[:match.end(1)], []).append(name)
    if not found:
        raise _no_product(location, kind)
    depth = min(root.count("/") for root in found)
    highest = sorted(root for root in found if root.count("/") == depth)
    if len(highest) > 1:
        listed = ", ".join(root.rstrip("/") for root in highest[:5])
        raise UnsuitableInput(f"{location} contains {len(highest)} {kind.mission} products ({listed}). Choose one of "
                              f"them; unpack a zip first, or use the folder as folder with {kind.mission} products.")
    return highest[0], found[highest[0]]


def _no_product(location: str, kind: SafeKind) -> PlainError:
    if kind.is_named_product(location):
        return MissingInput(f"{location} is incomplete: it has no {kind.metadata_words}. Copy or download it again.")
    return UnsuitableInput(f"{location} is not a {kind.mission} product: it has no {kind.metadata_words}. "
                           f"{kind.accepted_inputs}")


def find_products(folder: str, kind: SafeKind) -> list[str]:
    """Find the products in a folder and its subfolders.

    Incomplete products are recognised by their name, so that they are reported when they are opened.

    Parameters
    ----------
    folder : str
    kind : SafeKind

    Returns
    -------
    list of str
        Sorted paths of folders and zips.

    Raises
    ------
    MissingInput
        If the folder does not exist or contains no product.
    """
    if not os.path.isdir(folder):
        raise MissingInput(f"The folder {folder} does not exist. Check its path.")
    found = set()
    for parent, folders, files in os.walk(folder):
        folders.sort()
        relative = os.path.relpath(parent, folder)
        is_safe = "manifest.safe" in files or parent.upper().endswith(".SAFE")
        if is_safe and kind.is_named_product(parent):
            found.add(parent)
            folders.clear()
        elif (root := _root_above(relative, files, kind)) is not None:
            found.add(os.path.normpath(os.path.join(folder, root)))
            folders.clear()
        else:
            found.update(path for name in files if _is_zipped_product(path := os.path.join(parent, name), kind))
            if relative.count(os.sep) >= MAX_DEPTH:
                folders.clear()
    if not found:
        raise MissingInput(f"No {kind.mission} product was found in {folder} (neither a .SAFE folder nor a zip of "
                           "one). Choose the folder that contains the products.")
    return sorted(found)


def _root_above(folder: str, files: Iterable[str], kind: SafeKind) -> str | None:
    """Return the product folder whose metadata files lie in `folder`; None if they do not."""
    inside = "" if folder == os.curdir else folder.replace(os.sep, "/") + "/"
    for name in files:
        if match := kind.metadata.search(inside + name):
            return (inside + name)[:match.end(1)]
    return None


def _is_zipped_product(path: str, kind: SafeKind) -> bool:
    if not path.lower().endswith(".zip"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(kind.metadata.search(name) for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return kind.is_named_product(path)
