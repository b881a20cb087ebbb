"""Scratch folders and files lie on the disk of the output and vanish."""

import os
import threading

import numpy as np
import pytest

from floefield.compute.errors import OutputError
from floefield.compute.scratch import ScratchArrays, nearest_folder, open_scratch_file, scratch_folder


@pytest.mark.parametrize(("output", "expected"), [
    ("folder", "folder"), ("folder/map.tif", "folder"), ("folder/existing.tif", "folder"),
    ("folder/new/deep/map.tif", "folder"), ("folder/new folder", "folder"), ("new.tif", ".")])
def test_scratch_lies_beside_a_file_and_inside_a_folder(tmp_path, output, expected):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "existing.tif").touch()
    before = sorted(tmp_path.rglob("*"))
    with scratch_folder(str(tmp_path / output)) as folder:
        assert os.path.dirname(folder) == str((tmp_path / expected).resolve()) == nearest_folder(tmp_path / output)
        assert os.path.basename(folder).startswith(".") and not os.listdir(folder)
        with open(os.path.join(folder, "part"), "w") as file:
            file.write("text")
    assert sorted(tmp_path.rglob("*")) == before


def test_scratch_is_removed_after_an_error(tmp_path):
    with pytest.raises(KeyError), scratch_folder(str(tmp_path)) as folder:
        os.mkdir(os.path.join(folder, "deep"))
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_two_runs_have_folders_of_their_own(tmp_path):
    with scratch_folder(str(tmp_path / "map.tif")) as first, scratch_folder(str(tmp_path / "map.tif")) as second:
        assert first != second


def test_a_scratch_file_has_no_name(tmp_path):
    with open_scratch_file(str(tmp_path / "map.tif")) as file:
        assert not list(tmp_path.iterdir())
        file.write(b"text")


@pytest.mark.parametrize("create", [lambda path: scratch_folder(path).__enter__(), open_scratch_file, ScratchArrays])
def test_a_folder_that_cannot_be_written_to_is_reported(tmp_path, create):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"Temporary files cannot be written to .*file: .*Check the folder"):
        create(str(tmp_path / "file" / "map.tif"))


def test_arrays_come_back_as_they_were_from_many_threads(tmp_path):
    arrays = {key: (np.arange(key, dtype=np.int64), np.full(3, key, np.uint8)) for key in range(40)}
    store = ScratchArrays(str(tmp_path))
    threads = [threading.Thread(target=store.put, args=(key, *values)) for key, values in arrays.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for key, values in arrays.items():
        for found, expected in zip(store.take(key), values):
            assert found.dtype == expected.dtype and np.array_equal(found, expected)
    store.close()


def test_a_full_disk_is_reported(tmp_path):
    store = ScratchArrays(str(tmp_path))
    store._file.close()
    store._file = open("/dev/full", "r+b", buffering=0)  # noqa: SIM115, closed by the store
    with pytest.raises(OutputError, match="No space left on device"):
        store.put("key", np.zeros(8))
    store.close()
