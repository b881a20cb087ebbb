"""Areas of interest from layers, extents and WKT as GeoJSON-like geometries, and the study area that clips ice charts.

A study area may be in any CRS, contain a pole or cross 180 degrees.
"""

import json

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeatureRequest,
    QgsGeometry,
    QgsRectangle,
    QgsWkbTypes,
)

from ..compute.errors import UnsuitableInput
from ..compute.raster.area_of_interest import Area
from .antimeridian import has_wide_edge
from .parcel_geometry import UNCHECKED, valid_polygons
from .transforms import require_crs, wkt_of

# Vertices added to each edge, so that long edges are reprojected as curves.
VERTICES_PER_EDGE = 20

# Geometries with more vertices than this are not densified.
DENSE_VERTICES = 2000


def area_from_source(source, role="area of interest"):
    """Return the polygons of a feature source as one :class:`~..compute.raster.area_of_interest.Area`.

    Parameters
    ----------
    source : QgsFeatureSource
    role : str
        Role of the layer, for messages.

    Returns
    -------
    Area

    Raises
    ------
    UnsuitableInput
        If it has no CRS or no geometry.
    """
    require_crs(source.sourceCrs(), f"The layer of the {role}")
    request = QgsFeatureRequest().setNoAttributes()
    geometries = [valid_polygons(feature.geometry())[0] for feature in source.getFeatures(request, UNCHECKED)]
    return _area([geometry for geometry in geometries if not geometry.isEmpty()], source.sourceCrs(),
                 f"The layer of the {role} has no geometries.")


def area_from_extent(extent, crs):
    """Return a rectangle as an area.

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
        raise UnsuitableInput("The extent of the area of interest has no coordinate reference system. Add it in "
                              "brackets: 3.29,3.32,43.61,43.65 [EPSG:4326].")
    if extent.isEmpty():
        raise UnsuitableInput("The extent of the area of interest is empty. Its order is xmin,xmax,ymin,ymax.")
    return _area([QgsGeometry.fromRect(extent)], crs, "")


def area_from_wkt(text):
    """Return a WKT geometry in degrees of longitude and latitude (WGS 84) as an area.

    Parameters
    ----------
    text : str

    Returns
    -------
    Area

    Raises
    ------
    UnsuitableInput
        If it is not valid WKT, or its coordinates are not degrees.
    """
    geometry = QgsGeometry.fromWkt(text)
    if geometry.isEmpty():
        raise UnsuitableInput(f"The area of interest is not a valid WKT geometry: {text[:60]!r}. "
                              "Example: POLYGON((3.29 43.61, 3.32 43.61, 3.32 43.65, 3.29 43.61)).")
    box = geometry.boundingBox()
    if box.xMinimum() < -180 or box.xMaximum() > 180 or box.yMinimum() < -90 or box.yMaximum() > 90:
        raise UnsuitableInput("The WKT of the area of interest must be in degrees (longitude, then latitude); its "
                              f"extent is {box.xMinimum():g}, {box.yMinimum():g} to "
                              f"{box.xMaximum():g}, {box.yMaximum():g}.")
    return _area([geometry], QgsCoordinateReferenceSystem("EPSG:4326"), "")


def _area(geometries, crs, message_if_empty):
    if not geometries:
        raise UnsuitableInput(message_if_empty)
    dense = [geometry if geometry.constGet().nCoordinates() > DENSE_VERTICES
             else geometry.densifyByCount(VERTICES_PER_EDGE) for geometry in geometries]
    return Area(geometries=tuple(json.loads(geometry.asJson(9)) for geometry in dense), crs_wkt=wkt_of(crs))


# A polar projection cannot show the other pole: areas beyond this latitude of the other hemisphere are removed.
MAX_LATITUDE = 80.0


class StudyArea:
    """Polygons to which charts are clipped.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
        Polygons with a CRS.

    Attributes
    ----------
    crs : QgsCoordinateReferenceSystem
    has_wide_edge : bool
        Whether an edge along a parallel spans more than 180 degrees, which is ambiguous.

    Raises
    ------
    UnsuitableInput
        If it has no CRS or contains no polygons.
    """

    def __init__(self, source):
        self.crs, self._in_plane = source.sourceCrs(), {}
        require_crs(self.crs, "The layer of the study area")
        if QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.PolygonGeometry:
            raise UnsuitableInput("STUDY_AREA must contain polygons; its geometry type is "
                                  f"{QgsWkbTypes.displayString(source.wkbType())}.")
        request = QgsFeatureRequest().setNoAttributes()
        shapes = [feature.geometry() for feature in source.getFeatures(request, UNCHECKED)]
        self._shapes = [shape for shape in shapes if not shape.isEmpty()]
        if not self._shapes:
            raise UnsuitableInput("The study area contains no polygons. Choose another layer, or select features.")
        self.has_wide_edge = any(has_wide_edge(shape, self.crs) for shape in self._shapes)

    def in_plane(self, plane, is_north):
        """Return the study area in the polar plane, as one geometry.

        Returns
        -------
        QgsGeometry
        """
        if is_north not in self._in_plane:
            parts = []
            for shape in self._shapes:
                near, box = shape, shape.boundingBox()
                is_beyond = box.yMinimum() < -MAX_LATITUDE if is_north else box.yMaximum() > MAX_LATITUDE
                if self.crs.isGeographic() and is_beyond:
                    south, north = (-MAX_LATITUDE, 90) if is_north else (-90, MAX_LATITUDE)
                    visible = QgsGeometry.fromRect(QgsRectangle(box.xMinimum() - 1, south, box.xMaximum() + 1, north))
                    near = shape.makeValid().intersection(visible)
                parts.append(plane.from_crs(near, self.crs, is_hand_drawn=True)[0])
            self._in_plane[is_north] = QgsGeometry.unaryUnion(parts)
        return self._in_plane[is_north]
