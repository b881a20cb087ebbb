"""Edge-preserving smoothing of class probabilities over spectrally similar neighbours, by row strips.

Four passes replace the probabilities of each pixel by the weighted mean over a 3 x 3 neighbourhood with steps of 1, 2,
4 and 8 pixels. The weights are binomial (1 2 1 in rows and columns) times a Gaussian of the spectral difference between
the pixels (:mod:`~..classifiers.similarity`). So pixels inside a field are averaged, and its edges, roads and hedges
are preserved.

Smoothing probabilities before the class decision: Schindler (2012), doi:10.1109/TGRS.2012.2192741. Bilateral weights:
Tomasi and Manduchi (1998), doi:10.1109/ICCV.1998.710815. Increasing steps: Dammertz et al. (2010), "Edge-avoiding
A-Trous wavelet transform for fast global illumination filtering".

All computations are in float32, in a fixed order, with weights from a table: the result is the same on every machine.

A strip is as wide as the raster, and every block of it is read and predicted only once. It is smoothed as soon as the
next one has been predicted; of the previous one only the last rows are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple

import numpy as np
from numpy.typing import NDArray

from ..classifiers.similarity import STEPS_PER_UNIT
from ..raster.grid import Grid, Window
from ..raster.writer import TILE

STEPS = (1, 2, 4, 8)

# Maximum distance of a neighbour over all passes.
HALO = sum(STEPS)

# Standard deviation of the Gaussian, as root mean square difference of the components.
SIMILARITY_SCALE = 0.9

# Table of weights: entries per unit of mean square difference, and maximum mean square difference.
ENTRIES_PER_UNIT, MAX_SQUARE = 64, 12

# Offset (rows, columns) of each pair of opposite neighbours, and its weight for equal pixels.
DIRECTIONS = ((0, 1, 2), (1, 0, 2), (1, 1, 1), (1, -1, 1))
CENTRE_WEIGHT = 4

# Maximum size of a strip; two are in memory.
STRIP_BYTES = 256 * 1024 ** 2

# Minimum height: at least HALO, so that the neighbours of a pixel lie in the adjacent strips.
MIN_STRIP_HEIGHT = 16


def smooth_probabilities(probabilities: NDArray[np.float32], components: NDArray[np.int16],
                         valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Smooth class probabilities.

    Parameters
    ----------
    probabilities : ndarray of float32, shape (classes, rows, columns)
        0 where not valid.
    components : ndarray of int16, shape (components, rows, columns)
        From :meth:`..classifiers.similarity.Similarity.components`.
    valid : ndarray of bool, shape (rows, columns)
        Pixels with data; the others have no weight.

    Returns
    -------
    ndarray of float32, shape (classes, rows, columns)
        The sum over classes is unchanged. Within ``HALO`` pixels of an edge, neighbours beyond the edge are missing.
    """
    for step in STEPS:
        probabilities = _average(probabilities, _weights(components, valid, step), step)
    return probabilities


