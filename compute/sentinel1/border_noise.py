"""Border noise removal: width of the invalid rims of an image, by line and by column.

Products before IPF 2.90 have pixels without signal, but not 0, at the image edges. Valid pixels contain at least the
thermal noise; a rim ends where the mean of a small window reaches that level. The inward scan and its maximum distance
follow SNAP's Remove-GRD-Border-Noise operator.
"""

import numpy as np

from ..raster.grid import Window

MAX_RIM = 500
WINDOW = 5

# Windows with a mean below this fraction of the thermal noise contain no signal; means of 25 pixels vary by a tenth.
MIN_NOISE_FRACTION = 0.5

# Threshold of the mean digital number, used without noise vectors.
MIN_DIGITAL_NUMBER = 30.0
CHUNK = 1024


class Border:
    """Valid area of an image inside the rims of border noise.

    Parameters
    ----------
    channel : ChannelPower
        Co-polarised channel; the rims are the same in all polarisations.
    progress : Progress
    """

    def __init__(self, channel, progress):
        height, width = channel.shape
        self._left, self._right = np.zeros(height, int), np.full(height, width)
        self._top, self._bottom = np.zeros(width, int), np.full(width, height)
        max_rim = tuple(min(MAX_RIM, size // 2) for size in channel.shape)
        for row in range(0, height, CHUNK):
            progress.check()
            rows = min(CHUNK, height - row)
            chunk = slice(row, row + rows)
            self._left[chunk] = _rim_widths(channel, Window(row, 0, rows, max_rim[1]), False, False)
            self._right[chunk] = width - _rim_widths(
                channel, Window(row, width - max_rim[1], rows, max_rim[1]), False, True)
        for col in range(0, width, CHUNK):
            progress.check()
            columns = min(CHUNK, width - col)
            chunk = slice(col, col + columns)
            self._top[chunk] = _rim_widths(channel, Window(0, col, max_rim[0], columns), True, False)
            self._bottom[chunk] = height - _rim_widths(
                channel, Window(height - max_rim[0], col, max_rim[0], columns), True, True)

    def inside(self, window):
        """Return the mask of pixels of a window inside the rims.

        Returns
        -------
        ndarray of bool, shape (height, width)
        """
        rows, columns = (np.arange(start, start + size) for start, size in (
            (window.row, window.height), (window.col, window.width)))
        image_rows, image_columns = (indices.clip(0, len(limits) - 1) for indices, limits in (
            (rows, self._left), (columns, self._top)))
        across = (columns >= self._left[image_rows][:, None]) & (columns < self._right[image_rows][:, None])
        down = (rows[:, None] >= self._top[image_columns]) & (rows[:, None] < self._bottom[image_columns])
        return across & down


def _rim_widths(channel, window, is_upright, is_reversed):
    """Return the rim width of each line (of each column, if upright): the number of edge pixels without signal."""
    from scipy.ndimage import uniform_filter

    halo = WINDOW // 2
    padded = window.padded(halo)
    numbers, valid = channel.read_digital_numbers(padded)
    power = np.where(valid, numbers.astype(np.float32) ** 2, 0)
    noise = channel.noise(padded) if channel.has_noise else np.zeros(padded.shape, np.float32)
    threshold = np.where(noise > 0, MIN_NOISE_FRACTION * noise, MIN_DIGITAL_NUMBER ** 2).astype(np.float32)
    # Pixels outside the image contribute neither to the mean power nor to the threshold.
    inner = (slice(halo, -halo), slice(halo, -halo))
    means, thresholds, valid_fractions = (uniform_filter(plane.astype(np.float32), WINDOW, mode="constant")[inner]
                                          for plane in (power, np.where(valid, threshold, 0), valid))
    has_signal = valid[inner] & (means >= thresholds) & (valid_fractions > 0)
    if is_upright:
        has_signal = has_signal.T
    if is_reversed:
        has_signal = has_signal[:, ::-1]
    return np.where(has_signal.any(axis=1), has_signal.argmax(axis=1), has_signal.shape[1])
