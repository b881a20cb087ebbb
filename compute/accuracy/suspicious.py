"""Labels that look wrong: parcels that the images contradict with confidence.

Every parcel is judged by a forest that has not seen it: the parcels are dealt into folds, class by class, and each
fold is asked of a forest grown from the others. Whether a parcel trained the map or judged it does not matter here.
"""

from dataclasses import dataclass

import numpy as np

from .results import Findings, feature_number
from .smallforest import class_probabilities, finite

FOLDS = 5
# From this mean probability of another class on a label is suspicious.
SURE = 0.6
# Classes with fewer parcels cannot be learnt from the others.
LEAST_PARCELS = 3
SQUARE_METRES_PER_HECTARE = 10000.0


@dataclass(frozen=True)
class SuspiciousParcel:
    """A parcel whose label the images contradict.

    Parameters
    ----------
    parcel : Parcel
    label : str
        What the survey says.
    seen : str
        What the images say.
    probability, own_probability : float
        Mean probability of what the images say, and of the label, over the pixels of the parcel.
    hectares : float
        Of its pixels with data.
    trained : bool
        Whether it trained the map.
    """

    parcel: object
    label: str
    seen: str
    probability: float
    own_probability: float
    hectares: float
    trained: bool


def suspicious_parcels(pixels, ground, pixel_area, settings, progress):
    """Parcels whose label the images contradict, the largest first.

    Parameters
    ----------
    pixels : ParcelPixels
    ground : GroundTruth
    pixel_area : float
        Square metres.
    settings : ForestSettings
    progress : Progress

    Returns
    -------
    parcels : tuple of SuspiciousParcel
    notes : list of str
    """
    labels = [map_class.label for map_class in ground.classes]
    sizes = np.bincount(pixels.classes, minlength=len(labels))
    usable = sizes[pixels.classes] >= LEAST_PARCELS
    skipped = [labels[place] for place in np.flatnonzero((sizes > 0) & (sizes < LEAST_PARCELS))]
    notes = [f"Too few parcels to look for wrong labels: {', '.join(skipped)}."] if skipped else []
    if len(np.unique(pixels.classes[usable])) < 2:
        return (), notes
    means = _out_of_fold(pixels, np.where(usable, _folds(pixels.classes, settings.seed), -1), len(labels), settings,
                         progress)
    seen = means.argmax(axis=1)
    every = np.arange(len(seen))
    found = [SuspiciousParcel(ground.parcel_map.parcels[pixels.numbers[place] - 1], labels[pixels.classes[place]],
                              labels[seen[place]], float(means[place, seen[place]]),
                              float(means[place, pixels.classes[place]]),
                              float(pixels.available[place] * pixel_area / SQUARE_METRES_PER_HECTARE),
                              bool(pixels.is_training[place]))
             for place in every[usable & (seen != pixels.classes) & (means[every, seen] >= SURE)]]
    return tuple(sorted(found, key=lambda one: (-one.hectares, one.parcel.identifier))), notes


def suspicious_findings(found):
    """The parcels as rows of a layer.

    Returns
    -------
    Findings
    """
    fields = (("rank", int), ("feature", str), ("label", str), ("seen", str), ("probability", float),
              ("label_prob", float), ("hectares", float), ("trained", str))
    return Findings(fields, tuple(
        (one.parcel, (rank, feature_number(one.parcel), one.label, one.seen, round(one.probability, 4),
                      round(one.own_probability, 4), round(one.hectares, 4), "yes" if one.trained else "no"))
        for rank, one in enumerate(found, start=1)))


def _folds(classes, seed):
    """The fold of each parcel: dealt out within its class, so that every fold holds something of every class."""
    folds = np.zeros(len(classes), np.int64)
    for number in np.unique(classes):
        members = np.flatnonzero(classes == number)
        folds[np.random.default_rng([seed, int(number)]).permutation(members)] = np.arange(len(members)) % FOLDS
    return folds


def _out_of_fold(pixels, folds, class_count, settings, progress):
    """Mean class probabilities of each parcel, by forests that have not seen it; 0 for parcels without a fold."""
    features = finite(pixels.features)
    of_pixel = folds[pixels.parcels]
    classes = pixels.classes[pixels.parcels]
    sums = np.zeros((len(folds), class_count))
    for fold in range(FOLDS):
        asked = of_pixel == fold
        known = (of_pixel >= 0) & ~asked
        if not asked.any() or len(np.unique(classes[known])) < 2:
            continue
        np.add.at(sums, pixels.parcels[asked], class_probabilities(
            features[known], classes[known], features[asked], class_count, settings,
            progress.part(fold / FOLDS, (fold + 1) / FOLDS)))
    drawn = np.bincount(pixels.parcels, minlength=len(folds))
    return sums / np.maximum(drawn, 1)[:, None]
