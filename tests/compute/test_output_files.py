"""Output files and folders are complete or absent, and earlier files stay until then, byte for byte."""

import errno
import os
import pathlib
import stat
import subprocess

import pytest

from floefield.compute.errors import Cancelled, OutputError
from floefield.compute.output_files import OutputSet


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def texts(folder):
    """Return the text of each file below a folder, hidden ones included."""
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_files_and_folders_appear_together_at_the_end(tmp_path):
    (tmp_path / "a.txt").write_text("earlier")
    with OutputSet() as outputs:
        write(outputs.file(tmp_path / "a.txt"), "1")
        write(outputs.file(tmp_path / "deep" / "b.csv"), "2")
        write(os.path.join(outputs.folder(tmp_path / "new" / "deep"), "c"), "3")
        assert (tmp_path / "a.txt").read_text() == "earlier"
        assert not (tmp_path / "deep" / "b.csv").exists() and not (tmp_path / "new" / "deep").exists()
    assert texts(tmp_path) == {"a.txt": "1", "deep/b.csv": "2", "new/deep/c": "3"}


def test_a_temporary_file_is_a_hidden_sibling_with_the_same_suffix(tmp_path):
    with OutputSet() as outputs:
        first, second = (outputs.file(tmp_path / "map.tif") for _ in range(2))
        assert first != second
        for path in (first, second):
            assert os.path.dirname(path) == str(tmp_path)
            assert os.path.basename(path).startswith(".") and path.endswith(".tif")
            write(path, "map")


def test_a_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").touch()
    with OutputSet() as outputs:
        write(outputs.file(tmp_path / "a"), "1")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


@pytest.mark.parametrize("error", [KeyError, Cancelled, KeyboardInterrupt])
def test_an_error_or_cancellation_leaves_everything_as_it_was(tmp_path, error):
    (tmp_path / "a.txt").write_text("earlier")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "b").write_text("earlier")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error), OutputSet() as outputs:
        write(outputs.file(tmp_path / "a.txt"), "1")
        write(outputs.file(tmp_path / "deep" / "er" / "c.txt"), "2")
        write(outputs.parts(tmp_path / "shapes" / "d.shp"), "3")
        write(os.path.join(outputs.folder(tmp_path / "old"), "b"), "4")
        write(os.path.join(outputs.folder(tmp_path / "new"), "e"), "5")
        outputs.remove(tmp_path / "a.txt")
        raise error
    assert sorted(tmp_path.rglob("*")) == before
    assert texts(tmp_path) == {"a.txt": "earlier", "old/b": "earlier"}


@pytest.mark.parametrize("broken", range(5))
def test_a_rename_that_fails_brings_the_earlier_files_back(tmp_path, monkeypatch, broken):
    """Whichever of the renames fails, such as that over a file that is open in another program."""
    for name in ("a", "b.tif", "old.qml"):
        (tmp_path / name).write_text("earlier")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "c").write_text("earlier")
    before, replace, calls = texts(tmp_path), os.replace, []

    def failing(source, target):
        calls.append(target)
        if len(calls) == broken + 1:
            raise PermissionError(errno.EACCES, "Permission denied", source, None, target)
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(OutputError, match="cannot be written: Permission denied"), OutputSet() as outputs:
        write(outputs.file(tmp_path / "a"), "1")
        write(outputs.file(tmp_path / "b.tif"), "2")
        folder = outputs.folder(tmp_path / "folder")
        for name in ("c", "d"):
            write(os.path.join(folder, name), "3")
        write(os.path.join(outputs.folder(tmp_path / "new"), "e"), "4")
        outputs.remove(tmp_path / "old.qml")
    assert texts(tmp_path) == before
    assert not (tmp_path / "new").exists()


