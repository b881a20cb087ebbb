"""aggregatebyparcel and smoothclassification, compared with the zonal statistics of QGIS and in workflows."""

import numpy as np
import pytest

from .. import fieldscene
from ..algorithms.test_filterbyarea import rows
from ..parcelfiles import write_geojson


@pytest.fixture
def scene(tmp_path):
    """A raster with two bands and parcels with slanted borders, in degrees."""
    from osgeo import gdal

    raster = fieldscene.write(tmp_path / "scene.tif", fieldscene.reflectance(0.2))
    slanted = [(number, crop, {"type": "Polygon", "coordinates": [[
        [x + 7.3 * (index % 2), y + 3.1 * (index // 2)] for index, (x, y) in enumerate(geometry["coordinates"][0])]]})
        for number, crop, geometry in fieldscene.fields()]
    for _, _, geometry in slanted:
        geometry["coordinates"][0][-1] = geometry["coordinates"][0][0]
    parcels = write_geojson(tmp_path / "parcels.geojson", slanted)
    degrees = tmp_path / "degrees.gpkg"
    gdal.VectorTranslate(str(degrees), str(parcels), format="GPKG", dstSRS="EPSG:4326")
    return raster, str(parcels), str(degrees)


def test_statistics_equal_the_zonal_statistics_of_qgis(run, scene):
    import processing

    raster, parcels, degrees = scene
    theirs = processing.run("native:zonalstatisticsfb", {
        "INPUT": parcels, "INPUT_RASTER": raster, "RASTER_BAND": 2, "COLUMN_PREFIX": "_",
        "STATISTICS": [0, 2, 3, 4, 5, 6], "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    order = ("count", "mean", "median", "std", "min", "max")
    for source in (parcels, degrees):
        table = run("aggregatebyparcel", {"RASTER": raster, "PARCELS": source, "STATISTIC": list(order),
                                          "PARCEL_STATISTICS": "TEMPORARY_OUTPUT"})["PARCEL_STATISTICS"]
        ours = [[feature[f"B08_{name}"] for name in order] for feature in table.getFeatures()]
        np.testing.assert_allclose(ours, [row[-6:] for row in rows(theirs)], rtol=1e-6)


def test_majorities_equal_the_zonal_statistics_of_qgis(run, scene, tmp_path):
    import processing

    classes = np.random.default_rng(4).choice([1, 2, 3], (1, 40, 48), p=[0.2, 0.5, 0.3]).astype(np.uint8)
    path = fieldscene.write(tmp_path / "map.tif", classes, ("class",))
    theirs = processing.run("native:zonalstatisticsfb", {
        "INPUT": scene[1], "INPUT_RASTER": path, "RASTER_BAND": 1, "COLUMN_PREFIX": "_",
        "STATISTICS": [9], "OUTPUT": "TEMPORARY_OUTPUT"})

    table = run("aggregatebyparcel", {"RASTER": path, "PARCELS": scene[1], "STATISTIC": ["majority"],
                                      "PARCEL_STATISTICS": "TEMPORARY_OUTPUT"})["PARCEL_STATISTICS"]

    assert [feature["majority"] for feature in table.getFeatures()] == [row[-1] for row in rows(theirs["OUTPUT"])]


def test_an_object_based_classification(run, scene, tmp_path):
    raster, parcels, _ = scene
    means = run("aggregatebyparcel", {"RASTER": raster, "PARCELS": parcels, "OUTPUT": str(tmp_path / "means.tif")})

    result = run("classifycrops", {"RASTERS": [means["OUTPUT"]], "TRAINING": parcels, "CLASS_FIELD": "crop",
                                   "TREES": 50, "OUTPUT": str(tmp_path / "map.tif")})

    assert result["OVERALL_ACCURACY"] == 1.0


@pytest.fixture
def mapped(run, scene, tmp_path):
    """A noisy map made by classifycrops, with probabilities."""
    return run("classifycrops", {
        "RASTERS": [scene[0]], "TRAINING": scene[1], "CLASS_FIELD": "crop", "TREES": 30,
        "OUTPUT": str(tmp_path / "map.tif"), "PROBABILITIES": str(tmp_path / "probabilities.tif")})


def test_majority_by_parcel_raises_the_accuracy(run, scene, mapped, tmp_path):
    from osgeo import gdal

    for probabilities in (None, mapped["PROBABILITIES"]):
        voted = run("aggregatebyparcel", {
            "RASTER": mapped["OUTPUT"], "PARCELS": scene[1], "STATISTIC": ["majority"], "PROBABILITIES": probabilities,
            "PARCEL_STATISTICS": "TEMPORARY_OUTPUT", "OUTPUT": str(tmp_path / "voted.tif")})
        correct = [feature["crop"] == feature["code"] for feature in voted["PARCEL_STATISTICS"].getFeatures()]
        assert np.mean(correct) > 0.95
        raster = gdal.Open(voted["OUTPUT"])
        table = raster.GetRasterBand(1).GetDefaultRAT()
        assert [table.GetValueAsString(row, 2) for row in range(3)] == ["Barley", "Maize", "Wheat"]
        assert raster.GetRasterBand(1).GetColorTable() is not None


@pytest.mark.parametrize("method", ["sieve", "majority", "gaussian", "binomial"])
def test_smoothing_raises_the_accuracy_and_keeps_class_names_and_training_record(run, scene, mapped, tmp_path, method):
    from osgeo import gdal

    output = str(tmp_path / "smooth.tif")
    result = run("smoothclassification", {
        "CLASSIFICATION": mapped["OUTPUT"], "PROBABILITIES": mapped["PROBABILITIES"], "METHOD": method,
        "OUTPUT": output})

    truth = {crop: value for value, crop in enumerate(fieldscene.CROPS, start=1)}
    accuracy = []
    for path in (mapped["OUTPUT"], output):
        pixels = fieldscene.read(path)[0][0]
        accuracy.append(np.mean([(pixels[n // 6 * 8 + 2:n // 6 * 8 + 6, n % 6 * 8 + 2:n % 6 * 8 + 6] == truth[crop])
                                 for n, crop, _ in fieldscene.fields()]))
    assert accuracy[1] > accuracy[0]
    assert 0 < result["CHANGED_FRACTION"] < 0.6
    before, after = gdal.Open(mapped["OUTPUT"]), gdal.Open(output)
    table = after.GetRasterBand(1).GetDefaultRAT()
    assert [table.GetValueAsString(row, 2) for row in range(3)] == ["Barley", "Maize", "Wheat"]
    assert after.GetMetadata("FLOEFIELD") == before.GetMetadata("FLOEFIELD") != {}


@pytest.mark.parametrize(("tool", "changes", "words"), [
    ("aggregatebyparcel", {"STATISTIC": ["majority", "mean"]}, "cannot be combined"),
    ("aggregatebyparcel", {"OUTPUT": None}, "No output was requested"),
    ("aggregatebyparcel", {"PROBABILITIES": "scene"}, "are used for the statistic majority only"),
    ("smoothclassification", {"METHOD": "gaussian"}, "Give PROBABILITIES"),
    ("smoothclassification", {"WINDOW": 4}, "must be odd")])
def test_inconsistent_parameters_are_refused(provider, scene, tool, changes, words):
    from qgis.core import QgsApplication, QgsProcessingContext

    given = {"RASTER": scene[0], "PARCELS": scene[1], "CLASSIFICATION": scene[0], "OUTPUT": "TEMPORARY_OUTPUT",
             **changes}
    given = {name: scene[0] if value == "scene" else value for name, value in given.items()}
    algorithm = QgsApplication.processingRegistry().createAlgorithmById(f"floefield:{tool}")

    accepted, message = algorithm.checkParameterValues(given, QgsProcessingContext())

    assert not accepted and words in message
