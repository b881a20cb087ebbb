"""Filter of parcels by a minimum area, which is written to a field."""

from __future__ import annotations

from qgis.core import (
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ...compute.declarations import ParameterDeclaration, with_defaults
from ...compute.errors import UnsuitableInput
from ...compute.insitu.insitu_preparation import AREA_FILTER_PARAMETERS, AreaFilterSettings
from ...compute.messages import listed
from ...compute.progress import Progress
from ...provider.base import Algorithm, Group, OutputValue, Parameters
from ...provider.destinations import destination_text
from ...provider.layer_outputs import write_layers
from ...provider.parameters import read, read_settings
from ...provider.parcel_inputs import parcel_source, parcels
from ...vector.parcel_geometry import MetricGeometry, valid_polygons

MAX_SHAPEFILE_FIELD_NAME = 10

INPUT = ParameterDeclaration(
    "INPUT", "Parcels", "Polygon layer in any coordinate reference system.", kind="polygons")
MIN_AREA, AREA_FIELD = with_defaults(AREA_FILTER_PARAMETERS, AreaFilterSettings())
OUTPUT = ParameterDeclaration(
    "OUTPUT", "Parcels kept", "Parcels of the minimum area or more, with all their attributes and the area.",
    kind="layer_destination")
REJECTED = ParameterDeclaration(
    "REJECTED", "Parcels rejected",
    "Smaller parcels and parcels without an area, with all their attributes and the area.", kind="layer_destination",
    optional=True, is_created=False)
OUTPUT_COUNT = ParameterDeclaration("OUTPUT_COUNT", "Parcels kept", kind="number_result")
REJECTED_COUNT = ParameterDeclaration("REJECTED_COUNT", "Parcels rejected", kind="number_result")


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
    PARAMETERS = (INPUT, MIN_AREA, AREA_FIELD, OUTPUT, REJECTED, OUTPUT_COUNT, REJECTED_COUNT)

    def checkParameterValues(self, parameters: Parameters, context: QgsProcessingContext) -> tuple[bool, str]:
        """Refuse a field name that a shapefile would truncate."""
        name = read(self, AREA_FIELD, parameters, context)
        to_shapefile = any(destination_text(parameters, output.name).lower().endswith(".shp")
                           for output in (OUTPUT, REJECTED))
        if to_shapefile and len(name.encode()) > MAX_SHAPEFILE_FIELD_NAME:
            return False, self.tr("AREA_FIELD is longer than the {} characters that a shapefile allows. Choose a "
                                  "shorter name, or write a .gpkg file.").format(MAX_SHAPEFILE_FIELD_NAME)
        return super().checkParameterValues(parameters, context)

    def prepare_inputs(self, parameters: Parameters, context: QgsProcessingContext,
                       feedback: QgsProcessingFeedback) -> None:
        """Open the parcels and add the area field."""
        self.settings = AreaFilterSettings(**read_settings(self, AREA_FILTER_PARAMETERS, parameters, context))
        self.source = parcel_source(self, parameters, INPUT.name, context)
        self.fields, self.area_index = _with_area_field(self.source.fields(), self.settings.area_field)

    def execute(self, parameters: Parameters, context: QgsProcessingContext,
                progress: Progress) -> dict[str, OutputValue]:
        """Measure and separate the parcels."""
        min_area = self.settings.min_area
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
            progress.say(f"Parcels with invalid geometry, repaired: {len(repaired)} (ids "
                         f"{listed(repaired, maximum=20)}).")
        if empty:
            progress.warn(f"Parcels without an area, rejected: {len(empty)} (ids {listed(empty, maximum=20)}).")
        progress.say(f"Parcels of {min_area:g} m² or more: {len(kept)}; rejected: {len(rejected)}.")
        if not kept:
            progress.warn("No parcel has the minimum area. Choose a smaller MIN_AREA.")
        layout = (self.fields, geometry_type, crs)
        layers = write_layers(self, parameters, context, layout, {OUTPUT.name: kept, REJECTED.name: rejected},
                              progress)
        return {**layers, OUTPUT_COUNT.name: len(kept), REJECTED_COUNT.name: len(rejected)}


def _with_area_field(fields: QgsFields, name: str) -> tuple[QgsFields, int]:
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


def _as_type(geometry: QgsGeometry, geometry_type: QgsWkbTypes.Type) -> QgsGeometry:
    """Convert to the multi-part type of the output; repairing may have dropped Z values, for instance."""
    return geometry if geometry.isEmpty() else geometry.coerceToType(geometry_type)[0]


def _set_area(parcel: QgsFeature, fields: QgsFields, index: int, area: float) -> None:
    attributes = parcel.attributes()
    attributes[index:index + 1] = [area]
    parcel.setFields(fields)
    parcel.setAttributes(attributes)
