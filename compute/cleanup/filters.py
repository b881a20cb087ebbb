"""Filters with a moving window: the most frequent class around a pixel, and smoothed probabilities.

Every output pixel is computed from its own window in one fixed order, so that neither blocks nor threads change it.
"""

import math

import numpy as np

from .classmap import distinct

# A Gaussian is cut off after so many standard deviations.
REACH = 3.0


def majority(values, valid, radius):
    """The most frequent class in a square window; the class of the pixel itself if that is among several.

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
        Where several classes other than that of the pixel are equally frequent, the smallest value.
    """
    inner = (slice(radius, values.shape[0] - radius), slice(radius, values.shape[1] - radius))
    own, size = values[inner], 2 * radius + 1
    # The narrowest type with room for the counts below is added up fastest.
    dtype = np.min_scalar_type(2 * size * size + 1)
    best, most = own.copy(), np.zeros(own.shape, dtype)
    for value in distinct(values[valid]).tolist():
        is_value = values == value
        # Twice the count, and one more for the class of the pixel itself: it wins where it is among the most frequent.
        counts = box_sums((is_value & valid).astype(dtype), size)
        counts += counts
        counts += is_value[inner]
        np.copyto(best, value, where=counts > most)
        np.maximum(most, counts, out=most)
    return best


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
    """Sums over so many rows from each on: of sums over 1, 2, 4, 8 ... rows those that make up the size."""
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
    """Weights of a Gaussian, cut off at three standard deviations.

    Parameters
    ----------
    sigma : float
        Pixels.

    Returns
    -------
    ndarray of float64, shape (2 n + 1,)
        They sum up to 1.
    """
    radius = max(1, math.ceil(REACH * sigma))
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
    row = np.array([math.comb(window - 1, place) for place in range(window)], np.float64)
    return row / row.sum()


def smooth(plane, weights):
    """A plane convolved with the same symmetric weights in both directions.

    Parameters
    ----------
    plane : ndarray of float64, shape (height + 2 n, width + 2 n)
        0 where there is nothing to take into account.
    weights : ndarray of float64, shape (2 n + 1,)

    Returns
    -------
    ndarray of float64, shape (height, width)
    """
    reach = len(weights) - 1
    height, width = plane.shape[0] - reach, plane.shape[1] - reach
    across = np.zeros((plane.shape[0], width))
    for place, weight in enumerate(weights.tolist()):
        across += weight * plane[:, place:place + width]
    down = np.zeros((height, width))
    for place, weight in enumerate(weights.tolist()):
        down += weight * across[place:place + height]
    return down
