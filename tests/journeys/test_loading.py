"""The plugin loads and unloads wherever it lies, whatever is missing, and as often as one likes."""

import json
import shutil

import pytest

from floefield.provider.packages import PACKAGES

# QGIS's own plugin machinery, without a window: iface is None.
START = """
import json, sys
plugins, missing = sys.argv[1], json.loads(sys.argv[2])
sys.modules.update(dict.fromkeys(missing))
from qgis.core import QgsApplication
application = QgsApplication([], False)
application.initQgis()
import qgis.utils
assert qgis.utils.iface is None
sys.path.insert(0, plugins)
qgis.utils.plugin_paths = [plugins]
qgis.utils.updateAvailablePlugins()
def registered():
    return [each.id() for each in QgsApplication.processingRegistry().providers()]
def tools():
    provider = QgsApplication.processingRegistry().providerById("floefield")
    return {each.name(): each for each in provider.algorithms()}
def leftovers():  # QGIS itself leaves empty packages
    return [name for name, module in sys.modules.items()
            if name.partition(".")[0] == "floefield" and not hasattr(module, "__path__")]
assert qgis.utils.loadPlugin("floefield")
"""

CAN_EXECUTE = START + """
from qgis.analysis import QgsNativeAlgorithms
QgsApplication.processingRegistry().addProvider(QgsNativeAlgorithms())
assert qgis.utils.startProcessingPlugin("floefield")
print(json.dumps({name: [list(getattr(tool, "REQUIRES", ())), *tool.canExecute()] for name, tool in tools().items()}))
"""

RELOAD = START + """
assert qgis.utils.startPlugin("floefield")
seen = [sorted(tools())]
for _ in range(2):
    assert qgis.utils.reloadPlugin("floefield") is not False
    seen.append(sorted(tools()))
    assert registered().count("floefield") == 1
assert qgis.utils.unloadPlugin("floefield")
after = [registered().count("floefield"), leftovers(), "floefield" in qgis.utils.plugins]
assert qgis.utils.loadPlugin("floefield") and qgis.utils.startPlugin("floefield")
seen.append(sorted(tools()))
qgis.utils.unloadPlugin("floefield")
application.exitQgis()
print(json.dumps([seen, after]))
"""


@pytest.fixture
def odd_plugins(tmp_path, root):
    """A copy of what is shipped, in a folder with spaces and letters of many languages."""
    folder = tmp_path / "Été à l'île Ærø, поле 冰" / "plugins"
    shutil.copytree(root, folder / "floefield",
                    ignore=shutil.ignore_patterns("build", "tests", "docs", ".*", "__pycache__"))
    return folder


@pytest.mark.parametrize("missing", [["sklearn"], ["skimage"], ["rasterio"], ["matplotlib", "jinja2"],
                                     ["sklearn", "skimage", "rasterio", "matplotlib", "jinja2", "defusedxml"]])
def test_the_tools_that_need_a_missing_package_say_so(python_with_qgis, plugins, missing):
    answers = python_with_qgis(CAN_EXECUTE, plugins, json.dumps(missing))
    assert answers
    for name, (required, can, message) in answers.items():
        lacking = set(required) & set(missing)
        assert can == (not lacking), name
        for package in lacking:
            assert f"{PACKAGES[package].title} {PACKAGES[package].minimum} or later: not found" in message
            assert PACKAGES[package].apt in message


def test_everything_can_run_where_nothing_is_missing(python_with_qgis, plugins):
    assert all(can for _, can, _ in python_with_qgis(CAN_EXECUTE, plugins, "[]").values())


def test_reloading_twice_and_unloading_leaves_nothing_behind(python_with_qgis, plugins):
    seen, after = python_with_qgis(RELOAD, plugins, "[]")
    assert seen[0]
    assert seen == [seen[0]] * 4
    assert after == [0, [], False]


def test_an_odd_folder_is_as_good_as_any(python_with_qgis, odd_plugins, plugins):
    assert python_with_qgis(RELOAD, odd_plugins, "[]") == python_with_qgis(RELOAD, plugins, "[]")


def test_a_tool_runs_from_and_into_an_odd_folder(new_qgis_process, odd_plugins):
    parcels = odd_plugins.parent / "Äcker 2018.geojson"
    ring = [[500000, 4800000], [500100, 4800000], [500100, 4800100], [500000, 4800100], [500000, 4800000]]
    parcels.write_text(json.dumps({
        "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32631"}},
        "features": [{"type": "Feature", "properties": {"crop": "blé"},
                      "geometry": {"type": "Polygon", "coordinates": [ring]}}]}), encoding="utf-8")
    shrunk = odd_plugins.parent / "geschrumpft ü.gpkg"
    outcome = new_qgis_process(odd_plugins).run("innerbuffer", INPUT=parcels, DISTANCE=15, OUTPUT=shrunk)
    assert outcome.code == 0, outcome.text
    assert shrunk.exists()


def test_qgis_process_says_what_is_missing(new_qgis_process, plugins, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys; sys.modules['rasterio'] = None")
    qgis_process = new_qgis_process(plugins, PYTHONPATH=str(tmp_path))
    output = tmp_path / "stack.tif"
    outcome = qgis_process.run("preprocesssentinel2", INPUT=tmp_path, OUTPUT=output)
    assert outcome.code == 1
    assert "rasterio 1.3 or later: not found" in outcome.text
    assert "sudo apt install python3-rasterio" in outcome.text
    assert "Traceback" not in outcome.text
    assert not output.exists()
