"""The grid of a result: in the CRS of what is read, or in any other."""

import math

from ..errors import UnsuitableInput
from .grid import Grid
from .warp import same_crs

# Length of a degree on the equator of WGS 84, in metres.
METRES_PER_DEGREE = 111319.49079327358
# Points along each edge of a grid that decide how far it reaches in another CRS.
EDGE_POINTS = 41


def target_grid(grid, crs_wkt, pixel_size):
    """The grid that covers another one, with square pixels of some size.

    Parameters
    ----------
    grid : Grid
    crs_wkt : str
        CRS of the result; empty for that of `grid`.
    pixel_size : float
        Metres; a degree counts as 111319.49 m, whatever the latitude.

    Returns
    -------
    Grid
        From the upper-left corner of `grid` where the CRS is the same. Otherwise its corner is a multiple of the pixel
        size, so that the grids of neighbouring images fall on one lattice.

    Raises
    ------
    UnsuitableInput
        If the CRS is none that maps can be drawn in, or does not reach the place.
    """
    if not crs_wkt or same_crs(grid.crs_wkt, crs_wkt):
        return grid.with_pixel_size(pixel_size)
    size = pixel_size / metres_per_unit(crs_wkt)
    west, south, east, north = bounds_in(grid, crs_wkt)
    left, top = math.floor(west / size + 1e-6), math.ceil(north / size - 1e-6)
    right, bottom = math.ceil(east / size - 1e-6), math.floor(south / size + 1e-6)
    return Grid(crs_wkt=crs_wkt, west=left * size, north=top * size, pixel_width=size, pixel_height=size,
                height=max(1, top - bottom), width=max(1, right - left))


def bounds_in(grid, crs_wkt):
    """(west, south, east, north) of a grid in another CRS.

    Raises
    ------
    UnsuitableInput
        If it cannot be expressed there.
    """
    from rasterio._err import CPLE_BaseError
    from rasterio.crs import CRS
    from rasterio.errors import RasterioError
    from rasterio.warp import transform_bounds

    try:
        box = transform_bounds(CRS.from_wkt(grid.crs_wkt), CRS.from_wkt(crs_wkt), *grid.bounds,
                               densify_pts=EDGE_POINTS)
    except (RasterioError, CPLE_BaseError):
        box = (math.inf,)
    if not all(map(math.isfinite, box)):
        raise UnsuitableInput("The image cannot be expressed in the chosen CRS: it does not reach this part of the "
                              "Earth. Choose another CRS.")
    return box


def metres_per_unit(crs_wkt):
    """Length of a unit of a CRS in metres (of a degree: on the equator).

    Raises
    ------
    UnsuitableInput
        If it is neither projected nor in degrees.
    """
    from rasterio.crs import CRS

    crs = CRS.from_wkt(crs_wkt)
    if crs.is_geographic:
        return METRES_PER_DEGREE
    if not crs.is_projected:
        raise UnsuitableInput("The chosen CRS is neither projected nor in degrees. Choose a CRS for maps.")
    return crs.linear_units_factor[1]
