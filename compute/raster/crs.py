"""CRS comparison, transformation of points and bounds, unit length."""

import math
from functools import lru_cache

import numpy as np

from ..errors import UnsuitableInput


def _same_crs(first_wkt, other_wkt):
    from rasterio.crs import CRS

    if first_wkt == other_wkt:
        return True
    return bool(first_wkt and other_wkt) and CRS.from_wkt(first_wkt) == CRS.from_wkt(other_wkt)


@lru_cache(maxsize=256)
def same_crs(first_wkt, second_wkt):
    """Whether two CRSs are equal, whatever their WKT; an undefined CRS is equal to any other.

    Returns
    -------
    bool
    """
    from rasterio.crs import CRS

    return (first_wkt == second_wkt or not first_wkt or not second_wkt
            or CRS.from_wkt(first_wkt) == CRS.from_wkt(second_wkt))


def transform_points(from_wkt, to_wkt, x, y):
    """Transform coordinates to another CRS.

    Parameters
    ----------
    from_wkt, to_wkt : str
    x, y : ndarray of float64, shape (n,)

    Returns
    -------
    ndarray of float64, shape (2, n)
        Infinity for points outside the domain of the CRS.
    """
    from rasterio._err import CPLE_BaseError
    from rasterio.crs import CRS
    from rasterio.errors import RasterioError
    from rasterio.warp import transform

    try:
        return np.array(transform(CRS.from_wkt(from_wkt), CRS.from_wkt(to_wkt), x, y))
    except (RasterioError, CPLE_BaseError):
        # The call fails if a single point is outside the domain; bisection isolates it.
        if len(x) == 1:
            return np.full((2, 1), np.inf)
        half = len(x) // 2
        return np.concatenate([transform_points(from_wkt, to_wkt, x[:half], y[:half]),
                               transform_points(from_wkt, to_wkt, x[half:], y[half:])], axis=1)


# Length of a degree on the equator of WGS 84, in metres.
METRES_PER_DEGREE = 111319.49079327358

# Points along each edge of a grid that are transformed to find its bounds in another CRS.
EDGE_POINTS = 41


def bounds_in(grid, crs_wkt):
    """Return (west, south, east, north) of a grid in another CRS.

    Raises
    ------
    UnsuitableInput
        If the grid cannot be transformed to that CRS.
    """
    from rasterio._err import CPLE_BaseError
    from rasterio.crs import CRS
    from rasterio.errors import RasterioError
    from rasterio.warp import transform_bounds

    try:
        box = transform_bounds(CRS.from_wkt(grid.crs_wkt), CRS.from_wkt(crs_wkt), *grid.bounds,
                               densify_pts=EDGE_POINTS)
    except (RasterioError, CPLE_BaseError):
        box = (math.inf,)
    if not all(map(math.isfinite, box)):
        raise UnsuitableInput("The image lies outside the domain of the selected CRS. Choose another CRS.")
    return box


def metres_per_unit(crs_wkt):
    """Return the length of a CRS unit in metres (of a degree: on the equator).

    Raises
    ------
    UnsuitableInput
        If the CRS is neither projected nor geographic.
    """
    from rasterio.crs import CRS

    crs = CRS.from_wkt(crs_wkt)
    if crs.is_geographic:
        return METRES_PER_DEGREE
    if not crs.is_projected:
        raise UnsuitableInput("The selected CRS is neither projected nor geographic. Choose a projected or geographic "
                              "CRS.")
    return crs.linear_units_factor[1]


def _is_same_crs(first, second):
    from rasterio.crs import CRS

    return first == second or (bool(first and second) and CRS.from_wkt(first) == CRS.from_wkt(second))
