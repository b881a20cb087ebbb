"""assessaccuracy as users run it, with maps and reference data of all kinds."""

import csv
import json

import numpy as np
import pytest

from tests.compute.test_assess import class_map, reference_classes
from tests.fieldscene import CROPS, NORTH, WEST, fields, square, write

from ..algorithms.test_classifycrops import polygon_layer


def point_layer(rows, crs="EPSG:4326"):
    """A layer in memory with a field ``crop``; rows are (value, x, y) in the CRS of the scene."""
    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsCoordinateTransform,
        QgsFeature,
        QgsGeometry,
        QgsPointXY,
        QgsProject,
        QgsVectorLayer,
    )

    layer = QgsVectorLayer(f"Point?crs={crs}&field=crop:text", "points", "memory")
    move = QgsCoordinateTransform(QgsCoordinateReferenceSystem("EPSG:32631"), QgsCoordinateReferenceSystem(crs),
                                  QgsProject.instance().transformContext())
    for value, x, y in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes([value])
        shape = QgsGeometry.fromPointXY(QgsPointXY(x, y))
        shape.transform(move)
        feature.setGeometry(shape)
        layer.dataProvider().addFeature(feature)
    return layer


@pytest.fixture
def mapped(tmp_path):
    """A class map without names, as another program may have written it; a legend lies beside it."""
    path = write(tmp_path / "map.tif", class_map()[None], names=("class",), nodata=0)
    (tmp_path / "legend.csv").write_text("value;label\n1;Barley\n2;MAIZE\n3;wheat\n", encoding="utf-8")
    return path


@pytest.fixture
def reference():
    return polygon_layer([(crop, geometry) for _, crop, geometry in fields()], crs="EPSG:2154")


@pytest.fixture
def assess(run, mapped, reference, tmp_path):
    """Runs the tool on the map with some parameters changed."""
    def assess(**changes):
        parameters = {"CLASSIFICATION": mapped, "REFERENCE": reference, "CLASS_FIELD": "crop",
                      "LEGEND": str(tmp_path / "legend.csv"), **changes}
        return run("assessaccuracy", {name: value for name, value in parameters.items() if value is not None})
    return assess


def test_accuracy_equals_a_calculation_with_numpy(assess, tmp_path):
    results = assess(REPORT=str(tmp_path / "report.html"), MATRIX=str(tmp_path / "matrix.csv"),
                     ERRORS=str(tmp_path / "errors.gpkg"))

    is_reference = reference_classes() > 0
    is_correct = class_map()[is_reference] == reference_classes()[is_reference]
    assert results["OVERALL_ACCURACY"] == pytest.approx(is_correct.mean())
    assert results["PARCEL_ACCURACY"] == 1.0
    with open(results["MATRIX"], encoding="utf-8-sig") as text:
        rows = list(csv.reader(text))
    assert rows[0] == ["reference (rows) \\ map (columns)", "Barley", "MAIZE", "wheat", "total", "recall"]
    barley = class_map()[reference_classes() == 1]
    assert rows[1][1:5] == [str((barley == value).sum()) for value in (1, 2, 3)] + ["360"]
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Whether these reference data were also used to train the map" in report
    assert "not a probability sample" in report
    # What it would take: see test_samplesize.py for the formula.
    assert "Sample size" in report and "50 in each class" in report


def test_parcels_with_errors_are_sorted_by_misclassified_pixels(assess, tmp_path):
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer(assess(ERRORS=str(tmp_path / "errors.gpkg"))["ERRORS"], "", "ogr")
    rows = [feature.attributeMap() for feature in layer.getFeatures()]
    wrong = [row["wrong"] for row in rows]
    assert wrong == sorted(wrong, reverse=True) and wrong[0] > 0
    assert sum(wrong) == (class_map() != reference_classes())[reference_classes() > 0].sum()
    assert layer.crs().authid() == "EPSG:32631"
    assert {row["pixels"] for row in rows} == {36}


def test_the_matrix_equals_the_zonal_histogram_of_qgis(assess, mapped, tmp_path):
    """The zonal histogram of QGIS on the same parcels."""
    import processing

    polygons = polygon_layer([(crop, geometry) for _, crop, geometry in fields()])
    histogram = processing.run("native:zonalhistogram", {
        "INPUT_RASTER": mapped, "RASTER_BAND": 1, "INPUT_VECTOR": polygons, "COLUMN_PREFIX": "v",
        "OUTPUT": "TEMPORARY_OUTPUT"})["OUTPUT"]
    expected = np.zeros((3, 3), int)
    for feature in histogram.getFeatures():
        expected[CROPS.index(feature["crop"])] += [int(feature[f"v{value}"]) for value in (1, 2, 3)]

    assess(REFERENCE=polygons, MATRIX_OTB=str(tmp_path / "otb.csv"))

    np.testing.assert_array_equal(np.loadtxt(tmp_path / "otb.csv", delimiter=","), expected)


