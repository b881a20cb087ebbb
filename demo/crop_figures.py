"""A QGIS project and a picture of what the demo made; both show the satellite image of the greenest day.

Usage: crop_figures.py FOLDER < FACTS, with the facts of summary.json. Paths in the project are relative to the folder.
"""

import json
import sys
from pathlib import Path

from imagery import Stack, colour_by
from map_figure import draw
from osgeo import gdal
from qgis.core import (
    QgsApplication,
    QgsFillSymbol,
    QgsProject,
    QgsRasterLayer,
    QgsReferencedRectangle,
    QgsSimpleFillSymbolLayer,
    QgsSingleSymbolRenderer,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor

MARGIN = 1.08
TRUE_COLOUR, FALSE_COLOUR = ("B04", "B03", "B02"), ("B08", "B04", "B03")
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")
CLASSIFICATION, SENTINEL2, PARCELS = "Floefield: crop classification", "Floefield: Sentinel-2", "In-situ data"


def main():
    """Start QGIS, and end it when everything that belongs to it is gone."""
    application = QgsApplication([], True)
    application.initQgis()
    gdal.UseExceptions()
    show(Path(sys.argv[1]), json.load(sys.stdin))
    QgsProject.instance().clear()
    application.exitQgis()


def show(folder, facts):
    """Write crop_map.qgz and crop_map.png."""
    project = QgsProject.instance()
    stack = Stack(folder / "time_series.tif")
    layers = load_layers(folder, stack, facts)
    furnish(project, layers, facts)
    if not project.write(str(folder / "crop_map.qgz")):
        sys.exit(project.error())
    picture = draw(layers["crops"], layers["true colour"], layers["parcels"], headlines(layers, stack.days(), facts))
    if not picture.save(str(folder / "crop_map.png")):
        sys.exit(f"{folder / 'crop_map.png'} cannot be written")


def load_layers(folder, stack, facts):
    """The results as styled layers, by what they are."""
    series = folder / "time_series.tif"
    layers = {"crops": QgsRasterLayer(str(folder / "crop_map.tif"), "Crops"),
              "confidence": QgsRasterLayer(str(folder / "confidence.tif"), "Confidence"),
              "true colour": QgsRasterLayer(str(series), "True colour"),
              "false colour": QgsRasterLayer(str(series), "False colour"),
              "parcels": QgsVectorLayer(f"{folder / 'parcels_used.gpkg'}|layername=parcels_used", "Parcels", "ogr")}
    for what, layer in layers.items():
        if not layer.isValid():
            sys.exit(f"{what}: {layer.source()} cannot be opened")
    day = stack.greenest_day()
    for what, names in (("true colour", TRUE_COLOUR), ("false colour", FALSE_COLOUR)):
        colour_by(layers[what], stack, [f"{name}_{day}" for name in names], together=what == "true colour")
        layers[what].setName(f"{layers[what].name()}, {in_words(day)}")
    layers["parcels"].setName(f"Parcels with known crops ({facts['parcels']['used']})")
    layers["parcels"].setRenderer(QgsSingleSymbolRenderer(outline()))
    return layers


def outline():
    """White lines with a dark edge: visible on light and on dark ground."""
    symbol = QgsFillSymbol()
    symbol.changeSymbolLayer(0, line_layer(QColor(0, 0, 0, 150), 0.7))
    symbol.appendSymbolLayer(line_layer(QColor(255, 255, 255), 0.35))
    return symbol


def line_layer(colour, millimetres):
    """An outline without filling."""
    layer = QgsSimpleFillSymbolLayer()
    layer.setBrushStyle(Qt.BrushStyle.NoBrush)
    layer.setStrokeColor(colour)
    layer.setStrokeWidth(millimetres)
    return layer


def furnish(project, layers, facts):
    """Put the layers into the project: grouped, the map on top, and the whole of it in view."""
    crops = layers["crops"]
    project.setCrs(crops.crs())
    project.setTitle("Crop map from synthetic sample data" if facts["synthetic"] else "Crop map")
    project.writeEntryBool("Paths", "/Absolute", False)
    for title, shown, hidden in ((PARCELS, ["parcels"], []), (CLASSIFICATION, ["crops"], ["confidence"]),
                                 (SENTINEL2, ["true colour"], ["false colour"])):
        group = project.layerTreeRoot().addGroup(title)
        for what in shown + hidden:
            project.addMapLayer(layers[what], False)
            node = group.addLayer(layers[what])
            node.setItemVisibilityChecked(what in shown)
            node.setExpanded(what == "crops")
    extent = crops.extent()
    extent.scale(MARGIN)
    project.viewSettings().setDefaultViewExtent(QgsReferencedRectangle(extent, crops.crs()))
    if facts["synthetic"]:
        project.writeEntryBool("TitleLabel", "/Enabled", True)
        project.writeEntry("TitleLabel", "/Label", "SYNTHETIC DATA, not a satellite image")


def headlines(layers, days, facts):
    """What the picture says in words, by place."""
    accuracy = ""
    if facts["overall_accuracy"] is not None:
        accuracy = (f"Overall accuracy {facts['overall_accuracy']:.0%}, kappa {facts['kappa']:.2f}, "
                    "on validation parcels")
    return {"title": "A crop map from Sentinel-2",
            "subtitle": f"{len(days)} dates, {in_words(days[0])} to {in_words(days[-1])}. {accuracy}",
            "left": layers["true colour"].name(), "note": f"{facts['parcels']['used']} known parcels outlined",
            "right": "Crops, mapped by Floefield",
            "badge": "SYNTHETIC DATA" if facts["synthetic"] else ""}


def in_words(day):
    """20180627 as 27 June 2018, whatever the language of the machine."""
    return f"{int(day[6:])} {MONTHS[int(day[4:6]) - 1]} {day[:4]}"


if __name__ == "__main__":
    main()
