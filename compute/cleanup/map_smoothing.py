"""Smoothing of class maps: sieve, majority filter, and Gaussian or binomial smoothing of class probabilities.

Each output pixel of the moving windows is computed from its own window in a fixed order, so that the result does not
depend on blocks or threads.
"""

import math
from dataclasses import dataclass

import numpy as np

from ..classmap.class_map import EDGE, class_values, classes_of, layout_like, read_classes, unique_values, with_nodata
from ..declarations import ParameterDeclaration
from ..errors import UnsuitableInput
from ..eta import TimeLeftProgress
from ..raster.blocks import THREADS, make_executor, run_blocks
from ..raster.grid import require_same_grid
from ..raster.reader import RasterReader
from ..raster.writer import create_raster
from .sieve import Sieve

# A Gaussian is truncated at this number of standard deviations.
TRUNCATE = 3.0


def majority(values, valid, radius):
    """The most frequent class in a square window; for ties the class of the pixel itself, if among them.

    Parameters
    ----------
    values : ndarray of int64, shape (height + 2 radius, width + 2 radius)
        With a halo of `radius` pixels.
    valid : ndarray of bool, same shape
        Only these are counted.
    radius : int

    Returns
    -------
    ndarray of int64, shape (height, width)
        For other ties the smallest value.
    """
    inner = (slice(radius, values.shape[0] - radius), slice(radius, values.shape[1] - radius))
    own_classes, size = values[inner], 2 * radius + 1
    # The smallest sufficient data type is fastest.
    dtype = np.min_scalar_type(2 * size * size + 1)
    majorities, max_counts = own_classes.copy(), np.zeros(own_classes.shape, dtype)
    for value in unique_values(values[valid]).tolist():
        is_value = values == value
        # Twice the count, plus one for the class of the pixel itself, so that it wins ties.
        counts = box_sums((is_value & valid).astype(dtype), size)
        counts += counts
        counts += is_value[inner]
        np.copyto(majorities, value, where=counts > max_counts)
        np.maximum(max_counts, counts, out=max_counts)
    return majorities


def box_sums(plane, size):
    """Sums over the square of `size` x `size` pixels that begins at each pixel.

    Parameters
    ----------
    plane : ndarray, shape (height + size - 1, width + size - 1)
    size : int

    Returns
    -------
    ndarray, shape (height, width), dtype of `plane`
    """
    return _sums_down(_sums_down(plane, size).T, size).T


def _sums_down(plane, size):
    """Sums over `size` rows from each row on, composed of sums over 1, 2, 4, 8 ... rows."""
    height = plane.shape[0] - size + 1
    total, done, length = 0, 0, 1
    while True:
        if size & length:
            total = total + plane[done:done + height]
            done += length
        if done == size:
            return total
        plane = plane[length:] + plane[:-length]
        length *= 2


def gaussian_weights(sigma):
    """Weights of a Gaussian, truncated at three standard deviations.

    Parameters
    ----------
    sigma : float
        Pixels.

    Returns
    -------
    ndarray of float64, shape (2 n + 1,)
        They sum up to 1.
    """
    radius = max(1, math.ceil(TRUNCATE * sigma))
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    return weights / weights.sum()


def binomial_weights(window):
    """Weights of a binomial window: row ``window - 1`` of Pascal's triangle.

    Parameters
    ----------
    window : int
        Odd; pixels.

    Returns
    -------
    ndarray of float64, shape (window,)
        They sum up to 1.
    """
    row = np.array([math.comb(window - 1, offset) for offset in range(window)], np.float64)
    return row / row.sum()


def smooth(plane, weights):
    """Convolve a plane with the same symmetric weights in both directions.

    Parameters
    ----------
    plane : ndarray of float64, shape (height + 2 n, width + 2 n)
        0 for pixels to ignore.
    weights : ndarray of float64, shape (2 n + 1,)

    Returns
    -------
    ndarray of float64, shape (height, width)
    """
    margin = len(weights) - 1
    height, width = plane.shape[0] - margin, plane.shape[1] - margin
    across = np.zeros((plane.shape[0], width))
    for offset, weight in enumerate(weights.tolist()):
        across += weight * plane[:, offset:offset + width]
    down = np.zeros((height, width))
    for offset, weight in enumerate(weights.tolist()):
        down += weight * across[offset:offset + height]
    return down


