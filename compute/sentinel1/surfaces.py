"""Calibration and noise as surfaces over the image, from the vectors that a product gives.

Between the pixels of a vector and between the lines of vectors values are interpolated linearly (bilinear in all), as
the Sentinel-1 Level 1 Detailed Algorithm Definition asks; the azimuth factor is interpolated along the lines of its
part of the image. Beyond the outermost vectors the nearest value holds.
"""

import numpy as np


class VectorSurface:
    """A surface from vectors along image lines.

    Parameters
    ----------
    vectors : Vectors
    width : int
        Pixels of an image line.
    """

    def __init__(self, vectors, width):
        columns = np.arange(width)
        self._lines = vectors.lines.astype(float)
        self._rows = np.stack([np.interp(columns, pixels, values)
                               for pixels, values in zip(vectors.pixels, vectors.values)])

    def on(self, window):
        """The surface on a window of image pixels.

        Parameters
        ----------
        window : Window
            It may reach outside the image; the outermost values go on there.

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
            share = (lines[inside] - self._lines[vector]) / (self._lines[vector + 1] - self._lines[vector])
            np.multiply(share.astype(np.float32)[:, None], (rows[vector + 1] - rows[vector]).astype(np.float32),
                        out=part)
            part += rows[vector].astype(np.float32)
        return surface


def azimuth_factor(parts, window):
    """The scalloping factor of the noise on a window; 1 where no part says anything.

    Parameters
    ----------
    parts : sequence of SwathPart
        With lines and values.
    window : Window

    Returns
    -------
    ndarray of float32, shape (height, width)
    """
    factor = np.ones(window.shape, np.float32)
    for part, place in _parts_on(parts, window):
        lines = np.arange(place[0].start, place[0].stop) + window.row
        factor[place] = np.interp(lines, part.lines, part.values).astype(np.float32)[:, None]
    return factor


def swath_values(parts, values, window, otherwise):
    """A value for each sub-swath, spread over a window.

    Parameters
    ----------
    parts : sequence of SwathPart
    values : dict of str to float
        By sub-swath.
    window : Window
    otherwise : float
        Where no sub-swath with a value lies.

    Returns
    -------
    ndarray of float32, shape (height, width)
    """
    spread = np.full(window.shape, otherwise, np.float32)
    for part, place in _parts_on(parts, window):
        spread[place] = values.get(part.swath, otherwise)
    return spread


def _parts_on(parts, window):
    """Each part that reaches into the window, with the slices it covers there."""
    for part in parts:
        top, left = max(part.first_line - window.row, 0), max(part.first_pixel - window.col, 0)
        bottom = min(part.last_line + 1 - window.row, window.height)
        right = min(part.last_pixel + 1 - window.col, window.width)
        if top < bottom and left < right:
            yield part, (slice(top, bottom), slice(left, right))
