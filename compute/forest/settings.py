"""How a forest is grown; the dialogs take their defaults from here."""

import math
from dataclasses import dataclass, field

from ..errors import UnsuitableInput

KINDS = ("random", "extra")
SAMPLINGS = ("equal", "smallest", "proportional", "all")
MISSING = ("exclude", "median", "value")


@dataclass(frozen=True)
class ForestSettings:
    """How a forest is grown.

    Parameters
    ----------
    trees : int
        Number of trees.
    samples_per_class : int
        At most so many training pixels of each class, drawn evenly from its training parcels; 0 sets no limit.
    min_leaf : int
        A leaf holds at least so many training pixels.
    max_depth : int
        A tree has at most so many levels; 0 sets no limit.
    balanced : bool
        Whether each class weighs the same, however many pixels it has.
    seed : int
        The same seed, data and scikit-learn version give the same forest.
    threads : int
        How many threads work; 0 takes all cores but one. It changes nothing but the time.
    contrasts : bool
        Whether the normalised differences of all pairs of bands of a day are features too.
    kind : {"random", "extra"}
        Random forest, or extremely randomised trees, which draw their thresholds.
    sampling : {"equal", "smallest", "proportional", "all"}
        Of each class at most so many pixels, as many as the smallest class has, a share like its share of the training
        pixels, or all.
    total_samples : int
        At most so many training pixels of all classes together; 0 sets no limit.
    samples_per_parcel : int
        At most so many training pixels of each parcel, so that large parcels do not drown small ones; 0 sets no limit.
    features_per_split : int
        Among so many features, drawn anew, a branch looks for the best one; 0 takes what
        :func:`.train.tried_at_branch` says.
    weights : dict of str to float
        Weight of a pixel of a class, by code; 1 for the others.
    missing : {"exclude", "median", "value"}
        What becomes of a pixel that lacks some features: it is left out, they are taken to be the median of the
        training pixels, or a value far below all others.
    tune : bool
        Whether smallest leaf and features per split are chosen by cross-validation over parcels.
    oob : bool
        Whether the out-of-bag accuracy is computed.
    permutation : bool
        Whether the permutation importance of the features is computed, on validation pixels.
    """

    trees: int = 500
    samples_per_class: int = 5000
    min_leaf: int = 1
    max_depth: int = 0
    balanced: bool = False
    seed: int = 0
    threads: int = 0
    contrasts: bool = True
    kind: str = "extra"
    sampling: str = "equal"
    total_samples: int = 0
    samples_per_parcel: int = 0
    features_per_split: int = 0
    weights: dict = field(default_factory=dict)
    missing: str = "exclude"
    tune: bool = False
    oob: bool = False
    permutation: bool = False


def parse_weights(text):
    """Weights of classes as a user writes them: ``wheat=2, maize=0.5``.

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
        If it cannot be understood, or a weight is not above 0.
    """
    weights = {}
    for part in filter(None, (part.strip() for part in text.replace("\n", ",").split(","))):
        code, sign, number = (piece.strip() for piece in part.rpartition("="))
        try:
            weight = float(number) if sign and code else 0.0
        except ValueError:
            weight = 0.0
        if not (weight > 0 and math.isfinite(weight)):
            raise UnsuitableInput(f"'{part}' is no weight of a class. Write class=number, with numbers above 0, "
                                  "separated by commas: wheat=2, maize=0.5.")
        weights[code] = weight
    return weights
