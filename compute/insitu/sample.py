"""Drawing training pixels from a stream of blocks, evenly and with bounded memory.

Every pixel has a key that looks random but depends on nothing except the seed and its place in the image. Of each
class the pixels with the smallest keys are kept. So the sample is uniform, and neither the size of the blocks, nor
their order, nor the number of threads changes it ("bottom-k sampling").
"""

from dataclasses import dataclass

import numpy as np

from ..errors import UnsuitableInput

# Where every pixel is wanted they must fit into memory with room for the forest beside them.
MOST_SAMPLE_BYTES = 2 * 1024 ** 3


@dataclass(frozen=True)
class PixelSample:
    """Training pixels, sorted by class and place.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
    classes : ndarray of int32, shape (pixels,)
        Class numbers counted from 0.
    parcels : ndarray of int32, shape (pixels,)
    available : ndarray of int64, shape (classes,)
        How many pixels there were to draw from.
    """

    features: np.ndarray
    classes: np.ndarray
    parcels: np.ndarray
    available: np.ndarray


class PixelSampler:
    """Keeps at most `most_per_class` pixels of each class (0: all).

    Parameters
    ----------
    class_count, feature_count : int
    most_per_class : int
    seed : int
    """

    def __init__(self, class_count, feature_count, most_per_class, seed):
        self._feature_count = feature_count
        self._most = most_per_class
        self._seed = seed
        self._kept = [[] for _ in range(class_count)]
        self._sizes = np.zeros(class_count, np.int64)
        self._limits = np.full(class_count, np.iinfo(np.uint64).max, np.uint64)
        self._available = np.zeros(class_count, np.int64)

    def add(self, classes, pixels, features, parcels):
        """Offer the labelled pixels of a block.

        Parameters
        ----------
        classes : ndarray of int, shape (n,)
            Counted from 0.
        pixels : ndarray of int64, shape (n,)
            Place in the image: row * width + column; each is offered once.
        features : ndarray of float32, shape (n, features)
        parcels : ndarray of int, shape (n,)

        Raises
        ------
        UnsuitableInput
            If all pixels are wanted and they do not fit into memory.
        """
        keys = pixel_keys(self._seed, pixels)
        for number in np.unique(classes):
            own = classes == number
            self._available[number] += np.count_nonzero(own)
            own &= keys <= self._limits[number]
            self._kept[number].append((keys[own], pixels[own], features[own], parcels[own]))
            self._sizes[number] += np.count_nonzero(own)
            if self._most and self._sizes[number] >= 2 * self._most:
                self._keep_smallest(number)
        if self._sizes.sum() * self._feature_count * features.itemsize > MOST_SAMPLE_BYTES:
            raise UnsuitableInput("The training pixels do not fit into memory. Choose fewer samples per class.")

    def result(self):
        """The sample drawn from all blocks so far.

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
        return PixelSample(np.concatenate(features), np.concatenate([empty, *classes]),
                           np.concatenate([empty, *parcels]), self._available.copy())

    def _keep_smallest(self, number):
        if not self._kept[number]:
            return
        keys, pixels, features, parcels = map(np.concatenate, zip(*self._kept[number]))
        if self._most and len(keys) > self._most:
            smallest = np.argpartition(keys, self._most - 1)[:self._most]
            keys, pixels, features, parcels = (part[smallest] for part in (keys, pixels, features, parcels))
            self._limits[number] = keys.max()
        self._kept[number] = [(keys, pixels, features, parcels)]
        self._sizes[number] = len(keys)


def pixel_keys(seed, pixels):
    """A random-looking number for each pixel of an image, never the same for two pixels.

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
    start = _mixed(np.array([seed], np.uint64) + step)
    return _mixed(start + (pixels.astype(np.uint64) + np.uint64(1)) * step)


def _mixed(state):
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
