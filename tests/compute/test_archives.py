"""Zip archives that are not trusted are checked before anything is unpacked."""

import io
import zipfile

import pytest

from floefield.compute import archives
from floefield.compute.archives import Budget, DamagedArchive, open_archive
from floefield.compute.errors import MissingInput, UnreadableInput

MEGABYTE = 2**20


def zipped(path, **contents):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return str(path)


def budget(max_bytes=10 * MEGABYTE, max_files=10):
    return Budget(max_bytes, max_files, "a chart")


def test_a_genuine_archive_is_opened(tmp_path):
    path = zipped(tmp_path / "a.zip", **{"a/b.txt": b"text", "..c": b"no parent folder"})
    with open_archive(path, budget()) as archive:
        assert archive.read("a/b.txt") == b"text"


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/a", "C:/a", "a\\..\\..\\b", "\\a"])
def test_names_that_leave_the_folder_are_rejected(tmp_path, name):
    with pytest.raises(UnreadableInput, match="a path outside the archive"), open_archive(
            zipped(tmp_path / "a.zip", **{name: b"text"}), budget()):
        pass


def test_an_implausible_compression_ratio_is_rejected(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "SMALL_FILE_BYTES", MEGABYTE)
    path = zipped(tmp_path / "a.zip", small=bytes(MEGABYTE))
    with open_archive(path, budget()):
        pass
    path = zipped(tmp_path / "a.zip", large=bytes(MEGABYTE + 1))
    with pytest.raises(UnreadableInput, match="not plausible"), open_archive(path, budget()):
        pass


def test_total_size_and_number_of_files_are_limited(tmp_path):
    path = zipped(tmp_path / "a.zip", **{str(number): bytes(MEGABYTE) for number in range(5)})
    with open_archive(path, budget(5 * MEGABYTE, 5)):
        pass
    with pytest.raises(UnreadableInput, match=r"more than 0\.00488 GB, far more than a chart"), open_archive(
            path, budget(5 * MEGABYTE - 1)):
        pass
    with pytest.raises(UnreadableInput, match="more than 4 files, far more than a chart"), open_archive(
            path, budget(max_files=4)):
        pass


def test_inner_archives_spend_the_same_budget(tmp_path):
    inner = zipped(tmp_path / "inner.zip", a=bytes(4 * MEGABYTE))
    one_budget = budget(10 * MEGABYTE)
    for _ in range(2):
        with open_archive(inner, one_budget):
            pass
    with pytest.raises(UnreadableInput, match="far more than a chart"), open_archive(inner, one_budget):
        pass


def test_a_size_that_the_directory_understates_is_never_exceeded(tmp_path):
    """The budget relies on the sizes of the directory: zipfile stops there, and then reports a damaged file."""
    path = zipped(tmp_path / "a.zip", a=bytes(MEGABYTE))
    with zipfile.ZipFile(path) as archive:
        entry = archive.getinfo("a")
    content = bytearray((tmp_path / "a.zip").read_bytes())
    size = MEGABYTE.to_bytes(4, "little")
    position = content.index(size, content.index(b"PK\1\2"))
    content[position:position + 4] = (10).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(content)
    assert entry.file_size == MEGABYTE
    with pytest.raises(DamagedArchive), open_archive(path, budget()) as archive:
        archive.read("a")


@pytest.mark.parametrize("content", [b"", b"PK\3\4 and then nothing", b"text"])
def test_a_file_that_is_no_archive_is_damaged(tmp_path, content):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DamagedArchive, match="not a complete zip file"), open_archive(
            str(tmp_path / "a.zip"), budget()):
        pass


def test_damaged_data_are_reported_while_reading(tmp_path):
    path = zipped(tmp_path / "a.zip", a=bytes(range(256)) * 100)
    content = bytearray((tmp_path / "a.zip").read_bytes())
    content[40:60] = b"x" * 20
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DamagedArchive), open_archive(path, budget()) as archive:
        archive.read("a")


def test_a_missing_file_and_other_errors_are_told_apart(tmp_path):
    with pytest.raises(MissingInput), open_archive(str(tmp_path / "none.zip"), budget()):
        pass
    path = zipped(tmp_path / "a.zip", a=b"text")
    for error in (KeyError, RuntimeError, io.UnsupportedOperation):
        with pytest.raises(error), open_archive(path, budget()):
            raise error("of the caller")
