"""Ice charts of the synthetic sea ice as SIGRID-3 polygons, as published by ice services.

Polygons share their boundaries exactly, are generalised, and have egg codes with partial concentrations. Codes follow
SIGRID-3 version 3.0 (JCOMM Technical Report 23, 2014).
"""

from dataclasses import dataclass

import numpy as np

from ..feature_table import VectorTable
from ..raster.crs import transform_points
from ..raster.geometries import trace_values
from . import seaice_world
from .plane_polygons import area

# Projection of the SIGRID-3 example for the Arctic: metres, true scale at 60 degrees.
CHART_CRS = "PROJ:+proj=stere +lat_0=90 +lat_ts=60 +lon_0=180 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
CELLS = 76
SMOOTHINGS = 3
MIN_CELLS = 12
CODES = ("CT", "CA", "SA", "FA", "CB", "SB", "FB", "CC", "SC", "FC", "CN", "CD", "CF")
FIELDS = (("AREA", float), ("PERIMETER", float), *((code, str) for code in CODES), ("POLY_TYPE", str))
MISSING = "-9"

# Day from which level ice is thicker than 70 cm (medium instead of thin first-year ice).
MEDIUM_FIRST_YEAR_FROM = 95
FAST_FORM, BIG_FLOES, SMALL_FLOES, ICE_CAKES = "08", "05", "03", "02"


@dataclass(frozen=True)
class EggCode:
    """Egg code of a polygon.

    Parameters
    ----------
    total : str
        Code of the total concentration.
    ice_types : tuple of (str, str, str)
        Concentration, stage and form of each ice type, thickest first.
    poly_type : str
        POLY_TYPE.
    """

    total: str
    ice_types: tuple = ()
    poly_type: str = "I"

    def values(self):
        """Return a tuple of str, one for each of ``CODES``."""
        ice_types = [*self.ice_types, *[(MISSING,) * 3] * (3 - len(self.ice_types))]
        forms = [form for _, _, form in self.ice_types[:2]]
        predominant = "".join([*forms, MISSING, MISSING][:2]) if forms else MISSING * 2
        return (self.total, *(code for ice_type in ice_types for code in ice_type), MISSING, MISSING, predominant)


def egg_code_of(zone, day, rng):
    """Return the egg code of a patch of a zone.

    Parameters
    ----------
    zone : int
    day : float
    rng : numpy.random.Generator
        For variation between patches of a zone.

    Returns
    -------
    EggCode
    """
    level = "91" if day > MEDIUM_FIRST_YEAR_FROM else "87"
    major, minor = str(int(rng.choice([70, 80, 80, 90]))), "10"
    total = "91" if int(major) + 10 > 90 else str(int(major) + 10)
    return {
        seaice_world.WATER: EggCode("98", poly_type="W"),
        seaice_world.BERGY: EggCode("01"),
        seaice_world.NEW: EggCode(total, ((minor, "84", ICE_CAKES), (major, "81", ICE_CAKES))),
        seaice_world.YOUNG: EggCode(total, ((major, "85", SMALL_FLOES), (minor, "81", ICE_CAKES))),
        seaice_world.FIRST_YEAR: EggCode("91", ((major, level, BIG_FLOES), (minor, "85", SMALL_FLOES))),
        seaice_world.OLD: EggCode("91", ((major, "95", BIG_FLOES), (minor, level, SMALL_FLOES))),
        seaice_world.FAST: EggCode("92", (("92", level, FAST_FORM),)),
        seaice_world.LAND: EggCode(MISSING, poly_type="L")}[zone]


@dataclass(frozen=True)
class Patch:
    """A polygon of a chart.

    Parameters
    ----------
    zone : int
    egg : EggCode
    rings : tuple of ndarray, each shape (n, 2)
        UTM coordinates, not closed: exterior ring, then holes.
    """

    zone: int
    egg: EggCode
    rings: tuple


def create_chart(world, day, rng):
    """Return the polygons of the chart of a day.

    Parameters
    ----------
    world : World
    day : float
        Days since the start of the season.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of Patch
        They cover the world without gaps or overlaps.
    """
    steps = ((np.arange(CELLS) + 0.5) / CELLS - 0.5) * world.side
    points = np.stack(np.meshgrid(seaice_world.CENTRE[0] + steps, seaice_world.CENTRE[1] - steps), axis=-1)
    zones = world.zones(points, day).astype(np.uint8)
    outlines = [(int(zone), [np.array(ring[:-1], int) for ring in geometry["coordinates"]])
                for geometry, zone in trace_values(zones, MIN_CELLS)]
    positions = _smoothed_nodes([ring for _, rings in outlines for ring in rings])
    scale = np.array([world.side, -world.side]) / CELLS
    corner = seaice_world.CENTRE + np.array([-0.5, 0.5]) * world.side
    return tuple(Patch(zone, egg_code_of(zone, day, rng), tuple(
        corner + scale * np.array([positions[node] for node in _nodes(ring)]) for ring in rings))
        for zone, rings in outlines)


def _nodes(ring):
    """Return all lattice nodes along a ring given by its corners."""
    nodes = []
    for here, there in zip(ring, np.roll(ring, -1, axis=0)):
        length = int(np.abs(there - here).max())
        step = (there - here) // length
        nodes += [tuple(here + step * number) for number in range(length)]
    return [(int(x), int(y)) for x, y in nodes]


def _smoothed_nodes(rings):
    """Return the positions of the lattice nodes on smoothed boundaries.

    A node moves towards its two neighbours along the boundary, which are the same for the polygons on both sides; nodes
    where three polygons meet and on the frame are fixed, so that no gap opens.
    """
    neighbours = {}
    for ring in rings:
        nodes = _nodes(ring)
        for here, there in zip(nodes, nodes[1:] + nodes[:1]):
            neighbours.setdefault(here, set()).add(there)
            neighbours.setdefault(there, set()).add(here)
    positions = {node: np.array(node, float) for node in neighbours}
    movable = {node: sorted(others) for node, others in neighbours.items()
             if len(others) == 2 and 0 < node[0] < CELLS and 0 < node[1] < CELLS}
    for _ in range(SMOOTHINGS):
        moved = {node: 0.5 * positions[node] + 0.25 * (positions[one] + positions[other])
                 for node, (one, other) in movable.items()}
        positions.update(moved)
    return positions


def chart_table(patches, day, folder):
    """Return the chart as a table for a zipped shapefile, named like the weekly Arctic charts.

    Parameters
    ----------
    patches : tuple of Patch
    day : datetime.date
    folder : str
        Subfolder of the sample.

    Returns
    -------
    VectorTable
    """
    rows = []
    for patch in patches:
        rings = [_projected(ring) for ring in patch.rings]
        surface = area(rings[0]) - sum(area(ring) for ring in rings[1:])
        length = sum(np.hypot(*(np.roll(ring, -1, axis=0) - ring).T).sum() for ring in rings)
        closed = [[[round(float(x), 2), round(float(y), 2)] for x, y in (*ring, ring[0])] for ring in rings]
        rows.append(({"type": "Polygon", "coordinates": closed},
                     (round(surface, 1), round(float(length), 1), *patch.egg.values(), patch.egg.poly_type)))
    return VectorTable(f"arctic{day:%y%m%d}", CHART_CRS, FIELDS, tuple(rows), folder, is_zipped=True)


def _projected(ring):
    return transform_points(seaice_world.CRS, CHART_CRS.removeprefix("PROJ:"), *ring.T).T
