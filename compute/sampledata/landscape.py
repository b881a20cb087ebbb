"""Synthetic farmland: plots separated by roads, tracks, hedges and margins.

Convex polygons are divided recursively by straight cuts, which leave no gaps, and then deformed smoothly to obtain
winding roads and irregular plots. Coordinates are metres east and north of the upper-left corner of the scene.
"""

import functools
from dataclasses import dataclass

import numpy as np

from ..raster.geometries import rasterise
from ..raster.grid import Grid
from ..units import SQUARE_METRES_PER_HECTARE
from . import plane_polygons
from .crop_growth import ASPHALT, BUILT_UP, COVERS, CROPS, GARDEN, HEDGE, MARGIN, ROOF, SLAB, TRACK, WATER, WOOD

# Metres by which the land extends beyond the scene, so that the deformation leaves no gap at its edge.
SCENE_BUFFER = 350.0

# Minimum area of the land to divide (ha), cover of the dividing strip, its width in metres.
BORDERS = ((90.0, ASPHALT, 11.0), (24.0, TRACK, 6.0), (10.0, HEDGE, 8.0), (0.0, MARGIN, 3.0))

# Subpixel size in metres: four subpixels in the smallest pixel of Sentinel-2.
SUBPIXEL = 5.0


@dataclass(frozen=True)
class Landscape:
    """Land of a scene.

    Parameters
    ----------
    outlines : tuple of ndarray, shape (n, 2)
        Outline of every plot (parcel, wood, pond, hamlet).
    plot_units : ndarray of int, shape (plots,)
        Unit of each plot.
    covers : ndarray of int, shape (units,)
        Index in ``COVERS`` of each unit (a plot, or a strip between plots).
    labels : ndarray of int32, shape (rows, columns)
        Unit of each subpixel of 5 m.
    """

    outlines: tuple
    plot_units: np.ndarray
    covers: np.ndarray
    labels: np.ndarray


def create_landscape(size, rng):
    """Create the land of a square scene.

    Parameters
    ----------
    size : float
        Edge of the scene in metres.
    rng : numpy.random.Generator

    Returns
    -------
    Landscape
    """
    plots, strips = _divide(size, rng)
    plot_covers = _assign_covers(plots, size, rng)
    bend = _create_bending(rng)
    outlines = []
    for plot, cover in zip(plots, plot_covers):
        fine = plane_polygons.round_off(plot) if cover == COVERS.index(WATER) else plane_polygons.densify(plot, 25.0)
        outlines.append(plane_polygons.simplify(bend(fine), 0.5))
    units = [bend(plane_polygons.densify(strip, 25.0)) for strip, _ in strips] + outlines
    covers = np.array([COVERS.index(MARGIN), *(COVERS.index(cover) for _, cover in strips), *plot_covers])
    labels = _rasterise(units, int(size / SUBPIXEL))
    labels, covers = _refine_hamlets_and_woods(labels, covers, rng)
    return Landscape(tuple(outlines), np.arange(len(plots)) + len(strips) + 1, covers, labels)


def mean_by_unit(labels, values, units):
    """Return the mean of an array over each unit.

    Parameters
    ----------
    labels : ndarray of int, shape (rows, columns)
        Unit of each subpixel.
    values : ndarray, same shape
    units : int
        Number of units.

    Returns
    -------
    ndarray of float64, shape (units,)
        0 for units outside the scene.
    """
    counts = np.bincount(labels.ravel(), minlength=units)
    return np.bincount(labels.ravel(), values.ravel(), minlength=units) / np.maximum(counts, 1)


def _divide(size, rng):
    turn = rng.uniform(0.0, np.pi / 2)
    ahead, aside = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    reach = size / np.sqrt(2.0) + SCENE_BUFFER
    middle = np.array([size / 2, -size / 2])
    corners = [middle + reach * corner for corner in (ahead + aside, ahead - aside, -ahead - aside, aside - ahead)]
    undivided, plots, strips = [np.array(corners)], [], []
    while undivided:
        land = undivided.pop()
        hectares = plane_polygons.area(land) / SQUARE_METRES_PER_HECTARE
        if hectares < np.clip(rng.lognormal(np.log(4.6), 0.55), 1.1, 9.5):
            plots.append(land)
            continue
        _, cover, width = next(border for border in BORDERS if hectares >= border[0])
        first, second, strip = _cut_in_two(land, width, rng)
        strips.append((strip, cover))
        undivided += [first, second]
    return plots, strips


