"""Dividing parcels into those that train and those that judge.

Pixels of one parcel resemble each other far more than pixels of another parcel of the same crop. A split by pixel
would let the classifier see its own examination; so whole parcels are drawn, class by class, as Sen2-Agri does.

Parcels side by side resemble each other too (same soil, same farmer, same cloud). Drawing whole blocks of land keeps
neighbours together and gives a sterner, more honest judgement (Roberts et al. 2017, doi:10.1111/ecog.02881).
"""

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np

from ..progress import Progress
from .parcels import codes_of

METHODS = ("parcels", "blocks")
SMALL_CLASSES = ("both", "training")
EARTH_RADIUS = 6371007.2  # metres, of the sphere with the surface of WGS 84


@dataclass(frozen=True)
class SplitSettings:
    """How parcels are divided.

    Parameters
    ----------
    training_share : float
        Share of the parcels of each class that train (above 0, at most 1).
    seed : int
        The same seed gives the same division.
    method : {"parcels", "blocks"}
        Draw single parcels, or blocks of land with all parcels in them.
    block_size : float
        Metres; edge of a block.
    small_classes : {"both", "training"}
        Where to put a class that is too small to be divided. "both" is the rule of Sen2-Agri: if
        ``int(n * share + 0.5)`` leaves one side without parcels, all of them train *and* validate. "training" spares
        at least one parcel of two or more for validation, and lets a single one train.
    """

    training_share: float = 0.75
    seed: int = 0
    method: str = "parcels"
    block_size: float = 5000.0
    small_classes: str = "training"


SEN2AGRI_SPLIT = SplitSettings(small_classes="both")


@dataclass(frozen=True)
class Split:
    """Parcels divided; `unassessed` are the classes that no parcel can judge that did not train."""

    training: tuple
    validation: tuple
    unassessed: tuple


def split_parcels(parcels, settings, blocks=None, progress=None):
    """Divide parcels into training and validation, class by class.

    Of `n` parcels of a class ``int(n * share + 0.5)`` train; what happens where that leaves one side empty is said by
    ``settings.small_classes``. With a share of 1 every parcel trains and none validates.

    By blocks, the rarest class chooses first, as in stratified grouping (Sechidis et al. 2011,
    doi:10.1007/978-3-642-23808-6_10): each of its blocks goes to the side that lacks most parcels of the class.

    Parameters
    ----------
    parcels : iterable of Parcel
        In any order: the result depends on their identifiers only.
    settings : SplitSettings
    blocks : dict, optional
        Block of each parcel by its identifier, see :func:`block_of`; only needed by the method "blocks".
    progress : Progress, optional
        Asked whether the user wants to stop.

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
    if settings.method == "blocks" and settings.training_share < 1.0:
        sides = _divide_blocks(members, settings, blocks, progress)
    else:
        sides = {code: _draw(code, own, settings) for code, own in members.items()}
    training, validation, unassessed = [], [], []
    for code, (trains, judges) in sides.items():
        is_judged = bool(trains and judges)
        if not is_judged:
            unassessed.append(code)
        in_both = settings.small_classes == "both" and settings.training_share < 1.0
        training += trains if is_judged else trains + judges
        validation += judges if is_judged else trains + judges if in_both else []
    return Split(_sorted(training), _sorted(validation), tuple(unassessed))


def block_of(longitude, latitude, size):
    """The block of land that a place lies in: squares of true size in rows from the equator, whatever the CRS.

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
    row = math.floor(math.radians(latitude) * EARTH_RADIUS / size)
    middle = (row + 0.5) * size / EARTH_RADIUS
    column = math.floor(math.radians(longitude) * math.cos(middle) * EARTH_RADIUS / size)
    return row, column


def _draw(code, members, settings):
    # Seeded by the class as well: a class more or less leaves the draw of the others as it was.
    keys = np.random.default_rng([settings.seed, *code.encode()]).random(len(members))
    drawn = [members[place] for place in np.argsort(keys, kind="stable")]
    count = _training_count(len(drawn), settings)
    return drawn[:count], drawn[count:]


def _training_count(parcels, settings):
    if settings.training_share >= 1.0:
        return parcels
    count = int(parcels * settings.training_share + 0.5)
    return count if settings.small_classes == "both" else max(1, min(count, parcels - 1))


def _divide_blocks(members, settings, blocks, progress):
    """(training, validation) of each class, whole blocks on one side."""
    content = {}
    for code, own in members.items():
        for parcel in own:
            progress.check()
            content.setdefault(blocks[parcel.identifier], Counter())[code] += 1
    keys = dict(zip(sorted(content), np.random.default_rng(settings.seed).random(len(content)).tolist()))
    lacking = {code: [settings.training_share * len(own), (1 - settings.training_share) * len(own)]
               for code, own in members.items()}
    side_of = {}
    for code in sorted(members, key=lambda code: (len(members[code]), code)):
        free = [block for block in content if block not in side_of and content[block][code]]
        # The fullest blocks first: small ones can still even out what they leave.
        for block in sorted(free, key=lambda block: (-content[block][code], keys[block])):
            progress.check()
            side_of[block] = int(lacking[code][1] > lacking[code][0])
            for other, count in content[block].items():
                lacking[other][side_of[block]] -= count
    return {code: tuple([parcel for parcel in own if side_of[blocks[parcel.identifier]] == side] for side in (0, 1))
            for code, own in members.items()}


def _sorted(parcels):
    return tuple(sorted(parcels, key=lambda parcel: parcel.identifier))
