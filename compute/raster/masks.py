"""Masks of polygons, land or sea, and study areas on any grid; dilation of masks.

A pixel belongs to a polygon that contains its centre.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..declarations import ParameterDeclaration
from ..errors import UnsuitableInput
from .area_of_interest import Area
from .crs import bounds_in
from .geometries import geometry_bounds, rasterise, transform_geometries
from .grid import require_crs
from .reader import RasterReader
from .resampling import read_resampled

LAND_SEA = ("none", "land", "sea")

# Rows of a land mask that are stored together.
STRIP = 1024


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

    def __reduce__(self) -> tuple[Any, ...]:
        return PolygonMask, (self._geometries, self._crs_wkt)

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
        return _rasterise_near(self._in_crs(grid.crs_wkt), grid.part(window))

    def _in_crs(self, crs_wkt):
        with self._lock:
            if crs_wkt not in self._moved:
                self._moved[crs_wkt] = self._transformed(crs_wkt)
            return self._moved[crs_wkt]

    def _transformed(self, crs_wkt):
        message = "The mask polygons cannot be transformed to the output CRS. Check the CRS of their layer."
        geometries = transform_geometries(self._geometries, self._crs_wkt, crs_wkt, message)
        try:
            boxes = [geometry_bounds(geometry) for geometry in geometries]
        except ValueError as error:
            raise UnsuitableInput(message) from error
        if not np.isfinite(boxes).all():
            raise UnsuitableInput(message)
        return list(zip(geometries, boxes))


def _rasterise_near(shapes, grid):
    """Return the mask of pixels of a grid inside polygons, given with their bounds."""
    west, south, east, north = grid.bounds
    return rasterise([geometry for geometry, box in shapes
                      if box[0] < east and box[2] > west and box[1] < north and box[3] > south], grid).astype(bool)


@dataclass(frozen=True)
class RegionSettings:
    """Settings of the land/sea mask and the study area mask.

    Parameters
    ----------
    land_sea_mask : {"none", "land", "sea"}
        Surface to remove.
    dem : str
        Path of a digital elevation model in any CRS. Pixels without elevation, or not above `sea_level`, are sea;
        so are pixels outside the model, as SRTM and the Copernicus DEM have no tiles over open sea.
    sea_level : float
        In units of the elevation model.
    land : Area or None
        Land polygons, used if there is no elevation model.
    study_area : Area or None
        Polygons; pixels outside are masked.
    invert_study_area : bool
        Mask the pixels inside the study area instead.
    """

    land_sea_mask: str = "none"
    dem: str = ""
    sea_level: float = 0.0
    land: Area = None
    study_area: Area = None
    invert_study_area: bool = False


DEM = ParameterDeclaration(
    "DEM", "Digital elevation model",
    "Elevation raster in any CRS, for the land/sea mask. Pixels are sea where it has NoData, does not reach, or "
    "is not above the sea level. Free sources: Copernicus GLO-30 (dataspace.copernicus.eu), SRTM "
    "(earthexplorer.usgs.gov).",
    kind="raster", optional=True, advanced=True)
LAND = ParameterDeclaration(
    "LAND", "Land polygons",
    "Land polygons in any CRS, in place of an elevation model. Free source: OpenStreetMap "
    "(osmdata.openstreetmap.de).",
    kind="polygons", optional=True, advanced=True)
STUDY_AREA = ParameterDeclaration(
    "STUDY_AREA", "Study area",
    "Polygons in any CRS; pixels with their centre outside are set to NoData. The area of interest only crops to "
    "a rectangle.",
    kind="polygons", optional=True, advanced=True)
REGION_PARAMETERS = (
    ParameterDeclaration(
        "LAND_SEA_MASK", "Land/sea mask (surface to remove)",
        "Surface to set to NoData: land or sea. Requires a digital elevation model or land polygons (advanced "
        "parameters).",
        kind="enum", options=LAND_SEA, setting="land_sea_mask"),
    DEM,
    ParameterDeclaration(
        "SEA_LEVEL", "Sea level (m)",
        "Maximum elevation of the sea, in units of the elevation model. Raise it where the model is noisy at the "
        "coast.",
        advanced=True, setting="sea_level"),
    LAND,
    STUDY_AREA,
    ParameterDeclaration(
        "INVERT_STUDY_AREA", "Mask inside the study area",
        "Set the pixels inside the study area to NoData instead of those outside.",
        kind="boolean", advanced=True, setting="invert_study_area"),
)


class Regions:
    """Masks according to region settings; close after use. A copy in another process opens the files again.

    Parameters
    ----------
    settings : RegionSettings

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the elevation model cannot be used, or a land/sea mask has neither elevation model nor polygons.
    """

    def __init__(self, settings):
        self._settings = settings
        self._open = ExitStack()
        self._dem = self._land = self._study = None
        if settings.land_sea_mask != "none" and settings.dem:
            self._dem = self._open.enter_context(RasterReader(settings.dem))
            try:
                require_crs(self._dem.grid, f"The elevation model {settings.dem}")
            except UnsuitableInput:
                self.close()
                raise
        elif settings.land_sea_mask != "none":
            if settings.land is None:
                raise UnsuitableInput("A land/sea mask requires a digital elevation model or land polygons. Provide "
                                      "one of them.")
            self._land = PolygonMask(settings.land.geometries, settings.land.crs_wkt)
        if settings.study_area is not None:
            self._study = PolygonMask(settings.study_area.geometries, settings.study_area.crs_wkt)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Close the elevation model."""
        self._open.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return Regions, (self._settings,)

    @property
    def is_empty(self):
        """bool: whether no mask is applied."""
        return self._dem is None and self._land is None and self._study is None

    def check(self, grid, progress):
        """Check that the elevation model covers a grid; warn if it covers only a part.

        Parameters
        ----------
        grid : Grid
            Output grid.
        progress : Progress

        Raises
        ------
        UnsuitableInput
            If the elevation model does not intersect the grid.
        """
        if self._dem is None:
            return
        west, south, east, north = bounds_in(grid.bounds, grid.crs_wkt, self._dem.grid.crs_wkt)
        dem_west, dem_south, dem_east, dem_north = self._dem.grid.bounds
        width = min(east, dem_east) - max(west, dem_west)
        height = min(north, dem_north) - max(south, dem_south)
        if width <= 0 or height <= 0:
            raise UnsuitableInput(f"The elevation model {self._settings.dem} does not cover any part of the output. "
                                  "Check its extent and its coordinate reference system.")
        fraction = width * height / ((east - west) * (north - south))
        if fraction < 0.999:
            progress.warn(f"The elevation model covers about {fraction:.0%} of the output; the rest is treated as sea.")

    def kept(self, grid, window):
        """Return the mask of pixels of a window that are kept.

        Parameters
        ----------
        grid : Grid
            Output grid, in any CRS.
        window : Window

        Returns
        -------
        ndarray of bool, shape (height, width)
        """
        kept = np.ones(window.shape, bool)
        if self._settings.land_sea_mask != "none":
            kept = self._is_land(grid, window)
            if self._settings.land_sea_mask == "land":
                kept = ~kept
        if self._study is not None:
            kept &= self._study.inside(grid, window) != self._settings.invert_study_area
        return kept

    def _is_land(self, grid, window):
        if self._dem is None:
            return self._land.inside(grid, window)
        elevation, valid = read_resampled(self._dem, grid, window)
        return valid & (elevation > self._settings.sea_level)


