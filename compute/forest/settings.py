"""How a forest is grown; the dialogs take their defaults from here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ForestSettings:
    """How a forest is grown.

    Parameters
    ----------
    trees : int
        Number of trees.
    samples_per_class : int
        At most so many training pixels of each class, drawn evenly from its training parcels; 0 takes all.
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
    """

    trees: int = 500
    samples_per_class: int = 5000
    min_leaf: int = 1
    max_depth: int = 0
    balanced: bool = False
    seed: int = 0
    threads: int = 0
