"""Coordinate systems of layers, and geometries in another one."""

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsCoordinateTransformContext, QgsGeometry

from floefield.compute.errors import UnsuitableInput
from floefield.vector.transforms import crs_name, require_crs, transformed, transformed_geojson

DEGREES, UTM31 = QgsCoordinateReferenceSystem("EPSG:4326"), QgsCoordinateReferenceSystem("EPSG:32631")
GNOMONIC = QgsCoordinateReferenceSystem.fromProj("+proj=gnom +lat_0=90 +datum=WGS84")


def transform_to(crs):
    return QgsCoordinateTransform(DEGREES, crs, QgsCoordinateTransformContext())


def test_a_layer_needs_a_coordinate_system():
    require_crs(UTM31, "parcels")
    with pytest.raises(UnsuitableInput, match=r"^parcels has no coordinate reference system\. Assign it"):
        require_crs(QgsCoordinateReferenceSystem(), "parcels")
    assert crs_name(UTM31) == "EPSG:32631"


def test_a_geometry_is_transformed_without_changing_it():
    point = QgsGeometry.fromWkt("Point (3 0)")
    moved = transformed(point, transform_to(UTM31), "parcels").asPoint()
    # The central meridian on the equator.
    assert (moved.x(), moved.y()) == (pytest.approx(500000, abs=1e-3), pytest.approx(0, abs=1e-3))
    assert point.asPoint().x() == 3
    assert transformed_geojson(point, transform_to(DEGREES), "parcels") == {"type": "Point", "coordinates": [3.0, 0.0]}


def test_a_geometry_outside_the_domain_is_named():
    with pytest.raises(UnsuitableInput, match=r"^A parcel of fields cannot be transformed to .*Check"):
        transformed(QgsGeometry.fromWkt("Point (0 -90)"), transform_to(GNOMONIC), "A parcel of fields")
