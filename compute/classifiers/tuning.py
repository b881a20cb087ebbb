"""Tuning of hyperparameters by cross-validation by parcel.

All pixels of a parcel are in the same fold: they are so similar that folds of pixels would overestimate the accuracy on
unseen parcels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..progress import Progress
from .forest_model import ForestSettings
from .random_forest import default_features_per_split, held_out_probabilities

FOLDS = 3

# Maximum number of trees of a trial, enough to rank the settings.
TREES = 100
LEAF_SIZES = (1, 3, 10)


@dataclass(frozen=True)
class Trial:
    """Hyperparameters and their score: the mean recall of the classes in unseen parcels."""

    min_samples_leaf: int
    features_per_split: int
    score: float


def tune(features: NDArray[np.float32], classes: NDArray[np.integer], parcels: NDArray[np.integer],
         settings: ForestSettings, progress: Progress) -> tuple[ForestSettings, tuple[Trial, ...]]:
    """Choose the minimum samples per leaf and the features per split with the best score in unseen parcels.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
        Finite.
    classes : ndarray of int, shape (pixels,)
    parcels : ndarray of int, shape (pixels,)
    settings : ForestSettings
    progress : Progress

    Returns
    -------
    settings : ForestSettings
        With the best hyperparameters, the first ones in a tie.
    trials : tuple of Trial
        Empty if no class has several parcels.

    Raises
    ------
    Cancelled
        If the user cancelled.
    """
    folds = parcel_folds(classes, parcels, FOLDS, settings.seed)
    if len(np.unique(folds[folds >= 0])) < 2:
        return settings, ()
    count = features.shape[1]
    splits = sorted({default_features_per_split(settings.classifier, count), max(1, count // 3)})
    trees = min(TREES, settings.trees)
    candidates = [replace(settings, min_samples_leaf=leaf, features_per_split=split, trees=trees, samples_per_class=0,
                          oob_accuracy=False)
                  for split in splits for leaf in LEAF_SIZES]
    trials = []
    for index, candidate in enumerate(candidates):
        part = progress.part(index / len(candidates), (index + 1) / len(candidates))
        score = _score(features, classes, folds, candidate, part)
        trials.append(Trial(candidate.min_samples_leaf, candidate.features_per_split, score))
    best = max(trials, key=lambda trial: trial.score)
    tuned = replace(settings, min_samples_leaf=best.min_samples_leaf, features_per_split=best.features_per_split)
    return tuned, tuple(trials)


def parcel_folds(classes: NDArray[np.integer], parcels: NDArray[np.integer], folds: int,
                 seed: int) -> NDArray[np.intp]:
    """The fold of each pixel: the same for all pixels of a parcel, and stratified by class.

    Parameters
    ----------
    classes, parcels : ndarray of int, shape (pixels,)
    folds : int
    seed : int

    Returns
    -------
    ndarray of intp, shape (pixels,)
        -1 for the only parcel of a class, which is always used for training.
    """
    result = np.full(len(classes), -1, np.intp)
    for number in np.unique(classes):
        own = classes == number
        names, indices = np.unique(parcels[own], return_inverse=True)
        if len(names) > 1:
            fold_of = np.random.default_rng([seed, int(number)]).permutation(len(names)) % folds
            result[own] = fold_of[indices]
    return result


def _score(features: NDArray[np.float32], classes: NDArray[np.integer], folds: NDArray[np.intp],
           settings: ForestSettings, progress: Progress) -> float:
    """Mean recall of the classes over all held-out pixels."""
    probabilities = held_out_probabilities(features, classes, int(classes.max()) + 1, folds, settings, progress)
    is_predicted = probabilities.any(axis=1)
    expected, predicted = classes[is_predicted], probabilities[is_predicted].argmax(axis=1)
    return float(np.mean([np.mean(predicted[expected == number] == number) for number in np.unique(expected)]))
