"""Interpolation of calibration and noise vectors to image pixels.

Values are interpolated bilinearly between the pixels and lines of the vectors, as in the Sentinel-1 Level 1 Detailed
Algorithm Definition; azimuth noise factors linearly along the lines of their image part. Beyond the outermost vectors
the nearest value is used.
"""

import numpy as np


class VectorSurface:
    """Bilinear surface through vectors along image lines.

    Parameters
    ----------
    vectors : Vectors
    width : int
        Number of pixels of an image line.
    """

    def __init__(self, vectors, width):
        columns = np.arange(width)
        self._lines = vectors.lines.astype(float)
        self._rows = np.stack([np.interp(columns, pixels, values)
                               for pixels, values in zip(vectors.pixels, vectors.values)])

    def values(self, window):
        """Return the surface in a window of image pixels.

        Parameters
        ----------
        window : Window
            May exceed the image; the outermost values are repeated there.

        Returns
        -------
        ndarray of float32, shape (height, width)
        """
        last = self._rows.shape[1] - 1
        if window.col >= 0 and window.col + window.width <= last + 1:
            rows = self._rows[:, window.col:window.col + window.width]
        else:
            rows = self._rows[:, np.arange(window.col, window.col + window.width).clip(0, last)]
        lines = np.clip(np.arange(window.row, window.row + window.height), self._lines[0], self._lines[-1])
        above = np.clip(np.searchsorted(self._lines, lines, side="right") - 1, 0, max(len(rows) - 2, 0))
        surface = np.empty(window.shape, np.float32)
        for vector in np.unique(above):
            inside = np.flatnonzero(above == vector)
            part = surface[inside[0]:inside[-1] + 1]
            if len(rows) == 1 or (rows[vector] == rows[vector + 1]).all():
                part[:] = rows[vector]
                continue
            fraction = (lines[inside] - self._lines[vector]) / (self._lines[vector + 1] - self._lines[vector])
            np.multiply(fraction.astype(np.float32)[:, None], (rows[vector + 1] - rows[vector]).astype(np.float32),
                        out=part)
            part += rows[vector].astype(np.float32)
        return surface


def azimuth_factor(parts, window):
    """Return the azimuth noise factor (scalloping) in a window; 1 outside the parts.

    Parameters
    ----------
    parts : sequence of SwathPart
        Parts with lines and values.
    window : Window

    Returns
    -------
    ndarray of float32, shape (height, width)
    """
    factor = np.ones(window.shape, np.float32)
    for part, slices in _parts_in(parts, window):
        lines = np.arange(slices[0].start, slices[0].stop) + window.row
        factor[slices] = np.interp(lines, part.lines, part.values).astype(np.float32)[:, None]
    return factor


def swath_values(parts, values, window, default):
    """Return an image of sub-swath values in a window.

    Parameters
    ----------
    parts : sequence of SwathPart
    values : dict of str to float
        Value by sub-swath.
    window : Window
    default : float
        Value of pixels outside these sub-swaths.

    Returns
    -------
    ndarray of float32, shape (height, width)
    """
    image = np.full(window.shape, default, np.float32)
    for part, slices in _parts_in(parts, window):
        image[slices] = values.get(part.swath, default)
    return image


def _parts_in(parts, window):
    """Yield each part that intersects the window, with the slices that it covers there."""
    for part in parts:
        top, left = max(part.first_line - window.row, 0), max(part.first_pixel - window.col, 0)
        bottom = min(part.last_line + 1 - window.row, window.height)
        right = min(part.last_pixel + 1 - window.col, window.width)
        if top < bottom and left < right:
            yield part, (slice(top, bottom), slice(left, right))
