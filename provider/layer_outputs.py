"""Vector destinations.

Vector outputs: written after all computations, with the previous file restored if writing fails or is cancelled.

QGIS features from tables of results by parcel or point.
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
    QgsProcessingException,
    QgsProcessingParameterDefinition,
    QgsProviderConnectionException,
    QgsProviderRegistry,
    QgsVectorFileWriter,
    QgsVectorLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ..compute.errors import Cancelled, OutputError
from ..compute.progress import Progress
from .destinations import destination_text

# Features written between two checks for cancellation.
BATCH_SIZE = 1000
SHAPEFILE_SUFFIXES = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix")


def write_layer(algorithm, parameters, name, context, layout, features, progress=None):
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

    Returns
    -------
    str or None
        Value of the output; None if an optional output was not requested.

    Raises
    ------
    OutputError
        If it cannot be written; an incomplete file or table is removed.
    Cancelled
        If the run is cancelled; likewise.
    """
    with _restored_on_failure(destination_text(parameters, name)):
        return _write(algorithm, parameters, name, context, layout, features, progress or Progress())


def _write(algorithm, parameters, name, context, layout, features, progress):
    destination = destination_text(parameters, name)
    try:
        sink, layer = algorithm.parameterAsSink(parameters, name, context, *layout, *_flags(layout[0], features))
    except QgsProcessingException as error:
        raise OutputError(f"{destination} cannot be written. Check the folder, its permissions and the file "
                          f"extension. ({error})") from error
    if sink is None:
        if algorithm.parameterDefinition(name).flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
            return None
        raise QgsProcessingException(algorithm.invalidSinkError(parameters, name))
    try:
        complete = all(_added(sink, features[first:first + BATCH_SIZE], progress)
                       for first in range(0, len(features), BATCH_SIZE))
        reason = sink.lastError()
        del sink
        complete = complete and _is_complete(layer, len(features), progress)
    except Cancelled:
        sink = None  # noqa: F841, an open file cannot be removed
        _remove(destination, layer)
        raise
    if not complete:
        _remove(destination, layer)
        raise OutputError(f"{destination} cannot be written: {reason or 'the format rejected some features'}. "
                          "Check the free space on the disk, or write another format.")
    return layer


def _added(sink, features, progress):
    progress.check()
    return sink.addFeatures(features, QgsFeatureSink.Flag.FastInsert)


def write_layers(algorithm, parameters, context, layout, outputs, progress=None):
    """Write several vector outputs: all of them, or none if one cannot be written.

    Parameters
    ----------
    algorithm, parameters, context, layout
        As for :func:`write_layer`; `layout` may also be a dict by destination parameter.
    outputs : dict of str to list of QgsFeature
        By destination parameter.
    progress : Progress, optional
        Checked for cancellation.

    Returns
    -------
    dict of str to str
        Values of the outputs by destination parameter, without optional outputs that were not requested.

    Raises
    ------
    OutputError, Cancelled
    """
    written = {}
    with contextlib.ExitStack() as previous:
        for name in outputs:
            previous.enter_context(_restored_on_failure(destination_text(parameters, name)))
        try:
            for name, features in outputs.items():
                own_layout = layout[name] if isinstance(layout, dict) else layout
                layer = _write(algorithm, parameters, name, context, own_layout, features, progress or Progress())
                if layer is not None:
                    written[name] = layer
        except (OutputError, Cancelled):
            for name, layer in written.items():
                _remove(destination_text(parameters, name), layer)
            raise
    return written


@contextlib.contextmanager
def _restored_on_failure(path):
    """Set aside the file at `path`, if any, and restore it unless the block succeeds."""
    stem = os.path.splitext(path)[0]
    parts = [stem + suffix for suffix in SHAPEFILE_SUFFIXES] if path.lower().endswith(".shp") else [path]
    moved = {}
    for part in filter(os.path.isfile, parts):
        folder, name = os.path.split(part)
        # A file that cannot be moved is open in another program: writing reports the error.
        with contextlib.suppress(OSError):
            os.replace(part, os.path.join(folder, f".{name}.earlier"))
            moved[part] = os.path.join(folder, f".{name}.earlier")
    try:
        yield
    except BaseException:
        for part, backup in moved.items():
            os.replace(backup, part)
        raise
    for backup in moved.values():
        with contextlib.suppress(OSError):
            os.remove(backup)


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
