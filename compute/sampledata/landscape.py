"""A mosaic of fields: land cut again and again by roads, tracks, hedges and margins, then gently bent.

Straight cuts of convex polygons are exact and leave no gaps; the smooth bending afterwards gives winding roads and
fields that are no rectangles. Coordinates are metres east and north of the upper-left corner of the scene.
"""

import functools
from dataclasses import dataclass

import numpy as np

from . import polygons
from .covers import ASPHALT, BUILT_UP, COVERS, CROPS, GARDEN, HEDGE, MARGIN, ROOF, SLAB, TRACK, WATER, WOOD

HECTARE = 1e4
# Land is laid out this far beyond the scene, so that bending never bares an edge.
MARGIN_AROUND = 350.0
# (land above this many hectares is cut by, cover of the strip, its width in metres)
BORDERS = ((90.0, ASPHALT, 11.0), (24.0, TRACK, 6.0), (10.0, HEDGE, 8.0), (0.0, MARGIN, 3.0))
# How fine the land is drawn, in metres: four spots to the finest pixel of Sentinel-2.
SPOT = 5.0


@dataclass(frozen=True)
class Landscape:
    """The land of a scene.

    Parameters
    ----------
    outlines : tuple of ndarray, shape (n, 2)
        Of every plot (parcel, wood, pond, hamlet).
    plot_units : ndarray of int, shape (plots,)
        Number of the unit that each plot is.
    covers : ndarray of int, shape (units,)
        Place in ``COVERS`` of each unit: a plot, or a strip between plots.
    labels : ndarray of int32, shape (rows, columns)
        Number of the unit at each spot of 5 m.
    """

    outlines: tuple
    plot_units: np.ndarray
    covers: np.ndarray
    labels: np.ndarray


