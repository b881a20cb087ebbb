"""XML that is not trusted (product metadata, masks, chart metadata, styles): one hardened parser, and its elements."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from .errors import UnreadableInput

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

# The largest genuine files are metadata of old multi-tile products and cloud masks, with some 20 MB.
MAX_XML_BYTES = 64 * 2**20


def parse_xml(text: bytes, source: str, allow_document_type: bool = False) -> Element:
    """Parse an XML document.

    Parameters
    ----------
    text : bytes
        In any encoding that the document declares.
    source : str
        Where it comes from, such as product and file name, for error messages.
    allow_document_type : bool
        Whether the document may have a document type (styles of QGIS and metadata of some ice services begin with
        one); entities and external documents are rejected in any case.

    Returns
    -------
    xml.etree.ElementTree.Element

    Raises
    ------
    UnreadableInput
        If it is not well-formed, too large, or declares a document type or entities.
    """
    from defusedxml.ElementTree import fromstring

    if len(text) > MAX_XML_BYTES:
        raise UnreadableInput(f"{source} has {len(text) // 2**20} MB, too much for an XML document of this kind. The "
                              "file is not used.")
    with _xml_errors(source):
        return fromstring(text, forbid_dtd=not allow_document_type)


def require_no_document_type(path: str) -> None:
    """Check an XML file of any size that other software will parse; only its beginning is read.

    Raises
    ------
    UnreadableInput
        If it is not XML, or declares a document type or entities, in any encoding.
    OSError
        If it cannot be read.
    """
    from defusedxml.ElementTree import iterparse

    # A document type precedes the first element.
    with _xml_errors(path), open(path, "rb") as file:
        next(iter(iterparse(file, events=("start",), forbid_dtd=True)), None)


@contextlib.contextmanager
def _xml_errors(source: str) -> Iterator[None]:
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError

    try:
        yield
    except DefusedXmlException as error:
        raise UnreadableInput(f"{source} contains document type or entity declarations, which are not supported for "
                              "security reasons. The file is not used.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadableInput(f"{source} is not readable XML ({error}). Copy or download it again.") from error


def elements(root: Element, name: str, prefix: str = "") -> list[Element]:
    """Return all elements named `name`, or `prefix` + `name`, in any namespace."""
    names = {name, prefix + name}
    return [element for element in root.iter()
            if isinstance(element.tag, str) and element.tag.rsplit("}", 1)[-1] in names]


def text_of(root: Element, name: str, prefix: str = "") -> str | None:
    """Return the text of the first non-empty element named `name`, or `prefix` + `name`; None if there is none."""
    for element in elements(root, name, prefix):
        if element.text and element.text.strip():
            return element.text.strip()
    return None


def time_of(text: str, source: str) -> datetime:
    """Parse a time of the metadata, to whole seconds.

    Raises
    ------
    UnreadableInput
        If it is not an ISO date and time.
    """
    try:
        return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise UnreadableInput(f"{source}: the sensing time {text!r} cannot be read.") from error
