"""Vector outputs: written only once all is computed, so that a cancelled or failed run leaves what was there before."""

import contextlib
import os

from qgis.core import (
    QgsFeatureRequest,
    QgsFeatureSink,
    QgsProcessingException,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterDefinition,
    QgsProviderConnectionException,
    QgsProviderRegistry,
    QgsVectorFileWriter,
    QgsVectorLayer,
)

from ..compute.errors import OutputError


def destination_text(parameters, name):
    """What the user gave as the destination `name`: a path, a data base address, ``TEMPORARY_OUTPUT`` or nothing."""
    destination = parameters.get(name)
    if isinstance(destination, QgsProcessingOutputLayerDefinition):
        destination = destination.sink.staticValue()
    return str(destination or "")


def write_layer(algorithm, parameters, name, context, layout, features):
    """Write all features of a vector output in one go; call it when nothing else can fail.

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

    Returns
    -------
    str or None
        What the tool returns as its output; None if the user did not ask for an optional one.

    Raises
    ------
    OutputError
        If it cannot be written; a half-written file or table is removed.
    """
    asked_for = destination_text(parameters, name)
    try:
        sink, layer = algorithm.parameterAsSink(parameters, name, context, *layout, *_flags(layout[0], features))
    except QgsProcessingException as error:
        raise OutputError(f"{asked_for} cannot be written: check the folder, its permissions and the extension of the "
                          f"name. ({error})") from error
    if sink is None:
        if algorithm.parameterDefinition(name).flags() & QgsProcessingParameterDefinition.Flag.FlagOptional:
            return None
        raise QgsProcessingException(algorithm.invalidSinkError(parameters, name))
    complete = sink.addFeatures(features, QgsFeatureSink.Flag.FastInsert)
    reason = sink.lastError()
    del sink
    if not (complete and _holds(layer, len(features))):
        _remove(asked_for, layer)
        raise OutputError(f"{asked_for} cannot be written: {reason or 'the format refused some parcels'}. "
                          "Check the free space on the disk, or write another format.")
    return layer


def write_layers(algorithm, parameters, context, layout, outputs):
    """Several vector outputs: all of them, or none if one cannot be written.

    Parameters
    ----------
    algorithm, parameters, context, layout
        As for :func:`write_layer`; `layout` may also be a dict with one for each output.
    outputs : dict of str to list of QgsFeature
        By destination parameter.

    Returns
    -------
    dict of str to str
        What the tool returns, by destination parameter; those the user did not ask for are left out.

    Raises
    ------
    OutputError
    """
    written = {}
    try:
        for name, features in outputs.items():
            own = layout[name] if isinstance(layout, dict) else layout
            layer = write_layer(algorithm, parameters, name, context, own, features)
            if layer is not None:
                written[name] = layer
    except OutputError:
        for name, layer in written.items():
            _remove(destination_text(parameters, name), layer)
        raise
    return written


def _flags(fields, features):
    """A GeoPackage takes a field called fid as its key: where values occur twice, it must number anew."""
    key = fields.lookupField("fid")
    unique = key < 0 or len({str(feature.attributes()[key]) for feature in features}) == len(features)
    return () if unique else (QgsFeatureSink.SinkFlag.RegeneratePrimaryKey,)


def _holds(layer, count):
    """Whether a file has all the features: some sinks lose features and do not tell.

    They are counted one by one, since a GeoPackage keeps a count that may promise more than it holds.
    """
    if not os.path.isfile(layer.split("|")[0]):
        return True
    written = QgsVectorLayer(layer, "", "ogr")
    request = QgsFeatureRequest().setNoAttributes().setFlags(QgsFeatureRequest.Flag.NoGeometry)
    return written.isValid() and sum(1 for _ in written.getFeatures(request)) >= count


def _remove(asked_for, layer):
    """Take a half-written result away: the whole file, or only our table where the file holds other tables too."""
    place = QgsProviderRegistry.instance().decodeUri("ogr", layer)
    path, table = place.get("path") or "", place.get("layerName") or ""
    if asked_for.startswith("ogr:") and table:
        with contextlib.suppress(QgsProviderConnectionException):
            ogr = QgsProviderRegistry.instance().providerMetadata("ogr")
            ogr.createConnection(path, {}).dropVectorTable("", table)
    elif path.lower().endswith(".shp"):
        QgsVectorFileWriter.deleteShapeFile(path)
    elif os.path.isfile(path):
        os.remove(path)