def lay_out(size, rng):
    """Invent the land of a square scene.

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
    plot_covers = _assign(plots, size, rng)
    bend = _bending(rng)
    outlines = []
    for plot, cover in zip(plots, plot_covers):
        fine = polygons.round_off(plot) if cover == COVERS.index(WATER) else polygons.densify(plot, 25.0)
        outlines.append(polygons.simplify(bend(fine), 0.5))
    drawn = [bend(polygons.densify(strip, 25.0)) for strip, _ in strips] + outlines
    covers = np.array([COVERS.index(MARGIN), *(COVERS.index(cover) for _, cover in strips), *plot_covers])
    labels = _draw(drawn, int(size / SPOT))
    labels, covers = _build_and_grow(labels, covers, rng)
    return Landscape(tuple(outlines), np.arange(len(plots)) + len(strips) + 1, covers, labels)


def mean_by_unit(labels, values, units):
    """Mean of a map over each unit.

    Parameters
    ----------
    labels : ndarray of int, shape (rows, columns)
        Number of the unit at each spot.
    values : ndarray, same shape
    units : int
        How many units there are.

    Returns
    -------
    ndarray of float64, shape (units,)
        0 for units outside the map.
    """
    counts = np.bincount(labels.ravel(), minlength=units)
    return np.bincount(labels.ravel(), values.ravel(), minlength=units) / np.maximum(counts, 1)


def _divide(size, rng):
    turn = rng.uniform(0.0, np.pi / 2)
    ahead, aside = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    reach = size / np.sqrt(2.0) + MARGIN_AROUND
    middle = np.array([size / 2, -size / 2])
    corners = [middle + reach * corner for corner in (ahead + aside, ahead - aside, -ahead - aside, aside - ahead)]
    waiting, plots, strips = [np.array(corners)], [], []
    while waiting:
        land = waiting.pop()
        hectares = polygons.area(land) / HECTARE
        if hectares < np.clip(rng.lognormal(np.log(4.6), 0.55), 1.1, 9.5):
            plots.append(land)
            continue
        _, cover, width = next(border for border in BORDERS if hectares >= border[0])
        first, second, strip = _cut_in_two(land, width, rng)
        strips.append((strip, cover))
        waiting += [first, second]
    return plots, strips


def _cut_in_two(land, width, rng):
    centre, axis, length, breadth = polygons.oriented_box(land)
    across = np.array([-axis[1], axis[0]])
    if length < 2.2 * breadth and rng.random() < 0.3:
        axis, across, length = across, axis, breadth
    angle = np.radians(rng.normal(0.0, 5.0))
    normal = np.cos(angle) * axis + np.sin(angle) * across
    point = centre + axis * length * rng.uniform(-0.16, 0.16)
    first = polygons.cut(land, point + normal * width / 2, normal)
    second = polygons.cut(land, point - normal * width / 2, -normal)
    strip = polygons.cut(polygons.cut(land, point - normal * width / 2, normal), point + normal * width / 2, -normal)
    return first, second, strip


def _assign(plots, size, rng):
    """Cover of each plot: woods and hamlets in clusters, ponds here and there, crops by their shares."""
    centres = np.array([plot.mean(axis=0) for plot in plots])
    hectares = np.array([polygons.area(plot) for plot in plots]) / HECTARE
    inside = np.all((centres * (1, -1) > 0) & (centres * (1, -1) < size), axis=1)
    covers = np.full(len(plots), -1)
    scale = min(1.0, size / 4800.0)
    for cover, clusters, radius, singles in ((WOOD, 3, 420.0, 0.02), (BUILT_UP, 2, 210.0, 0.012)):
        for _ in range(clusters):
            place = rng.uniform(0.1, 0.9, 2) * (size, -size)
            reach = radius * scale * rng.uniform(0.7, 1.2)
            near = (np.hypot(*(centres - place).T) < reach) & (covers < 0)
            covers[near] = COVERS.index(cover)
        covers[(rng.random(len(plots)) < singles) & (covers < 0)] = COVERS.index(cover)
    fit_for_pond = np.flatnonzero((covers < 0) & inside & (hectares < 3.2))
    ponds = rng.permutation(fit_for_pond)[:max(1, round(9 * scale ** 2))]
    covers[ponds] = COVERS.index(WATER)
    farmed = rng.permutation(np.flatnonzero(covers < 0))
    bounds = np.cumsum([crop.share for crop in CROPS])
    covers[farmed] = np.searchsorted(bounds / bounds[-1], (np.arange(len(farmed)) + 0.5) / max(1, len(farmed)))
    return covers


def _bending(rng):
    """A smooth map of the plane onto itself: a few long and short waves."""
    waves = []
    for length, reach, count in ((3200.0, 85.0, 2), (1400.0, 24.0, 2), (520.0, 5.0, 3)):
        for _ in range(count):
            heading, turn = rng.uniform(0, 2 * np.pi, 2)
            waves.append((2 * np.pi / length * np.array([np.cos(heading), np.sin(heading)]),
                          reach * np.array([np.cos(turn), np.sin(turn)]), rng.uniform(0, 2 * np.pi)))

    def bend(points):
        return points + sum(np.sin(points @ wave + phase)[:, None] * shift for wave, shift, phase in waves)

    return bend


def _draw(outlines, spots):
    from rasterio import Affine
    from rasterio.features import rasterize

    shapes = ((polygons.as_geojson(outline), unit) for unit, outline in enumerate(outlines, start=1)
              if len(outline) > 2)
    return rasterize(shapes, out_shape=(spots, spots), transform=Affine(SPOT, 0, 0, 0, -SPOT, 0), fill=0,
                     dtype="int32")


def _build_and_grow(labels, covers, rng):
    """Fill hamlets with roofs, streets and gardens; let woods and streets swallow the margins inside them."""
    pieces = (ROOF, SLAB, ASPHALT, GARDEN)
    units = len(covers) + np.arange(len(pieces))
    covers = np.concatenate([covers, [COVERS.index(piece) for piece in pieces]])
    cover_map = covers[labels]
    margin = cover_map == COVERS.index(MARGIN)
    built_up = cover_map == COVERS.index(BUILT_UP)
    wood = np.where(cover_map == COVERS.index(WOOD), labels, -1)
    labels = np.where(margin & _is_amid(wood >= 0), functools.reduce(np.maximum, _around(wood)), labels)
    labels = np.where(margin & _is_amid(built_up), units[pieces.index(ASPHALT)], labels)
    houses = rng.choice(units, size=tuple(-(-edge // 2) for edge in labels.shape), p=(0.27, 0.08, 0.17, 0.48))
    houses = houses.repeat(2, axis=0).repeat(2, axis=1)[:labels.shape[0], :labels.shape[1]]
    return np.where(built_up, houses, labels).astype(np.int32), covers


def _is_amid(mask):
    """Whether half of the 5 x 5 spots around are set."""
    return functools.reduce(np.add, (shifted.astype(np.int8) for shifted in _around(mask))) > 12


def _around(values):
    """The map as seen from the 25 spots around each spot, itself included, one after the other; 0 outside."""
    rows, columns = values.shape
    padded = np.pad(values, 2)
    return (padded[row:row + rows, column:column + columns] for row in range(5) for column in range(5))
