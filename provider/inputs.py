"""From what QGIS holds to what the science reads: layers become paths, features become parcels.

Call what takes layers in ``prepareAlgorithm`` and what reads features in ``processAlgorithm``.
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
    """Whether an attribute says nothing: NULL (None with Qt 6), empty or blank."""
    return value is None or value == NULL or (isinstance(value, str) and not value.strip())


def class_code(value):
    """An attribute as the code of a class: whole numbers without decimals, texts without outer blanks.

    Returns
    -------
    str
        Empty where the attribute says nothing (NULL, blank, not a number).
    """
    if is_null(value) or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()


def raster_path(layer):
    """The path with which GDAL opens a raster layer.

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
        raise UnsuitableInput(f"{layer.name()} is no raster layer.")
    provider = layer.dataProvider()
    if provider is None or provider.name() != "gdal":
        kind = provider.name() if provider else "unknown"
        raise UnsuitableInput(f"{layer.name()} is not a raster in a file (its kind is {kind}). Save it as a GeoTIFF "
                              "first: Layer > Save As.")
    # QGIS appends its own options (credentials, opening options) after a bar.
    path = layer.source().partition("|")[0]
    if path.startswith("MEM:"):
        raise UnsuitableInput(f"{layer.name()} exists in memory only. Save it as a GeoTIFF first: Layer > Save As.")
    if path.lower().endswith(".zip") and os.path.isfile(path):
        return f"/vsizip/{path}"
    return path


def raster_paths(algorithm, parameters, name, context):
    """The paths behind a parameter for several rasters; QGIS alone would drop those that it cannot load.

    Returns
    -------
    tuple of str

    Raises
    ------
    MissingInput, UnsuitableInput
        Naming the layer that cannot be used.
    """
    paths = tuple(raster_path(layer) for layer in layers_of(algorithm, parameters, name, context))
    twice = sorted({path for path in paths if paths.count(path) > 1})
    if twice:
        raise UnsuitableInput(f"{twice[0]} is given twice in {name}. Give each raster once.")
    return paths


def layers_of(algorithm, parameters, name, context):
    """The layers behind a parameter for several layers, all of them.

    Returns
    -------
    list of QgsMapLayer
        Empty where nothing is given.

    Raises
    ------
    MissingInput
        Naming what cannot be loaded.
    """
    layers = algorithm.parameterAsLayerList(parameters, name, context)
    if len(layers) < len(_flat(parameters.get(name))):
        raise MissingInput(lost_layers(parameters, name, context) or f"Some layers of {name} do not exist.")
    return layers


def lost_layers(parameters, name, context):
    """Which layers of a parameter for several layers cannot be loaded, as a sentence; empty if there are none."""
    lost = [str(value) for value in _flat(parameters.get(name)) if not _is_loadable(value, context)]
    return (f"Not all layers of {name} can be loaded: {', '.join(lost)}. Check that the files exist and that QGIS can "
            "open them.") if lost else ""


def _flat(value):
    """What was given for a list of layers, one by one; nothing where only QGIS knows how many it stands for."""
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in _flat(part)]
    return [] if is_null(value) or isinstance(value, QgsProperty) else [value]


def _is_loadable(value, context):
    return isinstance(value, QgsMapLayer) or QgsProcessingUtils.mapLayerFromString(str(value), context) is not None


@dataclass(frozen=True)
class ReadParcels:
    """Parcels as they were read.

    Parameters
    ----------
    parcels : tuple of Parcel
    unlabelled : int
        Parcels left out because their class field is empty.
    shapeless : int
        Parcels left out because they have no area.
    """

    parcels: tuple
    unlabelled: int = 0
    shapeless: int = 0

    def notes(self):
        """What was left out, in words.

        Returns
        -------
        list of str
        """
        notes = []
        if self.unlabelled:
            notes.append(f"{self.unlabelled} parcels have no class (empty class field) and were left out.")
        if self.shapeless:
            notes.append(f"{self.shapeless} parcels have no area and were left out.")
        return notes


def parcels_of(source, field, crs_wkt, context, progress, layer_name=""):
    """The parcels of a feature source, in the CRS of the rasters.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
        From :func:`~.parcels.parcel_source`: polygons with a CRS.
    field : str
        Field with the class.
    crs_wkt : str
        CRS of the rasters.
    context : QgsProcessingContext
    progress : Progress
    layer_name : str, optional
        Where there are several sources: tells their parcels apart. Without a field it is the class as well.

    Returns
    -------
    ReadParcels

    Raises
    ------
    MissingInput
        If there is no such field.
    UnsuitableInput
        If no parcel has a class, or the parcels cannot be brought to the CRS of the rasters.
    """
    column = source.fields().lookupField(field) if field else -1
    if field and column < 0:
        raise MissingInput(f"{source.sourceName()} has no field {field}. Its fields are: "
                           f"{', '.join(source.fields().names())}.")
    transform = QgsCoordinateTransform(source.sourceCrs(), crs_of_rasters(crs_wkt), context.transformContext())
    found, unlabelled, shapeless = [], 0, 0
    for feature in parcels(source, progress):
        code = class_code(feature.attributes()[column]) if field else layer_name.strip()
        geometry, _ = valid_polygons(feature.geometry())
        if not code:
            unlabelled += 1
        elif geometry.isEmpty():
            shapeless += 1
        else:
            found.append(Parcel((layer_name, feature.id()), code, _moved(geometry, transform, source)))
    if not found:
        raise UnsuitableInput(_nothing_found(source, field, unlabelled, shapeless))
    return ReadParcels(tuple(found), unlabelled, shapeless)


def layer_source(layer, context):
    """A feature source of a polygon layer, for :func:`parcels_of`.

    Returns
    -------
    QgsProcessingFeatureSource

    Raises
    ------
    UnsuitableInput
        If the layer holds no polygons or has no CRS.
    """
    if not isinstance(layer, QgsVectorLayer) or layer.geometryType() != QgsWkbTypes.GeometryType.PolygonGeometry:
        raise UnsuitableInput(f"{layer.name()} holds no polygons. Give one polygon layer for each class.")
    if not layer.crs().isValid():
        raise UnsuitableInput(f"{layer.name()} has no coordinate reference system. Assign the right one (Layer "
                              "properties > Source, or the tool 'Assign projection') and run again.")
    return QgsProcessingFeatureSource(layer, context)


def crs_of_rasters(wkt):
    """The CRS of rasters; refused where they have none."""
    crs = QgsCoordinateReferenceSystem.fromWkt(wkt)
    if not crs.isValid():
        raise UnsuitableInput("The rasters have no coordinate reference system, so nobody can tell which pixels lie in "
                              "which parcel. Assign one with the GDAL tool 'Assign projection'.")
    return crs


def _moved(geometry, transform, source):
    """The geometry as GeoJSON in the other CRS."""
    try:
        geometry.transform(transform)
        is_sound = geometry.boundingBox().isFinite()
    except QgsCsException:
        is_sound = False
    if not is_sound:
        raise UnsuitableInput(f"The parcels of {source.sourceName()} cannot be brought to the coordinate reference "
                              "system of the rasters. Check the coordinate reference system of the layer.")
    return json.loads(geometry.asJson())


def _nothing_found(source, field, unlabelled, shapeless):
    if unlabelled:
        return (f"The class field {field} of {source.sourceName()} is empty in all {unlabelled} parcels. Choose the "
                "field that holds the class, or fill it.")
    if shapeless:
        return f"No parcel of {source.sourceName()} has an area. Check its geometries."
    return (f"{source.sourceName()} holds no parcels. If only selected features are to be used, select some; check the "
            "filter of the layer.")
