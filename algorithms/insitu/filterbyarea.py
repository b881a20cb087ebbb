"""Keeps the parcels that are big enough, and writes how big each is."""

from qgis.core import (
    QgsField,
    QgsFields,
    QgsProcessing,
    QgsProcessingOutputNumber,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterNumber,
    QgsProcessingParameterString,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ...compute.errors import UnsuitableInput
from ...compute.insitu.defaults import AreaFilterSettings
from ...provider.base import Algorithm, Group
from ...provider.geometry import Surveyor, valid_polygons
from ...provider.outputs import destination_text, write_layers
from ...provider.parcels import listed, parcel_source, parcels
from ...provider.progress import FeedbackProgress

LONGEST_SHAPEFILE_NAME = 10


class FilterByArea(Algorithm):
    """Parcels in, big parcels (and, if wanted, small ones) out."""

    NAME = "filterbyarea"
    TITLE = "Filter parcels by area"
    GROUP = Group.INSITU
    TAGS = ("size", "hectares", "small", "select", "training", "fields", "crops", "sen2-agri")
    HELP = ("Keeps the parcels that are big enough to train a classifier and writes the area of each, in square metres "
            "on the ellipsoid. Layers in any coordinate reference system will do, also in degrees. Run it after the "
            "inner buffer, so that the area is that of the pixels that train.")

    INPUT = "INPUT"
    MIN_AREA = "MIN_AREA"
    AREA_FIELD = "AREA_FIELD"
    OUTPUT = "OUTPUT"
    REJECTED = "REJECTED"
    OUTPUT_COUNT = "OUTPUT_COUNT"
    REJECTED_COUNT = "REJECTED_COUNT"

    def initAlgorithm(self, config=None):
        """Declare the parameters."""
        self.declare(
            QgsProcessingParameterFeatureSource(self.INPUT, self.tr("Parcels"),
                                                [QgsProcessing.SourceType.TypeVectorPolygon]),
            "Polygon layer with a coordinate reference system.")
        self.declare(
            QgsProcessingParameterNumber(self.MIN_AREA, self.tr("Smallest area (square metres)"),
                                         QgsProcessingParameterNumber.Type.Double, AreaFilterSettings.min_area,
                                         minValue=0.0),
            "Parcels of this area or more are kept: always square metres, whatever the units of the layer.")
        self.declare(
            QgsProcessingParameterString(self.AREA_FIELD, self.tr("Area field"), AreaFilterSettings.area_field),
            "Field that takes the area. It is added at the end, or overwritten if there is one that holds numbers. "
            "A shapefile allows ten characters.")
        self.declare(
            QgsProcessingParameterFeatureSink(self.OUTPUT, self.tr("Big parcels"),
                                              QgsProcessing.SourceType.TypeVectorPolygon),
            "The parcels kept, with all their attributes and the area.")
        self.declare(
            QgsProcessingParameterFeatureSink(self.REJECTED, self.tr("Small parcels"),
                                              QgsProcessing.SourceType.TypeVectorPolygon, optional=True,
                                              createByDefault=False),
            "The parcels that are too small, also with the area.")
        self.addOutput(QgsProcessingOutputNumber(self.OUTPUT_COUNT, self.tr("Parcels kept")))
        self.addOutput(QgsProcessingOutputNumber(self.REJECTED_COUNT, self.tr("Parcels rejected")))

    def checkParameterValues(self, parameters, context):
        """Refuse a field name that a shapefile would cut off."""
        name = self.parameterAsString(parameters, self.AREA_FIELD, context)
        into_shapefile = any(destination_text(parameters, output).lower().endswith(".shp")
                             for output in (self.OUTPUT, self.REJECTED))
        if into_shapefile and len(name.encode()) > LONGEST_SHAPEFILE_NAME:
            return False, self.tr("AREA_FIELD is longer than the {} characters that a shapefile allows. Choose a "
                                  "shorter name, or write a .gpkg file.").format(LONGEST_SHAPEFILE_NAME)
        return super().checkParameterValues(parameters, context)

    def prepareAlgorithm(self, parameters, context, feedback):
        """Open the parcels and make room for the area."""
        self.source = parcel_source(self, parameters, self.INPUT, context)
        self.fields, self.area_index = _with_area_field(
            self.source.fields(), self.parameterAsString(parameters, self.AREA_FIELD, context))
        return True

    def processAlgorithm(self, parameters, context, feedback):
        """Measure one parcel after the other."""
        progress = FeedbackProgress(feedback)
        min_area = self.parameterAsDouble(parameters, self.MIN_AREA, context)
        crs = self.source.sourceCrs()
        surveyor = Surveyor(crs, context.transformContext())
        geometry_type = QgsWkbTypes.multiType(self.source.wkbType())
        kept, rejected, repaired, empty = [], [], [], []
        for parcel in parcels(self.source, progress):
            polygons, was_invalid = valid_polygons(parcel.geometry())
            if polygons.isEmpty():
                empty.append(parcel.id())
            elif was_invalid:
                repaired.append(parcel.id())
            area = 0.0 if polygons.isEmpty() else surveyor.area(polygons)
            parcel.setGeometry(_as_type(polygons, geometry_type))
            _set_area(parcel, self.fields, self.area_index, area)
            (kept if area >= min_area and not polygons.isEmpty() else rejected).append(parcel)
        progress.step(1.0)

        if repaired:
            progress.say(f"Parcels with an invalid geometry, repaired: {len(repaired)} (ids {listed(repaired)}).")
        if empty:
            progress.warn(f"Parcels without an area, rejected: {len(empty)} (ids {listed(empty)}).")
        progress.say(f"Parcels of at least {min_area:g} square metres: {len(kept)}; smaller: {len(rejected)}.")
        if not kept:
            progress.warn("No parcel is big enough. Try a smaller area.")
        layout = (self.fields, geometry_type, crs)
        layers = write_layers(self, parameters, context, layout, {self.OUTPUT: kept, self.REJECTED: rejected},
                              progress)
        return {**layers, self.OUTPUT_COUNT: len(kept), self.REJECTED_COUNT: len(rejected)}


def _with_area_field(fields, name):
    """`fields` with a field for the area, and its index; a field of that name is replaced where it stands."""
    index = fields.lookupField(name)
    if index >= 0 and not fields[index].isNumeric():
        raise UnsuitableInput(f"The layer has a field {fields[index].name()} that does not hold numbers, so the area "
                              "cannot be written there. Give AREA_FIELD another name.")
    area_field = QgsField(name if index < 0 else fields[index].name(), QVariant.Double, len=20, prec=3)
    with_area = QgsFields()
    for position, field in enumerate(fields):
        with_area.append(area_field if position == index else field)
    if index < 0:
        with_area.append(area_field)
    return with_area, with_area.indexOf(area_field.name())


def _as_type(geometry, geometry_type):
    """`geometry` as the multi-part type of the output (a repaired one has lost its heights, say)."""
    return geometry if geometry.isEmpty() else geometry.coerceToType(geometry_type)[0]


def _set_area(parcel, fields, index, area):
    attributes = parcel.attributes()
    attributes[index:index + 1] = [area]
    parcel.setFields(fields)
    parcel.setAttributes(attributes)