def _average(probabilities: NDArray[np.float32], weights: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """One pass: the weighted mean over each pixel and its neighbours `step` pixels away."""
    sums = probabilities * np.float32(CENTRE_WEIGHT)
    total = np.full(probabilities.shape[1:], CENTRE_WEIGHT, np.float32)
    for plane, (down, across, _) in zip(weights, DIRECTIONS):
        here, there = _pair(total.shape, down * step, across * step)
        weight = plane[here]
        total[here] += weight
        total[there] += weight
        # Class by class, so that the arrays stay in the cache.
        for sums_of_class, probabilities_of_class in zip(sums, probabilities):
            from_there, from_here = weight * probabilities_of_class[there], weight * probabilities_of_class[here]
            sums_of_class[here] += from_there
            sums_of_class[there] += from_here
    sums /= total
    return sums


def _pair(shape: tuple[int, int], down: int, across: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of all pixels of a plane that have a neighbour at the given offset, and of these neighbours."""
    rows, columns = shape
    down, side = min(down, rows), min(abs(across), columns)
    upper, lower = slice(0, rows - down), slice(down, rows)
    left, right = slice(0, columns - side), slice(side, columns)
    return ((upper, left), (lower, right)) if across >= 0 else ((upper, right), (lower, left))


def _weights(components: NDArray[np.int16], valid: NDArray[np.bool_], step: int) -> NDArray[np.float32]:
    """Weights of all pairs of neighbours `step` pixels apart; shape (4, rows, columns)."""
    planes = np.zeros((len(DIRECTIONS), *valid.shape), np.float32)
    for plane, (down, across, weight) in zip(planes, DIRECTIONS):
        here, there = _pair(valid.shape, down * step, across * step)
        plane[here] = np.float32(weight) * _TABLE[_table_indices(components, here, there)]
        plane[here] *= valid[here] & valid[there]
    return planes


def _table_indices(components: NDArray[np.int16], here: tuple[slice, slice],
                   there: tuple[slice, slice]) -> NDArray[np.intp]:
    """Index into the table of weights for the mean square difference of the components of each pair."""
    squares = np.zeros(components[0][here].shape, np.float32)
    for component in components:
        difference = np.subtract(component[here], component[there], dtype=np.float32)
        squares += difference * difference
    squares *= np.float32(ENTRIES_PER_UNIT / (STEPS_PER_UNIT ** 2 * len(components)))
    return np.minimum(squares, np.float32(len(_TABLE) - 1)).astype(np.intp)


def _table() -> NDArray[np.float32]:
    """Weights by mean square difference; the last one is 0."""
    squares = np.arange(ENTRIES_PER_UNIT * MAX_SQUARE) / ENTRIES_PER_UNIT
    weights = np.rint(np.exp(-squares / (2 * SIMILARITY_SCALE ** 2)) * 2 ** 20) / 2 ** 20
    return np.append(weights, 0.0).astype(np.float32)


_TABLE = _table()


class Strip:
    """Class probabilities and components of the pixels of some rows.

    Parameters
    ----------
    window : Window
        Of whole rows.
    probabilities : ndarray of float32, shape (classes, rows, columns)
    components : ndarray of int16, shape (components, rows, columns)
    valid : ndarray of bool, shape (rows, columns)
    """

    def __init__(self, window: Window, probabilities: NDArray[np.float32], components: NDArray[np.int16],
                 valid: NDArray[np.bool_]) -> None:
        self.window, self.probabilities, self.components, self.valid = window, probabilities, components, valid

    @classmethod
    def empty(cls, blocks: Sequence[Window], classes: int, components: int) -> Strip:
        """The strip of some blocks, without data."""
        first, last = blocks[0], blocks[-1]
        window = Window(first.row, 0, last.row + last.height - first.row, last.col + last.width)
        return cls(window, np.zeros((classes, *window.shape), np.float32),
                   np.zeros((components, *window.shape), np.int16), np.zeros(window.shape, bool))

    def put(self, window: Window, probabilities: NDArray[np.floating], components: NDArray[np.int16],
            valid: NDArray[np.bool_]) -> None:
        """Store a predicted block: shapes (valid pixels, classes), (components, valid pixels) and (pixels,)."""
        stored_probabilities, stored_components, stored_valid = self._arrays(window)
        stored_valid[:] = valid.reshape(window.shape)
        stored_probabilities[:, stored_valid] = probabilities.T
        stored_components[:, stored_valid] = components

    def part(self, window: Window) -> Strip:
        """The intersection of this strip with a window."""
        inside = window.intersection(self.window)
        return Strip(inside, *self._arrays(inside))

    def blocks(self) -> list[Window]:
        """list of Window: blocks of the height of the strip, at most as wide as a tile."""
        row, _, height, width = astuple(self.window)
        return [Window(row, col, height, min(TILE, width - col)) for col in range(0, width, TILE)]

    def bottom_rows(self) -> Strip:
        """A copy of the last rows, the halo of the next strip."""
        rows = min(HALO, self.window.height)
        part = self.part(Window(self.window.row + self.window.height - rows, 0, rows, self.window.width))
        return Strip(part.window, part.probabilities.copy(), part.components.copy(), part.valid.copy())

    def _arrays(self, window: Window) -> tuple[NDArray[np.float32], NDArray[np.int16], NDArray[np.bool_]]:
        rows, columns = window.relative_to(self.window).slices
        return self.probabilities[:, rows, columns], self.components[:, rows, columns], self.valid[rows, columns]


def strip_height(grid: Grid, classes: int, components: int) -> int:
    """Height of a strip that fits into ``STRIP_BYTES``: a tile, or a half, a quarter ... of it.

    Parameters
    ----------
    grid : Grid
    classes, components : int

    Returns
    -------
    int
    """
    height, bytes_per_row = TILE, grid.width * (4 * classes + 2 * components + 1)
    while height > MIN_STRIP_HEIGHT and height * bytes_per_row > STRIP_BYTES:
        height //= 2
    return height


def smooth_window(window: Window, strips: Sequence[Strip]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The smoothed probabilities of a window.

    Parameters
    ----------
    window : Window
    strips : sequence of Strip
        Consecutive strips that contain the window and its halo.

    Returns
    -------
    probabilities : ndarray of float32, shape (valid pixels, classes)
    valid : ndarray of bool, shape (pixels,)
    """
    parts = [strip.part(window.padded(HALO)) for strip in strips]
    probabilities, components = (np.concatenate([getattr(part, name) for part in parts], axis=1)
                                 for name in ("probabilities", "components"))
    valid = np.concatenate([part.valid for part in parts])
    inner = window.relative_to(parts[0].window).slices
    inner_valid = valid[inner]
    smoothed = smooth_probabilities(probabilities, components, valid)
    return smoothed[(slice(None), *inner)][:, inner_valid].T, inner_valid.ravel()
