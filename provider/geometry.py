"""True metres and square metres for parcels in any coordinate reference system (CRS).

Areas are ellipsoidal: on the ellipsoid of the layer's own CRS, whatever its projection or units.

Distances are taken in the plane of the layer's own CRS where that is true enough: where its units are known and its
scale at the polygon differs from 1 by less than ``SCALE_TOLERANCE`` in every direction (UTM and national grids, inside
their zones). Elsewhere (degrees, Web Mercator, edges of national grids) they are taken in an azimuthal equidistant
projection on the same ellipsoid, centred within 0.25 degrees of the polygon, and the result is brought back. At a
distance d from the centre that projection stretches by d**2 / (6 R**2): less than 1e-5 for 39 km, the corner of a cell
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
    QgsRectangle,
    QgsSpatialIndex,
    QgsUnitTypes,
    QgsWkbTypes,
)

from ..compute.errors import UnsuitableInput

SCALE_TOLERANCE = 1e-3
# Centres of local projections lie on a lattice of this many degrees, so that few projections serve many parcels.
CELL = 0.5
# Straight edges are curves in another projection: longer ones get vertices before they go there (5 mm at 45 degrees).
LONGEST_EDGE = 500.0
PIXEL_AREA = 100.0  # square metres
# Metres that coordinates may move when they go to another projection and back.
ROUNDING = 1e-3
POLYGON = QgsWkbTypes.GeometryType.PolygonGeometry
UNITS = QgsUnitTypes.DistanceUnit


def valid_polygons(geometry):
    """The polygons of a geometry, repaired where they are invalid.

    Returns
    -------
    polygons : QgsGeometry
        The very geometry if it is valid; empty if nothing with an area is left.
    repaired : bool
        Whether it was invalid (self-intersection, overlapping parts, unclosed ring ...).
    """
    if geometry.isEmpty() or geometry.isGeosValid():
        return polygons_in(geometry), False
    return polygons_in(geometry.makeValid()), True


def polygons_in(geometry):
    """Without the points and lines that repairing and clipping can leave.

    Returns
    -------
    QgsGeometry
        Perhaps the very geometry, changed in place.
    """
    if geometry.isEmpty() or geometry.type() == POLYGON:
        return geometry
    geometry.convertGeometryCollectionToSubclass(POLYGON)
    return geometry if geometry.type() == POLYGON else QgsGeometry()


def sharing_ground(some, others, surveyor, progress):
    """How many polygons of `others` have ground in common with polygons of `some`, a pixel of 10 m or more.

    Parameters
    ----------
    some, others : list of QgsGeometry
        In the CRS of the surveyor.
    surveyor : Surveyor
    progress : Progress

    Returns
    -------
    int
    """
    index, count = QgsSpatialIndex(), 0
    some = [valid_polygons(polygons)[0] for polygons in some]
    for number, polygons in enumerate(some):
        index.addFeature(number, polygons.boundingBox())
    for number, judging in enumerate(others):
        progress.step(number / len(others))
        polygons, _ = valid_polygons(judging)
        near = [some[place] for place in index.intersects(polygons.boundingBox())]
        shared = (polygons_in(polygons.intersection(other)) for other in near if polygons.intersects(other))
        count += any(not each.isEmpty() and surveyor.area(each) >= PIXEL_AREA for each in shared)
    return count


class Surveyor:
    """Measures and shrinks polygons of one CRS in true metres.

    Parameters
    ----------
    crs : QgsCoordinateReferenceSystem
        The CRS the polygons are in.
    transform_context : QgsCoordinateTransformContext

    Raises
    ------
    UnsuitableInput
        If the CRS does not say where on Earth its coordinates lie.
    """

    def __init__(self, crs, transform_context):
        self._crs = crs
        self._context = transform_context
        self._distances = QgsDistanceArea()
        ellipsoid = crs.ellipsoidAcronym()
        if not (ellipsoid and self._distances.setEllipsoid(ellipsoid) and self._distances.willUseEllipsoid()):
            raise UnsuitableInput(f"The coordinate reference system of the parcels ({_name_of(crs)}) does not say "
                                  "where on Earth they lie. Give the layer the right one, or reproject it.")
        self._ellipsoid = QgsEllipsoidUtils.ellipsoidParameters(ellipsoid)
        self._in_degrees = crs.mapUnits() == UNITS.DistanceDegrees
        self._metres_per_unit = _metres_per_unit(crs)
        self._degrees = self._projection("+proj=longlat")
        self._to_degrees = self._transform(crs, self._degrees)
        # It is given degrees: by itself it gets from a plane CRS to no ellipsoid that has no code, and answers NaN.
        self._distances.setSourceCrs(self._degrees, transform_context)
        self._plane_around = functools.lru_cache(maxsize=256)(self._make_plane_around)

    def area(self, polygons):
        """Area in square metres on the ellipsoid.

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
            If the coordinates make no sense in the CRS.
        """
        self._centre_of(polygons)
        in_degrees = QgsGeometry(polygons)
        in_degrees.convertToStraightSegment()
        try:
            in_degrees.transform(self._to_degrees)
            return self._distances.measureArea(in_degrees)
        except QgsCsException as error:
            raise self._nonsense(polygons) from error

    def shrink(self, polygons, distance, segments):
        """The points that are at least `distance` metres inside.

        Parameters
        ----------
        polygons : QgsGeometry
            Valid; see :func:`valid_polygons`. Heights and measures are dropped, curves become straight pieces.
        distance : float
            Metres.
        segments : int
            Straight pieces per quarter circle.

        Returns
        -------
        QgsGeometry
            MultiPolygon in the same CRS; empty if nothing is left.

        Raises
        ------
        UnsuitableInput
            If the coordinates make no sense in the CRS.
        """
        crosses = self._in_degrees and polygons.boundingBox().width() > 180
        if crosses:
            polygons = _joined_at_antimeridian(polygons)
        # One by one: the parts of one geometry may be far apart (all maize of a country), each needs its own plane.
        shrunk = _collected(self._shrink_one(part, distance, segments) for part in _parts(polygons))
        return _cut_at_antimeridian(shrunk) if crosses else shrunk

    def _shrink_one(self, polygon, distance, segments):
        centre = polygon.boundingBox().center()
        longitude, latitude = self._centre_of(polygon)
        narrowest, widest = self._metres_in_a_unit(centre)
        unit = self._metres_per_unit
        if unit and max(abs(narrowest / unit - 1), abs(widest / unit - 1)) < SCALE_TOLERANCE:
            return polygon.buffer(-distance / unit, segments)

        longitude, latitude = (CELL * round(angle / CELL) for angle in (longitude, latitude))
        # Longitudes are turned to 0, so that no polygon in degrees is torn at 180 degrees on the way back.
        turn = longitude if self._in_degrees else 0.0
        plane = self._plane_around(longitude - turn, latitude)
        moved = polygon.densifyByDistance(LONGEST_EDGE / widest)
        moved.translate(-turn, 0)
        try:
            moved.transform(plane)
            shrunk = moved.buffer(-distance, segments)
            shrunk.transform(plane, Qgis.TransformDirection.Reverse)
        except QgsCsException as error:
            raise self._nonsense(polygon) from error
        shrunk.translate(turn, 0)
        if not (shrunk.isEmpty() or polygon.boundingBox().buffered(ROUNDING / widest).contains(shrunk.boundingBox())):
            raise UnsuitableInput(f"A parcel lies across the edge of what {_name_of(self._crs)} can show. "
                                  "Reproject the layer, for example to the UTM zone of the parcels.")
        return shrunk

    def _centre_of(self, polygons):
        """Longitude and latitude in degrees on the ellipsoid; here nonsense coordinates are found out."""
        centre = polygons.boundingBox().center()
        try:
            place = centre if self._in_degrees else self._to_degrees.transform(centre)
        except QgsCsException as error:
            raise self._nonsense(polygons) from error
        if not (abs(place.x()) <= 540 and abs(place.y()) <= 90):
            raise self._nonsense(polygons)
        return place.x(), place.y()

    def _nonsense(self, polygons):
        centre = polygons.boundingBox().center()
        return UnsuitableInput(
            f"A parcel has the coordinates {centre.x():.9g}, {centre.y():.9g}, which do not exist in "
            f"{_name_of(self._crs)}: the layer seems to carry the wrong coordinate reference system. "
            "Give it the right one and run again.")

    def _metres_in_a_unit(self, point):
        """Fewest and most true metres that one unit of the CRS spans at a point, over all directions."""
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
        """The transform to a plane that is true around a point given in degrees."""
        plane = self._projection(f"+proj=aeqd +lat_0={latitude} +lon_0={longitude} +units=m")
        return self._transform(self._degrees if self._in_degrees else self._crs, plane)

    def _projection(self, definition):
        """A CRS on the layer's own ellipsoid."""
        a, b = self._ellipsoid.semiMajor, self._ellipsoid.semiMinor
        return QgsCoordinateReferenceSystem.fromProj(f"{definition} +a={a!r} +b={b!r} +no_defs +type=crs")

    def _transform(self, source, target):
        transform = QgsCoordinateTransform(source, target, self._context)
        # Both sides share one ellipsoid: no datum shift is wanted, nor a warning that there is none.
        transform.setBallparkTransformsAreAppropriate(True)
        return transform


