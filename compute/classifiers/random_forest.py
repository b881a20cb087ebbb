"""Training with scikit-learn, cancellable; small forests.

Training with scikit-learn in small batches of trees, with progress and cancellation.

Random forest: Breiman (2001), doi:10.1023/A:1010933404324; extremely randomised trees: Geurts, Ernst and Wehenkel
(2006), doi:10.1007/s10994-006-6226-1. Batches and threads do not change the forest: with ``warm_start`` scikit-learn
continues the sequence of random seeds, and each tree has its own seed.

Small temporary random forests for the diagnostics of parcels.
"""

import math
import time
from dataclasses import dataclass

import numpy as np

from ..errors import UnsuitableInput
from ..raster.blocks import default_threads
from .forest_model import Trees, trees_from_sklearn

# Target duration of a batch; the user can cancel between batches.
SECONDS_PER_BATCH = 0.7


@dataclass(frozen=True, eq=False)
class GrownTrees:
    """The trees of a forest, with importances and out-of-bag accuracy.

    Parameters
    ----------
    trees : Trees
    importances : ndarray of float64, shape (features,)
        Mean decrease in impurity of each feature; sums to 1 (all 0 if no tree has a split).
    oob_score : float or None
        Out-of-bag accuracy; None if not requested.
    """

    trees: Trees
    importances: np.ndarray
    oob_score: float = None


def grow_trees(features, classes, class_count, settings, progress):
    """Trees and importances of :func:`grow_forest`."""
    grown = grow_forest(features, classes, class_count, settings, progress)
    return grown.trees, grown.importances


def grow_forest(features, classes, class_count, settings, progress, weights=None):
    """Train a forest.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
        Finite.
    classes : ndarray of int, shape (pixels,)
        0 .. class_count - 1, each at least once.
    class_count : int
    settings : ForestSettings
    progress : Progress
    weights : sequence of float, optional
        Weight of each class.

    Returns
    -------
    GrownTrees

    Raises
    ------
    UnsuitableInput
        If there are fewer than two classes.
    Cancelled
        If the user cancelled.
    """
    if class_count < 2:
        raise UnsuitableInput("A classifier needs training pixels of at least two classes.")
    threads = settings.threads or default_threads()
    classifier = new_classifier(settings, features.shape[1], class_weights(classes, class_count, settings, weights),
                                threads)
    batch = threads
    while classifier.n_estimators < settings.trees:
        progress.step(classifier.n_estimators / settings.trees)
        started = time.monotonic()
        classifier.n_estimators = min(settings.trees, classifier.n_estimators + batch)
        # The score is computed over all trees, so only after the last batch.
        classifier.oob_score = settings.oob_accuracy and classifier.n_estimators == settings.trees
        classifier.fit(features, classes)
        seconds = max(time.monotonic() - started, 1e-3)
        batch = threads * max(1, round(batch / threads * min(4.0, SECONDS_PER_BATCH / seconds)))
    progress.step(1.0)
    return GrownTrees(trees_from_sklearn(classifier.estimators_, class_count, features.shape[1]),
                      classifier.feature_importances_,
                      float(classifier.oob_score_) if settings.oob_accuracy else None)


def default_features_per_split(classifier, feature_count):
    """Default number of features considered at each split.

    The square root of the number of features. For extremely randomised trees, which try a single threshold per
    feature, an eighth of the features if that is more: most of many dates and band differences are correlated.

    Parameters
    ----------
    classifier : {"random_forest", "extra_trees"}
    feature_count : int

    Returns
    -------
    int
    """
    root = max(1, math.isqrt(feature_count))
    return max(root, feature_count // 8) if classifier == "extra_trees" else root


def new_classifier(settings, feature_count, weights, threads):
    """An untrained scikit-learn classifier with the given settings.

    Parameters
    ----------
    settings : ForestSettings
    feature_count : int
    weights : dict of int to float or None
    threads : int

    Returns
    -------
    sklearn.ensemble.RandomForestClassifier or sklearn.ensemble.ExtraTreesClassifier
    """
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

    is_random_forest = settings.classifier == "random_forest"
    classifier = RandomForestClassifier if is_random_forest else ExtraTreesClassifier
    # Extremely randomised trees use all pixels, unless the out-of-bag accuracy is requested.
    # n_jobs is the number of threads: scikit-learn trains forests in threads, not in processes.
    return classifier(n_estimators=0, min_samples_leaf=settings.min_samples_leaf, max_depth=settings.max_depth or None,
                      max_features=(settings.features_per_split
                                    or default_features_per_split(settings.classifier, feature_count)),
                      class_weight=weights, bootstrap=is_random_forest or settings.oob_accuracy,
                      random_state=settings.seed, n_jobs=threads, warm_start=True)


def class_weights(classes, class_count, settings, weights=None):
    """Weight of a pixel of each class; None if all weights are 1.

    With `settings.balanced_weights` the total weights of all classes are equal, with a mean weight of 1 per pixel. They
    are multiplied by `weights`.
    """
    if not settings.balanced_weights and weights is None:
        return None
    factors = np.ones(class_count) if weights is None else np.asarray(weights, float)
    counts = np.bincount(classes, minlength=class_count)
    balance = len(classes) / (class_count * counts) if settings.balanced_weights else np.ones(class_count)
    return {number: float(factors[number] * balance[number]) for number in range(class_count)}


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
