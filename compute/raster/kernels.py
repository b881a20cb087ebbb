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


def tap_weights(method, distance, a=-0.5):
    """Weights of the pixels of ``KERNELS[method]`` at places so far (0..1) from the one left of them.

    Parameters
    ----------
    method : {"bilinear", "bicubic"}
    distance : ndarray of float32

    Returns
    -------
    tuple of ndarray of float32
        The kernels above as polynomials of the distance, which are faster on whole planes.
    """
    if method == "bilinear":
        return 1 - distance, distance
    square = distance * distance
    cube = square * distance
    return (a * (cube - 2 * square + distance), (a + 2) * cube - (a + 3) * square + 1,
            -(a + 2) * cube + (2 * a + 3) * square - a * distance, a * (square - cube))


def snapped(positions, tolerance=ALIGNMENT_TOLERANCE):
    """Positions with rounding noise removed: a pixel edge is exactly an integer."""
    nearest = np.rint(positions)
    return np.where(np.abs(positions - nearest) <= tolerance, nearest, positions)
