"""Methods of resampling: weights of interpolation kernels, aggregation to coarser pixels, rules for flags.

Each aggregator iterates over the positions of source pixels within a target pixel: arrays of values, validity and
weight with one element per target pixel. Memory is therefore a few planes, whatever the ratio of the pixel sizes.

The flag methods (names as in SNAP) treat a value as bits: ``flagand`` and ``flagor`` combine the bits of all valid
pixels, ``flagmedianand`` sets a bit that is set in more than half of them, ``flagmedianor`` one that is set in at
least half.
"""

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


AGGREGATION = ("first", "min", "max", "mean", "median")
FLAG_AGGREGATION = ("first", "flagand", "flagor", "flagmedianand", "flagmedianor")


def aggregate(neighbours, method):
    """Aggregate the source pixels within each target pixel.

    Parameters
    ----------
    neighbours : iterable of (ndarray, ndarray of bool, ndarray or float)
        Values, validity and weight (covered fraction of the source pixel) of one source pixel for each target pixel.
    method : str
        One of ``AGGREGATION`` or ``FLAG_AGGREGATION`` except "first", which needs no aggregation.

    Returns
    -------
    values : ndarray, shape (height, width)
        float32 for mean and median, otherwise the dtype of the source.
    valid : ndarray of bool, same shape
        True where at least one source pixel is valid.
    """
    return _AGGREGATORS[method](neighbours)


def _extreme(neighbours, extremum, fill_value):
    result = any_valid = None
    for values, valid, _ in neighbours:
        candidate = np.where(valid, values, fill_value(values.dtype))
        result = candidate if result is None else extremum(result, candidate)
        any_valid = valid if any_valid is None else any_valid | valid
    return np.where(any_valid, result, 0), any_valid


def _lowest(dtype):
    return np.array(np.iinfo(dtype).min if np.issubdtype(dtype, np.integer) else -np.inf, dtype)


def _highest(dtype):
    return np.array(np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else np.inf, dtype)


def _mean(neighbours):
    total = weights = None
    for values, valid, weight in neighbours:
        valid_weight = weight * valid.astype(np.float32)
        total = values * valid_weight if total is None else total + values * valid_weight
        weights = valid_weight if weights is None else weights + valid_weight
    valid = weights > 0
    return np.divide(total, weights, out=np.zeros(total.shape, np.float32), where=valid), valid


def _median(neighbours):
    planes = np.stack([np.where(valid, values, np.nan).astype(np.float32) for values, valid, _ in neighbours])
    planes.sort(axis=0)
    counts = np.isfinite(planes).sum(axis=0)
    lower, upper = np.maximum(counts - 1, 0) // 2, counts // 2
    upper = np.minimum(upper, np.maximum(counts - 1, 0))
    middle = (np.take_along_axis(planes, lower[None], 0)[0] + np.take_along_axis(planes, upper[None], 0)[0]) / 2
    return np.where(counts > 0, middle, 0).astype(np.float32), counts > 0


def _combined(neighbours, combine, neutral):
    result = any_valid = None
    for values, valid, _ in neighbours:
        candidate = np.where(valid, values, values.dtype.type(neutral(values.dtype)))
        result = candidate if result is None else combine(result, candidate)
        any_valid = valid if any_valid is None else any_valid | valid
    return np.where(any_valid, result, 0), any_valid


def _majority(neighbours, is_enough):
    counts = total = dtype = None
    for values, valid, _ in neighbours:
        if counts is None:
            dtype, total = values.dtype, np.zeros(values.shape, np.int32)
            counts = np.zeros((8 * dtype.itemsize, *values.shape), np.int32)
        total += valid
        for bit in range(len(counts)):
            counts[bit] += ((values >> dtype.type(bit)) & dtype.type(1)).astype(bool) & valid
    result = np.zeros(total.shape, dtype)
    for bit, count in enumerate(counts):
        result |= is_enough(2 * count, total).astype(dtype) << dtype.type(bit)
    return np.where(total > 0, result, 0), total > 0


_AGGREGATORS = {
    "min": lambda neighbours: _extreme(neighbours, np.minimum, _highest),
    "max": lambda neighbours: _extreme(neighbours, np.maximum, _lowest),
    "mean": _mean,
    "median": _median,
    "flagand": lambda neighbours: _combined(neighbours, np.bitwise_and, lambda dtype: np.iinfo(dtype).max),
    "flagor": lambda neighbours: _combined(neighbours, np.bitwise_or, lambda dtype: 0),
    "flagmedianand": lambda neighbours: _majority(neighbours, np.greater),
    "flagmedianor": lambda neighbours: _majority(neighbours, np.greater_equal),
}