def _metres_per_unit(crs):
    """Nominal metres in a unit of a plane CRS; 0 if it is in degrees or its units are not known."""
    if crs.isGeographic() or crs.mapUnits() in (UNITS.DistanceDegrees, UNITS.DistanceUnknownUnit):
        return 0.0
    return QgsUnitTypes.fromUnitToUnitFactor(crs.mapUnits(), UNITS.DistanceMeters)


def _name_of(crs):
    return crs.authid() or crs.description() or "the layer's coordinate reference system"


def _parts(polygons):
    return [QgsGeometry(part.clone()) for part in polygons.constParts()]


def _collected(pieces):
    pieces = [piece for piece in pieces if not piece.isEmpty()]
    if not pieces:
        return QgsGeometry()
    whole = QgsGeometry.collectGeometry(pieces)
    whole.convertToMultiType()
    return whole


def _joined_at_antimeridian(polygons):
    """Parts west of Greenwich are moved one turn east, so that the halves of a cut parcel meet again."""
    parts = _parts(polygons)
    for part in parts:
        if part.boundingBox().center().x() < 0:
            part.translate(360, 0)
    return QgsGeometry.unaryUnion(parts)


def _cut_at_antimeridian(polygons):
    """The inverse of :func:`_joined_at_antimeridian`: longitudes within -180..180 again."""
    east = polygons.intersection(QgsGeometry.fromRect(QgsRectangle(-180, -90, 180, 90)))
    west = polygons.intersection(QgsGeometry.fromRect(QgsRectangle(180, -90, 540, 90)))
    west.translate(-360, 0)
    return _collected(polygons_in(half) for half in (east, west))
