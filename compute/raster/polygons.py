"""Polygon masks on any grid: pixels whose centre lies inside a polygon."""

import threading

import numpy as np

from ..errors import UnsuitableInput
from .warp import same_crs


class PolygonMask:
    """Polygons rasterised on demand, transformed to the CRS of each grid once.

    Parameters
    ----------
    geometries : sequence of dict
        GeoJSON-like polygons.
    crs_wkt : str
        Coordinate reference system of the polygons.
    """

    def __init__(self, geometries, crs_wkt):
        self._geometries, self._crs_wkt = tuple(geometries), crs_wkt
        self._moved = {}
        self._lock = threading.Lock()

    def inside(self, grid, window):
        """Return the mask of pixels of a window whose centre lies inside a polygon.

        Parameters
        ----------
        grid : Grid
        window : Window

        Returns
        -------
        ndarray of bool, shape (height, width)

        Raises
        ------
        UnsuitableInput
            If the polygons cannot be transformed to the CRS of the grid.
        """
        from rasterio import Affine
        from rasterio.features import rasterize

        part = grid.part(window)
        west, south, east, north = part.bounds
        near = [geometry for geometry, box in self._in_crs(grid.crs_wkt)
                if box[0] < east and box[2] > west and box[1] < north and box[3] > south]
        if not near:
            return np.zeros(window.shape, bool)
        return rasterize(near, out_shape=window.shape, transform=Affine(*part.transform), fill=0, default_value=1,
                         dtype=np.uint8).astype(bool)

    def _in_crs(self, crs_wkt):
        with self._lock:
            if crs_wkt not in self._moved:
                self._moved[crs_wkt] = self._transformed(crs_wkt)
            return self._moved[crs_wkt]

    def _transformed(self, crs_wkt):
        from rasterio._err import CPLE_BaseError
        from rasterio.crs import CRS
        from rasterio.errors import RasterioError
        from rasterio.features import bounds
        from rasterio.warp import transform_geom

        try:
            geometries = self._geometries if same_crs(self._crs_wkt, crs_wkt) else [
                transform_geom(CRS.from_wkt(self._crs_wkt), CRS.from_wkt(crs_wkt), geometry)
                for geometry in self._geometries]
            boxes = [bounds(geometry) for geometry in geometries]
        except (RasterioError, CPLE_BaseError, ValueError) as error:
            raise UnsuitableInput("The mask polygons cannot be transformed to the output CRS. Check the CRS of their "
                                  "layer.") from error
        if not np.isfinite(boxes).all():
            raise UnsuitableInput("The mask polygons cannot be transformed to the output CRS. Check the CRS of their "
                                  "layer.")
        return list(zip(geometries, boxes))
