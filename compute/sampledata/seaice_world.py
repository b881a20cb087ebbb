"""Synthetic sea ice: zone of each point by day, in UTM zone 26.

Old ice drifts south along the west; new, young and first-year ice grow outwards from it during the winter. Large
structures scale with the scene, so that a small sample has the same classes as a large one.
"""

from dataclasses import dataclass

import numpy as np

from .random_fields import correlated_field

CRS = "EPSG:32626"

# In the Denmark Strait, away from the coast.
CENTRE = np.array([620000.0, 7560000.0])

# Size of the charts relative to the scene, which is rotated and must lie inside.
WORLD_SIZE = 1.9
NODES = 96

# Period in days of the changes of the ice edge.
PERIOD_DAYS = 45.0
LAST_DAY = 168.0
WATER, BERGY, NEW, YOUNG, FIRST_YEAR, OLD, FAST, LAND = range(8)

# Minimum of the growth field for each zone.
THRESHOLDS = ((BERGY, -0.40), (NEW, -0.32), (YOUNG, -0.05), (FIRST_YEAR, 0.22))
OLD_THRESHOLD = 0.47
ISLAND = np.array([0.16, 0.2])
ISLAND_SIZE, FAST_SIZE = 0.062, 0.15


@dataclass(frozen=True)
class World:
    """Properties that are the same for all days.

    Parameters
    ----------
    edge : float
        Scene size in metres.
    shapes : ndarray of float64, shape (4, nodes, nodes)
        Random fields, rows from north to south.
    shore : ndarray of float64, shape (nodes, nodes)
        Variation of coastline and fast-ice edge.
    """

    edge: float
    shapes: np.ndarray
    shore: np.ndarray

    @property
    def side(self):
        """float: size of the world in metres."""
        return self.edge * WORLD_SIZE

    def zones(self, points, day, displacement=(0.0, 0.0)):
        """Return the zone of each point.

        Parameters
        ----------
        points : ndarray of float64, shape (..., 2)
            East and north in metres.
        day : float
            Days since the start of the season.
        displacement : tuple of float or of ndarray
            Ice drift east and north in metres.

        Returns
        -------
        ndarray of int8, shape (...)
            ``WATER`` .. ``LAND``.
        """
        position = (points - CENTRE) / self.edge
        ice_position = position - np.stack(np.broadcast_arrays(*displacement), axis=-1) / self.edge
        phase = 2 * np.pi * day / PERIOD_DAYS
        first, second, third, stream = (self._values_at(shape, ice_position) for shape in self.shapes)
        variation = 0.5 * first + 0.35 * (np.cos(phase) * second + np.sin(phase) * third)
        growth = -0.62 * ice_position[..., 0] + 0.27 * variation + 0.46 * (min(day / LAST_DAY, 1.0) - 0.45)
        zones = np.zeros(growth.shape, np.int8)
        for zone, threshold in THRESHOLDS:
            zones[growth > threshold] = zone
        old = -0.95 * ice_position[..., 0] + 0.3 * stream + 0.12 * np.sin(2 * phase) - 0.05
        zones[(old > OLD_THRESHOLD) & (zones >= NEW)] = OLD
        shore = 1.0 + 0.25 * self._values_at(self.shore, position)
        distance = np.hypot(*np.moveaxis(position - ISLAND, -1, 0)) * shore
        if day > 60:
            zones[(distance < FAST_SIZE * min(1.0, day / 120)) & (zones >= NEW)] = FAST
        zones[distance < ISLAND_SIZE] = LAND
        return zones

    def _values_at(self, shape, position):
        """Interpolate a field linearly at positions relative to the centre, in units of the scene size."""
        from scipy.ndimage import map_coordinates

        rows = (WORLD_SIZE / 2 - position[..., 1]) / WORLD_SIZE * NODES - 0.5
        columns = (WORLD_SIZE / 2 + position[..., 0]) / WORLD_SIZE * NODES - 0.5
        return map_coordinates(shape, [rows, columns], order=1, mode="grid-wrap")


def create_world(edge, rng):
    """Create the synthetic sea ice.

    Parameters
    ----------
    edge : float
        Scene size in metres.
    rng : numpy.random.Generator

    Returns
    -------
    World
    """
    node = WORLD_SIZE / NODES
    shapes = np.stack([correlated_field((NODES, NODES), node, 0.45, rng, roughness=3.0) for _ in range(4)])
    return World(edge, shapes, correlated_field((NODES, NODES), node, 0.25, rng, roughness=3.0))
