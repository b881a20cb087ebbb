"""Land/sea masks from a digital elevation model or polygons, and study area masks."""

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


class Regions:
    """Masks according to region settings; close after use.

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
            if not self._dem.grid.crs_wkt:
                self.close()
                raise UnsuitableInput(f"The elevation model {settings.dem} has no coordinate reference system. Assign "
                                      "one with the GDAL tool 'Assign projection'.")
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
        west, south, east, north = bounds_in(grid, self._dem.grid.crs_wkt)
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
