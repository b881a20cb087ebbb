"""Bilinear interpolation at arbitrary positions of an image with gaps, in linear power."""

import numpy as np


def interpolate(planes, rows, columns):
    """Values between the centres of pixels.

    Only pixels with data count, by weights that sum to one; a position has data where the nearest pixel has.

    Parameters
    ----------
    planes : ndarray of float32, shape (planes, height, width)
        NaN where invalid.
    rows, columns : ndarray of float32, shape (n,)
        Positions; (0, 0) is the centre of the first pixel. Up to half a pixel outside is allowed.

    Returns
    -------
    ndarray of float32, shape (planes, n)
        NaN where there is no data.
    """
    height, width = planes.shape[1:]
    upper = np.clip(np.floor(rows), 0, max(height - 2, 0)).astype(np.int32)
    left = np.clip(np.floor(columns), 0, max(width - 2, 0)).astype(np.int32)
    down = np.clip(rows - upper, 0, 1)
    right = np.clip(columns - left, 0, 1)
    start = upper * np.int32(width)
    start += left
    below, beside = (width if height > 1 else 0), (1 if width > 1 else 0)
    result = np.empty((len(planes), len(rows)), np.float32)
    for plane, target in zip(planes.reshape(len(planes), -1), result):
        _bilinear(plane, start, below, beside, down, right, target)
        _bridge_gaps(plane, start, below, beside, down, right, target)
    return result


def _bilinear(plane, start, below, beside, down, right, target):
    """Along the upper and the lower row, then between them; NaN wherever a neighbour is."""
    first = plane.take(start)
    second = plane.take(start + beside) if beside else first
    np.subtract(second, first, out=target)
    target *= right
    target += first
    if below:
        lower = start + np.int32(below)
        first = plane.take(lower)
        second = plane.take(lower + beside) if beside else first
        second = second - first
        second *= right
        second += first
        second -= target
        second *= down
        target += second


def _bridge_gaps(plane, start, below, beside, down, right, target):
    """Positions with a neighbour without data: the others count, where the nearest one has data."""
    gaps = np.flatnonzero(np.isnan(target))
    if not gaps.size:
        return
    start, down, right = start[gaps], down[gaps], right[gaps]
    nearest = plane.take(start + below * (down >= 0.5) + beside * (right >= 0.5))
    kept = ~np.isnan(nearest)
    if not kept.any():
        return
    start, down, right = start[kept], down[kept], right[kept]
    total, weights = np.zeros(start.shape, np.float32), np.zeros(start.shape, np.float32)
    for along_rows, row_weight in ((0, 1 - down), (below, down)):
        for along_columns, column_weight in ((0, 1 - right), (beside, right)):
            values = plane.take(start + along_rows + along_columns)
            weight = np.where(np.isnan(values), 0, row_weight * column_weight)
            total += weight * np.nan_to_num(values)
            weights += weight
    target[gaps[kept]] = total / weights
