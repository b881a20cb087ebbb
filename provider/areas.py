"""Areas of interest: from a layer or from WKT to plain geometries."""

import json

from qgis.core import QgsCoordinateReferenceSystem, QgsFeatureRequest, QgsGeometry

from ..compute.errors import UnsuitableInput
from ..compute.raster.area import Area

# Long edges get this many vertices more, so that they bend as they should when they are reprojected.
VERTICES_PER_EDGE = 20
# Outlines with more vertices than this have no long edges.
DETAILED = 2000


def area_from_source(source, role="area of interest"):
    """The polygons of a feature source as one :class:`~..compute.raster.area.Area`.

    Parameters
    ----------
    source : QgsFeatureSource
    role : str
        What the layer is for; in messages.

    Returns
    -------
    Area

    Raises
    ------
    UnsuitableInput
        If it has no CRS or no geometry.
    """
    if not source.sourceCrs().isValid():
        raise UnsuitableInput(f"The layer of the {role} has no coordinate reference system; set it first "
                              "(Layer > Set CRS of Layer).")
    request = QgsFeatureRequest().setNoAttributes()
    geometries = [feature.geometry() for feature in source.getFeatures(request)]
    return _area([geometry for geometry in geometries if not geometry.isEmpty()], source.sourceCrs(),
                 f"The layer of the {role} has no geometries.")


def area_from_extent(extent, crs):
    """A rectangle as an area.

    Parameters
    ----------
    extent : QgsRectangle
    crs : QgsCoordinateReferenceSystem

    Returns
    -------
    Area

    Raises
    ------
    UnsuitableInput
        If it is empty or has no CRS.
    """
    if not crs.isValid():
        raise UnsuitableInput("The extent of the area of interest has no coordinate reference system; add it in "
                              "brackets: 3.29,3.32,43.61,43.65 [EPSG:4326].")
    if extent.isEmpty():
        raise UnsuitableInput("The extent of the area of interest is empty; its order is xmin,xmax,ymin,ymax.")
    return _area([QgsGeometry.fromRect(extent)], crs, "")


def area_from_wkt(text):
    """An area given as WKT in degrees of longitude and latitude (WGS 84).

    Parameters
    ----------
    text : str

    Returns
    -------
    Area

    Raises
    ------
    UnsuitableInput
        If it is no WKT or lies outside the globe.
    """
    geometry = QgsGeometry.fromWkt(text)
    if geometry.isEmpty():
        raise UnsuitableInput(f"The area of interest is no valid WKT geometry: {text[:60]!r}. "
                              "Example: POLYGON((3.29 43.61, 3.32 43.61, 3.32 43.65, 3.29 43.61)).")
    box = geometry.boundingBox()
    if box.xMinimum() < -180 or box.xMaximum() > 180 or box.yMinimum() < -90 or box.yMaximum() > 90:
        raise UnsuitableInput("The WKT of the area of interest must be in degrees (longitude, then latitude); "
                              f"it reaches from {box.xMinimum():g}, {box.yMinimum():g} to "
                              f"{box.xMaximum():g}, {box.yMaximum():g}.")
    return _area([geometry], QgsCoordinateReferenceSystem("EPSG:4326"), "")


def _area(geometries, crs, if_empty):
    if not geometries:
        raise UnsuitableInput(if_empty)
    dense = [geometry if geometry.constGet().nCoordinates() > DETAILED else geometry.densifyByCount(VERTICES_PER_EDGE)
             for geometry in geometries]
    return Area(geometries=tuple(json.loads(geometry.asJson(9)) for geometry in dense), crs_wkt=wkt_of(crs))


def wkt_of(crs):
    """WKT 2 of a ``QgsCoordinateReferenceSystem``, as rasterio reads it.

    Returns
    -------
    str
    """
    return crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT_PREFERRED)
