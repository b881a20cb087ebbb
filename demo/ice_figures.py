"""A picture of an ice map beside the radar scene it was made from, with the chart drawn on it.

Usage: ice_figures.py FOLDER FIGURE < FACTS, with the facts of the ice in summary.json.
"""

import json
import sys
from pathlib import Path

from crop_figures import in_words, outline
from map_figure import draw
from qgis.core import QgsApplication, QgsRasterLayer, QgsSingleSymbolRenderer, QgsVectorLayer


def main():
    """Start QGIS, and end it when everything that belongs to it is gone."""
    application = QgsApplication([], True)
    application.initQgis()
    show(Path(sys.argv[1]), sys.argv[2], json.load(sys.stdin))
    application.exitQgis()


def show(folder, target, facts):
    """Draw the map in the middle of the winter, when there is some of every ice."""
    maps = sorted((folder / "maps").glob("*_ice.tif"), key=lambda path: day_of(path.name))
    chosen = maps[len(maps) // 2]
    day = day_of(chosen.name)
    charts = sorted((folder / "charts").glob("*.gpkg"), key=lambda path: abs(int(path.stem[-8:]) - int(day)))
    layers = {"map": QgsRasterLayer(str(chosen), "Ice"),
              "scene": QgsRasterLayer(str(folder / "scenes" / chosen.name.replace("_ice.tif", ".tif")), "HH"),
              "chart": QgsVectorLayer(f"{charts[0]}|layername={charts[0].stem}", "Chart", "ogr")}
    for what, layer in layers.items():
        if not layer.isValid():
            sys.exit(f"{what}: {layer.source()} cannot be opened")
    layers["chart"].setRenderer(QgsSingleSymbolRenderer(outline()))
    words = {"title": "An ice map from Sentinel-1",
             "subtitle": f"{facts['scenes']} scenes, {in_words(day_of(maps[0].name))} to "
                         f"{in_words(day_of(maps[-1].name))}. Agreement with the charts {facts['agreement']:.0%}, "
                         f"kappa {facts['kappa']:.2f}, on dates not used for training",
             "left": f"HH backscatter, {in_words(day)}",
             "note": f"ice chart of {in_words(charts[0].stem[-8:])} outlined",
             "right": "Ice types, mapped by Floefield", "badge": "SYNTHETIC DATA" if facts["synthetic"] else ""}
    if not draw(layers["map"], layers["scene"], layers["chart"], words).save(target):
        sys.exit(f"{target} cannot be written")


def day_of(name):
    """The day in the name of a scene: S1A_EW_GRDM_20201023T081941_... gives 20201023."""
    return name.split("_")[3][:8]


if __name__ == "__main__":
    main()
