"""Equal-area projection centred on a pole, in which ice charts are repaired, clipped and measured.

Charts are in degrees or in polar projections, study areas in any CRS. The Lambert azimuthal equal-area projection
centred on the pole has no seam at the pole or at 180 degrees, and preserves areas (Snyder, Map Projections: A Working
Manual, USGS 1987, pp. 182-190).

Edges are densified in the CRS in which they are straight lines, before they are reprojected.
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
from .antimeridian import FULL_CIRCLE, crosses_antimeridian, unwrap_ring
from .parcel_geometry import polygons_in
from .transforms import crs_name, transformed

# Maximum length of edges. An arc of 0.05 degrees along 60 degrees north deviates from its chord by 0.3 m.
MAX_EDGE_DEGREES, MAX_EDGE_METRES = 0.05, 5000.0

# Maximum length of edges near the pole, where parallels are strongly curved, and radius of that area in metres.
POLAR_EDGE_METRES, POLAR_RADIUS = 500.0, 100000.0

# Coordinates in the plane are rounded to multiples of this (metres).
SNAP_SIZE = 1e-4

# Half the width of the strip along the seam of a projection (metres).
SEAM_HALF_WIDTH = 1e-3
EQUATOR_DISTANCE = 1.0e7  # metres from the pole
METRES = QgsUnitTypes.DistanceUnit.DistanceMeters


class PolarPlane:
    """Lambert azimuthal equal-area projection centred on a pole.

    Parameters
    ----------
    is_north : bool
    transform_context : QgsCoordinateTransformContext
    """

    def __init__(self, is_north, transform_context):
        latitude = 90 if is_north else -90
        self.crs = QgsCoordinateReferenceSystem.fromProj(
            f"+proj=laea +lat_0={latitude} +lon_0=0 +datum=WGS84 +units=m +no_defs")
        self._meridian_sign = -1.0 if is_north else 1.0  # direction of the prime meridian along the y axis
        self._is_north, self._context = is_north, transform_context

    def from_crs(self, geometry, crs, is_hand_drawn=False):
        """Project polygons to the plane and repair them.

        Parameters
        ----------
        geometry : QgsGeometry
            Polygons in `crs`; z values are dropped and curves segmented.
        crs : QgsCoordinateReferenceSystem
        is_hand_drawn : bool
            Whether a user drew the polygons. In charts an edge from 179 to -179 degrees crosses the antimeridian; in a
            hand-drawn polygon an edge along a parallel is taken as drawn.

        Returns
        -------
        polygons : QgsGeometry
            Valid; empty if no area is left.
        was_invalid : bool

        Raises
        ------
        UnsuitableInput
            If the coordinates are out of range for the CRS.
        """
        geometry = _to_2d(polygons_in(QgsGeometry(geometry)))
        if geometry.isEmpty():
            return geometry, False
        box = geometry.boundingBox()
        if crs.isGeographic() and not (abs(box.xMinimum()) <= 2 * FULL_CIRCLE and abs(box.xMaximum()) <= 2 * FULL_CIRCLE
                                       and abs(box.yMinimum()) <= 90.001 and abs(box.yMaximum()) <= 90.001):
            raise out_of_range_error(box.center(), crs)
        transform = QgsCoordinateTransform(crs, self.crs, self._context)
        transform.setBallparkTransformsAreAppropriate(True)
        may_cross = crs.isGeographic() and box.width() > FULL_CIRCLE / 2
        # validity in plain degrees; polygons across the antimeridian are checked after unwrapping
        is_valid = geometry.isGeosValid()
        try:
            if may_cross and crosses_antimeridian(geometry, is_hand_drawn):
                projected = self._project_unwrapped(geometry, transform, is_hand_drawn)
                is_valid = projected.isGeosValid()
            else:
                projected = geometry.densifyByDistance(_max_edge_length(crs))
                projected.transform(transform)
        except QgsCsException as error:
            raise out_of_range_error(box.center(), crs) from error
        if not projected.boundingBox().isFinite():
            raise out_of_range_error(box.center(), crs)
        # snapping merges edges that coincide at 180 degrees or at the pole, which would leave slivers otherwise
        return repair_polygons(projected.snappedToGrid(SNAP_SIZE, SNAP_SIZE)), not is_valid

    def to_crs(self, polygons, target):
        """Reproject polygons from the plane to another CRS, split along the seam of that CRS.

        Parameters
        ----------
        polygons : QgsGeometry
            Valid and densified, in the plane.
        target : Target

        Returns
        -------
        QgsGeometry
            MultiPolygon.

        Raises
        ------
        UnsuitableInput
            If the CRS cannot represent them.
        """
        reprojected = QgsGeometry(polygons)
        if target.seam is not None and target.seam.boundingBox().intersects(reprojected.boundingBox()):
            reprojected = reprojected.difference(target.seam)
        if target.crs.isGeographic() and _distance_to_pole(reprojected) < POLAR_RADIUS:
            reprojected = reprojected.densifyByDistance(POLAR_EDGE_METRES)
        try:
            reprojected = repair_polygons(transformed(reprojected, target.transform, "It"))
        except UnsuitableInput as error:
            raise UnsuitableInput(f"parts of it cannot be represented in {crs_name(target.crs)}. Choose another CRS, "
                                  f"such as {'EPSG:3413' if self._is_north else 'EPSG:3031'} (polar stereographic)."
                                  ) from error
        reprojected.convertToMultiType()
        return reprojected

    def seam_of(self, crs):
        """Return a narrow strip along the seam of a CRS, or None.

        Returns
        -------
        QgsGeometry or None
            In the plane, from the pole to the equator.
        """
        found = re.search(r"\+lon_0=([-\d.]+)", crs.toProj())
        longitude = float(found[1]) + FULL_CIRCLE / 2 if found else FULL_CIRCLE / 2
        degrees = QgsCoordinateReferenceSystem("EPSG:4326")
        transform = QgsCoordinateTransform(degrees, crs, self._context)
        transform.setBallparkTransformsAreAppropriate(True)
        sign = 1 if self._is_north else -1
        try:
            sides = [transform.transform(QgsPointXY((longitude + step + 180) % FULL_CIRCLE - 180, sign * 75.0))
                     for step in (-1e-6, 1e-6)]
        except QgsCsException:
            return self._seam_strip(longitude)
        gap = sides[0].distance(sides[1])
        return self._seam_strip(longitude) if not gap < (1.0 if crs.isGeographic() else 1000.0) else None

    def preserves_area(self, polygons, reprojected, crs):
        """Return whether the area of reprojected polygons is within 10 % of their true area."""
        if crs.isGeographic() or polygons.isEmpty():
            return True
        metre = QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), METRES)
        return 0.9 < reprojected.area() * metre ** 2 / polygons.area() < 1.1

    def _seam_strip(self, longitude):
        angle = math.radians(longitude)
        along = (math.sin(angle), self._meridian_sign * math.cos(angle))
        across = (-along[1], along[0])
        distances = [0.0, *(SEAM_HALF_WIDTH * 2 ** power for power in range(23))]
        while distances[-1] < EQUATOR_DISTANCE:
            distances.append(distances[-1] + MAX_EDGE_METRES)
        ring = [QgsPointXY(*(along[axis] * distance + side * SEAM_HALF_WIDTH * across[axis] for axis in (0, 1)))
                for side, order in ((1, distances), (-1, distances[::-1])) for distance in order]
        return QgsGeometry.fromPolygonXY([[*ring, ring[0]]])

    def _project_unwrapped(self, geometry, transform, is_hand_drawn):
        """Project polygons in degrees with edges across the antimeridian, with continuous longitudes."""
        parts = []
        for part in geometry.constParts():
            rings = [part.exteriorRing(), *(part.interiorRing(index) for index in range(part.numInteriorRings()))]
            projected = []
            for ring in rings:
                line = QgsGeometry(unwrap_ring(ring, is_hand_drawn)).densifyByDistance(MAX_EDGE_DEGREES)
                line.transform(transform)
                projected.append(line.constGet().clone())
            polygon = QgsPolygon()
            polygon.setExteriorRing(projected[0])
            for hole in projected[1:]:
                polygon.addInteriorRing(hole)
            parts.append(QgsGeometry(polygon))
        return parts[0] if len(parts) == 1 else QgsGeometry.collectGeometry(parts)


class Target:
    """Output CRS of prepared charts, with its transform from the plane and its seam.

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


