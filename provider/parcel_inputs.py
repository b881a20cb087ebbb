"""Polygon layers to parcels with a class, invalid geometries included."""

from __future__ import annotations

from dataclasses import dataclass

from qgis.core import (
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsFeatureSource,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QDate, QDateTime, Qt, QTime

from ..compute.errors import MissingInput, UnsuitableInput
from ..compute.insitu.parcel import Parcel
from ..vector.parcel_geometry import UNCHECKED, valid_polygons
from ..vector.transforms import require_crs, transformed_geojson
from .parameters import is_null
from .raster_inputs import crs_of_rasters

# How other software writes a missing number into a text field.
NOT_A_NUMBER = {"nan", "-nan", "+nan"}


def parcel_source(algorithm, parameters, name, context):
    """Return the polygon features of a parameter; call it in ``prepareAlgorithm``.

    Returns
    -------
    QgsProcessingFeatureSource
        Only the selected features if the user chose so.

    Raises
    ------
    QgsProcessingException
        If there is no such layer.
    UnsuitableInput
        If the features are not polygons or have no coordinate reference system.
    """
    source = algorithm.parameterAsSource(parameters, name, context)
    if source is None:
        raise QgsProcessingException(algorithm.invalidSourceError(parameters, name))
    if QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.PolygonGeometry:
        kind = QgsWkbTypes.displayString(source.wkbType())
        raise UnsuitableInput(f"{name} must be a polygon layer, but the geometry type of {source.sourceName()} is "
                              f"{kind}.")
    require_crs(source.sourceCrs(), source.sourceName())
    return source


def require_field(source: QgsFeatureSource, field: str) -> int:
    """Return the index of a field of the features.

    Raises
    ------
    MissingInput
        If there is no such field; the message lists those that exist.
    """
    index = source.fields().lookupField(field)
    if index < 0:
        raise MissingInput(f"{source.sourceName()} has no field {field}. Its fields are: "
                           f"{', '.join(source.fields().names())}.")
    return index


def layer_origin(algorithm, parameters, name, context):
    """Return the data source of a layer parameter without passwords, or the name of a memory layer.

    Returns
    -------
    str
        Empty if the parameter is empty.
    """
    value = parameters.get(name)
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source.staticValue()
    layer = algorithm.parameterAsVectorLayer({name: value}, name, context)
    if layer is None:
        return ""
    return layer.name() if layer.providerType() == "memory" else layer.publicSource()


def parcels(source, progress):
    """Iterate over the features of a source, invalid geometries included, and report progress; may raise Cancelled.

    Yields
    ------
    QgsFeature
    """
    count = max(source.featureCount(), 1)
    for number, parcel in enumerate(source.getFeatures(QgsFeatureRequest(), UNCHECKED)):
        progress.step(min(number / count, 1.0))
        yield parcel


def class_code(value):
    """Convert an attribute to a class code: integers without decimals, dates as ISO 8601, text without outer blanks.

    Returns
    -------
    str
        Empty where the attribute is missing (NULL, blank, not a number, also as text).
    """
    if is_null(value) or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, (QDate, QDateTime, QTime)):
        value = value.toString(Qt.DateFormat.ISODate)
    text = str(value).strip()
    return "" if text.lower() in NOT_A_NUMBER else text


@dataclass(frozen=True)
class ReadParcels:
    """Parcels read from a layer.

    Parameters
    ----------
    parcels : tuple of Parcel
    unlabelled : int
        Number of parcels omitted because their class field is empty.
    without_area : int
        Number of parcels omitted because they have no area.
    """

    parcels: tuple
    unlabelled: int = 0
    without_area: int = 0

    def notes(self):
        """Return messages about omitted parcels.

        Returns
        -------
        list of str
        """
        notes = []
        if self.unlabelled:
            notes.append(f"{self.unlabelled} parcels have no class (empty class field) and were left out.")
        if self.without_area:
            notes.append(f"{self.without_area} parcels have no area and were left out.")
        return notes


def parcels_of(source, field, crs_wkt, context, progress, layer_name=""):
    """Read the parcels of a feature source, in the CRS of the rasters.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
        From :func:`parcel_source`: polygons with a CRS.
    field : str
        Field with the class; empty if `layer_name` is the class.
    crs_wkt : str
        CRS of the rasters.
    context : QgsProcessingContext
    progress : Progress
    layer_name : str, optional
        First part of the parcel identifiers, which distinguishes several sources; the class where `field` is empty.

    Returns
    -------
    ReadParcels

    Raises
    ------
    MissingInput
        If the field does not exist.
    UnsuitableInput
        If no parcel has a class, or the parcels cannot be transformed to the CRS of the rasters.
    """
    column = require_field(source, field) if field else -1
    transform = QgsCoordinateTransform(source.sourceCrs(), crs_of_rasters(crs_wkt), context.transformContext())
    labelled, unlabelled, without_area = [], 0, 0
    for feature in parcels(source, progress):
        code = class_code(feature.attributes()[column]) if field else layer_name.strip()
        geometry, _ = valid_polygons(feature.geometry())
        if not code:
            unlabelled += 1
        elif geometry.isEmpty():
            without_area += 1
        else:
            labelled.append(Parcel((layer_name, feature.id()), code, transformed_geojson(
                geometry, transform, f"A parcel of {source.sourceName()}")))
    if not labelled:
        raise UnsuitableInput(_no_parcels_message(source, field, unlabelled, without_area))
    return ReadParcels(tuple(labelled), unlabelled, without_area)


def layer_source(layer, context):
    """Return a feature source of a polygon layer, for :func:`parcels_of`.

    Returns
    -------
    QgsProcessingFeatureSource

    Raises
    ------
    UnsuitableInput
        If the layer is not a polygon layer or has no CRS.
    """
    if not isinstance(layer, QgsVectorLayer) or layer.geometryType() != QgsWkbTypes.GeometryType.PolygonGeometry:
        raise UnsuitableInput(f"{layer.name()} is not a polygon layer. Give one polygon layer per class.")
    require_crs(layer.crs(), layer.name())
    return QgsProcessingFeatureSource(layer, context)


def _no_parcels_message(source, field, unlabelled, without_area):
    if unlabelled:
        return (f"The class field {field} of {source.sourceName()} is empty in all {unlabelled} parcels. Choose the "
                "field with the class, or fill it.")
    if without_area:
        return f"No parcel of {source.sourceName()} has an area. Check its geometries."
    return (f"{source.sourceName()} contains no parcels. Check the filter of the layer; if only selected features are "
            "used, select some.")
