"""Calibrated radar image of all polarisations: noise removal, multilooking and speckle filtering by cached tiles."""

from contextlib import ExitStack

import numpy as np

from ..raster.grid import Window
from .border_noise import Border
from .radiometry import ChannelPower, TileCache
from .speckle_filters import LOOKS, filter_halo, lee, refined_lee
from .subswath_balance import balance_from_table, estimate_balance

TILE, MIN_TILE = 512, 32

# Maximum number of product lines and pixels of a tile, before multilooking.
MAX_SOURCE_EDGE = 1024

# Size of the tile cache in pixels: 100 MB per polarisation.
CACHED_PIXELS = 96 * TILE ** 2


class RadarImage:
    """Radar image to geocode.

    Parameters
    ----------
    product : GrdProduct
    images : dict of str to str
        Path of the measurement by polarisation.
    settings : BackscatterSettings
    pixel_metres : float
        Output pixel size in metres.
    executor : concurrent.futures.Executor
    progress : Progress

    Attributes
    ----------
    polarisations : tuple of str
    full_shape : tuple of int
        (lines, pixels) of the product.
    looks : int
        Size of the multilook window in lines and pixels of the product.
    shape : tuple of int
        (lines, pixels) after multilooking.
    balance : dict
        (scaling, offset) of the noise by polarisation and sub-swath.
    """

    def __init__(self, product, images, settings, pixel_metres, executor, progress):
        self.polarisations = tuple(images)
        annotation = product.annotation
        self.full_shape = annotation.shape
        self.looks = settings.multilook or max(1, int(pixel_metres / max(annotation.spacing) + 1e-6))
        self.shape = tuple(-(-size // self.looks) for size in self.full_shape)
        self.balance = {}
        self._settings = settings
        self._enl = LOOKS.get((annotation.mode, product.resolution), 4.4) * self.looks ** 2
        self._channels = []
        with ExitStack() as on_error:
            on_error.callback(self.close)
            for polarisation, path in images.items():
                self._channels.append(ChannelPower(product, polarisation, path, settings))
            self._prepare(product, executor, progress)
            on_error.pop_all()
        edge = max(MIN_TILE, min(TILE, MAX_SOURCE_EDGE // self.looks))
        self._tiles = TileCache(self._tile, self.shape, edge, CACHED_PIXELS // edge ** 2)

    def _prepare(self, product, executor, progress):
        """Determine border noise and sub-swath balance, which require the whole image."""
        settings = self._settings
        border = Border(self._channels[0], progress) if settings.border_noise_removal else None
        for number, (polarisation, channel) in enumerate(zip(self.polarisations, self._channels)):
            part = progress.part(number / len(self._channels), (number + 1) / len(self._channels))
            channel.border = border
            if settings.swath_balance == "table":
                self.balance[polarisation] = balance_from_table(settings.swath_table, product, polarisation)
                if not self.balance[polarisation]:
                    progress.warn(f"{product.name}: the sub-swath noise table has no rows for {polarisation}; its "
                                  "noise is not adjusted.")
            elif settings.swath_balance == "estimate" and channel.has_noise:
                self.balance[polarisation] = estimate_balance(channel, executor, part)
                progress.say(f"{product.name}, {polarisation}: {_describe(self.balance[polarisation])}")
            channel.set_balance(self.balance.get(polarisation, {}))

    def close(self):
        """Close the image files."""
        for channel in self._channels:
            channel.close()

    def read(self, window):
        """Read the power of all polarisations.

        Parameters
        ----------
        window : Window
            In multilooked pixels, inside the image.

        Returns
        -------
        ndarray of float32, shape (polarisations, height, width)
            NaN where invalid.
        """
        return self._tiles.read(window, len(self._channels))

    def _tile(self, window):
        settings, looks = self._settings, self.looks
        halo = filter_halo(settings.speckle_filter, settings.speckle_window)
        padded = window.padded(halo)
        source = Window(padded.row * looks, padded.col * looks, padded.height * looks, padded.width * looks)
        inner = window.relative_to(padded).slices
        planes = np.empty((len(self._channels), *window.shape), np.float32)
        for plane, channel in zip(planes, self._channels):
            power, valid = channel.read(source)
            if looks > 1:
                power, valid = multilook(power, valid, looks)
            if settings.speckle_filter == "lee":
                power = lee(power, valid, settings.speckle_window, self._enl)
            elif settings.speckle_filter == "refined_lee":
                power = refined_lee(power, valid, self._enl)
            plane[:] = power[inner]
            plane[~valid[inner]] = np.nan
        return planes


def _describe(balance):
    """Return the estimated balance as text for the log."""
    changed = [f"{swath} {scaling:.3f} and {offset:.1e}" for swath, (scaling, offset) in sorted(balance.items())
               if scaling != 1 or offset]
    return (f"estimated noise scaling and offset {', '.join(changed)}." if changed
            else "no significant steps between the sub-swaths.")


def multilook(power, valid, looks):
    """Average power over square windows, ignoring invalid pixels.

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
        True where at least half of the pixels are valid.
    """
    height, width = power.shape[0] // looks, power.shape[1] // looks
    windows = power.reshape(height, looks, width, looks)
    counts = valid.reshape(height, looks, width, looks).sum(axis=(1, 3), dtype=np.int32)
    total = windows.sum(axis=(1, 3), dtype=np.float32)
    is_valid = counts * 2 >= looks * looks
    return np.where(is_valid, total / np.maximum(counts, 1), 0).astype(np.float32), is_valid