def is_northern(geometries, crs, transform_context):
    """Return whether most geometries lie on the northern hemisphere.

    Returns
    -------
    bool
    """
    transform = QgsCoordinateTransform(crs, QgsCoordinateReferenceSystem("EPSG:4326"), transform_context)
    transform.setBallparkTransformsAreAppropriate(True)
    balance = 0
    for geometry in geometries:
        if geometry.isEmpty():
            continue
        try:
            latitude = transform.transform(geometry.boundingBox().center()).y()
        except QgsCsException:
            continue
        balance += 1 if latitude > 0 else -1
    return balance >= 0


def repair_polygons(geometry):
    """Return valid polygons with the area of the rings.

    Each ring is repaired separately; then holes are subtracted from their shells and parts merged. ``makeValid`` of the
    whole geometry would turn a hole outside its shell into a polygon, and the overlap of two parts into a hole.

    Parameters
    ----------
    geometry : QgsGeometry
        Polygons.

    Returns
    -------
    QgsGeometry
        The same object if it is valid; empty if no area is left.
    """
    if geometry.isEmpty() or geometry.isGeosValid():
        return geometry
    parts = []
    for part in geometry.constParts():
        shell = _ring_area(part.exteriorRing())
        holes = [_ring_area(part.interiorRing(index)) for index in range(part.numInteriorRings())]
        parts.append(shell.difference(QgsGeometry.unaryUnion(holes)) if holes else shell)
    whole = polygons_in(QgsGeometry.unaryUnion(parts))
    return whole if whole.isGeosValid() else polygons_in(whole.makeValid())


def _ring_area(ring):
    return polygons_in(QgsGeometry(QgsPolygon(ring.clone())).makeValid())


def out_of_range_error(point, crs):
    """Return the error for coordinates that are out of range for a CRS.

    Returns
    -------
    UnsuitableInput
    """
    return UnsuitableInput(f"its coordinates {point.toString(1)} are out of range for {crs_name(crs)}. Its coordinate "
                           "reference system is wrong; for a chart without one, correct SOURCE_CRS.")


def _to_2d(geometry):
    if geometry.isEmpty():
        return geometry
    geometry.convertToStraightSegment()
    geometry.get().dropZValue()
    geometry.get().dropMValue()
    return geometry


def _max_edge_length(crs):
    if crs.mapUnits() == QgsUnitTypes.DistanceUnit.DistanceDegrees or crs.isGeographic():
        return MAX_EDGE_DEGREES
    return MAX_EDGE_METRES / QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), METRES)


def _distance_to_pole(geometry):
    return geometry.distance(QgsGeometry.fromPointXY(QgsPointXY(0, 0)))
