"""classifycrops as users run it, with layers of all kinds."""

import numpy as np
import pytest

from tests.fieldscene import CRS, fields, read, reflectance, write

QUICK = {"TREES": 20, "THREADS": 1, "OUTPUT": "TEMPORARY_OUTPUT"}


def polygon_layer(rows, crs=CRS, kind="text", name="parcels"):
    """A layer in memory with a field ``crop``; rows are (value, GeoJSON geometry in the CRS of the scene)."""
    import json

    from qgis.core import (
        QgsCoordinateReferenceSystem,
        QgsCoordinateTransform,
        QgsFeature,
        QgsJsonUtils,
        QgsProject,
        QgsVectorLayer,
    )

    layer = QgsVectorLayer(f"Polygon?field=crop:{kind}", name, "memory")
    layer.setCrs(QgsCoordinateReferenceSystem(crs) if crs else QgsCoordinateReferenceSystem())
    move = QgsCoordinateTransform(QgsCoordinateReferenceSystem(CRS), QgsCoordinateReferenceSystem(crs or CRS),
                                  QgsProject.instance().transformContext())
    for value, geometry in rows:
        feature = QgsFeature(layer.fields())
        feature.setAttributes([value])
        text = json.dumps({"type": "Feature", "properties": {}, "geometry": geometry})
        shape = QgsJsonUtils.stringToFeatureList(text)[0].geometry()
        shape.transform(move)
        feature.setGeometry(shape)
        layer.dataProvider().addFeature(feature)
    layer.updateExtents()
    return layer


@pytest.fixture(scope="module")
def raster(tmp_path_factory):
    return write(tmp_path_factory.mktemp("scene") / "scene.tif", reflectance(0.15))


@pytest.fixture
def training():
    return polygon_layer([(crop, geometry) for _, crop, geometry in fields()])


@pytest.fixture
def classify(run, raster, training):
    """Run the tool on the scene with some parameters changed."""
    def classify(**changes):
        return run("classifycrops", {"RASTERS": [raster], "TRAINING": training, "CLASS_FIELD": "crop", **QUICK,
                                     **changes})
    return classify


def refused(classify, feedback, **changes):
    """Return the message with which the tool refuses the parameters."""
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as error:
        classify(**changes)
    return f"{error.value} {' '.join(feedback.warned)}"


def test_all_outputs_are_written(classify, tmp_path):
    files = {"OUTPUT": "map.tif", "CONFIDENCE": "confidence.tif", "PROBABILITIES": "probabilities.tif",
             "MODEL": "model.ffm", "REPORT": "report.html"}
    results = classify(**{name: str(tmp_path / file) for name, file in files.items()})

    assert {name: results[name] for name in files} == {name: str(tmp_path / file) for name, file in files.items()}
    assert 0.6 < results["OVERALL_ACCURACY"] < 1.0
    assert 0.3 < results["KAPPA"] < results["OVERALL_ACCURACY"]
    assert read(results["OUTPUT"])[0].shape == (1, 40, 48)
    assert read(results["PROBABILITIES"])[0].sum(axis=0) == pytest.approx(1.0, abs=1e-5)


def test_the_map_has_colours_and_class_names_in_qgis(classify):
    from qgis.core import QgsPalettedRasterRenderer, QgsRasterLayer

    layer = QgsRasterLayer(classify()["OUTPUT"])

    assert isinstance(layer.renderer(), QgsPalettedRasterRenderer)
    assert [entry.label for entry in layer.renderer().classes()] == ["Barley", "Maize", "Wheat"]


def test_optional_outputs_are_not_written_by_default(classify):
    assert set(classify(TRAINING_FRACTION=1.0)) == {"OUTPUT"}


def test_parcels_in_degrees_give_the_same_map(classify):
    in_degrees = polygon_layer([(crop, geometry) for _, crop, geometry in fields()], crs="EPSG:4326")

    np.testing.assert_array_equal(read(classify(TRAINING=in_degrees)["OUTPUT"])[0], read(classify()["OUTPUT"])[0])


@pytest.mark.parametrize("kind, value, code", [("integer", 112, "112"), ("double", 112.0, "112"),
                                              ("int8", 12345678901, "12345678901"), ("text", " 112 ", "112")])
