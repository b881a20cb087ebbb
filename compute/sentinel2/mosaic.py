"""Common grid for the products of a series, across tiles and UTM zones."""

from collections import Counter

from ..errors import GridMismatch, UnsuitableInput
from ..raster.area import PixelArea, window_of
from ..raster.grid import Window
from ..raster.target import bounds_in, target_grid
from ..raster.warp import same_crs

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
    scenes : sequence of Scene
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
    same_crs_scenes = [scene for scene in scenes if same_crs(scene.grid.crs_wkt, crs_wkt)]
    for scene in same_crs_scenes[1:]:
        _require_aligned(same_crs_scenes[0], scene)
    lattice = target_grid((same_crs_scenes or scenes)[0].grid, crs_wkt, settings.resolution)
    full_extent = lattice.part(_union(covering_window(lattice, scene.grid) for scene in scenes))
    window = window_of(area.to_area(full_extent) if isinstance(area, PixelArea) else area, full_extent)
    if area is not None and not any(_intersects(covering_window(full_extent, scene.grid), window) for scene in scenes):
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
        names.append(next((name for name in names if same_crs(name, grid.crs_wkt)), grid.crs_wkt))
    return Counter(names).most_common(1)[0][0]


def covering_window(grid, other):
    """Window of a grid that covers another grid in any CRS; it may extend beyond the first."""
    if same_crs(grid.crs_wkt, other.crs_wkt):
        return grid.window_of(other.bounds)
    return grid.window_of(bounds_in(other, grid.crs_wkt))


def _union(windows):
    windows = list(windows)
    top, left = min(window.row for window in windows), min(window.col for window in windows)
    bottom = max(window.row + window.height for window in windows)
    right = max(window.col + window.width for window in windows)
    return Window(top, left, bottom - top, right - left)


def _intersects(window, other):
    return not window.intersection(other).is_empty


def _require_aligned(first, scene):
    lattice = first.grid.with_pixel_size(LATTICE_STEP)
    if not lattice.is_aligned_with(scene.grid.with_pixel_size(LATTICE_STEP)):
        raise GridMismatch(f"The pixels of {scene.product.uri} are shifted against those of {first.product.uri}. "
                           "Use products as downloaded, or leave this one out.")
