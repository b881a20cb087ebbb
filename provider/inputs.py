"""Conversion of QGIS inputs to plain values: raster layers to paths, features to parcels.

Functions that use layers belong in ``prepareAlgorithm``, functions that read features in ``processAlgorithm``.
"""

import json
import os
from dataclasses import dataclass

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsMapLayer,
    QgsProcessingFeatureSource,
    QgsProcessingUtils,
    QgsProperty,
    QgsRasterLayer,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..compute.errors import MissingInput, UnsuitableInput
from ..compute.insitu.parcels import Parcel
from .geometry import valid_polygons
from .parcels import parcels


def is_null(value):
    """Whether a value is missing: NULL (None with Qt 6), empty or blank."""
    return value is None or value == NULL or (isinstance(value, str) and not value.strip())


def class_code(value):
    """Convert an attribute to a class code: integers without decimals, text without surrounding blanks.

    Returns
    -------
    str
        Empty where the attribute is missing (NULL, blank, NaN).
    """
    if is_null(value) or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def raster_path(layer):
    """Return the path with which GDAL opens a raster layer.

    Parameters
    ----------
    layer : QgsMapLayer

    Returns
    -------
    str

    Raises
    ------
    UnsuitableInput
        If it is no raster, or one that is not in a file (WMS, a data base ...).
    """
    if not isinstance(layer, QgsRasterLayer):
        raise UnsuitableInput(f"{layer.name()} is not a raster layer.")
    provider = layer.dataProvider()
    if provider is None or provider.name() != "gdal":
        kind = provider.name() if provider else "unknown"
        raise UnsuitableInput(f"{layer.name()} is not a raster file (data provider: {kind}). Save it as a GeoTIFF "
                              "first: Layer > Save As.")
    # QGIS appends its own options (credentials, opening options) after a bar.
    path = layer.source().partition("|")[0]
    if path.startswith("MEM:"):
        raise UnsuitableInput(f"{layer.name()} exists in memory only. Save it as a GeoTIFF first: Layer > Save As.")
    if path.lower().endswith(".zip") and os.path.isfile(path):
        return f"/vsizip/{path}"
    return path


def raster_paths(algorithm, parameters, name, context):
    """Return the paths of a parameter for several rasters; QGIS itself skips those that it cannot load.

    Returns
    -------
    tuple of str

    Raises
    ------
    MissingInput, UnsuitableInput
        If a layer cannot be used, or is given twice.
    """
    paths = tuple(raster_path(layer) for layer in layers_of(algorithm, parameters, name, context))
    repeated = sorted({path for path in paths if paths.count(path) > 1})
    if repeated:
        raise UnsuitableInput(f"{repeated[0]} is given twice in {name}. Give each raster once.")
    return paths


def layers_of(algorithm, parameters, name, context):
    """Return all layers of a parameter for several layers.

    Returns
    -------
    list of QgsMapLayer
        Empty if the parameter is empty.

    Raises
    ------
    MissingInput
        If a layer cannot be loaded.
    """
    layers = algorithm.parameterAsLayerList(parameters, name, context)
    if len(layers) < len(_flat(parameters.get(name))):
        raise MissingInput(unloadable_layers(parameters, name, context) or f"Some layers of {name} do not exist.")
    return layers


def unloadable_layers(parameters, name, context):
    """Return a message about the layers of a parameter that cannot be loaded; empty if there are none."""
    unloadable = [str(value) for value in _flat(parameters.get(name)) if not _is_loadable(value, context)]
    return (f"Not all layers of {name} can be loaded: {', '.join(unloadable)}. Check that the files exist and that "
            "QGIS can open them.") if unloadable else ""


def _flat(value):
    """Flatten the value of a parameter for several layers; empty for an expression, whose layers only QGIS can list."""
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in _flat(part)]
    return [] if is_null(value) or isinstance(value, QgsProperty) else [value]


def _is_loadable(value, context):
    return isinstance(value, QgsMapLayer) or QgsProcessingUtils.mapLayerFromString(str(value), context) is not None


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
        From :func:`~.parcels.parcel_source`: polygons with a CRS.
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
    column = source.fields().lookupField(field) if field else -1
    if field and column < 0:
        raise MissingInput(f"{source.sourceName()} has no field {field}. Its fields are: "
                           f"{', '.join(source.fields().names())}.")
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
            labelled.append(Parcel((layer_name, feature.id()), code, _transformed(geometry, transform, source)))
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
    if not layer.crs().isValid():
        raise UnsuitableInput(f"{layer.name()} has no coordinate reference system. Assign the right one (Layer "
                              "properties > Source, or the tool 'Assign projection') and run again.")
    return QgsProcessingFeatureSource(layer, context)


def crs_of_rasters(wkt):
    """Return the CRS of rasters; raise UnsuitableInput where it is missing."""
    crs = QgsCoordinateReferenceSystem.fromWkt(wkt)
    if not crs.isValid():
        raise UnsuitableInput("The rasters have no coordinate reference system, so pixels cannot be assigned to "
                              "parcels. Assign one with the GDAL tool 'Assign projection'.")
    return crs


def _transformed(geometry, transform, source):
    """Return the geometry in the target CRS as GeoJSON."""
    try:
        geometry.transform(transform)
        is_finite = geometry.boundingBox().isFinite()
    except QgsCsException:
        is_finite = False
    if not is_finite:
        raise UnsuitableInput(f"The parcels of {source.sourceName()} cannot be transformed to the coordinate "
                              "reference system of the rasters. Check the coordinate reference system of the layer.")
    return json.loads(geometry.asJson())


def _no_parcels_message(source, field, unlabelled, without_area):
    if unlabelled:
        return (f"The class field {field} of {source.sourceName()} is empty in all {unlabelled} parcels. Choose the "
                "field with the class, or fill it.")
    if without_area:
        return f"No parcel of {source.sourceName()} has an area. Check its geometries."
    return (f"{source.sourceName()} contains no parcels. Check the filter of the layer; if only selected features are "
            "used, select some.")
