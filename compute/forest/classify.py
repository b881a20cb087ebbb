"""From rasters and parcels to a class map, its accuracy, a model file and a report: the whole of LAND01 in one call."""

import contextlib
from dataclasses import dataclass, field, replace

import numpy as np

from ..accuracy.confusion import ConfusionMatrix
from ..accuracy.estimates import bootstrap_interval
from ..accuracy.insight import DiagnosticsSettings, ParcelDiagnostics, diagnose_parcels
from ..accuracy.record import training_text
from ..accuracy.report import ClassSummary, write_classification_report
from ..insitu.split import SplitSettings
from ..raster.blocks import make_executor
from ..raster.writer import complete_file
from .advice import map_advice, map_notes, parcel_advice, validation_advice
from .apply import stack_notes
from .choice import places_by_pattern
from .contrasts import contrast_name, contrast_pairs
from .describe import describe_classification
from .features import FeatureStack
from .ground import survey_ground
from .labels import survey_labels
from .learn import learn_forest
from .mapping import MapRules, create_maps, map_classes
from .modelfile import Forest, save_forest
from .settings import ForestSettings


@dataclass(frozen=True)
class ClassificationTask:
    """What to classify, and with what.

    Parameters
    ----------
    rasters : tuple of str
        Paths of rasters on one grid; each band is a feature.
    parcels : tuple of Parcel
        In the CRS of the rasters.
    validation : tuple of Parcel or None
        Parcels that only judge; without them some of `parcels` do.
    forest : ForestSettings
    split : SplitSettings
    parcels_path, class_field, validation_path : str
        Where the parcels came from; for the report.
    notes : tuple of str
        What happened to the parcels before they came here; for the report.
    labels : str
        Path of a raster of classes that takes the place of the parcels; empty if there is none.
    legend : tuple of LegendEntry
        What the numbers in that raster mean.
    features : str
        Names of the bands that serve, with ``*`` and ``?``, separated by commas; empty for all.
    resampling : {"none", "nearest", "bilinear", "average"}
        How rasters of other grids are brought to that of the first; "none" refuses them.
    mask : str
        Path of a raster that is 0 or without data where nothing trains and nothing is to be classified.
    rules : MapRules
        How votes become classes.
    insight : DiagnosticsSettings
        What else is to be found out about the parcels.
    """

    rasters: tuple
    parcels: tuple = ()
    validation: tuple = None
    forest: ForestSettings = field(default_factory=ForestSettings)
    split: SplitSettings = field(default_factory=SplitSettings)
    parcels_path: str = ""
    class_field: str = ""
    validation_path: str = ""
    notes: tuple = ()
    labels: str = ""
    legend: tuple = ()
    features: str = ""
    resampling: str = "none"
    mask: str = ""
    rules: MapRules = field(default_factory=MapRules)
    insight: DiagnosticsSettings = field(default_factory=DiagnosticsSettings)


@dataclass(frozen=True, eq=False)
class Classification:
    """What came out, besides the files.

    Parameters
    ----------
    pixel_matrix : ConfusionMatrix or None
        Of the pixels of validation parcels; None where there are none.
    parcel_matrix : ConfusionMatrix or None
        Of validation parcels, each counted as the class most of its pixels have (the first of several).
    summaries : tuple of ClassSummary
    warnings : tuple of str
    forest : Forest
    insight : ParcelDiagnostics
    interval : tuple of float
        Between which values the overall accuracy would mostly lie with other parcels like these; NaN if unknown.
    """

    pixel_matrix: ConfusionMatrix
    parcel_matrix: ConfusionMatrix
    summaries: tuple
    warnings: tuple
    forest: Forest
    insight: ParcelDiagnostics = None
    interval: tuple = (float("nan"), float("nan"))


