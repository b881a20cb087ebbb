"""Where results go: refused before any work begins if nothing can be written there, or an input would be lost."""

import os
import re

from qgis.core import (
    QgsDataSourceUri,
    QgsMapLayer,
    QgsProcessing,
    QgsProcessingFeatureSourceDefinition,
    QgsProcessingParameterFeatureSink,
    QgsProcessingParameterFolderDestination,
    QgsProcessingParameterRasterDestination,
    QgsProcessingParameterVectorDestination,
    QgsProcessingUtils,
    QgsProperty,
)

from ..compute.errors import OutputError
from .outputs import destination_text

RASTER_SUFFIXES = (".tif", ".tiff")
INPUT_KINDS = ("source", "vector", "raster", "layer", "multilayer", "file")
# As QGIS tells "postgres:..." from a path that begins with the letter of a drive.
NO_PATH = re.compile(r"/vsi|\w{3,}:")


def check_destinations(algorithm, parameters, context):
    """Make sure that every result has a file of its own that can be written, as far as that shows beforehand.

    Parameters
    ----------
    algorithm : QgsProcessingAlgorithm
    parameters : dict
    context : QgsProcessingContext

    Raises
    ------
    OutputError
        If a result is asked for where an input or another result is, where no file can be made, or a raster under
        the name of another format.
    """
    inputs = [(place, definition.name()) for definition in algorithm.parameterDefinitions()
              if definition.type() in INPUT_KINDS
              for place in _places_of(parameters.get(definition.name()), context)]
    taken = {}
    for definition in algorithm.destinationParameterDefinitions():
        name = definition.name()
        path, table = _destination(parameters, name)
        if not path:
            continue
        file = _file(path)
        for (input_file, input_table), source in inputs:
            if file == input_file and table in ("", input_table):
                raise OutputError(f"{name} would overwrite {path}, which is given as {source}. Write to another file.")
        if (file, table) in taken:
            raise OutputError(f"{taken[file, table]} and {name} would be written to one file, {path}. Give each a file "
                              "of its own.")
        taken[file, table] = name
        if not isinstance(definition, QgsProcessingParameterFolderDestination):
            _require_room(path, definition, getattr(algorithm, "ANY_RASTER_FORMAT", False))


def _destination(parameters, name):
    """(path, table) of a result: no table where it is the whole file, no path for temporary files and data bases."""
    text = destination_text(parameters, name)
    if text.startswith("ogr:"):
        place = QgsDataSourceUri(text[len("ogr:"):])
        return place.database(), place.table()
    if isinstance(parameters.get(name), QgsProperty) or text == QgsProcessing.TEMPORARY_OUTPUT or NO_PATH.match(text):
        return "", ""
    return text, ""


def _places_of(value, context):
    """(file, table) of everything that an input parameter stands for, as far as it lies in files."""
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source.staticValue()
    if isinstance(value, (list, tuple)):
        return [place for item in value for place in _places_of(item, context)]
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
    """A name that all ways to write the path of a file share; a shapefile goes by its .shp."""
    path = os.path.normcase(os.path.realpath(path))
    stem, suffix = os.path.splitext(path)
    return f"{stem}.shp" if suffix.lower() in (".dbf", ".shx") else path


def _require_room(path, definition, any_format):
    """Refuse a file that cannot be made."""
    suffix = os.path.splitext(path)[1].lower()
    is_raster = isinstance(definition, QgsProcessingParameterRasterDestination)
    if is_raster and suffix and suffix not in RASTER_SUFFIXES and not any_format:
        raise OutputError(f"{definition.name()} is a GeoTIFF and cannot be called {os.path.basename(path)}. Choose a "
                          "name that ends in .tif.")
    is_layer = isinstance(definition, (QgsProcessingParameterFeatureSink, QgsProcessingParameterVectorDestination))
    if os.path.isdir(path) and not is_layer:
        raise OutputError(f"{path} is a folder; name a file.")
    folder = os.path.dirname(os.path.abspath(path))
    if is_layer and not os.path.exists(folder):
        raise OutputError(f"{path} cannot be written: there is no folder {folder}. Make it first, or choose another.")
    while not os.path.exists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        raise OutputError(f"{path} cannot be written: {folder} is a file, not a folder. Choose another folder.")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{path} cannot be written: you may not write to {folder}. Choose another folder.")
