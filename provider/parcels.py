"""Polygon layers of parcels as feature sources, invalid geometries included."""

from qgis.core import (
    QgsFeatureRequest,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsWkbTypes,
)

from ..compute.errors import UnsuitableInput

# Maximum number of items listed in a message.
MAX_LISTED = 20


def parcel_source(algorithm, parameters, name, context):
    """Return the polygon features of a parameter; call it in ``prepareAlgorithm``.

    Returns
    -------
    QgsProcessingFeatureSource
        Only the selected features if the user chose so.

    Raises
    ------
    QgsProcessingException
        If there is no such layer.
    UnsuitableInput
        If the features are not polygons or have no coordinate reference system.
    """
    source = algorithm.parameterAsSource(parameters, name, context)
    if source is None:
        raise QgsProcessingException(algorithm.invalidSourceError(parameters, name))
    if QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.PolygonGeometry:
        kind = QgsWkbTypes.displayString(source.wkbType())
        raise UnsuitableInput(f"{name} must be a polygon layer, but the geometry type of {source.sourceName()} is "
                              f"{kind}.")
    if not source.sourceCrs().isValid():
        raise UnsuitableInput(f"{source.sourceName()} has no coordinate reference system. Assign the right one (Layer "
                              "properties > Source, or the tool 'Assign projection') and run again.")
    return source


def layer_origin(algorithm, parameters, name, context):
    """Return the data source of a layer parameter without passwords, or the name of a memory layer.

    Returns
    -------
    str
        Empty if the parameter is empty.
    """
    value = parameters.get(name)
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source.staticValue()
    layer = algorithm.parameterAsVectorLayer({name: value}, name, context)
    if layer is None:
        return ""
    return layer.name() if layer.providerType() == "memory" else layer.publicSource()


def parcels(source, progress):
    """Iterate over the features of a source, invalid geometries included, and report progress; may raise Cancelled.

    Yields
    ------
    QgsFeature
    """
    count = max(source.featureCount(), 1)
    no_check = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
    for number, parcel in enumerate(source.getFeatures(QgsFeatureRequest(), no_check)):
        progress.step(min(number / count, 1.0))
        yield parcel


def listed(names):
    """Format feature ids or classes for a message: all, or the first ``MAX_LISTED`` and the number of further ones."""
    text = ", ".join(str(name) for name in names[:MAX_LISTED])
    return text if len(names) <= MAX_LISTED else f"{text} and {len(names) - MAX_LISTED} more"
