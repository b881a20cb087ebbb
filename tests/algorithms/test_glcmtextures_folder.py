"""Tool ``glcmtextures`` with a folder of images: outputs are those of the single images."""

import os

import numpy as np
import pytest
from qgis.core import QgsProcessingException

from .. import fieldscene

SMALL = {"WINDOW": 5, "FEATURES": ["contrast", "entropy"]}


@pytest.fixture
def folder(tmp_path):
    """Two scenes, one of them in a subfolder."""
    images = tmp_path / "scenes"
    (images / "later").mkdir(parents=True)
    rng = np.random.default_rng(1)
    for name in ("a.tif", "later/b.tif"):
        fieldscene.write(images / name, rng.normal(-16, 5, (2, 40, 50)).astype(np.float32), ["HH", "HV"])
    return images


def truncate(path):
    path.write_bytes(path.read_bytes()[:2000])


def test_textures_of_a_folder_are_those_of_single_images(run, folder, tmp_path):
    results = run("glcmtextures", {"INPUT_FOLDER": str(folder), "OUTPUT_FOLDER": str(tmp_path / "out"), **SMALL})

    assert sorted(os.listdir(tmp_path / "out")) == ["a_textures.qml", "a_textures.tif", "b_textures.qml",
                                                    "b_textures.tif"]
    assert (results["SCENE_COUNT"], results["FAILED_COUNT"]) == (2, 0)
    for image in ("a", "later/b"):
        run("glcmtextures", {"INPUT": str(folder / f"{image}.tif"), "OUTPUT": str(tmp_path / "one.tif"), **SMALL})
        many = tmp_path / "out" / f"{image[-1]}_textures.tif"
        assert many.read_bytes() == (tmp_path / "one.tif").read_bytes()
        assert many.with_suffix(".qml").read_bytes() == (tmp_path / "one.qml").read_bytes()


def test_a_broken_image_is_reported_and_the_others_are_processed(run, feedback, folder, tmp_path):
    truncate(folder / "a.tif")

    results = run("glcmtextures", {"INPUT_FOLDER": str(folder), "OUTPUT_FOLDER": str(tmp_path / "out"), **SMALL})

    assert (results["SCENE_COUNT"], results["FAILED_COUNT"]) == (1, 1)
    assert "a.tif" in " ".join(feedback.warned)
    assert sorted(os.listdir(tmp_path / "out")) == ["b_textures.qml", "b_textures.tif"]


def test_on_error_fail_ends_with_an_error(run, folder, tmp_path):
    truncate(folder / "a.tif")

    with pytest.raises(QgsProcessingException, match=(
            r"1 of 2 rasters could not be used, the others were processed.*a.tif")):
        run("glcmtextures", {"INPUT_FOLDER": str(folder), "OUTPUT_FOLDER": str(tmp_path / "out"),
                             "ON_ERROR": "skip_then_fail",
                             **SMALL})
    assert (tmp_path / "out" / "b_textures.tif").exists()


def test_nothing_is_written_if_no_image_can_be_used(run, folder, tmp_path):
    with pytest.raises(QgsProcessingException, match=r"None of the 2 rasters could be used.*has no band VV"):
        run("glcmtextures", {"INPUT_FOLDER": str(folder), "OUTPUT_FOLDER": str(tmp_path / "out"), "BANDS": "VV"})
    assert os.listdir(tmp_path) == ["scenes"]


def test_two_images_with_the_same_name_are_not_overwritten(run, feedback, folder, tmp_path):
    (folder / "later" / "a.tif").write_bytes((folder / "a.tif").read_bytes())

    results = run("glcmtextures", {"INPUT_FOLDER": str(folder), "OUTPUT_FOLDER": str(tmp_path / "out"), **SMALL})

    assert (results["SCENE_COUNT"], results["FAILED_COUNT"]) == (2, 1)
    assert "would have the same file name. Rename one" in " ".join(feedback.warned)


def test_outputs_of_an_earlier_run_are_not_inputs(run, folder):
    for _ in range(2):
        run("glcmtextures", {"INPUT_FOLDER": str(folder), "OUTPUT_FOLDER": str(folder / "textures"), **SMALL})
    assert len(os.listdir(folder / "textures")) == 4


@pytest.mark.parametrize(("paths", "words"), [
    ({}, "Give either an image"), ({"INPUT": "image", "INPUT_FOLDER": "scenes", "OUTPUT": "one.tif"}, "Give either"),
    ({"INPUT": "image"}, "INPUT requires OUTPUT"), ({"INPUT_FOLDER": "scenes"}, "INPUT_FOLDER requires OUTPUT_FOLDER"),
    ({"INPUT": "image", "OUTPUT": "one.tif", "OUTPUT_FOLDER": "out"}, "OUTPUT_FOLDER is used with INPUT_FOLDER only"),
    ({"INPUT_FOLDER": "scenes", "OUTPUT_FOLDER": "scenes"}, "OUTPUT_FOLDER is the folder of the images")])
def test_inputs_and_outputs_that_do_not_match_are_refused(run, feedback, folder, tmp_path, paths, words):
    known = {"image": folder / "a.tif", "scenes": folder, "out": tmp_path / "out", "one.tif": tmp_path / "one.tif"}
    with pytest.raises(QgsProcessingException) as refusal:
        run("glcmtextures", {name: str(known[path]) for name, path in paths.items()})
    assert words in f"{refusal.value} {feedback.warned}"
    assert os.listdir(tmp_path) == ["scenes"]
