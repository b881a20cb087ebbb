"""In the real QGIS desktop, on a virtual screen: results of dialogs arrive named, grouped and coloured."""

import json
import sys
from pathlib import Path

import pytest

from tests.fieldscene import fields, reflectance, write

DEMO = Path(__file__).resolve().parents[2] / "demo"
sys.path.insert(0, str(DEMO))
import desktop  # noqa: E402

CLASSIFICATION, SENTINEL2 = "Floefield: crop classification", "Floefield: Sentinel-2"


@pytest.fixture(scope="module")
def seen(tmp_path_factory, qgis_process):
    """What a person saw after running the tool and the model."""
    if desktop.missing_programs():
        pytest.skip(f"no desktop without {' and '.join(desktop.missing_programs())} (make screenshots installs them)")
    folder = tmp_path_factory.mktemp("dialogs")
    raster = write(folder / "scene.tif", reflectance())
    parcels = folder / "fields.geojson"
    parcels.write_text(json.dumps({
        "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32631"}},
        "features": [{"type": "Feature", "properties": {"crop": crop}, "geometry": geometry}
                     for _, crop, geometry in fields()]}))
    sample = folder / "sample"
    made = qgis_process.run("createsampledata", KIND="crops", SIZE=120, DATE_COUNT=2, OUTPUT_FOLDER=sample)
    assert made.code == 0, made.text
    visited = desktop.visit(Path(__file__).with_name("visit_dialogs.py"), raster, str(parcels),
                            str(folder / "map.tif"), str(sample))
    return {"map": folder / "map.tif", "sample": sample, **visited}


def test_the_results_of_the_tool_arrive_named_and_grouped(seen):
    arrived = [(layer["name"], layer["group"], layer["renderer"]) for layer in seen["tool"]["layers"]]
    assert arrived == [("Crops", CLASSIFICATION, "paletted"),
                       ("Confidence", CLASSIFICATION, "singlebandpseudocolor"),
                       ("fields", "", "singleSymbol")]


def test_the_map_has_the_labels_and_the_colours_of_its_colour_table(seen):
    import rasterio

    with rasterio.open(seen["map"]) as raster:
        table = raster.colormap(1)
    assert [(label.lower(), colour) for label, colour in seen["tool"]["layers"][0]["legend"]] == [
        (crop, "#{:02x}{:02x}{:02x}".format(*table[value][:3]))
        for value, crop in enumerate(("barley", "maize", "wheat"), start=1)]


def test_the_accuracy_arrives_as_numbers(seen):
    assert 0.9 < seen["tool"]["results"]["OVERALL_ACCURACY"] <= 1.0
    assert 0.8 < seen["tool"]["results"]["KAPPA"] <= 1.0


def test_the_results_of_the_model_arrive_dressed(seen):
    from osgeo import ogr

    ogr.UseExceptions()
    source = ogr.Open(str(seen["sample"] / "parcels.gpkg"))
    crops = {feature.GetField("crop") for feature in source.GetLayer(0)}
    by_renderer = {layer["renderer"]: layer for layer in seen["model"]["layers"] if layer["group"]}
    assert by_renderer["paletted"]["group"] == CLASSIFICATION
    assert len(by_renderer["paletted"]["legend"]) > 1
    assert {label for label, _ in by_renderer["paletted"]["legend"]} <= crops
    assert by_renderer["singlebandpseudocolor"]["group"] == CLASSIFICATION
    assert by_renderer["multibandcolor"]["group"] == SENTINEL2
