"""The Sentinel-1 tool as a script calls it: parameters reach the science, and bad ones are refused in words."""

import numpy as np
import rasterio

from ..sentinel1products import make_product, zipped

FLAT = {"CRS": "EPSG:3413", "LAND_MASK": False, "ANGLE_CORRECTION": False, "BORDER_REMOVAL": False}


def read(path):
    with rasterio.open(path) as file:
        return file.read(), file.descriptions, file.tags()


def test_a_product_a_manifest_and_a_zip_give_the_same_scene(run, tmp_path):
    safe = make_product(tmp_path / "products")
    inputs = {"folder": safe, "manifest": safe / "manifest.safe", "zip": zipped(safe, tmp_path / "scene.zip")}
    scenes = {}
    for name, path in inputs.items():
        results = run("preprocesssentinel1", {**FLAT, "INPUTS": [str(path)], "OUTPUT_FOLDER": str(tmp_path / name)})
        assert results["SCENES"] == 1
        assert results["OUTPUTS"] == [str(tmp_path / name / "S1A_EW_GRDM_20220115T073000_041500.tif")]
        scenes[name] = (tmp_path / name / "S1A_EW_GRDM_20220115T073000_041500.tif").read_bytes()
        assert sorted(path.suffix for path in (tmp_path / name).iterdir()) == [".qml", ".tif"]
    assert scenes["folder"] == scenes["manifest"] == scenes["zip"]
