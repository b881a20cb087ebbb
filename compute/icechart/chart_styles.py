"""QGIS styles of prepared charts: classes of a legend, and shipped styles in WMO colours.

The QML is compatible with QGIS 3.22 and later; its template is ``resources/templates/polygon_rules.qml.xml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..raster.raster_styles import printable, shipped_style
from ..templates import render_template

if TYPE_CHECKING:
    from .ice_legend import Legend

LAND, SHELF, NO_CLASS = (230, 220, 200), (220, 235, 240), (222, 222, 224)


def chart_styles(legend: Legend) -> dict[str, str]:
    """Return all styles of a prepared chart: QML by name (class, stage, concentration)."""
    return {"class": class_qml(legend), "stage": shipped_style("ice_stage"),
            "concentration": shipped_style("ice_concentration")}


def class_qml(legend: Legend) -> str:
    """Return a rule-based style with the classes of a legend, land, ice shelf, and polygons without a class.

    The filter ``ELSE`` applies to the remaining polygons.
    """
    rules = [*((f'"class_value" = {each.value}', each.label, each.colour) for each in legend.classes),
             ('"class_value" = 0 AND "poly_type" = \'L\'', "Land", LAND),
             ('"class_value" = 0 AND "poly_type" = \'S\'', "Ice shelf", SHELF),
             ("ELSE", "No class", NO_CLASS)]
    return render_template("polygon_rules.qml.xml", rules=[
        {"condition": condition, "label": printable(label), "colour": colour} for condition, label, colour in rules])
