"""Untrusted chart files: zip archives, GML, metadata, dBASE tables."""

import struct
import zipfile

import pytest

from floefield.compute.errors import MissingInput, UnreadableInput, UnsuitableInput
from floefield.compute.icechart import chart_files
from floefield.compute.icechart.chart_files import find_charts, open_chart_file
from floefield.compute.icechart.dbf_columns import raw_columns


@pytest.fixture
def scratch_folder(tmp_path):
    folder = tmp_path / "scratch_folder"
    folder.mkdir()
    return folder


def zipped(path, **contents):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return str(path)


def test_charts_are_found_in_subfolders_except_the_excluded_one(tmp_path):
    for name in ("a.shp", "b/c.ZIP", "b/c.dbf", "b/.d.shp", "done/e.gpkg", "f.gml", "g.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_charts(str(tmp_path), exclude=str(tmp_path / "done"))
    assert found == [str(tmp_path / name) for name in ("a.shp", "b/c.ZIP", "f.gml")]
    with pytest.raises(MissingInput, match="does not exist"):
        find_charts(str(tmp_path / "nowhere"))


def test_a_zip_writes_nothing_outside_the_scratch_folder(tmp_path, scratch_folder):
    for name in ("../../../evil.shp", "/abs/evil.shp", "a\\..\\..\\b.shp"):
        path = zipped(tmp_path / "hostile.zip", **{"a.shp": b"1", name: b"2"})
        before = set(tmp_path.rglob("*"))
        with pytest.raises(UnreadableInput, match="path outside the archive"):
            open_chart_file(path, str(scratch_folder))
        assert set(tmp_path.rglob("*")) == before

    path = zipped(tmp_path / "arctic201008.zip", **{"a/chart.shp": b"1", "b/chart.shp": b"2", "run.exe": b"3"})
    before = set(tmp_path.rglob("*"))
    charts = open_chart_file(path, str(scratch_folder))
    assert len(charts) == 2 and all(chart.origin == path for chart in charts)
    new = set(tmp_path.rglob("*")) - before
    assert [file.name for file in new if file.is_file()] == ["chart.shp", "chart.shp"]
    assert all(scratch_folder in file.parents for file in new)


def test_nested_zips_are_extracted_one_level_deep(tmp_path, scratch_folder):
    inner = zipped(tmp_path / "inner.zip", **{"06092021_CEXPRWA.shp": b"1"})
    with open(inner, "rb") as file:
        path = zipped(tmp_path / "outer.zip", **{"inner.zip": file.read()})
    (chart,) = open_chart_file(path, str(scratch_folder))
    assert chart.names == ("06092021_CEXPRWA", "outer")


def test_a_zip_bomb_is_rejected(tmp_path, scratch_folder, monkeypatch):
    monkeypatch.setattr(chart_files, "MAX_UNPACKED_BYTES", 3 * 2**20)
    path = zipped(tmp_path / "bomb.zip", **{"a.shp": bytes(4 * 2**20)})
    with pytest.raises(UnreadableInput, match="far more than an ice chart"):
        open_chart_file(path, str(scratch_folder))
    inner = zipped(tmp_path / "inner.zip", **{"a.shp": bytes(2 * 2**20)})
    with open(inner, "rb") as file:
        content = file.read()
    path = zipped(tmp_path / "nested.zip", **{"one.zip": content, "two.zip": content})
    with pytest.raises(UnreadableInput, match="far more than an ice chart"):
        open_chart_file(path, str(scratch_folder))
    monkeypatch.setattr(chart_files, "MAX_UNPACKED_FILES", 5)
    path = zipped(tmp_path / "many.zip", **{f"{number}.shp": b"" for number in range(9)})
    with pytest.raises(UnreadableInput, match="more than 5 files"):
        open_chart_file(path, str(scratch_folder))


@pytest.mark.parametrize(("name", "content", "error", "words"), [
    ("half.zip", b"PK\3\4 and then nothing", UnreadableInput, "not a complete zip"),
    ("chart.gml", b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a/>", UnreadableInput, "document type"),
    ("utf16.gml", "<?xml version='1.0' encoding='UTF-16'?><!DOCTYPE a [<!ENTITY b 'c'>]><a/>".encode("utf-16"),
     UnreadableInput, "document type"),
    ("broken.gml", b"<?xml version='1.0'?>no element", UnreadableInput, "not readable XML"),
    ("chart.pdf", b"%PDF", UnsuitableInput, "not an ice chart in a supported format"),
])
def test_files_that_are_no_chart_are_rejected(tmp_path, scratch_folder, name, content, error, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=words):
        open_chart_file(str(tmp_path / name), str(scratch_folder))


def test_a_zip_without_a_chart_is_rejected(tmp_path, scratch_folder):
    with pytest.raises(UnsuitableInput, match="contains no chart"):
        open_chart_file(zipped(tmp_path / "a.zip", **{"readme.txt": b"hello"}), str(scratch_folder))


@pytest.mark.parametrize("beside", ["chart.shp.xml", "chart.xml", "CHART.XML"])
def test_metadata_beside_a_chart_are_found(tmp_path, scratch_folder, beside):
    (tmp_path / "chart.shp").touch()
    (tmp_path / beside).write_bytes(b"<metadata/>")
    (chart,) = open_chart_file(str(tmp_path / "chart.shp"), str(scratch_folder))
    assert chart.metadata == b"<metadata/>"


def test_text_columns_keep_their_blanks(tmp_path):
    """A table of dBASE III, byte by byte: header, two fields, two records."""
    fields = [(b"ICESOD", b"C", 10), (b"AREA", b"N", 4)]
    header = struct.pack("<4BIHH20x", 3, 120, 1, 1, 2, 32 + 32 * 2 + 1, 1 + 10 + 4)
    descriptors = b"".join(name.ljust(11, b"\0") + kind + bytes(4) + bytes([width]) + bytes(15)
                           for name, kind, width in fields)
    records = b"   9591    " + b"   1" + b" 95        " + b"   2"
    path = tmp_path / "chart.dbf"
    path.write_bytes(header + descriptors + b"\r" + records + b"\x1a")
    assert raw_columns(str(path), ["icesod", "AREA", "CT"]) == {"ICESOD": ["  9591    ", "95        "]}
    path.write_bytes(path.read_bytes()[:100])
    assert raw_columns(str(path), ["ICESOD"]) == {}
    assert raw_columns(str(tmp_path / "none.dbf"), ["ICESOD"]) == {}
