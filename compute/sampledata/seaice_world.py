"""The ice itself: which kind lies where on which day, in metres of UTM zone 26.

Old ice comes down along the west; new, young and first-year ice grow outwards from it as the winter goes on. All
large shapes are in proportion to the scene, so that a small sample has the same classes as a large one.
"""

from dataclasses import dataclass

import numpy as np

from .fields import correlated_field

CRS = "EPSG:32626"
# In the Denmark Strait, away from every coast.
CENTRE = np.array([620000.0, 7560000.0])
# The charts reach beyond the scene by so much; the scene is turned, its corners must lie inside.
WORLD_EDGES = 1.9
NODES = 96
# Days after which the shapes of the ice edge have changed.
MEMORY_DAYS = 45.0
LAST_DAY = 168.0

WATER, BERGY, NEW, YOUNG, FIRST_YEAR, OLD, FAST, LAND = range(8)
# Ice grows into the next kind where this field passes the threshold.
THRESHOLDS = ((BERGY, -0.40), (NEW, -0.32), (YOUNG, -0.05), (FIRST_YEAR, 0.22))
OLD_THRESHOLD = 0.47
ISLAND = np.array([0.16, 0.2])
ISLAND_SIZE, FAST_SIZE = 0.062, 0.15


@dataclass(frozen=True)
class World:
    """What does not change through the winter.

    Parameters
    ----------
    edge : float
        Edge of the scene in metres.
    shapes : ndarray of float64, shape (4, nodes, nodes)
        Random fields over the world, rows from north to south.
    shore : ndarray of float64, shape (nodes, nodes)
        Unrest of coastline and fast ice.
    """

    edge: float
    shapes: np.ndarray
    shore: np.ndarray

    @property
    def side(self):
        """float: edge of the world in metres."""
        return self.edge * WORLD_EDGES

    def zones(self, points, day, displacement=(0.0, 0.0)):
        """Which zone each point lies in.

        Parameters
        ----------
        points : ndarray of float64, shape (..., 2)
            East and north in metres.
        day : float
            Days since the season began.
        displacement : tuple of float or of ndarray
            By how many metres east and north the ice has drifted.

        Returns
        -------
        ndarray of int8, shape (...)
            ``WATER`` .. ``LAND``.
        """
        place = (points - CENTRE) / self.edge
        from_here = place - np.stack(np.broadcast_arrays(*displacement), axis=-1) / self.edge
        turn = 2 * np.pi * day / MEMORY_DAYS
        first, second, third, stream = (self._at(shape, from_here) for shape in self.shapes)
        unrest = 0.5 * first + 0.35 * (np.cos(turn) * second + np.sin(turn) * third)
        growth = -0.62 * from_here[..., 0] + 0.27 * unrest + 0.46 * (min(day / LAST_DAY, 1.0) - 0.45)
        zones = np.zeros(growth.shape, np.int8)
        for zone, threshold in THRESHOLDS:
            zones[growth > threshold] = zone
        old = -0.95 * from_here[..., 0] + 0.3 * stream + 0.12 * np.sin(2 * turn) - 0.05
        zones[(old > OLD_THRESHOLD) & (zones >= NEW)] = OLD
        distance = np.hypot(*np.moveaxis(place - ISLAND, -1, 0)) * (1.0 + 0.25 * self._at(self.shore, place))
        if day > 60:
            zones[(distance < FAST_SIZE * min(1.0, day / 120)) & (zones >= NEW)] = FAST
        zones[distance < ISLAND_SIZE] = LAND
        return zones

    def _at(self, shape, place):
        """Values of a field at points given in edges of the scene from the centre, linear between nodes."""
        from scipy.ndimage import map_coordinates

        rows = (WORLD_EDGES / 2 - place[..., 1]) / WORLD_EDGES * NODES - 0.5
        columns = (WORLD_EDGES / 2 + place[..., 0]) / WORLD_EDGES * NODES - 0.5
        return map_coordinates(shape, [rows, columns], order=1, mode="grid-wrap")


def make_world(edge, rng):
    """A world from a random seed.

    Parameters
    ----------
    edge : float
        Edge of the scene in metres.
    rng : numpy.random.Generator

    Returns
    -------
    World
    """
    node = WORLD_EDGES / NODES
    shapes = np.stack([correlated_field((NODES, NODES), node, 0.45, rng, roughness=3.0) for _ in range(4)])
    return World(edge, shapes, correlated_field((NODES, NODES), node, 0.25, rng, roughness=3.0))
