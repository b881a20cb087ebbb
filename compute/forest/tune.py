"""Choosing how a forest is grown, by cross-validation over parcels.

The pixels of a parcel are always in one fold: pixels of one parcel resemble each other so much that a fold which knows
some of them says nothing about parcels nobody has seen.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..raster.blocks import default_threads
from .train import class_weights, new_classifier, tried_at_branch

FOLDS = 3
# Enough trees to rank settings; the forest itself has as many as it should.
TREES = 100
LEAVES = (1, 3, 10)


@dataclass(frozen=True)
class Trial:
    """Settings tried, and the share of pixels of unseen parcels they got right (mean of the classes' shares)."""

    min_leaf: int
    features_per_split: int
    score: float


def tune(features, classes, parcels, settings, progress):
    """Find the smallest leaf and the features per split that do best on parcels not seen.

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
        With the best of the settings tried, the simplest of several.
    trials : tuple of Trial
        Empty where no class has parcels enough to compare anything.

    Raises
    ------
    Cancelled
        If the user asked to stop.
    """
    folds = parcel_folds(classes, parcels, FOLDS, settings.seed)
    if len(np.unique(folds[folds >= 0])) < 2:
        return settings, ()
    count = features.shape[1]
    splits = sorted({tried_at_branch(settings.kind, count), max(1, count // 3)})
    trees = min(TREES, settings.trees)
    candidates = [replace(settings, min_leaf=leaf, features_per_split=split, trees=trees, oob=False)
                  for split in splits for leaf in LEAVES]
    trials = []
    for place, candidate in enumerate(candidates):
        part = progress.part(place / len(candidates), (place + 1) / len(candidates))
        score = _score(features, classes, folds, candidate, part)
        trials.append(Trial(candidate.min_leaf, candidate.features_per_split, score))
    best = max(trials, key=lambda trial: trial.score)
    return replace(settings, min_leaf=best.min_leaf, features_per_split=best.features_per_split), tuple(trials)


def parcel_folds(classes, parcels, folds, seed):
    """The fold of each pixel; all pixels of a parcel share one, and the parcels of a class are dealt out evenly.

    Parameters
    ----------
    classes, parcels : ndarray of int, shape (pixels,)
    folds : int
    seed : int

    Returns
    -------
    ndarray of int64, shape (pixels,)
        -1 for the only parcel of a class: it always trains.
    """
    result = np.full(len(classes), -1, np.int64)
    for number in np.unique(classes):
        own = classes == number
        names, places = np.unique(parcels[own], return_inverse=True)
        if len(names) > 1:
            dealt = np.random.default_rng([seed, int(number)]).permutation(len(names)) % folds
            result[own] = dealt[places]
    return result


def _score(features, classes, folds, settings, progress):
    """Mean recall of the classes over all pixels that were judged by a forest that had not seen their parcel."""
    expected, found = [], []
    for fold in range(FOLDS):
        progress.step(fold / FOLDS)
        judged = folds == fold
        present, known = np.unique(classes[~judged], return_inverse=True)
        if not judged.any() or len(present) < 2:
            continue
        classifier = new_classifier(settings, features.shape[1], class_weights(known, len(present), settings),
                                    settings.threads or default_threads())
        for trees in range(10, settings.trees + 10, 10):
            progress.check()
            classifier.n_estimators = min(trees, settings.trees)
            classifier.fit(features[~judged], known)
        expected.append(classes[judged])
        found.append(present[classifier.predict(features[judged])])
    expected, found = np.concatenate(expected), np.concatenate(found)
    return float(np.mean([np.mean(found[expected == number] == number) for number in np.unique(expected)]))
