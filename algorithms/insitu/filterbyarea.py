"""Filter of parcels by a minimum area, which is written to a field."""

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
from ...compute.insitu.insitu_preparation import AreaFilterSettings
from ...compute.messages import listed
from ...provider.base import Algorithm, Group
from ...provider.destinations import destination_text
from ...provider.layer_outputs import write_layers
from ...provider.parcel_inputs import parcel_source, parcels
from ...vector.parcel_geometry import MetricGeometry, valid_polygons

MAX_SHAPEFILE_FIELD_NAME = 10


class FilterByArea(Algorithm):
    """Separate the parcels of a minimum area from smaller ones."""

    NAME = "filterbyarea"
    TITLE = "Filter parcels by area"
    GROUP = Group.INSITU
    TAGS = ("area", "size", "hectares", "minimum area", "small parcels", "select", "training data", "in-situ", "fields",
            "crops", "sen2-agri")
    HELP = ("Keeps the parcels of a minimum area and writes the ellipsoidal area of each parcel (m²) to a field. The "
            "layer may have any coordinate reference system, also in degrees. Run it after the inner buffer, so that "
            "the filter applies to the area that is used for training.")

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
            "Polygon layer in any coordinate reference system.")
        self.declare(
            QgsProcessingParameterNumber(self.MIN_AREA, self.tr("Minimum area (m²)"),
                                         QgsProcessingParameterNumber.Type.Double, AreaFilterSettings.min_area,
                                         minValue=0.0),
            "Parcels of this ellipsoidal area or more are kept. Always in square metres, whatever the units of the "
            "layer; 0 keeps all parcels that have an area.")
        self.declare(
            QgsProcessingParameterString(self.AREA_FIELD, self.tr("Area field"), AreaFilterSettings.area_field),
            "Name of the field to which the area is written. A numeric field of this name is overwritten, otherwise a "
            "field is added. At most ten characters for a shapefile.")
        self.declare(
            QgsProcessingParameterFeatureSink(self.OUTPUT, self.tr("Parcels kept"),
                                              QgsProcessing.SourceType.TypeVectorPolygon),
            "Parcels of the minimum area or more, with all their attributes and the area.")
        self.declare(
            QgsProcessingParameterFeatureSink(self.REJECTED, self.tr("Parcels rejected"),
                                              QgsProcessing.SourceType.TypeVectorPolygon, optional=True,
                                              createByDefault=False),
            "Smaller parcels and parcels without an area, with all their attributes and the area.")
        self.addOutput(QgsProcessingOutputNumber(self.OUTPUT_COUNT, self.tr("Parcels kept")))
        self.addOutput(QgsProcessingOutputNumber(self.REJECTED_COUNT, self.tr("Parcels rejected")))

    def checkParameterValues(self, parameters, context):
        """Refuse a field name that a shapefile would truncate."""
        name = self.parameterAsString(parameters, self.AREA_FIELD, context)
        to_shapefile = any(destination_text(parameters, output).lower().endswith(".shp")
                             for output in (self.OUTPUT, self.REJECTED))
        if to_shapefile and len(name.encode()) > MAX_SHAPEFILE_FIELD_NAME:
            return False, self.tr("AREA_FIELD is longer than the {} characters that a shapefile allows. Choose a "
                                  "shorter name, or write a .gpkg file.").format(MAX_SHAPEFILE_FIELD_NAME)
        return super().checkParameterValues(parameters, context)

    def prepare_inputs(self, parameters, context, feedback):
        """Open the parcels and add the area field."""
        self.source = parcel_source(self, parameters, self.INPUT, context)
        self.fields, self.area_index = _with_area_field(
            self.source.fields(), self.parameterAsString(parameters, self.AREA_FIELD, context))

    def execute(self, parameters, context, progress):
        """Measure and separate the parcels."""
        min_area = self.parameterAsDouble(parameters, self.MIN_AREA, context)
        crs = self.source.sourceCrs()
        metric = MetricGeometry(crs, context.transformContext())
        geometry_type = QgsWkbTypes.multiType(self.source.wkbType())
        kept, rejected, repaired, empty = [], [], [], []
        for parcel in parcels(self.source, progress):
            polygons, was_invalid = valid_polygons(parcel.geometry())
            if polygons.isEmpty():
                empty.append(parcel.id())
            elif was_invalid:
                repaired.append(parcel.id())
            area = 0.0 if polygons.isEmpty() else metric.area(polygons)
            parcel.setGeometry(_as_type(polygons, geometry_type))
            _set_area(parcel, self.fields, self.area_index, area)
            (kept if area >= min_area and not polygons.isEmpty() else rejected).append(parcel)
        progress.step(1.0)

        if repaired:
            progress.say(f"Parcels with invalid geometry, repaired: {len(repaired)} (ids {listed(repaired, maximum=20)}).")
        if empty:
            progress.warn(f"Parcels without an area, rejected: {len(empty)} (ids {listed(empty, maximum=20)}).")
        progress.say(f"Parcels of {min_area:g} m² or more: {len(kept)}; rejected: {len(rejected)}.")
        if not kept:
            progress.warn("No parcel has the minimum area. Choose a smaller MIN_AREA.")
        layout = (self.fields, geometry_type, crs)
        layers = write_layers(self, parameters, context, layout, {self.OUTPUT: kept, self.REJECTED: rejected},
                              progress)
        return {**layers, self.OUTPUT_COUNT: len(kept), self.REJECTED_COUNT: len(rejected)}


def _with_area_field(fields, name):
    """Return `fields` with a field for the area, and its index; a field of that name is replaced in its position."""
    index = fields.lookupField(name)
    if index >= 0 and not fields[index].isNumeric():
        raise UnsuitableInput(f"The field {fields[index].name()} of the layer is not numeric, so the area cannot be "
                              "written to it. Choose another name as AREA_FIELD.")
    area_field = QgsField(name if index < 0 else fields[index].name(), QVariant.Double, len=20, prec=3)
    with_area = QgsFields()
    for position, field in enumerate(fields):
        with_area.append(area_field if position == index else field)
    if index < 0:
        with_area.append(area_field)
    return with_area, with_area.indexOf(area_field.name())


def _as_type(geometry, geometry_type):
    """Convert to the multi-part type of the output; repairing may have dropped Z values, for instance."""
    return geometry if geometry.isEmpty() else geometry.coerceToType(geometry_type)[0]


def _set_area(parcel, fields, index, area):
    attributes = parcel.attributes()
    attributes[index:index + 1] = [area]
    parcel.setFields(fields)
    parcel.setAttributes(attributes)
