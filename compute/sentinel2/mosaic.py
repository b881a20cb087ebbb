"""One grid for the products of a series, over the borders of tiles and of UTM zones."""

from collections import Counter

from ..errors import GridMismatch, UnsuitableInput
from ..raster.area import PixelArea, window_of
from ..raster.grid import Window
from ..raster.target import bounds_in, target_grid
from ..raster.warp import same_crs

# Metres; the corners of all tiles of a zone are multiples of it apart.
FINEST_PIXEL = 10.0
# A result with this many times the pixels that the products have was not meant.
MOST_EMPTINESS = 25


def common_grid(scenes, settings, area):
    """The grid of the result.

    Without a CRS in the settings it is that of the zone most products lie in, and on the lattice of their pixels, so
    that these are not resampled.

    Parameters
    ----------
    scenes : sequence of Scene
    settings : SeriesSettings
    area : Area, PixelArea or None
        Its bounding box is kept; all of the products without it. A `PixelArea` counts pixels of the resolution
        of the settings, from the upper-left corner of all products together.

    Returns
    -------
    Grid

    Raises
    ------
    GridMismatch
        If products of one zone are shifted against each other by parts of their own pixels.
    UnsuitableInput
        If the area lies outside all products.
    """
    crs_wkt = settings.crs or zone_of_most([scene.grid for scene in scenes])
    at_home = [scene for scene in scenes if same_crs(scene.grid.crs_wkt, crs_wkt)]
    for scene in at_home[1:]:
        _require_one_lattice(at_home[0], scene)
    lattice = target_grid((at_home or scenes)[0].grid, crs_wkt, settings.resolution)
    covering = lattice.part(_union(window_on(lattice, scene.grid) for scene in scenes))
    window = window_of(area.to_area(covering) if isinstance(area, PixelArea) else area, covering)
    if area is not None and not any(_meet(window_on(covering, scene.grid), window) for scene in scenes):
        raise UnsuitableInput("The area of interest lies between the products: none of them shows it. Add the products "
                              "of its tile.")
    grid = covering.part(window)
    shown = [window_on(grid, scene.grid).intersection(grid.window) for scene in scenes]
    if grid.height * grid.width > MOST_EMPTINESS * sum(extent.height * extent.width for extent in shown):
        raise UnsuitableInput(f"The products lie so far apart that a result of {grid.width} x {grid.height} pixels "
                              "would be almost empty. Leave out those of another place, or choose an area of interest.")
    return grid


def zone_of_most(grids):
    """CRS (WKT) that most grids have; of several the one that comes first.

    Parameters
    ----------
    grids : sequence of Grid

    Returns
    -------
    str
    """
    kinds = []
    for grid in grids:
        kinds.append(next((known for known in kinds if same_crs(known, grid.crs_wkt)), grid.crs_wkt))
    return Counter(kinds).most_common(1)[0][0]


def window_on(grid, other):
    """The window of a grid that covers another one, in whatever CRS; it may reach outside."""
    if same_crs(grid.crs_wkt, other.crs_wkt):
        return grid.window_of(other.bounds)
    return grid.window_of(bounds_in(other, grid.crs_wkt))


def _union(windows):
    windows = list(windows)
    top, left = min(window.row for window in windows), min(window.col for window in windows)
    bottom = max(window.row + window.height for window in windows)
    right = max(window.col + window.width for window in windows)
    return Window(top, left, bottom - top, right - left)


def _meet(window, other):
    return not window.intersection(other).is_empty


def _require_one_lattice(first, scene):
    finest = first.grid.with_pixel_size(FINEST_PIXEL)
    if not finest.is_aligned_with(scene.grid.with_pixel_size(FINEST_PIXEL)):
        raise GridMismatch(f"The pixels of {scene.product.uri} are shifted against those of {first.product.uri}. "
                           "Use products as they are downloaded, or leave this one out.")
