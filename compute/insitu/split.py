"""Dividing parcels into those that train and those that judge.

Pixels of one parcel resemble each other far more than pixels of another parcel of the same crop. A split by pixel
would let the classifier see its own examination; so whole parcels are drawn, class by class, as Sen2-Agri does.
"""

from dataclasses import dataclass

import numpy as np

from .parcels import codes_of


@dataclass(frozen=True)
class SplitSettings:
    """How parcels are divided.

    Parameters
    ----------
    training_share : float
        Share of the parcels of each class that train (above 0, at most 1).
    seed : int
        The same seed gives the same division.
    """

    training_share: float = 0.75
    seed: int = 0


@dataclass(frozen=True)
class Split:
    """Parcels divided; `unassessed` are the classes that had too few parcels to spare one for validation."""

    training: tuple
    validation: tuple
    unassessed: tuple


def split_parcels(parcels, settings):
    """Divide parcels into training and validation, class by class.

    Of `n` parcels of a class ``int(n * share + 0.5)`` train, but at least one trains and, where there are two or more,
    at least one validates. A single parcel trains. With a share of 1 every parcel trains.

    Parameters
    ----------
    parcels : iterable of Parcel
        In any order: the result depends on their identifiers only.
    settings : SplitSettings

    Returns
    -------
    Split
        Parcels sorted by identifier.
    """
    parcels = sorted(parcels, key=lambda parcel: parcel.identifier)
    training, validation, unassessed = [], [], []
    for code in codes_of(parcels):
        members = [parcel for parcel in parcels if parcel.code == code]
        # Seeded by the class as well: a class more or less leaves the draw of the others as it was.
        keys = np.random.default_rng([settings.seed, *code.encode()]).random(len(members))
        drawn = [members[place] for place in np.argsort(keys, kind="stable")]
        count = _training_count(len(drawn), settings.training_share)
        training += drawn[:count]
        validation += drawn[count:]
        if count == len(drawn):
            unassessed.append(code)
    return Split(_sorted(training), _sorted(validation), tuple(unassessed))


def _training_count(parcels, share):
    if share >= 1.0:
        return parcels
    return max(1, min(int(parcels * share + 0.5), parcels - 1))


def _sorted(parcels):
    return tuple(sorted(parcels, key=lambda parcel: parcel.identifier))
