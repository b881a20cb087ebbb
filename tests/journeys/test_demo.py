"""The demo leaves what it promises, and says clearly what is wrong with what it was given."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "demo"
sys.path.insert(0, str(DEMO))
import demo  # noqa: E402

PROMISED = {"crop_map.tif", "crop_map.qml", "confidence.tif", "report.html", "forest.ffm", "crop_map.png",
            "crop_map.qgz", "summary.json", "time_series.tif", "parcels_used.gpkg", "ice_map.png", "ice_report.html",
            "sea_ice"}

OPEN_PROJECT = """
import json, sys
from qgis.core import QgsApplication, QgsProject
application = QgsApplication([], False)
application.initQgis()
project = QgsProject.instance()
assert project.read(sys.argv[1])
view = project.viewSettings().defaultViewExtent()
seen = [{"name": node.name(), "group": node.parent().name(), "valid": node.layer().isValid(), "shown": node.isVisible(),
         "source": node.layer().source(), "kind": node.layer().renderer().type(),
         "in_view": view.contains(node.layer().extent())} for node in project.layerTreeRoot().findLayers()]
project.clear()
application.exitQgis()
print(json.dumps(seen))
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A demo with a small sample: (folder, summary)."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    return folder, demo.make_demo(folder, None, demo.Story(), SIZE=180, DATE_COUNT=3)


def test_every_promised_file_is_there_and_listed(made):
    folder, facts = made
    assert {path.name for path in folder.iterdir()} >= PROMISED
    assert {name.rstrip("/") for name in facts["files"]} == {path.name for path in folder.iterdir()}


def test_the_summary_says_what_the_report_and_qgis_say(made):
    from qgis.core import Qgis

    folder, facts = made
    assert json.loads((folder / "summary.json").read_text(encoding="utf-8")) == facts
    assert facts["synthetic"] is True
    assert f"{100 * facts['overall_accuracy']:.1f}" in (folder / "report.html").read_text(encoding="utf-8")
    assert -1 <= facts["kappa"] < facts["overall_accuracy"] <= 1
    assert facts["versions"]["qgis"] == Qgis.QGIS_VERSION
    assert facts["dates"] == len({path.name[11:19] for path in (folder / "sample" / "sentinel2").iterdir()})


def test_the_seconds_of_all_steps_are_counted(made):
    seconds = dict(made[1]["seconds"])
    total = seconds.pop("all")
    assert list(seconds) == ["Sample data", "Inner buffer", "Area filter", "Time series", "Classification",
                             "Project and picture", "Ice sample data", "Ice charts", "Sentinel-1 scenes", "Ice maps",
                             "Ice picture"]
    assert all(value > 0 for value in seconds.values())
    assert total == pytest.approx(sum(seconds.values()), abs=0.1)


def test_the_picture_shows_the_map_in_its_colours_and_is_labelled_as_synthetic(made):
    import rasterio
    from PIL import Image

    folder, _ = made
    with rasterio.open(folder / "crop_map.tif") as raster:
        table, mapped = raster.colormap(1), set(raster.read(1).ravel().tolist()) - {0}
    with Image.open(folder / "crop_map.png") as opened:
        picture = opened.convert("RGB")
    seen = {colour: count for count, colour in picture.getcolors(picture.width * picture.height)}
    for value in mapped:
        assert seen.get(table[value][:3], 0) > 100
    assert seen.get((0xF2, 0xA9, 0x00), 0) > 1000  # the badge


def test_the_ice_map_is_shown_in_the_colours_of_its_legend_and_labelled_as_synthetic(made):
    from PIL import Image

    folder, facts = made
    with Image.open(folder / "ice_map.png") as opened:
        picture = opened.convert("RGB")
    seen = {colour: count for count, colour in picture.getcolors(picture.width * picture.height)}
    for colour in ((170, 40, 240), (255, 255, 0), (0xF2, 0xA9, 0x00)):
        assert seen.get(colour, 0) > 100
    assert f"{100 * facts['sea_ice']['agreement']:.1f}" in (folder / "ice_report.html").read_text(encoding="utf-8")
    assert facts["sea_ice"]["scenes"] == facts["sea_ice"]["charts"] == 3


