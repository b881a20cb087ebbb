"""QGIS features from tables of results by parcel or point."""

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
    """Return the layout and features for :func:`~.outputs.write_layer`.

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