def classify(task, maps, model_path, report_path, progress, deliver=None):
    """Train a forest on parcels, map every pixel, and measure the accuracy on parcels that took no part in training.

    Without any map to write only the pixels of the validation parcels are classified.

    Parameters
    ----------
    task : ClassificationTask
    maps : MapPaths
    model_path, report_path : str
        Where the model and the report go; empty if not wanted.
    progress : Progress
    deliver : callable, optional
        Takes the Classification before any file takes its name: writes what is not written here. If it fails, no file
        is left behind.

    Returns
    -------
    Classification

    Raises
    ------
    PlainError
        With a sentence for the user.
    Cancelled
        If the user asked to stop. As after an error, no output is left behind.
    """
    with contextlib.ExitStack() as opened:
        stack = opened.enter_context(FeatureStack(task.rasters, task.resampling, task.mask))
        notes = _choose_features(stack, task)
        executor = opened.enter_context(make_executor(task.forest.threads))
        ground = _survey(task, stack, opened, progress.part(0.0, 0.02), progress)
        warnings = parcel_advice(ground) + validation_advice(ground, task.validation is None)
        learned = learn_forest(stack, ground, task.forest, executor, progress.part(0.02, 0.4))
        forest, warnings = learned.forest, warnings + learned.warnings
        notes += learned.notes

        finished = opened.enter_context(contextlib.ExitStack())
        model_file, report_file = (finished.enter_context(complete_file(path)) if path else ""
                                   for path in (model_path, report_path))
        insight = diagnose_parcels(stack, ground, task.insight, task.forest, executor, progress.part(0.4, 0.5))
        notes += insight.notes
        forest = replace(forest, trained_on=training_text(stack.grid, ground, progress.check))
        rasters = finished.enter_context(create_maps(maps, stack.grid, forest, stack.is_synthetic))
        progress.say("Classifying ..." if rasters else "Classifying the validation parcels ...")
        mapping = map_classes(stack, forest, ground, rasters, executor, progress.part(0.5, 0.98), task.rules)
        warnings += map_advice(mapping, forest) if rasters else []
        notes += map_notes(mapping)
        result = assess_parcels(ground, mapping, forest, tuple(warnings), bool(rasters), progress)
        result = replace(result, insight=insight)
        if model_file:
            save_forest(model_file, forest)
        if report_file:
            report = describe_classification(replace(task, notes=task.notes + tuple(notes)), stack, result)
            write_classification_report(report_file, report, progress.check)
        progress.check()
        if deliver:
            deliver(result)
    for note in notes:
        progress.say(note)
    for warning in result.warnings:
        progress.warn(warning)
    progress.show(1.0)
    return result


def _choose_features(stack, task):
    """Keep the wanted bands; what was done to the rasters, in words."""
    places = places_by_pattern(stack.names, task.features)
    notes = stack_notes(stack, places)
    stack.choose(places)
    if task.forest.contrasts:
        pairs = contrast_pairs(stack.names)
        stack.contrast(pairs, [contrast_name(stack.names, pair) for pair in pairs])
    return notes


def _survey(task, stack, opened, part, progress):
    if not task.labels:
        progress.say("Finding the pixels of the parcels ...")
        return survey_ground(stack.grid, task.parcels, task.validation, task.split, part)
    progress.say("Finding the classes of the training raster ...")
    ground, reader = survey_labels(stack, task.labels, task.split, part, task.legend)
    opened.enter_context(contextlib.closing(reader))
    return ground


def assess_parcels(ground, mapping, forest, warnings, is_map, progress):
    """What the validation parcels say of a map.

    Parameters
    ----------
    ground : GroundTruth
    mapping : Mapping
        Counted on the map to be judged.
    forest : Forest
    warnings : tuple of str
    is_map : bool
        Whether all pixels were mapped.
    progress : Progress
        Asked whether the user wants to stop.

    Returns
    -------
    Classification
    """
    labels = tuple(map_class.label for map_class in ground.classes)
    judged = np.flatnonzero(ground.is_validation)
    by_parcel, reference = mapping.by_parcel[judged, 1:], ground.values[judged] - 1
    pixels = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(pixels, reference, by_parcel)
    majorities = np.zeros_like(pixels)
    has_pixels = by_parcel.any(axis=1)
    np.add.at(majorities, (reference[has_pixels], by_parcel[has_pixels].argmax(axis=1)), 1)
    is_assessed = bool(pixels.any())
    if ground.validation and not is_assessed:
        warnings += ("No pixel of the validation parcels was classified (they lie in training parcels or have no "
                     "data), so nobody knows how accurate the map is.",)
    elif not has_pixels.all():
        warnings += (f"{np.count_nonzero(~has_pixels)} of {len(judged)} validation parcels cannot judge: none of "
                     "their pixels has a class.",)
    trained = dict(zip((map_class.code for map_class in forest.classes), forest.training_pixels))
    summaries = tuple(
        ClassSummary(map_class=map_class,
                     training_parcels=sum(parcel.code == map_class.code for parcel in ground.training),
                     validation_parcels=sum(parcel.code == map_class.code for parcel in ground.validation),
                     training_pixels=trained.get(map_class.code, 0), validation_pixels=int(pixels[place].sum()),
                     mapped_pixels=int(mapping.mapped[map_class.value]) if is_map else 0)
        for place, map_class in enumerate(ground.classes))
    return Classification(
        pixel_matrix=ConfusionMatrix(labels, pixels) if is_assessed else None,
        parcel_matrix=ConfusionMatrix(labels, majorities) if is_assessed else None,
        summaries=summaries, warnings=warnings, forest=forest,
        interval=bootstrap_interval(by_parcel[np.arange(len(judged)), reference][has_pixels],
                                    by_parcel[has_pixels].sum(axis=1), progress=progress))
