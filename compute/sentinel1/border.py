"""The invalid rims of an image: how far they reach, line by line and column by column.

At the edges of products made before processor 2.9 pixels are left that hold no signal, yet are not 0. Every true pixel
holds at least the thermal noise; the rim reaches inwards to where the mean of a small window does so too. The idea to
scan inwards, and how far, is that of SNAP's Remove-GRD-Border-Noise.
"""

import numpy as np

from ..raster.grid import Window

REACH = 500
WINDOW = 5
# A window with less than this share of the noise holds no signal; means of 25 pixels vary by a tenth.
SHARE = 0.5
# Where the product states no noise: a mean digital number below this.
DARKEST = 30.0
CHUNK = 1024


class Border:
    """Which pixels lie inside the rims.

    Parameters
    ----------
    channel : ChannelPower
        The co-polarised one: the rims of all polarisations are the same.
    progress : Progress
    """

    def __init__(self, channel, progress):
        height, width = channel.shape
        self._left, self._right = np.zeros(height, int), np.full(height, width)
        self._top, self._bottom = np.zeros(width, int), np.full(width, height)
        reach = tuple(min(REACH, size // 2) for size in channel.shape)
        for row in range(0, height, CHUNK):
            progress.check()
            rows = min(CHUNK, height - row)
            place = slice(row, row + rows)
            self._left[place] = _rim(channel, Window(row, 0, rows, reach[1]), False, False)
            self._right[place] = width - _rim(channel, Window(row, width - reach[1], rows, reach[1]), False, True)
        for col in range(0, width, CHUNK):
            progress.check()
            columns = min(CHUNK, width - col)
            place = slice(col, col + columns)
            self._top[place] = _rim(channel, Window(0, col, reach[0], columns), True, False)
            self._bottom[place] = height - _rim(channel, Window(height - reach[0], col, reach[0], columns), True, True)

    def inside(self, window):
        """Which pixels of a window lie inside the rims.

        Returns
        -------
        ndarray of bool, shape (height, width)
        """
        rows, columns = (np.arange(start, start + size) for start, size in (
            (window.row, window.height), (window.col, window.width)))
        known_rows, known_columns = (places.clip(0, len(limits) - 1) for places, limits in (
            (rows, self._left), (columns, self._top)))
        across = (columns >= self._left[known_rows][:, None]) & (columns < self._right[known_rows][:, None])
        down = (rows[:, None] >= self._top[known_columns]) & (rows[:, None] < self._bottom[known_columns])
        return across & down


def _rim(channel, window, is_upright, is_reversed):
    """How many pixels of each line (of each column, if upright) at the edge of the image hold no signal."""
    from scipy.ndimage import uniform_filter

    halo = WINDOW // 2
    padded = window.padded(halo)
    numbers, valid = channel.numbers(padded)
    power = np.where(valid, numbers.astype(np.float32) ** 2, 0)
    noise = channel.noise(padded) if channel.has_noise else np.zeros(padded.shape, np.float32)
    least = np.where(noise > 0, SHARE * noise, DARKEST ** 2).astype(np.float32)
    # Pixels beyond the edge count in the window neither as signal nor as noise.
    inner = (slice(halo, -halo), slice(halo, -halo))
    means, levels, shares = (uniform_filter(plane.astype(np.float32), WINDOW, mode="constant")[inner]
                             for plane in (power, np.where(valid, least, 0), valid))
    holds_signal = valid[inner] & (means >= levels) & (shares > 0)
    if is_upright:
        holds_signal = holds_signal.T
    if is_reversed:
        holds_signal = holds_signal[:, ::-1]
    return np.where(holds_signal.any(axis=1), holds_signal.argmax(axis=1), holds_signal.shape[1])
