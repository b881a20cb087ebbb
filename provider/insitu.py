"""In-situ parcels in one layer with a class field, or in one layer for each class (the layer's name is the class)."""

from dataclasses import dataclass
from pathlib import Path

from qgis.core import (
    QgsCoordinateTransform,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsProcessing,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterMultipleLayers,
    QgsProviderRegistry,
)
from qgis.PyQt.QtCore import QVariant

from ..compute.errors import MissingInput, UnsuitableInput
from .inputs import class_code, is_null, layer_source, layers_of, lost_layers
from .parcels import parcel_source, parcels

INPUT = "INPUT"
CLASS_FIELD = "CLASS_FIELD"
INPUT_LAYERS = "INPUT_LAYERS"
CLASS_COLUMN = "class"


@dataclass(frozen=True)
class InsituLayer:
    """Parcels of a source; of the class `name` where there is no field."""

    source: object
    field: str = ""
    name: str = ""


@dataclass(frozen=True)
class LabelledParcel:
    """A feature with its class: empty where nothing is known; `identifier` as in classifycrops."""

    identifier: tuple
    code: str
    feature: object
    layer: int


def declare_insitu(tool):
    """Declare the parcels of a tool, in both forms."""
    polygons = [QgsProcessing.SourceType.TypeVectorPolygon]
    tool.declare(
        QgsProcessingParameterFeatureSource(
            INPUT, tool.tr("Parcels (or, under Advanced, one layer for each class)"), polygons, optional=True),
        "polygon layer with a field that names the class, in any coordinate reference system.")
    tool.declare(
        QgsProcessingParameterField(CLASS_FIELD, tool.tr("Class field"), optional=True,
                                    parentLayerParameterName=INPUT),
        "field with the class, text or number. Parcels where it is empty are left out, and counted.")
    tool.declare(
        QgsProcessingParameterMultipleLayers(INPUT_LAYERS, tool.tr("Parcels, one layer for each class"), polygons[0],
                                             optional=True),
        "instead of one layer with a class field: several layers whose names are the classes.", advanced=True)


def check_insitu(tool, parameters, context):
    """What does not fit together among the parcels given, as a sentence; empty if all is well."""
    has_layer, has_layers = not is_null(parameters.get(INPUT)), parameters.get(INPUT_LAYERS) not in (None, "", [])
    if has_layer == has_layers:
        return tool.tr("Give the parcels in one way: INPUT (one layer with a class field) or INPUT_LAYERS (one layer "
                       "for each class).")
    if has_layer and is_null(parameters.get(CLASS_FIELD)):
        return tool.tr("Choose CLASS_FIELD: the field of the parcels that names the class.")
    return lost_layers(parameters, INPUT_LAYERS, context)


def insitu_layers(tool, parameters, context):
    """Open the parcels; call it in ``prepareAlgorithm``.

    Returns
    -------
    tuple of InsituLayer

    Raises
    ------
    MissingInput, UnsuitableInput
        If a layer, the class field or the coordinate reference system is missing, or layers share a name.
    """
    layers = layers_of(tool, parameters, INPUT_LAYERS, context)
    if layers:
        names = class_names(layers, INPUT_LAYERS)
        return tuple(InsituLayer(layer_source(layer, context), "", name) for layer, name in zip(layers, names))
    source = parcel_source(tool, parameters, INPUT, context)
    field = tool.parameterAsString(parameters, CLASS_FIELD, context)
    if source.fields().lookupField(field) < 0:
        raise MissingInput(f"{source.sourceName()} has no field {field}. Its fields are: "
                           f"{', '.join(source.fields().names())}.")
    return (InsituLayer(source, field),)


def class_names(layers, parameter):
    """The names of layers that are classes, without outer blanks.

    Returns
    -------
    list of str

    Raises
    ------
    UnsuitableInput
        If a layer has no name, or two have the same.
    """
    names = [_class_name(layer) for layer in layers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not all(names):
        raise UnsuitableInput(f"The names of the layers in {parameter} are the classes, but "
                              f"{f'{twice[0]} occurs twice' if twice else 'one has no name'}. Rename them.")
    return names


def _class_name(layer):
    """The name of a layer; where only the file gave it one, that of the layer within the file."""
    if layer.providerType() == "ogr":
        parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
        if parts.get("layerName") and layer.name() == Path(parts["path"]).stem:
            return parts["layerName"].strip()
    return layer.name().strip()


def labelled_parcels(layers, progress):
    """Every feature with its class, layer by layer.

    Parameters
    ----------
    layers : sequence of InsituLayer
    progress : Progress

    Returns
    -------
    list of LabelledParcel

    Raises
    ------
    UnsuitableInput
        If there is no feature, or none with a class.
    """
    found = []
    for number, layer in enumerate(layers):
        column = layer.source.fields().lookupField(layer.field) if layer.field else -1
        part = progress.part(number / len(layers), (number + 1) / len(layers))
        for feature in parcels(layer.source, part):
            code = class_code(feature.attributes()[column]) if layer.field else layer.name
            found.append(LabelledParcel((layer.name, feature.id()), code, feature, number))
    if not found:
        raise UnsuitableInput(f"{layers[0].source.sourceName()} holds no parcels. If only selected features are to be "
                              "used, select some; check the filter of the layer.")
    if not any(parcel.code for parcel in found):
        raise UnsuitableInput(f"The class field {layers[0].field} of {layers[0].source.sourceName()} is empty in all "
                              f"{len(found)} parcels. Choose the field that holds the class, or fill it.")
    return found


def common_fields(layers):
    """Fields that hold the attributes of all layers; with several layers, a field for the class comes first.

    A field whose type differs from layer to layer becomes text.

    Returns
    -------
    QgsFields
    """
    if len(layers) == 1 and layers[0].field:
        return layers[0].source.fields()
    known = {CLASS_COLUMN: QgsField(CLASS_COLUMN, QVariant.String)}
    for layer in layers:
        for field in layer.source.fields():
            earlier = known.setdefault(field.name().casefold(), QgsField(field))
            if earlier.type() != field.type():
                known[field.name().casefold()] = QgsField(earlier.name(), QVariant.String)
    fields = QgsFields()
    for field in known.values():
        fields.append(field)
    return fields


def with_fields(parcel, fields, layers):
    """A copy of the feature of a labelled parcel with other fields; attributes go where their names are.

    Returns
    -------
    QgsFeature
    """
    layer = layers[parcel.layer]
    if layer.field:
        return QgsFeature(parcel.feature)
    feature = QgsFeature(fields, parcel.feature.id())
    feature.setGeometry(parcel.feature.geometry())
    feature.setAttribute(0, parcel.code)
    for field, value in zip(layer.source.fields(), parcel.feature.attributes()):
        place = fields.lookupField(field.name())
        if place > 0 and not is_null(value):
            feature.setAttribute(place, str(value) if fields[place].type() == QVariant.String else value)
    return feature


def transform_between(source, crs, context):
    """The way from the CRS of a source to another."""
    return QgsCoordinateTransform(source.sourceCrs(), crs, context.transformContext())
