"""Tool ``classifyseaice``: maps, derived layers, model and report from folders of scenes and charts."""

from pathlib import Path

import numpy as np
import pytest

from .. import icescene

DAYS = ("2020-10-08", "2020-10-15", "2020-10-22")
FAST = {"BOUNDARY_DISTANCE": 80, "SAMPLES_PER_SCENE": 150, "WINDOW": 9, "LEVELS": 16, "DISTANCES": "1",
        "DRAFT_CELL_SIZE": 200, "FEATURES": ["contrast", "variance"], "TREES": 15, "THREADS": 1}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ice")
    for name in ("scenes", "charts"):
        (folder / name).mkdir()
    for number, day in enumerate(DAYS):
        icescene.write_scene(folder / "scenes" / f"scene{number}.tif", day, number, tags={"SYNTHETIC": "YES"})
        icescene.write_chart(folder / "charts", day)
    return folder


@pytest.fixture
def classify(run, inputs, tmp_path):
    def classify(**changes):
        return run("classifyseaice", {**FAST, "SCENES_FOLDER": str(inputs / "scenes"),
                                      "CHARTS_FOLDER": str(inputs / "charts"),
                                      "OUTPUT_FOLDER": str(tmp_path / "maps"), **changes})
    return classify


def test_maps_model_and_report_of_folders(classify, tmp_path):
    results = classify(MODEL=str(tmp_path / "ice.ffm"), REPORT=str(tmp_path / "report.html"), ICE_EDGE=True,
                       DRAFT_CHART="grid")
    assert results["SCENE_COUNT"] == 3 and results["FAILED_COUNT"] == 0
    assert results["OVERALL_ACCURACY"] > 0.97 and results["KAPPA"] > 0.95
    names = {path.name for path in Path(results["OUTPUT_FOLDER"]).iterdir()}
    assert {"scene0_ice.tif", "scene0_ice.qml", "scene0_confidence.tif", "scene0_disagreement.tif", "ice_edge.gpkg",
            "floefield_scene0_20201008_pl_a.shp", "floefield_scene0_20201008_pl_a.prj"} <= names
    assert not any(name.startswith(".") for name in names)
    page = (tmp_path / "report.html").read_text()
    for text in ("Synthetic data", "2020-10-08", "arctic201008", "same day", "Open water", "Old ice"):
        assert text in page
    assert (tmp_path / "ice.ffm").exists()


def test_map_opens_with_the_colours_of_the_legend(classify):
    from qgis.core import QgsRasterLayer

    results = classify(DISAGREEMENT=False)
    layer = QgsRasterLayer(str(Path(results["OUTPUT_FOLDER"]) / "scene1_ice.tif"))
    shown = {item.label: item.color.name() for item in layer.renderer().classes()}
    assert shown == {"Open water": "#0064ff", "Young ice": "#aa28f0", "Old ice": "#b46432"}
    assert not list(Path(results["OUTPUT_FOLDER"]).glob("*disagreement*"))


def test_draft_chart_is_read_by_prepareicecharts(classify, run, tmp_path):
    from qgis.core import QgsVectorLayer

    results = classify(DRAFT_CHART="polygons")
    drafts = sorted(Path(results["OUTPUT_FOLDER"]).glob("*_pl_a.shp"))
    prepared = run("prepareicecharts", {"CHARTS": [str(drafts[0])], "LEGEND": "park3_young", "LOAD": False,
                                        "CRS": "EPSG:32626", "OUTPUT_FOLDER": str(tmp_path / "prepared")})
    assert prepared["CHART_COUNT"] == 1
    layer = QgsVectorLayer(str(next((tmp_path / "prepared").glob("*.gpkg"))), "draft", "ogr")
    found = {feature["class_code"]: feature for feature in layer.getFeatures()}
    assert set(found) == {"open_water", "young", "old"}
    assert found["old"]["total_concentration"] == pytest.approx(1.0)
    assert str(found["old"]["chart_date"].toString("yyyyMMdd")) == "20201008"
    # clipped to the extent of the scene; the polygon of the chart is larger
    assert layer.extent().width() == pytest.approx(icescene.WIDTH * icescene.PIXEL)


def test_ice_edge_is_at_the_boundary_of_ice_and_water(classify):
    from qgis.core import QgsVectorLayer

    results = classify(ICE_EDGE=True, ASSESSMENT="none")
    assert "OVERALL_ACCURACY" not in results
    layer = QgsVectorLayer(str(Path(results["OUTPUT_FOLDER"]) / "ice_edge.gpkg"), "edge", "ogr")
    longest = {}
    for feature in layer.getFeatures():
        if feature["length_km"] > longest.get(feature["scene"], (0,))[0]:
            longest[feature["scene"]] = feature["length_km"], feature.geometry().boundingBox().center().x()
    assert set(longest) == {"scene0", "scene1", "scene2"}
    for _, x in longest.values():
        assert x == pytest.approx(icescene.WEST + 30 * icescene.PIXEL, abs=250)


