"""Repair, ellipsoidal areas and metric buffers of parcels in any coordinate reference system (CRS).

Areas are ellipsoidal: on the ellipsoid of the layer's own CRS, whatever its projection or units.

Buffers are computed in the plane of the layer's own CRS where its units are known and its scale at the polygon differs
from 1 by less than ``SCALE_TOLERANCE`` in every direction (UTM and national grids, inside their zones). Elsewhere
(degrees, Web Mercator, edges of national grids) they are computed in an azimuthal equidistant projection on the same
ellipsoid, centred within 0.25 degrees of the polygon, and transformed back. At a distance d from the centre the scale
of that projection is off by d**2 / (6 R**2): less than 1e-5 for 39 km, the corner of a lattice cell
(Snyder, Map Projections: A Working Manual, USGS 1987, pp. 191-202).
"""

import functools
import math

from qgis.core import (
    Qgis,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCsException,
    QgsDistanceArea,
    QgsEllipsoidUtils,
    QgsGeometry,
    QgsProcessingFeatureSource,
    QgsRectangle,
    QgsSpatialIndex,
    QgsUnitTypes,
    QgsWkbTypes,
)

from ..compute.errors import UnsuitableInput
from .transforms import crs_name

SCALE_TOLERANCE = 1e-3

# Degrees between the centres of local projections, so that few projections serve many parcels.
LATTICE_SPACING = 0.5

# Metres: longer edges are densified before reprojection, where straight edges become curves (5 mm at 45 degrees).
MAX_EDGE_LENGTH = 500.0
PIXEL_AREA = 100.0  # square metres

# Metres by which coordinates may move when they are reprojected and back.
ROUNDING = 1e-3
POLYGON = QgsWkbTypes.GeometryType.PolygonGeometry
UNITS = QgsUnitTypes.DistanceUnit

# Geometries of users' layers are read as they are and repaired here: QGIS's own check raises inside the iterator.
UNCHECKED = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks


def valid_polygons(geometry):
    """Return the polygons of a geometry, repaired where they are invalid.

    Returns
    -------
    polygons : QgsGeometry
        The same object if it is valid; empty if nothing with an area is left.
    repaired : bool
        Whether it was invalid (self-intersection, overlapping parts, unclosed ring ...).
    """
    if geometry.isEmpty() or geometry.isGeosValid():
        return polygons_in(geometry), False
    return polygons_in(geometry.makeValid()), True


def polygons_in(geometry):
    """Remove the points and lines that repairing and clipping can leave.

    Returns
    -------
    QgsGeometry
        May be the same object, changed in place.
    """
    if geometry.isEmpty() or geometry.type() == POLYGON:
        return geometry
    geometry.convertGeometryCollectionToSubclass(POLYGON)
    return geometry if geometry.type() == POLYGON else QgsGeometry()


def count_overlapping(training, validation, metric, progress):
    """Count the validation polygons that overlap training polygons by a pixel of 10 m or more.

    Parameters
    ----------
    training, validation : list of QgsGeometry
        In the CRS of `metric`.
    metric : MetricGeometry
    progress : Progress

    Returns
    -------
    int
    """
    index, count = QgsSpatialIndex(), 0
    training = [valid_polygons(geometry)[0] for geometry in training]
    for number, polygons in enumerate(training):
        index.addFeature(number, polygons.boundingBox())
    for number, geometry in enumerate(validation):
        progress.step(number / len(validation))
        polygons, _ = valid_polygons(geometry)
        near = [training[feature_id] for feature_id in index.intersects(polygons.boundingBox())]
        overlaps = (polygons_in(polygons.intersection(other)) for other in near if polygons.intersects(other))
        count += any(not overlap.isEmpty() and metric.area(overlap) >= PIXEL_AREA for overlap in overlaps)
    return count


