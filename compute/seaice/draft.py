"""What a map says of larger areas: concentration and stages for a draft chart in SIGRID-3, and the ice edge.

Codes are those of SIGRID-3 version 3.0 (JCOMM Technical Report 23, 2014): tenths, 91 for more than nine of them and 92
for all; up to three kinds of ice, the thickest first.
"""

from dataclasses import dataclass

import numpy as np

MISSING, UNKNOWN = "-9", "99"
CODES = ("CT", "CA", "SA", "FA", "CB", "SB", "FB", "CC", "SC", "FC", "CN", "CD", "CF")
MOST_KINDS = 3
# Less than so many pixels, or than this share of a cell, say nothing.
FEWEST_PIXELS, LEAST_SHARE = 20, 0.25
# What stands for classes of several stages: the most general code among them.
GENERAL = (95, 86, 83, 81, 91, 87)
# Stages of what is no ice.
WATER_STAGES = frozenset({0, 1, 80})


@dataclass(frozen=True)
class DraftArea:
    """A part of a scene, as a draft chart describes it.

    Parameters
    ----------
    geometry : dict
        GeoJSON in the CRS of the scene.
    codes : tuple of str
        One for each of ``CODES``.
    poly_type : str
        I or W.
    pixels : int
        It rests on.
    """

    geometry: dict
    codes: tuple
    poly_type: str
    pixels: int


def stage_codes(legend):
    """The SIGRID-3 code of the stage that each class stands for.

    Parameters
    ----------
    legend : Legend

    Returns
    -------
    dict of int to int
        By class value; 0 for water, 99 where the legend names no stage.
    """
    codes = {}
    for entry in legend.classes:
        rules = [rule for rule in legend.rules if rule.value == entry.value]
        stages = {stage for rule in rules for stage in rule.stages if stage is not None}
        is_water = any(rule.poly_types == frozenset("W") for rule in rules) or (bool(stages) and stages <= WATER_STAGES)
        codes[entry.value] = 0 if is_water else next((code for code in GENERAL if code in stages),
                                                     min(stages, default=int(UNKNOWN)))
    return codes


def water_values(legend):
    """Class values that are no ice.

    Returns
    -------
    frozenset of int
    """
    return frozenset(value for value, code in stage_codes(legend).items() if code == 0)


def describe(counts, stages):
    """Codes of an area from the pixels of each class in it.

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
    shares = {}
    total = int(counts[1:].sum())
    for value, stage in stages.items():
        if stage and value < len(counts) and counts[value]:
            shares[stage] = shares.get(stage, 0.0) + counts[value] / total
    concentration = concentration_code(sum(shares.values()))
    if concentration in ("98", "01"):
        codes = {"CT": concentration}
        return tuple(codes.get(name, MISSING) for name in CODES), "W" if concentration == "98" else "I"
    largest = sorted(shares, key=lambda stage: -shares[stage])[:MOST_KINDS]
    told = [stage for stage in largest if round(10 * shares[stage]) >= 1] or largest[:1]
    codes = {"CT": concentration, "CF": MISSING * 2}
    for letter, stage in zip("ABC", sorted(told, reverse=True)):
        alone = len(told) == 1
        codes[f"C{letter}"] = MISSING if alone else f"{10 * max(1, min(9, round(10 * shares[stage]))):02d}"
        codes[f"S{letter}"] = f"{stage:02d}"
        codes[f"F{letter}"] = UNKNOWN
    return tuple(codes.get(name, MISSING) for name in CODES), "I"


def concentration_code(share):
    """SIGRID-3 code of a total concentration.

    >>> [concentration_code(share) for share in (0.0, 0.05, 0.34, 0.93, 0.99)]
    ['98', '01', '30', '91', '92']
    """
    if share < 0.005:
        return "98"
    if share < 0.1:
        return "01"
    if share >= 0.975:
        return "92"
    return "91" if share > 0.9 else f"{10 * round(10 * share)}"


def draft_by_polygon(mapped, chart_map, stages):
    """The polygons of the chart, described by the map.

    Returns
    -------
    list of DraftArea
    """
    areas = []
    for number, counts in enumerate(mapped.by_polygon[:-1]):
        pixels = int(counts[1:].sum())
        if pixels >= FEWEST_PIXELS and not chart_map.polygons[number].is_land:
            areas.append(DraftArea(chart_map.geometry(number), *describe(counts, stages), pixels))
    return areas


def draft_by_cell(mapped, grid, stages):
    """The cells of a scene, described by the map.

    Returns
    -------
    list of DraftArea
    """
    areas = []
    edge = mapped.cell_pixels
    enough = max(1, LEAST_SHARE * edge * edge)
    for row, column in np.argwhere(mapped.by_cell[..., 1:].sum(axis=-1) >= enough):
        counts = mapped.by_cell[row, column]
        west, north = grid.west + column * edge * grid.pixel_width, grid.north - row * edge * grid.pixel_height
        east, south = west + edge * grid.pixel_width, north - edge * grid.pixel_height
        ring = [[west, north], [west, south], [east, south], [east, north], [west, north]]
        areas.append(DraftArea({"type": "Polygon", "coordinates": [[list(map(float, corner)) for corner in ring]]},
                               *describe(counts, stages), int(counts[1:].sum())))
    return areas


def ice_edge(mapped, grid, water, threshold):
    """Lines along which the ice concentration of the cells passes a threshold.

    Parameters
    ----------
    mapped : MappedScene
        With cells.
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

    edge = mapped.cell_pixels
    total = mapped.by_cell[..., 1:].sum(axis=-1)
    open_water = mapped.by_cell[..., [value for value in water if value < mapped.by_cell.shape[2]]].sum(axis=-1)
    known = total >= max(1, LEAST_SHARE * edge * edge)
    if min(total.shape) < 2 or not known.any():
        return []
    concentration = np.where(known, 1.0 - open_water / np.maximum(total, 1), np.nan)
    lines = find_contours(concentration, threshold, mask=known)
    return [[(float(grid.west + (column + 0.5) * edge * grid.pixel_width),
              float(grid.north - (row + 0.5) * edge * grid.pixel_height)) for row, column in line]
            for line in lines if len(line) > 1]
