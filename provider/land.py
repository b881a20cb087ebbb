"""Land for the masks of sea-ice scenes: polygons of any layer, widened by true metres, in the CRS of a scene."""

import json
import math
import os

from qgis.core import (
    QgsApplication,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsGeometry,
    QgsProcessingFeatureSource,
    QgsRectangle,
    QgsVectorLayer,
)

from ..compute.errors import UnsuitableInput
from .geometry import valid_polygons

WORLD_MAP = "countries"
METRES_PER_DEGREE = 111000.0
# Straight edges bend in another projection: longer ones get vertices before they go there (metres).
LONGEST_EDGE = 2000.0
ARC_SEGMENTS = 8


def world_map(context):
    """The countries of the world that come with QGIS.

    Returns
    -------
    QgsProcessingFeatureSource or None
        None where this QGIS has no such file.
    """
    path = os.path.join(QgsApplication.pkgDataPath(), "resources", "data", "world_map.gpkg")
    if not os.path.exists(path):
        return None
    layer = QgsVectorLayer(f"{path}|layername={WORLD_MAP}", WORLD_MAP, "ogr")
    return _Owned(layer, context) if layer.isValid() else None


class _Owned(QgsProcessingFeatureSource):
    """A source that keeps its layer alive."""

    def __init__(self, layer, context):
        super().__init__(layer, context)
        self._layer = layer


def land_polygons(source, box, centre, crs, buffer, context, progress):
    """The land around a scene.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
        Polygons with a CRS.
    box : tuple of float
        (west, south, east, north) of the scene in degrees; west may be below -180, or east above 180.
    centre : tuple of float
        Longitude and latitude of the middle of the scene.
    crs : QgsCoordinateReferenceSystem
        Of the result.
    buffer : float
        Metres by which the land is widened.
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    list of dict
        GeoJSON-like polygons in `crs`.

    Raises
    ------
    UnsuitableInput
        If the layer has no CRS.
    """
    if not source.sourceCrs().isValid():
        raise UnsuitableInput(f"The land layer {source.sourceName()} has no coordinate reference system. Assign the "
                              "right one (Layer properties > Source) and run again.")
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    # Azimuthal and equidistant around the scene: true metres to a thousandth within 400 km.
    local = QgsCoordinateReferenceSystem.fromProj(
        f"+proj=aeqd +lat_0={centre[1]:.6f} +lon_0={centre[0]:.6f} +datum=WGS84 +units=m")
    to_local = QgsCoordinateTransform(source.sourceCrs(), local, context.transformContext())
    to_result = QgsCoordinateTransform(local, crs, context.transformContext())
    found = []
    for part in _boxes(box, buffer):
        progress.check()
        clip = QgsCoordinateTransform(degrees, source.sourceCrs(), context.transformContext())
        try:
            rectangle = clip.transformBoundingBox(part)
        except QgsCsException:
            rectangle = QgsRectangle()
        request = QgsFeatureRequest().setNoAttributes()
        if not rectangle.isEmpty():
            request.setFilterRect(rectangle)
        for feature in source.getFeatures(request):
            progress.check()
            geometry, _ = valid_polygons(feature.geometry())
            if not rectangle.isEmpty():
                geometry = geometry.clipped(rectangle)
            found += _moved(geometry, source.sourceCrs(), to_local, to_result, buffer)
    return found


def _boxes(box, buffer):
    """The box with a rim for the buffer, cut at 180 degrees."""
    west, south, east, north = box
    rim = 0.2 + buffer / METRES_PER_DEGREE
    south, north = max(south - rim, -90.0), min(north + rim, 90.0)
    farthest = min(max(abs(south), abs(north)), 89.5)
    aside = rim / math.cos(math.radians(farthest))
    west, east = west - aside, east + aside
    if east - west >= 360 or farthest == 89.5:
        return [QgsRectangle(-180, south, 180, north)]
    boxes = [QgsRectangle(max(west, -180), south, min(east, 180), north)]
    if west < -180:
        boxes.append(QgsRectangle(west + 360, south, 180, north))
    if east > 180:
        boxes.append(QgsRectangle(-180, south, east - 360, north))
    return boxes


def _moved(geometry, source_crs, to_local, to_result, buffer):
    if geometry.isEmpty():
        return []
    unit = LONGEST_EDGE / METRES_PER_DEGREE if source_crs.isGeographic() else LONGEST_EDGE
    moved = QgsGeometry(geometry).densifyByDistance(unit)
    try:
        moved.transform(to_local)
        if buffer:
            moved = moved.buffer(buffer, ARC_SEGMENTS)
        moved = moved.densifyByDistance(LONGEST_EDGE)
        moved.transform(to_result)
    except QgsCsException:
        return []
    if moved.isEmpty() or not moved.boundingBox().isFinite():
        return []
    return [json.loads(moved.asJson(6))]