def test_class_codes_are_text_without_decimals_and_blanks(classify, tmp_path, kind, value, code):
    import json
    import zipfile

    other = {"integer": 9, "double": 9.5, "int8": 9, "text": "9"}[kind]
    rows = [(value if crop == "wheat" else other, geometry) for _, crop, geometry in fields()]
    classify(TRAINING=polygon_layer(rows, kind=kind), MODEL=str(tmp_path / "model.ffm"))
    with zipfile.ZipFile(tmp_path / "model.ffm") as model:
        codes = [row["code"] for row in json.loads(model.read("model.json"))["classes"]]

    assert codes == [str(other), code]


def test_parcels_without_a_class_are_omitted_and_counted(classify, feedback, tmp_path):
    rows = [({0: None, 1: "", 2: "  "}.get(number, crop), geometry) for number, crop, geometry in fields()]
    classify(TRAINING=polygon_layer(rows), REPORT=str(tmp_path / "report.html"))

    sentence = "3 parcels have no class"
    assert any(sentence in text for text in feedback.said)
    assert sentence in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_only_selected_parcels_are_used_on_request(classify, training, tmp_path):
    from qgis.core import QgsProcessingFeatureSourceDefinition, QgsProject

    QgsProject.instance().addMapLayer(training)
    training.selectByExpression("crop <> 'maize'")
    source = QgsProcessingFeatureSourceDefinition(training.id(), selectedFeaturesOnly=True)
    results = classify(TRAINING=source, PROBABILITIES=str(tmp_path / "p.tif"))

    assert read(results["PROBABILITIES"])[0].shape[0] == 2


def test_the_filter_of_a_layer_is_applied(classify, training, tmp_path):
    training.setSubsetString("crop <> 'maize'")
    if not training.subsetString():  # memory layers have no filter in QGIS 3.22
        from qgis.core import QgsVectorFileWriter, QgsVectorLayer

        path = str(tmp_path / "parcels.gpkg")
        QgsVectorFileWriter.writeAsVectorFormatV3(training, path, training.transformContext(),
                                                  QgsVectorFileWriter.SaveVectorOptions())
        training = QgsVectorLayer(path, "parcels", "ogr")
        training.setSubsetString("crop <> 'maize'")
    results = classify(TRAINING=training, PROBABILITIES=str(tmp_path / "p.tif"))

    assert read(results["PROBABILITIES"])[0].shape[0] == 2


def test_one_layer_per_class(classify, tmp_path):
    """LAND01 has one shapefile per crop; the map equals that of one layer with a class field."""
    layers = [polygon_layer([("", geometry) for _, other, geometry in fields() if other == crop], name=crop)
              for crop in ("wheat", "barley", "maize")]
    results = classify(TRAINING=None, CLASS_FIELD=None, TRAINING_LAYERS=layers, TRAINING_FRACTION=1.0)

    np.testing.assert_array_equal(read(results["OUTPUT"])[0], read(classify(TRAINING_FRACTION=1.0)["OUTPUT"])[0])


@pytest.mark.parametrize("names, sentence", [(("wheat", "barley", "wheat"), "wheat occurs twice"),
                                              (("wheat", "barley", " "), "one has no name")])
def test_repeated_or_empty_layer_names_are_refused(classify, feedback, names, sentence):
    layers = [polygon_layer([("", geometry) for _, _, geometry in fields()], name=name) for name in names]

    assert sentence in refused(classify, feedback, TRAINING=None, CLASS_FIELD=None, TRAINING_LAYERS=layers)


def test_separate_validation_parcels(classify, tmp_path):
    rows = [(crop, geometry) for _, crop, geometry in fields()]
    results = classify(TRAINING=polygon_layer(rows[:24]), VALIDATION=polygon_layer(rows[24:], crs="EPSG:4326"),
                       REPORT=str(tmp_path / "report.html"))

    # 6 validation parcels of 36 pixels.
    assert results["OVERALL_ACCURACY"] * 216 == pytest.approx(round(results["OVERALL_ACCURACY"] * 216))


