"""Warnings about reference data, training and map.

Each function checks one aspect and returns a list of messages, empty if there is nothing to report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..classifiers.classifier import Model
from ..insitu.parcel import similar_spellings
from ..insitu.pixel_sampler import PixelSample
from ..messages import listed
from .prediction import MapCounts
from .reference import ReferenceData

FEW_PARCELS = 5
FEW_PIXELS = 50
FEW_VALIDATION_PARCELS = 50

# Fractions of parcels outside the image, and of pixels without data, above which to warn.
MAX_OUTSIDE = 0.25
MAX_WITHOUT_DATA = 0.2

# Fraction of pixels far outside the range of the training pixels above which to warn.
MAX_OUT_OF_RANGE = 0.3


def parcel_warnings(reference: ReferenceData) -> list[str]:
    """Parcels that cannot be used, and classes with too few of them.

    Parameters
    ----------
    reference : ReferenceData

    Returns
    -------
    list of str
    """
    warnings = []
    used = len(reference.training) + len(reference.validation) + reference.overlapped + reference.adjacent
    total = used + reference.outside + reference.too_small
    if reference.outside > MAX_OUTSIDE * total:
        warnings.append(f"{reference.outside} of {total} parcels lie outside the image. Check the extent and the "
                        "coordinate reference system of the parcel layer.")
    if reference.too_small:
        warnings.append(f"{reference.too_small} of {total} parcels are too small to contain a pixel centre and were "
                        "left out.")
    if reference.overlapped:
        warnings.append(f"{reference.overlapped} of {len(reference.validation) + reference.overlapped} validation "
                        "parcels were left out: all their pixels lie in training parcels or in parcels of another "
                        "class.")
    if reference.partly_overlapped:
        warnings.append(f"Validation parcels assessed on part of their pixels only: {reference.partly_overlapped}. "
                        "Their other pixels lie in training parcels or in parcels of another class.")
    labels = {map_class.code: map_class.label for map_class in reference.classes}
    training = Counter(parcel.code for parcel in reference.training)
    few = [f"{labels[code]} ({training[code]})" for code in labels if 0 < training[code] < FEW_PARCELS]
    if few:
        warnings.append(f"{len(few)} of {len(labels)} classes have fewer than {FEW_PARCELS} training parcels: "
                        f"{listed(few)}. Add training parcels, better 20 for each class.")
    untrained = [labels[code] for code in labels if not training[code]]
    if untrained:
        warnings.append("These classes occur in the validation parcels only, so all their pixels count as errors: "
                        f"{listed(untrained)}. Add training parcels for them.")
    return warnings + similar_spellings(labels)


def validation_warnings(reference: ReferenceData, is_split_off: bool) -> list[str]:
    """Limits of the accuracy assessment.

    Parameters
    ----------
    reference : ReferenceData
    is_split_off : bool
        Whether the validation parcels were split off the training parcels.

    Returns
    -------
    list of str
    """
    warnings = []
    if reference.adjacent:
        warnings.append(f"Validation parcels left out: {reference.adjacent}. Most of their pixels are adjacent to "
                        "training pixels of the same class, as if one field were split into several polygons, and "
                        "would inflate the accuracy. Use whole fields as parcels (the tool 'Dissolve' joins "
                        "polygons), or validation parcels elsewhere.")
    if reference.adjacent and not reference.validation:
        return [*warnings, "No validation parcel is left, so the accuracy of the map cannot be determined."]
    if reference.overlapped and not reference.validation:
        return ["All pixels of the validation parcels lie in training parcels or in parcels of another class, so the "
                "accuracy of the map cannot be determined. Use other validation parcels, or leave them out: part of "
                "the training parcels is then held out for validation."]
    if not reference.validation:
        return ["There are no validation parcels, so the accuracy of the map cannot be determined. Choose a training "
                "fraction below 1, or add validation parcels."]
    labels = {map_class.code: map_class.label for map_class in reference.classes}
    if reference.unassessed:
        reason = " (their only parcel is used for training)" if is_split_off and not reference.adjacent else ""
        warnings.append(f"{len(reference.unassessed)} of {len(labels)} classes have no validation parcel, so their "
                        f"accuracy is unknown: {listed([labels[code] for code in reference.unassessed])}{reason}.")
    count = len(reference.validation)
    if count < FEW_VALIDATION_PARCELS:
        warnings.append(f"The accuracy is based on only {count} validation parcel{'s' if count > 1 else ''}; another "
                        "split (another seed) may give a very different value. Add parcels.")
    return warnings


def training_warnings(reference: ReferenceData, sample: PixelSample) -> list[str]:
    """Classes with few or no training pixels, pixels without data and disputed ones.

    Parameters
    ----------
    reference : ReferenceData
    sample : PixelSample
        Of the training pixels.

    Returns
    -------
    list of str
    """
    warnings = []
    counts = np.bincount(sample.classes, minlength=len(reference.classes))
    trained = {parcel.code for parcel in reference.training}
    none = [c.label for c, count in zip(reference.classes, counts) if not count and c.code in trained]
    few = [f"{c.label} ({count})" for c, count in zip(reference.classes, counts) if 0 < count < FEW_PIXELS]
    if none:
        warnings.append(f"{len(none)} of {len(reference.classes)} classes have no training pixel with data at all "
                        f"dates and are not mapped: {listed(none)}. Fill the gaps in the time series tool.")
    if few:
        warnings.append(f"{len(few)} of {len(reference.classes)} classes have fewer than {FEW_PIXELS} training pixels: "
                        f"{listed(few)}. Add training parcels.")
    usable = int(sample.available.sum())
    if sample.without_data > MAX_WITHOUT_DATA * (usable + sample.without_data):
        warnings.append(f"{sample.without_data} of {usable + sample.without_data} training pixels lack data at some "
                        "date and were left out. Fill the gaps in the time series tool.")
    if sample.disputed:
        warnings.append(f"{sample.disputed} pixels lie in parcels of different classes and were left out.")
    return warnings


def split_warnings(importances: Sequence[float]) -> list[str]:
    """Trees without any split.

    Parameters
    ----------
    importances : sequence of float
        Of the features; empty for a classifier without trees.

    Returns
    -------
    list of str
    """
    if not len(importances) or np.any(importances):
        return []
    return ["No tree has a split, so all pixels get the same class: the minimum samples per leaf are too large for the "
            "number of training pixels, or the bands are constant. Reduce the minimum samples per leaf, add training "
            "pixels, or check the rasters."]


def map_warnings(counts: MapCounts, model: Model) -> list[str]:
    """Pixels of the map without a class, and input outside the range of the training data.

    Parameters
    ----------
    counts : MapCounts
    model : Model

    Returns
    -------
    list of str
    """
    warnings = []
    empty, total = int(counts.class_counts[0]) - counts.low_confidence, int(counts.class_counts.sum())
    if empty > MAX_WITHOUT_DATA * total:
        reason = "all bands lack data there" if model.imputation_values else "some band lacks data there"
        warnings.append(f"{empty / total:.0%} of the pixels have no class, because {reason}. If these are clouds, fill "
                        "the gaps in the time series tool.")
    if counts.low_confidence:
        warnings.append(f"{counts.low_confidence / total:.0%} of the pixels have no class, because their confidence "
                        "is below the minimum confidence.")
    names = [name for name, fraction in zip(model.features, counts.out_of_range) if fraction > MAX_OUT_OF_RANGE]
    if names:
        shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
        warnings.append(f"The values of {len(names)} of {len(model.features)} bands lie far outside the range of "
                        f"the training pixels ({shown}). Check that the units are the same (reflectance, not "
                        "reflectance times 10000).")
    return warnings


def map_notes(counts: MapCounts) -> list[str]:
    """How pixels with missing values were treated.

    Parameters
    ----------
    counts : MapCounts

    Returns
    -------
    list of str
    """
    if not counts.imputed:
        return []
    return [f"{counts.imputed} classified pixels lack some bands; the missing values were imputed as in training."]
