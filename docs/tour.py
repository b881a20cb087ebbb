"""Take screenshots of the QGIS desktop, from the first dialog to the finished map; started by screenshots.py."""

import os
from pathlib import Path

from gui_actions import open_dialog, pause, run_dialog
from qgis.core import QgsApplication, QgsProject, QgsRasterLayer, QgsVectorLayer
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtWidgets import QDockWidget, QTreeView
from qgis.utils import iface

DESKTOP, DIALOG, TOOLBOX, DESIGNER = (1600, 1000), (900, 760), (400, 640), (1480, 560)


def main(demo, folder):
    """Take all screenshots; the folder `demo` contains the outputs of ``make demo``."""
    os.chdir(demo)  # relative paths in the screenshots
    camera, window = Camera(folder), iface.mainWindow()
    window.resize(*DESKTOP)
    series, parcels = open_inputs()
    for tool, parameters in (("innerbuffer", {"INPUT": parcels}),
                             ("sentinel2timeseries", {"INPUT_FOLDER": "sample/sentinel2"}),
                             ("classifycrops", {"RASTERS": [series], "TRAINING": parcels, "CLASS_FIELD": "crop"}),
                             ("sen2agri", {"PRODUCTS": "sample/sentinel2", "START_DATE": "2023-03-01",
                                           "END_DATE": "2023-05-31", "PARCELS": parcels, "CLASS_FIELD": "crop"})):
        dialog = open_dialog(f"floefield:{tool}", parameters, DIALOG)
        camera.take(f"{tool}-dialog", dialog)
        if tool == "classifycrops":
            run_dialog(dialog)
            camera.take(f"{tool}-log", dialog)
        dialog.close()
    tidy_up(window)
    toolbox = open_toolbox(window)
    camera.take("desktop", window)
    toolbox.setFloating(True)
    toolbox.resize(*TOOLBOX)
    show_floefield(toolbox)
    camera.take("toolbox", toolbox)
    for name, model in (("model", "cropmap"), ("ice-model", "seaicemap"), ("sen2agri-model", "sen2agri"),
                        ("pixelandobject-model", "pixelandobject")):
        designer = open_designer(f"floefield:{model}")
        camera.take(name, designer)
        designer.close()


class Camera:
    """Save screenshots of windows.

    Parameters
    ----------
    folder : path
        Output folder.
    """

    def __init__(self, folder):
        self._folder = Path(folder)

    def take(self, name, widget):
        """Save a screenshot of a window after rendering."""
        iface.mapCanvas().waitWhileRendering()
        pause(1)
        widget.grab().save(str(self._folder / f"{name}.png"))


def open_inputs():
    """Load the time series and the parcels; return the two layers."""
    series = QgsRasterLayer("time_series.tif", "Time series (synthetic)")
    parcels = QgsVectorLayer("parcels_used.gpkg", "Parcels (synthetic)", "ogr")
    QgsProject.instance().addMapLayers([series, parcels])
    iface.setActiveLayer(series)
    iface.zoomToActiveLayer()
    return series, parcels


def tidy_up(window):
    """Hide unused panels, and expand the legend of the map."""
    for panel in ("Browser", "ResultsViewer"):
        window.findChild(QDockWidget, panel).hide()
    iface.messageBar().clearWidgets()
    for node in QgsProject.instance().layerTreeRoot().findLayers():
        node.setExpanded(node.name() == "Crops")


def open_toolbox(window):
    """Open the Processing Toolbox with the tools of Floefield expanded."""
    toolbox = window.findChild(QDockWidget, "ProcessingToolbox")
    toolbox.show()
    window.resizeDocks([toolbox, window.findChild(QDockWidget, "Layers")], [360, 300], Qt.Orientation.Horizontal)
    show_floefield(toolbox)
    return toolbox


def show_floefield(toolbox):
    """Expand the tools of Floefield, and scroll to them."""
    pause(0.5)
    tree = toolbox.findChild(QTreeView, "algorithmTree")
    for row in range(tree.model().rowCount()):
        provider = tree.model().index(row, 0)
        if tree.model().data(provider) == "Floefield":
            tree.expandRecursively(provider)
            tree.scrollTo(provider, QTreeView.ScrollHint.PositionAtTop)


def open_designer(model):
    """Open a model in the model designer."""
    from processing.modeler.ModelerDialog import ModelerDialog

    designer = ModelerDialog.create(QgsApplication.processingRegistry().createAlgorithmById(model))
    designer.resize(*DESIGNER)
    designer.show()
    for panel in designer.findChildren(QDockWidget):
        panel.hide()
    pause(0.5)
    designer.view().fitInView(designer.view().scene().itemsBoundingRect(), Qt.AspectRatioMode.KeepAspectRatio)
    return designer
