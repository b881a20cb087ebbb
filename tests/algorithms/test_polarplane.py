"""Polar plane: areas of polygons at the pole and at 180 degrees against integrals on the ellipsoid."""

import math

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsDistanceArea, QgsGeometry, QgsPointXY, QgsProject

from floefield.compute.errors import UnsuitableInput
from floefield.vector.polar_plane import PolarPlane, Target
from tests.icecharts import CHARTS, EQUATOR_RADIUS, SQUARED_ECCENTRICITY, box, ring_area, zone_area

DEGREES = QgsCoordinateReferenceSystem("EPSG:4326")
CRSS = ["EPSG:32626", "EPSG:3413", "EPSG:4326", "EPSG:3573", "EPSG:3979"]


@pytest.fixture
def context(qgis_processing):
    return QgsProject.instance().transformContext()


@pytest.fixture
def plane(context):
    return PolarPlane(True, context)


def polygon(*rings):
    return QgsGeometry.fromPolygonXY([[QgsPointXY(*point) for point in ring] for ring in rings])


def measured(geometry, crs, context):
    """Return the ellipsoidal area of a geometry, measured by QGIS."""
    distances = QgsDistanceArea()
    distances.setSourceCrs(crs, context)
    distances.setEllipsoid("EPSG:7030")
    return distances.measureArea(geometry)


