"""In-situ parcels in one layer with a class field, or in one layer per class (the layer name is the class).

Also parcels with the attributes of Sen2-Agri: cropland (CROP), crop code (CODE) and crop name (LC).
"""

from dataclasses import dataclass, replace
from pathlib import Path

from qgis.core import (
    QgsFeature,
    QgsField,
    QgsFields,
    QgsProviderRegistry,
)
from qgis.PyQt.QtCore import QVariant

from ..compute.declarations import ParameterDeclaration
from ..compute.errors import UnsuitableInput
from .parameters import is_given, is_null, read
from .parcel_inputs import class_code, layer_source, parcel_source, parcels, parcels_of, require_field
from .raster_inputs import layers_of, unloadable_layers

INPUT = ParameterDeclaration(
    "INPUT", "Parcels in one layer (one of these two)",
    "Polygon layer with a class field, in any coordinate reference system.", kind="polygons", optional=True)
CLASS_FIELD = ParameterDeclaration(
    "CLASS_FIELD", "Class field",
    "Field with the class of each parcel, text or number. Parcels where it is empty are omitted and counted.",
    kind="field", parent="INPUT", optional=True)
INPUT_LAYERS = ParameterDeclaration(
    "INPUT_LAYERS", "Parcels, one layer per class (one of these two)",
    "Polygon layers whose names are the classes, instead of one layer with a class field.", kind="polygon_layers",
    optional=True, advanced=True)
INSITU_PARAMETERS = (INPUT, CLASS_FIELD, INPUT_LAYERS)
CLASS_COLUMN = "class"


@dataclass(frozen=True)
class InsituLayer:
    """Feature source of parcels; `name` is their class where `field` is empty."""

    source: object
    field: str = ""
    name: str = ""


@dataclass(frozen=True)
class LabelledParcel:
    """A feature with its class code (empty if unlabelled), its identifier (layer name, feature id) and layer index."""

    identifier: tuple
    code: str
    feature: object
    layer: int


def check_insitu(tool, parameters, context):
    """Return a message if the parcel parameters are inconsistent; empty otherwise."""
    has_layer, has_layers = (is_given(parameters.get(layers.name)) for layers in (INPUT, INPUT_LAYERS))
    if has_layer == has_layers:
        return tool.tr("Give the parcels either in one layer with a class field (INPUT) or in one layer per class "
                       "(INPUT_LAYERS).")
    if has_layer and not is_given(parameters.get(CLASS_FIELD.name)):
        return tool.tr("Choose the class field of the parcels (CLASS_FIELD).")
    return unloadable_layers(parameters, INPUT_LAYERS.name, context)


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
    layers = layers_of(tool, parameters, INPUT_LAYERS.name, context)
    if layers:
        names = class_names(layers, INPUT_LAYERS.name)
        return tuple(InsituLayer(layer_source(layer, context), "", name) for layer, name in zip(layers, names))
    source = parcel_source(tool, parameters, INPUT.name, context)
    field = read(tool, CLASS_FIELD, parameters, context)
    require_field(source, field)
    return (InsituLayer(source, field),)


def class_names(layers, parameter):
    """Return the layer names as classes, without surrounding blanks.

    Returns
    -------
    list of str

    Raises
    ------
    UnsuitableInput
        If a layer has no name, or two layers have the same name.
    """
    names = [_class_name(layer) for layer in layers]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated or not all(names):
        raise UnsuitableInput(f"The layer names of {parameter} are the classes, but "
                              f"{f'{repeated[0]} occurs twice' if repeated else 'one has no name'}. Rename the layers.")
    return names


def _class_name(layer):
    """Return the layer name; where that is only the file name, the name of the layer inside the file."""
    if layer.providerType() == "ogr":
        parts = QgsProviderRegistry.instance().decodeUri("ogr", layer.source())
        if parts.get("layerName") and layer.name() == Path(parts["path"]).stem:
            return parts["layerName"].strip()
    return layer.name().strip()


def labelled_parcels(layers, progress):
    """Read every feature with its class, layer by layer.

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
    labelled = []
    for number, layer in enumerate(layers):
        column = require_field(layer.source, layer.field) if layer.field else -1
        part = progress.part(number / len(layers), (number + 1) / len(layers))
        for feature in parcels(layer.source, part):
            code = class_code(feature.attributes()[column]) if layer.field else layer.name
            labelled.append(LabelledParcel((layer.name, feature.id()), code, feature, number))
    if not labelled:
        raise UnsuitableInput(f"{layers[0].source.sourceName()} contains no parcels. Check the filter of the layer; if "
                              "only selected features are used, select some.")
    if not any(parcel.code for parcel in labelled):
        raise UnsuitableInput(f"The class field {layers[0].field} of {layers[0].source.sourceName()} is empty in all "
                              f"{len(labelled)} parcels. Choose the field with the class, or fill it.")
    return labelled


def common_fields(layers):
    """Return the union of the fields of all layers; with several layers, a class field comes first.

    A field whose type differs between layers becomes text.

    Returns
    -------
    QgsFields
    """
    if len(layers) == 1 and layers[0].field:
        return layers[0].source.fields()
    by_name = {CLASS_COLUMN: QgsField(CLASS_COLUMN, QVariant.String)}
    for layer in layers:
        for field in layer.source.fields():
            earlier = by_name.setdefault(field.name().casefold(), QgsField(field))
            if earlier.type() != field.type():
                by_name[field.name().casefold()] = QgsField(earlier.name(), QVariant.String)
    fields = QgsFields()
    for field in by_name.values():
        fields.append(field)
    return fields


def with_fields(parcel, fields, layers):
    """Copy the feature of a labelled parcel to other fields, matched by name.

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
        index = fields.lookupField(field.name())
        if index > 0 and not is_null(value):
            feature.setAttribute(index, str(value) if fields[index].type() == QVariant.String else value)
    return feature


