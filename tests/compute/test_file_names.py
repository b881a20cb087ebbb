"""No name from inside a product, chart or attribute leaves the folder that a tool writes to."""

import os

import pytest

from floefield.compute.file_names import clean_name


@pytest.mark.parametrize("text", [
    "../../etc/passwd", "/etc/passwd", "..", ".", "", "C:\\Windows\\x", "a/../../b", "nul\0byte", "...hidden",
    "line\nbreak", "x" * 400, "%2e%2e%2fx", "{layer}|layername=x", "~/x", "$(rm -rf x)"])
def test_a_hostile_name_stays_in_its_folder(tmp_path, text):
    name = clean_name(text)
    path = os.path.realpath(tmp_path / name)
    assert os.path.dirname(path) == os.path.realpath(tmp_path)
    assert not name.startswith(".") and len(name) <= 120


def test_an_ordinary_name_is_kept():
    assert clean_name("S1A_EW_GRDM_20201008T081941_034746") == "S1A_EW_GRDM_20201008T081941_034746"
