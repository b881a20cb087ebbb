"""Coordinate reference systems of layers, and coordinate transforms with a message on failure."""

from __future__ import annotations

import json
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureSource,
    QgsGeometry,
    QgsPoint,
    QgsPointXY,
    QgsProcessingContext,
)

from ..compute.errors import UnsuitableInput


def require_crs(crs: QgsCoordinateReferenceSystem, layer: str) -> None:
    """Raise :class:`UnsuitableInput` if a layer has no coordinate reference system.

    Parameters
    ----------
    crs : QgsCoordinateReferenceSystem
    layer : str
        Name or role of the layer, to begin the message with.
    """
    if not crs.isValid():
        raise UnsuitableInput(f"{layer} has no coordinate reference system. Assign it (Layer Properties > Source, or "
                              "the tool 'Assign projection') and run again.")


def crs_name(crs: QgsCoordinateReferenceSystem) -> str:
    """Return the authority id or the description of a CRS, for messages."""
    return crs.authid() or crs.description() or "its coordinate reference system"


def wkt_of(crs: QgsCoordinateReferenceSystem) -> str:
    """Return WKT 2 of a CRS, as PROJ and rasterio read it."""
    return crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED)


def transform_between(source: QgsFeatureSource, crs: QgsCoordinateReferenceSystem,
                      context: QgsProcessingContext) -> QgsCoordinateTransform:
    """Return the transform from the CRS of a source to another CRS."""
    return QgsCoordinateTransform(source.sourceCrs(), crs, context.transformContext())


def transformed(geometry: QgsGeometry, transform: QgsCoordinateTransform, layer: str) -> QgsGeometry:
    """Return a geometry in another CRS.

    Parameters
    ----------
    geometry : QgsGeometry
        Not changed.
    transform : QgsCoordinateTransform
    layer : str
        Name of the layer or feature, to begin the message with.

    Raises
    ------
    UnsuitableInput
        If it lies outside the domain of the CRS.
    """
    moved = QgsGeometry(geometry)
    try:
        moved.transform(transform)
        is_finite = moved.isEmpty() or moved.boundingBox().isFinite()
    except QgsCsException:
        is_finite = False
    if not is_finite:
        raise UnsuitableInput(f"{layer} cannot be transformed to {crs_name(transform.destinationCrs())}. Check the "
                              "coordinate reference system of the layer.")
    return moved


def transformed_geojson(geometry: QgsGeometry, transform: QgsCoordinateTransform, layer: str) -> dict[str, Any]:
    """Return a geometry in another CRS as GeoJSON; see :func:`transformed`."""
    return json.loads(transformed(geometry, transform, layer).asJson())


def transformed_point(vertex: QgsPoint, transform: QgsCoordinateTransform) -> tuple[float, float] | None:
    """Return (x, y) in another CRS, or None outside its domain."""
    try:
        point = transform.transform(QgsPointXY(vertex.x(), vertex.y()))
    except QgsCsException:
        return None
    is_finite = abs(point.x()) < float("inf") and abs(point.y()) < float("inf")
    return (point.x(), point.y()) if is_finite else None
