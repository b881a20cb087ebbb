"""Safe parsing of product XML (product metadata, tile metadata and masks), and access to its elements."""

from datetime import datetime

from .errors import UnreadableInput


def parse_xml(text, location, name):
    """Parse an XML file of a product.

    Parameters
    ----------
    text : bytes
    location, name : str
        Product and file in it, for error messages.

    Returns
    -------
    xml.etree.ElementTree.Element

    Raises
    ------
    UnreadableInput
        If it is not well-formed, or declares document types or entities.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        return fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise UnreadableInput(f"{location}: {name} contains document type or entity declarations, "
                              "which product metadata must not contain. The file is not used.") from error
    except (ParseError, ValueError) as error:
        raise UnreadableInput(f"{location}: {name} is not readable XML ({error}). "
                              "Copy or download the product again.") from error


def elements(root, name, prefix=""):
    """All elements named `name`, or `prefix` + `name`, in any namespace.

    Returns
    -------
    list of xml.etree.ElementTree.Element
    """
    names = {name, prefix + name}
    return [element for element in root.iter()
            if isinstance(element.tag, str) and element.tag.rsplit("}", 1)[-1] in names]


def text_of(root, name, prefix=""):
    """Text of the first non-empty element named `name`, or `prefix` + `name`; None if there is none."""
    for element in elements(root, name, prefix):
        if element.text and element.text.strip():
            return element.text.strip()
    return None


def time_of(text, location):
    """Parse a time of the metadata, to whole seconds.

    Raises
    ------
    UnreadableInput
        If it is not an ISO date and time.
    """
    try:
        return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise UnreadableInput(f"{location}: the sensing time {text!r} cannot be read.") from error
