"""Training of a forest from rasters and reference data: sampling, imputation, tuning, growing, feature importance."""

from dataclasses import dataclass, replace

import numpy as np

from ..classifiers.forest_model import Forest
from ..classifiers.imputation import imputation_values, impute
from ..classifiers.permutation_importance import PIXELS_PER_CLASS, permutation_importances
from ..classifiers.random_forest import grow_forest
from ..classifiers.similarity import fit_similarity
from ..classifiers.tree_traversal import TreeTraversal
from ..classifiers.tuning import tune
from ..errors import UnsuitableInput
from ..versions import software_versions
from .sampling import sample_training_pixels, sample_validation_pixels
from .training_warnings import split_warnings, training_warnings


@dataclass(frozen=True, eq=False)
class TrainedForest:
    """A forest with the warnings and notes of its training.

    Parameters
    ----------
    forest : Forest
    warnings : list of str
    notes : list of str
    """

    forest: Forest
    warnings: list
    notes: list


def train_forest(stack, reference, settings, executor, progress):
    """Train a forest on the training parcels.

    Parameters
    ----------
    stack : FeatureStack
    reference : ReferenceData
    settings : ForestSettings
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    TrainedForest

    Raises
    ------
    PlainError
        If the training data are insufficient.
    Cancelled
        If the user cancelled.
    """
    _check_class_weights(settings, reference)
    stack.accepts_missing = settings.missing_values != "exclude"
    sampled = sample_training_pixels(stack, reference, settings, executor, progress.part(0.0, 0.3))
    warnings, notes = training_warnings(reference, sampled), []
    sample = sampled.sample
    present = np.unique(sample.classes)
    if len(present) < 2:
        raise UnsuitableInput("Fewer than two classes have training pixels with data at all dates. Fill the gaps in "
                              "the time series tool, or use dates with fewer clouds.")
    values = imputation_values(sample.features, settings.missing_values)
    bands = len(stack.names) - len(stack.band_differences)
    similarity = fit_similarity(sample.features[:, :bands], sample.parcels)
    imputed = impute(sample.features, values)
    if imputed:
        method = "the median of the feature" if settings.missing_values == "median" else "a constant below all values"
        notes.append(f"{imputed} of {len(sample.classes)} training pixels lack some bands; the missing values were "
                     f"imputed by {method}.")
    classes = np.searchsorted(present, sample.classes)
    if settings.tune:
        progress.say("Tuning hyperparameters by cross-validation by parcel ...")
        settings, trials = tune(sample.features, classes, sample.parcels, settings, progress.part(0.3, 0.55))
        notes += _tuning_notes(trials, settings)
    features = "1 feature" if len(stack.names) == 1 else f"{len(stack.names)} features"
    progress.say(f"Training on {len(sample.classes)} pixels of {len(reference.training)} parcels with {features} ...")
    grown = grow_forest(sample.features, classes, len(present), settings, progress.part(0.55, 0.9),
                        _class_weights(settings, reference, present))
    warnings += split_warnings(grown.importances)
    importances = ()
    if settings.permutation_importance:
        importances = _permutation_importances(stack, reference, settings, (grown.trees, present, values), executor,
                                               progress.part(0.9, 1.0))
        if not importances:
            warnings.append("The permutation importance was not computed, because there are no validation pixels. Add "
                            "validation parcels, or reduce the training fraction.")
    counts = np.bincount(sample.classes, minlength=len(reference.classes))
    forest = Forest(
        trees=grown.trees, feature_names=stack.names, classes=tuple(reference.classes[index] for index in present),
        settings=replace(settings, threads=0), importances=tuple(float(value) for value in grown.importances),
        training_pixels=tuple(int(counts[index]) for index in present), software=software_versions(),
        imputation_values=values, lows=tuple(sample.features.min(axis=0).tolist()),
        highs=tuple(sample.features.max(axis=0).tolist()), oob_score=grown.oob_score,
        permutation_importances=importances, band_differences=stack.band_differences, similarity=similarity)
    return TrainedForest(forest, warnings, notes)


def _check_class_weights(settings, reference):
    codes = [map_class.code for map_class in reference.classes]
    unknown = [code for code in settings.class_weights if code not in codes]
    if unknown:
        raise UnsuitableInput(f"Class weights are given for unknown classes: {', '.join(unknown)}. The classes are: "
                              f"{', '.join(codes)}.")


def _class_weights(settings, reference, present):
    if not settings.class_weights:
        return None
    return [settings.class_weights.get(reference.classes[index].code, 1.0) for index in present]


def _tuning_notes(trials, settings):
    if not trials:
        return ["The hyperparameters were not tuned: no class has several training parcels."]
    tried = "; ".join(f"minimum samples per leaf {trial.min_samples_leaf}, features per split "
                      f"{trial.features_per_split}: {100 * trial.score:.1f} %" for trial in trials)
    return [f"Tuned by cross-validation by parcel (mean recall of the classes): {tried}. Selected: minimum samples per "
            f"leaf {settings.min_samples_leaf}, features per split {settings.features_per_split}."]


def _permutation_importances(stack, reference, settings, grown, executor, progress):
    """Importances from a sample of the validation pixels; empty if there are none."""
    trees, present, values = grown
    if not reference.validation:
        return ()
    sample = sample_validation_pixels(stack, reference, PIXELS_PER_CLASS, settings.seed, executor,
                                      progress.part(0.0, 0.3))
    if not len(sample.classes):
        return ()
    impute(sample.features, values)
    index_of = np.full(len(reference.classes), -1)
    index_of[present] = np.arange(len(present))
    return permutation_importances(TreeTraversal(trees, len(sample.classes) * len(stack.names)), sample.features,
                                   index_of[sample.classes], settings.seed, executor, progress.part(0.3, 1.0))
