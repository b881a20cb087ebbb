"""LAND01 from beginning to end on sample data, by the shipped model: one layer for each class, or one layer for all."""

import pytest

from ..parcelfiles import one_layer_for_each_class


@pytest.fixture(scope="module")
def sample(qgis_process, tmp_path_factory):
    """A small season with parcels."""
    folder = tmp_path_factory.mktemp("land01") / "sample"
    outcome = qgis_process.run("createsampledata", SIZE=120, DATE_COUNT=3, OUTPUT_FOLDER=folder)
    assert outcome.code == 0, outcome.text
    return folder


def outputs(folder):
    names = {"classifycrops:CROP_MAP": "map.tif", "classifycrops:REPORT": "report.html",
             "assessaccuracy:ACCURACY_REPORT": "assessment.html", "assessaccuracy:ERRORS": "errors.gpkg",
             "splitinsitu:TRAINING_PARCELS": "training.gpkg", "splitinsitu:VALIDATION_PARCELS": "validation.gpkg",
             "sentinel2timeseries:TIME_SERIES": "series.tif"}
    return {name: str(folder / file) for name, file in names.items()}


def test_the_model_maps_and_judges(qgis_process, run, sample, tmp_path):
    layers = one_layer_for_each_class(sample / "parcels.gpkg", "crop", tmp_path)
    folders = [tmp_path / name for name in ("layers", "field")]
    for folder in folders:
        folder.mkdir()

    outcome = qgis_process.run("land01", PRODUCTS=sample / "sentinel2", PARCEL_LAYERS=layers, TREES=60,
                               **outputs(folders[0]))
    run("land01", {"PRODUCTS": str(sample / "sentinel2"), "PARCELS": str(sample / "parcels.gpkg"),
                   "CLASS_FIELD": "crop", "TREES": 60, **outputs(folders[1])})

    assert outcome.code == 0, outcome.text
    for folder in folders:
        text = (folder / "assessment.html").read_text(encoding="utf-8")
        assert "Overall accuracy" in text
        style = (folder / "map.qml").read_text(encoding="utf-8")
        assert style.count("<paletteEntry") == len(layers)
        assert (folder / "errors.gpkg").exists()
