"""Suspect labels: parcels that are probably mislabelled, found by cross-validation.

Stratified k-fold cross-validation by parcel: the class probabilities of each parcel are those of a forest trained on
the other folds. Training and validation parcels of the map are treated alike.
"""

from dataclasses import dataclass

import numpy as np

from ..classifiers.random_forest import class_probabilities, impute_median
from ..feature_table import FeatureTable, feature_number
from ..raster.grid import pixel_area
from ..units import SQUARE_METRES_PER_HECTARE

FOLDS = 5

# Minimum mean probability of another class for a suspect label.
SUSPECT_THRESHOLD = 0.6

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

    parcel: object
    label: str
    predicted: str
    probability: float
    label_probability: float
    hectares: float
    is_training: bool


def find_suspect_labels(pixels, ground, settings, progress):
    """Find parcels with suspect labels, the largest first.

    Parameters
    ----------
    pixels : ParcelPixels
    ground : ReferenceData
    settings : ForestSettings
    progress : Progress

    Returns
    -------
    parcels : tuple of SuspectLabel
    notes : list of str
    """
    labels = [map_class.label for map_class in ground.classes]
    sizes = np.bincount(pixels.classes, minlength=len(labels))
    usable = sizes[pixels.classes] >= MIN_PARCELS
    skipped = [labels[index] for index in np.flatnonzero((sizes > 0) & (sizes < MIN_PARCELS))]
    notes = [f"Too few parcels to find suspect labels: {', '.join(skipped)}."] if skipped else []
    if len(np.unique(pixels.classes[usable])) < 2:
        return (), notes
    folds = np.where(usable, _folds(pixels.classes, settings.seed), -1)
    probabilities = _out_of_fold_probabilities(pixels, folds, len(labels), settings, progress)
    predicted = probabilities.argmax(axis=1)
    indices = np.arange(len(predicted))
    parcel_map = ground.parcel_map

    def hectares(index):
        area = pixel_area(parcel_map.grid, parcel_map.window(pixels.parcel_numbers[index] - 1))
        return float(pixels.available[index] * area / SQUARE_METRES_PER_HECTARE)

    suspects = [SuspectLabel(parcel_map.parcels[pixels.parcel_numbers[index] - 1], labels[pixels.classes[index]],
                             labels[predicted[index]], float(probabilities[index, predicted[index]]),
                             float(probabilities[index, pixels.classes[index]]),
                             hectares(index),
                             bool(pixels.is_training[index]))
                for index in indices[usable & (predicted != pixels.classes)
                                     & (probabilities[indices, predicted] >= SUSPECT_THRESHOLD)]]
    return tuple(sorted(suspects, key=lambda suspect: (-suspect.hectares, suspect.parcel.identifier))), notes


def suspect_label_table(suspects):
    """Suspect labels as rows of a vector layer.

    Returns
    -------
    FeatureTable
    """
    fields = (("rank", int), ("feature", str), ("label", str), ("seen", str), ("probability", float),
              ("label_prob", float), ("hectares", float), ("trained", str))
    return FeatureTable(fields, tuple(
        (suspect.parcel, (rank, feature_number(suspect.parcel), suspect.label, suspect.predicted,
                          round(suspect.probability, 4), round(suspect.label_probability, 4),
                          round(suspect.hectares, 4), "yes" if suspect.is_training else "no"))
        for rank, suspect in enumerate(suspects, start=1)))


def _folds(classes, seed):
    """The fold of each parcel, assigned at random within its class (stratified)."""
    folds = np.zeros(len(classes), np.int64)
    for value in np.unique(classes):
        members = np.flatnonzero(classes == value)
        folds[np.random.default_rng([seed, int(value)]).permutation(members)] = np.arange(len(members)) % FOLDS
    return folds


def _out_of_fold_probabilities(pixels, folds, class_count, settings, progress):
    """Out-of-fold mean class probabilities of each parcel; 0 for parcels without a fold."""
    features = impute_median(pixels.features)
    pixel_folds = folds[pixels.parcels]
    classes = pixels.classes[pixels.parcels]
    sums = np.zeros((len(folds), class_count))
    for fold in range(FOLDS):
        is_tested = pixel_folds == fold
        is_training = (pixel_folds >= 0) & ~is_tested
        if not is_tested.any() or len(np.unique(classes[is_training])) < 2:
            continue
        np.add.at(sums, pixels.parcels[is_tested], class_probabilities(
            features[is_training], classes[is_training], features[is_tested], class_count, settings,
            progress.part(fold / FOLDS, (fold + 1) / FOLDS)))
    pixel_counts = np.bincount(pixels.parcels, minlength=len(folds))
    return sums / np.maximum(pixel_counts, 1)[:, None]