def dilate(mask, radius):
    """Dilate a mask with a square window.

    Parameters
    ----------
    mask : ndarray of bool, shape (rows, columns)
    radius : int
        Radius of the window, 2 * radius + 1 pixels wide.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    from scipy.ndimage import maximum_filter

    return maximum_filter(mask, 2 * radius + 1, mode="constant") if radius else mask


class LandMask:
    """Land polygons rasterised to a grid.

    Parameters
    ----------
    polygons : sequence of dict
        GeoJSON-like, in the CRS of the grid.
    grid : Grid
    progress : Progress
    """

    def __init__(self, polygons, grid, progress):
        shapes = [(polygon, geometry_bounds(polygon)) for polygon in polygons]
        self._strips = {}
        for strip in grid.blocks(STRIP, grid.width):
            progress.check()
            is_land = _rasterise_near(shapes, grid.part(strip))
            if is_land.any():
                self._strips[strip.row] = np.packbits(is_land, axis=1)

    def read(self, window):
        """Return the land mask of a window within one strip of 1024 rows, as output blocks are.

        Returns
        -------
        ndarray of bool, shape (height, width), or None if the strip contains no land
        """
        strip = window.row // STRIP * STRIP
        if strip not in self._strips:
            return None
        rows = self._strips[strip][window.row - strip:window.row - strip + window.height]
        first = window.col // 8
        bits = np.unpackbits(rows[:, first:-(-(window.col + window.width) // 8)], axis=1)
        return bits[:, window.col - 8 * first:window.col - 8 * first + window.width].astype(bool)
