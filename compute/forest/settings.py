"""Settings of the training of a forest; the dialogs take their defaults from here."""

import math
from dataclasses import dataclass, field

from ..errors import UnsuitableInput

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
        Number of randomly chosen features considered at each split; 0 for :func:`.train.default_features_per_split`.
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
