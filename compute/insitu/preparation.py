"""What became of each parcel while in-situ data were prepared, added up by class."""

from dataclasses import dataclass

# What there is after each step.
STEPS = ("read", "without overlaps", "shrunk", "kept")
NO_CLASS, LEFT_OUT, NO_AREA = "no class", "class left out", "no area"
SLIVER, OVERLAP, VANISHED, TOO_SMALL = "sliver", "overlap", "vanished in the buffer", "too small"
WHY = {NO_CLASS: "the class field is empty", LEFT_OUT: "the table of codes leaves the class out",
       NO_AREA: "the geometry is missing or has no area", SLIVER: "smaller than a sliver before anything was done",
       OVERLAP: "all of it lies under parcels of another class, or under an earlier one of the same class",
       VANISHED: "no point of it is far enough from the border", TOO_SMALL: "the area after the buffer is too small"}
HECTARE = 1e4


@dataclass(frozen=True)
class Fate:
    """What became of a parcel.

    Parameters
    ----------
    label : str
        Its class; empty without.
    areas : tuple of float
        Square metres after each of the ``STEPS`` it reached.
    reason : str
        Why it was rejected (a key of ``WHY``); empty if it was kept.
    repaired : bool
        Whether its geometry was invalid.
    disputed : float
        Square metres lost because other parcels claim them, too.
    """

    label: str
    areas: tuple
    reason: str = ""
    repaired: bool = False
    disputed: float = 0.0


@dataclass(frozen=True)
class ClassBalance:
    """Parcels and square metres of a class after each step."""

    label: str
    parcels: tuple
    areas: tuple


def balance_of(fates):
    """Parcels and areas of each class after each step.

    Parameters
    ----------
    fates : sequence of Fate

    Returns
    -------
    list of ClassBalance
        The class that keeps most area first; parcels without class last.
    """
    rows = []
    for label in sorted({fate.label for fate in fates}):
        own = [fate for fate in fates if fate.label == label]
        reached = [[fate.areas[step] for fate in own if len(fate.areas) > step] for step in range(len(STEPS))]
        # A parcel without area was read all the same.
        rows.append(ClassBalance(label, (len(own), *map(len, reached[1:])), tuple(map(sum, reached))))
    return sorted(rows, key=lambda row: (not row.label, -row.areas[-1], row.label))


def rejected_by_reason(fates):
    """(reason, explanation, number of parcels), in the order of the steps; only those that occurred."""
    counts = {reason: sum(fate.reason == reason for fate in fates) for reason in WHY}
    return [(reason, WHY[reason], count) for reason, count in counts.items() if count]


def small_classes(fates):
    """Classes too few parcels of which are left.

    Parameters
    ----------
    fates : sequence of Fate

    Returns
    -------
    few : list of str
        One or two parcels: too few to train and to judge (share of 0.75).
    lost : list of str
        No parcel, though the class was wanted.
    """
    left = {fate.label: 0 for fate in fates if fate.label and fate.reason != LEFT_OUT}
    for fate in fates:
        if not fate.reason:
            left[fate.label] += 1
    return ([label for label, count in sorted(left.items()) if 0 < count < 3],
            [label for label, count in sorted(left.items()) if not count])
