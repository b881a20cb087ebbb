"""Parcels: pieces of ground whose crop is known."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Parcel:
    """A piece of ground of one class.

    Parameters
    ----------
    identifier : int, str or tuple
        Tells it from other parcels; all parcels of a run must sort against each other by it.
    code : str
        Its class, as the user wrote it.
    geometry : dict
        Polygon or MultiPolygon as in GeoJSON, in the CRS of the raster it is used with.
    """

    identifier: object
    code: str
    geometry: dict


def bounds_of(geometry):
    """The rectangle around a polygon or multi-polygon.

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
    """The classes of parcels, each once, in alphabetical order.

    Returns
    -------
    tuple of str
    """
    return tuple(sorted({parcel.code for parcel in parcels}))


def spelt_alike(codes):
    """Classes that are probably one: they differ in case, blanks, underscores or zeros only.

    Parameters
    ----------
    codes : iterable of str

    Returns
    -------
    list of str
        A sentence for each group of them.
    """
    groups = {}
    for code in sorted(set(codes)):
        plain = " ".join(re.split(r"[\s_-]+", code.casefold())).strip()
        number = re.fullmatch(r"0*(\d+)(\.0*)?", plain)
        groups.setdefault(number[1] if number else plain, []).append(code)
    return [f"These classes differ in spelling only: {', '.join(group)}. If they are one, give them one name."
            for group in groups.values() if len(group) > 1]
