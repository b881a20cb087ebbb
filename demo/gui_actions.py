"""What a person does in the QGIS desktop; for scripts that run inside it (see desktop.py)."""

import time

from qgis.core import QgsProject
from qgis.PyQt.QtCore import QCoreApplication, QEventLoop

PATIENCE = 600  # seconds


def wait_until(done, what):
    """Let QGIS work until ``done()``."""
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE} seconds for {what}")
        pause(0.05)


def pause(seconds):
    """Let QGIS work."""
    deadline = time.monotonic() + seconds
    while True:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
        if time.monotonic() >= deadline:
            return
        time.sleep(0.01)


def open_dialog(tool, parameters, size=None):
    """The dialog of a tool, filled in and shown."""
    import processing

    dialog = processing.createAlgorithmDialog(tool, parameters)
    if size:
        dialog.resize(*size)
    dialog.show()
    pause(0.5)
    return dialog


def run_dialog(dialog):
    """Press Run, wait until the layers are in the project, and give the results."""
    finished = []
    dialog.algorithmFinished.connect(lambda ok, results: finished.append((ok, results)))
    dialog.runButton().click()
    wait_until(lambda: finished and dialog.runButton().isEnabled(), "the tool to finish")
    pause(0.5)
    ok, results = finished[0]
    if not ok:
        raise RuntimeError("the tool failed")
    return results


def layers_in_project():
    """All layers from top to bottom, with what a person sees of each in the layer panel."""
    return [{"name": node.name(), "group": node.parent().name(), "renderer": node.layer().renderer().type(),
             "legend": legend_of(node.layer())} for node in QgsProject.instance().layerTreeRoot().findLayers()]


def legend_of(layer):
    """(label, colour) of each class of a paletted raster."""
    renderer = layer.renderer()
    if renderer.type() != "paletted":
        return []
    return [(each.label, each.color.name()) for each in renderer.classes()]
