"""Parcels as users bring them: a polygon layer with a CRS, invalid geometries included."""

from qgis.core import (
    QgsFeatureRequest,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsProcessingFeatureSourceDefinition,
    QgsWkbTypes,
)

from ..compute.errors import UnsuitableInput

# A message that lists more than this helps nobody.
MOST_LISTED = 20


def parcel_source(algorithm, parameters, name, context):
    """The features behind a parameter, once it is sure that they can be measured; call it in ``prepareAlgorithm``.

    Returns
    -------
    QgsProcessingFeatureSource
        Only the selected features if the user asked for that.

    Raises
    ------
    QgsProcessingException
        If there is no such layer.
    UnsuitableInput
        If the features are no polygons or have no coordinate reference system.
    """
    source = algorithm.parameterAsSource(parameters, name, context)
    if source is None:
        raise QgsProcessingException(algorithm.invalidSourceError(parameters, name))
    if QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.PolygonGeometry:
        kind = QgsWkbTypes.displayString(source.wkbType())
        raise UnsuitableInput(f"{name} must hold parcels as polygons, but {source.sourceName()} holds: {kind}.")
    if not source.sourceCrs().isValid():
        raise UnsuitableInput(f"{source.sourceName()} has no coordinate reference system, so nobody can tell how long "
                              "a metre is in it. Assign the right one (Layer properties > Source, or the tool "
                              "'Assign projection') and run again.")
    return source


def layer_origin(algorithm, parameters, name, context):
    """Where the features of a parameter lie, for people to read: no passwords, and the name of what is only in memory.

    Returns
    -------
    str
        Empty if no layer is given.
    """
    value = parameters.get(name)
    if isinstance(value, QgsProcessingFeatureSourceDefinition):
        value = value.source.staticValue()
    layer = algorithm.parameterAsVectorLayer({name: value}, name, context)
    if layer is None:
        return ""
    return layer.name() if layer.providerType() == "memory" else layer.publicSource()


def parcels(source, progress):
    """Every feature of a source, the invalid ones too, while progress is shown; ends with Cancelled if asked to stop.

    Yields
    ------
    QgsFeature
    """
    count = max(source.featureCount(), 1)
    everything = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
    for number, parcel in enumerate(source.getFeatures(QgsFeatureRequest(), everything)):
        progress.step(min(number / count, 1.0))
        yield parcel


def listed(names):
    """Feature ids or classes for a message: all of them, or the first twenty and how many more there are."""
    named = ", ".join(str(name) for name in names[:MOST_LISTED])
    return named if len(names) <= MOST_LISTED else f"{named} and {len(names) - MOST_LISTED} more"
