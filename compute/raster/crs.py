"""Coordinate reference systems (CRS) as WKT: comparison, properties, transformation of points and bounds."""

from __future__ import annotations

import math
import re
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UnsuitableInput
from ..units import METRES_PER_DEGREE
from .gdal_errors import REASON, gdal_errors

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Bounds = tuple[float, float, float, float]

# Longitude and latitude on WGS 84, in degrees.
WGS84 = "EPSG:4326"

# Points along each edge of an image that are transformed to find its bounds in another CRS.
EDGE_POINTS = 41


# Parsed CRSs of each thread: GDAL does not allow threads to share them.
_parsed = threading.local()


def parse_crs(text: str) -> Any:
    """Return the :class:`rasterio.crs.CRS` of WKT, an authority code such as ``EPSG:32631``, or a PROJ string.

    Raises
    ------
    UnsuitableInput
        If PROJ does not support it.
    """
    from rasterio.crs import CRS

    if text not in _parsed.__dict__:
        name = crs_name(text) if "[" in text else text
        with gdal_errors(f"The coordinate reference system {name} is not supported: {REASON}", UnsuitableInput):
            # WKT may contain a PROJ string as an extension, which would mislead rasterio's detection of the format.
            _parsed.__dict__[text] = CRS.from_wkt(text) if "[" in text else CRS.from_string(text)
    return _parsed.__dict__[text]


def crs_wkt_of(text: str) -> str:
    """Return WKT of an authority code such as ``EPSG:32631`` or a PROJ string."""
    return parse_crs(text).to_wkt()


@lru_cache(maxsize=256)
def is_same_crs(first_wkt: str, second_wkt: str, *, missing_is_same: bool) -> bool:
    """Whether two CRSs are equal, whatever their WKT.

    Parameters
    ----------
    first_wkt, second_wkt : str
        Empty if undefined; two undefined CRSs are equal.
    missing_is_same : bool
        Answer if only one of them is undefined.
    """
    if first_wkt == second_wkt:
        return True
    if not (first_wkt and second_wkt):
        return missing_is_same
    return parse_crs(first_wkt) == parse_crs(second_wkt)


def crs_name(wkt: str) -> str:
    """Return the name of a CRS, for messages."""
    found = re.search(r'"([^"]+)"', wkt)
    return found.group(1) if found else "unknown"


def crs_code(wkt: str) -> str:
    """Return the authority code of a CRS, such as ``EPSG:3413``; empty without one."""
    return ":".join(parse_crs(wkt).to_authority() or ())


def is_projected(wkt: str) -> bool:
    """Whether a CRS is projected; an undefined CRS is not."""
    return bool(wkt) and parse_crs(wkt).is_projected


def is_geographic(wkt: str) -> bool:
    """Whether a CRS is in longitude and latitude; an undefined CRS is not."""
    return bool(wkt) and parse_crs(wkt).is_geographic


def unit_name(wkt: str) -> str:
    """Return the name of the unit of a CRS."""
    crs = parse_crs(wkt)
    return "degrees" if crs.is_geographic else crs.linear_units


def metres_per_unit(crs_wkt: str) -> float:
    """Return the length of a CRS unit in metres (of a degree: on the equator).

    Raises
    ------
    UnsuitableInput
        If the CRS is neither projected nor geographic.
    """
    crs = parse_crs(crs_wkt)
    if crs.is_geographic:
        return METRES_PER_DEGREE
    if not crs.is_projected:
        raise UnsuitableInput("The selected CRS is neither projected nor geographic. Choose a projected or geographic "
                              "CRS.")
    return crs.linear_units_factor[1]


def transform_points(from_crs: str, to_crs: str, x: ArrayLike, y: ArrayLike) -> NDArray[np.float64]:
    """Transform coordinates to another CRS.

    Parameters
    ----------
    from_crs, to_crs : str
        As of :func:`parse_crs`.
    x, y : array_like of float64, shape (n,)

    Returns
    -------
    ndarray of float64, shape (2, n)
        Infinity for points outside the domain of the CRS.
    """
    from rasterio.warp import transform

    source, target = parse_crs(from_crs), parse_crs(to_crs)
    try:
        with gdal_errors("", UnsuitableInput):
            return np.array(transform(source, target, x, y), float)
    except UnsuitableInput:
        # The call fails if a single point is outside the domain; bisection isolates it.
        if len(x) == 1:
            return np.full((2, 1), np.inf)
        half = len(x) // 2
        return np.concatenate([transform_points(from_crs, to_crs, x[:half], y[:half]),
                               transform_points(from_crs, to_crs, x[half:], y[half:])], axis=1)


def bounds_in(bounds: Bounds, from_wkt: str, to_wkt: str) -> Bounds:
    """Return the bounds (west, south, east, north) of an image in another CRS.

    Raises
    ------
    UnsuitableInput
        If they cannot be transformed to that CRS.
    """
    from rasterio.warp import transform_bounds

    message = "The image lies outside the domain of the selected CRS. Choose another CRS."
    with gdal_errors(message, UnsuitableInput):
        box = transform_bounds(parse_crs(from_wkt), parse_crs(to_wkt), *bounds, densify_pts=EDGE_POINTS)
    if not all(map(math.isfinite, box)):
        raise UnsuitableInput(message)
    return box