METHODS = ("sieve", "majority", "gaussian", "binomial")
FROM_PROBABILITIES = ("gaussian", "binomial")
CONNECTIVITY = ("4", "8")


@dataclass(frozen=True)
class SmoothSettings:
    """Settings of the smoothing of a class map.

    Parameters
    ----------
    method : {"sieve", "majority", "gaussian", "binomial"}
        "gaussian" and "binomial" smooth class probabilities and select the most probable class.
    min_mapping_unit : int
        Minimum mapping unit of the sieve in pixels; 10 pixels of 10 m are 0.1 hectare.
    connectedness : {"4", "8"}
        Connectivity of the sieve: 4 or 8 neighbours.
    window : int
        Window size of majority and binomial in pixels; odd.
    sigma : float
        Standard deviation of the Gaussian in pixels.
    threads : int
        0 = automatic.
    """

    method: str = "majority"
    min_mapping_unit: int = 10
    connectedness: str = "4"
    window: int = 3
    sigma: float = 1.0
    threads: int = 0


SMOOTHING_PARAMETERS = (
    ParameterDeclaration(
        "METHOD", "Method",
        "Smoothing method: sieve removes patches below the minimum mapping unit and changes nothing else; majority "
        "assigns the most frequent class in a window; gaussian and binomial smooth the class probabilities, which is "
        "usually the most accurate.", kind="enum", options=METHODS, setting="method"),
    ParameterDeclaration(
        "MIN_MAPPING_UNIT", "Minimum mapping unit (pixels)",
        "For sieve: patches of fewer pixels get the class of their largest neighbour. 10 pixels of 10 m are 0.1 ha.",
        kind="integer", minimum=2, setting="min_mapping_unit"),
    ParameterDeclaration(
        "CONNECTEDNESS", "Connectivity (4 or 8 neighbours)",
        "For sieve: pixels of a patch share a side (4), or a side or a corner (8).", kind="enum", options=CONNECTIVITY,
        advanced=True, setting="connectedness"),
    ParameterDeclaration(
        "WINDOW", "Window size (pixels)",
        "For majority and binomial: side length of the square window, odd (3 to 51). Larger windows smooth more and "
        "remove narrow fields.", kind="integer", minimum=3, maximum=51, setting="window"),
    ParameterDeclaration(
        "SIGMA", "Standard deviation (pixels)",
        "For gaussian: standard deviation of the kernel in pixels (0.1 to 20), truncated at three times its value.",
        minimum=0.1, maximum=20.0, setting="sigma"),
    THREADS,
)


def smooth_classification(classification, entries, probabilities, output, settings, progress):
    """Smooth a class map.

    Parameters
    ----------
    classification : str
        Path of the map.
    entries : sequence of LegendEntry
        Legend entries of the map.
    probabilities : str
        Path of the class probabilities, for the methods that require them: one band per class, named by code, label or
        value, or as many bands as the map has classes, in the order of their values.
    output : str
        GeoTIFF to write; same grid, values, nodata, colours and names.
    settings : SmoothSettings
    progress : Progress

    Returns
    -------
    float
        Fraction of the classified pixels that changed class.

    Raises
    ------
    UnsuitableInput, UnreadableInput, OutputError
    Cancelled
    """
    progress = TimeLeftProgress(progress, "done")
    with make_executor(settings.threads) as executor, RasterReader(classification) as reader:
        values = class_values(reader, executor, progress.part(0.0, 0.1))
        classes = classes_of(values, entries)
        with _Smoother(reader, classes, values, probabilities, settings, output) as smoother:
            prepared = 0.9 if settings.method == "sieve" else 0.1
            smoother.prepare(executor, progress.part(0.1, prepared))
            layout, side_files = layout_like(reader, smoother.classes or classes)
            changed = mapped = 0
            with create_raster(output, layout, side_files) as raster:

                def finish(window, result):
                    nonlocal changed, mapped
                    smoothed_classes, valid, original = result
                    changed += np.count_nonzero((smoothed_classes != original) & valid)
                    mapped += np.count_nonzero(valid)
                    raster.write(window, with_nodata(smoothed_classes, valid, layout))

                run_blocks(smoother.blocks, smoother.smooth_block, finish, executor, progress.part(prepared, 1.0))
    return changed / max(1, mapped)