def test_the_project_opens_wherever_the_folder_is_moved(made, python_with_qgis, tmp_path):
    moved = tmp_path / "elsewhere"
    shutil.copytree(made[0], moved, ignore=shutil.ignore_patterns("sample"))
    layers = python_with_qgis(OPEN_PROJECT, moved / "crop_map.qgz")
    assert all(layer["valid"] and layer["in_view"] for layer in layers)
    assert all(str(moved) in layer["source"] for layer in layers)
    assert [(layer["group"], layer["kind"], layer["shown"]) for layer in layers] == [
        ("In-situ data", "singleSymbol", True),
        ("Floefield: crop classification", "paletted", True),
        ("Floefield: crop classification", "singlebandpseudocolor", False),
        ("Floefield: Sentinel-2", "multibandcolor", True),
        ("Floefield: Sentinel-2", "multibandcolor", False)]
    assert layers[1]["name"] == "Crops"


@pytest.mark.parametrize("left, expected", [
    ({15: "aabb", 5: "aabbb"}, (15, 5000)),
    ({15: "aaab", 5: "aab"}, (15, 5000)),
    ({15: "a", 5: "aab"}, (5, 1000)),
    ({15: "aaaa", 5: "aaaa", 1: "aaaab"}, (1, 100)),
    ({15: "", 5: "", 1: "aaaa"}, (0, 0)),
])
def test_small_parcels_are_treated_as_gently_as_needed(monkeypatch, tmp_path, capsys, left, expected):
    monkeypatch.setattr(demo, "shrink_and_filter", lambda *arguments: Counter(left[arguments[4]]))
    monkeypatch.setattr(demo, "copy_vector", lambda source, target: None)
    season = demo.Season(tmp_path, tmp_path / "parcels.shp", "crop", synthetic=False)
    known = Counter("aaaabb")
    used, settings = demo.prepare_parcels(None, demo.Story(), season, known, tmp_path)
    assert settings == expected
    assert used == (known if expected == (0, 0) else Counter(left[expected[0]]))
    assert ("gentler" in capsys.readouterr().out) == (expected != (15, 5000))


@pytest.mark.parametrize("options, sentence", [
    ({"data": None}, "Give all three"),
    ({"data": "nowhere"}, "DATA: there is no folder nowhere."),
    ({"data": "empty"}, "DATA: there are no Sentinel-2 products"),
    ({"parcels": "nowhere.shp"}, "PARCELS: there is no file nowhere.shp."),
    ({"parcels": "notes.txt"}, "PARCELS: notes.txt cannot be opened as a layer of polygons."),
    ({"field": "colour"}, "has no field colour. Its fields are: crop."),
])
def test_wrong_input_gets_one_sentence_and_code_1(tmp_path, options, sentence):
    (tmp_path / "empty").mkdir()
    (tmp_path / "products" / "S2A_MSIL2A_20180627.SAFE").mkdir(parents=True)
    (tmp_path / "notes.txt").write_text("no parcels")
    (tmp_path / "parcels.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"crop": "rye"},
         "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [0, 0]]]}}]}))
    given = {"data": "products", "parcels": "parcels.geojson", "field": "crop", **options}
    arguments = [f"--{name}={value}" for name, value in given.items() if value]
    done = subprocess.run([sys.executable, DEMO / "demo.py", *arguments], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_demo_does_not_delete_what_it_was_given(tmp_path):
    products = tmp_path / "sample" / "sentinel2"
    products.mkdir(parents=True)
    season = demo.Season(products, tmp_path / "parcels.gpkg", "crop", synthetic=False)
    with pytest.raises(demo.Problem, match="Copy it to another place first"):
        demo.make_demo(tmp_path, season, demo.Story())
    assert products.is_dir()