def test_29_scenes_one_of_them_broken(run, tmp_path, feedback, inputs):
    """The other 28 are processed, the broken one is reported; ON_ERROR=skip_then_fail ends with an error."""
    from qgis.core import QgsProcessingException

    (tmp_path / "many").mkdir()
    pixels = None
    for number in range(28):
        icescene.write_scene(tmp_path / "many" / f"s{number:02d}.tif", DAYS[number % 3], number, pixels=pixels)
    broken = (tmp_path / "many" / "s00.tif").read_bytes()[:5000]
    (tmp_path / "many" / "s28.tif").write_bytes(broken)
    parameters = {**FAST, "SCENES_FOLDER": str(tmp_path / "many"), "CHARTS_FOLDER": str(inputs / "charts"),
                  "DISAGREEMENT": False, "ASSESSMENT": "none", "TREES": 5, "TEXTURES": "none",
                  "OUTPUT_FOLDER": str(tmp_path / "maps")}
    results = run("classifyseaice", parameters)
    assert (results["SCENE_COUNT"], results["FAILED_COUNT"]) == (28, 1)
    assert any("s28.tif" in text for text in feedback.warned)
    assert len(list((tmp_path / "maps").glob("*_ice.tif"))) == 28
    with pytest.raises(QgsProcessingException, match=r"1 of 29 scenes could not be used.*s28\.tif"):
        run("classifyseaice", {**parameters, "ON_ERROR": "skip_then_fail"})


def test_prepared_and_raw_charts_result_in_the_same_map(classify, run, inputs, tmp_path):
    run("prepareicecharts", {"CHARTS_FOLDER": str(inputs / "charts"), "LEGEND": "ice_water", "LOAD": False,
                             "CRS": "EPSG:32626", "OUTPUT_FOLDER": str(tmp_path / "prepared")})
    raw = classify(OUTPUT_FOLDER=str(tmp_path / "raw"), ASSESSMENT="none")
    prepared = classify(OUTPUT_FOLDER=str(tmp_path / "again"), CHARTS_FOLDER=str(tmp_path / "prepared"),
                        ASSESSMENT="none")
    maps = [np.fromfile(Path(results["OUTPUT_FOLDER"]) / "scene0_ice.tif", np.uint8) for results in (raw, prepared)]
    assert np.array_equal(*maps)


def test_land_buffer_extends_the_land_of_the_charts(classify, tmp_path):
    import rasterio

    (tmp_path / "coast").mkdir()
    for day in DAYS:
        icescene.write_chart(tmp_path / "coast", day, (("L", "-9", "-9"), *icescene.CODES[1:]))
    for buffer, width in ((0, 30), (200, 35)):
        results = classify(CHARTS_FOLDER=str(tmp_path / "coast"), LAND_BUFFER=buffer, ASSESSMENT="none")
        with rasterio.open(Path(results["OUTPUT_FOLDER"]) / "scene0_ice.tif") as raster:
            classes = raster.read(1)
        assert not classes[:, :width].any() and (classes[:, width:] > 0).all()


def test_land_layer_is_masked(classify, tmp_path):
    import json

    import rasterio

    (tmp_path / "land.geojson").write_text(json.dumps({
        "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32626"}},
        "features": [{"type": "Feature", "properties": {}, "geometry": icescene.rectangle(40, 50)}]}))
    results = classify(LAND=str(tmp_path / "land.geojson"), ASSESSMENT="none")
    with rasterio.open(Path(results["OUTPUT_FOLDER"]) / "scene0_ice.tif") as raster:
        classes = raster.read(1)
    assert not classes[:, 40:50].any() and (classes[:, :40] > 0).all() and (classes[:, 50:] > 0).all()


@pytest.mark.parametrize(("changes", "words"), [
    ({"SCENES_FOLDER": ""}, "Give either a list of scenes"),
    ({"CHARTS_FOLDER": None}, "Give either a list of charts"),
    ({"TEXTURES": "from_folder"}, "TEXTURES=from_folder requires TEXTURES_FOLDER"),
    ({"DISTANCES": "near"}, "DISTANCES: 'near' is not a list of whole numbers"),
    ({"WINDOW": 8}, "WINDOW is 8"),
    ({"LEGEND": "nobody"}, "There is no legend nobody"),
    ({"BANDS": "VV"}, "has no band VV")])
def test_invalid_parameters_are_refused(classify, changes, words):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match=words):
        classify(**changes)


def test_model_applied_with_applyclassifier_results_in_the_same_map(classify, run, inputs, tmp_path):
    """The map from a scene and its textures is that of ``classifyseaice`` for the same scene."""
    import rasterio

    results = classify(MODEL=str(tmp_path / "ice.ffm"), ASSESSMENT="none")
    scene = str(inputs / "scenes" / "scene2.tif")
    run("glcmtextures", {"INPUT": scene, "WINDOW": 9, "LEVELS": 16, "DISTANCES": "1",
                         "FEATURES": ["contrast", "variance"], "OUTPUT": str(tmp_path / "textures.tif")})
    run("applyclassifier", {"RASTERS": [scene, str(tmp_path / "textures.tif")], "MODEL": results["MODEL"],
                              "SMOOTHING": False, "OUTPUT": str(tmp_path / "applied.tif")})
    maps = []
    for path in (tmp_path / "applied.tif", Path(results["OUTPUT_FOLDER"]) / "scene2_ice.tif"):
        with rasterio.open(path) as raster:
            maps.append(raster.read(1))
    assert np.array_equal(*maps)
