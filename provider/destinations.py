"""Checks of destinations.

Checks of output destinations before the computations: writable, distinct, and not an input.
"""

import os
import re

from qgis.core import (
    QgsDataSourceUri,
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterVectorDestination,
    QgsProcessingUtils,
    QgsProperty,
)

from ..compute.errors import OutputError


def destination_text(parameters, name):
    """Return the destination parameter `name` as text: a path, a database URI, ``TEMPORARY_OUTPUT`` or empty."""
    destination = parameters.get(name)
    if isinstance(destination, QgsProcessingOutputLayerDefinition):
        destination = destination.sink.staticValue()
    return str(destination or "")


RASTER_SUFFIXES = (".tif", ".tiff")
INPUT_TYPES = ("source", "vector", "raster", "layer", "multilayer", "file")

# A GDAL virtual path, or a database URI ("postgres:...") as opposed to a drive letter; QGIS uses the same rule.
NO_FILE_PATH = re.compile(r"/vsi|\w{3,}:")


def check_destinations(algorithm, parameters, context):
    """Check that every output has a file of its own that can be written, as far as this is known beforehand.

    Parameters
    ----------
    algorithm : QgsProcessingAlgorithm
    parameters : dict
    context : QgsProcessingContext

    Raises
    ------
    OutputError
        If an output would overwrite an input or another output, cannot be written, or is a raster with the extension
        of another format.
    """
    inputs = [(source, definition.name()) for definition in algorithm.parameterDefinitions()
              if definition.type() in INPUT_TYPES
              for source in _source_files(parameters.get(definition.name()), context)]
    outputs = {}
    for definition in algorithm.destinationParameterDefinitions():
        name = definition.name()
        path, table = _destination(parameters, name)
        if not path:
            continue
        file = _file(path)
        for (input_file, input_table), input_name in inputs:
            if file == input_file and table in ("", input_table):
                raise OutputError(f"{name} would overwrite {path}, which is the input {input_name}. Write to another "
                                  "file.")
        if (file, table) in outputs:
            raise OutputError(f"{outputs[file, table]} and {name} would be written to one file, {path}. Give each "
                              "a file of its own.")
        outputs[file, table] = name
        if not isinstance(definition, QgsProcessingParameterFolderDestination):
            _require_writable(path, definition, getattr(algorithm, "ANY_RASTER_FORMAT", False))


def _destination(parameters, name):
    """Return (path, table) of an output: table empty for a whole file, path empty for temporary files and databases."""
    text = destination_text(parameters, name)
    if text.startswith("ogr:"):
        uri = QgsDataSourceUri(text[len("ogr:"):])
        return uri.database(), uri.table()
    is_expression = isinstance(parameters.get(name), QgsProperty)
    if is_expression or text == QgsProcessing.TEMPORARY_OUTPUT or NO_FILE_PATH.match(text):
        return "", ""
    return text, ""


def _source_files(value, context):
    """Return (file, table) of each layer of an input parameter that is stored in a file."""
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source.staticValue()
    if isinstance(value, (list, tuple)):
        return [source for item in value for source in _source_files(item, context)]
    if isinstance(value, str):
        value = QgsProcessingUtils.mapLayerFromString(value, context, False) or value
    source = value.source() if isinstance(value, QgsMapLayer) else value
    if not isinstance(source, str):
        return []
    path, *options = source.split("|")
    if not os.path.exists(path):
        return []
    tables = [option.partition("=")[2] for option in options if option.startswith("layername=")]
    return [(_file(path), *(tables or [os.path.splitext(os.path.basename(path))[0]]))]


def _file(path):
    """Return the canonical path of a file; of a shapefile, that of its .shp."""
    path = os.path.normcase(os.path.realpath(path))
    stem, suffix = os.path.splitext(path)
    return f"{stem}.shp" if suffix.lower() in (".dbf", ".shx") else path


def _require_writable(path, definition, any_format):
    """Raise OutputError for a file that cannot be created."""
    suffix = os.path.splitext(path)[1].lower()
    is_raster = isinstance(definition, QgsProcessingParameterRasterDestination)
    if is_raster and suffix and suffix not in RASTER_SUFFIXES and not any_format:
        raise OutputError(f"{definition.name()} is a GeoTIFF and cannot be named {os.path.basename(path)}. Choose a "
                          "file name that ends in .tif.")
    is_layer = isinstance(definition, (QgsProcessingParameterFeatureSink, QgsProcessingParameterVectorDestination))
    if os.path.isdir(path) and not is_layer:
        raise OutputError(f"{path} is a folder; name a file.")
    folder = os.path.dirname(os.path.abspath(path))
    if is_layer and not os.path.exists(folder):
        raise OutputError(f"{path} cannot be written: the folder {folder} does not exist. Create it, or choose "
                          "another.")
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        raise OutputError(f"{path} cannot be written: {folder} is a file, not a folder. Choose another folder.")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{path} cannot be written: no permission to write to {folder}. Choose another folder.")
