"""Class decision: from the class probabilities of a block to the values of the rasters of a classification."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..classifiers.classifier import Model
from ..classmap.class_map import class_areas
from ..raster.grid import Grid, Window
from .reference import ReferenceData


@dataclass(frozen=True, eq=False)
class DecidedBlock:
    """Raster values and pixel counts of a block.

    Parameters
    ----------
    planes : dict of str to ndarray, shape (bands, height, width)
        Values of each raster, by its name.
    class_counts : ndarray of int64, shape (values,)
        Pixels of each map value.
    class_areas : ndarray of float64, shape (values,)
        Area of these pixels in square metres.
    parcel_cells, parcel_cell_counts : ndarray of int64
        Flat indices into the table of parcels by map values, and the pixels of each.
    low_confidence : int
        Pixels below the minimum confidence.
    """

    planes: dict[str, NDArray[np.generic]]
    class_counts: NDArray[np.int64]
    class_areas: NDArray[np.float64]
    parcel_cells: NDArray[np.int64]
    parcel_cell_counts: NDArray[np.int64]
    low_confidence: int


class ClassDecision:
    """The values of the rasters from the class probabilities of a block; thread-safe.

    Parameters
    ----------
    grid : Grid
    model : Model
    reference : ReferenceData or None
    has_probabilities : bool
        Whether the probabilities of all classes are written.
    min_confidence : float
        Pixels below this confidence get no class.
    """

    def __init__(self, grid: Grid, model: Model, reference: ReferenceData | None, has_probabilities: bool,
                 min_confidence: float) -> None:
        self._grid = grid
        self._reference, self._has_probabilities, self._min_confidence = reference, has_probabilities, min_confidence
        self._values = np.array([map_class.value for map_class in model.classes])
        known = model.classes + (reference.classes if reference else ())
        self.value_count = 1 + max(map_class.value for map_class in known)
        self.parcel_count = len(reference.values) if reference else 0

    def decide(self, window: Window, valid: NDArray[np.bool_], winners: NDArray[np.intp],
               probabilities: NDArray[np.floating] | None) -> DecidedBlock:
        """The raster values and pixel counts of a block.

        Parameters
        ----------
        window : Window
        valid : ndarray of bool, shape (pixels,)
        winners : ndarray of int, shape (valid pixels,)
            Indices of the classes of the model.
        probabilities : ndarray, shape (valid pixels, classes), or None
            None if only classes are needed.

        Returns
        -------
        DecidedBlock
        """
        classes, planes, low_confidence = self._values[winners], {}, 0
        if probabilities is not None:
            confidence = probabilities.max(axis=1)
            is_unsure = confidence < self._min_confidence
            low_confidence = int(np.count_nonzero(is_unsure))
            classes = np.where(is_unsure, 0, classes)
            planes["confidence"] = _plane(confidence[:, None], valid, window)
            if self._has_probabilities:
                planes["probabilities"] = _plane(probabilities, valid, window)
        block = np.zeros(len(valid), np.int64)
        block[valid] = classes
        planes["classes"] = block.reshape(1, *window.shape)
        cells, cell_counts = self._count_in_parcels(window, block)
        return DecidedBlock(planes=planes, class_counts=np.bincount(block, minlength=self.value_count),
                            class_areas=class_areas(block, self.value_count, self._grid, window),
                            parcel_cells=cells, parcel_cell_counts=cell_counts, low_confidence=low_confidence)

    def _count_in_parcels(self, window: Window,
                          block: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Cells of the table of parcels by map values, and their pixel counts; pixels without class excluded."""
        if self._reference is None or not self._reference.parcel_map.touches(window):
            return np.empty(0, np.int64), np.empty(0, np.int64)
        parcel_numbers, _ = self._reference.labels(window)
        assessed = self._reference.is_validation[parcel_numbers] & (block > 0)
        return np.unique(parcel_numbers[assessed].astype(np.int64) * self.value_count + block[assessed],
                         return_counts=True)


def _plane(columns: NDArray[np.floating], valid: NDArray[np.bool_], window: Window) -> NDArray[np.float32]:
    """Values of the valid pixels as float32 bands of a block, NaN elsewhere."""
    plane = np.full((columns.shape[1], len(valid)), np.nan, np.float32)
    plane[:, valid] = columns.T
    return plane.reshape(-1, *window.shape)
