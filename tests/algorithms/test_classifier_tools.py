"""trainclassifier and applyclassifier as users run them: one writes a model file, the other applies it."""

import numpy as np
import pytest

from tests.fieldscene import CROPS, fields, read, reflectance, write
from tests.modelfiles import grow_model
from tests.parcelfiles import write_geojson

QUICK = {"TREES": 20, "THREADS": 1}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    return {"RASTERS": [write(folder / "scene.tif", reflectance(0.15))],
            "TRAINING": str(write_geojson(folder / "parcels.geojson", fields())), "CLASS_FIELD": "crop"}


def test_training_and_applying_equals_classifycrops(run, inputs, tmp_path):
    trained = run("trainclassifier", {**inputs, **QUICK, "MODEL": str(tmp_path / "crops.ffm"),
                                        "REPORT": str(tmp_path / "report.html")})
    applied = run("applyclassifier", {"RASTERS": inputs["RASTERS"], "MODEL": trained["MODEL"],
                                        "OUTPUT": str(tmp_path / "applied.tif")})
    whole = run("classifycrops", {**inputs, **QUICK, "OUTPUT": str(tmp_path / "whole.tif")})

    assert (tmp_path / "applied.tif").read_bytes() == (tmp_path / "whole.tif").read_bytes()
    assert set(trained) == {"MODEL", "REPORT", "OVERALL_ACCURACY", "KAPPA"} and set(applied) == {"OUTPUT"}
    assert [trained[name] for name in ("OVERALL_ACCURACY", "KAPPA")] == [
        whole[name] for name in ("OVERALL_ACCURACY", "KAPPA")]
    assert "Validation" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_map_of_a_model_has_colours_and_class_names(run, inputs, tmp_path):
    from qgis.core import QgsPalettedRasterRenderer, QgsRasterLayer

    model = grow_model(tmp_path / "model.ffm", reflectance(0.15))
    result = run("applyclassifier", {"RASTERS": inputs["RASTERS"], "MODEL": model,
                                       "OUTPUT": str(tmp_path / "map.tif")})
    layer = QgsRasterLayer(result["OUTPUT"])

    assert isinstance(layer.renderer(), QgsPalettedRasterRenderer)
    assert [entry.label for entry in layer.renderer().classes()] == ["Barley", "Maize", "Wheat"]


def test_every_parameter_reaches_the_forest_settings(run, inputs, tmp_path):
    from floefield.compute.classifiers.forest_model import ForestSettings
    from floefield.compute.classifiers.model_file import load_model

    run("trainclassifier", {
        **inputs, "TREES": 12, "SAMPLES_PER_CLASS": 70, "SAMPLING_STRATEGY": "smallest", "TOTAL_SAMPLES": 150,
        "SAMPLES_PER_PARCEL": 9, "CLASSIFIER": "extra_trees", "MIN_SAMPLES_LEAF": 2, "MAX_DEPTH": 7,
        "FEATURES_PER_SPLIT": 1, "BALANCED_WEIGHTS": True, "CLASS_WEIGHTS": "wheat=2", "MISSING_VALUES": "median",
        "OOB_ACCURACY": True, "SEED": 5, "BANDS": "B08", "MODEL": str(tmp_path / "crops.ffm")})
    model = load_model(str(tmp_path / "crops.ffm"))

    assert model.settings == ForestSettings(
        trees=12, samples_per_class=70, sampling_strategy="smallest", total_samples=150, samples_per_parcel=9,
        classifier="extra_trees", min_samples_leaf=2, max_depth=7, features_per_split=1, balanced_weights=True,
        class_weights={"wheat": 2.0}, missing_values="median", oob_accuracy=True, seed=5)
    assert model.features == ("B08",) and model.training_pixels == (50, 50, 50)