class MetricGeometry:
    """Areas and inner buffers, in metres on the ground, of polygons of one CRS.

    Parameters
    ----------
    crs : QgsCoordinateReferenceSystem
        The CRS of the polygons.
    transform_context : QgsCoordinateTransformContext

    Raises
    ------
    UnsuitableInput
        If the CRS has no relation to the Earth (local or engineering CRS).
    """

    def __init__(self, crs, transform_context):
        self._crs = crs
        self._context = transform_context
        self._distances = QgsDistanceArea()
        ellipsoid = crs.ellipsoidAcronym()
        if not (ellipsoid and self._distances.setEllipsoid(ellipsoid) and self._distances.willUseEllipsoid()):
            raise UnsuitableInput(f"The coordinate reference system of the parcels ({crs_name(crs)}) has no "
                                  "relation to the Earth. Assign the right one to the layer, or reproject it.")
        self._ellipsoid = QgsEllipsoidUtils.ellipsoidParameters(ellipsoid)
        self._in_degrees = crs.mapUnits() == UNITS.DistanceDegrees
        self._metres_per_unit = _metres_per_unit(crs)
        self._degrees = self._projection("+proj=longlat")
        self._to_degrees = self._transform(crs, self._degrees)
        # Geometries are transformed to degrees first: QgsDistanceArea returns NaN for a plane CRS on an ellipsoid
        # without a code.
        self._distances.setSourceCrs(self._degrees, transform_context)
        self._plane_around = functools.lru_cache(maxsize=256)(self._make_plane_around)

    def area(self, polygons):
        """Return the area on the ellipsoid in square metres.

        Parameters
        ----------
        polygons : QgsGeometry
            Valid; see :func:`valid_polygons`.

        Returns
        -------
        float

        Raises
        ------
        UnsuitableInput
            If the coordinates are outside the validity of the CRS.
        """
        self._centre_of(polygons)  # raises for invalid coordinates
        in_degrees = QgsGeometry(polygons)
        in_degrees.convertToStraightSegment()
        try:
            in_degrees.transform(self._to_degrees)
            return self._distances.measureArea(in_degrees)
        except QgsCsException as error:
            raise self._invalid_coordinates(polygons) from error

    def inner_buffer(self, polygons, distance, segments):
        """Return the points that are at least `distance` metres inside the border.

        Parameters
        ----------
        polygons : QgsGeometry
            Valid; see :func:`valid_polygons`. Z and M values are dropped, curves are segmentised.
        distance : float
            Metres.
        segments : int
            Line segments per quarter circle.

        Returns
        -------
        QgsGeometry
            MultiPolygon in the same CRS; empty if nothing is left.

        Raises
        ------
        UnsuitableInput
            If the coordinates are outside the validity of the CRS.
        """
        crosses = self._in_degrees and polygons.boundingBox().width() > 180
        if crosses:
            polygons = _joined_at_antimeridian(polygons)
        # The parts of one geometry may be far apart (all maize of a country), so each is buffered in its own plane.
        buffered = _collected(self._buffer_part(part, distance, segments) for part in _parts(polygons))
        return _cut_at_antimeridian(buffered) if crosses else buffered

    def _buffer_part(self, polygon, distance, segments):
        centre = polygon.boundingBox().center()
        longitude, latitude = self._centre_of(polygon)
        minimum, maximum = self._metres_in_a_unit(centre)
        unit = self._metres_per_unit
        if unit and max(abs(minimum / unit - 1), abs(maximum / unit - 1)) < SCALE_TOLERANCE:
            return polygon.buffer(-distance / unit, segments)

        longitude, latitude = (LATTICE_SPACING * round(angle / LATTICE_SPACING) for angle in (longitude, latitude))
        # Longitudes are shifted to 0, so that no polygon in degrees is split at 180 degrees by the reverse transform.
        shift = longitude if self._in_degrees else 0.0
        plane = self._plane_around(longitude - shift, latitude)
        projected = polygon.densifyByDistance(MAX_EDGE_LENGTH / maximum)
        projected.translate(-shift, 0)
        try:
            projected.transform(plane)
            buffered = projected.buffer(-distance, segments)
            buffered.transform(plane, Qgis.TransformDirection.Reverse)
        except QgsCsException as error:
            raise self._invalid_coordinates(polygon) from error
        buffered.translate(shift, 0)
        bounds = polygon.boundingBox().buffered(ROUNDING / maximum)
        if not (buffered.isEmpty() or bounds.contains(buffered.boundingBox())):
            raise UnsuitableInput(f"A parcel crosses the boundary of the area of validity of {crs_name(self._crs)}. "
                                  "Reproject the layer, for example to the UTM zone of the parcels.")
        return buffered

    def _centre_of(self, polygons):
        """Return longitude and latitude in degrees; raise UnsuitableInput for invalid coordinates."""
        centre = polygons.boundingBox().center()
        try:
            point = centre if self._in_degrees else self._to_degrees.transform(centre)
        except QgsCsException as error:
            raise self._invalid_coordinates(polygons) from error
        if not (abs(point.x()) <= 540 and abs(point.y()) <= 90):
            raise self._invalid_coordinates(polygons)
        return point.x(), point.y()

    def _invalid_coordinates(self, polygons):
        centre = polygons.boundingBox().center()
        return UnsuitableInput(
            f"A parcel has the coordinates {centre.x():.9g}, {centre.y():.9g}, which are outside the "
            f"validity of {crs_name(self._crs)}: the layer seems to have the wrong coordinate reference system. "
            "Assign the right one and run again.")

    def _metres_in_a_unit(self, point):
        """Return minimum and maximum length in metres of one CRS unit at a point, over all directions."""
        step = 100 / self._metres_per_unit if self._metres_per_unit else 1e-3
        east, north, diagonal = (
            self._distances.measureLine(*(self._to_degrees.transform(
                point.x() + side * dx * step / 2, point.y() + side * dy * step / 2) for side in (-1, 1))) / step
            for dx, dy in ((1, 0), (0, 1), (1, 1)))
        # Eigenvalues of the first fundamental form [[e, f], [f, g]] (Snyder 1987, Tissot's indicatrix, pp. 20-26).
        e, g = east ** 2, north ** 2
        f = (diagonal ** 2 - e - g) / 2
        middle, spread = (e + g) / 2, math.hypot((e - g) / 2, f)
        return math.sqrt(max(middle - spread, 0.0)), math.sqrt(middle + spread)

    def _make_plane_around(self, longitude, latitude):
        """Return the transform to an azimuthal equidistant plane centred on a point given in degrees."""
        plane = self._projection(f"+proj=aeqd +lat_0={latitude} +lon_0={longitude} +units=m")
        return self._transform(self._degrees if self._in_degrees else self._crs, plane)

    def _projection(self, definition):
        """Return a CRS on the layer's own ellipsoid."""
        a, b = self._ellipsoid.semiMajor, self._ellipsoid.semiMinor
        return QgsCoordinateReferenceSystem.fromProj(f"{definition} +a={a!r} +b={b!r} +no_defs +type=crs")

    def _transform(self, source, target):
        transform = QgsCoordinateTransform(source, target, self._context)
        # Both CRSs have the same ellipsoid: no datum shift applies, and no warning about one is due.
        transform.setBallparkTransformsAreAppropriate(True)
        return transform


