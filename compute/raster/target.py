"""Output grids: in the CRS of the input or in another CRS."""

import math

from ..errors import UnsuitableInput
from .grid import Grid
from .warp import same_crs

# Length of a degree on the equator of WGS 84, in metres.
METRES_PER_DEGREE = 111319.49079327358
# Points along each edge of a grid that are transformed to find its bounds in another CRS.
EDGE_POINTS = 41


def target_grid(grid, crs_wkt, pixel_size):
    """Return the grid with square pixels that covers another grid.

    Parameters
    ----------
    grid : Grid
    crs_wkt : str
        Output CRS; empty for that of `grid`.
    pixel_size : float
        Metres; a degree is taken as 111319.49 m at any latitude.

    Returns
    -------
    Grid
        With the upper-left corner of `grid` if the CRS is the same. Otherwise the corner is a multiple of the pixel
        size, so that the grids of neighbouring images are aligned.

    Raises
    ------
    UnsuitableInput
        If the CRS is neither projected nor geographic, or the grid lies outside its domain.
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
    """Return (west, south, east, north) of a grid in another CRS.

    Raises
    ------
    UnsuitableInput
        If the grid cannot be transformed to that CRS.
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
        raise UnsuitableInput("The image lies outside the domain of the selected CRS. Choose another CRS.")
    return box


def metres_per_unit(crs_wkt):
    """Return the length of a CRS unit in metres (of a degree: on the equator).

    Raises
    ------
    UnsuitableInput
        If the CRS is neither projected nor geographic.
    """
    from rasterio.crs import CRS

    crs = CRS.from_wkt(crs_wkt)
    if crs.is_geographic:
        return METRES_PER_DEGREE
    if not crs.is_projected:
        raise UnsuitableInput("The selected CRS is neither projected nor geographic. Choose a projected or geographic "
                              "CRS.")
    return crs.linear_units_factor[1]
