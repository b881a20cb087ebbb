"""Granules of a product, products of a day, common grid.

Common grid for the products of a series, across tiles and UTM zones.

Mosaic of the granules of one product.

Mosaic of all products of one acquisition date.

Where products overlap, a pixel is taken from the first one with a clear observation. The order is: newest processing
baseline, then products that need no reprojection, then the latest processing.
"""

from collections import Counter
from contextlib import ExitStack

import numpy as np

from ..errors import GridMismatch, UnsuitableInput
from ..raster.area_of_interest import PixelArea, window_of
from ..raster.crs import bounds_in, is_same_crs
from ..raster.grid import Window, target_grid
from .msi_bands import BANDS
from .product_reader import ProductReader

# Metres; the tile corners of a UTM zone are multiples of it apart.
LATTICE_STEP = 10.0

# Maximum ratio of output pixels to pixels covered by the products.
MAX_AREA_RATIO = 25


def common_grid(scenes, settings, area):
    """Output grid of a series.

    Without a CRS in the settings, it is the UTM zone of most products, aligned with their pixels so that they are not
    resampled.

    Parameters
    ----------
    scenes : sequence of ProductReader
    settings : SeriesSettings
    area : Area, PixelArea or None
        The output is its bounding box; by default the extent of all products. A `PixelArea` counts pixels of the
        output resolution from the upper-left corner of that extent.

    Returns
    -------
    Grid

    Raises
    ------
    GridMismatch
        If products of one zone are shifted against each other by a fraction of a pixel.
    UnsuitableInput
        If the area lies outside all products, or the products are too far apart.
    """
    crs_wkt = settings.crs or majority_crs([scene.grid for scene in scenes])
    same_crs_scenes = [scene for scene in scenes if is_same_crs(scene.grid.crs_wkt, crs_wkt, missing_is_same=False)]
    for scene in same_crs_scenes[1:]:
        _require_aligned(same_crs_scenes[0], scene)
    lattice = target_grid((same_crs_scenes or scenes)[0].grid, crs_wkt, settings.pixel_size)
    full_extent = lattice.part(_union(covering_window(lattice, scene.grid) for scene in scenes))
    window = window_of(area.to_area(full_extent) if isinstance(area, PixelArea) else area, full_extent)
    if area is not None and not any(_windows_intersect(covering_window(full_extent, scene.grid), window)
                                    for scene in scenes):
        raise UnsuitableInput("The area of interest lies between the products and none of them covers it. Add the "
                              "products of its tile.")
    grid = full_extent.part(window)
    extents = [covering_window(grid, scene.grid).intersection(grid.window) for scene in scenes]
    if grid.height * grid.width > MAX_AREA_RATIO * sum(extent.height * extent.width for extent in extents):
        raise UnsuitableInput(f"The products lie so far apart that an output of {grid.width} x {grid.height} pixels "
                              "would be almost empty. Leave out distant products, or choose an area of interest.")
    return grid


def majority_crs(grids):
    """CRS (WKT) of most grids; the first one of a tie.

    Parameters
    ----------
    grids : sequence of Grid

    Returns
    -------
    str
    """
    names = []
    for grid in grids:
        names.append(next((name for name in names if is_same_crs(name, grid.crs_wkt, missing_is_same=False)),
                          grid.crs_wkt))
    return Counter(names).most_common(1)[0][0]


def covering_window(grid, other):
    """Window of a grid that covers another grid in any CRS; it may extend beyond the first."""
    if is_same_crs(grid.crs_wkt, other.crs_wkt, missing_is_same=False):
        return grid.window_of(other.bounds)
    return grid.window_of(bounds_in(other.bounds, other.crs_wkt, grid.crs_wkt))


def _union(windows):
    windows = list(windows)
    top, left = min(window.row for window in windows), min(window.col for window in windows)
    bottom = max(window.row + window.height for window in windows)
    right = max(window.col + window.width for window in windows)
    return Window(top, left, bottom - top, right - left)


def _windows_intersect(window, other):
    return not window.intersection(other).is_empty


