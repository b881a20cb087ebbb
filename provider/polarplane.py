"""A plane around a pole, in which ice charts are repaired, clipped and measured.

Charts come in degrees or in polar projections, study areas in anything. In degrees the pole is an edge and the
antimeridian a cut; in the Lambert azimuthal equal-area projection around the pole there is neither, and areas are true
(Snyder, Map Projections: A Working Manual, USGS 1987, pp. 182-190).

Straight edges are straight in the CRS they were drawn in. They get intermediate vertices there before they go to
another one, so that they bend as they should.
"""

import math
import re

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsGeometry,
    QgsPointXY,
    QgsPolygon,
    QgsUnitTypes,
)

from ..compute.errors import UnsuitableInput
from .antimeridian import TURN, has_jumps, unwrapped
from .geometry import polygons_in

# Edges are no longer than this: degrees, or metres. An arc of 0.05 degrees at 60 degrees north is 0.3 m off its chord.
LONGEST_DEGREES, LONGEST_METRES = 0.05, 5000.0
# Around the pole degrees bend faster: metres, and within how far.
SHORT_METRES, NEAR_POLE = 500.0, 100000.0
# Coordinates in the plane are multiples of this many metres.
GRID = 1e-4
# Half the width of the slit along the seam of a projection, in metres.
SLIT = 1e-3
EQUATOR = 1.0e7  # metres from the pole
METRES = QgsUnitTypes.DistanceUnit.DistanceMeters


class PolarPlane:
    """The plane around a pole.

    Parameters
    ----------
    is_north : bool
    transform_context : QgsCoordinateTransformContext
    """

    def __init__(self, is_north, transform_context):
        latitude = 90 if is_north else -90
        self.crs = QgsCoordinateReferenceSystem.fromProj(
            f"+proj=laea +lat_0={latitude} +lon_0=0 +datum=WGS84 +units=m +no_defs")
        self._up = -1.0 if is_north else 1.0  # where the prime meridian goes
        self._is_north, self._context = is_north, transform_context

    def take(self, geometry, crs, drawn=False):
        """Bring polygons into the plane and repair them there.

        Parameters
        ----------
        geometry : QgsGeometry
            Polygons in `crs`; heights are dropped, curves become straight pieces.
        crs : QgsCoordinateReferenceSystem
        drawn : bool
            Whether a user drew it. Charts that cross the antimeridian in one edge (179 to -179) always mean the short
            way; in a drawn rectangle an edge along a parallel means what it looks like in degrees.

        Returns
        -------
        polygons : QgsGeometry
            Valid; empty if nothing with an area is left.
        repaired : bool

        Raises
        ------
        UnsuitableInput
            If the coordinates make no sense in the CRS.
        """
        geometry = _flat(polygons_in(QgsGeometry(geometry)))
        if geometry.isEmpty():
            return geometry, False
        box = geometry.boundingBox()
        if crs.isGeographic() and not (abs(box.xMinimum()) <= 2 * TURN and abs(box.xMaximum()) <= 2 * TURN
                                       and abs(box.yMinimum()) <= 90.001 and abs(box.yMaximum()) <= 90.001):
            raise nonsense(box.center(), crs)
        transform = QgsCoordinateTransform(crs, self.crs, self._context)
        transform.setBallparkTransformsAreAppropriate(True)
        torn = crs.isGeographic() and box.width() > TURN / 2
        # as it would be judged by anybody who does not know of the antimeridian
        is_valid = geometry.isGeosValid()
        try:
            if torn and has_jumps(geometry, drawn):
                moved = self._around(geometry, transform, drawn)
                is_valid = moved.isGeosValid()
            else:
                moved = geometry.densifyByDistance(_longest(crs))
                moved.transform(transform)
        except QgsCsException as error:
            raise nonsense(box.center(), crs) from error
        if not moved.boundingBox().isFinite():
            raise nonsense(box.center(), crs)
        # so that edges that meet at 180 degrees or in the pole become one and go, rather than leave a hair between them
        return repaired(moved.snappedToGrid(GRID, GRID)), not is_valid

    def give(self, polygons, target):
        """Bring polygons from the plane to another CRS, cut where it is torn.

        Parameters
        ----------
        polygons : QgsGeometry
            Valid, in the plane, with vertices dense enough.
        target : Target

        Returns
        -------
        QgsGeometry
            MultiPolygon.

        Raises
        ------
        UnsuitableInput
            If the CRS cannot show them.
        """
        moved = QgsGeometry(polygons)
        if target.seam is not None and target.seam.boundingBox().intersects(moved.boundingBox()):
            moved = moved.difference(target.seam)
        if target.crs.isGeographic() and _distance_to_pole(moved) < NEAR_POLE:
            moved = moved.densifyByDistance(SHORT_METRES)
        try:
            moved.transform(target.transform)
            is_finite = moved.boundingBox().isFinite()
        except QgsCsException:
            is_finite = False
        if not is_finite:
            raise UnsuitableInput(f"parts of it cannot be shown in {name_of(target.crs)}. Choose another CRS, for "
                                  f"example {'EPSG:3413' if self._is_north else 'EPSG:3031'} (polar stereographic).")
        moved = repaired(moved)
        moved.convertToMultiType()
        return moved

    def seam_of(self, crs):
        """The thin strip along which a CRS is torn, or None.

        Returns
        -------
        QgsGeometry or None
            In the plane, from the pole to the equator.
        """
        found = re.search(r"\+lon_0=([-\d.]+)", crs.toProj())
        longitude = float(found[1]) + TURN / 2 if found else TURN / 2
        degrees = QgsCoordinateReferenceSystem("EPSG:4326")
        transform = QgsCoordinateTransform(degrees, crs, self._context)
        transform.setBallparkTransformsAreAppropriate(True)
        sign = 1 if self._is_north else -1
        try:
            sides = [transform.transform(QgsPointXY((longitude + step + 180) % TURN - 180, sign * 75.0))
                     for step in (-1e-6, 1e-6)]
        except QgsCsException:
            return self._slit(longitude)
        gap = sides[0].distance(sides[1])
        return self._slit(longitude) if not gap < (1.0 if crs.isGeographic() else 1000.0) else None

    def is_true(self, polygons, shown, crs):
        """Whether a CRS shows polygons at about their true size: within a tenth, in area."""
        if crs.isGeographic() or polygons.isEmpty():
            return True
        metre = QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), METRES)
        return 0.9 < shown.area() * metre ** 2 / polygons.area() < 1.1

    def _slit(self, longitude):
        angle = math.radians(longitude)
        along = (math.sin(angle), self._up * math.cos(angle))
        across = (-along[1], along[0])
        distances = [0.0, *(SLIT * 2 ** power for power in range(23))]
        while distances[-1] < EQUATOR:
            distances.append(distances[-1] + LONGEST_METRES)
        ring = [QgsPointXY(*(along[axis] * distance + side * SLIT * across[axis] for axis in (0, 1)))
                for side, order in ((1, distances), (-1, distances[::-1])) for distance in order]
        return QgsGeometry.fromPolygonXY([[*ring, ring[0]]])

    def _around(self, geometry, transform, drawn):
        """Polygons in degrees whose edges jump over the antimeridian: every edge goes the short way."""
        parts = []
        for part in geometry.constParts():
            rings = [part.exteriorRing(), *(part.interiorRing(place) for place in range(part.numInteriorRings()))]
            moved = []
            for ring in rings:
                line = QgsGeometry(unwrapped(ring, drawn)).densifyByDistance(LONGEST_DEGREES)
                line.transform(transform)
                moved.append(line.constGet().clone())
            polygon = QgsPolygon()
            polygon.setExteriorRing(moved[0])
            for hole in moved[1:]:
                polygon.addInteriorRing(hole)
            parts.append(QgsGeometry(polygon))
        return parts[0] if len(parts) == 1 else QgsGeometry.collectGeometry(parts)


