"""Runs inside the QGIS desktop for test_dialog.py: crops are classified with the tool, and then with the model."""

from gui_actions import layers_in_project, open_dialog, run_dialog
from qgis.core import QgsProject, QgsVectorLayer


def main(raster, parcels, crop_map, sample):
    """What lies in the project after each run."""
    return {"tool": classify(raster, parcels, crop_map), "model": run_model(sample)}


def classify(raster, parcels, crop_map):
    """Run classifycrops from its dialog."""
    layer = QgsVectorLayer(parcels, "fields", "ogr")
    QgsProject.instance().addMapLayer(layer)
    dialog = open_dialog("floefield:classifycrops", {"RASTERS": [raster], "TRAINING": layer, "CLASS_FIELD": "crop",
                                                     "TREES": 20, "OUTPUT": crop_map})
    results = run_dialog(dialog)
    dialog.close()
    return {"results": results, "layers": layers_in_project()}


def run_model(sample):
    """Run the shipped model from its dialog, in a project of its own."""
    QgsProject.instance().clear()
    layer = QgsVectorLayer(f"{sample}/parcels.gpkg", "parcels", "ogr")
    QgsProject.instance().addMapLayer(layer)
    dialog = open_dialog("floefield:cropmap", {"PRODUCTS": f"{sample}/sentinel2", "PARCELS": layer,
                                               "CLASS_FIELD": "crop", "DISTANCE": 5, "MIN_AREA": 500})
    run_dialog(dialog)
    dialog.close()
    return {"layers": layers_in_project()}
