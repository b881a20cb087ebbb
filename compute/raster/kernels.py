"""The weights of an interpolation, and places in pixels without rounding noise."""

import numpy as np

from .grid import ALIGNMENT_TOLERANCE


def linear(distance):
    """Weight of a pixel at a distance of so many pixels."""
    return np.maximum(0.0, 1.0 - distance)


def cubic(distance, a=-0.5):
    """Weight of a pixel at a distance of so many pixels: cubic convolution (Keys 1981)."""
    near = ((a + 2) * distance - (a + 3)) * distance ** 2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


# How far each interpolation reaches (in pixels from the one left of the place), and its weights by distance.
KERNELS = {"bilinear": ((0, 1), linear), "bicubic": ((-1, 0, 1, 2), cubic)}


def snapped(positions, tolerance=ALIGNMENT_TOLERANCE):
    """Positions with rounding noise removed: a pixel edge is exactly an integer."""
    nearest = np.rint(positions)
    return np.where(np.abs(positions - nearest) <= tolerance, nearest, positions)
