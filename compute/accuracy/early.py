"""How early in the season the map is good enough: accuracy with the images up to each date.

For each date a small forest is trained on the training parcels and judged on the validation parcels, with the features
up to that date (and those without a date). The split is that of the map.
"""

from dataclasses import dataclass

import numpy as np

from .dates import band_and_date
from .smallforest import class_probabilities, finite

MOST_DATES = 12
# Accuracies that differ by less are as good as each other.
NEAR = 0.02


@dataclass(frozen=True)
class EarlyAccuracy:
    """Accuracy with the images up to a date.

    Parameters
    ----------
    date : str
        ISO.
    images : int
        Dates used.
    pixels : float
        Share of the pixels of validation parcels that are right.
    parcels : float
        Share of the validation parcels of which most pixels are right.
    """

    date: str
    images: int
    pixels: float
    parcels: float


def accuracy_by_date(pixels, names, settings, progress):
    """Accuracy for each of at most twelve last dates.

    Parameters
    ----------
    pixels : ParcelPixels
    names : sequence of str
        Of the features.
    settings : ForestSettings
    progress : Progress

    Returns
    -------
    accuracies : tuple of EarlyAccuracy
        By date; empty where it cannot be measured.
    notes : list of str
    """
    dates = np.array([band_and_date(name)[1] for name in names])
    every = sorted(set(dates.tolist()) - {""})
    trains = pixels.is_training[pixels.parcels]
    classes = pixels.classes[pixels.parcels]
    if len(every) < 2 or trains.all() or len(np.unique(classes[trains])) < 2:
        return (), ["Accuracy by date was not measured: it needs bands of several dates, and parcels that judge."]
    features = finite(pixels.features)
    # Each pixel stands for those of its parcel that were not drawn, as in the forest of the map.
    drawn = np.bincount(pixels.parcels, minlength=len(pixels.numbers))
    weights = (pixels.available / drawn)[pixels.parcels[trains]]
    chosen = sorted({every[place] for place in np.linspace(0, len(every) - 1, MOST_DATES).round().astype(int)})
    found = []
    for place, date in enumerate(chosen):
        columns = np.flatnonzero(dates <= date)
        votes = class_probabilities(features[trains][:, columns], classes[trains], features[~trains][:, columns],
                                    int(pixels.classes.max()) + 1, settings,
                                    progress.part(place / len(chosen), (place + 1) / len(chosen)), weights)
        found.append(EarlyAccuracy(date, sum(day <= date for day in every),
                                   *_judged(votes.argmax(axis=1), pixels, ~trains)))
    return tuple(found), []


def early_enough(accuracies):
    """The first date from which on the accuracy per pixel stays near that of all images.

    Parameters
    ----------
    accuracies : sequence of EarlyAccuracy
        By date, at least one.

    Returns
    -------
    EarlyAccuracy
    """
    enough = accuracies[-1]
    for one in reversed(accuracies):
        if one.pixels < accuracies[-1].pixels - NEAR:
            break
        enough = one
    return enough


def _judged(mapped, pixels, judges):
    """Share of right pixels, each parcel counting by all its pixels, and share of parcels right by majority."""
    parcels, classes = pixels.parcels[judges], pixels.classes
    counts = np.zeros((len(pixels.numbers), classes.max() + 1))
    np.add.at(counts, (parcels, mapped), 1)
    there = np.flatnonzero(counts.any(axis=1))
    right = counts[there, classes[there]] / counts[there].sum(axis=1)
    weights = pixels.available[there]
    parcels_right = counts[there].argmax(axis=1) == classes[there]
    return float((right * weights).sum() / weights.sum()), float(parcels_right.mean())
