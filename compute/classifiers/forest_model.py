"""Settings, tree arrays and model of a forest.

Layout of the trees of a forest in memory and in the model file.

The nodes of all trees are stored in a few flat arrays, which can be written to a file without pickle, checked before
use, and traversed by different engines.

Settings of the training of a forest; the dialogs take their defaults from here.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from ..errors import UnreadableInput, UnsuitableInput
from .similarity import Similarity

LEAF = -1

# Limits far above any trained forest: the traversal of a larger forged one would take forever.
MAX_TREES = 100_000
MAX_LEVELS = 10_000


@dataclass(frozen=True, eq=False)
class Trees:
    """The trees of a forest.

    The nodes of a tree are contiguous, the root first and every node before its children. At an inner node a pixel goes
    left if its feature is at most the threshold, otherwise right.

    Parameters
    ----------
    starts : ndarray of int64, shape (trees + 1,)
        Tree ``t`` has the nodes ``starts[t]`` to ``starts[t + 1] - 1``.
    left : ndarray of int32, shape (nodes,)
        Index of the left child within the tree; ``LEAF`` at a leaf.
    right : ndarray of int32, shape (nodes,)
        Index of the right child within the tree; at a leaf, its row of `votes`.
    feature : ndarray of int32, shape (nodes,)
        Index of the feature of an inner node; ``LEAF`` at a leaf.
    threshold : ndarray of float64, shape (nodes,)
        0 at a leaf.
    votes : ndarray of float32, shape (rows, classes)
        Class probabilities of leaves. The first rows are the identity matrix: a leaf of one class uses the row of that
        class.
    feature_count : int
    """

    starts: np.ndarray
    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    votes: np.ndarray
    feature_count: int

    @property
    def count(self):
        """int: number of trees."""
        return len(self.starts) - 1

    @property
    def class_count(self):
        """int: number of classes."""
        return self.votes.shape[1]

    def nodes(self, tree):
        """slice: the nodes of a tree."""
        return slice(int(self.starts[tree]), int(self.starts[tree + 1]))


# Type and number of dimensions of each array; also the names of the members of the model file.
ARRAYS = {"starts": ("<i8", 1), "left": ("<i4", 1), "right": ("<i4", 1), "feature": ("<i4", 1),
          "threshold": ("<f8", 1), "votes": ("<f4", 2)}


def trees_from_sklearn(estimators, class_count, feature_count):
    """Convert fitted scikit-learn trees.

    Parameters
    ----------
    estimators : sequence of sklearn.tree.DecisionTreeClassifier
        Trained on classes 0 to class_count - 1.
    class_count, feature_count : int

    Returns
    -------
    Trees
    """
    parts = {name: [] for name in ("left", "right", "feature", "threshold")}
    votes, rows, starts = [np.eye(class_count, dtype=np.float32)], class_count, [0]
    for estimator in estimators:
        tree = estimator.tree_
        is_leaf = tree.children_left < 0
        # Up to scikit-learn 1.2 the values are weighted pixel counts, later fractions.
        values = tree.value[is_leaf, 0, :]
        fractions = (values / values.sum(axis=1, keepdims=True)).astype(np.float32)
        is_pure = np.count_nonzero(values, axis=1) == 1
        row = np.where(is_pure, fractions.argmax(axis=1), 0)
        row[~is_pure] = rows + np.arange(np.count_nonzero(~is_pure))
        votes.append(fractions[~is_pure])
        rows += len(votes[-1])
        right = tree.children_right.astype(np.int32)
        right[is_leaf] = row
        parts["left"].append(np.where(is_leaf, LEAF, tree.children_left).astype(np.int32))
        parts["right"].append(right)
        parts["feature"].append(np.where(is_leaf, LEAF, tree.feature).astype(np.int32))
        parts["threshold"].append(np.where(is_leaf, 0.0, tree.threshold))
        starts.append(starts[-1] + tree.node_count)
    return Trees(starts=np.array(starts, np.int64), votes=np.concatenate(votes), feature_count=feature_count,
                 **{name: np.concatenate(part) for name, part in parts.items()})


def check_trees(trees):
    """Reject invalid trees, whose traversal might not terminate or read beyond the arrays.

    Parameters
    ----------
    trees : Trees
        With arrays of the correct types, from a file that may be damaged or forged.

    Raises
    ------
    UnreadableInput
        With the first fault found.
    """
    nodes = len(trees.left)
    _require(1 <= trees.count <= MAX_TREES and trees.starts.min() == trees.starts[0] == 0 and trees.starts[-1] == nodes
             and trees.starts.max() == nodes and (np.diff(trees.starts) >= 1).all(),
             "its trees are not contiguous")
    _require(all(len(part) == nodes for part in (trees.right, trees.feature, trees.threshold)),
             "its arrays differ in length")
    sizes = np.diff(trees.starts)
    index = np.arange(nodes, dtype=np.int64) - np.repeat(trees.starts[:-1], sizes)
    size = np.repeat(sizes, sizes)
    is_leaf = trees.left == LEAF
    inner = ~is_leaf
    for child in (trees.left[inner], trees.right[inner]):
        _require((child > index[inner]).all() and (child < size[inner]).all(), "it has invalid child nodes")
    base = np.repeat(trees.starts[:-1], sizes)[inner]
    children = np.concatenate([base + trees.left[inner], base + trees.right[inner]])
    parents = np.bincount(children, minlength=nodes)
    parents[trees.starts[:-1]] += 1
    _require((parents == 1).all(), "some nodes do not have exactly one parent")
    _require(_is_depth_limited(trees, base), f"its trees have more than {MAX_LEVELS} levels")
    _require(((trees.feature[inner] >= 0) & (trees.feature[inner] < trees.feature_count)).all(),
             "it has invalid feature indices")
    _require(np.isfinite(trees.threshold).all(), "its thresholds are not finite")
    _require((trees.feature[is_leaf] == LEAF).all()
             and ((trees.right[is_leaf] >= 0) & (trees.right[is_leaf] < len(trees.votes))).all(),
             "its leaves have no votes")
    votes, classes = trees.votes, trees.class_count
    _require(len(votes) >= classes >= 1 and (votes[:classes] == np.eye(classes, dtype=votes.dtype)).all()
             and (votes >= 0).all() and bool((np.abs(votes.sum(axis=1) - 1) < 1e-3).all()),
             "its votes are not probabilities")


def _is_depth_limited(trees, base):
    """Whether no tree has more than ``MAX_LEVELS`` levels."""
    inner = np.flatnonzero(trees.left != LEAF)
    left, right = np.full(len(trees.left), LEAF, np.int64), np.full(len(trees.left), LEAF, np.int64)
    left[inner], right[inner] = base + trees.left[inner], base + trees.right[inner]
    level = trees.starts[:-1]
    for _ in range(MAX_LEVELS):
        level = level[left[level] != LEAF]
        if not len(level):
            return True
        level = np.concatenate([left[level], right[level]])
    return False


def _require(condition, fault):
    if not condition:
        raise UnreadableInput(f"The model file is damaged: {fault}. Train the model again.")


CLASSIFIERS = ("random_forest", "extra_trees")
SAMPLING_STRATEGIES = ("equal", "smallest", "proportional", "all")
MISSING_VALUE_METHODS = ("exclude", "median", "constant")


@dataclass(frozen=True)
class ForestSettings:
    """Settings of the training of a forest.

    Parameters
    ----------
    trees : int
        Number of trees.
    samples_per_class : int
        Maximum number of training pixels per class, a random sample of its training parcels; 0 for no limit.
    min_samples_leaf : int
        Minimum number of training pixels in a leaf.
    max_depth : int
        Maximum depth of a tree; 0 for no limit.
    balanced_weights : bool
        Whether all classes have the same total weight, independent of their number of pixels.
    seed : int
        The same seed, data and scikit-learn version give the same forest.
    threads : int
        Number of threads; 0 uses all cores but one. The result does not depend on it.
    band_differences : bool
        Whether the normalised differences of all pairs of bands of a date are features too.
    classifier : {"random_forest", "extra_trees"}
        Random forest, or extremely randomised trees, whose thresholds are random.
    sampling_strategy : {"equal", "smallest", "proportional", "all"}
        Training pixels of each class: the maximum, as many as in the smallest class, in proportion to the training
        pixels available, or all.
    total_samples : int
        Maximum number of training pixels of all classes together; 0 for no limit.
    samples_per_parcel : int
        Maximum number of training pixels per parcel, so that large parcels do not dominate; 0 for no limit.
    features_per_split : int
        Number of randomly chosen features considered at each split; 0 for
        :func:`.random_forest.default_features_per_split`.
    class_weights : dict of str to float
        Weight of a pixel by code of its class; 1 for other classes.
    missing_values : {"exclude", "median", "constant"}
        Exclude pixels with missing features, or impute them by the median of the training pixels or by a constant far
        below all values.
    tune : bool
        Whether to choose the minimum samples per leaf and the features per split by cross-validation by parcel.
    oob_accuracy : bool
        Whether to compute the out-of-bag accuracy.
    permutation_importance : bool
        Whether to compute the permutation importance of the features on validation pixels.
    """

    trees: int = 500
    samples_per_class: int = 5000
    min_samples_leaf: int = 1
    max_depth: int = 0
    balanced_weights: bool = False
    seed: int = 0
    threads: int = 0
    band_differences: bool = True
    classifier: str = "extra_trees"
    sampling_strategy: str = "equal"
    total_samples: int = 0
    samples_per_parcel: int = 0
    features_per_split: int = 0
    class_weights: dict = field(default_factory=dict)
    missing_values: str = "exclude"
    tune: bool = False
    oob_accuracy: bool = False
    permutation_importance: bool = False


def parse_class_weights(text):
    """Parse class weights such as ``wheat=2, maize=0.5``.

    Parameters
    ----------
    text : str
        Empty for no weights.

    Returns
    -------
    dict of str to float
        By code of the class.

    Raises
    ------
    UnsuitableInput
        If the text is malformed, or a weight is not above 0.
    """
    weights = {}
    for part in filter(None, (part.strip() for part in text.replace("\n", ",").split(","))):
        code, sign, number = (piece.strip() for piece in part.rpartition("="))
        try:
            weight = float(number) if sign and code else 0.0
        except ValueError:
            weight = 0.0
        if not (weight > 0 and math.isfinite(weight)):
            raise UnsuitableInput(f"'{part}' is not a class weight. Write class=number, with numbers above 0, "
                                  "separated by commas: wheat=2, maize=0.5.")
        weights[code] = weight
    return weights


@dataclass(frozen=True, eq=False)
class Forest:
    """A trained forest with everything needed for prediction.

    Parameters
    ----------
    trees : Trees
        Class number ``k`` is ``classes[k]``.
    feature_names : tuple of str
        Bands, then band differences, in the order of the feature indices of the trees.
    classes : tuple of MapClass
    settings : ForestSettings
    importances : tuple of float
        Impurity-based importance of each feature.
    training_pixels : tuple of int
        Number of training pixels of each class.
    software : dict of str to str
        Versions of the software used for training.
    imputation_values : tuple of float
        Replacement of missing values of each feature; empty if pixels with missing values are not classified.
    lows, highs : tuple of float
        Minimum and maximum of each feature over the training pixels; empty if unknown.
    oob_score : float or None
        Out-of-bag accuracy.
    permutation_importances : tuple of float
        Loss of accuracy by shuffling each feature; empty if not computed.
    band_differences : tuple of (int, int)
        Indices of the pairs of bands whose normalised differences are the last features.
    trained_on : str
        Record of the training pixels, see :mod:`~..classmap.training_record`; empty if unknown.
    similarity : Similarity or None
        For smoothing of the probabilities; None disables it.
    """

    trees: Trees
    feature_names: tuple
    classes: tuple
    settings: ForestSettings
    importances: tuple
    training_pixels: tuple
    software: dict = field(default_factory=dict)
    imputation_values: tuple = ()
    lows: tuple = ()
    highs: tuple = ()
    oob_score: float = None
    permutation_importances: tuple = ()
    trained_on: str = ""
    band_differences: tuple = ()
    similarity: Similarity = None

    @property
    def bands(self):
        """tuple of str: the features that are read from rasters, not computed."""
        return self.feature_names[:len(self.feature_names) - len(self.band_differences)]