SHAPES = {
    "a cap with edges at 180 degrees and the pole": (box(-180, 75, 180, 90), zone_area(75, 90)),
    "a ring of four corners around the pole": ([(0, 80), (90, 80), (180, 80), (-90, 80), (0, 80)], zone_area(80, 90)),
    "across 180 degrees, uncut": ([(170, 70), (-170, 70), (-170, 75), (170, 75), (170, 70)], zone_area(70, 75, 20)),
    "longitudes beyond 180": (box(170, 70, 190, 75), zone_area(70, 75, 20)),
    "longitudes from 0 to 360": (box(300, 60, 340, 70), zone_area(60, 70, 40)),
    "a box with two corners on each side": (box(-30, 60, 10, 85), zone_area(60, 85, 40)),
    "touching the pole": (box(-60, 80, 0, 90), zone_area(80, 90, 60)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_projection_to_the_plane_preserves_areas(plane, shape):
    ring, area = SHAPES[shape]
    projected, was_invalid = plane.from_crs(polygon(ring), DEGREES)
    assert projected.isGeosValid()
    assert projected.area() == pytest.approx(area, rel=1e-5)
    assert not was_invalid


@pytest.mark.parametrize("crs", CRSS)
@pytest.mark.parametrize("shape", SHAPES)
def test_reprojection_from_the_plane_preserves_areas_in_every_crs(plane, context, shape, crs):
    ring, area = SHAPES[shape]
    target = QgsCoordinateReferenceSystem(crs)
    projected, _ = plane.from_crs(polygon(ring), DEGREES)
    reprojected = plane.to_crs(projected, Target(target, plane, context))
    assert reprojected.isGeosValid()
    assert reprojected.isMultipart()
    assert measured(reprojected, target, context) == pytest.approx(area, rel=1e-4)


def test_output_in_degrees_is_split_at_180(plane, context):
    projected, _ = plane.from_crs(polygon(box(170, 70, 190, 75)), DEGREES)
    reprojected = plane.to_crs(projected, Target(DEGREES, plane, context))
    boxes = sorted((part.boundingBox().xMinimum(), part.boundingBox().xMaximum()) for part in reprojected.constParts())
    assert boxes == [pytest.approx((-180, -170), abs=1e-6), pytest.approx((170, 180), abs=1e-6)]


def test_hole_around_the_pole_is_kept(plane):
    projected, _ = plane.from_crs(polygon(box(-180, 70, 180, 90), [(0, 85), (120, 85), (-120, 85), (0, 85)]), DEGREES)
    assert projected.area() == pytest.approx(zone_area(70, 85), rel=1e-5)


def test_antarctic_plane(context):
    south = PolarPlane(False, context)
    projected, _ = south.from_crs(polygon(box(160, -80, 200, -70)), DEGREES)
    assert projected.area() == pytest.approx(zone_area(70, 80, 40), rel=1e-5)
    target = QgsCoordinateReferenceSystem("EPSG:3031")
    assert measured(south.to_crs(projected, Target(target, south, context)), target, context) == pytest.approx(
        zone_area(70, 80, 40), rel=1e-4)


def test_hand_drawn_rectangle_is_taken_as_drawn_and_ring_around_the_pole_is_a_cap(plane):
    wide, _ = plane.from_crs(polygon(box(-120, 70, 120, 80)), DEGREES, is_hand_drawn=True)
    assert wide.area() == pytest.approx(zone_area(70, 80, 240), rel=1e-5)
    ring, _ = plane.from_crs(polygon([(0, 80), (90, 80), (180, 80), (-90, 80), (0, 80)]), DEGREES, is_hand_drawn=True)
    assert ring.area() == pytest.approx(zone_area(80, 90), rel=1e-5)
    hand = [(170, 70), (-170, 70.5), (-170, 75), (170, 75.5), (170, 70)]
    across, _ = plane.from_crs(polygon(hand), DEGREES, is_hand_drawn=True)
    assert across.area() == pytest.approx(ring_area(hand), rel=1e-5)


@pytest.mark.parametrize(("ring", "area"), [
    ([(0, 70), (10, 80), (10, 70), (0, 80), (0, 70)], None),  # a bow tie: two triangles
    (box(0, 70, 10, 80)[::-1], zone_area(70, 80, 10)),  # the other way round
    ([(0, 70), (10, 70), (10, 80), (5, 80), (5, 81), (5, 80), (0, 80), (0, 70)], zone_area(70, 80, 10)),  # a spike
])
def test_invalid_rings_are_repaired_with_the_same_area(plane, ring, area):
    projected, _ = plane.from_crs(polygon(ring), DEGREES)
    halves = [(0, 70), (5, 75), (0, 80), (0, 70)], [(10, 70), (10, 80), (5, 75), (10, 70)]
    expected = area or sum(map(ring_area, halves))
    assert projected.isGeosValid()
    assert projected.area() == pytest.approx(expected, rel=1e-5)


def test_hole_outside_its_shell_and_overlapping_parts_are_repaired(plane):
    """AARI's chart has such a hole; ``makeValid`` of GEOS turns it into a polygon, and overlaps of parts into holes."""
    holes = box(20, 70, 21, 71), box(2, 70.5, 3, 71)
    projected, was_invalid = plane.from_crs(polygon(box(0, 70, 10, 72), *holes), DEGREES)
    assert was_invalid
    assert projected.area() == pytest.approx(zone_area(70, 72, 10) - zone_area(70.5, 71, 1), rel=1e-5)
    both = QgsGeometry.collectGeometry([polygon(box(0, 70, 10, 72)), polygon(box(5, 70, 15, 72))])
    projected, was_invalid = plane.from_crs(both, DEGREES)
    assert was_invalid
    assert projected.area() == pytest.approx(zone_area(70, 72, 15), rel=1e-5)


@pytest.mark.parametrize("ring", [box(600000, 70, 700000, 80), box(0, 1000, 10, 2000)])
def test_coordinates_in_metres_are_refused_in_degrees(plane, ring):
    with pytest.raises(UnsuitableInput, match=r"out of range for EPSG:4326.*SOURCE_CRS"):
        plane.from_crs(polygon(ring), DEGREES)


def test_preserves_area_depends_on_the_region(plane, context):
    projected, _ = plane.from_crs(polygon(box(60, 65, 80, 70)), DEGREES)
    for crs, expected in (("EPSG:32626", False), ("EPSG:32642", True), ("EPSG:3413", True), ("EPSG:4326", True)):
        target = QgsCoordinateReferenceSystem(crs)
        reprojected = plane.to_crs(projected, Target(target, plane, context))
        assert plane.preserves_area(projected, reprojected, target) == expected, crs


def test_areas_of_the_arctic_chart_of_aari(plane):
    """Its polygons cross 180 degrees without being split, and one encloses the pole."""
    from osgeo import ogr

    dataset = ogr.Open(str(next(CHARTS.glob("*/aari_arc_20140211_pl_a.shp"))))
    compared = around_pole = 0
    for feature in dataset.GetLayer(0):
        shape = feature.GetGeometryRef()
        if shape.GetGeometryName() != "POLYGON":
            continue
        rings = [shape.GetGeometryRef(number).GetPoints() for number in range(shape.GetGeometryCount())]
        projected, was_invalid = plane.from_crs(polygon(*rings), DEGREES)
        if was_invalid:
            continue
        expected = ring_area(rings[0]) - sum(ring_area(ring) for ring in rings[1:])
        # a third of a metre along its outline
        assert abs(projected.area() - expected) < projected.length() / 3, feature.GetFID()
        compared += 1
        around_pole += projected.contains(QgsPointXY(0, 0))
    assert compared > 320
    assert around_pole == 1


def test_projection_of_the_weekly_arctic_charts(plane):
    """Polar stereographic with 180 degrees downwards, true at 60 degrees north (Snyder 1987, 15-9, 21-33, 21-34)."""
    wkt = ('PROJCS["WGS_1984_Stereographic_North_Pole",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",'
           '6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
           'PROJECTION["Stereographic_North_Pole"],PARAMETER["False_Easting",0.0],PARAMETER["False_Northing",0.0],'
           'PARAMETER["Central_Meridian",180.0],PARAMETER["Standard_Parallel_1",60.0],UNIT["Meter",1.0]]')
    e, radius = math.sqrt(SQUARED_ECCENTRICITY), EQUATOR_RADIUS

    def t(latitude):
        sine = math.sin(latitude)
        return math.tan(math.pi / 4 - latitude / 2) / ((1 - e * sine) / (1 + e * sine)) ** (e / 2)

    true, edge = math.radians(60), math.radians(80)
    m = math.cos(true) / math.sqrt(1 - SQUARED_ECCENTRICITY * math.sin(true) ** 2)
    distance = radius * m * t(edge) / t(true)
    angles = [math.radians(number / 10) for number in range(3601)]
    circle = [(distance * math.cos(angle), distance * math.sin(angle)) for angle in angles]
    projected, _ = plane.from_crs(polygon(circle), QgsCoordinateReferenceSystem.fromWkt(wkt))
    assert projected.area() == pytest.approx(zone_area(80, 90), rel=1e-5)
    quarter = [(0, 0), *circle[:901], (0, 0)]
    projected, _ = plane.from_crs(polygon(quarter), QgsCoordinateReferenceSystem.fromWkt(wkt))
    assert projected.area() == pytest.approx(zone_area(80, 90, 90), rel=1e-5)
    # with 180 degrees downwards, this quarter lies between 90 degrees west and 0
    assert projected.boundingBox().xMaximum() == pytest.approx(0, abs=1)
    assert projected.boundingBox().yMaximum() == pytest.approx(0, abs=1)
