"""Reference data of the crop sample: parcels as from a field survey, and a coarse land-cover map.

Outlines are shifted by a few metres and a few parcels are mislabelled, as in real surveys. The map, for use without
parcels, is slightly outdated. Its values are those of ESA CCI Land Cover; the cells are smaller, so that a small scene
contains enough of them.
"""

from dataclasses import dataclass

import numpy as np

from ..classmap.class_map import categorical_layout, categorical_side_files
from ..classmap.classes import MapClass
from ..raster.band_metadata import synthetic_tag
from ..raster.crs import crs_wkt_of
from ..raster.grid import Grid
from ..raster.writer import create_raster
from ..units import SQUARE_METRES_PER_HECTARE
from . import plane_polygons
from .crop_growth import BUILT_UP, COVERS, CROPS, GARDEN, HEDGE, ROOF, SLAB, WATER, WOOD
from .landscape import SUBPIXEL

# Survey.
MIN_HECTARES = 0.3
SURVEYED_FRACTION = 0.36

# Minimum number of parcels of each class, if there are as many.
MIN_PARCELS_PER_CLASS = 8
MISLABELLED_FRACTION = 0.015
OUTLINE_ERROR = 2.0

# Land-cover map.
CELL_SIZE = 100.0
BAND = "land cover (SYNTHETIC DATA)"
OUTDATED_FRACTION = 0.03
CROPLAND, HERBACEOUS_CROPS, FOREST, GRASS, TOWN, OPEN_WATER = 10, 11, 60, 130, 190, 210
CLASSES = tuple(MapClass(value, str(value), label, colour) for value, label, colour in (
    (CROPLAND, "Cropland, rainfed", (255, 255, 100)),
    (HERBACEOUS_CROPS, "Herbaceous cover", (255, 255, 100)),
    (FOREST, "Tree cover, broadleaved, deciduous", (0, 160, 0)),
    (GRASS, "Grassland", (255, 180, 50)),
    (TOWN, "Urban areas", (195, 20, 0)),
    (OPEN_WATER, "Water bodies", (0, 70, 200))))
VALUES = {WOOD.name: FOREST, HEDGE.name: FOREST, "Grassland": GRASS, "Alfalfa": HERBACEOUS_CROPS,
          WATER.name: OPEN_WATER, **{cover.name: TOWN for cover in (BUILT_UP, ROOF, SLAB, GARDEN)}}


@dataclass(frozen=True)
class Parcel:
    """A surveyed parcel.

    Parameters
    ----------
    outline : ndarray, shape (n, 2)
        Metres east and north of the upper-left corner of the scene.
    name : str
    code : int
    cropland : bool
    """

    outline: np.ndarray
    name: str
    code: int
    cropland: bool


def survey(landscape, size, rng):
    """Survey a sample of the plots.

    Parameters
    ----------
    landscape : Landscape
    size : float
        Scene size in metres.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of Parcel
        From north to south.
    """
    covers = landscape.covers[landscape.plot_units]
    eligible = [index for index, outline in enumerate(landscape.outlines) if _is_eligible(outline, size)]
    surveyed = []
    for cover in np.unique(covers):
        candidates = rng.permutation([index for index in eligible if covers[index] == cover])
        count = max(MIN_PARCELS_PER_CLASS, round(SURVEYED_FRACTION * len(candidates)))
        surveyed += [int(index) for index in candidates[:count]]
    surveyed.sort(key=lambda index: (-landscape.outlines[index][:, 1].mean(), index))
    mislabelled = _mislabelled([index for index in surveyed if COVERS[covers[index]].is_crop], landscape.outlines, rng)
    return tuple(_survey_parcel(landscape.outlines[index], COVERS[covers[index]], index in mislabelled, rng)
                 for index in surveyed)


def _is_eligible(outline, size):
    east, north = outline.T
    inside = east.min() > 15 and east.max() < size - 15 and north.max() < -15 and north.min() > 15 - size
    return inside and plane_polygons.area(outline) >= MIN_HECTARES * SQUARE_METRES_PER_HECTARE


def _mislabelled(parcels, outlines, rng):
    """Return the parcels to mislabel, a random sample of the smaller half."""
    by_size = sorted(parcels, key=lambda index: plane_polygons.area(outlines[index]))
    return set(rng.permutation(by_size[:(len(parcels) + 1) // 2])[:round(MISLABELLED_FRACTION * len(parcels))])


def _survey_parcel(outline, cover, is_mislabelled, rng):
    moved = outline + rng.normal(0.0, OUTLINE_ERROR, 2)
    if is_mislabelled:
        cover = CROPS[(CROPS.index(cover) + 1 + rng.integers(len(CROPS) - 1)) % len(CROPS)]
    return Parcel(moved, cover.name, cover.code, cover.is_crop)


def coarse_land_cover(landscape, rng):
    """Return the majority class of each cell, with some outdated cells.

    Parameters
    ----------
    landscape : Landscape
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (rows, columns)
        Cells of 100 m; those on the southern and eastern edge may extend beyond the scene.
    """
    subpixels = int(CELL_SIZE / SUBPIXEL)
    values = np.array([map_class.value for map_class in CLASSES])
    # Margins, tracks and streets are too narrow for the map and have no class.
    cover_values = np.array([VALUES.get(cover.name, CROPLAND if cover in CROPS else 0) for cover in COVERS])
    fine = cover_values[landscape.covers[landscape.labels]]
    padding = [-edge % subpixels for edge in fine.shape]
    fine = np.pad(fine, [(0, edge) for edge in padding], mode="edge")
    cells = fine.reshape(fine.shape[0] // subpixels, subpixels, fine.shape[1] // subpixels, subpixels)
    counts = np.stack([(cells == value).sum(axis=(1, 3)) for value in values])
    majority = values[counts.argmax(axis=0)]
    outdated = rng.random(majority.shape) < OUTDATED_FRACTION
    return np.where(outdated, rng.choice(values, majority.shape), majority).astype(np.uint8)


def write_land_cover(path, values, crs, west, north):
    """Write the map as a GeoTIFF with class names and colours.

    Parameters
    ----------
    path : str
    values : ndarray of uint8, shape (rows, columns)
    crs : str
        Such as EPSG:32631.
    west, north : float
        Upper-left corner.
    """
    grid = Grid(crs_wkt_of(crs), west, north, CELL_SIZE, CELL_SIZE, *values.shape)
    layout = categorical_layout(grid, CLASSES, BAND, synthetic_tag(True))
    with create_raster(path, layout, categorical_side_files(CLASSES, BAND)) as raster:
        raster.write(grid.window, values[None])
