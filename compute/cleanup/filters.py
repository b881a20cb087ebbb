"""Moving-window filters: majority class, and smoothing with Gaussian and binomial weights.

Each output pixel is computed from its own window in a fixed order, so that the result does not depend on blocks
or threads.
"""

import math

import numpy as np

from .classmap import unique_values

# A Gaussian is truncated at this number of standard deviations.
TRUNCATE = 3.0


def majority(values, valid, radius):
    """The most frequent class in a square window; for ties the class of the pixel itself, if among them.

    Parameters
    ----------
    values : ndarray of int64, shape (height + 2 radius, width + 2 radius)
        With a halo of `radius` pixels.
    valid : ndarray of bool, same shape
        Only these are counted.
    radius : int

    Returns
    -------
    ndarray of int64, shape (height, width)
        For other ties the smallest value.
    """
    inner = (slice(radius, values.shape[0] - radius), slice(radius, values.shape[1] - radius))
    own_classes, size = values[inner], 2 * radius + 1
    # The smallest sufficient data type is fastest.
    dtype = np.min_scalar_type(2 * size * size + 1)
    majorities, max_counts = own_classes.copy(), np.zeros(own_classes.shape, dtype)
    for value in unique_values(values[valid]).tolist():
        is_value = values == value
        # Twice the count, plus one for the class of the pixel itself, so that it wins ties.
        counts = box_sums((is_value & valid).astype(dtype), size)
        counts += counts
        counts += is_value[inner]
        np.copyto(majorities, value, where=counts > max_counts)
        np.maximum(max_counts, counts, out=max_counts)
    return majorities


def box_sums(plane, size):
    """Sums over the square of `size` x `size` pixels that begins at each pixel.

    Parameters
    ----------
    plane : ndarray, shape (height + size - 1, width + size - 1)
    size : int

    Returns
    -------
    ndarray, shape (height, width), dtype of `plane`
    """
    return _sums_down(_sums_down(plane, size).T, size).T


def _sums_down(plane, size):
    """Sums over `size` rows from each row on, composed of sums over 1, 2, 4, 8 ... rows."""
    height = plane.shape[0] - size + 1
    total, done, length = 0, 0, 1
    while True:
        if size & length:
            total = total + plane[done:done + height]
            done += length
        if done == size:
            return total
        plane = plane[length:] + plane[:-length]
        length *= 2


def gaussian_weights(sigma):
    """Weights of a Gaussian, truncated at three standard deviations.

    Parameters
    ----------
    sigma : float
        Pixels.

    Returns
    -------
    ndarray of float64, shape (2 n + 1,)
        They sum up to 1.
    """
    radius = max(1, math.ceil(TRUNCATE * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return weights / weights.sum()


def binomial_weights(window):
    """Weights of a binomial window: row ``window - 1`` of Pascal's triangle.

    Parameters
    ----------
    window : int
        Odd; pixels.

    Returns
    -------
    ndarray of float64, shape (window,)
        They sum up to 1.
    """
    row = np.array([math.comb(window - 1, offset) for offset in range(window)], np.float64)
    return row / row.sum()


def smooth(plane, weights):
    """Convolve a plane with the same symmetric weights in both directions.

    Parameters
    ----------
    plane : ndarray of float64, shape (height + 2 n, width + 2 n)
        0 for pixels to ignore.
    weights : ndarray of float64, shape (2 n + 1,)

    Returns
    -------
    ndarray of float64, shape (height, width)
    """
    margin = len(weights) - 1
    height, width = plane.shape[0] - margin, plane.shape[1] - margin
    across = np.zeros((plane.shape[0], width))
    for offset, weight in enumerate(weights.tolist()):
        across += weight * plane[:, offset:offset + width]
    down = np.zeros((height, width))
    for offset, weight in enumerate(weights.tolist()):
        down += weight * across[offset:offset + height]
    return down