class Target:
    """Where prepared charts go.

    Parameters
    ----------
    crs : QgsCoordinateReferenceSystem
    plane : PolarPlane
    transform_context : QgsCoordinateTransformContext
    """

    def __init__(self, crs, plane, transform_context):
        self.crs = crs
        self.transform = QgsCoordinateTransform(plane.crs, crs, transform_context)
        self.transform.setBallparkTransformsAreAppropriate(True)
        self.seam = plane.seam_of(crs)


def is_in_the_north(geometries, crs, transform_context):
    """On which hemisphere most of some geometries lie.

    Returns
    -------
    bool
    """
    transform = QgsCoordinateTransform(crs, QgsCoordinateReferenceSystem("EPSG:4326"), transform_context)
    transform.setBallparkTransformsAreAppropriate(True)
    north = 0
    for geometry in geometries:
        if geometry.isEmpty():
            continue
        try:
            latitude = transform.transform(geometry.boundingBox().center()).y()
        except QgsCsException:
            continue
        north += 1 if latitude > 0 else -1
    return north >= 0


def repaired(geometry):
    """Valid polygons with the area that was meant.

    Every ring is repaired by itself; then holes are taken out of their shells and parts put together. Repairing the
    whole at once would turn a hole that lies outside its shell into ice, and the overlap of two parts into a hole.

    Parameters
    ----------
    geometry : QgsGeometry
        Polygons.

    Returns
    -------
    QgsGeometry
        The very geometry if it is valid; empty if nothing with an area is left.
    """
    if geometry.isEmpty() or geometry.isGeosValid():
        return geometry
    parts = []
    for part in geometry.constParts():
        shell = _area_of(part.exteriorRing())
        holes = [_area_of(part.interiorRing(place)) for place in range(part.numInteriorRings())]
        parts.append(shell.difference(QgsGeometry.unaryUnion(holes)) if holes else shell)
    whole = polygons_in(QgsGeometry.unaryUnion(parts))
    return whole if whole.isGeosValid() else polygons_in(whole.makeValid())


def _area_of(ring):
    return polygons_in(QgsGeometry(QgsPolygon(ring.clone())).makeValid())


def name_of(crs):
    """How people know a CRS."""
    return crs.authid() or crs.description() or "its coordinate reference system"


def nonsense(point, crs):
    """The error for coordinates that do not exist in a CRS.

    Returns
    -------
    UnsuitableInput
    """
    return UnsuitableInput(f"it has the coordinates {point.toString(1)}, which do not exist in {name_of(crs)}. Its "
                           "coordinate reference system is wrong; for a chart without one, correct SOURCE_CRS.")


def _flat(geometry):
    if geometry.isEmpty():
        return geometry
    geometry.convertToStraightSegment()
    geometry.get().dropZValue()
    geometry.get().dropMValue()
    return geometry


def _longest(crs):
    if crs.mapUnits() == QgsUnitTypes.DistanceUnit.DistanceDegrees or crs.isGeographic():
        return LONGEST_DEGREES
    return LONGEST_METRES / QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), METRES)


def _distance_to_pole(geometry):
    return geometry.distance(QgsGeometry.fromPointXY(QgsPointXY(0, 0)))
