"""The radar image that is geocoded: all polarisations, cleaned and averaged, in tiles that are made once."""

from contextlib import ExitStack

import numpy as np

from ..raster.grid import Window
from .balance import estimated, from_table
from .border import Border
from .radiometry import ChannelPower, TileCache
from .speckle import LOOKS, halo_of, lee, refined_lee

TILE, SMALLEST_TILE = 512, 32
# Most lines and pixels of the product behind a tile.
LONGEST_EDGE = 1024
# Pixels of tiles that are kept: 100 MB for each polarisation.
KEPT_PIXELS = 96 * TILE ** 2


class RadarImage:
    """The image behind the result.

    Parameters
    ----------
    product : Product
    images : dict of str to str
        Path of the measurement by polarisation.
    settings : BackscatterSettings
    metres : float
        Pixel size of the result.
    executor : concurrent.futures.Executor
    progress : Progress

    Attributes
    ----------
    polarisations : tuple of str
    full_shape : tuple of int
        (lines, pixels) of the product.
    looks : int
        Lines and pixels of the product that make one of this image.
    shape : tuple of int
        (lines, pixels) after averaging.
    balance : dict
        By polarisation and sub-swath: (scaling, offset) of the noise.
    """

    def __init__(self, product, images, settings, metres, executor, progress):
        self.polarisations = tuple(images)
        annotation = product.annotation
        self.full_shape = annotation.shape
        self.looks = settings.multilook or max(1, int(metres / max(annotation.spacing) + 1e-6))
        self.shape = tuple(-(-size // self.looks) for size in self.full_shape)
        self.balance = {}
        self._settings = settings
        self._enl = LOOKS.get((annotation.mode, product.resolution), 4.4) * self.looks ** 2
        self._channels = []
        with ExitStack() as unless_complete:
            unless_complete.callback(self.close)
            for polarisation, path in images.items():
                self._channels.append(ChannelPower(product, polarisation, path, settings))
            self._clean(product, executor, progress)
            unless_complete.pop_all()
        edge = max(SMALLEST_TILE, min(TILE, LONGEST_EDGE // self.looks))
        self._tiles = TileCache(self._tile, self.shape, edge, KEPT_PIXELS // edge ** 2)

    def _clean(self, product, executor, progress):
        """Find the rims and the balance of the sub-swaths, which need a look at the whole image."""
        settings = self._settings
        border = Border(self._channels[0], progress) if settings.border_removal else None
        for number, (polarisation, channel) in enumerate(zip(self.polarisations, self._channels)):
            part = progress.part(number / len(self._channels), (number + 1) / len(self._channels))
            channel.border = border
            if settings.swath_balance == "table":
                self.balance[polarisation] = from_table(settings.swath_table, product, polarisation)
                if not self.balance[polarisation]:
                    progress.warn(f"{product.name}: the table of noise scaling and offset has no rows for "
                                  f"{polarisation}; its noise is taken as it is.")
            elif settings.swath_balance == "estimate" and channel.has_noise:
                self.balance[polarisation] = estimated(channel, executor, part)
                progress.say(f"{product.name}, {polarisation}: {_in_words(self.balance[polarisation])}")
            channel.balance(self.balance.get(polarisation, {}))

    def close(self):
        """Close all images."""
        for channel in self._channels:
            channel.close()

    def read(self, window):
        """Power of all polarisations.

        Parameters
        ----------
        window : Window
            In averaged pixels, inside the image.

        Returns
        -------
        ndarray of float32, shape (polarisations, height, width)
            NaN where invalid.
        """
        return self._tiles.read(window, len(self._channels))

    def _tile(self, window):
        settings, looks = self._settings, self.looks
        halo = halo_of(settings.speckle_filter, settings.filter_size)
        wide = window.padded(halo)
        source = Window(wide.row * looks, wide.col * looks, wide.height * looks, wide.width * looks)
        inner = window.relative_to(wide).slices
        planes = np.empty((len(self._channels), *window.shape), np.float32)
        for plane, channel in zip(planes, self._channels):
            power, valid = channel.read(source)
            if looks > 1:
                power, valid = averaged(power, valid, looks)
            if settings.speckle_filter == "lee":
                power = lee(power, valid, settings.filter_size, self._enl)
            elif settings.speckle_filter == "refinedlee":
                power = refined_lee(power, valid, self._enl)
            plane[:] = power[inner]
            plane[~valid[inner]] = np.nan
        return planes


def _in_words(balance):
    """What was estimated, for the log."""
    changed = [f"{swath} {scaling:.3f} and {offset:.1e}" for swath, (scaling, offset) in sorted(balance.items())
               if scaling != 1 or offset]
    return f"noise scaling and offset {', '.join(changed)}." if changed else "no steps between the sub-swaths."


def averaged(power, valid, looks):
    """Means of squares of pixels; those without data do not count.

    Parameters
    ----------
    power : ndarray of float32, shape (height * looks, width * looks)
        0 where invalid.
    valid : ndarray of bool, same shape
    looks : int

    Returns
    -------
    power : ndarray of float32, shape (height, width)
    valid : ndarray of bool, same shape
        Where at least half of the pixels have data.
    """
    height, width = power.shape[0] // looks, power.shape[1] // looks
    squares = power.reshape(height, looks, width, looks)
    counts = valid.reshape(height, looks, width, looks).sum(axis=(1, 3), dtype=np.int32)
    total = squares.sum(axis=(1, 3), dtype=np.float32)
    enough = counts * 2 >= looks * looks
    return np.where(enough, total / np.maximum(counts, 1), 0).astype(np.float32), enough
