"""Land polygons for the land masks of scenes: reprojected to the CRS of the scene, with a buffer in metres."""

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

from ..compute.units import METRES_PER_DEGREE
from .parcel_geometry import UNCHECKED, valid_polygons
from .transforms import require_crs

WORLD_MAP = "countries"

# Edges are densified to this length before reprojection (metres).
MAX_EDGE_LENGTH = 2000.0
BUFFER_SEGMENTS = 8


def world_map(context):
    """Return the country polygons shipped with QGIS.

    Returns
    -------
    QgsProcessingFeatureSource or None
        None if the file is not installed.
    """
    path = os.path.join(QgsApplication.pkgDataPath(), "resources", "data", "world_map.gpkg")
    if not os.path.exists(path):
        return None
    layer = QgsVectorLayer(f"{path}|layername={WORLD_MAP}", WORLD_MAP, "ogr")
    return _LayerSource(layer, context) if layer.isValid() else None


class _LayerSource(QgsProcessingFeatureSource):
    """Feature source that keeps a reference to its layer."""

    def __init__(self, layer, context):
        super().__init__(layer, context)
        self._layer = layer


def land_polygons(source, box, centre, crs, buffer, context, progress):
    """Return the land polygons around a scene.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
        Polygons with a CRS.
    box : tuple of float
        (west, south, east, north) of the scene in degrees; west may be below -180, east above 180.
    centre : tuple of float
        Longitude and latitude of the scene centre.
    crs : QgsCoordinateReferenceSystem
        Output CRS.
    buffer : float
        Buffer distance in metres.
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
    require_crs(source.sourceCrs(), f"The land layer {source.sourceName()}")
    degrees = QgsCoordinateReferenceSystem("EPSG:4326")
    # Azimuthal equidistant projection around the scene: distances within 400 km are true to 0.1 %.
    local = QgsCoordinateReferenceSystem.fromProj(
        f"+proj=aeqd +lat_0={centre[1]:.6f} +lon_0={centre[0]:.6f} +datum=WGS84 +units=m")
    to_local = QgsCoordinateTransform(source.sourceCrs(), local, context.transformContext())
    to_output = QgsCoordinateTransform(local, crs, context.transformContext())
    polygons = []
    for part in _boxes(box, buffer):
        progress.check()
        to_source = QgsCoordinateTransform(degrees, source.sourceCrs(), context.transformContext())
        try:
            rectangle = to_source.transformBoundingBox(part)
        except QgsCsException:
            rectangle = QgsRectangle()
        request = QgsFeatureRequest().setNoAttributes()
        if not rectangle.isEmpty():
            request.setFilterRect(rectangle)
        for feature in source.getFeatures(request, UNCHECKED):
            progress.check()
            geometry, _ = valid_polygons(feature.geometry())
            if not rectangle.isEmpty():
                geometry = geometry.clipped(rectangle)
            polygons += _reprojected(geometry, source.sourceCrs(), to_local, to_output, buffer)
    return polygons


def _boxes(box, buffer):
    """Return the box with a margin for the buffer, split at 180 degrees."""
    west, south, east, north = box
    margin = 0.2 + buffer / METRES_PER_DEGREE
    south, north = max(south - margin, -90.0), min(north + margin, 90.0)
    max_latitude = min(max(abs(south), abs(north)), 89.5)
    longitude_margin = margin / math.cos(math.radians(max_latitude))
    west, east = west - longitude_margin, east + longitude_margin
    if east - west >= 360 or max_latitude == 89.5:
        return [QgsRectangle(-180, south, 180, north)]
    boxes = [QgsRectangle(max(west, -180), south, min(east, 180), north)]
    if west < -180:
        boxes.append(QgsRectangle(west + 360, south, 180, north))
    if east > 180:
        boxes.append(QgsRectangle(-180, south, east - 360, north))
    return boxes


def _reprojected(geometry, source_crs, to_local, to_output, buffer):
    if geometry.isEmpty():
        return []
    edge_length = MAX_EDGE_LENGTH / METRES_PER_DEGREE if source_crs.isGeographic() else MAX_EDGE_LENGTH
    polygon = QgsGeometry(geometry).densifyByDistance(edge_length)
    try:
        polygon.transform(to_local)
        if buffer:
            polygon = polygon.buffer(buffer, BUFFER_SEGMENTS)
        polygon = polygon.densifyByDistance(MAX_EDGE_LENGTH)
        polygon.transform(to_output)
    except QgsCsException:
        return []
    if polygon.isEmpty() or not polygon.boundingBox().isFinite():
        return []
    return [json.loads(polygon.asJson(6))]
