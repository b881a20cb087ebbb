"""Draft charts and the ice edge: concentration and stages of development of polygons or cells of an ice map.

Codes follow SIGRID-3 version 3.0 (JCOMM Technical Report 23, 2014): concentrations in tenths, 91 for more than nine
tenths and 92 for ten; up to three ice types, the thickest first.
"""

from dataclasses import dataclass

import numpy as np

MISSING, UNKNOWN = "-9", "99"
CODES = ("CT", "CA", "SA", "FA", "CB", "SB", "FB", "CC", "SC", "FC", "CN", "CD", "CF")
MAX_ICE_TYPES = 3

# Minimum number of mapped pixels in a polygon, and minimum mapped fraction of a cell.
MIN_PIXELS, MIN_MAPPED_FRACTION = 20, 0.25

# Code of a class with several stages: the first of these that it contains, the most general one.
GENERAL_STAGES = (95, 86, 83, 81, 91, 87)

# Stages that are not ice.
WATER_STAGES = frozenset({0, 1, 80})


@dataclass(frozen=True)
class DraftArea:
    """A polygon of a draft chart.

    Parameters
    ----------
    geometry : dict
        GeoJSON in the CRS of the scene.
    codes : tuple of str
        One for each of ``CODES``.
    poly_type : str
        I or W.
    pixels : int
        Mapped pixels in it.
    """

    geometry: dict
    codes: tuple
    poly_type: str
    pixels: int


def stage_codes(legend):
    """Return the SIGRID-3 stage of development of each class.

    Parameters
    ----------
    legend : Legend

    Returns
    -------
    dict of int to int
        By class value; 0 for water, 99 where the legend has no stage.
    """
    codes = {}
    for entry in legend.classes:
        rules = [rule for rule in legend.rules if rule.value == entry.value]
        stages = {stage for rule in rules for stage in rule.stages if stage is not None}
        is_water = any(rule.poly_types == frozenset("W") for rule in rules) or (bool(stages) and stages <= WATER_STAGES)
        codes[entry.value] = 0 if is_water else next((code for code in GENERAL_STAGES if code in stages),
                                                     min(stages, default=int(UNKNOWN)))
    return codes


def water_values(legend):
    """Return the class values that are not ice.

    Returns
    -------
    frozenset of int
    """
    return frozenset(value for value, code in stage_codes(legend).items() if code == 0)


def egg_code(counts, stages):
    """Return the egg code of an area from its pixel counts by class.

    Parameters
    ----------
    counts : ndarray of int, shape (values,)
    stages : dict of int to int
        From :func:`stage_codes`.

    Returns
    -------
    codes : tuple of str
        One for each of ``CODES``.
    poly_type : str
    """
    fractions = {}
    total = int(counts[1:].sum())
    for value, stage in stages.items():
        if stage and value < len(counts) and counts[value]:
            fractions[stage] = fractions.get(stage, 0.0) + counts[value] / total
    concentration = concentration_code(sum(fractions.values()))
    if concentration in ("98", "01"):
        codes = {"CT": concentration}
        return tuple(codes.get(name, MISSING) for name in CODES), "W" if concentration == "98" else "I"
    largest = sorted(fractions, key=lambda stage: -fractions[stage])[:MAX_ICE_TYPES]
    reported = [stage for stage in largest if round(10 * fractions[stage]) >= 1] or largest[:1]
    codes = {"CT": concentration, "CF": MISSING * 2}
    for letter, stage in zip("ABC", sorted(reported, reverse=True)):
        is_single = len(reported) == 1
        codes[f"C{letter}"] = MISSING if is_single else f"{10 * max(1, min(9, round(10 * fractions[stage]))):02d}"
        codes[f"S{letter}"] = f"{stage:02d}"
        codes[f"F{letter}"] = UNKNOWN
    return tuple(codes.get(name, MISSING) for name in CODES), "I"


def concentration_code(concentration):
    """Return the SIGRID-3 code of a total concentration (0..1).

    >>> [concentration_code(concentration) for concentration in (0.0, 0.05, 0.34, 0.93, 0.99)]
    ['98', '01', '30', '91', '92']
    """
    if concentration < 0.005:
        return "98"
    if concentration < 0.1:
        return "01"
    if concentration >= 0.975:
        return "92"
    return "91" if concentration > 0.9 else f"{10 * round(10 * concentration)}"


def draft_by_polygon(mapped, chart_raster, stages):
    """Return the polygons of the chart with the egg codes of the map.

    Returns
    -------
    list of DraftArea
    """
    areas = []
    for index, counts in enumerate(mapped.counts_by_polygon[:-1]):
        pixels = int(counts[1:].sum())
        if pixels >= MIN_PIXELS and not chart_raster.polygons[index].is_land:
            areas.append(DraftArea(chart_raster.geometry(index), *egg_code(counts, stages), pixels))
    return areas


def draft_by_cell(mapped, grid, stages):
    """Return the cells of a scene with the egg codes of the map.

    Returns
    -------
    list of DraftArea
    """
    areas = []
    size = mapped.cell_pixels
    min_pixels = max(1, MIN_MAPPED_FRACTION * size * size)
    for row, column in np.argwhere(mapped.counts_by_cell[..., 1:].sum(axis=-1) >= min_pixels):
        counts = mapped.counts_by_cell[row, column]
        west, north = grid.west + column * size * grid.pixel_width, grid.north - row * size * grid.pixel_height
        east, south = west + size * grid.pixel_width, north - size * grid.pixel_height
        ring = [[west, north], [west, south], [east, south], [east, north], [west, north]]
        areas.append(DraftArea({"type": "Polygon", "coordinates": [[list(map(float, corner)) for corner in ring]]},
                               *egg_code(counts, stages), int(counts[1:].sum())))
    return areas


def ice_edge(mapped, grid, water, threshold):
    """Return the contour lines of the ice concentration of the cells at a threshold.

    Parameters
    ----------
    mapped : MappedScene
        With counts by cell.
    grid : Grid
    water : frozenset of int
    threshold : float
        0..1.

    Returns
    -------
    list of list of (float, float)
        Lines in the CRS of the grid.
    """
    from skimage.measure import find_contours

    size = mapped.cell_pixels
    total = mapped.counts_by_cell[..., 1:].sum(axis=-1)
    depth = mapped.counts_by_cell.shape[2]
    open_water = mapped.counts_by_cell[..., [value for value in water if value < depth]].sum(axis=-1)
    known = total >= max(1, MIN_MAPPED_FRACTION * size * size)
    if min(total.shape) < 2 or not known.any():
        return []
    concentration = np.where(known, 1.0 - open_water / np.maximum(total, 1), np.nan)
    lines = find_contours(concentration, threshold, mask=known)
    return [[(float(grid.west + (column + 0.5) * size * grid.pixel_width),
              float(grid.north - (row + 0.5) * size * grid.pixel_height)) for row, column in line]
            for line in lines if len(line) > 1]
