"""Study area for clipping ice charts, in any CRS; it may contain a pole or cross 180 degrees."""

from qgis.core import QgsFeatureRequest, QgsGeometry, QgsProcessingFeatureSource, QgsRectangle, QgsWkbTypes

from ..compute.errors import UnsuitableInput
from .antimeridian import has_wide_edge

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
        if not self.crs.isValid():
            raise UnsuitableInput("The study area has no coordinate reference system. Assign it (Layer Properties > "
                                  "Source, or the tool 'Assign projection') and run again.")
        if QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.PolygonGeometry:
            raise UnsuitableInput("STUDY_AREA must contain polygons; its geometry type is "
                                  f"{QgsWkbTypes.displayString(source.wkbType())}.")
        flags = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
        shapes = [feature.geometry() for feature in source.getFeatures(QgsFeatureRequest().setNoAttributes(), flags)]
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
