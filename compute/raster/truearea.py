"""True area of a pixel, in any coordinate reference system."""

import math

SEMI_MAJOR, FLATTENING = 6378137.0, 1 / 298.257223563
# Relative area distortion up to which the nominal pixel area of a projected CRS is used: 10 m pixels have 100 m2.
AREA_TOLERANCE = 0.01
# Distance in pixels, on either side, over which the scale of the projection is measured.
STEP = 50


def pixel_area(grid, window=None):
    """Return the area in square metres of a pixel in the centre of a window.

    Parameters
    ----------
    grid : Grid
    window : Window, optional
        The whole grid by default.

    Returns
    -------
    float
        Area on the WGS 84 ellipsoid for geographic CRSs and for projections that distort areas (Web Mercator), nominal
        area for other projections (UTM, national grids). Square units without a CRS.
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
    square_degrees = abs((longitudes[1] - longitudes[0]) * (latitudes[3] - latitudes[2])
                         - (longitudes[3] - longitudes[2]) * (latitudes[1] - latitudes[0])) / (2 * STEP) ** 2
    true = square_degrees * _square_degree(latitudes[4])
    return true if true and abs(nominal / true - 1) > AREA_TOLERANCE else nominal


def _square_degree(latitude):
    """Return the area of a square degree in square metres, from the radii of curvature (Snyder 1987, pp. 24-25)."""
    squared_eccentricity = FLATTENING * (2 - FLATTENING)
    factor = 1 - squared_eccentricity * math.sin(math.radians(latitude)) ** 2
    meridian, normal = SEMI_MAJOR * (1 - squared_eccentricity) / factor ** 1.5, SEMI_MAJOR / math.sqrt(factor)
    return math.radians(1) ** 2 * meridian * normal * math.cos(math.radians(latitude))
