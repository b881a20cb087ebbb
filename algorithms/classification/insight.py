"""What the tools that train a forest offer beyond the forest: labels that look wrong, and how early a map is good."""

from qgis.core import QgsProcessing, QgsProcessingParameterBoolean, QgsProcessingParameterFeatureSink

from ...compute.accuracy.insight import DiagnosticsSettings
from ...compute.accuracy.suspicious import suspect_label_table
from ...compute.raster.reader import RasterReader
from ...provider.base import ROOT
from ...provider.findings import layout_and_features
from ...provider.outputs import write_layer
from ...provider.styling import dress
from . import options, training

EARLY_SEASON = "EARLY_SEASON"
SUSPECT_LABELS = "SUSPECT_LABELS"


def add_cutoff_curve(tool):
    """Declare whether the report says how early in the season a map is good."""
    tool.declare(
        QgsProcessingParameterBoolean(EARLY_SEASON, tool.tr("Measure how early the map is good enough"), False),
        "the report shows the accuracy with the images up to each date. Takes a small forest for each date, so the run "
        "is longer.", advanced=True)


def add_suspicious(tool):
    """Declare the layer of labels that look wrong."""
    tool.declare(
        QgsProcessingParameterFeatureSink(SUSPECT_LABELS, tool.tr("Labels that look wrong"),
                                          QgsProcessing.SourceType.TypeVectorPolygon, optional=True,
                                          createByDefault=False),
        "parcels whose label the images contradict, the largest first: forests that have not seen the parcel are sure "
        "of another class. Takes five small forests.")


def check_insight(tool, parameters):
    """What does not fit together, as a sentence; empty if all is well."""
    if training.is_given(parameters.get(SUSPECT_LABELS)) and training.is_given(parameters.get(options.TRAINING_RASTER)):
        return tool.tr("SUSPECT_LABELS lists parcels, and TRAINING_RASTER has none. Leave it out.")
    return ""


def insight_wishes(tool, parameters, context):
    """What is to be found out about the parcels.

    Returns
    -------
    DiagnosticsSettings
    """
    return DiagnosticsSettings(
        profiles=training.is_given(parameters.get(options.REPORT)),
        suspect_labels=training.is_given(parameters.get(SUSPECT_LABELS)),
        early=tool.parameterAsBoolean(parameters, EARLY_SEASON, context))


class Delivery:
    """Writes the layer of labels that look wrong when all else is computed, but before any file takes its name."""

    def __init__(self, tool, parameters, context, raster_path, progress):
        self._tool, self._parameters, self._context, self._raster_path = tool, parameters, context, raster_path
        self._progress = progress
        self._layer = None

    def __call__(self, result):
        """Write the layer, if it is wanted."""
        if result.insight.suspect_labels is None:
            return
        with RasterReader(self._raster_path) as raster:
            crs_wkt = raster.grid.crs_wkt
        layout, features = layout_and_features(suspect_label_table(result.insight.suspect_labels), crs_wkt, False,
                                               self._progress.check)
        self._layer = write_layer(self._tool, self._parameters, SUSPECT_LABELS, self._context, layout, features,
                                  self._progress)

    def dress(self):
        """Have the layer named, grouped and styled; gives it by output."""
        if self._layer is None:
            return {}
        dress(self._layer, self._tool.tr("Labels that look wrong"), self._context,
              self._tool.tr("Floefield: crop classification"), ROOT / "styles" / "suspicious.qml", self._tool)
        return {SUSPECT_LABELS: self._layer}