class _Smoother:
    """Implementation of the methods; thread-safe."""

    def __init__(self, reader, classes, values, probabilities, settings, output):
        self._reader, self._settings = reader, settings
        self.classes = ()
        self.blocks = list(reader.grid.blocks(EDGE, EDGE))
        self._probabilities = self._sieve = None
        if settings.method == "sieve":
            self._sieve = Sieve(reader, settings.min_mapping_unit, output, int(settings.connectedness))
            self.blocks = self._sieve.blocks
        elif settings.method in FROM_PROBABILITIES:
            self._weights = (gaussian_weights(settings.sigma) if settings.method == "gaussian"
                             else binomial_weights(settings.window))
            self._probabilities = RasterReader(probabilities)
            try:
                require_same_grid(reader, self._probabilities)
                self._band_values = band_values(self._probabilities, classes, values)
            except UnsuitableInput:
                self._probabilities.close()
                raise
            # A class that does not occur in the map may become the most probable one.
            self.classes = tuple(map_class for map_class in classes if map_class.value in (*values, *self._band_values))

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for opened in (self._probabilities, self._sieve):
            if opened is not None:
                opened.close()

    def prepare(self, executor, progress):
        """Analyse the whole map before the first block is written."""
        if self._sieve is not None:
            count = self._sieve.analyse(executor, progress)
            progress.say(f"Patches below {self._settings.min_mapping_unit} pixels that took another class: {count}.")
        progress.step(1.0)

    def smooth_block(self, window):
        """Classes of a block: (smoothed, valid, original)."""
        if self._sieve is not None:
            return self._sieve.read(window)
        if self._probabilities is not None:
            original, valid = read_classes(self._reader, window)
            return self._most_probable(window, original, valid), valid, original
        radius = self._settings.window // 2
        values, valid = read_classes(self._reader, window.padded(radius))
        inner = np.s_[radius:radius + window.height, radius:radius + window.width]
        return majority(values, valid, radius), valid[inner], values[inner]

    def _most_probable(self, window, original, valid):
        """The most probable class; without probabilities in the window the class of the map."""
        halo = window.padded(len(self._weights) // 2)
        new_classes, max_values = original.copy(), np.zeros(window.shape)
        for band, value in enumerate(self._band_values):
            plane = self._probabilities.read_physical(halo, [band])[0].astype(np.float64)
            # Neighbours without data have weight 0 for all classes.
            smoothed = smooth(np.nan_to_num(plane, nan=0.0), self._weights)
            is_larger = smoothed > max_values
            new_classes[is_larger], max_values[is_larger] = value, smoothed[is_larger]
        return np.where(valid, new_classes, original)


def band_values(probabilities, classes, values):
    """The map value of each band of class probabilities.

    Parameters
    ----------
    probabilities : RasterReader
    classes : tuple of MapClass
        Known classes of the map.
    values : list of int
        Values of the map.

    Returns
    -------
    list of int

    Raises
    ------
    UnsuitableInput
        If the bands cannot be matched with the classes.
    """
    names = probabilities.band_names
    for known in ({map_class.code: map_class.value for map_class in classes},
                  {map_class.label: map_class.value for map_class in classes},
                  {str(value): value for value in values}):
        if all(name in known for name in names):
            return [known[name] for name in names]
    if len(names) == len(values):
        return list(values)
    raise UnsuitableInput(f"{probabilities.path} has {len(names)} bands ({', '.join(names[:8])}), and the map has "
                          f"{len(values)} classes with other names. Use the class probabilities of the same run as the "
                          "map.")
