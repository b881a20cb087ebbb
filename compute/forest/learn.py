"""From rasters and ground truth to a forest: drawing, filling gaps, tuning, growing, and judging the features."""

from dataclasses import dataclass, replace

import numpy as np

from ..accuracy.page import software_versions
from ..errors import UnsuitableInput
from .advice import growth_advice, training_advice
from .draw import draw_training_pixels, draw_validation_pixels
from .gaps import fill_gaps, stand_ins
from .likeness import learn_likeness
from .modelfile import Forest
from .permutation import PIXELS_PER_CLASS, permutation_importances
from .train import grow_forest
from .tune import tune
from .walk import Walker


@dataclass(frozen=True, eq=False)
class Learned:
    """A forest, and what is worth saying of how it came about.

    Parameters
    ----------
    forest : Forest
    warnings : list of str
    notes : list of str
    """

    forest: Forest
    warnings: list
    notes: list


def learn_forest(stack, ground, settings, executor, progress):
    """Train a forest on the training parcels.

    Parameters
    ----------
    stack : FeatureStack
    ground : GroundTruth
    settings : ForestSettings
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    Learned

    Raises
    ------
    PlainError
        If there is too little to learn from.
    Cancelled
        If the user asked to stop.
    """
    _check_weights(settings, ground)
    stack.accepts_gaps = settings.missing != "exclude"
    drawn = draw_training_pixels(stack, ground, settings, executor, progress.part(0.0, 0.3))
    warnings, notes = training_advice(ground, drawn), []
    sample = drawn.sample
    present = np.unique(sample.classes)
    if len(present) < 2:
        raise UnsuitableInput("Fewer than two classes have training pixels with data at all dates. Fill the gaps in "
                              "the time series tool, or use dates with fewer clouds.")
    values = stand_ins(sample.features, settings.missing)
    bands = len(stack.names) - len(stack.contrasts)
    likeness = learn_likeness(sample.features[:, :bands], sample.parcels)
    filled = fill_gaps(sample.features, values)
    if filled:
        filling = "the medians of the others" if settings.missing == "median" else "a value that marks them as missing"
        notes.append(f"{filled} of {len(sample.classes)} training pixels lack some of their bands and were given "
                     f"{filling}.")
    classes = np.searchsorted(present, sample.classes)
    if settings.tune:
        progress.say("Comparing settings by cross-validation over parcels ...")
        settings, trials = tune(sample.features, classes, sample.parcels, settings, progress.part(0.3, 0.55))
        notes += _trial_notes(trials, settings)
    features = "1 feature" if len(stack.names) == 1 else f"{len(stack.names)} features"
    progress.say(f"Training on {len(sample.classes)} pixels of {len(ground.training)} parcels with {features} ...")
    grown = grow_forest(sample.features, classes, len(present), settings, progress.part(0.55, 0.9),
                        _weights(settings, ground, present))
    warnings += growth_advice(grown.importances)
    importances = ()
    if settings.permutation:
        importances = _permutation(stack, ground, settings, (grown.trees, present, values), executor,
                                   progress.part(0.9, 1.0))
        if not importances:
            warnings.append("The permutation importance needs validation parcels; without them it was not computed.")
    counts = np.bincount(sample.classes, minlength=len(ground.classes))
    forest = Forest(
        trees=grown.trees, feature_names=stack.names, classes=tuple(ground.classes[place] for place in present),
        settings=replace(settings, threads=0), importances=tuple(float(share) for share in grown.importances),
        training_pixels=tuple(int(counts[place]) for place in present), software=software_versions(),
        stand_ins=values, lows=tuple(sample.features.min(axis=0).tolist()),
        highs=tuple(sample.features.max(axis=0).tolist()), oob_score=grown.oob_score,
        permutation_importances=importances, contrasts=stack.contrasts, likeness=likeness)
    return Learned(forest, warnings, notes)


def _check_weights(settings, ground):
    codes = [map_class.code for map_class in ground.classes]
    unknown = [code for code in settings.weights if code not in codes]
    if unknown:
        raise UnsuitableInput(f"A weight is given for {', '.join(unknown)}, but the classes are: {', '.join(codes)}.")


def _weights(settings, ground, present):
    if not settings.weights:
        return None
    return [settings.weights.get(ground.classes[place].code, 1.0) for place in present]


def _trial_notes(trials, settings):
    if not trials:
        return ["Nothing was tuned: no class has several training parcels."]
    tried = "; ".join(f"smallest leaf {trial.min_leaf}, bands per branch {trial.features_per_split}: "
                      f"{100 * trial.score:.1f} %" for trial in trials)
    return [f"Tuned by cross-validation over parcels (mean recall of the classes): {tried}. Chosen: smallest leaf "
            f"{settings.min_leaf}, bands per branch {settings.features_per_split}."]


def _permutation(stack, ground, settings, grown, executor, progress):
    """Importances on a sample of the validation pixels; empty where there is none."""
    trees, present, values = grown
    if not ground.validation:
        return ()
    sample = draw_validation_pixels(stack, ground, PIXELS_PER_CLASS, settings.seed, executor, progress.part(0.0, 0.3))
    if not len(sample.classes):
        return ()
    fill_gaps(sample.features, values)
    place_of = np.full(len(ground.classes), -1)
    place_of[present] = np.arange(len(present))
    return permutation_importances(Walker(trees, len(sample.classes) * len(stack.names)), sample.features,
                                   place_of[sample.classes], settings.seed, executor, progress.part(0.3, 1.0))
