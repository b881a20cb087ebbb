"""Declarations to QGIS parameters, and the values that users gave back to plain values."""

from __future__ import annotations

import math
from datetime import date
from difflib import get_close_matches
from typing import Any, Callable

from qgis.core import (
    NULL,
    QgsCoordinateReferenceSystem,
    QgsProcessing,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingOutputDefinition,
    QgsProcessingOutputFolder,
    QgsProcessingOutputMultipleLayers,
    QgsProcessingOutputNumber,
    QgsProcessingOutputString,
    QgsProcessingOutputVectorLayer,
    QgsProcessingParameterBoolean,
    QgsProcessingParameterCrs,
    QgsProcessingParameterDefinition,
    QgsProcessingParameterEnum,
    QgsProcessingParameterExtent,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFeatureSource,
    QgsProcessingParameterField,
    QgsProcessingParameterFile,
    QgsProcessingParameterFileDestination,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterMultipleLayers,
    QgsProcessingParameterNumber,
    QgsProcessingParameterRange,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterRasterLayer,
    QgsProcessingParameterString,
)

from ..compute.declarations import RESULT_KINDS, ParameterDeclaration, Value
from ..compute.errors import UnsuitableInput
from ..vector.transforms import wkt_of

# Integers of QGIS have 32 bits; no length, area, weight or percentage comes near the other limit.
MAX_INTEGER, MAX_NUMBER = 2 ** 31 - 1, 1e15

Builder = Callable[[ParameterDeclaration, str], QgsProcessingParameterDefinition]

_SOURCE_TYPES = {"polygon": QgsProcessing.SourceType.TypeVectorPolygon,
                 "point": QgsProcessing.SourceType.TypeVectorPoint,
                 "any": QgsProcessing.SourceType.TypeVectorAnyGeometry}


def declare(tool: QgsProcessingAlgorithm, *declarations: ParameterDeclaration) -> None:
    """Add parameters, destinations and returned values to a tool, in the order given."""
    for declaration in declarations:
        label = tool.tr(declaration.label)
        if declaration.kind in RESULT_KINDS:
            tool.addOutput(_RESULTS[declaration.kind](declaration.name, label))
            continue
        parameter = _BUILDERS[declaration.kind](declaration, label)
        parameter.setHelp(tool.tr(declaration.help))
        if declaration.advanced:
            parameter.setFlags(parameter.flags() | QgsProcessingParameterDefinition.Flag.FlagAdvanced)
        tool.addParameter(parameter)


def read(tool: QgsProcessingAlgorithm, declaration: ParameterDeclaration, parameters: dict[str, Any],
         context: QgsProcessingContext) -> Value:
    """The value of a parameter as the science takes it.

    Returns
    -------
    Value
        Numbers, booleans and texts as they are (texts without outer blanks); the chosen options as a tuple where
        several may be chosen, empty where the user cleared the choice; lists as a tuple, whole numbers without
        repetitions; a range as minimum and maximum, or None; a CRS as WKT and a date as ISO text, empty where none is
        given; a path for files and folders; the path of a destination, empty where it is not requested.

    Raises
    ------
    UnsuitableInput
        If a list, a range, a CRS or a date cannot be understood.
    """
    return _READERS[declaration.kind](tool, declaration, parameters, context)


def read_settings(tool: QgsProcessingAlgorithm, declarations: tuple[ParameterDeclaration, ...],
                  parameters: dict[str, Any], context: QgsProcessingContext) -> dict[str, Value]:
    """The values of the declarations that fill a field of a settings dataclass, by the name of the field.

    Parameters that the tool does not have are left out.
    """
    return {declaration.setting: read(tool, declaration, parameters, context) for declaration in declarations
            if declaration.setting and tool.parameterDefinition(declaration.name) is not None}


def is_null(value: Any) -> bool:
    """Whether a value or attribute is missing: NULL (None with Qt 6), empty or blank."""
    return value is None or value == NULL or (isinstance(value, str) and not value.strip())


def is_given(value: Any) -> bool:
    """Whether a parameter has a value."""
    return not is_null(value) and value != []


def is_cleared(value: Any) -> bool:
    """Whether a choice was given with no option chosen; on a command line, an empty text."""
    return value is not None and (value == [] or is_null(value))


def check_names(tool: QgsProcessingAlgorithm, parameters: dict[str, Any]) -> None:
    """Check that every value given belongs to a parameter; QGIS ignores the others without a word.

    Raises
    ------
    UnsuitableInput
        Naming the values without parameter and the most similar names.
    """
    names = [definition.name() for definition in tool.parameterDefinitions()]
    for unknown in sorted(set(parameters).difference(names)):
        similar = get_close_matches(unknown.upper(), names, n=1)
        hint = f" Did you mean {similar[0]}?" if similar else f" Its parameters are: {', '.join(names)}."
        raise UnsuitableInput(f"{tool.displayName()} has no parameter {unknown}.{hint}")


