"""Polygons in degrees that cross the antimeridian without being cut there.

Charts of the whole Arctic have edges from 179 to -179 degrees. Read as they stand they run once around the world; what
is meant is the short way. A ring with an odd number of such edges encloses a pole.
"""

from qgis.core import QgsLineString, QgsPoint

TURN = 360.0


def is_wide(geometry, crs):
    """Whether a drawn polygon in degrees has an edge of more than 180 degrees, which may be meant the other way."""
    return crs.isGeographic() and any(
        TURN / 2 < abs(east - west) < TURN and north == south
        for ring in _rings(geometry) for (west, north), (east, south) in _edges(ring))


def _rings(geometry):
    for part in geometry.constParts():
        yield part.exteriorRing()
        yield from (part.interiorRing(place) for place in range(part.numInteriorRings()))


def _edges(ring):
    points = [(point.x(), point.y()) for point in ring.points()]
    return zip(points, points[1:])


def has_jumps(geometry, drawn):
    """Whether polygons in degrees have edges that mean the short way over the antimeridian.

    Parameters
    ----------
    geometry : QgsGeometry
        Polygons.
    drawn : bool
        Whether a user drew it; then an edge along a parallel means what it looks like in degrees.

    Returns
    -------
    bool
    """
    return any(_is_jump(start, end, drawn and not _is_around(ring))
               for ring in _rings(geometry) for start, end in _edges(ring))


def _is_jump(start, end, keeps_parallels):
    """Whether an edge is longer than half a turn, and therefore means the short way."""
    step = abs(end[0] - start[0])
    if keeps_parallels and start[1] == end[1]:
        return False
    return TURN / 2 < step < TURN


def _is_around(ring):
    """Whether a ring encloses a pole: the short ways along its edges do not lead back to its beginning."""
    return sum(TURN / 2 < abs(end[0] - start[0]) < TURN for start, end in _edges(ring)) % 2 == 1


def unwrapped(ring, drawn):
    """A ring whose longitudes go on beyond 180 degrees where its edges jump.

    Parameters
    ----------
    ring : QgsLineString
    drawn : bool
        As for :func:`has_jumps`.

    Returns
    -------
    QgsLineString
        It need not be closed in degrees: around a pole it ends a full turn from where it begins.
    """
    keeps_parallels = drawn and not _is_around(ring)
    turns, points, last = 0.0, [], None
    for point in ring.points():
        here = point.x(), point.y()
        if last is not None and _is_jump(last, here, keeps_parallels):
            turns += TURN if here[0] < last[0] else -TURN
        points.append(QgsPoint(here[0] + turns, here[1]))
        last = here
    return QgsLineString(points)
