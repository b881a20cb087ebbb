"""Output files of a batch appear together, or not at all; existing files are kept."""

import pytest

from floefield.compute.errors import OutputError
from floefield.compute.output_files import added_files


def fill(folder, **contents):
    with added_files(str(folder)) as partial:
        for name, text in contents.items():
            with open(f"{partial}/{name}", "w") as file:
                file.write(text)
                assert not (folder / name).exists() or (folder / name).read_text() != text


def texts(folder):
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_files_are_added_and_replaced(tmp_path):
    fill(tmp_path / "new" / "deep", a="1")
    (tmp_path / "new" / "deep" / "mine").write_text("kept")
    fill(tmp_path / "new" / "deep", a="2", b="3")
    assert texts(tmp_path) == {"new/deep/a": "2", "new/deep/b": "3", "new/deep/mine": "kept"}


@pytest.mark.parametrize("folder", ["new/deep", "old"])
def test_an_error_leaves_the_folder_unchanged(tmp_path, folder):
    fill(tmp_path / "old", a="1")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(KeyError), added_files(str(tmp_path / folder)) as partial:
        (tmp_path / partial / "a").write_text("2")
        raise KeyError
    assert sorted(tmp_path.rglob("*")) == before
    assert texts(tmp_path) == {"old/a": "1"}


def test_a_file_in_place_of_the_folder_is_rejected(tmp_path):
    (tmp_path / "file").touch()
    for path in ("file", "file/below"):
        with pytest.raises(OutputError, match="file"):
            fill(tmp_path / path, a="1")
    assert texts(tmp_path) == {"file": ""}