def test_several_rasters_with_the_same_band_names(classify, raster, tmp_path):
    other = write(tmp_path / "july.tif", reflectance(0.15, seed=2), tags={"ACQUISITION_DATE": "2018-07-07"})
    better = classify(RASTERS=[raster, other])["OVERALL_ACCURACY"]

    assert better > classify()["OVERALL_ACCURACY"]


def test_an_invalid_geometry_is_repaired(classify):
    bow_tie = {"type": "Polygon", "coordinates": [[[500010, 4799990], [500070, 4799930], [500070, 4799990],
                                                  [500010, 4799930], [500010, 4799990]]]}
    rows = [(crop, bow_tie if number == 0 else geometry) for number, crop, geometry in fields()]

    assert classify(TRAINING=polygon_layer(rows))["OVERALL_ACCURACY"] > 0.5


def test_an_empty_class_field_is_reported(classify, feedback):
    nothing = polygon_layer([(None, geometry) for _, _, geometry in fields()])

    assert "The class field crop of parcels is empty in all 30 parcels" in refused(classify, feedback, TRAINING=nothing)


def test_parcels_without_a_crs_are_refused(classify, feedback, training):
    nowhere = polygon_layer([(crop, geometry) for _, crop, geometry in fields()], crs="")

    assert "has no coordinate reference system" in refused(classify, feedback, TRAINING=nowhere)


def test_a_raster_without_a_crs_is_refused(classify, feedback, tmp_path):
    nowhere = write(tmp_path / "nowhere.tif", reflectance(), crs=None)

    assert "rasters have no coordinate reference system" in refused(classify, feedback, RASTERS=[nowhere])


def test_two_grids_are_refused(classify, feedback, raster, tmp_path):
    shifted = write(tmp_path / "shifted.tif", reflectance(), west=500003.0)

    assert "do not share one pixel grid" in refused(classify, feedback, RASTERS=[raster, shifted])


def test_a_raster_that_cannot_be_loaded_is_reported(classify, feedback, raster, tmp_path):
    (tmp_path / "broken.tif").write_bytes(b"no raster")
    for lost in ("broken.tif", "absent.tif"):
        assert lost in refused(classify, feedback, RASTERS=[raster, str(tmp_path / lost)])


def test_a_raster_given_twice_is_refused(classify, feedback, raster):
    assert "scene.tif is given twice in RASTERS" in refused(classify, feedback, RASTERS=[raster, raster])


def test_a_web_map_is_refused(classify, feedback, raster):
    from qgis.core import QgsProject, QgsRasterLayer

    tiles = QgsRasterLayer("type=xyz&url=file:///nowhere/{z}/{x}/{y}.png&zmax=2&zmin=0", "web map", "wms")
    QgsProject.instance().addMapLayer(tiles)

    assert "web map is not a raster file" in refused(classify, feedback, RASTERS=[raster, tiles])


def test_parcels_outside_the_image_are_refused(classify, feedback, tmp_path):
    far_away = write(tmp_path / "far.tif", reflectance(), west=700000.0)

    assert "All 30 parcels lie outside the image" in refused(classify, feedback, RASTERS=[far_away])


def test_one_class_is_refused(classify, feedback):
    alone = polygon_layer([("rye", geometry) for _, _, geometry in fields()])

    assert "of one class (rye)" in refused(classify, feedback, TRAINING=alone)


@pytest.mark.parametrize("changes, sentence", [
    ({"TRAINING": None}, "Training data are missing"),
    ({"CLASS_FIELD": None}, "Choose the class field of the training parcels (CLASS_FIELD)"),
    ({"TRAINING_LAYERS": ["a"]}, "not both"),
    ({"TRAINING": None, "CLASS_FIELD": None, "TRAINING_LAYERS": ["a"], "VALIDATION": "b"},
     "Choose the class field of the validation parcels (CLASS_FIELD)"),
    ({"RASTERS": []}, "RASTERS"),
])
def test_inconsistent_parameters_are_refused(classify, feedback, changes, sentence):
    assert sentence in refused(classify, feedback, **changes)


