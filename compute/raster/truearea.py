"""How much ground a pixel covers: for weights and hectares, in any coordinate reference system."""

import math

SEMI_MAJOR, FLATTENING = 6378137.0, 1 / 298.257223563
# A projected CRS whose areas are true within this share is taken at its word: 10 m pixels are 100 square metres.
TRUE_ENOUGH = 0.01
# Pixels on either side between which the scale is measured.
STEP = 50


def pixel_area(grid, window=None):
    """Square metres of a pixel in the middle of a window.

    Parameters
    ----------
    grid : Grid
    window : Window, optional
        All of the grid if left out.

    Returns
    -------
    float
        On the ellipsoid WGS 84 for degrees and for projections that distort areas (Web Mercator); as the projection
        says for those that do not (UTM, national grids). Square units without a CRS.
    """
    from rasterio.crs import CRS
    from rasterio.errors import CRSError
    from rasterio.warp import transform

    nominal = grid.pixel_width * grid.pixel_height
    crs = CRS.from_wkt(grid.crs_wkt) if grid.crs_wkt else None
    if crs is None:
        return nominal
    part = grid.part(window or grid.window)
    west, south, east, north = part.bounds
    x, y = (west + east) / 2, (south + north) / 2
    dx, dy = STEP * grid.pixel_width, STEP * grid.pixel_height
    if crs.is_geographic:
        unit = crs.units_factor[1] * 180 / math.pi
        return nominal * unit ** 2 * _square_degree(y * unit)
    nominal *= crs.linear_units_factor[1] ** 2
    try:
        longitudes, latitudes = transform(crs, CRS.from_epsg(4326), [x - dx, x + dx, x, x, x],
                                          [y, y, y - dy, y + dy, y])
    except CRSError:
        return nominal
    if not all(map(math.isfinite, (*longitudes, *latitudes))):
        return nominal
    turned = abs((longitudes[1] - longitudes[0]) * (latitudes[3] - latitudes[2])
                 - (longitudes[3] - longitudes[2]) * (latitudes[1] - latitudes[0])) / (2 * STEP) ** 2
    true = turned * _square_degree(latitudes[4])
    return true if true and abs(nominal / true - 1) > TRUE_ENOUGH else nominal


def _square_degree(latitude):
    """Square metres of a square degree: product of the radii of curvature (Snyder 1987, pp. 24-25)."""
    eccentricity = FLATTENING * (2 - FLATTENING)
    bent = 1 - eccentricity * math.sin(math.radians(latitude)) ** 2
    meridian, normal = SEMI_MAJOR * (1 - eccentricity) / bent ** 1.5, SEMI_MAJOR / math.sqrt(bent)
    return math.radians(1) ** 2 * meridian * normal * math.cos(math.radians(latitude))
