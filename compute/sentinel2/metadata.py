"""Reading the XML of a Sentinel-2 product: product metadata, tile metadata and masks, without trusting any of it."""

from datetime import datetime

from ..errors import UnreadableInput


def parse_xml(text, location, name):
    """The root element of an XML file of a product.

    Parameters
    ----------
    text : bytes
    location, name : str
        The product and the file in it, for messages.

    Returns
    -------
    xml.etree.ElementTree.Element

    Raises
    ------
    UnreadableInput
        If it is no XML, or declares document types or entities.
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        return fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise UnreadableInput(f"{location}: {name} contains document type or entity declarations, "
                              "which product metadata never does. The file is not used.") from error
    except (ParseError, ValueError) as error:
        raise UnreadableInput(f"{location}: {name} is not readable XML ({error}). "
                              "Copy or download the product again.") from error


def elements(root, name, prefix=""):
    """All elements called `name`, or `prefix` + `name`, in any name space.

    Returns
    -------
    list of xml.etree.ElementTree.Element
    """
    names = {name, prefix + name}
    return [element for element in root.iter()
            if isinstance(element.tag, str) and element.tag.rsplit("}", 1)[-1] in names]


def text_of(root, name, prefix=""):
    """The text of the first such element that has one, or None."""
    for element in elements(root, name, prefix):
        if element.text and element.text.strip():
            return element.text.strip()
    return None


def time_of(text, location):
    """A time of the metadata, in whole seconds.

    Raises
    ------
    UnreadableInput
        If it is no time.
    """
    try:
        return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
    except ValueError as error:
        raise UnreadableInput(f"{location}: the sensing time {text!r} cannot be read.") from error
