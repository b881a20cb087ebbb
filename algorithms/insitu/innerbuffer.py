"""Shrinks parcels, so that no mixed border pixel trains the classifier."""

from qgis.core import (
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsWkbTypes,
)

from ...compute.insitu.defaults import InnerBufferSettings
from ...provider.base import Algorithm, Group
from ...provider.geometry import Surveyor, valid_polygons
from ...provider.outputs import write_layer
from ...provider.parcels import listed, parcel_source, parcels
from ...provider.progress import FeedbackProgress


class InnerBuffer(Algorithm):
    """Parcels in, smaller parcels out."""

    NAME = "innerbuffer"
    TITLE = "Inner buffer of parcels"
    GROUP = Group.INSITU
    TAGS = ("shrink", "negative buffer", "border", "mixed pixels", "training", "fields", "crops", "sen2-agri")
    HELP = ("Shrinks parcels by a distance in metres, so that no mixed pixel on their border trains the classifier. "
            "Layers in any coordinate reference system will do, also in degrees. Invalid geometries are repaired, "
            "attributes are kept, and parcels too narrow to survive are counted and listed.")

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
            "Polygon layer with a coordinate reference system.")
        self.declare(
            QgsProcessingParameterNumber(self.DISTANCE, self.tr("Distance (metres)"),
                                         QgsProcessingParameterNumber.Type.Double, InnerBufferSettings.distance),
            "How far the border moves inwards: always metres on the ground, whatever the units of the layer.")
        self.declare(
            QgsProcessingParameterNumber(self.SEGMENTS, self.tr("Segments"), QgsProcessingParameterNumber.Type.Integer,
                                         InnerBufferSettings.segments, minValue=1, maxValue=100),
            "Straight pieces per quarter circle where the new border goes round an inward corner.", advanced=True)
        self.declare(
            QgsProcessingParameterFeatureSink(self.OUTPUT, self.tr("Shrunk parcels"),
                                              QgsProcessing.SourceType.TypeVectorPolygon),
            "The smaller parcels with the same attributes, as multi-part polygons without heights.")
        self.addOutput(QgsProcessingOutputNumber(self.INPUT_COUNT, self.tr("Parcels read")))
        self.addOutput(QgsProcessingOutputNumber(self.OUTPUT_COUNT, self.tr("Parcels written")))
        self.addOutput(QgsProcessingOutputNumber(self.REMOVED_COUNT, self.tr("Parcels lost")))

    def checkParameterValues(self, parameters, context):
        """Refuse a distance that would grow parcels."""
        if self.parameterAsDouble(parameters, self.DISTANCE, context) <= 0:
            return False, self.tr("DISTANCE is how many metres the border moves inwards: give a number above 0.")
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        """Open the parcels."""
        self.source = parcel_source(self, parameters, self.INPUT, context)
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Shrink one parcel after the other."""
        progress = FeedbackProgress(feedback)
        distance = self.parameterAsDouble(parameters, self.DISTANCE, context)
        segments = self.parameterAsInt(parameters, self.SEGMENTS, context)
        crs = self.source.sourceCrs()
        surveyor = Surveyor(crs, context.transformContext())
        smaller, repaired, empty, vanished = [], [], [], []
        for parcel in parcels(self.source, progress):
            polygons, was_invalid = valid_polygons(parcel.geometry())
            if polygons.isEmpty():
                empty.append(parcel.id())
                continue
            if was_invalid:
                repaired.append(parcel.id())
            polygons = surveyor.shrink(polygons, distance, segments)
            if polygons.isEmpty():
                vanished.append(parcel.id())
                continue
            parcel.setGeometry(polygons)
            smaller.append(parcel)
        progress.step(1.0)

        if repaired:
            progress.say(f"Parcels with an invalid geometry, repaired: {len(repaired)} (ids {listed(repaired)}).")
        if empty:
            progress.warn(f"Parcels without an area, left out: {len(empty)} (ids {listed(empty)}).")
        if vanished:
            progress.warn(f"Parcels that vanished, because no point in them is {distance:g} m from the border: "
                          f"{len(vanished)} (ids {listed(vanished)}).")
        if not smaller:
            progress.warn("No parcel is left. Try a smaller distance.")
        layout = (self.source.fields(), QgsWkbTypes.Type.MultiPolygon, crs)
        lost = len(empty) + len(vanished)
        return {self.OUTPUT: write_layer(self, parameters, self.OUTPUT, context, layout, smaller, progress),
                self.INPUT_COUNT: len(smaller) + lost, self.OUTPUT_COUNT: len(smaller), self.REMOVED_COUNT: lost}
