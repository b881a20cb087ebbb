"""Nothing of a chart is lost at the pole or at 180 degrees: areas against integrals on the ellipsoid."""

import math

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsDistanceArea, QgsGeometry, QgsPointXY, QgsProject

from floefield.compute.errors import UnsuitableInput
from floefield.provider.polarplane import PolarPlane, Target
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
    """Area as QGIS measures it on the ellipsoid."""
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
def test_polygons_in_degrees_come_whole_into_the_plane(plane, shape):
    ring, area = SHAPES[shape]
    taken, repaired = plane.take(polygon(ring), DEGREES)
    assert taken.isGeosValid()
    assert taken.area() == pytest.approx(area, rel=1e-5)
    assert not repaired


@pytest.mark.parametrize("crs", CRSS)
@pytest.mark.parametrize("shape", SHAPES)
def test_and_leave_it_whole_in_every_crs(plane, context, shape, crs):
    ring, area = SHAPES[shape]
    target = QgsCoordinateReferenceSystem(crs)
    taken, _ = plane.take(polygon(ring), DEGREES)
    given = plane.give(taken, Target(target, plane, context))
    assert given.isGeosValid()
    assert given.isMultipart()
    assert measured(given, target, context) == pytest.approx(area, rel=1e-4)


def test_results_in_degrees_are_cut_at_180(plane, context):
    taken, _ = plane.take(polygon(box(170, 70, 190, 75)), DEGREES)
    given = plane.give(taken, Target(DEGREES, plane, context))
    boxes = sorted((part.boundingBox().xMinimum(), part.boundingBox().xMaximum()) for part in given.constParts())
    assert boxes == [pytest.approx((-180, -170), abs=1e-6), pytest.approx((170, 180), abs=1e-6)]


def test_a_hole_around_the_pole_stays_a_hole(plane):
    taken, _ = plane.take(polygon(box(-180, 70, 180, 90), [(0, 85), (120, 85), (-120, 85), (0, 85)]), DEGREES)
    assert taken.area() == pytest.approx(zone_area(70, 85), rel=1e-5)


def test_the_antarctic_has_a_plane_of_its_own(context):
    south = PolarPlane(False, context)
    taken, _ = south.take(polygon(box(160, -80, 200, -70)), DEGREES)
    assert taken.area() == pytest.approx(zone_area(70, 80, 40), rel=1e-5)
    target = QgsCoordinateReferenceSystem("EPSG:3031")
    assert measured(south.give(taken, Target(target, south, context)), target, context) == pytest.approx(
        zone_area(70, 80, 40), rel=1e-4)


def test_a_drawn_rectangle_means_what_it_looks_like_and_a_drawn_ring_the_pole(plane):
    wide, _ = plane.take(polygon(box(-120, 70, 120, 80)), DEGREES, drawn=True)
    assert wide.area() == pytest.approx(zone_area(70, 80, 240), rel=1e-5)
    ring, _ = plane.take(polygon([(0, 80), (90, 80), (180, 80), (-90, 80), (0, 80)]), DEGREES, drawn=True)
    assert ring.area() == pytest.approx(zone_area(80, 90), rel=1e-5)
    hand = [(170, 70), (-170, 70.5), (-170, 75), (170, 75.5), (170, 70)]
    across, _ = plane.take(polygon(hand), DEGREES, drawn=True)
    assert across.area() == pytest.approx(ring_area(hand), rel=1e-5)


@pytest.mark.parametrize(("ring", "area"), [
    ([(0, 70), (10, 80), (10, 70), (0, 80), (0, 70)], None),  # a bow tie: two triangles
    (box(0, 70, 10, 80)[::-1], zone_area(70, 80, 10)),  # the other way round
    ([(0, 70), (10, 70), (10, 80), (5, 80), (5, 81), (5, 80), (0, 80), (0, 70)], zone_area(70, 80, 10)),  # a spike
])
def test_broken_rings_are_repaired_without_losing_area(plane, ring, area):
    taken, _ = plane.take(polygon(ring), DEGREES)
    halves = [(0, 70), (5, 75), (0, 80), (0, 70)], [(10, 70), (10, 80), (5, 75), (10, 70)]
    expected = area or sum(map(ring_area, halves))
    assert taken.isGeosValid()
    assert taken.area() == pytest.approx(expected, rel=1e-5)