def _cut_in_two(land, width, rng):
    centre, axis, length, breadth = plane_polygons.oriented_box(land)
    across = np.array([-axis[1], axis[0]])
    if length < 2.2 * breadth and rng.random() < 0.3:
        axis, across, length = across, axis, breadth
    angle = np.radians(rng.normal(0.0, 5.0))
    normal = np.cos(angle) * axis + np.sin(angle) * across
    point = centre + axis * length * rng.uniform(-0.16, 0.16)
    first = plane_polygons.cut(land, point + normal * width / 2, normal)
    second = plane_polygons.cut(land, point - normal * width / 2, -normal)
    beyond = plane_polygons.cut(land, point - normal * width / 2, normal)
    strip = plane_polygons.cut(beyond, point + normal * width / 2, -normal)
    return first, second, strip


def _assign_covers(plots, size, rng):
    """Return the cover of each plot: woods and hamlets in clusters, scattered ponds, crops by area fraction."""
    centres = np.array([plot.mean(axis=0) for plot in plots])
    hectares = np.array([plane_polygons.area(plot) for plot in plots]) / SQUARE_METRES_PER_HECTARE
    inside = np.all((centres * (1, -1) > 0) & (centres * (1, -1) < size), axis=1)
    covers = np.full(len(plots), -1)
    scale = min(1.0, size / 4800.0)
    for cover, clusters, radius, singles in ((WOOD, 3, 420.0, 0.02), (BUILT_UP, 2, 210.0, 0.012)):
        for _ in range(clusters):
            centre = rng.uniform(0.1, 0.9, 2) * (size, -size)
            reach = radius * scale * rng.uniform(0.7, 1.2)
            near = (np.hypot(*(centres - centre).T) < reach) & (covers < 0)
            covers[near] = COVERS.index(cover)
        covers[(rng.random(len(plots)) < singles) & (covers < 0)] = COVERS.index(cover)
    pond_candidates = np.flatnonzero((covers < 0) & inside & (hectares < 3.2))
    ponds = rng.permutation(pond_candidates)[:max(1, round(9 * scale ** 2))]
    covers[ponds] = COVERS.index(WATER)
    farmed = rng.permutation(np.flatnonzero(covers < 0))
    bounds = np.cumsum([crop.area_fraction for crop in CROPS])
    covers[farmed] = np.searchsorted(bounds / bounds[-1], (np.arange(len(farmed)) + 0.5) / max(1, len(farmed)))
    return covers


def _create_bending(rng):
    """Return a smooth deformation of the plane, a sum of long and short waves."""
    waves = []
    for length, reach, count in ((3200.0, 85.0, 2), (1400.0, 24.0, 2), (520.0, 5.0, 3)):
        for _ in range(count):
            heading, turn = rng.uniform(0, 2 * np.pi, 2)
            waves.append((2 * np.pi / length * np.array([np.cos(heading), np.sin(heading)]),
                          reach * np.array([np.cos(turn), np.sin(turn)]), rng.uniform(0, 2 * np.pi)))

    def bend(points):
        return points + sum(np.sin(points @ wave + phase)[:, None] * shift for wave, shift, phase in waves)

    return bend


def _rasterise(outlines, subpixels):
    shapes = ((plane_polygons.as_geojson(outline), unit) for unit, outline in enumerate(outlines, start=1)
              if len(outline) > 2)
    return rasterise(shapes, Grid("", 0, 0, SUBPIXEL, SUBPIXEL, subpixels, subpixels), dtype="int32")


def _refine_hamlets_and_woods(labels, covers, rng):
    """Divide hamlets into roofs, streets and gardens; replace the margins inside hamlets and woods."""
    parts = (ROOF, SLAB, ASPHALT, GARDEN)
    units = len(covers) + np.arange(len(parts))
    covers = np.concatenate([covers, [COVERS.index(part) for part in parts]])
    cover_map = covers[labels]
    margin = cover_map == COVERS.index(MARGIN)
    built_up = cover_map == COVERS.index(BUILT_UP)
    wood = np.where(cover_map == COVERS.index(WOOD), labels, -1)
    labels = np.where(margin & _is_surrounded(wood >= 0), functools.reduce(np.maximum, _shifted_views(wood)), labels)
    labels = np.where(margin & _is_surrounded(built_up), units[parts.index(ASPHALT)], labels)
    houses = rng.choice(units, size=tuple(-(-edge // 2) for edge in labels.shape), p=(0.27, 0.08, 0.17, 0.48))
    houses = houses.repeat(2, axis=0).repeat(2, axis=1)[:labels.shape[0], :labels.shape[1]]
    return np.where(built_up, houses, labels).astype(np.int32), covers


def _is_surrounded(mask):
    """Return whether more than 12 of the 25 subpixels in a 5 x 5 window are set."""
    return functools.reduce(np.add, (shifted.astype(np.int8) for shifted in _shifted_views(mask))) > 12


def _shifted_views(values):
    """Yield the array shifted to each position in a 5 x 5 window; 0 outside."""
    rows, columns = values.shape
    padded = np.pad(values, 2)
    return (padded[row:row + rows, column:column + columns] for row in range(5) for column in range(5))