YES, NO = ("1", "true", "yes", "t", "y"), ("0", "false", "no", "f", "n")
CROP, OTHER = "1", "0"


def cropland_parcels(source, field, crs_wkt, context, progress):
    """Read all parcels with the class cropland (``1``) or other land (``0``).

    Parameters
    ----------
    source : QgsProcessingFeatureSource
    field : str
        Field with 0 and 1 (or true, yes and so on).
    crs_wkt : str
        CRS of the rasters.
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    ReadParcels

    Raises
    ------
    MissingInput, UnsuitableInput
        If the field does not exist or has other values.
    """
    read = parcels_of(source, field, crs_wkt, context, progress)
    return replace(read, parcels=tuple(replace(parcel, code=_crop(parcel.code, field, source))
                                       for parcel in read.parcels))


def crop_parcels(source, fields, crs_wkt, context, progress):
    """Read the parcels that are cropland, with their crop code as class.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
    fields : tuple of str
        Crop code field, cropland field and crop name field (empty: the code is shown).
    crs_wkt : str
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    ReadParcels
    dict of str to str
        Name of each code, from its first parcel.
    list of str
        Messages about omitted parcels.
    """
    code_field, crop_field, label_field = fields
    read = parcels_of(source, code_field, crs_wkt, context, progress)
    notes = read.notes()
    names = {}
    is_crop = {number: _crop(text, crop_field, source) == CROP
               for number, text in _texts(source, crop_field, progress).items() if text}
    kept = tuple(parcel for parcel in read.parcels if is_crop.get(parcel.identifier[1], False))
    if not kept:
        raise UnsuitableInput(f"No parcel of {source.sourceName()} is cropland: none has 1 in the field {crop_field}. "
                              "Choose the right field as CROP_FIELD.")
    if len(kept) < len(read.parcels):
        notes.append(f"{len(read.parcels) - len(kept)} parcels are not cropland ({crop_field} is not 1) and were left "
                     "out.")
    read = replace(read, parcels=kept)
    if label_field:
        texts = _texts(source, label_field, progress)
        for parcel in read.parcels:
            if texts.get(parcel.identifier[1]):
                names.setdefault(parcel.code, texts[parcel.identifier[1]])
    return read, names, notes


def codes_with_cropland(codes, labelled, layers, field):
    """Return class codes with the cropland attribute set from a field of the parcels.

    Parameters
    ----------
    codes : dict of str to ClassCode or None
        By class.
    labelled : sequence of LabelledParcel
    layers : sequence of InsituLayer
        Layers of the parcels.
    field : str
        Field with 0 and 1; classes without a value keep their attribute.

    Returns
    -------
    dict of str to ClassCode or None

    Raises
    ------
    MissingInput, UnsuitableInput
        If the field does not exist, or has both values for one class.
    """
    by_class = {}
    for parcel in labelled:
        source = layers[parcel.layer].source
        text = class_code(parcel.feature.attributes()[require_field(source, field)])
        if text and parcel.code:
            by_class.setdefault(parcel.code, set()).add(_crop(text, field, source))
    ambiguous = sorted(label for label, values in by_class.items() if len(values) > 1)
    if ambiguous:
        raise UnsuitableInput(f"The field {field} has both 1 (crop) and 0 (other) for the class {ambiguous[0]}. "
                              "Correct it, or split the class in two.")
    return {label: replace(code, crop=int(CROP in by_class[label])) if code and label in by_class else code
            for label, code in codes.items()}


def _texts(source, field, progress):
    column = require_field(source, field)
    return {feature.id(): class_code(feature.attributes()[column]) for feature in parcels(source, progress)}


def _crop(text, field, source):
    if text.casefold() in YES:
        return CROP
    if text.casefold() in NO:
        return OTHER
    raise UnsuitableInput(f"The field {field} of {source.sourceName()} must be 1 (crop) or 0 (other), but it is "
                          f"'{text}' in a parcel. Choose the right field as CROP_FIELD.")
