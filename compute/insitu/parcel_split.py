"""Split of parcels into training and validation parcels.

Pixels of one parcel are far more similar to each other than to pixels of other parcels of the same crop. A split by
pixel would overestimate the accuracy, so whole parcels are split, class by class, as in Sen2-Agri.

Neighbouring parcels are similar as well (soil, farmer, clouds). A split by spatial blocks keeps neighbours together and
gives a more conservative estimate of the accuracy (Roberts et al. 2017, doi:10.1111/ecog.02881).
"""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from ..declarations import ParameterDeclaration
from ..progress import Progress
from ..units import AUTHALIC_EARTH_RADIUS
from .parcel import codes_of

METHODS = ("parcels", "blocks")
SMALL_CLASSES = ("both", "training")


@dataclass(frozen=True)
class SplitSettings:
    """Settings of the split into training and validation parcels.

    Parameters
    ----------
    training_fraction : float
        Training fraction of the parcels of each class (above 0, at most 1).
    seed : int
        Random seed.
    split_by : {"parcels", "blocks"}
        Split single parcels, or spatial blocks with all their parcels.
    block_size : float
        Edge of a block in metres.
    small_classes : {"both", "training"}
        Classes with too few parcels to split. "both" is the rule of Sen2-Agri: if ``int(n * fraction + 0.5)`` leaves
        one side empty, all parcels are used for training *and* validation. "training" reserves at least one parcel of
        two or more for validation, and uses a single one for training.
    """

    training_fraction: float = 0.75
    seed: int = 0
    split_by: str = "parcels"
    block_size: float = 5000.0
    small_classes: str = "training"


SEN2AGRI_SPLIT = SplitSettings(small_classes="both")

TRAINING_FRACTION = ParameterDeclaration(
    "TRAINING_FRACTION", "Training fraction (0 to 1)",
    "Fraction of the parcels of each class used for training; the rest are used for validation. Sen2-Agri uses 0.75.",
    minimum=0.01, maximum=0.99, setting="training_fraction")
SPLIT_PARAMETERS = (
    TRAINING_FRACTION,
    ParameterDeclaration(
        "SPLIT_BY", "Split by",
        "Sampling unit: single parcels (parcels), or square blocks with all parcels in them (blocks), so that "
        "neighbours of training parcels are not used for validation. Choose blocks where parcels are dense: the "
        "accuracy is then less optimistic.", kind="enum", options=METHODS, setting="split_by"),
    ParameterDeclaration(
        "BLOCK_SIZE", "Block size (m)",
        "Side length of a block, in metres on the ground (10 or more); a few times the size of a farm. Only used with "
        "blocks.", minimum=10.0, setting="block_size"),
    ParameterDeclaration(
        "SMALL_CLASSES", "Classes with too few parcels to split",
        "Treatment of these classes: both writes all their parcels to both layers, as Sen2-Agri does; training writes "
        "them to the training layer only, except that one of two parcels is used for validation. The log lists classes "
        "without independent validation parcels.", kind="enum", options=SMALL_CLASSES, advanced=True,
        setting="small_classes"),
    ParameterDeclaration(
        "SEED", "Random seed", "Seed of the random sampling; the same seed gives the same split.", kind="integer",
        minimum=0, advanced=True, setting="seed"),
)


@dataclass(frozen=True)
class Split:
    """Training and validation parcels; `unassessed` are the classes without independent validation parcels."""

    training: tuple
    validation: tuple
    unassessed: tuple


