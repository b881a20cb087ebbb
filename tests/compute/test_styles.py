"""Styles from templates: what an XML parser reads is what was given (attribute tables: test_categorical.py)."""

from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from jinja2 import UndefinedError

from floefield.compute.classmap.classes import MapClass
from floefield.compute.icechart.chart_styles import class_qml
from floefield.compute.raster.raster_styles import grey_qml, paletted_qml, true_colour_qml
from floefield.compute.templates import render_template

# Labels with everything that XML escapes, right-to-left letters, and a control character, which XML forbids.
CLASSES = (MapClass(1, "11", '<b> & "quoted"', (1, 2, 255)), MapClass(4, "d'hiver", "Blé d'hiver", (10, 200, 3)),
           MapClass(5, "x", "قمح\x07", (255, 0, 0)))
LABELS = ['<b> & "quoted"', "Blé d'hiver", "قمح"]


def parsed(qml):
    # QGIS writes its document type in a form that strict parsers refuse.
    return ElementTree.fromstring(qml.partition("\n")[2])


def test_palette_has_value_label_and_colour_of_each_class():
    entries = [entry.attrib for entry in parsed(paletted_qml(CLASSES)).iter("paletteEntry")]
    assert [entry["value"] for entry in entries] == ["1", "4", "5"]
    assert [entry["label"] for entry in entries] == LABELS
    assert [entry["color"] for entry in entries] == ["#0102ff", "#0ac803", "#ff0000"]


def test_stretches_are_written_with_six_digits_in_the_order_of_the_bands():
    renderer = parsed(true_colour_qml(3, 2, 1, ((0.02, 0.3), (1e-7, 1234567.0), (np.float32(0.01), 0.15)))).find(
        "pipe/rasterrenderer")
    assert [renderer.get(f"{colour}Band") for colour in ("red", "green", "blue")] == ["3", "2", "1"]
    limits = [(float(stretch.findtext("minValue")), float(stretch.findtext("maxValue")))
              for stretch in renderer if stretch.tag.endswith("ContrastEnhancement")]
    assert limits == [(0.02, 0.3), (1e-7, 1234570.0), (0.01, 0.15)]
    assert parsed(grey_qml(2, (-25.0, 0.0))).find("pipe/rasterrenderer").get("grayBand") == "2"


def test_chart_rules_filter_by_class_land_and_ice_shelf():
    root = parsed(class_qml(SimpleNamespace(classes=CLASSES)))
    rules = [rule.attrib for rule in root.iter("rule")]
    assert [rule["filter"] for rule in rules] == [
        '"class_value" = 1', '"class_value" = 4', '"class_value" = 5', '"class_value" = 0 AND "poly_type" = \'L\'',
        '"class_value" = 0 AND "poly_type" = \'S\'', "ELSE"]
    assert [rule["label"] for rule in rules] == [*LABELS, "Land", "Ice shelf", "No class"]
    assert len({rule["key"] for rule in rules}) == len(rules)
    symbols = {symbol.get("name"): symbol for symbol in root.iter("symbol")}
    assert symbols[rules[1]["symbol"]].find("layer/prop[@k='color']").get("v") == "10,200,3,255"


def test_a_template_without_one_of_its_values_is_an_error():
    with pytest.raises(UndefinedError):
        render_template("paletted.qml.xml")