def check_numbers(tool: QgsProcessingAlgorithm, parameters: dict[str, Any]) -> None:
    """Check that numeric parameters are finite and of a size that can be computed with; QGIS accepts all others.

    Raises
    ------
    UnsuitableInput
        Naming the parameter.
    """
    for definition in tool.parameterDefinitions():
        value = parameters.get(definition.name())
        if definition.type() != QgsProcessingParameterNumber.typeName() or not isinstance(value, (str, int, float)):
            continue
        try:
            number = float(value)
        except (ValueError, OverflowError):
            # an expression or a text, which QGIS refuses itself
            number = math.inf if isinstance(value, int) else 0.0
        is_integer = definition.dataType() == QgsProcessingParameterNumber.Type.Integer
        if not abs(number) <= (MAX_INTEGER if is_integer else MAX_NUMBER):
            raise UnsuitableInput(f"{definition.name()} ({definition.description()}) is {value}. Give a finite number"
                                  f"{' up to 2147483647' if is_integer else ''}.")


def number_list(text: str, label: str) -> tuple[int, ...]:
    """Whole numbers separated by commas.

    Parameters
    ----------
    text : str
        Such as ``1,2,4``; blanks are allowed.
    label : str
        The parameter, for the message.

    Raises
    ------
    UnsuitableInput
        If a part is not a whole number.
    """
    try:
        return tuple(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise UnsuitableInput(f"{label}: {text!r} is not a list of whole numbers. Separate them by commas, for "
                              "example 1,2,4.") from error


def read_crs(tool: QgsProcessingAlgorithm, name: str, parameters: dict[str, Any], context: QgsProcessingContext) -> str:
    """A CRS parameter as WKT; empty where none is given, which a dialog says with an invalid CRS.

    Raises
    ------
    UnsuitableInput
        If the value is not a coordinate reference system.
    """
    given = parameters.get(name)
    crs = tool.parameterAsCrs(parameters, name, context)
    if is_null(given) or (isinstance(given, QgsCoordinateReferenceSystem) and not given.isValid()):
        return ""
    if not crs.isValid():
        raise UnsuitableInput(f"{name}: {given} is not a coordinate reference system. Example: EPSG:32631.")
    return wkt_of(crs)


def _number(declaration: ParameterDeclaration, label: str) -> QgsProcessingParameterNumber:
    kind = QgsProcessingParameterNumber.Type
    parameter = QgsProcessingParameterNumber(
        declaration.name, label, kind.Integer if declaration.kind == "integer" else kind.Double, declaration.default,
        declaration.optional)
    if declaration.minimum is not None:
        parameter.setMinimum(declaration.minimum)
    if declaration.maximum is not None:
        parameter.setMaximum(declaration.maximum)
    return parameter


def _text(declaration: ParameterDeclaration, label: str) -> QgsProcessingParameterString:
    default = declaration.default
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    return QgsProcessingParameterString(declaration.name, label, default or None, optional=declaration.optional)


def _enum(declaration: ParameterDeclaration, label: str) -> QgsProcessingParameterEnum:
    """With static strings, so that values on a command line are words."""
    default = list(declaration.default or ()) or None if declaration.multiple else declaration.default
    return QgsProcessingParameterEnum(declaration.name, label, options=list(declaration.options),
                                      allowMultiple=declaration.multiple, defaultValue=default,
                                      optional=declaration.optional, usesStaticStrings=True)


def _source(*geometries: str) -> Builder:
    def build(declaration: ParameterDeclaration, label: str) -> QgsProcessingParameterFeatureSource:
        return QgsProcessingParameterFeatureSource(declaration.name, label, [_SOURCE_TYPES[one] for one in geometries],
                                                   optional=declaration.optional)
    return build


def _layers(kind: QgsProcessing.SourceType) -> Builder:
    def build(declaration: ParameterDeclaration, label: str) -> QgsProcessingParameterMultipleLayers:
        parameter = QgsProcessingParameterMultipleLayers(declaration.name, label, kind, optional=declaration.optional)
        if not declaration.optional:
            parameter.setMinimumNumberInputs(1)
        return parameter
    return build


def _file(declaration: ParameterDeclaration, label: str) -> QgsProcessingParameterFile:
    behavior = QgsProcessingParameterFile.Behavior
    kind = behavior.Folder if declaration.kind == "folder" else behavior.File
    return QgsProcessingParameterFile(declaration.name, label, behavior=kind, defaultValue=declaration.default or None,
                                      optional=declaration.optional, fileFilter=declaration.file_filter)


_BUILDERS: dict[str, Builder] = {
    "number": _number,
    "integer": _number,
    "boolean": lambda d, label: QgsProcessingParameterBoolean(d.name, label, d.default, d.optional),
    "enum": _enum,
    "text": _text,
    "date": _text,
    "integers": _text,
    "names": _text,
    "field": lambda d, label: QgsProcessingParameterField(d.name, label, d.default, d.parent, optional=d.optional),
    "crs": lambda d, label: QgsProcessingParameterCrs(d.name, label, d.default or None, d.optional),
    "extent": lambda d, label: QgsProcessingParameterExtent(d.name, label, d.default, d.optional),
    "range": lambda d, label: QgsProcessingParameterRange(d.name, label, QgsProcessingParameterNumber.Type.Double,
                                                          d.default, d.optional),
    "raster": lambda d, label: QgsProcessingParameterRasterLayer(d.name, label, d.default, d.optional),
    "rasters": _layers(QgsProcessing.SourceType.TypeRaster),
    "polygons": _source("polygon"),
    "points": _source("point"),
    "polygons_or_points": _source("polygon", "point"),
    "features": _source("any"),
    "polygon_layers": _layers(QgsProcessing.SourceType.TypeVectorPolygon),
    "file": _file,
    "files": _layers(QgsProcessing.SourceType.TypeFile),
    "folder": _file,
    "raster_destination": lambda d, label: QgsProcessingParameterRasterDestination(
        d.name, label, d.default, d.optional, d.is_created),
    "layer_destination": lambda d, label: QgsProcessingParameterFeatureSink(
        d.name, label, _SOURCE_TYPES[d.geometry], d.default, d.optional, d.is_created),
    "file_destination": lambda d, label: QgsProcessingParameterFileDestination(
        d.name, label, d.file_filter, d.default, d.optional, d.is_created),
    "folder_destination": lambda d, label: QgsProcessingParameterFolderDestination(
        d.name, label, d.default, d.optional, d.is_created),
}

_RESULTS: dict[str, Callable[[str, str], QgsProcessingOutputDefinition]] = {
    "number_result": QgsProcessingOutputNumber,
    "text_result": QgsProcessingOutputString,
    "layer_result": QgsProcessingOutputVectorLayer,
    "folder_result": QgsProcessingOutputFolder,
    "layers_result": QgsProcessingOutputMultipleLayers,
}


def _read_enum(tool, declaration, parameters, context):
    if not declaration.multiple:
        return tool.parameterAsEnumString(parameters, declaration.name, context)
    # QGIS would return the default where the user cleared the choice.
    if is_cleared(parameters.get(declaration.name)):
        return ()
    return tuple(filter(None, tool.parameterAsEnumStrings(parameters, declaration.name, context)))


def _read_integers(tool, declaration, parameters, context):
    return tuple(dict.fromkeys(number_list(tool.parameterAsString(parameters, declaration.name, context),
                                           declaration.name)))


def _read_names(tool, declaration, parameters, context):
    text = tool.parameterAsString(parameters, declaration.name, context)
    return tuple(filter(None, (name.strip() for name in text.split(","))))


def _read_date(tool, declaration, parameters, context):
    text = tool.parameterAsString(parameters, declaration.name, context).strip()
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError as error:
        raise UnsuitableInput(f"{declaration.name}: {text!r} is not a date. Write it as 2018-03-01.") from error


def _read_range(tool, declaration, parameters, context):
    """Minimum and maximum, or None where no range is given, for which a dialog writes "None,None" or "nan,nan"."""
    given = parameters.get(declaration.name)
    limits = tool.parameterAsRange(parameters, declaration.name, context) if is_given(given) else []
    if len(limits) == 2 and all(map(math.isfinite, limits)):
        return tuple(limits)
    if any(character.isdigit() for character in str(given)):
        raise UnsuitableInput(f"{declaration.name} is {given}. Give minimum and maximum, such as -25,0.")
    return None


def _by(method):
    return lambda tool, declaration, parameters, context: getattr(tool, method)(parameters, declaration.name, context)


_READERS = {
    "number": _by("parameterAsDouble"),
    "integer": _by("parameterAsInt"),
    "integers": _read_integers,
    "names": _read_names,
    "boolean": _by("parameterAsBoolean"),
    "enum": _read_enum,
    "text": lambda tool, d, parameters, context: tool.parameterAsString(parameters, d.name, context).strip(),
    "date": _read_date,
    "field": _by("parameterAsString"),
    "crs": lambda tool, d, parameters, context: read_crs(tool, d.name, parameters, context),
    "range": _read_range,
    "file": _by("parameterAsFile"),
    "folder": _by("parameterAsFile"),
    "files": lambda tool, d, parameters, context: tuple(
        path for path in tool.parameterAsFileList(parameters, d.name, context) if path),
    "raster_destination": _by("parameterAsOutputLayer"),
    "file_destination": _by("parameterAsFileOutput"),
    "folder_destination": _by("parameterAsString"),
}
