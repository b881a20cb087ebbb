"""Early-season accuracy: accuracy of a classification with the images up to each date.

For each date a small forest is trained on the training parcels and assessed on the validation parcels, with the
features up to that date (and undated features). The split is that of the map.
"""

from dataclasses import dataclass

import numpy as np

from .dates import band_and_date
from .smallforest import class_probabilities, impute_median

MAX_DATES = 12
# Accuracies that differ by less are considered equal.
TOLERANCE = 0.02


@dataclass(frozen=True)
class EarlyAccuracy:
    """Accuracy with the images up to a date.

    Parameters
    ----------
    date : str
        ISO.
    date_count : int
        Number of dates used.
    pixel_accuracy : float
        Proportion of the validation pixels that are correct.
    parcel_accuracy : float
        Proportion of the validation parcels that are correct by the majority of their pixels.
    """

    date: str
    date_count: int
    pixel_accuracy: float
    parcel_accuracy: float


def accuracy_by_date(pixels, names, settings, progress):
    """Accuracy with the images up to each of at most twelve dates.

    Parameters
    ----------
    pixels : ParcelPixels
    names : sequence of str
        Names of the features.
    settings : ForestSettings
    progress : Progress

    Returns
    -------
    accuracies : tuple of EarlyAccuracy
        By date; empty if it cannot be measured.
    notes : list of str
    """
    dates = np.array([band_and_date(name)[1] for name in names])
    all_dates = sorted(set(dates.tolist()) - {""})
    is_training = pixels.is_training[pixels.parcels]
    classes = pixels.classes[pixels.parcels]
    if len(all_dates) < 2 or is_training.all() or len(np.unique(classes[is_training])) < 2:
        return (), ["Early-season accuracy was not measured: it needs bands of several dates, and validation parcels."]
    features = impute_median(pixels.features)
    # Each pixel is weighted by the number of valid pixels it represents, as in the forest of the map.
    sampled = np.bincount(pixels.parcels, minlength=len(pixels.parcel_numbers))
    weights = (pixels.available / sampled)[pixels.parcels[is_training]]
    chosen = sorted({all_dates[index] for index in np.linspace(0, len(all_dates) - 1, MAX_DATES).round().astype(int)})
    accuracies = []
    for index, date in enumerate(chosen):
        columns = np.flatnonzero(dates <= date)
        votes = class_probabilities(features[is_training][:, columns], classes[is_training],
                                    features[~is_training][:, columns], int(pixels.classes.max()) + 1, settings,
                                    progress.part(index / len(chosen), (index + 1) / len(chosen)), weights)
        accuracies.append(EarlyAccuracy(date, sum(day <= date for day in all_dates),
                                        *_accuracies(votes.argmax(axis=1), pixels, ~is_training)))
    return tuple(accuracies), []


def earliest_sufficient(accuracies):
    """The first date from which on the pixel accuracy stays within ``TOLERANCE`` of that of all images.

    Parameters
    ----------
    accuracies : sequence of EarlyAccuracy
        By date, at least one.

    Returns
    -------
    EarlyAccuracy
    """
    sufficient = accuracies[-1]
    for accuracy in reversed(accuracies):
        if accuracy.pixel_accuracy < accuracies[-1].pixel_accuracy - TOLERANCE:
            break
        sufficient = accuracy
    return sufficient


def _accuracies(mapped, pixels, is_validation):
    """Pixel accuracy, parcels weighted by their valid pixels, and parcel accuracy by majority."""
    parcels, classes = pixels.parcels[is_validation], pixels.classes
    counts = np.zeros((len(pixels.parcel_numbers), classes.max() + 1))
    np.add.at(counts, (parcels, mapped), 1)
    present = np.flatnonzero(counts.any(axis=1))
    correct = counts[present, classes[present]] / counts[present].sum(axis=1)
    weights = pixels.available[present]
    is_correct = counts[present].argmax(axis=1) == classes[present]
    return float((correct * weights).sum() / weights.sum()), float(is_correct.mean())
