"""From rasters and parcels to a class map, its accuracy, a model file and a report: the whole of LAND01 in one call."""

import contextlib
from dataclasses import dataclass, field, replace

import numpy as np

from ..accuracy.confusion import ConfusionMatrix
from ..accuracy.insight import Insight, InsightWishes, look_closer
from ..accuracy.page import software_versions
from ..accuracy.record import training_tags
from ..accuracy.report import ClassificationReport, ClassSummary, RasterSummary, write_classification_report
from ..errors import UnsuitableInput
from ..insitu.split import SplitSettings
from ..raster.blocks import make_executor
from ..raster.writer import complete_file
from .advice import map_advice, parcel_advice, training_advice, validation_advice
from .draw import draw_training_pixels
from .features import FeatureStack
from .ground import survey_ground
from .mapping import create_maps, map_classes
from .modelfile import Forest, save_forest
from .settings import ForestSettings
from .train import grow_trees


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
    insight : InsightWishes
        What else is to be found out about the parcels.
    """

    rasters: tuple
    parcels: tuple
    validation: tuple = None
    forest: ForestSettings = field(default_factory=ForestSettings)
    split: SplitSettings = field(default_factory=SplitSettings)
    parcels_path: str = ""
    class_field: str = ""
    validation_path: str = ""
    notes: tuple = ()
    insight: InsightWishes = field(default_factory=InsightWishes)


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
    insight : Insight
    """

    pixel_matrix: ConfusionMatrix
    parcel_matrix: ConfusionMatrix
    summaries: tuple
    warnings: tuple
    forest: Forest
    insight: Insight = None


def classify(task, maps, model_path, report_path, progress, deliver=None):
    """Train a forest on parcels, map every pixel, and measure the accuracy on parcels that took no part in training.

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
        stack = opened.enter_context(FeatureStack(task.rasters))
        executor = opened.enter_context(make_executor(task.forest.threads))
        progress.say("Finding the pixels of the parcels ...")
        ground = survey_ground(stack.grid, task.parcels, task.validation, task.split, progress.part(0.0, 0.02))
        warnings = parcel_advice(ground) + validation_advice(ground, task.validation is None)
        drawn = draw_training_pixels(stack, ground, task.forest, executor, progress.part(0.02, 0.15))
        warnings += training_advice(ground, drawn)
        progress.say(f"Training on {len(drawn.sample.classes)} pixels of {len(ground.training)} parcels with "
                     f"{len(stack.names)} features ...")
        forest = _grow(stack, ground, drawn, task.forest, progress.part(0.15, 0.4))

        finished = opened.enter_context(contextlib.ExitStack())
        model_file, report_file = (finished.enter_context(complete_file(path)) if path else ""
                                   for path in (model_path, report_path))
        insight = look_closer(stack, ground, task.insight, task.forest, executor, progress.part(0.4, 0.5))
        rasters = finished.enter_context(create_maps(maps, stack.grid, forest.classes,
                                                     training_tags(stack.grid, ground, progress.check)))
        progress.say("Classifying ...")
        mapping = map_classes(stack, forest.trees, forest.classes, ground, rasters, executor,
                              progress.part(0.5, 0.98))
        warnings += map_advice(mapping)
        result = replace(_assess(ground, mapping, forest, tuple(warnings)), insight=insight)
        if model_file:
            save_forest(model_file, forest)
        if report_file:
            write_classification_report(report_file, _report(task, stack, result), progress.check)
        progress.check()
        if deliver:
            deliver(result)
    for warning in warnings:
        progress.warn(warning)
    progress.show(1.0)
    return result


def _grow(stack, ground, drawn, settings, progress):
    """The forest; classes without a training pixel are not in it, nor the number of threads: it changed nothing."""
    sample = drawn.sample
    present = np.unique(sample.classes)
    if len(present) < 2:
        raise UnsuitableInput("Fewer than two classes have training pixels with data at all dates. Fill the gaps in "
                              "the time series tool, or use dates with fewer clouds.")
    trees, importances = grow_trees(sample.features, np.searchsorted(present, sample.classes), len(present), settings,
                                    progress)
    counts = np.bincount(sample.classes, minlength=len(ground.classes))
    return Forest(trees=trees, feature_names=stack.names, classes=tuple(ground.classes[place] for place in present),
                  settings=replace(settings, threads=0), importances=tuple(float(share) for share in importances),
                  training_pixels=tuple(int(counts[place]) for place in present), software=software_versions())


def _assess(ground, mapping, forest, warnings):
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
    trained = dict(zip((map_class.code for map_class in forest.classes), forest.training_pixels))
    summaries = tuple(
        ClassSummary(map_class=map_class,
                     training_parcels=sum(parcel.code == map_class.code for parcel in ground.training),
                     validation_parcels=sum(parcel.code == map_class.code for parcel in ground.validation),
                     training_pixels=trained.get(map_class.code, 0), validation_pixels=int(pixels[place].sum()),
                     mapped_pixels=int(mapping.mapped[map_class.value]))
        for place, map_class in enumerate(ground.classes))
    return Classification(
        pixel_matrix=ConfusionMatrix(labels, pixels) if is_assessed else None,
        parcel_matrix=ConfusionMatrix(labels, majorities) if is_assessed else None,
        summaries=summaries, warnings=warnings, forest=forest)


def _report(task, stack, result):
    settings = task.forest
    return ClassificationReport(
        title="Crop classification",
        rasters=tuple(RasterSummary(reader.path, len(reader.bands), dates)
                      for reader, dates in zip(stack.readers, stack.dates)),
        pixel_area=stack.pixel_area, band_names=stack.names, parcels_path=task.parcels_path,
        class_field=task.class_field, validation_path=task.validation_path, classes=result.summaries,
        pixel_matrix=result.pixel_matrix, parcel_matrix=result.parcel_matrix,
        importances=tuple(zip(stack.names, result.forest.importances)),
        settings={
            "Classifier": "random forest", "Trees": str(settings.trees),
            "Training pixels per class": f"at most {settings.samples_per_class}" if settings.samples_per_class
            else "all",
            "Smallest leaf": f"{settings.min_leaf} pixels",
            "Depth of a tree": f"at most {settings.max_depth}" if settings.max_depth else "no limit",
            "Classes weigh": "the same" if settings.balanced else "as much as they have training pixels",
            "Training share": "all parcels (separate validation parcels)" if task.validation is not None
            else f"{task.split.training_share:g} of the parcels of each class",
            "Seed": str(settings.seed)},
        warnings=result.warnings, notes=task.notes + result.insight.notes, insight=result.insight,
        synthetic=stack.is_synthetic)
