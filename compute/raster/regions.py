"""Which part of a result is kept: land or sea by elevation or by polygons, and what lies in a study area."""

from contextlib import ExitStack
from dataclasses import dataclass

import numpy as np

from ..errors import UnsuitableInput
from .area import Area
from .polygons import PolygonMask
from .reader import RasterReader
from .resample import read_resampled
from .target import bounds_in

LAND_SEA = ("none", "land", "sea")


@dataclass(frozen=True)
class RegionSettings:
    """What is removed.

    Parameters
    ----------
    land_sea_mask : {"none", "land", "sea"}
        The kind that is removed.
    dem : str
        Path of an elevation model, in any CRS. Sea is where it has no data or is not above `sea_level`, and where it
        does not reach: the tiles of the open sea are missing from SRTM and Copernicus alike.
    sea_level : float
        In units of the elevation model.
    land : Area or None
        Polygons of the land, in place of an elevation model.
    study_area : Area or None
        Polygons outside of which everything is removed.
    invert_study_area : bool
        Remove what lies inside them instead.
    """

    land_sea_mask: str = "none"
    dem: str = ""
    sea_level: float = 0.0
    land: Area = None
    study_area: Area = None
    invert_study_area: bool = False


class Regions:
    """The region settings at work; close it when done.

    Parameters
    ----------
    settings : RegionSettings

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the elevation model cannot be used.
    """

    def __init__(self, settings):
        self._settings = settings
        self._open = ExitStack()
        self._dem = self._land = self._study = None
        if settings.land_sea_mask != "none" and settings.dem:
            self._dem = self._open.enter_context(RasterReader(settings.dem))
            if not self._dem.grid.crs_wkt:
                self.close()
                raise UnsuitableInput(f"The elevation model {settings.dem} has no coordinate reference system. Assign "
                                      "one with the GDAL tool 'Assign projection'.")
        elif settings.land_sea_mask != "none":
            if settings.land is None:
                raise UnsuitableInput("A land/sea mask needs an elevation model or land polygons: give one of them.")
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

    @property
    def is_empty(self):
        """bool: whether nothing is ever removed."""
        return self._dem is None and self._land is None and self._study is None

    def check(self, grid, progress):
        """Look whether the elevation model is of this place.

        Parameters
        ----------
        grid : Grid
            Of the result.
        progress : Progress
            Warned if the elevation model reaches over a part only.

        Raises
        ------
        UnsuitableInput
            If it lies elsewhere.
        """
        if self._dem is None:
            return
        west, south, east, north = bounds_in(grid, self._dem.grid.crs_wkt)
        dem_west, dem_south, dem_east, dem_north = self._dem.grid.bounds
        width = min(east, dem_east) - max(west, dem_west)
        height = min(north, dem_north) - max(south, dem_south)
        if width <= 0 or height <= 0:
            raise UnsuitableInput(f"The elevation model {self._settings.dem} lies elsewhere: it does not cover any of "
                                  "the result. Check that its coordinate reference system is right.")
        share = width * height / ((east - west) * (north - south))
        if share < 0.999:
            progress.warn(f"The elevation model covers about {share:.0%} of the result; the rest counts as sea.")

    def kept(self, grid, window):
        """Which pixels of a window are kept.

        Parameters
        ----------
        grid : Grid
            In any CRS.
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
        elevation, known = read_resampled(self._dem, grid, window)
        return known & (elevation > self._settings.sea_level)