def test_a_validation_layer_without_the_class_field_is_refused(classify, feedback, tmp_path):
    from qgis.core import QgsCoordinateReferenceSystem, QgsVectorLayer

    other = QgsVectorLayer("Polygon?field=kind:text", "checks", "memory")
    other.setCrs(QgsCoordinateReferenceSystem(CRS))

    assert "checks has no field crop" in refused(classify, feedback, VALIDATION=other)


def test_a_cancelled_run_leaves_no_file(classify, feedback, tmp_path):
    feedback.progressChanged.connect(lambda percent: feedback.cancel() if percent > 50 else None)
    classify(OUTPUT=str(tmp_path / "map.tif"), CONFIDENCE=str(tmp_path / "confidence.tif"),
             REPORT=str(tmp_path / "report.html"))

    assert list(tmp_path.iterdir()) == []


def test_suspect_labels_and_early_season_accuracy(run, tmp_path):
    from qgis.core import QgsVectorLayer

    names = ("B04_20230301", "B08_20230301", "B04_20230701", "B08_20230701")
    raster = write(tmp_path / "scene.tif", np.concatenate([reflectance(0.05), reflectance(0.05, seed=2)]), names)
    training = polygon_layer([("wheat" if number == 4 else crop, geometry) for number, crop, geometry in fields()])
    results = run("classifycrops", {"RASTERS": [raster], "TRAINING": training, "CLASS_FIELD": "crop", **QUICK,
                                    "EARLY_SEASON": True, "SUSPECT_LABELS": str(tmp_path / "suspicious.gpkg"),
                                    "REPORT": str(tmp_path / "report.html")})

    rows = [feature.attributeMap() for feature in QgsVectorLayer(results["SUSPECT_LABELS"], "", "ogr").getFeatures()]
    assert [(row["feature"], row["label"], row["predicted"], row["hectares"]) for row in rows] == [
        ("5", "Wheat", "Maize", 0.36)]
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Early-season accuracy" in report
    assert "NDVI profiles" in report
    assert "Suspect labels" in report


def test_a_training_raster_has_profiles_and_early_season_accuracy_but_no_suspect_labels(run, feedback, tmp_path):
    from qgis.core import QgsProcessingException

    names = ("B04_20230301", "B08_20230301", "B04_20230701", "B08_20230701")
    raster = write(tmp_path / "scene.tif", np.concatenate([reflectance(0.05), reflectance(0.05, seed=2)]), names)
    labels = np.zeros((1, 40, 48), np.uint8)
    for number, _, _ in fields():
        labels[0, number // 6 * 8 + 1:number // 6 * 8 + 7, number % 6 * 8 + 1:number % 6 * 8 + 7] = number % 3 + 1
    parameters = {"RASTERS": [raster], "TRAINING_RASTER": write(tmp_path / "labels.tif", labels, ("class",), nodata=0),
                  **QUICK, "EARLY_SEASON": True, "REPORT": str(tmp_path / "report.html")}
    run("classifycrops", parameters)

    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Early-season accuracy" in report and "NDVI profiles" in report
    with pytest.raises(QgsProcessingException) as error:
        run("classifycrops", {**parameters, "SUSPECT_LABELS": "TEMPORARY_OUTPUT"})
    assert "not for a training raster (TRAINING_RASTER)" in f"{error.value} {' '.join(feedback.warned)}"


@pytest.mark.parametrize(("name", "field", "kind"), [
    ("errors", "wrong_pct", "MultiPolygon"), ("error_points", "wrong_pct", "Point"),
    ("suspect_labels", "probability", "MultiPolygon")])
def test_the_styles_of_layers_use_existing_fields(qgis_app, name, field, kind):
    from qgis.core import QgsVectorLayer

    from floefield.provider.base import ROOT

    layer = QgsVectorLayer(f"{kind}?field={field}:double", name, "memory")
    message, loaded = layer.loadNamedStyle(str(ROOT / "styles" / f"{name}.qml"))
    assert loaded, message
    renderer = layer.renderer()
    assert renderer.classAttribute() == field
    ends = [(each.lowerValue(), each.upperValue()) for each in renderer.ranges()]
    assert ends[0][0] == 0 and ends[-1][1] in (1, 100)
    assert [low for low, _ in ends[1:]] == [high for _, high in ends[:-1]], "ranges without gaps"