def test_a_hole_outside_its_shell_is_no_ice_and_overlapping_parts_no_hole(plane):
    """AARI's chart has such a hole; GEOS' own repair makes land of it into ice, and water of what two parts share."""
    taken, repaired = plane.take(polygon(box(0, 70, 10, 72), box(20, 70, 21, 71), box(2, 70.5, 3, 71)), DEGREES)
    assert repaired
    assert taken.area() == pytest.approx(zone_area(70, 72, 10) - zone_area(70.5, 71, 1), rel=1e-5)
    both = QgsGeometry.collectGeometry([polygon(box(0, 70, 10, 72)), polygon(box(5, 70, 15, 72))])
    taken, repaired = plane.take(both, DEGREES)
    assert repaired
    assert taken.area() == pytest.approx(zone_area(70, 72, 15), rel=1e-5)


@pytest.mark.parametrize("ring", [box(600000, 70, 700000, 80), box(0, 1000, 10, 2000)])
def test_metres_taken_for_degrees_are_found_out(plane, ring):
    with pytest.raises(UnsuitableInput, match=r"do not exist in EPSG:4326.*SOURCE_CRS"):
        plane.take(polygon(ring), DEGREES)


def test_a_crs_of_another_region_is_noticed(plane, context):
    taken, _ = plane.take(polygon(box(60, 65, 80, 70)), DEGREES)
    for crs, is_true in (("EPSG:32626", False), ("EPSG:32642", True), ("EPSG:3413", True), ("EPSG:4326", True)):
        target = QgsCoordinateReferenceSystem(crs)
        assert plane.is_true(taken, plane.give(taken, Target(target, plane, context)), target) == is_true, crs


def test_the_whole_arctic_of_aari_keeps_its_area(plane):
    """Its polygons run across 180 degrees uncut, and one encloses the pole."""
    from osgeo import ogr

    dataset = ogr.Open(str(next(CHARTS.glob("*/aari_arc_20140211_pl_a.shp"))))
    compared = around = 0
    for feature in dataset.GetLayer(0):
        shape = feature.GetGeometryRef()
        if shape.GetGeometryName() != "POLYGON":
            continue
        rings = [shape.GetGeometryRef(number).GetPoints() for number in range(shape.GetGeometryCount())]
        taken, repaired = plane.take(polygon(*rings), DEGREES)
        if repaired:
            continue
        expected = ring_area(rings[0]) - sum(ring_area(ring) for ring in rings[1:])
        # a third of a metre along its outline
        assert abs(taken.area() - expected) < taken.length() / 3, feature.GetFID()
        compared += 1
        around += taken.contains(QgsPointXY(0, 0))
    assert compared > 320
    assert around == 1


def test_the_projection_of_the_weekly_arctic_charts(plane):
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
    taken, _ = plane.take(polygon(circle), QgsCoordinateReferenceSystem.fromWkt(wkt))
    assert taken.area() == pytest.approx(zone_area(80, 90), rel=1e-5)
    quarter = [(0, 0), *circle[:901], (0, 0)]
    taken, _ = plane.take(polygon(quarter), QgsCoordinateReferenceSystem.fromWkt(wkt))
    assert taken.area() == pytest.approx(zone_area(80, 90, 90), rel=1e-5)
    # with 180 degrees downwards, this quarter lies between 90 degrees west and 0
    assert taken.boundingBox().xMaximum() == pytest.approx(0, abs=1)
    assert taken.boundingBox().yMaximum() == pytest.approx(0, abs=1)
