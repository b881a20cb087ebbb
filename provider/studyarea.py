"""The study area to which ice charts are clipped: drawn in any CRS, over a pole or across 180 degrees."""

from qgis.core import QgsFeatureRequest, QgsGeometry, QgsProcessingFeatureSource, QgsRectangle, QgsWkbTypes

from ..compute.errors import UnsuitableInput
from .antimeridian import is_wide

# No plane around a pole can show the other pole; what lies beyond this latitude on the far side is left out.
FAR_SIDE = 80.0


class StudyArea:
    """What is kept of the charts.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
        Polygons with a CRS.

    Raises
    ------
    UnsuitableInput
        If it has no CRS or holds no polygons.
    """

    def __init__(self, source):
        self.crs, self._in_plane = source.sourceCrs(), {}
        if not self.crs.isValid():
            raise UnsuitableInput("The study area has no coordinate reference system. Assign the right one (Layer "
                                  "properties > Source, or the tool 'Assign projection') and run again.")
        if QgsWkbTypes.geometryType(source.wkbType()) != QgsWkbTypes.GeometryType.PolygonGeometry:
            raise UnsuitableInput("STUDY_AREA must hold polygons, but it holds: "
                                  f"{QgsWkbTypes.displayString(source.wkbType())}.")
        flags = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
        shapes = [feature.geometry() for feature in source.getFeatures(QgsFeatureRequest().setNoAttributes(), flags)]
        self._shapes = [shape for shape in shapes if not shape.isEmpty()]
        if not self._shapes:
            raise UnsuitableInput("The study area holds no polygons. Choose another layer, or select some features.")
        self.is_wide = any(is_wide(shape, self.crs) for shape in self._shapes)

    def in_plane(self, plane, is_north):
        """The area in the plane around a pole, as one geometry.

        Returns
        -------
        QgsGeometry
        """
        if is_north not in self._in_plane:
            parts = []
            for shape in self._shapes:
                box = shape.boundingBox()
                is_far = box.yMinimum() < -FAR_SIDE if is_north else box.yMaximum() > FAR_SIDE
                if self.crs.isGeographic() and is_far:
                    south, north = (-FAR_SIDE, 90) if is_north else (-90, FAR_SIDE)
                    near = QgsGeometry.fromRect(QgsRectangle(box.xMinimum() - 1, south, box.xMaximum() + 1, north))
                    parts.append(plane.take(shape.makeValid().intersection(near), self.crs, drawn=True)[0])
                else:
                    parts.append(plane.take(shape, self.crs, drawn=True)[0])
            self._in_plane[is_north] = QgsGeometry.unaryUnion(parts)
        return self._in_plane[is_north]
