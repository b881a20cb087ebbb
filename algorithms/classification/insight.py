"""Optional diagnostics of the training tools: suspect labels and early-season accuracy."""

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


def add_early_season(tool):
    """Declare whether the report contains the accuracy by date."""
    tool.declare(
        QgsProcessingParameterBoolean(EARLY_SEASON, tool.tr("Early-season accuracy"), False),
        "Add to the report the accuracy that is reached with the images up to each date. Trains a small forest per "
        "date, so the run takes longer.", advanced=True)


def add_suspect_labels(tool):
    """Declare the layer of suspect labels."""
    tool.declare(
        QgsProcessingParameterFeatureSink(SUSPECT_LABELS, tool.tr("Suspect labels"),
                                          QgsProcessing.SourceType.TypeVectorPolygon, optional=True,
                                          createByDefault=False),
        "Parcels that are probably mislabelled, the largest first: forests trained without the parcel predict another "
        "class with high probability. Trains five small forests (cross-validation by parcel).")


def check_insight(tool, parameters):
    """Return a message if the diagnostics do not fit the training data; empty otherwise."""
    if training.is_given(parameters.get(SUSPECT_LABELS)) and training.is_given(parameters.get(options.TRAINING_RASTER)):
        return tool.tr("Suspect labels (SUSPECT_LABELS) are available for training parcels only, not for a training "
                       "raster (TRAINING_RASTER). Leave the output empty.")
    return ""


def requested_diagnostics(tool, parameters, context):
    """Return the requested diagnostics of the parcels.

    Returns
    -------
    DiagnosticsSettings
    """
    return DiagnosticsSettings(
        profiles=training.is_given(parameters.get(options.REPORT)),
        suspect_labels=training.is_given(parameters.get(SUSPECT_LABELS)),
        early=tool.parameterAsBoolean(parameters, EARLY_SEASON, context))


class SuspectLabelWriter:
    """Writer of the suspect labels, called after all computations and before the other files are completed."""

    def __init__(self, tool, parameters, context, raster_path, progress):
        self._tool, self._parameters, self._context, self._raster_path = tool, parameters, context, raster_path
        self._progress = progress
        self._layer = None

    def __call__(self, result):
        """Write the layer, if it was requested."""
        if result.insight.suspect_labels is None:
            return
        with RasterReader(self._raster_path) as raster:
            crs_wkt = raster.grid.crs_wkt
        layout, features = layout_and_features(suspect_label_table(result.insight.suspect_labels), crs_wkt, False,
                                               self._progress.check)
        self._layer = write_layer(self._tool, self._parameters, SUSPECT_LABELS, self._context, layout, features,
                                  self._progress)

    def dress(self):
        """Name, group and style the layer; return it by output name."""
        if self._layer is None:
            return {}
        dress(self._layer, self._tool.tr("Suspect labels"), self._context,
              self._tool.tr("Floefield: crop classification"), ROOT / "styles" / "suspect_labels.qml", self._tool)
        return {SUSPECT_LABELS: self._layer}
