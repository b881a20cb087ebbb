"""Random forests and extremely randomised trees: the classifier, its training with scikit-learn, held-out predictions.

Random forest: Breiman (2001), doi:10.1023/A:1010933404324; extremely randomised trees: Geurts, Ernst and Wehenkel
(2006), doi:10.1007/s10994-006-6226-1.

Trees are grown in small batches, with progress and cancellation. Batches and threads do not change the forest: with
``warm_start`` scikit-learn continues the sequence of random seeds, and each tree has its own seed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..classmap.classes import MapClass
from ..errors import UnsuitableInput
from ..insitu.pixel_sampler import PixelSample
from ..progress import Progress
from ..raster.blocks import default_threads
from .forest_model import ARRAYS, ForestSettings, Trees, check_trees, trees_from_sklearn
from .json_values import number, numbers
from .tree_traversal import AdaptiveTraversal, TreeTraversal

# Target duration of a batch; the user can cancel between batches.
SECONDS_PER_BATCH = 0.7

# Size of the temporary forests of diagnostics: enough for probabilities in steps of a hundredth.
SMALL_FOREST_TREES = 100
SMALL_FOREST_PIXELS_PER_CLASS = 1000


@dataclass(frozen=True, eq=False)
class Forest:
    """A trained forest; see :class:`~.classifier.Classifier`.

    Parameters
    ----------
    kind : {"random_forest", "extra_trees"}
    features : tuple of str
        Names, in the order of the feature indices of the trees.
    classes : tuple of MapClass
        Class number ``k`` of the trees is ``classes[k]``.
    trees : Trees
    importances : tuple of float
        Mean decrease in impurity of each feature; sums to 1 (all 0 if no tree has a split).
    oob_score : float or None
        Out-of-bag accuracy; None if it was not requested.
    """

    kind: str
    features: tuple[str, ...]
    classes: tuple[MapClass, ...]
    trees: Trees
    importances: tuple[float, ...]
    oob_score: float | None = None
    _traversal: AdaptiveTraversal = field(init=False, repr=False)

    array_types: ClassVar[dict[str, tuple[str, int]]] = ARRAYS

    def __post_init__(self) -> None:
        object.__setattr__(self, "_traversal", AdaptiveTraversal(self.trees))

    @classmethod
    def fit(cls, samples: PixelSample, features: tuple[str, ...], classes: tuple[MapClass, ...],
            settings: ForestSettings, progress: Progress) -> Forest:
        """Train a forest on pixels; see :meth:`.classifier.Classifier.fit`."""
        weights = None
        if settings.class_weights:
            weights = np.array([settings.class_weights.get(map_class.code, 1.0) for map_class in classes])
            weights = weights[samples.classes]
        grown = grow_forest(samples.features, samples.classes, len(classes), settings, progress, weights)
        return cls(kind=settings.classifier, features=tuple(features), classes=tuple(classes), trees=grown.trees,
                   importances=tuple(grown.importances.tolist()), oob_score=grown.oob_score)

    def predict_probabilities(self, block: NDArray[np.float32],
                              check: Callable[[], None] | None = None) -> NDArray[np.float64]:
        """Mean class probabilities of all trees, shape (pixels, classes)."""
        return self._traversal.engine_for(len(block)).votes(block, check) / self.trees.count

    def predict_classes(self, block: NDArray[np.float32], check: Callable[[], None] | None = None) -> NDArray[np.intp]:
        """Index of the most probable class, shape (pixels,); decided as soon as the other trees cannot change it."""
        return self._traversal.engine_for(len(block)).classes(block, check)

    def save(self) -> tuple[dict[str, object], dict[str, NDArray[np.generic]]]:
        """Description and arrays for the model file."""
        return ({"importances": list(self.importances), "oob_score": self.oob_score},
                {name: getattr(self.trees, name) for name in ARRAYS})

    @classmethod
    def load(cls, kind: str, features: tuple[str, ...], classes: tuple[MapClass, ...],
             description: dict[str, object], arrays: dict[str, NDArray[np.generic]]) -> Forest:
        """The forest of a model file, checked so that its traversal terminates and stays within the arrays."""
        trees = Trees(**arrays, feature_count=len(features))
        importances, oob_score = numbers(description["importances"]), description["oob_score"]
        if len(importances) != len(features) or trees.class_count != len(classes):
            raise ValueError("inconsistent number of features or classes")
        check_trees(trees)
        return cls(kind=kind, features=features, classes=classes, trees=trees, importances=importances,
                   oob_score=None if oob_score is None else number(oob_score))


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
    importances: NDArray[np.float64]
    oob_score: float | None = None


def grow_forest(features: NDArray[np.float32], classes: NDArray[np.integer], class_count: int,
                settings: ForestSettings, progress: Progress,
                weights: NDArray[np.float64] | None = None) -> GrownTrees:
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
    weights : ndarray of float64, shape (pixels,), optional
        Weight of each pixel, multiplied by that of its class if the settings balance the classes.

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
    if settings.balanced_weights:
        balance = balanced_weights(classes)
        weights = balance if weights is None else weights * balance
    threads = settings.threads or default_threads()
    classifier = new_classifier(settings, features.shape[1], threads)
    batch = threads
    while classifier.n_estimators < settings.trees:
        progress.step(classifier.n_estimators / settings.trees)
        started = time.monotonic()
        classifier.n_estimators = min(settings.trees, classifier.n_estimators + batch)
        # The score is computed over all trees, so only after the last batch.
        classifier.oob_score = settings.oob_accuracy and classifier.n_estimators == settings.trees
        classifier.fit(features, classes, weights)
        seconds = max(time.monotonic() - started, 1e-3)
        batch = threads * max(1, round(batch / threads * min(4.0, SECONDS_PER_BATCH / seconds)))
    progress.step(1.0)
    return GrownTrees(trees=trees_from_sklearn(classifier.estimators_, class_count, features.shape[1]),
                      importances=classifier.feature_importances_,
                      oob_score=float(classifier.oob_score_) if settings.oob_accuracy else None)


def new_classifier(settings: ForestSettings, feature_count: int, threads: int) -> Any:
    """An untrained RandomForestClassifier or ExtraTreesClassifier of scikit-learn with the given settings."""
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier

    is_random_forest = settings.classifier == "random_forest"
    classifier = RandomForestClassifier if is_random_forest else ExtraTreesClassifier
    # Extremely randomised trees use all pixels, unless the out-of-bag accuracy is requested.
    # n_jobs is the number of threads: scikit-learn trains forests in threads, not in processes.
    return classifier(n_estimators=0, min_samples_leaf=settings.min_samples_leaf, max_depth=settings.max_depth or None,
                      max_features=(settings.features_per_split
                                    or default_features_per_split(settings.classifier, feature_count)),
                      bootstrap=is_random_forest or settings.oob_accuracy, random_state=settings.seed, n_jobs=threads,
                      warm_start=True)


def default_features_per_split(classifier: str, feature_count: int) -> int:
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


def balanced_weights(classes: NDArray[np.integer]) -> NDArray[np.float64]:
    """Pixel weights that give all classes the same total weight, with a mean weight of 1 per pixel."""
    counts = np.bincount(classes)
    return (len(classes) / (np.count_nonzero(counts) * np.maximum(counts, 1)))[classes]


def small_forest(settings: ForestSettings) -> ForestSettings:
    """Settings of a small balanced random forest for diagnostics, with the seed and threads of other settings."""
    return ForestSettings(trees=SMALL_FOREST_TREES, samples_per_class=SMALL_FOREST_PIXELS_PER_CLASS,
                          classifier="random_forest", balanced_weights=True, seed=settings.seed,
                          threads=settings.threads)


def held_out_probabilities(features: NDArray[np.float32], classes: NDArray[np.integer], class_count: int,
                           folds: NDArray[np.integer], settings: ForestSettings,
                           progress: Progress) -> NDArray[np.float64]:
    """Class probabilities of pixels from forests trained on the other folds (cross-validation).

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
        Finite.
    classes : ndarray of int, shape (pixels,)
        Below `class_count`.
    class_count : int
    folds : ndarray of int, shape (pixels,)
        Fold of each pixel, for instance from :func:`.tuning.parcel_folds`; -1 is always used for training.
    settings : ForestSettings
        As for :func:`class_probabilities`.
    progress : Progress

    Returns
    -------
    ndarray of float64, shape (pixels, class_count)
        0 for pixels of fold -1, and of folds without which fewer than two classes are left.
    """
    probabilities = np.zeros((len(features), class_count))
    present = np.unique(folds[folds >= 0])
    for index, fold in enumerate(present):
        part = progress.part(index / len(present), (index + 1) / len(present))
        held_out = folds == fold
        if len(np.unique(classes[~held_out])) > 1:
            probabilities[held_out] = class_probabilities(features[~held_out], classes[~held_out], features[held_out],
                                                          class_count, settings, part)
    return probabilities


def class_probabilities(training_features: NDArray[np.float32], training_classes: NDArray[np.integer],
                        features: NDArray[np.float32], class_count: int, settings: ForestSettings, progress: Progress,
                        weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Class probabilities of pixels from a forest trained on other pixels.

    Parameters
    ----------
    training_features : ndarray of float32, shape (n, features)
        Finite.
    training_classes : ndarray of int, shape (n,)
        Below `class_count`; at least two classes occur.
    features : ndarray of float32, shape (m, features)
        Finite.
    class_count : int
    settings : ForestSettings
        With `samples_per_class` the forest is trained on a random sample of that many pixels of each class.
    progress : Progress
    weights : ndarray of float64, shape (n,), optional
        Weights of the training pixels, instead of those of the settings.

    Returns
    -------
    ndarray of float64, shape (m, class_count)
    """
    # The weights are those of all training pixels, not of the sample.
    if weights is None and settings.balanced_weights:
        weights = balanced_weights(training_classes)
    selected = _sample_per_class(training_classes, settings.samples_per_class, settings.seed)
    present, classes = np.unique(training_classes[selected], return_inverse=True)
    grown = grow_forest(training_features[selected], classes.ravel(), len(present),
                        replace(settings, balanced_weights=False), progress.part(0.0, 0.7),
                        None if weights is None else weights[selected])
    probabilities = np.zeros((len(features), class_count))
    traversal = TreeTraversal(grown.trees, len(features))
    probabilities[:, present] = traversal.votes(np.ascontiguousarray(features), progress.check) / grown.trees.count
    progress.step(1.0)
    return probabilities


def _sample_per_class(classes: NDArray[np.integer], maximum: int, seed: int) -> NDArray[np.intp]:
    """Sorted indices of at most the given number (0: all) of random pixels of each class."""
    if not maximum:
        return np.arange(len(classes))
    random = np.random.default_rng(seed)
    selected = [random.permutation(np.flatnonzero(classes == value))[:maximum] for value in np.unique(classes)]
    return np.sort(np.concatenate(selected))