def test_points_in_degrees(assess):
    rows = [(CROPS[n % 3], WEST + 10 * (n % 6 * 8 + 3) + 5, NORTH - 10 * (n // 6 * 8 + 3) - 5) for n in range(30)]
    results = assess(REFERENCE=point_layer(rows), SAMPLING_DESIGN="probability")

    values = np.array([class_map()[n // 6 * 8 + 3, n % 6 * 8 + 3] for n in range(30)])
    assert results["OVERALL_ACCURACY"] == pytest.approx((values == np.arange(30) % 3 + 1).mean())
    assert 0 < results["ESTIMATED_ACCURACY"] <= 1


def test_class_names_are_read_from_the_attribute_table_of_our_maps(run, tmp_path, reference):
    series = write(tmp_path / "scene.tif", np.random.default_rng(0).normal(0.3, 0.1, (2, 40, 48)))
    training = polygon_layer([(crop, geometry) for number, crop, geometry in fields() if number < 12])
    classified = run("classifycrops", {"RASTERS": [series], "TRAINING": training, "CLASS_FIELD": "crop", "TREES": 5,
                                       "OUTPUT": str(tmp_path / "crops.tif")})["OUTPUT"]
    results = run("assessaccuracy", {"CLASSIFICATION": classified, "REFERENCE": reference, "CLASS_FIELD": "crop",
                                     "REPORT": str(tmp_path / "report.html")})

    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "matched with the classes by code" in report
    # Of four parcels of each of three crops three trained: the map itself says which.
    assert "9 parcels with training pixels" in report
    assert 0.1 < results["OVERALL_ACCURACY"] < 0.6, "pixels are noise: three classes at random"


def test_training_parcels_of_our_maps_are_excluded(run, tmp_path):
    from qgis.core import QgsProcessingException

    series = write(tmp_path / "scene.tif", np.random.default_rng(0).normal(0.3, 0.1, (2, 40, 48)))
    training = polygon_layer([(crop, geometry) for _, crop, geometry in fields()])
    classified = run("classifycrops", {"RASTERS": [series], "TRAINING": training, "CLASS_FIELD": "crop", "TREES": 5,
                                       "TRAINING_FRACTION": 1.0, "OUTPUT": str(tmp_path / "crops.tif")})["OUTPUT"]
    inside = point_layer([(CROPS[n % 3], WEST + 10 * (n % 6 * 8 + 3) + 5, NORTH - 10 * (n // 6 * 8 + 3) - 5)
                          for n in range(30)])
    for reference in (training, inside):
        with pytest.raises(QgsProcessingException, match="were used for training: 30 of 30"):
            run("assessaccuracy", {"CLASSIFICATION": classified, "REFERENCE": reference, "CLASS_FIELD": "crop"})


@pytest.mark.parametrize("cut", ["translate", "warp"])
def test_a_clipped_map_without_training_record_requires_training_parcels(run, tmp_path, cut):
    """GDAL's tools, and with them QGIS's, drop the record of the training pixels."""
    from osgeo import gdal
    from qgis.core import QgsProcessingException

    series = write(tmp_path / "scene.tif", np.random.default_rng(0).normal(0.3, 0.1, (2, 40, 48)))
    training = polygon_layer([(crop, geometry) for number, crop, geometry in fields() if number < 24])
    classified = run("classifycrops", {"RASTERS": [series], "TRAINING": training, "CLASS_FIELD": "crop", "TREES": 5,
                                       "OUTPUT": str(tmp_path / "crops.tif")})["OUTPUT"]
    part = str(tmp_path / "part.tif")
    if cut == "translate":
        gdal.Translate(part, classified, srcWin=[0, 0, 40, 40])
    else:
        gdal.Warp(part, classified, dstSRS="EPSG:3857")
    everywhere = polygon_layer([(crop, geometry) for _, crop, geometry in fields()])
    for reference in (training, everywhere):
        with pytest.raises(QgsProcessingException, match=r"part\.tif was clipped or rewritten.* specify its training"):
            run("assessaccuracy", {"CLASSIFICATION": part, "REFERENCE": reference, "CLASS_FIELD": "crop"})

    results = run("assessaccuracy", {"CLASSIFICATION": part, "REFERENCE": everywhere, "CLASS_FIELD": "crop",
                                     "TRAINING": training, "LABEL_MATCHING": "name"})
    assert results["OVERALL_ACCURACY"] < 0.6, "pixels are noise, and training parcels are excluded"


def test_a_class_value_that_may_be_nodata_is_reported(assess, feedback, tmp_path):
    assess(CLASSIFICATION=write(tmp_path / "undeclared.tif", class_map()[None], names=("class",)))

    warnings = " ".join(feedback.warned)
    assert "so their accuracy is unknown: 0. If 0 means no data, set NODATA=0." in warnings
    assert "Whether these reference data were also used to train the map" in warnings


def test_class_names_are_read_from_the_style_beside_the_map(run, mapped, reference, tmp_path):
    from floefield.compute.classmap.classes import MapClass
    from floefield.compute.raster.raster_styles import paletted_qml

    (tmp_path / "map.qml").write_text(paletted_qml([
        MapClass(1, "1", "barley", (1, 2, 3)), MapClass(2, "2", "maize", (4, 5, 6)),
        MapClass(3, "3", "wheat", (7, 8, 9))]), encoding="utf-8")
    results = run("assessaccuracy", {"CLASSIFICATION": mapped, "REFERENCE": reference, "CLASS_FIELD": "crop"})

    assert results["OVERALL_ACCURACY"] > 0.7


def test_an_unknown_confidence_interval_is_shown_as_a_dash(assess, tmp_path):
    """With a single sample in one class of the map, no standard error can be estimated."""
    first = {1: 1, 2: 9, 3: 9}
    rows = [(CROPS[value - 1], WEST + 10 * column + 5, NORTH - 10 * row - 5) for value, count in first.items()
            for row, column in np.argwhere(class_map() == value)[:count]]
    assess(REFERENCE=point_layer(rows), SAMPLING_DESIGN="probability", REPORT=str(tmp_path / "report.html"))

    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert " nan" not in report and ">nan" not in report
    assert "the standard error is\nunknown because a stratum has a single sample" in report


def test_the_report_contains_the_path_of_the_reference(assess, reference, tmp_path):
    """The layer name is ambiguous."""
    from qgis.core import QgsCoordinateTransformContext, QgsVectorFileWriter

    options = QgsVectorFileWriter.SaveVectorOptions()
    QgsVectorFileWriter.writeAsVectorFormatV2(reference, str(tmp_path / "survey.gpkg"), QgsCoordinateTransformContext(),
                                              options)
    assess(REFERENCE=str(tmp_path / "survey.gpkg"), REPORT=str(tmp_path / "report.html"))

    assert str(tmp_path / "survey.gpkg") in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_invalid_geometry_is_repaired(assess):
    bow_tie = {"type": "Polygon", "coordinates": [[[WEST + 10, NORTH - 10], [WEST + 70, NORTH - 70],
                                                   [WEST + 70, NORTH - 10], [WEST + 10, NORTH - 70],
                                                   [WEST + 10, NORTH - 10]]]}
    rows = [("barley", bow_tie), *((crop, geometry) for number, crop, geometry in fields() if number)]
    assert assess(REFERENCE=polygon_layer(rows))["OVERALL_ACCURACY"] > 0.7


def test_two_maps_in_one_report(assess, tmp_path):
    later = write(tmp_path / "later.tif", class_map(seed=9, wrong=0.05)[None], names=("class",), nodata=0)
    assess(OTHER_CLASSIFICATIONS=later, REPORT=str(tmp_path / "report.html"), ERRORS=str(tmp_path / "errors.gpkg"))

    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Comparison of the maps" in report and "McNemar" in report
    assert "Map 2: <bdi>later</bdi>" in report


def test_a_map_is_compared_with_each_of_several_others(assess, tmp_path):
    from qgis.core import QgsVectorLayer

    others = [write(tmp_path / f"{name}.tif", class_map(seed, wrong)[None], names=("class",), nodata=0)
              for name, seed, wrong in (("july", 8, 0.1), ("august", 9, 0.5))]
    alone = assess()
    results = assess(OTHER_CLASSIFICATIONS=others, REPORT=str(tmp_path / "report.html"),
                     ERRORS=str(tmp_path / "errors.gpkg"))

    assert {name: results[name] for name in alone} == alone, "the outputs describe the first map"
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<title>Accuracy of map, july and august</title>" in report
    assert report.count("McNemar's test by parcels") == 2
    assert "<bdi>map</bdi> and <bdi>july</bdi>" in report and "<bdi>map</bdi> and <bdi>august</bdi>" in report
    assert report.count("<th>Difference</th>") == 2 and report.count('<table class="wide compare">') == 1
    assert "Map 3: <bdi>august</bdi>" in report
    errors = QgsVectorLayer(results["ERRORS"], "", "ogr")
    wrong = np.array([[feature[name] for name in ("wrong", "wrong_2", "wrong_3")] for feature in errors.getFeatures()])
    maps = (class_map(), class_map(8, 0.1), class_map(9, 0.5))
    assert wrong.sum(axis=0).tolist() == [(one != reference_classes())[reference_classes() > 0].sum() for one in maps]


def test_another_map_that_cannot_be_loaded_is_refused(assess, feedback, tmp_path):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as error:
        assess(OTHER_CLASSIFICATIONS=[str(tmp_path / "absent.tif")])
    assert "absent.tif" in f"{error.value} {' '.join(feedback.warned)}"


def test_maps_are_named_as_in_the_layer_tree(assess, mapped, tmp_path):
    """Temporary outputs all have the file name OUTPUT.tif."""
    from qgis.core import QgsRasterLayer

    later = write(tmp_path / "later.tif", class_map(seed=9)[None], names=("class",), nodata=0)
    assess(CLASSIFICATION=QgsRasterLayer(mapped, "End of May"),
           OTHER_CLASSIFICATIONS=QgsRasterLayer(later, "End of August"), REPORT=str(tmp_path / "report.html"))

    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<title>Accuracy of End of May and End of August</title>" in report


@pytest.mark.parametrize(("changes", "words"), [
    ({"REFERENCE": None, "CLASS_FIELD": None}, "Give the reference data in one way"),
    ({"CLASS_FIELD": None}, "Choose the class field of the reference layer (CLASS_FIELD)"),
    ({"NODATA": "none"}, "(NODATA): 'none' is not a list of whole numbers. Separate them by commas"),
    ({"CLASS_FIELD": "colour"}, "has no field colour"),
])
def test_inconsistent_parameters_are_refused(assess, feedback, changes, words):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as error:
        assess(**changes)
    assert words in f"{error.value} {' '.join(feedback.warned)}"


def test_training_parcels_are_refused_as_reference(assess, reference):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="were used for training"):
        assess(TRAINING=reference)


def test_empty_and_unmatched_labels_are_reported(assess, feedback):
    rows = [(None if number == 0 else "quinoa" if number == 1 else crop, geometry)
            for number, crop, geometry in fields()]
    assess(REFERENCE=polygon_layer(rows))

    warnings = " ".join(feedback.warned)
    assert "1 parcels have no class" in warnings
    assert "match no class" in warnings and "quinoa" in warnings


def test_a_line_layer_is_refused_as_reference(assess):
    from qgis.core import QgsProcessingException, QgsVectorLayer

    with pytest.raises(QgsProcessingException, match="parcels"):
        assess(REFERENCE=QgsVectorLayer("LineString?crs=EPSG:32631&field=crop:text", "lines", "memory"))


def test_the_matrix_equals_that_of_orfeo_toolbox(assess, mapped, tmp_path):
    import shutil
    import subprocess

    if shutil.which("otbcli_ComputeConfusionMatrix") is None:
        pytest.skip("Orfeo Toolbox is not installed")
    rows = [{"type": "Feature", "properties": {"code": CROPS.index(crop) + 1}, "geometry": geometry}
            for _, crop, geometry in fields()[:20]] + [
        {"type": "Feature", "properties": {"code": 2}, "geometry": square(33, 1)}]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32631"}}
    (tmp_path / "reference.geojson").write_text(json.dumps(
        {"type": "FeatureCollection", "crs": crs, "features": rows}), encoding="utf-8")
    from osgeo import gdal

    gdal.VectorTranslate(str(tmp_path / "reference.shp"), str(tmp_path / "reference.geojson"),
                         format="ESRI Shapefile")
    subprocess.run(["otbcli_ComputeConfusionMatrix", "-in", mapped, "-ref", "vector", "-ref.vector.in",
                    str(tmp_path / "reference.shp"), "-ref.vector.field", "code", "-nodatalabel", "0",
                    "-out", str(tmp_path / "otb.csv")], check=True, capture_output=True, timeout=120)

    assess(REFERENCE=str(tmp_path / "reference.shp"), CLASS_FIELD="code", LABEL_MATCHING="value",
           MATRIX_OTB=str(tmp_path / "ours.csv"))

    assert (tmp_path / "ours.csv").read_text().split() == (tmp_path / "otb.csv").read_text().split()
