"""Suspect labels: parcels that are probably mislabelled, found by cross-validation.

Stratified k-fold cross-validation by parcel: the class probabilities of each parcel are those of a forest trained on
the other folds. Training and validation parcels of the map are treated equally.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..classifiers.forest_model import ForestSettings
from ..classifiers.imputation import imputation_values, impute
from ..classifiers.random_forest import held_out_probabilities, small_forest
from ..classifiers.tuning import parcel_folds
from ..feature_table import FeatureTable, feature_number
from ..insitu.parcel import Parcel
from ..progress import Progress
from ..raster.grid import pixel_area
from ..units import SQUARE_METRES_PER_HECTARE
from .reference import ReferenceData
from .sampling import ParcelPixels

FOLDS = 5

# Minimum mean probability of another class for a suspect label.
SUSPECT_THRESHOLD = 0.6

# Attributes of the layer of suspect labels, part of the public interface.
FIELDS = (("rank", int), ("feature", str), ("label", str), ("predicted", str), ("probability", float),
          ("label_prob", float), ("hectares", float), ("in_training", str))

# Minimum number of parcels of a class.
MIN_PARCELS = 3


@dataclass(frozen=True)
class SuspectLabel:
    """A parcel that is probably mislabelled.

    Parameters
    ----------
    parcel : Parcel
    label : str
        Class of the reference data.
    predicted : str
        Predicted class.
    probability, label_probability : float
        Mean probability of the predicted class and of the label over the pixels of the parcel.
    hectares : float
        Area of its valid pixels.
    is_training : bool
        Whether it is a training parcel of the map.
    """

    parcel: Parcel
    label: str
    predicted: str
    probability: float
    label_probability: float
    hectares: float
    is_training: bool


def find_suspect_labels(pixels: ParcelPixels, reference: ReferenceData, settings: ForestSettings,
                        progress: Progress) -> tuple[tuple[SuspectLabel, ...], list[str]]:
    """Find parcels with suspect labels, the largest first.

    Parameters
    ----------
    pixels : ParcelPixels
    reference : ReferenceData
    settings : ForestSettings
    progress : Progress

    Returns
    -------
    parcels : tuple of SuspectLabel
    notes : list of str
    """
    labels = [map_class.label for map_class in reference.classes]
    sizes = np.bincount(pixels.classes, minlength=len(labels))
    usable = sizes[pixels.classes] >= MIN_PARCELS
    skipped = [labels[index] for index in np.flatnonzero((sizes > 0) & (sizes < MIN_PARCELS))]
    notes = [f"Too few parcels to find suspect labels: {', '.join(skipped)}."] if skipped else []
    if len(np.unique(pixels.classes[usable])) < 2:
        return (), notes
    probabilities = _held_out_probabilities(pixels, usable, len(labels), settings, progress)
    predicted = probabilities.argmax(axis=1)
    parcel_map = reference.parcel_map

    def hectares(index: int) -> float:
        area = pixel_area(parcel_map.grid, parcel_map.window(pixels.parcel_numbers[index] - 1))
        return float(pixels.available[index] * area / SQUARE_METRES_PER_HECTARE)

    is_suspect = usable & (predicted != pixels.classes) & (probabilities.max(axis=1) >= SUSPECT_THRESHOLD)
    suspects = [SuspectLabel(
        parcel=parcel_map.parcels[pixels.parcel_numbers[index] - 1], label=labels[pixels.classes[index]],
        predicted=labels[predicted[index]], probability=float(probabilities[index, predicted[index]]),
        label_probability=float(probabilities[index, pixels.classes[index]]), hectares=hectares(index),
        is_training=bool(pixels.is_training[index])) for index in np.flatnonzero(is_suspect)]
    return tuple(sorted(suspects, key=lambda suspect: (-suspect.hectares, suspect.parcel.identifier))), notes


def suspect_label_table(suspects: Sequence[SuspectLabel]) -> FeatureTable:
    """Suspect labels as rows of a vector layer.

    Returns
    -------
    FeatureTable
    """
    return FeatureTable(FIELDS, tuple(
        (suspect.parcel, (rank, feature_number(suspect.parcel), suspect.label, suspect.predicted,
                          round(suspect.probability, 4), round(suspect.label_probability, 4),
                          round(suspect.hectares, 4), "yes" if suspect.is_training else "no"))
        for rank, suspect in enumerate(suspects, start=1)))


def _held_out_probabilities(pixels: ParcelPixels, usable: NDArray[np.bool_], class_count: int,
                            settings: ForestSettings, progress: Progress) -> NDArray[np.float64]:
    """Mean class probabilities of each parcel, from forests trained without it; 0 for parcels that are not usable."""
    is_used = usable[pixels.parcels]
    features, parcels = pixels.features[is_used], pixels.parcels[is_used]
    impute(features, imputation_values(pixels.features, "median"))
    classes = pixels.classes[parcels]
    folds = parcel_folds(classes, parcels, FOLDS, settings.seed)
    sums = np.zeros((len(usable), class_count))
    np.add.at(sums, parcels, held_out_probabilities(features, classes, class_count, folds, small_forest(settings),
                                                    progress))
    return sums / np.maximum(np.bincount(pixels.parcels, minlength=len(usable)), 1)[:, None]
