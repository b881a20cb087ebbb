"""The granules of one product side by side on one grid."""

from contextlib import ExitStack

import numpy as np

from ..errors import UnsuitableInput
from ..raster.area import PixelArea, window_of
from ..raster.warp import same_crs
from .bands import BANDS
from .scene import Scene


class Mosaic:
    """One or more granules, opened as the settings ask.

    Granules of more than one UTM zone need a CRS in the settings; without it those of the zone with most granules are
    used and the user is told of the others.

    Parameters
    ----------
    products : sequence of Product
        Granules of one product.
    settings : StackSettings
    area : Area, PixelArea or None
        Granules outside of it are left out.
    progress : Progress

    Attributes
    ----------
    products : list of Product
        Those that are used.
    scenes : list of Scene
    grid : Grid
        Of the result: all that is wanted of them.

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If they cannot be used, or the area lies outside of all.
    """

    def __init__(self, products, settings, area, progress):
        self.scenes = []
        with ExitStack() as unless_complete:
            unless_complete.callback(self.close)
            for product in products:
                self.scenes.append(Scene(product, settings))
            self._choose(settings, area, progress)
            unless_complete.pop_all()
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
        """A band on the grid of the result, each pixel from the first granule that has it.

        Parameters
        ----------
        band : str
        window : Window
        clear : callable
            Takes a scene and a window, gives what the cloud mask of the scene leaves.

        Returns
        -------
        values : ndarray of float32, shape (height, width)
        valid : ndarray of bool, same shape
            False under clouds, if the band is a reflectance.
        """
        values, valid = self._read_scene(self.scenes[0], band, window, clear)
        for scene in self.scenes[1:]:
            if valid.all():
                break
            more, more_valid = self._read_scene(scene, band, window, clear)
            values, valid = np.where(valid, values, more), valid | more_valid
        return values, valid

    def _read_scene(self, scene, band, window, clear):
        values, valid = scene.read(band, self.grid, window)
        return values, valid & clear(scene, window) if band in BANDS else valid

    def _choose(self, settings, area, progress):
        first = self.scenes[0]
        if isinstance(area, PixelArea):
            if len(self.scenes) > 1:
                raise UnsuitableInput("A pixel window needs one granule: choose one of the tiles of the product.")
            area = area.to_area(first.grid)
        if len(self.scenes) > 1 and area is not None:
            self._keep([scene for scene in self.scenes if _touches(area, scene.target)] or self.scenes)
        if len(self.scenes) > 1 and not settings.crs:
            self._keep_one_zone(progress)
        grid = self.scenes[0].target
        for scene in self.scenes[1:]:
            grid = grid.covering(scene.target)
        self.grid = grid.part(window_of(area, grid))

    def _keep_one_zone(self, progress):
        zones = []
        for scene in self.scenes:
            zone = next((zone for zone in zones if same_crs(zone[0].grid.crs_wkt, scene.grid.crs_wkt)), None)
            if zone is None:
                zones.append([scene])
            else:
                zone.append(scene)
        chosen = max(zones, key=len)
        left_out = [scene for scene in self.scenes if scene not in chosen]
        if left_out:
            tiles = ", ".join(scene.product.tile for scene in left_out)
            progress.warn(f"The product has tiles of more than one UTM zone; {tiles} are left out. Choose a CRS for "
                          "the result to have all of them.")
        self._keep(chosen)

    def _keep(self, scenes):
        for scene in self.scenes:
            if scene not in scenes:
                scene.close()
        self.scenes = scenes


def _touches(area, grid):
    return not grid.window_of(area.bounds_in(grid.crs_wkt)).intersection(grid.window).is_empty
