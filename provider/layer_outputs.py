"""Vector outputs: features and their layout, written to the destinations of a tool after all computations.

A file is written under a hidden name and renamed with the other outputs of the run (:mod:`..compute.output_files`). A
table of an existing GeoPackage or of a database is written in place, and removed after an error or cancellation.
"""

import contextlib
import json
import os

from osgeo import ogr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsProcessing,
    QgsProcessingException,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterDefinition,
    QgsProcessingUtils,
    QgsProperty,
    QgsProviderConnectionException,
    QgsProviderRegistry,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ..compute.errors import OutputError
from ..compute.output_files import OutputSet
from ..compute.progress import Progress
from .destinations import NO_FILE_PATH, destination_text

# Features written between two checks for cancellation.
BATCH_SIZE = 1000
SHAPEFILE_SUFFIXES = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix", ".qpj", ".sbn", ".sbx")
JOURNAL_SUFFIXES = ("-wal", "-shm", "-journal")

# Destinations that are no file of the user's choice.
NO_FILES = ("", QgsProcessing.TEMPORARY_OUTPUT)


def write_layer(algorithm, parameters, name, context, layout, features, progress=None, outputs=None):
    """Write all features of a vector output; call it after everything else that may fail.

    Parameters
    ----------
    algorithm : QgsProcessingAlgorithm
    parameters : dict
    name : str
        The destination parameter.
    context : QgsProcessingContext
    layout : tuple
        (QgsFields, QgsWkbTypes.Type, QgsCoordinateReferenceSystem) of the layer.
    features : list of QgsFeature
    progress : Progress, optional
        Checked for cancellation.
    outputs : OutputSet, optional
        Further outputs with which the layer appears; without it, the layer appears at once.

    Returns
    -------
    str or None
        Value of the output; None if an optional output was not requested.

    Raises
    ------
    OutputError
        If it cannot be written. An earlier file is unchanged; an incomplete table is removed.
    Cancelled
        If the run is cancelled; likewise.
    """
    return write_layers(algorithm, parameters, context, layout, {name: features}, progress, outputs).get(name)


def write_layers(algorithm, parameters, context, layout, layers, progress=None, outputs=None):
    """Write several vector outputs: all of them, or none if one cannot be written.

    Parameters
    ----------
    algorithm, parameters, context, layout
        As for :func:`write_layer`; `layout` may also be a dict by destination parameter.
    layers : dict of str to list of QgsFeature
        By destination parameter.
    progress, outputs
        As for :func:`write_layer`.

    Returns
    -------
    dict of str to str
        Values of the outputs by destination parameter, without optional outputs that were not requested.

    Raises
    ------
    OutputError, Cancelled
    """
    written = {}
    with contextlib.ExitStack() as own:
        outputs = outputs or own.enter_context(OutputSet())
        for name, features in layers.items():
            own_layout = layout[name] if isinstance(layout, dict) else layout
            writer = _LayerWriter(algorithm, name, context, progress or Progress())
            layer = writer.write(parameters, own_layout, features, outputs)
            if layer is not None:
                written[name] = layer
    return written


class _LayerWriter:
    """Writer of one destination: a file under a hidden name, or a table of an existing file or database in place."""

    def __init__(self, algorithm, name, context, progress):
        self._algorithm, self._name, self._context, self._progress = algorithm, name, context, progress

    def write(self, parameters, layout, features, outputs):
        """Write the features and add the file to `outputs`; return the final value of the output, or None."""
        destination = destination_text(parameters, self._name)
        final = "" if NO_FILE_PATH.match(destination) or destination in NO_FILES else os.path.abspath(destination)
        if not final:
            return self._written(parameters, destination, layout, features, outputs.on_failure)
        if not os.path.splitext(final)[1]:
            final += f".{QgsProcessingUtils.defaultVectorExtension()}"
        hidden = outputs.parts(final)
        layer = self._written(_with_destination(parameters, self._name, hidden), destination, layout, features)
        for earlier in _parts_of(final):
            outputs.remove(earlier)
        self._rename_in_context(hidden, final)
        return layer.replace(hidden, final, 1)

    def _written(self, parameters, destination, layout, features, on_failure=lambda remove: None):
        """Write to the destination of the parameters; return the layer, or None."""
        try:
            sink, layer = self._algorithm.parameterAsSink(parameters, self._name, self._context, *layout,
                                                          *_flags(layout[0], features))
        except QgsProcessingException as error:
            raise OutputError(f"{destination} cannot be written. Check the folder, its permissions and the file "
                              f"extension. ({error})") from error
        if sink is None:
            definition = self._algorithm.parameterDefinition(self._name)
            if definition.flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
                return None
            raise QgsProcessingException(self._algorithm.invalidSinkError(parameters, self._name))
        on_failure(lambda: _remove(destination, layer))
        complete = True
        try:
            for first in range(0, len(features), BATCH_SIZE):
                self._progress.check()
                complete = complete and sink.addFeatures(features[first:first + BATCH_SIZE],
                                                         QgsFeatureSink.Flag.FastInsert)
            reason = sink.lastError()
        finally:
            del sink  # an open file cannot be renamed or removed
        if not (complete and _is_complete(layer, len(features), self._progress)):
            raise OutputError(f"{destination} cannot be written: {reason or 'the format rejected some features'}. "
                              "Check the free space on the disk, or write another format.")
        return layer

    def _rename_in_context(self, hidden, final):
        """Give a layer that QGIS loads on completion the final path, under which it will be found then."""
        layers = self._context.layersToLoadOnCompletion()
        renamed = {path.replace(hidden, final, 1): details for path, details in layers.items()}
        if renamed.keys() != layers.keys():
            self._context.setLayersToLoadOnCompletion(renamed)


