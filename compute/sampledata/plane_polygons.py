"""Plane geometry of polygons given as arrays of vertices, shape (n, 2), x and y in metres, not closed."""

import numpy as np


def area(polygon):
    """Return the area in square metres (shoelace formula).

    Parameters
    ----------
    polygon : ndarray, shape (n, 2)

    Returns
    -------
    float
    """
    x, y = (polygon - polygon[0]).T
    return 0.5 * abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1)))


def cut(polygon, point, normal):
    """Return the part of a convex polygon on the side of a line that `normal` points to.

    Parameters
    ----------
    polygon : ndarray, shape (n, 2)
    point : ndarray, shape (2,)
        Any point of the line.
    normal : ndarray, shape (2,)

    Returns
    -------
    ndarray, shape (m, 2)
        Empty if there is none.
    """
    sides = (polygon - point) @ normal
    corners = []
    for here, there, side, next_side in zip(polygon, np.roll(polygon, -1, axis=0), sides, np.roll(sides, -1)):
        if side >= 0:
            corners.append(here)
        if (side > 0) != (next_side > 0) and side != next_side:
            corners.append(here + (there - here) * side / (side - next_side))
    return np.array(corners).reshape(-1, 2)


def oriented_box(polygon):
    """Return the minimum-area rectangle around a convex polygon.

    Parameters
    ----------
    polygon : ndarray, shape (n, 2)

    Returns
    -------
    centre : ndarray, shape (2,)
    axis : ndarray, shape (2,)
        Unit vector along the longer side.
    length, width : float
        Of the longer and of the shorter side.
    """
    best = None
    for edge in np.roll(polygon, -1, axis=0) - polygon:
        size = np.hypot(*edge)
        if size == 0:
            continue
        axis = edge / size
        across = np.array([-axis[1], axis[0]])
        along, beside = polygon @ axis, polygon @ across
        length, width = np.ptp(along), np.ptp(beside)
        if best is None or length * width < best[0]:
            centre = axis * (along.min() + length / 2) + across * (beside.min() + width / 2)
            best = (length * width, centre, axis if length >= width else across, max(length, width),
                    min(length, width))
    return best[1:]


def densify(polygon, spacing):
    """Return the outline with vertices at most `spacing` metres apart.

    Parameters
    ----------
    polygon : ndarray, shape (n, 2)
    spacing : float

    Returns
    -------
    ndarray, shape (m, 2)
    """
    pieces = []
    for here, there in zip(polygon, np.roll(polygon, -1, axis=0)):
        steps = max(1, int(np.ceil(np.hypot(*(there - here)) / spacing)))
        pieces.append(here + (there - here) * (np.arange(steps) / steps)[:, None])
    return np.concatenate(pieces)


def round_off(polygon, iterations=3):
    """Return the outline with rounded corners (Chaikin 1974).

    Parameters
    ----------
    polygon : ndarray, shape (n, 2)
    iterations : int

    Returns
    -------
    ndarray, shape (n * 2 ** iterations, 2)
    """
    for _ in range(iterations):
        following = np.roll(polygon, -1, axis=0)
        polygon = np.stack([0.75 * polygon + 0.25 * following, 0.25 * polygon + 0.75 * following], axis=1)
        polygon = polygon.reshape(-1, 2)
    return polygon


def simplify(polygon, tolerance):
    """Return the outline simplified to a tolerance in metres (Douglas and Peucker 1973).

    Parameters
    ----------
    polygon : ndarray, shape (n, 2)
    tolerance : float

    Returns
    -------
    ndarray, shape (m, 2)
    """
    from skimage.measure import approximate_polygon

    return approximate_polygon(np.concatenate([polygon, polygon[:1]]), tolerance)[:-1]


def as_geojson(polygon):
    """Return the polygon as a GeoJSON geometry, rounded to centimetres.

    Parameters
    ----------
    polygon : ndarray, shape (n, 2)

    Returns
    -------
    dict
    """
    ring = [[round(float(x), 2), round(float(y), 2)] for x, y in polygon]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
