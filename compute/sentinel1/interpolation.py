"""Bilinear interpolation of linear power at arbitrary positions, with nodata."""

import numpy as np


def interpolate(planes, rows, columns):
    """Interpolate images bilinearly at positions.

    Weights of valid pixels are renormalised; a position is valid if the nearest pixel is valid.

    Parameters
    ----------
    planes : ndarray of float32, shape (planes, height, width)
        NaN where invalid.
    rows, columns : ndarray of float32, shape (n,)
        Positions; (0, 0) is the centre of the first pixel. They may lie up to half a pixel outside.

    Returns
    -------
    ndarray of float32, shape (planes, n)
        NaN where invalid.
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
    """Interpolate along the upper and the lower row, then between them; NaN if any neighbour is NaN."""
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
    """Fill positions with invalid neighbours from the valid ones, where the nearest pixel is valid."""
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
