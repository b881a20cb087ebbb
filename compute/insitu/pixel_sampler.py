"""Random sample of pixels from a stream of blocks with bounded memory (bottom-k sampling).

Every pixel has a pseudo-random key that depends on the seed and its position only, and of each class the pixels with
the smallest keys are kept. So the sample is uniform, and independent of the size and order of the blocks and of the
number of threads.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UnsuitableInput
from ..raster.grid import Grid, Window

# Limit of the sample size in memory, leaving room for the forest.
MAX_SAMPLE_BYTES = 2 * 1024 ** 3


@dataclass(frozen=True)
class PixelSample:
    """Sampled pixels, sorted by class and position.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
    classes : ndarray of int32, shape (pixels,)
        Class indices.
    parcels : ndarray of int32, shape (pixels,)
    available : ndarray of int64, shape (classes,)
        Number of available pixels.
    without_data : int
        Pixels left out because features are missing.
    disputed : int
        Pixels left out because they lie in parcels of different classes.
    """

    features: NDArray[np.float32]
    classes: NDArray[np.int32]
    parcels: NDArray[np.int32]
    available: NDArray[np.int64]
    without_data: int = 0
    disputed: int = 0


def pixel_positions(window: Window, indices: NDArray[np.integer], grid: Grid) -> NDArray[np.int64]:
    """Positions of pixels in an image, row * width + column, for :meth:`PixelSampler.add`.

    Parameters
    ----------
    window : Window
    indices : ndarray of int
        Indices of pixels of the window, row by row.
    grid : Grid
        Of the image.

    Returns
    -------
    ndarray of int64
    """
    rows, columns = np.divmod(indices, window.width)
    return (window.row + rows) * np.int64(grid.width) + window.col + columns


class PixelSampler:
    """Sampler of at most `max_per_class` pixels of each class (0: all).

    Parameters
    ----------
    class_count, feature_count : int
    max_per_class : int
    seed : int
    """

    def __init__(self, class_count, feature_count, max_per_class, seed):
        self._feature_count = feature_count
        self._maximum = max_per_class
        self._seed = seed
        self._kept = [[] for _ in range(class_count)]
        self._sizes = np.zeros(class_count, np.int64)
        self._limits = np.full(class_count, np.iinfo(np.uint64).max, np.uint64)
        self._available = np.zeros(class_count, np.int64)

    def add(self, classes, pixels, features, parcels):
        """Add the labelled pixels of a block.

        Parameters
        ----------
        classes : ndarray of int, shape (n,)
            Class indices.
        pixels : ndarray of int64, shape (n,)
            Position in the image: row * width + column; unique.
        features : ndarray of float32, shape (n, features)
        parcels : ndarray of int, shape (n,)

        Raises
        ------
        UnsuitableInput
            If the sample does not fit into memory.
        """
        keys = pixel_keys(self._seed, pixels)
        for number in np.unique(classes):
            selected = classes == number
            self._available[number] += np.count_nonzero(selected)
            selected &= keys <= self._limits[number]
            self._kept[number].append((keys[selected], pixels[selected], features[selected], parcels[selected]))
            self._sizes[number] += np.count_nonzero(selected)
            if self._maximum and self._sizes[number] >= 2 * self._maximum:
                self._keep_smallest(number)
        if self._sizes.sum() * self._feature_count * features.itemsize > MAX_SAMPLE_BYTES:
            raise UnsuitableInput("The sampled pixels do not fit into memory. Choose fewer samples per class.")

    def result(self):
        """The sample of all blocks added so far.

        Returns
        -------
        PixelSample
        """
        features, classes, parcels = [np.empty((0, self._feature_count), np.float32)], [], []
        for number in range(len(self._kept)):
            self._keep_smallest(number)
            for _, pixels, values, owners in self._kept[number]:
                order = np.argsort(pixels)
                features.append(values[order])
                classes.append(np.full(len(order), number, np.int32))
                parcels.append(owners[order].astype(np.int32))
        empty = np.empty(0, np.int32)
        return PixelSample(features=np.concatenate(features), classes=np.concatenate([empty, *classes]),
                           parcels=np.concatenate([empty, *parcels]), available=self._available.copy())

    def _keep_smallest(self, number):
        if not self._kept[number]:
            return
        keys, pixels, features, parcels = map(np.concatenate, zip(*self._kept[number]))
        if self._maximum and len(keys) > self._maximum:
            smallest = np.argpartition(keys, self._maximum - 1)[:self._maximum]
            keys, pixels, features, parcels = (part[smallest] for part in (keys, pixels, features, parcels))
            self._limits[number] = keys.max()
        self._kept[number] = [(keys, pixels, features, parcels)]
        self._sizes[number] = len(keys)


def pixel_keys(seed, pixels):
    """Unique pseudo-random keys of pixels.

    SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195) is the generator: pixel ``p`` gets the output
    of the ``p``-th step of the sequence that starts at the mixed seed.

    Parameters
    ----------
    seed : int
        Not negative.
    pixels : ndarray of int64

    Returns
    -------
    ndarray of uint64
    """
    step = np.uint64(0x9E3779B97F4A7C15)
    start = _mix(np.array([seed], np.uint64) + step)
    return _mix(start + (pixels.astype(np.uint64) + np.uint64(1)) * step)


def _mix(state):
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
