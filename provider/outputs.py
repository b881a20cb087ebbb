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

from ..compute.errors import Cancelled, OutputError
from ..compute.progress import Progress

# Features written before it is asked again whether to stop.
BATCH = 1000
SHAPEFILE = (".shp", ".shx", ".dbf", ".prj", ".cpg", ".qix")

def destination_text(parameters, name):
    """What the user gave as the destination `name`: a path, a data base address, ``TEMPORARY_OUTPUT`` or nothing."""
    destination = parameters.get(name)
    if isinstance(destination, QgsProcessingOutputLayerDefinition):
        destination = destination.sink.staticValue()
    return str(destination or "")


def write_layer(algorithm, parameters, name, context, layout, features, progress=None):
    """Write all features of a vector output; call it when nothing else can fail.

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
        Asked now and then whether to stop.

    Returns
    -------
    str or None
        What the tool returns as its output; None if the user did not ask for an optional one.

    Raises
    ------
    OutputError
        If it cannot be written; a half-written file or table is removed.
    Cancelled
        If the user asked to stop; likewise.
    """
    asked_for = destination_text(parameters, name)
    with _earlier_kept(asked_for):
        return _write(algorithm, parameters, name, context, layout, features, progress or Progress())


def _write(algorithm, parameters, name, context, layout, features, progress):
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
    try:
        complete = all(_added(sink, features[first:first + BATCH], progress)
                       for first in range(0, len(features), BATCH))
        reason = sink.lastError()
        del sink
        complete = complete and _holds(layer, len(features), progress)
    except Cancelled:
        sink = None  # noqa: F841, nothing can be removed while it is open
        _remove(asked_for, layer)
        raise
    if not complete:
        _remove(asked_for, layer)
        raise OutputError(f"{asked_for} cannot be written: {reason or 'the format refused some parcels'}. "
                          "Check the free space on the disk, or write another format.")
    return layer


def _added(sink, features, progress):
    progress.check()
    return sink.addFeatures(features, QgsFeatureSink.Flag.FastInsert)


def write_layers(algorithm, parameters, context, layout, outputs, progress=None):
    """Several vector outputs: all of them, or none if one cannot be written.

    Parameters
    ----------
    algorithm, parameters, context, layout
        As for :func:`write_layer`; `layout` may also be a dict with one for each output.
    outputs : dict of str to list of QgsFeature
        By destination parameter.
    progress : Progress, optional
        Asked now and then whether to stop.

    Returns
    -------
    dict of str to str
        What the tool returns, by destination parameter; those the user did not ask for are left out.

    Raises
    ------
    OutputError, Cancelled
    """
    written = {}
    with contextlib.ExitStack() as earlier:
        for name in outputs:
            earlier.enter_context(_earlier_kept(destination_text(parameters, name)))
        try:
            for name, features in outputs.items():
                own = layout[name] if isinstance(layout, dict) else layout
                layer = _write(algorithm, parameters, name, context, own, features, progress or Progress())
                if layer is not None:
                    written[name] = layer
        except (OutputError, Cancelled):
            for name, layer in written.items():
                _remove(destination_text(parameters, name), layer)
            raise
    return written


@contextlib.contextmanager
def _earlier_kept(path):
    """A file that was at `path` before is back there unless the block ends well."""
    parts = [os.path.splitext(path)[0] + suffix for suffix in SHAPEFILE] if path.lower().endswith(".shp") else [path]
    moved = {}
    for part in filter(os.path.isfile, parts):
        folder, name = os.path.split(part)
        # What cannot be moved is open in another program, and cannot be written to either.
        with contextlib.suppress(OSError):
            os.replace(part, os.path.join(folder, f".{name}.earlier"))
            moved[part] = os.path.join(folder, f".{name}.earlier")
    try:
        yield
    except BaseException:
        for part, aside in moved.items():
            os.replace(aside, part)
        raise
    for aside in moved.values():
        with contextlib.suppress(OSError):
            os.remove(aside)


def _flags(fields, features):
    """A GeoPackage takes a field called fid as its key: where values occur twice, it must number anew."""
    key = fields.lookupField("fid")
    unique = key < 0 or len({str(feature.attributes()[key]) for feature in features}) == len(features)
    return () if unique else (QgsFeatureSink.SinkFlag.RegeneratePrimaryKey,)


def _holds(layer, count, progress):
    """Whether a file has all the features: some sinks lose features and do not tell.

    They are counted one by one, since a GeoPackage keeps a count that may promise more than it holds.
    """
    if not os.path.isfile(layer.split("|")[0]):
        return True
    written = QgsVectorLayer(layer, "", "ogr")
    request = QgsFeatureRequest().setNoAttributes().setFlags(QgsFeatureRequest.Flag.NoGeometry)
    found = 0
    for found, _ in enumerate(written.getFeatures(request) if written.isValid() else (), start=1):
        if found % BATCH == 0:
            progress.check()
    return written.isValid() and found >= count


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