def _metres_per_unit(crs):
    """Return the nominal metres per unit of a plane CRS; 0 if it is in degrees or its units are unknown."""
    if crs.isGeographic() or crs.mapUnits() in (UNITS.DistanceDegrees, UNITS.DistanceUnknownUnit):
        return 0.0
    return QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), UNITS.DistanceMeters)


def _parts(polygons):
    return [QgsGeometry(part.clone()) for part in polygons.constParts()]


def _collected(pieces):
    pieces = [piece for piece in pieces if not piece.isEmpty()]
    if not pieces:
        return QgsGeometry()
    collected = QgsGeometry.collectGeometry(pieces)
    collected.convertToMultiType()
    return collected


def _joined_at_antimeridian(polygons):
    """Shift parts with western longitudes by 360 degrees, so that the halves of a split parcel are joined."""
    parts = _parts(polygons)
    for part in parts:
        if part.boundingBox().center().x() < 0:
            part.translate(360, 0)
    return QgsGeometry.unaryUnion(parts)


def _cut_at_antimeridian(polygons):
    """Invert :func:`_joined_at_antimeridian`: split polygons so that longitudes are within -180..180."""
    east = polygons.intersection(QgsGeometry.fromRect(QgsRectangle(-180, -90, 180, 90)))
    west = polygons.intersection(QgsGeometry.fromRect(QgsRectangle(180, -90, 540, 90)))
    west.translate(-360, 0)
    return _collected(polygons_in(half) for half in (east, west))
