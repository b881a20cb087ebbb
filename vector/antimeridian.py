"""Polygons in degrees that cross the antimeridian without being split there.

Charts of the whole Arctic have edges from 179 to -179 degrees, which stand for the short way across 180 degrees and not
for the long way around the globe. A ring with an odd number of such edges encloses a pole.
"""

from qgis.core import QgsLineString, QgsPoint

FULL_CIRCLE = 360.0


def has_wide_edge(geometry, crs):
    """Return whether a polygon in degrees has an edge along a parallel of more than 180 degrees, which is ambiguous."""
    return crs.isGeographic() and any(
        FULL_CIRCLE / 2 < abs(east - west) < FULL_CIRCLE and north == south
        for ring in _rings(geometry) for (west, north), (east, south) in _edges(ring))


def _rings(geometry):
    for part in geometry.constParts():
        yield part.exteriorRing()
        yield from (part.interiorRing(index) for index in range(part.numInteriorRings()))


def _edges(ring):
    points = [(point.x(), point.y()) for point in ring.points()]
    return zip(points, points[1:])


def crosses_antimeridian(geometry, is_hand_drawn):
    """Return whether polygons in degrees have edges that cross the antimeridian.

    Parameters
    ----------
    geometry : QgsGeometry
        Polygons.
    is_hand_drawn : bool
        Whether a user drew the polygons; an edge along a parallel is then taken as drawn,
        unless the ring encloses a pole.

    Returns
    -------
    bool
    """
    return any(_is_crossing(start, end, is_hand_drawn and not _encloses_pole(ring))
               for ring in _rings(geometry) for start, end in _edges(ring))


def _is_crossing(start, end, keeps_parallels):
    """Return whether an edge spans more than 180 degrees, and therefore crosses the antimeridian."""
    span = abs(end[0] - start[0])
    if keeps_parallels and start[1] == end[1]:
        return False
    return FULL_CIRCLE / 2 < span < FULL_CIRCLE


def _encloses_pole(ring):
    """Return whether a ring encloses a pole: the number of its edges across the antimeridian is odd."""
    return sum(FULL_CIRCLE / 2 < abs(end[0] - start[0]) < FULL_CIRCLE for start, end in _edges(ring)) % 2 == 1


def unwrap_ring(ring, is_hand_drawn):
    """Return a ring with continuous longitudes, which exceed 180 degrees where edges cross the antimeridian.

    Parameters
    ----------
    ring : QgsLineString
    is_hand_drawn : bool
        As for :func:`crosses_antimeridian`.

    Returns
    -------
    QgsLineString
        Not closed in degrees if it encloses a pole: the ends differ by 360 degrees.
    """
    keeps_parallels = is_hand_drawn and not _encloses_pole(ring)
    offset, points, previous = 0.0, [], None
    for point in ring.points():
        current = point.x(), point.y()
        if previous is not None and _is_crossing(previous, current, keeps_parallels):
            offset += FULL_CIRCLE if current[0] < previous[0] else -FULL_CIRCLE
        points.append(QgsPoint(current[0] + offset, current[1]))
        previous = current
    return QgsLineString(points)
