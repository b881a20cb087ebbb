"""Ice charts of the synthetic world, as an ice service would draw and publish them: SIGRID-3 polygons.

Polygons share their borders exactly, are drawn with a broad pencil, and say of mixed ice how much of each kind there
is. Codes are those of SIGRID-3 version 3.0 (JCOMM Technical Report 23, 2014).
"""

from dataclasses import dataclass

import numpy as np

from . import seaice_world as world_of
from .polygons import area
from .sample import VectorTable

# The projection that SIGRID-3 shows for the north: metres, true at 60 degrees.
CHART_CRS = "PROJ:+proj=stere +lat_0=90 +lat_ts=60 +lon_0=180 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
CELLS = 76
SMOOTHINGS = 3
SMALLEST_CELLS = 12
CODES = ("CT", "CA", "SA", "FA", "CB", "SB", "FB", "CC", "SC", "FC", "CN", "CD", "CF")
FIELDS = (("AREA", float), ("PERIMETER", float), *((code, str) for code in CODES), ("POLY_TYPE", str))
MISSING = "-9"
# Day from which the level ice is thicker than 70 cm (medium instead of thin first-year ice).
THICKER_FROM = 95
FAST_FORM, BIG_FLOES, SMALL_FLOES, ICE_CAKES = "08", "05", "03", "02"


@dataclass(frozen=True)
class Egg:
    """What the ice of a polygon is made of, as on a chart's egg.

    Parameters
    ----------
    total : str
        Code of the total concentration.
    parts : tuple of (str, str, str)
        Concentration, stage and form of each kind, thickest first.
    kind : str
        POLY_TYPE.
    """

    total: str
    parts: tuple = ()
    kind: str = "I"

    def values(self):
        """tuple of str: one for each of ``CODES``."""
        parts = [*self.parts, *[(MISSING,) * 3] * (3 - len(self.parts))]
        forms = [form for _, _, form in self.parts[:2]]
        predominant = "".join([*forms, MISSING, MISSING][:2]) if forms else MISSING * 2
        return (self.total, *(code for part in parts for code in part), MISSING, MISSING, predominant)

    def shares(self):
        """Share of the area of each stage, thickest first; what is left is open water.

        Returns
        -------
        list of (str, float)
        """
        return [(stage, _fraction(concentration)) for concentration, stage, _ in self.parts]


def _fraction(code):
    return {"92": 1.0, "91": 0.95}.get(code, int(code) / 100)


def egg_of(zone, day, rng):
    """What an observer would write down for a patch of a zone.

    Parameters
    ----------
    zone : int
    day : float
    rng : numpy.random.Generator
        Makes patches of one zone differ.

    Returns
    -------
    Egg
    """
    level = "91" if day > THICKER_FROM else "87"
    much, less = str(int(rng.choice([70, 80, 80, 90]))), "10"
    total = "91" if int(much) + 10 > 90 else str(int(much) + 10)
    return {
        world_of.WATER: Egg("98", kind="W"),
        world_of.BERGY: Egg("01"),
        world_of.NEW: Egg(total, ((less, "84", ICE_CAKES), (much, "81", ICE_CAKES))),
        world_of.YOUNG: Egg(total, ((much, "85", SMALL_FLOES), (less, "81", ICE_CAKES))),
        world_of.FIRST_YEAR: Egg("91", ((much, level, BIG_FLOES), (less, "85", SMALL_FLOES))),
        world_of.OLD: Egg("91", ((much, "95", BIG_FLOES), (less, level, SMALL_FLOES))),
        world_of.FAST: Egg("92", (("92", level, FAST_FORM),)),
        world_of.LAND: Egg(MISSING, kind="L")}[zone]


@dataclass(frozen=True)
class Patch:
    """A polygon of a chart.

    Parameters
    ----------
    zone : int
    egg : Egg
    rings : tuple of ndarray, each shape (n, 2)
        Metres of UTM, not closed: the outline, then the holes.
    """

    zone: int
    egg: Egg
    rings: tuple


def draw_chart(world, day, rng):
    """The polygons of a day.

    Parameters
    ----------
    world : World
    day : float
        Days since the season began.
    rng : numpy.random.Generator

    Returns
    -------
    tuple of Patch
        They cover the world without gaps and overlaps.
    """
    from rasterio.features import shapes, sieve

    steps = ((np.arange(CELLS) + 0.5) / CELLS - 0.5) * world.side
    points = np.stack(np.meshgrid(world_of.CENTRE[0] + steps, world_of.CENTRE[1] - steps), axis=-1)
    zones = sieve(world.zones(points, day).astype(np.uint8), SMALLEST_CELLS)
    outlines = [(int(zone), [np.array(ring[:-1], int) for ring in geometry["coordinates"]])
                for geometry, zone in shapes(zones)]
    places = _smoothed_nodes([ring for _, rings in outlines for ring in rings])
    scale = np.array([world.side, -world.side]) / CELLS
    corner = world_of.CENTRE + np.array([-0.5, 0.5]) * world.side
    return tuple(Patch(zone, egg_of(zone, day, rng), tuple(
        corner + scale * np.array([places[node] for node in _nodes(ring)]) for ring in rings))
        for zone, rings in outlines)


def _nodes(ring):
    """Every lattice node along a ring of which only the corners are given."""
    nodes = []
    for here, there in zip(ring, np.roll(ring, -1, axis=0)):
        length = int(np.abs(there - here).max())
        step = (there - here) // length
        nodes += [tuple(here + step * number) for number in range(length)]
    return [(int(x), int(y)) for x, y in nodes]


def _smoothed_nodes(rings):
    """Where the lattice nodes on the borders go when corners are rounded off.

    A node moves with its two neighbours along the border, which are the same for the polygons on both sides; where
    three polygons meet, and on the frame, it stays. So no gap opens.
    """
    neighbours = {}
    for ring in rings:
        nodes = _nodes(ring)
        for here, there in zip(nodes, nodes[1:] + nodes[:1]):
            neighbours.setdefault(here, set()).add(there)
            neighbours.setdefault(there, set()).add(here)
    places = {node: np.array(node, float) for node in neighbours}
    loose = {node: sorted(others) for node, others in neighbours.items()
             if len(others) == 2 and 0 < node[0] < CELLS and 0 < node[1] < CELLS}
    for _ in range(SMOOTHINGS):
        moved = {node: 0.5 * places[node] + 0.25 * (places[one] + places[other])
                 for node, (one, other) in loose.items()}
        places.update(moved)
    return places


def chart_table(patches, day, folder):
    """The chart as a table to be written: a zipped shapefile named as the weekly Arctic charts are.

    Parameters
    ----------
    patches : tuple of Patch
    day : datetime.date
    folder : str
        Where it goes, inside the sample's folder.

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
                     (round(surface, 1), round(float(length), 1), *patch.egg.values(), patch.egg.kind)))
    return VectorTable(f"arctic{day:%y%m%d}", CHART_CRS, FIELDS, tuple(rows), folder, is_zipped=True)


def _projected(ring):
    from rasterio.warp import transform

    return np.stack(transform(world_of.CRS, CHART_CRS.removeprefix("PROJ:"), *ring.T), axis=-1)
