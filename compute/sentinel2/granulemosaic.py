"""Mosaic of the granules of one product."""

from contextlib import ExitStack

import numpy as np

from ..errors import UnsuitableInput
from ..raster.area import PixelArea, window_of
from ..raster.warp import same_crs
from .bands import BANDS
from .scene import Scene


class Mosaic:
    """One or more granules on one grid.

    Granules in more than one UTM zone require a CRS in the settings; without it only those in the zone with most
    granules are used, with a warning.

    Parameters
    ----------
    products : sequence of Product
        Granules of one product.
    settings : StackSettings
    area : Area, PixelArea or None
        Granules outside it are not used.
    progress : Progress

    Attributes
    ----------
    products : list of Product
        The granules used.
    scenes : list of Scene
    grid : Grid
        Output grid.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If they cannot be used, or the area lies outside all of them.
    """

    def __init__(self, products, settings, area, progress):
        self.scenes = []
        with ExitStack() as on_failure:
            on_failure.callback(self.close)
            for product in products:
                self.scenes.append(Scene(product, settings))
            self._select_granules(settings, area, progress)
            on_failure.pop_all()
        self.products = [scene.product for scene in self.scenes]

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Close all images."""
        for scene in self.scenes:
            scene.close()

    def read(self, band, window, clear):
        """Read a band on the output grid, each pixel from the first granule with valid data.

        Parameters
        ----------
        band : str
        window : Window
        clear : callable
            Returns the clear-pixel mask of a scene for a window.

        Returns
        -------
        values : ndarray of float32, shape (height, width)
        valid : ndarray of bool, same shape
            For reflectance bands also False under clouds.
        """
        values, valid = self._read_scene(self.scenes[0], band, window, clear)
        for scene in self.scenes[1:]:
            if valid.all():
                break
            scene_values, scene_valid = self._read_scene(scene, band, window, clear)
            values, valid = np.where(valid, values, scene_values), valid | scene_valid
        return values, valid

    def _read_scene(self, scene, band, window, clear):
        values, valid = scene.read(band, self.grid, window)
        return values, valid & clear(scene, window) if band in BANDS else valid

    def _select_granules(self, settings, area, progress):
        first = self.scenes[0]
        if isinstance(area, PixelArea):
            if len(self.scenes) > 1:
                raise UnsuitableInput("A pixel window requires a single granule. Choose one tile of the product.")
            area = area.to_area(first.grid)
        if len(self.scenes) > 1 and area is not None:
            self._retain([scene for scene in self.scenes if _intersects(area, scene.target)] or self.scenes)
        if len(self.scenes) > 1 and not settings.crs:
            self._retain_main_zone(progress)
        grid = self.scenes[0].target
        for scene in self.scenes[1:]:
            grid = grid.covering(scene.target)
        self.grid = grid.part(window_of(area, grid))

    def _retain_main_zone(self, progress):
        zones = []
        for scene in self.scenes:
            zone = next((zone for zone in zones if same_crs(zone[0].grid.crs_wkt, scene.grid.crs_wkt)), None)
            if zone is None:
                zones.append([scene])
            else:
                zone.append(scene)
        largest = max(zones, key=len)
        dropped = [scene for scene in self.scenes if scene not in largest]
        if dropped:
            tiles = ", ".join(scene.product.tile for scene in dropped)
            progress.warn(f"The product has tiles in more than one UTM zone; {tiles} are left out. Choose an output "
                          "CRS to include all tiles.")
        self._retain(largest)

    def _retain(self, scenes):
        for scene in self.scenes:
            if scene not in scenes:
                scene.close()
        self.scenes = scenes


def _intersects(area, grid):
    return not grid.window_of(area.bounds_in(grid.crs_wkt)).intersection(grid.window).is_empty
