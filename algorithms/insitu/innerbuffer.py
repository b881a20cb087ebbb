"""Inner (negative) buffer of parcels, which removes mixed border pixels from the training data."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ...compute.insitu.insitu_preparation import InnerBufferSettings
from ...compute.messages import listed
from ...provider.base import Algorithm, Group
from ...provider.layer_outputs import write_layer
from ...provider.parcel_inputs import parcel_source, parcels
from ...vector.parcel_geometry import MetricGeometry, valid_polygons


class InnerBuffer(Algorithm):
    """Move the borders of parcels inwards by a distance in metres."""

    NAME = "innerbuffer"
    TITLE = "Inner buffer of parcels"
    GROUP = Group.INSITU
    TAGS = ("negative buffer", "erode", "shrink", "border", "mixed pixels", "edge pixels", "training data", "in-situ",
            "fields", "crops", "sen2-agri")
    HELP = ("Moves the border of each parcel inwards by a distance in metres, so that no mixed border pixels are used "
            "for training. The layer may have any coordinate reference system, also in degrees. Invalid geometries are "
            "repaired, attributes are kept, and parcels too narrow for the buffer are counted and listed.")

    INPUT = "INPUT"
    DISTANCE = "DISTANCE"
    SEGMENTS = "SEGMENTS"
    OUTPUT = "OUTPUT"
    INPUT_COUNT = "INPUT_COUNT"
    OUTPUT_COUNT = "OUTPUT_COUNT"
    REMOVED_COUNT = "REMOVED_COUNT"

    def initAlgorithm(self, config=None):
        """Declare the parameters."""
        self.declare(
            QgsProcessingParameterFeatureSource(self.INPUT, self.tr("Parcels"),
                                                [QgsProcessing.SourceType.TypeVectorPolygon]),
            "Polygon layer in any coordinate reference system.")
        self.declare(
            QgsProcessingParameterNumber(self.DISTANCE, self.tr("Buffer distance (m)"),
                                         QgsProcessingParameterNumber.Type.Double, InnerBufferSettings.distance),
            "Distance by which the border moves inwards, above 0; about one and a half pixels. Always in metres on the "
            "ground, whatever the units of the layer.")
        self.declare(
            QgsProcessingParameterNumber(self.SEGMENTS, self.tr("Segments per quarter circle"),
                                         QgsProcessingParameterNumber.Type.Integer, InnerBufferSettings.segments,
                                         minValue=1, maxValue=100),
            "Line segments that approximate a quarter circle around the inward corners of a parcel (1 to "
            "100).", advanced=True)
        self.declare(
            QgsProcessingParameterFeatureSink(self.OUTPUT, self.tr("Buffered parcels"),
                                              QgsProcessing.SourceType.TypeVectorPolygon),
            "Parcels after the buffer, with the same attributes, as multi-part polygons without Z values.")
        self.addOutput(QgsProcessingOutputNumber(self.INPUT_COUNT, self.tr("Parcels read")))
        self.addOutput(QgsProcessingOutputNumber(self.OUTPUT_COUNT, self.tr("Parcels written")))
        self.addOutput(QgsProcessingOutputNumber(self.REMOVED_COUNT, self.tr("Parcels removed by the buffer")))

    def checkParameterValues(self, parameters, context):
        """Refuse a distance that is not positive."""
        if self.parameterAsDouble(parameters, self.DISTANCE, context) <= 0:
            return False, self.tr("DISTANCE must be above 0: the border moves inwards by this many metres.")
        return super().checkParameterValues(parameters, context)

    def prepare_inputs(self, parameters, context, feedback):
        """Open the parcels."""
        self.source = parcel_source(self, parameters, self.INPUT, context)

    def execute(self, parameters, context, progress):
        """Buffer the parcels one by one."""
        distance = self.parameterAsDouble(parameters, self.DISTANCE, context)
        segments = self.parameterAsInt(parameters, self.SEGMENTS, context)
        crs = self.source.sourceCrs()
        metric = MetricGeometry(crs, context.transformContext())
        buffered, repaired, empty, vanished = [], [], [], []
        for parcel in parcels(self.source, progress):
            polygons, was_invalid = valid_polygons(parcel.geometry())
            if polygons.isEmpty():
                empty.append(parcel.id())
                continue
            if was_invalid:
                repaired.append(parcel.id())
            polygons = metric.inner_buffer(polygons, distance, segments)
            if polygons.isEmpty():
                vanished.append(parcel.id())
                continue
            parcel.setGeometry(polygons)
            buffered.append(parcel)
        progress.step(1.0)

        if repaired:
            progress.say(f"Parcels with invalid geometry, repaired: {len(repaired)} (ids {listed(repaired, maximum=20)}).")
        if empty:
            progress.warn(f"Parcels without an area, left out: {len(empty)} (ids {listed(empty, maximum=20)}).")
        if vanished:
            progress.warn(f"Parcels removed, because no point in them is {distance:g} m from the border: "
                          f"{len(vanished)} (ids {listed(vanished, maximum=20)}).")
        if not buffered:
            progress.warn("No parcel is left. Choose a smaller DISTANCE.")
        layout = (self.source.fields(), QgsWkbTypes.Type.MultiPolygon, crs)
        removed = len(empty) + len(vanished)
        return {self.OUTPUT: write_layer(self, parameters, self.OUTPUT, context, layout, buffered, progress),
                self.INPUT_COUNT: len(buffered) + removed, self.OUTPUT_COUNT: len(buffered),
                self.REMOVED_COUNT: removed}
