"""An older, coarser map of the same land, as those who have never been in the field begin with.

Its values are those of ESA CCI Land Cover, but its cells are smaller, so that a small scene holds some of them. A few
are out of date.
"""

import numpy as np

from ..classes import MapClass
from ..raster.categorical import categorical_layout, categorical_side_files
from ..raster.grid import Grid
from ..raster.writer import create_raster
from .covers import BUILT_UP, COVERS, CROPS, GARDEN, HEDGE, ROOF, SLAB, WATER, WOOD
from .landscape import SPOT

CELL = 100.0
BAND = "land cover (SYNTHETIC DATA)"
OUT_OF_DATE = 0.03
CROPLAND, HERBACEOUS_CROPS, FOREST, GRASS, TOWN, OPEN_WATER = 10, 11, 60, 130, 190, 210
CLASSES = tuple(MapClass(value, str(value), label, colour) for value, label, colour in (
    (CROPLAND, "Cropland, rainfed", (255, 255, 100)),
    (HERBACEOUS_CROPS, "Herbaceous cover", (255, 255, 100)),
    (FOREST, "Tree cover, broadleaved, deciduous", (0, 160, 0)),
    (GRASS, "Grassland", (255, 180, 50)),
    (TOWN, "Urban areas", (195, 20, 0)),
    (OPEN_WATER, "Water bodies", (0, 70, 200))))
KINDS = {WOOD.name: FOREST, HEDGE.name: FOREST, "Grassland": GRASS, "Alfalfa": HERBACEOUS_CROPS, WATER.name: OPEN_WATER,
         **{cover.name: TOWN for cover in (BUILT_UP, ROOF, SLAB, GARDEN)}}


def coarse_land_cover(landscape, rng):
    """What most of each cell was some years ago.

    Parameters
    ----------
    landscape : Landscape
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        Cells of 100 m; those on the southern and eastern edge may reach beyond the scene.
    """
    spots = int(CELL / SPOT)
    values = np.array([map_class.value for map_class in CLASSES])
    # Margins, tracks and streets are too narrow for the map: they count for none of its classes.
    kinds = np.array([KINDS.get(cover.name, CROPLAND if cover in CROPS else 0) for cover in COVERS])
    seen = kinds[landscape.covers[landscape.labels]]
    short = [-edge % spots for edge in seen.shape]
    seen = np.pad(seen, [(0, edge) for edge in short], mode="edge")
    cells = seen.reshape(seen.shape[0] // spots, spots, seen.shape[1] // spots, spots)
    counts = np.stack([(cells == value).sum(axis=(1, 3)) for value in values])
    found = values[counts.argmax(axis=0)]
    return np.where(rng.random(found.shape) < OUT_OF_DATE, rng.choice(values, found.shape), found).astype(np.uint8)


def write_land_cover(path, values, crs, west, north):
    """Write the map as a GeoTIFF with names and colours.

    Parameters
    ----------
    path : str
    values : ndarray of uint8, shape (rows, columns)
    crs : str
        Such as EPSG:32631.
    west, north : float
        Upper-left corner.
    """
    from rasterio.crs import CRS

    grid = Grid(CRS.from_string(crs).to_wkt(), west, north, CELL, CELL, *values.shape)
    layout = categorical_layout(grid, CLASSES, BAND, {"SYNTHETIC": "YES"})
    with create_raster(path, layout, categorical_side_files(CLASSES, BAND)) as raster:
        raster.write(grid.window, values[None])
