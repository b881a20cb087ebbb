"""What may spoil a classification, in plain words.

Each function looks at one thing and gives a list of sentences, empty when all is well.
"""

from collections import Counter

import numpy as np

from ..insitu.parcels import similar_spellings
from .choice import listed

FEW_PARCELS = 5
FEW_PIXELS = 50
FEW_VALIDATION_PARCELS = 50
# Shares of parcels outside, and of pixels without data, from which on a word is due.
MUCH_OUTSIDE = 0.25
MUCH_WITHOUT_DATA = 0.2
# Share of the pixels far outside the range of the training pixels.
MUCH_STRANGE = 0.3


def parcel_advice(ground):
    """Parcels that cannot be used, and classes with too few of them.

    Parameters
    ----------
    ground : GroundTruth

    Returns
    -------
    list of str
    """
    advice = []
    used = len(ground.training) + len(ground.validation) + ground.covered + ground.pieces
    total = used + ground.outside + ground.too_small
    if ground.outside > MUCH_OUTSIDE * total:
        advice.append(f"The rasters and the parcels barely overlap: {ground.outside} of {total} parcels lie outside "
                      "the image.")
    if ground.too_small:
        advice.append(f"{ground.too_small} of {total} parcels are too small to hold the centre of a pixel and were "
                      "left out.")
    if ground.covered:
        advice.append(f"Validation parcels that cannot judge: {ground.covered} of "
                      f"{len(ground.validation) + ground.covered}. Each of their pixels lies in a training parcel, or "
                      "in a parcel of another class.")
    if ground.shared:
        advice.append(f"Validation parcels that judge by a part of their pixels only: {ground.shared}. The others lie "
                      "in training parcels, or in parcels of another class.")
    labels = {map_class.code: map_class.label for map_class in ground.classes}
    training = Counter(parcel.code for parcel in ground.training)
    few = [f"{labels[code]} ({training[code]})" for code in labels if 0 < training[code] < FEW_PARCELS]
    if few:
        advice.append(f"Few training parcels, so these classes are learned poorly: {listed(few)}. "
                      f"At least {FEW_PARCELS} parcels, better 20, should train a class.")
    unknown = [labels[code] for code in labels if not training[code]]
    if unknown:
        advice.append("These classes occur in the validation parcels only, so every pixel of them counts as wrong: "
                      f"{listed(unknown)}.")
    return advice + similar_spellings(labels)


def validation_advice(ground, is_split_off):
    """How far the accuracy can be trusted.

    Parameters
    ----------
    ground : GroundTruth
    is_split_off : bool
        Whether the validation parcels were taken from the training parcels.

    Returns
    -------
    list of str
    """
    advice = []
    if ground.pieces:
        advice.append(f"Validation parcels that do not judge: {ground.pieces}. Most of their pixels lie directly "
                      "beside training pixels of the same class, as if a field had been cut into pieces, and the "
                      "accuracy would be far too good. Give whole fields as parcels (the tool 'Dissolve' joins "
                      "pieces), or validation parcels elsewhere.")
    if ground.pieces and not ground.validation:
        return [*advice, "No validation parcel is left, so nobody knows how accurate the map is."]
    if ground.covered and not ground.validation:
        return ["No validation parcel has a pixel that did not train, so nobody knows how accurate the map is. Give "
                "parcels that do not train, or leave the validation parcels out: some of the training parcels are "
                "held back then."]
    if not ground.validation:
        return ["There are no validation parcels, so nobody knows how accurate the map is. Choose a training share "
                "below 1, or give validation parcels."]
    labels = {map_class.code: map_class.label for map_class in ground.classes}
    if ground.unassessed:
        reason = " (a single parcel trains and cannot judge as well)" if is_split_off and not ground.pieces else ""
        advice.append("No parcel is left to judge these classes, so their accuracy is unknown: "
                      f"{listed([labels[code] for code in ground.unassessed])}{reason}.")
    count = len(ground.validation)
    if count < FEW_VALIDATION_PARCELS:
        advice.append(f"The accuracy rests on only {count} validation parcel{'s' if count > 1 else ''}: with another "
                      "draw of parcels (another seed) it may be quite different.")
    return advice


def training_advice(ground, drawn):
    """Classes with few or no training pixels, pixels without data and disputed ones.

    Parameters
    ----------
    ground : GroundTruth
    drawn : TrainingPixels

    Returns
    -------
    list of str
    """
    advice = []
    counts = np.bincount(drawn.sample.classes, minlength=len(ground.classes))
    trained = {parcel.code for parcel in ground.training}
    none = [c.label for c, count in zip(ground.classes, counts) if not count and c.code in trained]
    few = [f"{c.label} ({count})" for c, count in zip(ground.classes, counts) if 0 < count < FEW_PIXELS]
    if none:
        advice.append(f"No training pixel of these classes has data at all dates; they are not in the map: "
                      f"{listed(none)}.")
    if few:
        advice.append(f"Few training pixels, so these classes are learned poorly: {listed(few)}.")
    usable = int(drawn.sample.available.sum())
    if drawn.without_data > MUCH_WITHOUT_DATA * (usable + drawn.without_data):
        advice.append(f"{drawn.without_data} of {usable + drawn.without_data} training pixels lack data at some date "
                      "and were left out. Gap filling in the time series tool would save them.")
    if drawn.disputed:
        advice.append(f"{drawn.disputed} pixels lie in parcels of different classes and were left out.")
    return advice


def growth_advice(importances):
    """Trees that tell nothing apart.

    Parameters
    ----------
    importances : ndarray of float
        Of the features.

    Returns
    -------
    list of str
    """
    if np.any(importances):
        return []
    return ["No tree has a branch, so every pixel gets the same class: the leaves are too large for so few training "
            "pixels, or no band differs among them. Choose smaller leaves, more pixels, or look at the rasters."]


def map_advice(mapping, forest):
    """Pixels of the map without a class, and input unlike that of the training.

    Parameters
    ----------
    mapping : Mapping
    forest : Forest

    Returns
    -------
    list of str
    """
    advice = []
    empty, total = int(mapping.mapped[0]) - mapping.hidden, int(mapping.mapped.sum())
    if empty > MUCH_WITHOUT_DATA * total:
        reason = "no band has data there" if forest.stand_ins else "some band has no data there"
        advice.append(f"{empty / total:.0%} of the pixels have no class, because {reason}. If these are clouds, gap "
                      "filling in the time series tool helps.")
    if mapping.hidden:
        advice.append(f"{mapping.hidden / total:.0%} of the pixels have no class, because the forest is less sure of "
                      "them than was asked for.")
    strange = [name for name, share in zip(forest.feature_names, mapping.strange) if share > MUCH_STRANGE]
    if strange:
        shown = ", ".join(strange[:5]) + (" ..." if len(strange) > 5 else "")
        advice.append(f"The values of {len(strange)} of {len(forest.feature_names)} bands lie far outside the range of "
                      f"the training pixels ({shown}). Are they in the same unit (reflectance, not reflectance times "
                      "10000)?")
    return advice


def map_notes(mapping):
    """What was done to pixels with gaps, in words.

    Parameters
    ----------
    mapping : Mapping

    Returns
    -------
    list of str
    """
    if not mapping.filled:
        return []
    return [f"{mapping.filled} classified pixels lack some of their bands; they were filled as in training."]
