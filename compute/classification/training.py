"""Training of a classifier from rasters and reference data: sampling, imputation, tuning, fitting, importance."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from ..classifiers.classifier import KINDS, Classifier, Model
from ..classifiers.forest_model import ForestSettings
from ..classifiers.imputation import imputation_values, impute
from ..classifiers.permutation_importance import PIXELS_PER_CLASS, permutation_importances
from ..classifiers.similarity import fit_similarity
from ..classifiers.tuning import Trial, tune
from ..errors import UnsuitableInput
from ..progress import Progress
from ..versions import software_versions
from .feature_stack import FeatureSource
from .reference import ReferenceData
from .sampling import accepts_gaps, sample_parcel_pixels, sample_training_pixels
from .training_warnings import split_warnings, training_warnings


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """A model with the warnings and notes of its training.

    Parameters
    ----------
    model : Model
    warnings : list of str
    notes : list of str
    """

    model: Model
    warnings: list[str]
    notes: list[str]


def train_model(source: FeatureSource, reference: ReferenceData, settings: ForestSettings, executor: Executor,
                progress: Progress) -> TrainedModel:
    """Train a classifier on the training parcels.

    Parameters
    ----------
    source : FeatureSource
    reference : ReferenceData
    settings : ForestSettings
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    TrainedModel

    Raises
    ------
    PlainError
        If the training data are insufficient.
    Cancelled
        If the user cancelled.
    """
    _check_class_weights(settings, reference)
    sample = sample_training_pixels(source, reference, settings, executor, progress.part(0.0, 0.3))
    warnings, notes = training_warnings(reference, sample), []
    present = np.unique(sample.classes)
    if len(present) < 2:
        raise UnsuitableInput("Fewer than two classes have training pixels with data at all dates. Fill the gaps in "
                              "the time series tool, or use dates with fewer clouds.")
    values = imputation_values(sample.features, settings.missing_values)
    bands = len(source.names) - len(source.band_differences)
    similarity = fit_similarity(sample.features[:, :bands], sample.parcels)
    imputed = impute(sample.features, values)
    if imputed:
        method = "the median of the feature" if settings.missing_values == "median" else "a constant below all values"
        notes.append(f"{imputed} of {len(sample.classes)} training pixels lack some bands; the missing values were "
                     f"imputed by {method}.")
    sample = replace(sample, classes=np.searchsorted(present, sample.classes))
    if settings.tune:
        progress.say("Tuning hyperparameters by cross-validation by parcel ...")
        settings, trials = tune(sample.features, sample.classes, sample.parcels, settings, progress.part(0.3, 0.55))
        notes += _tuning_notes(trials, settings)
    features = "1 feature" if len(source.names) == 1 else f"{len(source.names)} features"
    progress.say(f"Training on {len(sample.classes)} pixels of {len(reference.training)} parcels with {features} ...")
    classifier = KINDS[settings.classifier].fit(
        sample, source.names, tuple(reference.classes[index] for index in present), settings, progress.part(0.55, 0.9))
    warnings += split_warnings(classifier.importances)
    importances = ()
    if settings.permutation_importance:
        importances = _permutation_importances(source, reference, settings, classifier, values, executor,
                                               progress.part(0.9, 1.0))
        if not importances:
            warnings.append("The permutation importance was not computed, because there are no validation pixels. Add "
                            "validation parcels, or reduce the training fraction.")
    model = Model(
        classifier=classifier, settings=replace(settings, threads=0),
        training_pixels=tuple(np.bincount(sample.classes).tolist()), software=software_versions(),
        imputation_values=values, minimums=tuple(sample.features.min(axis=0).tolist()),
        maximums=tuple(sample.features.max(axis=0).tolist()), permutation_importances=importances,
        band_differences=source.band_differences, similarity=similarity)
    return TrainedModel(model, warnings, notes)


def _check_class_weights(settings: ForestSettings, reference: ReferenceData) -> None:
    codes = [map_class.code for map_class in reference.classes]
    unknown = [code for code in settings.class_weights if code not in codes]
    if unknown:
        raise UnsuitableInput(f"Class weights are given for unknown classes: {', '.join(unknown)}. The classes are: "
                              f"{', '.join(codes)}.")


def _tuning_notes(trials: tuple[Trial, ...], settings: ForestSettings) -> list[str]:
    if not trials:
        return ["The hyperparameters were not tuned: no class has several training parcels."]
    tried = "; ".join(f"minimum samples per leaf {trial.min_samples_leaf}, features per split "
                      f"{trial.features_per_split}: {100 * trial.score:.1f} %" for trial in trials)
    return [f"Tuned by cross-validation by parcel (mean recall of the classes): {tried}. Selected: minimum samples per "
            f"leaf {settings.min_samples_leaf}, features per split {settings.features_per_split}."]


def _permutation_importances(source: FeatureSource, reference: ReferenceData, settings: ForestSettings,
                             classifier: Classifier, values: tuple[float, ...], executor: Executor,
                             progress: Progress) -> tuple[float, ...]:
    """Importances from a sample of the validation pixels; empty if there are none."""
    if not reference.validation:
        return ()
    sample = sample_parcel_pixels(source, reference, reference.is_validation, PIXELS_PER_CLASS, settings.seed, False,
                                  executor, progress.part(0.0, 0.3), accepts_gaps(settings))
    if not len(sample.classes):
        return ()
    impute(sample.features, values)
    index_of = {map_class: index for index, map_class in enumerate(classifier.classes)}
    # -1 for classes without training pixels.
    class_of = np.array([index_of.get(map_class, -1) for map_class in reference.classes])
    return permutation_importances(classifier, sample.features, class_of[sample.classes], settings.seed, executor,
                                   progress.part(0.3, 1.0))