def test_a_training_raster(run, inputs, tmp_path):
    labels = np.zeros((1, 40, 48), np.uint8)
    for number, crop, _ in fields():
        row, column = number // 6 * 8 + 1, number % 6 * 8 + 1
        labels[0, row:row + 6, column:column + 6] = CROPS.index(crop) + 1
    path = write(tmp_path / "labels.tif", labels, names=("class",), nodata=0)
    result = run("classifycrops", {"RASTERS": inputs["RASTERS"], "TRAINING_RASTER": path, **QUICK,
                                   "OUTPUT": str(tmp_path / "map.tif")})
    mapped = read(result["OUTPUT"])[0]

    assert result["OVERALL_ACCURACY"] > 0.7
    assert (mapped == labels)[labels > 0].mean() > 0.9


def test_names_and_colours_of_a_training_raster_are_in_the_model(run, inputs, tmp_path):
    from osgeo import gdal

    from floefield.compute.classifiers.model_file import load_model

    labels = (np.indices((1, 40, 48))[2] // 8 % 2 * 7 + 2).astype("uint8")
    path = write(tmp_path / "labels.tif", labels, names=("class",))
    raster = gdal.Open(path, gdal.GA_Update)
    band, colours = raster.GetRasterBand(1), gdal.ColorTable()
    colours.SetColorEntry(2, (10, 20, 30))
    colours.SetColorEntry(9, (40, 50, 60))
    band.SetColorTable(colours)
    band.SetCategoryNames([*[""] * 2, "Old vines", *[""] * 6, "Maize"])
    raster.FlushCache()
    band = raster = None
    run("trainclassifier", {"RASTERS": inputs["RASTERS"], "TRAINING_RASTER": path, **QUICK,
                              "MODEL": str(tmp_path / "crops.ffm")})

    classes = load_model(str(tmp_path / "crops.ffm")).classes
    assert [(each.value, each.code, each.label, each.colour) for each in classes] == [
        (1, "2", "Old vines", (10, 20, 30)), (2, "9", "Maize", (40, 50, 60))]


def test_pixels_below_the_minimum_confidence_have_no_class(run, inputs, tmp_path):
    result = run("classifycrops", {**inputs, **QUICK, "MIN_CONFIDENCE": 0.9, "OUTPUT": str(tmp_path / "map.tif"),
                                   "CONFIDENCE": str(tmp_path / "confidence.tif")})
    confidence = read(tmp_path / "confidence.tif")[0]

    np.testing.assert_array_equal(read(result["OUTPUT"])[0] > 0, confidence >= 0.9)
    assert 0.1 < (confidence < 0.9).mean() < 0.9


def refused(run, tool, feedback, parameters):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as error:
        run(tool, parameters)
    return f"{error.value} {' '.join(feedback.warned)}"


@pytest.mark.parametrize("changes, sentence", [
    ({"TRAINING_RASTER": "a.tif"}, "not both TRAINING and TRAINING_RASTER"),
    ({"TRAINING": None, "TRAINING_RASTER": "a.tif", "VALIDATION": "b"},
     "cannot be combined with a training raster (TRAINING_RASTER)"),
    ({"TRAINING": None, "CLASS_FIELD": None}, "Training data are missing"),
    ({"CLASS_FIELD": None}, "Choose the class field of the training parcels (CLASS_FIELD)"),
])
def test_inconsistent_parameters_are_refused(run, feedback, inputs, tmp_path, changes, sentence):
    parameters = {**inputs, **QUICK, "MODEL": str(tmp_path / "model.ffm"), **changes}

    assert sentence in refused(run, "trainclassifier", feedback, parameters)


def test_a_raster_that_cannot_be_loaded_is_reported(run, feedback, tmp_path):
    model = grow_model(tmp_path / "model.ffm", reflectance(0.15))
    lost = str(tmp_path / "absent.tif")

    assert "absent.tif" in refused(run, "applyclassifier", feedback, {
        "RASTERS": [lost], "MODEL": model, "OUTPUT": str(tmp_path / "map.tif")})
