"""Growing a forest with scikit-learn: in small batches, so that one can watch it and stop it.

Breiman (2001), doi:10.1023/A:1010933404324; extremely randomised trees: Geurts, Ernst and Wehenkel (2006),
doi:10.1007/s10994-006-6226-1. A forest grown in batches is the forest grown at once: scikit-learn draws the seeds of
later trees as if the earlier ones had been asked for together with them. The number of threads does not matter either,
since each tree has a seed of its own.
"""

import math
import time
from dataclasses import dataclass

import numpy as np

from ..errors import UnsuitableInput
from ..raster.blocks import default_threads
from .trees import Trees, trees_from_sklearn

# A batch should take about so long: the user can stop between batches.
SECONDS_PER_BATCH = 0.7


@dataclass(frozen=True, eq=False)
class GrownTrees:
    """A forest and what was learned about it on the way.

    Parameters
    ----------
    trees : Trees
    importances : ndarray of float64, shape (features,)
        Mean decrease of impurity by each feature; sums to 1 (all 0 if no tree branches).
    oob_score : float or None
        Share of the training pixels that the trees which did not see them get right; None if not asked for.
    """

    trees: Trees
    importances: np.ndarray
    oob_score: float = None


def grow_trees(features, classes, class_count, settings, progress):
    """The trees and the importances of :func:`grow_forest`."""
    grown = grow_forest(features, classes, class_count, settings, progress)
    return grown.trees, grown.importances


def grow_forest(features, classes, class_count, settings, progress, weights=None):
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
    weights : sequence of float, optional
        Of each class.

    Returns
    -------
    GrownTrees

    Raises
    ------
    UnsuitableInput
        If there are fewer than two classes.
    Cancelled
        If the user asked to stop.
    """
    if class_count < 2:
        raise UnsuitableInput("A classifier needs training pixels of at least two classes.")
    threads = settings.threads or default_threads()
    classifier = new_classifier(settings, features.shape[1], class_weights(classes, class_count, settings, weights),
                                threads)
    batch = threads
    while classifier.n_estimators < settings.trees:
        progress.step(classifier.n_estimators / settings.trees)
        began = time.monotonic()
        classifier.n_estimators = min(settings.trees, classifier.n_estimators + batch)
        # It is computed over all trees, so once is enough.
        classifier.oob_score = settings.oob and classifier.n_estimators == settings.trees
        classifier.fit(features, classes)
        seconds = max(time.monotonic() - began, 1e-3)
        batch = threads * max(1, round(batch / threads * min(4.0, SECONDS_PER_BATCH / seconds)))
    progress.step(1.0)
    return GrownTrees(trees_from_sklearn(classifier.estimators_, class_count, features.shape[1]),
                      classifier.feature_importances_,
                      float(classifier.oob_score_) if settings.oob else None)


def tried_at_branch(kind, feature_count):
    """How many features a branch tries where the user does not say.

    It is the square root of their number. Extra trees, which try a single threshold of each, gain from an eighth of
    them where that is more: among many dates and contrasts most say the same.

    Parameters
    ----------
    kind : {"random", "extra"}
    feature_count : int

    Returns
    -------
    int
    """
    root = max(1, math.isqrt(feature_count))
    return max(root, feature_count // 8) if kind == "extra" else root


def new_classifier(settings, feature_count, weights, threads):
    """scikit-learn's classifier for these settings, without any tree yet.

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

    kind = RandomForestClassifier if settings.kind == "random" else ExtraTreesClassifier
    # Extra trees see all pixels, unless some are to be left out for the out-of-bag score.
    # n_jobs means threads here: scikit-learn grows forests in threads and never starts a process for it.
    return kind(n_estimators=0, min_samples_leaf=settings.min_leaf, max_depth=settings.max_depth or None,
                max_features=settings.features_per_split or tried_at_branch(settings.kind, feature_count),
                class_weight=weights,
                bootstrap=settings.kind == "random" or settings.oob, random_state=settings.seed, n_jobs=threads,
                warm_start=True)


def class_weights(classes, class_count, settings, weights=None):
    """Weight of a pixel of each class; None where all weigh 1.

    With `settings.balanced` all classes weigh the same together, the mean pixel weighing 1; `weights` of the user come
    on top.
    """
    if not settings.balanced and weights is None:
        return None
    factors = np.ones(class_count) if weights is None else np.asarray(weights, float)
    counts = np.bincount(classes, minlength=class_count)
    shares = len(classes) / (class_count * counts) if settings.balanced else np.ones(class_count)
    return {number: float(factors[number] * shares[number]) for number in range(class_count)}
