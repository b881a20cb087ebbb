"""Speckle filters of power images: Lee and refined Lee.

Lee: J.-S. Lee, IEEE Transactions on Pattern Analysis and Machine Intelligence 2(2), 1980, 165-168. Refined Lee: J.-S.
Lee, Computer Graphics and Image Processing 15(4), 1981, 380-389. Equivalent numbers of looks: Sentinel-1 Product
Definition (S1-RS-MDA-52-7440).
"""

import numpy as np

# Equivalent number of looks by mode and resolution.
LOOKS = {("EW", "GRDH"): 2.7, ("EW", "GRDM"): 10.7, ("IW", "GRDH"): 4.4, ("IW", "GRDM"): 81.8}
REFINED_SIZE = 7


def filter_halo(kind, size):
    """Return the halo of a filter: the pixels beyond a block that it uses.

    Parameters
    ----------
    kind : {"none", "lee", "refined_lee"}
    size : int
        Window size of the Lee filter.

    Returns
    -------
    int
    """
    return {"none": 0, "lee": size // 2, "refined_lee": REFINED_SIZE // 2}[kind]


def lee(power, valid, size, looks):
    """Apply the Lee filter.

    Parameters
    ----------
    power : ndarray of float32, shape (height, width)
        0 where invalid.
    valid : ndarray of bool, same shape
    size : int
        Window size, odd.
    looks : float
        Equivalent number of looks.

    Returns
    -------
    ndarray of float32, same shape
        0 where invalid.
    """
    from scipy.ndimage import uniform_filter

    values = power.astype(np.float64)
    fractions = np.maximum(uniform_filter(valid.astype(np.float64), size, mode="constant"), 0.5 / size ** 2)
    means = uniform_filter(values, size, mode="constant") / fractions
    squares = uniform_filter(values ** 2, size, mode="constant") / fractions
    return np.where(valid, _estimate(values, means, squares - means ** 2, looks), 0).astype(np.float32)


def refined_lee(power, valid, looks):
    """Apply the refined Lee filter, with statistics of the half of a 7 x 7 window on the pixel's side of an edge.

    Parameters and return value as for :func:`lee`.
    """
    from scipy.ndimage import uniform_filter

    values = power.astype(np.float64)
    fractions = np.maximum(uniform_filter(valid.astype(np.float64), 3, mode="constant"), 0.5 / 9)
    half_of_pixel = _half_window(uniform_filter(values, 3, mode="constant") / fractions)
    planes = [_HalfWindowSums(plane) for plane in (values, values ** 2, valid.astype(np.float64))]
    means, squares = np.zeros_like(values), np.zeros_like(values)
    for index, half in enumerate(HALVES):
        total, square, count = (sums.of(half) for sums in planes)
        count = np.maximum(count, 1)
        selected = half_of_pixel == index
        means[selected], squares[selected] = (total / count)[selected], (square / count)[selected]
    return np.where(valid, _estimate(values, means, squares - means ** 2, looks), 0).astype(np.float32)


def _estimate(values, means, variances, looks):
    """Return the minimum mean square error estimate from the pixel values and the window statistics."""
    speckle = means ** 2 / looks
    signal = np.maximum(variances - speckle, 0) / (1 + 1 / looks)
    weight = np.divide(signal, variances, out=np.zeros_like(values), where=variances > 0)
    return means + weight * (values - means)


# Half windows: columns (first, last) relative to the pixel, for each of the seven rows; left, right, upper, lower, and
# along both diagonals.
_ROWS = range(-3, 4)
HALVES = (
    tuple((-3, 0) for _ in _ROWS), tuple((0, 3) for _ in _ROWS),
    tuple((-3, 3) if row <= 0 else None for row in _ROWS), tuple((-3, 3) if row >= 0 else None for row in _ROWS),
    tuple((-3, -row) for row in _ROWS), tuple((-row, 3) for row in _ROWS),
    tuple((row, 3) for row in _ROWS), tuple((-3, row) for row in _ROWS),
)


def _half_window(means):
    """Return the index of the half window (of ``HALVES``) on each pixel's side of the strongest edge."""
    def at(row, column):
        return _shifted(means, 2 * row, 2 * column)

    left, right = at(0, -1), at(0, 1)
    above, below = at(-1, 0), at(1, 0)
    corners = {(row, column): at(row, column) for row in (-1, 1) for column in (-1, 1)}
    gradients = np.abs(np.stack([
        corners[-1, -1] + left + corners[1, -1] - corners[-1, 1] - right - corners[1, 1],
        corners[-1, -1] + above + corners[-1, 1] - corners[1, -1] - below - corners[1, 1],
        left + corners[-1, -1] + above - right - corners[1, 1] - below,
        right + corners[-1, 1] + above - left - corners[1, -1] - below]))
    pairs = ((left, right), (above, below), (corners[-1, -1], corners[1, 1]), (corners[-1, 1], corners[1, -1]))
    strongest = gradients.argmax(axis=0)
    is_second = np.stack([np.abs(second - means) < np.abs(first - means) for first, second in pairs])
    return 2 * strongest + np.take_along_axis(is_second, strongest[None], axis=0)[0]


def _shifted(plane, rows, columns):
    """Return the plane shifted by rows and columns; edge values are repeated."""
    height, width = plane.shape
    return plane[np.clip(np.arange(height) + rows, 0, height - 1)[:, None],
                 np.clip(np.arange(width) + columns, 0, width - 1)]


class _HalfWindowSums:
    """Sums over half windows, from cumulative sums along the rows."""

    def __init__(self, plane):
        self._height, self._width = plane.shape
        padded = np.pad(plane, 3)
        self._running = np.zeros((padded.shape[0], padded.shape[1] + 1))
        np.cumsum(padded, axis=1, out=self._running[:, 1:])

    def of(self, half):
        """Return the sum over one of ``HALVES`` around every pixel."""
        total = np.zeros((self._height, self._width))
        for row, span in enumerate(half):
            if span:
                lines = self._running[row:row + self._height]
                total += lines[:, span[1] + 4:span[1] + 4 + self._width]
                total -= lines[:, span[0] + 3:span[0] + 3 + self._width]
        return total
