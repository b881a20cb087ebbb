"""Parcels with their class."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Parcel:
    """A parcel of one class.

    Parameters
    ----------
    identifier : int, str or tuple
        Unique; identifiers of all parcels of a run must be sortable.
    code : str
        Class as in the input layer.
    geometry : dict
        Polygon or MultiPolygon as in GeoJSON, in the CRS of the raster it is used with.
    """

    identifier: object
    code: str
    geometry: dict


def bounds_of(geometry):
    """Bounds of a polygon or multi-polygon.

    Parameters
    ----------
    geometry : dict
        GeoJSON-like.

    Returns
    -------
    tuple of float
        (west, south, east, north); None for a geometry without points.
    """
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    points = [point for polygon in polygons for ring in polygon for point in ring]
    if not points:
        return None
    x, y = [point[0] for point in points], [point[1] for point in points]
    return min(x), min(y), max(x), max(y)


def codes_of(parcels):
    """Unique class codes of parcels in alphabetical order.

    Returns
    -------
    tuple of str
    """
    return tuple(sorted({parcel.code for parcel in parcels}))


def similar_spellings(codes):
    """Warnings about class codes that differ only in case, blanks, underscores or zeros.

    Parameters
    ----------
    codes : iterable of str

    Returns
    -------
    list of str
        A message for each group.
    """
    groups = {}
    for code in sorted(set(codes)):
        normalised = " ".join(re.split(r"[\s_-]+", code.casefold())).strip()
        number = re.fullmatch(r"0*(\d+)(\.0*)?", normalised)
        groups.setdefault(number[1] if number else normalised, []).append(code)
    return [f"These classes differ in spelling only: {', '.join(group)}. If they are one class, use one spelling."
            for group in groups.values() if len(group) > 1]