def split_parcels(parcels, settings, blocks=None, progress=None):
    """Split parcels into training and validation, class by class.

    Of `n` parcels of a class ``int(n * fraction + 0.5)`` are used for training; ``settings.small_classes`` applies if
    that leaves one side empty. With a training fraction of 1 there are no validation parcels.

    Blocks are assigned starting with the rarest class, as in stratified grouping (Sechidis et al. 2011,
    doi:10.1007/978-3-642-23808-6_10): each block goes to the side with the larger deficit of parcels of the class.

    Parameters
    ----------
    parcels : iterable of Parcel
        In any order; the result depends on their identifiers only.
    settings : SplitSettings
    blocks : dict, optional
        Block of each parcel by identifier, see :func:`block_of`; required by the method "blocks".
    progress : Progress, optional
        Checked for cancellation.

    Returns
    -------
    Split
        Parcels sorted by identifier.
    """
    parcels = sorted(parcels, key=lambda parcel: parcel.identifier)
    members = {code: [] for code in codes_of(parcels)}
    progress = progress or Progress()
    for parcel in parcels:
        progress.check()
        members[parcel.code].append(parcel)
    if settings.split_by == "blocks" and settings.training_fraction < 1.0:
        sides = _split_blocks(members, settings, blocks, progress)
    else:
        sides = {code: _split_class(code, of_class, settings) for code, of_class in members.items()}
    training, validation, unassessed = [], [], []
    for code, (class_training, class_validation) in sides.items():
        is_split = bool(class_training and class_validation)
        if not is_split:
            unassessed.append(code)
        in_both = settings.small_classes == "both" and settings.training_fraction < 1.0
        training += class_training if is_split else class_training + class_validation
        validation += class_validation if is_split else class_training + class_validation if in_both else []
    return Split(_sorted(training), _sorted(validation), tuple(unassessed))


def block_of(longitude, latitude, size):
    """The spatial block of a position: squares of true size in rows from the equator, independent of the CRS.

    Parameters
    ----------
    longitude, latitude : float
        Degrees.
    size : float
        Metres.

    Returns
    -------
    tuple of int
        Row and column.
    """
    row = math.floor(math.radians(latitude) * AUTHALIC_EARTH_RADIUS / size)
    middle = (row + 0.5) * size / AUTHALIC_EARTH_RADIUS
    column = math.floor(math.radians(longitude) * math.cos(middle) * AUTHALIC_EARTH_RADIUS / size)
    return row, column


def _split_class(code, members, settings):
    # Seeded by class as well, so that the split of a class does not depend on the other classes.
    keys = np.random.default_rng([settings.seed, *code.encode()]).random(len(members))
    shuffled = [members[index] for index in np.argsort(keys, kind="stable")]
    count = _training_count(len(shuffled), settings)
    return shuffled[:count], shuffled[count:]


def _training_count(parcels, settings):
    if settings.training_fraction >= 1.0:
        return parcels
    count = int(parcels * settings.training_fraction + 0.5)
    return count if settings.small_classes == "both" else max(1, min(count, parcels - 1))


def _split_blocks(members, settings, blocks, progress):
    """(training, validation) parcels of each class, split by whole blocks."""
    content = {}
    for code, parcels in members.items():
        for parcel in parcels:
            progress.check()
            content.setdefault(blocks[parcel.identifier], Counter())[code] += 1
    keys = dict(zip(sorted(content), np.random.default_rng(settings.seed).random(len(content)).tolist()))
    missing = {code: [settings.training_fraction * len(parcels), (1 - settings.training_fraction) * len(parcels)]
               for code, parcels in members.items()}
    side_of = {}
    for code in sorted(members, key=lambda code: (len(members[code]), code)):
        unassigned = [block for block in content if block not in side_of and content[block][code]]
        # The largest blocks first, so that small ones can balance the sides.
        for block in sorted(unassigned, key=lambda block: (-content[block][code], keys[block])):
            progress.check()
            side_of[block] = int(missing[code][1] > missing[code][0])
            for other, count in content[block].items():
                missing[other][side_of[block]] -= count
    return {code: tuple([parcel for parcel in parcels if side_of[blocks[parcel.identifier]] == side]
                        for side in (0, 1))
            for code, parcels in members.items()}


def _sorted(parcels):
    return tuple(sorted(parcels, key=lambda parcel: parcel.identifier))