def _with_destination(parameters, name, path):
    """Return parameters with another path of a destination; its project, name and options are kept."""
    destination = parameters[name]
    if isinstance(destination, QgsProcessingOutputLayerDefinition):
        destination = QgsProcessingOutputLayerDefinition(destination)
        destination.sink = QgsProperty.fromValue(path)
        return {**parameters, name: destination}
    return {**parameters, name: path}


def _parts_of(path):
    """Return the paths of all files that belong to a vector file and must not outlive it."""
    stem, suffix = os.path.splitext(path)
    if suffix.lower() == ".shp":
        return [stem + each for each in SHAPEFILE_SUFFIXES]
    # The journal of an earlier GeoPackage would be applied to the new one.
    return [path + each for each in JOURNAL_SUFFIXES] if suffix.lower() == ".gpkg" else []


def _flags(fields, features):
    """Return sink flags: a GeoPackage uses a field fid as its key, which must be regenerated where values repeat."""
    key = fields.lookupField("fid")
    unique = key < 0 or len({str(feature.attributes()[key]) for feature in features}) == len(features)
    return () if unique else (QgsFeatureSink.SinkFlag.RegeneratePrimaryKey,)


def _is_complete(layer, count, progress):
    """Whether a file contains all features, since some sinks lose features without an error.

    Features are counted one by one, since the count stored in a GeoPackage may be too high.
    """
    if not os.path.isfile(layer.split("|")[0]):
        return True
    written = QgsVectorLayer(layer, "", "ogr")
    request = QgsFeatureRequest().setNoAttributes().setFlags(QgsFeatureRequest.Flag.NoGeometry)
    found = 0
    for found, _ in enumerate(written.getFeatures(request) if written.isValid() else (), start=1):
        if found % BATCH_SIZE == 0:
            progress.check()
    return written.isValid() and found >= count


def _remove(destination, layer):
    """Remove an incomplete output: the file, or only the table where a table was requested."""
    uri = QgsProviderRegistry.instance().decodeUri("ogr", layer)
    path, table = uri.get("path") or "", uri.get("layerName") or ""
    if destination.startswith("ogr:") and table:
        with contextlib.suppress(QgsProviderConnectionException):
            ogr = QgsProviderRegistry.instance().providerMetadata("ogr")
            ogr.createConnection(path, {}).dropVectorTable("", table)
    elif path.lower().endswith(".shp"):
        QgsVectorFileWriter.deleteShapeFile(path)
    elif os.path.isfile(path):
        os.remove(path)


TYPES = {int: QVariant.Int, float: QVariant.Double, str: QVariant.String}


def layout_and_features(findings, crs_wkt, is_points, check=lambda: None):
    """Return the layout and features for :func:`write_layer`.

    Parameters
    ----------
    findings : FeatureTable
    crs_wkt : str
        CRS of the geometries.
    is_points : bool
    check : callable, optional
        Called for each feature; raises Cancelled.

    Returns
    -------
    layout : tuple
    features : list of QgsFeature
    """
    fields = QgsFields()
    for name, kind in findings.fields:
        fields.append(QgsField(name, TYPES[kind]))
    features = []
    for unit, values in findings.rows:
        check()
        feature = QgsFeature(fields)
        feature.setGeometry(_point(unit) if is_points else _polygons(unit.geometry))
        feature.setAttributes(list(values))
        features.append(feature)
    kind = QgsWkbTypes.Type.Point if is_points else QgsWkbTypes.Type.MultiPolygon
    return (fields, kind, QgsCoordinateReferenceSystem.fromWkt(crs_wkt)), features


def _point(unit):
    return QgsGeometry.fromPointXY(QgsPointXY(unit.x, unit.y))


def _polygons(geometry):
    polygons = QgsGeometry()
    polygons.fromWkb(bytes(ogr.CreateGeometryFromJson(json.dumps(geometry)).ExportToWkb()))
    polygons.convertToMultiType()
    return polygons