def _require_aligned(first, scene):
    lattice = first.grid.with_pixel_size(LATTICE_STEP)
    if not lattice.is_aligned_with(scene.grid.with_pixel_size(LATTICE_STEP)):
        raise GridMismatch(f"The pixels of {scene.product.uri} are shifted against those of {first.product.uri}. "
                           "Use products as downloaded, or leave this one out.")


class Mosaic:
    """One or more granules on one grid.

    Granules in more than one UTM zone require a CRS in the settings; without it only those in the zone with most
    granules are used, with a warning.

    Parameters
    ----------
    products : sequence of MsiProduct
        Granules of one product.
    settings : StackSettings
    area : Area, PixelArea or None
        Granules outside it are not used.
    progress : Progress

    Attributes
    ----------
    products : list of MsiProduct
        The granules used.
    scenes : list of ProductReader
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
                self.scenes.append(ProductReader(product, settings))
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
            self._retain([scene for scene in self.scenes if _area_intersects(area, scene.target)] or self.scenes)
        if len(self.scenes) > 1 and not settings.crs:
            self._retain_main_zone(progress)
        grid = self.scenes[0].target
        for scene in self.scenes[1:]:
            grid = grid.covering(scene.target)
        self.grid = grid.part(window_of(area, grid))

    def _retain_main_zone(self, progress):
        zones = []
        for scene in self.scenes:
            zone = next((zone for zone in zones if is_same_crs(zone[0].grid.crs_wkt, scene.grid.crs_wkt,
                                                               missing_is_same=False)), None)
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


def _area_intersects(area, grid):
    return not grid.window_of(area.bounds_in(grid.crs_wkt)).intersection(grid.window).is_empty


class Acquisition:
    """The scenes of one acquisition date, mosaicked on one grid.

    Parameters
    ----------
    date : datetime.date
    scenes : sequence of ProductReader
        In order of preference.
    grid : Grid
        Output grid.
    """

    def __init__(self, date, scenes, grid):
        self.date, self.scenes, self.grid = date, tuple(scenes), grid
        self._extents = [covering_window(grid, scene.grid).padded(1) for scene in self.scenes]

    def clear(self, window):
        """Clear-pixel mask of each scene.

        Parameters
        ----------
        window : Window

        Returns
        -------
        list of ndarray of bool, shape (height, width)
            None for scenes that do not intersect the window.
        """
        return [scene.clear(self.grid, window) if self._intersects(index, window) else None
                for index, scene in enumerate(self.scenes)]

    def read(self, band, window, clear):
        """Read a band, each pixel from the first scene with a clear observation.

        Parameters
        ----------
        band : str
        window : Window
        clear : list
            From :meth:`clear`.

        Returns
        -------
        values : ndarray of float32, shape (height, width)
        valid : ndarray of bool, same shape
        """
        values, valid = np.zeros(window.shape, np.float32), np.zeros(window.shape, bool)
        for index, scene in enumerate(self.scenes):
            if clear[index] is not None and not valid.all():
                values, valid, _ = self._merge(scene, band, window, clear[index], values, valid)
        return values, valid

    def read_and_count(self, band, window, clear):
        """Read a band as :meth:`read` does, and count the valid and clear pixels of each scene.

        Returns
        -------
        values, valid : ndarray
        covered, clear : list of int
            Number of pixels of each scene with data, and of those also clear.
        """
        values, valid = np.zeros(window.shape, np.float32), np.zeros(window.shape, bool)
        covered, clear_counts = [0] * len(self.scenes), [0] * len(self.scenes)
        for index, scene in enumerate(self.scenes):
            if clear[index] is not None:
                values, valid, data = self._merge(scene, band, window, clear[index], values, valid)
                covered[index], clear_counts[index] = int(data.sum()), int((data & clear[index]).sum())
        return values, valid, covered, clear_counts

    def _merge(self, scene, band, window, clear, values, valid):
        scene_values, data = scene.read(band, self.grid, window)
        usable = data & clear if band in BANDS else data
        if not valid.any():
            return scene_values, usable, data
        return np.where(valid, values, scene_values), valid | usable, data

    def _intersects(self, index, window):
        return not self._extents[index].intersection(window).is_empty
