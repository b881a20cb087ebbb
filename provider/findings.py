"""Layers of parcels and points that a tool found something out about: rows of plain values become features."""

import json

from osgeo import ogr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsPointXY,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

TYPES = {int: QVariant.Int, float: QVariant.Double, str: QVariant.String}


def layout_and_features(findings, crs_wkt, is_points, check=lambda: None):
    """What :func:`~.outputs.write_layer` takes.

    Parameters
    ----------
    findings : FeatureTable
    crs_wkt : str
        CRS of the geometries.
    is_points : bool
    check : callable, optional
        Called for each feature; raises to end the work.

    Returns
    -------
    layout : tuple
    features : list of QgsFeature
    """
    fields = QgsFields()
    for name, kind in findings.fields:
        fields.append(QgsField(name, TYPES[kind]))
    features = []
    for about, values in findings.rows:
        check()
        feature = QgsFeature(fields)
        feature.setGeometry(_point(about) if is_points else _polygons(about.geometry))
        feature.setAttributes(list(values))
        features.append(feature)
    kind = QgsWkbTypes.Type.Point if is_points else QgsWkbTypes.Type.MultiPolygon
    return (fields, kind, QgsCoordinateReferenceSystem.fromWkt(crs_wkt)), features


def _point(about):
    return QgsGeometry.fromPointXY(QgsPointXY(about.x, about.y))


def _polygons(geometry):
    shape = QgsGeometry()
    shape.fromWkb(bytes(ogr.CreateGeometryFromJson(json.dumps(geometry)).ExportToWkb()))
    shape.convertToMultiType()
    return shape
