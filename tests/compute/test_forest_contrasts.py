"""Band differences: values, model file, and importance in the report."""

from dataclasses import replace

import numpy as np
import pytest

from floefield.compute.classification.apply_model import ApplyTask, apply_model
from floefield.compute.classification.bands import add_band_differences, band_pairs
from floefield.compute.classification.class_maps import MapPaths
from floefield.compute.classification.classify import ClassificationTask, classify
from floefield.compute.classification.prediction import MapRules
from floefield.compute.classification.training_report import band_importances
from floefield.compute.classifiers.forest_model import ForestSettings
from floefield.compute.classifiers.model_file import load_model, save_model
from floefield.compute.errors import UnreadableInput
from floefield.compute.progress import Progress
from floefield.compute.raster.band_metadata import band_difference_name
from tests.fieldscene import parcels, read, reflectance, write

DATED = ("B04_20180627", "NDVI_20180627", "B08_20180627", "HH_20180627", "B8A_20180707", "B04_20180707")


def test_pairs_are_bands_of_one_date():
    pairs = band_pairs(DATED)
    assert pairs == [(0, 2), (4, 5)]
    assert [band_difference_name(DATED, pair) for pair in pairs] == ["ND_B04_B08_20180627", "ND_B8A_B04_20180707"]
    assert band_pairs(("B04", "B08", "B11")) == [(0, 1), (0, 2), (1, 2)]


def test_a_band_difference_is_the_normalised_difference():
    features = np.array([[0.1, 0.3, 0], [0.004, 0.002, 0], [np.nan, 0.3, 0]], np.float32)
    add_band_differences(features, np.array([[0, 1]]))
    np.testing.assert_allclose(features[:, 2], [-0.5, 0.2, np.nan], rtol=1e-6)


@pytest.fixture
def scene(tmp_path):
    values = reflectance(0.3)
    values[:, 3:6, 5:9] = np.nan
    return write(tmp_path / "scene.tif", values, ("B04_20180627", "B08_20180627"))


def run(scene, folder, rules, **forest):
    task = ClassificationTask(rasters=(scene,), parcels=parcels(), rules=rules,
                              forest=ForestSettings(trees=20, threads=1, **forest))
    maps = MapPaths(*(str(folder / f"{name}.tif") for name in ("classes", "confidence", "probabilities")))
    return classify(task, maps, str(folder / "model.ffm"), "", Progress())


def test_a_loaded_model_computes_the_same_band_differences(scene, tmp_path):
    result = run(scene, tmp_path, MapRules())
    model = str(tmp_path / "model.ffm")
    assert load_model(model).features == ("B04_20180627", "B08_20180627", "ND_B04_B08_20180627")
    assert result.model.bands == ("B04_20180627", "B08_20180627")

    again = tmp_path / "again.tif"
    apply_model(ApplyTask((scene,), model, threads=1), MapPaths(str(again)), Progress())
    np.testing.assert_array_equal(read(again)[0], read(tmp_path / "classes.tif")[0])

    values, _ = read(scene)
    other_year = write(tmp_path / "other.tif", values, ("B04_20190627", "B08_20190627"))
    apply_model(ApplyTask((other_year,), model, "order", threads=1), MapPaths(str(again)), Progress())
    np.testing.assert_array_equal(read(again)[0], read(tmp_path / "classes.tif")[0])


def test_the_importance_of_a_band_difference_is_divided_between_its_bands(scene, tmp_path):
    model = run(scene, tmp_path, MapRules()).model
    red, infrared, difference = model.classifier.importances
    assert band_importances(model) == (("B04_20180627", red + difference / 2),
                                        ("B08_20180627", infrared + difference / 2))


@pytest.mark.parametrize("pair", [(0, 2), (1, 0), (0, 0), (-1, 1), (0,), (0, 1.0)])
def test_forged_band_differences_are_refused(scene, tmp_path, pair):
    model = run(scene, tmp_path, MapRules()).model
    save_model(str(tmp_path / "forged.ffm"), replace(model, band_differences=(pair,)))
    with pytest.raises(UnreadableInput, match="damaged"):
        load_model(str(tmp_path / "forged.ffm"))
