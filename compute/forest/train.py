"""Growing a forest with scikit-learn: in small batches, so that one can watch it and stop it.

Breiman (2001), doi:10.1023/A:1010933404324. A forest grown in batches is the forest grown at once: scikit-learn draws
the seeds of later trees as if the earlier ones had been asked for together with them. The number of threads does not
matter either, since each tree has a seed of its own.
"""

import time

import numpy as np

from ..errors import UnsuitableInput
from ..raster.blocks import default_threads
from .trees import trees_from_sklearn

# A batch should take about so long: the user can stop between batches.
SECONDS_PER_BATCH = 0.7


def grow_trees(features, classes, class_count, settings, progress):
    """Grow the trees of a forest.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
        Finite.
    classes : ndarray of int, shape (pixels,)
        0 .. class_count - 1, each at least once.
    class_count : int
    settings : ForestSettings
    progress : Progress

    Returns
    -------
    trees : Trees
    importances : ndarray of float64, shape (features,)
        Mean decrease of impurity by each feature; sums to 1 (all 0 if no tree branches).

    Raises
    ------
    UnsuitableInput
        If there are fewer than two classes.
    Cancelled
        If the user asked to stop.
    """
    from sklearn.ensemble import RandomForestClassifier

    if class_count < 2:
        raise UnsuitableInput("A classifier needs training pixels of at least two classes.")
    threads = settings.threads or default_threads()
    # n_jobs means threads here: scikit-learn grows forests in threads and never starts a process for it.
    classifier = RandomForestClassifier(
        n_estimators=0, min_samples_leaf=settings.min_leaf, max_depth=settings.max_depth or None, max_features="sqrt",
        class_weight=_equal_weights(classes, class_count) if settings.balanced else None,
        random_state=settings.seed, n_jobs=threads, warm_start=True)
    batch = threads
    while classifier.n_estimators < settings.trees:
        progress.step(classifier.n_estimators / settings.trees)
        began = time.monotonic()
        classifier.n_estimators = min(settings.trees, classifier.n_estimators + batch)
        classifier.fit(features, classes)
        seconds = max(time.monotonic() - began, 1e-3)
        batch = threads * max(1, round(batch / threads * min(4.0, SECONDS_PER_BATCH / seconds)))
    progress.step(1.0)
    return (trees_from_sklearn(classifier.estimators_, class_count, features.shape[1]),
            classifier.feature_importances_)


def _equal_weights(classes, class_count):
    """Weights with which all classes weigh the same together, the mean pixel weighing 1."""
    counts = np.bincount(classes, minlength=class_count)
    return {number: len(classes) / (class_count * int(count)) for number, count in enumerate(counts)}
