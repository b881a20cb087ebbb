"""Small forests that answer questions about the data and are then thrown away."""

import numpy as np

from ..raster.blocks import default_threads

TREES = 100
BATCH = 10
PIXELS_PER_CLASS = 1000


def class_probabilities(known, classes, asked, class_count, settings, progress, weights=None):
    """Grow a forest and ask it.

    Parameters
    ----------
    known : ndarray of float32, shape (n, features)
        Finite.
    classes : ndarray of int, shape (n,)
        Below `class_count`; not every class has to occur.
    asked : ndarray of float32, shape (m, features)
        Finite.
    class_count : int
    settings : ForestSettings
        Seed and threads; the result does not depend on the threads.
    progress : Progress
    weights : ndarray of float64, shape (n,), optional
        Of the known pixels; without them all classes weigh the same.

    Returns
    -------
    ndarray of float64, shape (m, class_count)
    """
    from sklearn.ensemble import RandomForestClassifier

    chosen = _evenly(classes, settings.seed)
    forest = RandomForestClassifier(n_estimators=0, max_features="sqrt", random_state=settings.seed,
                                    n_jobs=settings.threads or default_threads(), warm_start=True)
    weights = (_equal_weights(classes) if weights is None else weights)[chosen]
    for grown in range(BATCH, TREES + BATCH, BATCH):
        progress.step(0.7 * (grown - BATCH) / TREES)
        forest.n_estimators = grown
        forest.fit(known[chosen], classes[chosen], weights)
    probabilities = np.zeros((len(asked), class_count))
    for place, tree in enumerate(forest.estimators_):
        if place % BATCH == 0:
            progress.step(0.7 + 0.3 * place / TREES)
        # Tree by tree, in order: scikit-learn's own sum depends on which thread comes first.
        probabilities[:, forest.classes_] += tree.predict_proba(asked)
    return probabilities / TREES


def finite(features):
    """Features with the median of their column where there are no data (0 in a column without any)."""
    filled = features.copy()
    gaps = ~np.isfinite(filled)
    for column in np.flatnonzero(gaps.any(axis=0)):
        there = filled[~gaps[:, column], column]
        filled[gaps[:, column], column] = np.median(there) if len(there) else 0.0
    return filled


def _evenly(classes, seed):
    """Places of at most ``PIXELS_PER_CLASS`` pixels of each class, in rising order."""
    random = np.random.default_rng(seed)
    chosen = [random.permutation(np.flatnonzero(classes == number))[:PIXELS_PER_CLASS] for number in np.unique(classes)]
    return np.sort(np.concatenate(chosen))


def _equal_weights(classes):
    """Weights of pixels with which all classes weigh the same together."""
    counts = np.bincount(classes)
    return (len(classes) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[classes]
