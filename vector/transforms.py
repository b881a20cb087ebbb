"""Coordinate transforms with a sentence on failure."""

import json

from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsCsException, QgsPointXY

from ..compute.errors import UnsuitableInput


def _name_of(crs):
    return crs.authid() or crs.description() or "the layer's coordinate reference system"


def transformed_geojson(geometry, transform, source):
    """Return the geometry in the target CRS as GeoJSON."""
    try:
        geometry.transform(transform)
        is_finite = geometry.boundingBox().isFinite()
    except QgsCsException:
        is_finite = False
    if not is_finite:
        raise UnsuitableInput(f"The parcels of {source.sourceName()} cannot be transformed to the coordinate "
                              "reference system of the rasters. Check the coordinate reference system of the layer.")
    return json.loads(geometry.asJson())


def transform_between(source, crs, context):
    """Return the transform from the CRS of a source to another CRS."""
    return QgsCoordinateTransform(source.sourceCrs(), crs, context.transformContext())


def transformed_point(vertex, transform):
    """Return (x, y) in the target CRS, or None outside its validity."""
    try:
        point = transform.transform(QgsPointXY(vertex.x(), vertex.y()))
    except QgsCsException:
        return None
    is_finite = abs(point.x()) < float("inf") and abs(point.y()) < float("inf")
    return (point.x(), point.y()) if is_finite else None


def crs_name(crs):
    """Return the authority id or the description of a CRS, for messages."""
    return crs.authid() or crs.description() or "its coordinate reference system"


def wkt_of(crs: QgsCoordinateReferenceSystem) -> str:
    """Return WKT 2 of a CRS, as PROJ and rasterio read it."""
    return crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED)
