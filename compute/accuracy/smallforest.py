"""Small temporary random forests for the diagnostics of parcels."""

import numpy as np

from ..raster.blocks import default_threads

TREES = 100
BATCH = 10
PIXELS_PER_CLASS = 1000


def class_probabilities(training_features, training_classes, features, class_count, settings, progress, weights=None):
    """Class probabilities of a random forest.

    Parameters
    ----------
    training_features : ndarray of float32, shape (n, features)
        Finite.
    training_classes : ndarray of int, shape (n,)
        Below `class_count`; not every class has to occur.
    features : ndarray of float32, shape (m, features)
        Finite.
    class_count : int
    settings : ForestSettings
        Seed and threads; the result does not depend on the threads.
    progress : Progress
    weights : ndarray of float64, shape (n,), optional
        Weights of the training pixels; balanced by class if not given.

    Returns
    -------
    ndarray of float64, shape (m, class_count)
    """
    from sklearn.ensemble import RandomForestClassifier

    selected = _sample_per_class(training_classes, settings.seed)
    forest = RandomForestClassifier(n_estimators=0, max_features="sqrt", random_state=settings.seed,
                                    n_jobs=settings.threads or default_threads(), warm_start=True)
    weights = (_balanced_weights(training_classes) if weights is None else weights)[selected]
    for tree_count in range(BATCH, TREES + BATCH, BATCH):
        progress.step(0.7 * (tree_count - BATCH) / TREES)
        forest.n_estimators = tree_count
        forest.fit(training_features[selected], training_classes[selected], weights)
    probabilities = np.zeros((len(features), class_count))
    for index, tree in enumerate(forest.estimators_):
        if index % BATCH == 0:
            progress.step(0.7 + 0.3 * index / TREES)
        # Summed in the order of the trees, because the sum in scikit-learn depends on the order of threads.
        probabilities[:, forest.classes_] += tree.predict_proba(features)
    return probabilities / TREES


def impute_median(values):
    """Replace missing values by the median of their column (0 in columns without values)."""
    filled = values.copy()
    missing = ~np.isfinite(filled)
    for column in np.flatnonzero(missing.any(axis=0)):
        valid = filled[~missing[:, column], column]
        filled[missing[:, column], column] = np.median(valid) if len(valid) else 0.0
    return filled


def _sample_per_class(classes, seed):
    """Sorted indices of at most ``PIXELS_PER_CLASS`` random pixels of each class."""
    random = np.random.default_rng(seed)
    selected = [random.permutation(np.flatnonzero(classes == value))[:PIXELS_PER_CLASS] for value in np.unique(classes)]
    return np.sort(np.concatenate(selected))


def _balanced_weights(classes):
    """Pixel weights that give all classes the same total weight."""
    counts = np.bincount(classes)
    return (len(classes) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[classes]
