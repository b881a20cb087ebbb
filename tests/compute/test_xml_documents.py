"""XML that is not trusted: no document types or entities in any encoding, and a limit of size."""

from datetime import datetime

import pytest

from floefield.compute import xml_documents
from floefield.compute.errors import UnreadableInput
from floefield.compute.xml_documents import elements, parse_xml, require_no_document_type, text_of, time_of

ENCODINGS = ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "iso-8859-1", "us-ascii"]
BILLION_LAUGHS = "<!DOCTYPE a [<!ENTITY b 'ha'><!ENTITY c '&b;&b;&b;&b;'>]><a>&c;</a>"
EXTERNAL = "<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"
PLAIN_TYPE = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'><a>text</a>"


def encoded(text, encoding):
    declared = encoding.upper()[:6] if encoding.startswith("utf-16") else encoding
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    return mark + f"<?xml version='1.0' encoding='{declared}'?>{text}".encode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_document_is_parsed_in_any_encoding(encoding):
    assert parse_xml(encoded("<a><b>text</b></a>", encoding), "here").findtext("b") == "text"


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("text", [BILLION_LAUGHS, EXTERNAL, PLAIN_TYPE])
def test_document_types_are_rejected_in_any_encoding(tmp_path, text, encoding):
    with pytest.raises(UnreadableInput, match=r"^here contains document type or entity declarations"):
        parse_xml(encoded(text, encoding), "here")
    (tmp_path / "a.gml").write_bytes(encoded(text, encoding))
    with pytest.raises(UnreadableInput, match=r"a\.gml contains document type"):
        require_no_document_type(str(tmp_path / "a.gml"))


def test_a_document_type_may_be_allowed_but_entities_never():
    assert parse_xml(encoded(PLAIN_TYPE, "utf-8"), "style", allow_document_type=True).text == "text"
    for text in (BILLION_LAUGHS, EXTERNAL):
        with pytest.raises(UnreadableInput, match="entity declarations"):
            parse_xml(encoded(text, "utf-8"), "style", allow_document_type=True)


@pytest.mark.parametrize("text", [
    b"", b"text", b"<a>", b"<a></b>", b"\xff<a/>", b"<?xml version='1.0' encoding='no-such-encoding'?><a/>"])
def test_broken_documents_are_reported(text):
    with pytest.raises(UnreadableInput, match=r"^here is not readable XML"):
        parse_xml(text, "here")


def test_a_document_that_is_too_large_is_rejected(monkeypatch):
    monkeypatch.setattr(xml_documents, "MAX_XML_BYTES", 100)
    assert parse_xml(b"<a>" + b" " * 93 + b"</a>", "here").tag == "a"
    with pytest.raises(UnreadableInput, match="too much for an XML document"):
        parse_xml(b"<a>" + b" " * 94 + b"</a>", "here")


def test_only_the_beginning_of_a_large_file_is_read(tmp_path):
    (tmp_path / "a.gml").write_bytes(b"<?xml version='1.0'?><a>" + b"<b/>" * 100_000 + b"<broken")
    require_no_document_type(str(tmp_path / "a.gml"))


def test_elements_and_texts_are_found_in_any_namespace():
    root = parse_xml(b"<p:a xmlns:p='x'><p:b> </p:b><b> one </b><S2_b>two</S2_b><!-- b --></p:a>", "here")
    assert [element.text for element in elements(root, "b")] == [" ", " one "]
    assert [element.text for element in elements(root, "b", "S2_")] == [" ", " one ", "two"]
    assert (text_of(root, "b"), text_of(root, "c")) == ("one", None)


def test_times_are_parsed_to_seconds():
    assert time_of("2022-06-17T10:40:31.024Z", "here") == datetime(2022, 6, 17, 10, 40, 31)
    with pytest.raises(UnreadableInput, match="here: the sensing time 'today' cannot be read"):
        time_of("today", "here")