def test_a_file_that_cannot_be_removed_brings_the_earlier_files_back(tmp_path, monkeypatch):
    for name in ("a", "old.qml"):
        (tmp_path / name).write_text("earlier")
    remove = os.remove

    def failing(path):
        if path == str(tmp_path / "old.qml"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        remove(path)

    monkeypatch.setattr(os, "remove", failing)
    with pytest.raises(OutputError, match=r"old\.qml cannot be written"), OutputSet() as outputs:
        write(outputs.file(tmp_path / "a"), "1")
        outputs.remove(tmp_path / "old.qml")
    assert texts(tmp_path) == {"a": "earlier", "old.qml": "earlier"}


def test_a_disk_without_hard_links_keeps_complete_files_only(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("earlier")

    def unsupported(*arguments, **options):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", unsupported)
    with OutputSet() as outputs:
        write(outputs.file(tmp_path / "a"), "1")
        write(outputs.file(tmp_path / "b"), "2")
    assert texts(tmp_path) == {"a": "1", "b": "2"}


def test_main_files_are_renamed_last(tmp_path, monkeypatch):
    order, replace = [], os.replace
    monkeypatch.setattr(os, "replace", lambda source, target: (order.append(os.path.basename(target)),
                                                               replace(source, target)))
    with OutputSet() as outputs:
        for name in ("map.tif", "map.qml", "map.tif.aux.xml"):
            write(outputs.file(tmp_path / name), name)
        outputs.main(tmp_path / "map.tif")
    assert order == ["map.qml", "map.tif.aux.xml", "map.tif"]


def test_all_parts_of_a_format_become_siblings_the_requested_one_last(tmp_path, monkeypatch):
    (tmp_path / "a.qix").write_text("index of an earlier shapefile")
    order, replace = [], os.replace
    monkeypatch.setattr(os, "replace", lambda source, target: (order.append(os.path.basename(target)),
                                                               replace(source, target)))
    with OutputSet() as outputs:
        path = outputs.parts(tmp_path / "a.shp")
        assert os.path.basename(path) == "a.shp"
        for suffix in (".shp", ".shx", ".dbf"):
            write(path[:-4] + suffix, suffix)
        for suffix in (".shp", ".dbf", ".qix"):
            outputs.remove(tmp_path / f"a{suffix}")
    assert texts(tmp_path) == {"a.shp": ".shp", "a.shx": ".shx", "a.dbf": ".dbf"}
    assert order == ["a.dbf", "a.shx", "a.shp"]


def test_every_file_is_verified_before_any_is_renamed(tmp_path):
    def verify(path):
        if pathlib.Path(path).read_text() != "whole":
            raise OutputError("it is damaged")

    (tmp_path / "a").write_text("earlier")
    with OutputSet() as outputs:
        write(outputs.file(tmp_path / "a", verify), "whole")
    with pytest.raises(OutputError, match="it is damaged"), OutputSet() as outputs:
        write(outputs.file(tmp_path / "a", verify), "whole")
        write(outputs.file(tmp_path / "b", verify), "half")
    with pytest.raises(OutputError, match="c cannot be written: the file is empty"), OutputSet() as outputs:
        write(outputs.file(tmp_path / "a", verify), "whole")
        outputs.file(tmp_path / "c")
    assert texts(tmp_path) == {"a": "whole"}


def test_two_runs_at_once_do_not_disturb_each_other(tmp_path):
    with OutputSet() as first, OutputSet() as second:
        for number, outputs in enumerate((first, second)):
            write(outputs.file(tmp_path / "a"), f"run {number}")
            write(os.path.join(outputs.folder(tmp_path / "new"), f"b{number}"), f"run {number}")
    # the inner set ends first
    assert texts(tmp_path) == {"a": "run 0", "new/b0": "run 0", "new/b1": "run 1"}


def test_the_failure_of_one_run_keeps_the_files_of_another(tmp_path):
    with OutputSet() as first:
        write(first.file(tmp_path / "new" / "a"), "first")
        with pytest.raises(KeyError), OutputSet() as second:
            write(second.file(tmp_path / "new" / "a"), "second")
            raise KeyError
    assert texts(tmp_path) == {"new/a": "first"}


def test_two_runs_at_once_into_a_folder_that_must_be_empty(tmp_path):
    folder = tmp_path / "sample"
    folder.mkdir()
    with pytest.raises(OutputError, match="not empty"), OutputSet() as first:
        write(os.path.join(first.folder(folder, must_be_empty=True), "a"), "first")
        with OutputSet() as second:
            write(os.path.join(second.folder(folder, must_be_empty=True), "b"), "second")
    assert texts(tmp_path) == {"sample/b": "second"}


def test_files_of_a_folder_are_added_and_replaced(tmp_path):
    (tmp_path / "out" / "sub").mkdir(parents=True)
    for name in ("mine", "a", "sub/mine"):
        (tmp_path / "out" / name).write_text("earlier")
    with OutputSet() as outputs:
        folder = outputs.folder(tmp_path / "out")
        os.makedirs(os.path.join(folder, "sub", "deep"))
        for name in ("a", "b", "sub/c", "sub/deep/d"):
            write(os.path.join(folder, name), "new")
    assert texts(tmp_path) == {"out/mine": "earlier", "out/sub/mine": "earlier", "out/a": "new", "out/b": "new",
                               "out/sub/c": "new", "out/sub/deep/d": "new"}


def test_the_hidden_folder_lies_inside_an_existing_folder(tmp_path):
    """A mount point, or a folder with a read-only parent."""
    with OutputSet() as outputs:
        assert os.path.dirname(outputs.folder(tmp_path)) == str(tmp_path)
    assert not list(tmp_path.iterdir())


def test_unsuitable_paths_are_rejected(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "full" / "mine").mkdir(parents=True)
    for method, path, options, words in [
            ("file", "full", {}, "is a folder"), ("parts", "full", {}, "is a folder"),
            ("folder", "file", {}, "is a file"), ("folder", "file/below", {}, "cannot be written"),
            ("file", "file/below", {}, "cannot be written"), ("parts", "file/below/a.shp", {}, "cannot be written"),
            ("folder", "full", {"must_be_empty": True}, "not empty")]:
        with pytest.raises(OutputError, match=words), OutputSet() as outputs:
            getattr(outputs, method)(tmp_path / path, **options)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full", "mine"]


def test_a_read_only_folder_is_reported(tmp_path, monkeypatch):
    def read_only(*arguments, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "mkdir", read_only)
    with pytest.raises(OutputError, match=r"b cannot be written: Permission denied\. Check the folder, its perm"), \
            OutputSet() as outputs:
        outputs.file(tmp_path / "a" / "b")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(OutputError, match="no write permission"), OutputSet() as outputs:
        outputs.folder(tmp_path)
    assert not list(tmp_path.iterdir())


def test_an_error_about_a_file_of_the_set_names_the_output(tmp_path):
    def full():
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match=r"a\.txt cannot be written: No space left"), OutputSet() as outputs:
        outputs.file(tmp_path / "a.txt")
        full()
    with pytest.raises(OutputError, match=r"The folder .*maps cannot be written"), OutputSet() as outputs:
        write(os.path.join(outputs.folder(tmp_path / "maps"), "no folder", "a"), "1")
    with pytest.raises(FileNotFoundError), OutputSet() as outputs:
        outputs.file(tmp_path / "a.txt")
        open(tmp_path / "an input")  # noqa: SIM115
    assert not list(tmp_path.iterdir())


def test_what_is_no_file_is_undone_on_failure_only(tmp_path):
    undone = []
    with OutputSet() as outputs:
        outputs.on_failure(lambda: undone.append("table"))
    assert not undone
    with pytest.raises(KeyError), OutputSet() as outputs:
        outputs.on_failure(lambda: undone.append("table"))
        raise KeyError
    assert undone == ["table"]


def test_a_full_disk_keeps_the_earlier_file(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", str(disk)],
                                      capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        (disk / "a").write_text("earlier")
        with pytest.raises(OutputError, match="a cannot be written: No space left"), OutputSet() as outputs:
            write(outputs.file(disk / "a"), "x" * 1_000_000)
        assert texts(disk) == {"a": "earlier"}
    finally:
        subprocess.run(["umount", str(disk)], check=True)
