"""A synthetic scene for the classifiers: square fields of three well separable crops on a small raster."""

import numpy as np

CROPS = ("barley", "maize", "wheat")
LEVELS = {"barley": (0.2, 0.8), "maize": (0.8, 0.2), "wheat": (0.5, 0.5)}
FIELD = 8  # pixels; fields are 6 pixels wide with a gap of 2
ROWS, COLUMNS = 5, 6
PIXEL = 10.0
WEST, NORTH = 500000.0, 4800000.0
CRS = "EPSG:32631"


def square(row, column, size=6):
    """GeoJSON polygon of `size` x `size` pixels with the upper-left pixel (row, column)."""
    west, north = WEST + column * PIXEL, NORTH - row * PIXEL
    east, south = west + size * PIXEL, north - size * PIXEL
    return {"type": "Polygon", "coordinates": [[[west, south], [west, north], [east, north], [east, south],
                                                [west, south]]]}


def fields():
    """List of (number, crop, geometry) of 30 fields, ten of each crop."""
    return [(number, CROPS[number % 3], square(number // COLUMNS * FIELD + 1, number % COLUMNS * FIELD + 1))
            for number in range(ROWS * COLUMNS)]


def parcels():
    """The fields as parcels."""
    from floefield.compute.insitu.parcel import Parcel

    return tuple(Parcel(*field) for field in fields())


def reflectance(noise=0.05, seed=1):
    """Two bands, shape (2, rows, columns), with bare soil between the fields."""
    values = np.full((2, ROWS * FIELD, COLUMNS * FIELD), 0.35)
    for number, crop, _ in fields():
        row, column = number // COLUMNS * FIELD + 1, number % COLUMNS * FIELD + 1
        values[:, row:row + 6, column:column + 6] = np.array(LEVELS[crop])[:, None, None]
    return values + np.random.default_rng(seed).normal(0, noise, values.shape)


def write(path, values, names=("B04", "B08"), nodata=None, scale=1.0, west=WEST, crs=CRS, tags=None, **options):
    """Write bands with rasterio, without any code of Floefield, and return the path as text."""
    import rasterio

    values = np.asarray(values)
    values = values.astype("float32") if values.dtype == np.float64 else values
    with rasterio.open(path, "w", driver="GTiff", count=len(values), height=values.shape[1], width=values.shape[2],
                       dtype=values.dtype, crs=crs, nodata=nodata,
                       transform=rasterio.Affine(PIXEL, 0, west, 0, -PIXEL, NORTH), **options) as raster:
        raster.write(values)
        raster.descriptions = names
        raster.scales = [scale] * len(values)
        raster.update_tags(**(tags or {}))
    return str(path)


def read(path):
    """All bands of a raster and its nodata value."""
    import rasterio

    with rasterio.open(path) as raster:
        return raster.read(), raster.nodata
