"""Weights of interpolation kernels, and removal of rounding errors from pixel positions."""

import numpy as np

from .grid import ALIGNMENT_TOLERANCE


def linear(distance):
    """Return the weight of linear interpolation at a distance in pixels."""
    return np.maximum(0.0, 1.0 - distance)


def cubic(distance, a=-0.5):
    """Return the weight of cubic convolution (Keys 1981) at a distance in pixels."""
    near = ((a + 2) * distance - (a + 3)) * distance ** 2 + 1
    far = ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))


# Offsets of the pixels that each method uses (from the pixel left of the position), and weights by distance.
KERNELS = {"bilinear": ((0, 1), linear), "bicubic": ((-1, 0, 1, 2), cubic)}


def kernel_weights(method, distance, a=-0.5):
    """Return the weights of the pixels of ``KERNELS[method]``.

    Parameters
    ----------
    method : {"bilinear", "bicubic"}
    distance : ndarray of float32
        Distance (0..1) of each position from the pixel to its left.

    Returns
    -------
    tuple of ndarray of float32
        One array per pixel; polynomials of the distance, which are faster than the kernels above.
    """
    if method == "bilinear":
        return 1 - distance, distance
    square = distance * distance
    cube = square * distance
    return (a * (cube - 2 * square + distance), (a + 2) * cube - (a + 3) * square + 1,
            -(a + 2) * cube + (2 * a + 3) * square - a * distance, a * (square - cube))


def snap_positions(positions, tolerance=ALIGNMENT_TOLERANCE):
    """Round positions to the nearest integer (a pixel edge) where they lie within the tolerance."""
    nearest = np.rint(positions)
    return np.where(np.abs(positions - nearest) <= tolerance, nearest, positions)
