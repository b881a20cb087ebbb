"""From rasters and parcels to a class map, its accuracy, a model file and a report (LAND01)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from ..accuracy.confusion_matrix import ConfusionMatrix
from ..accuracy.estimates import bootstrap_interval
from ..classifiers.classifier import Model
from ..classifiers.forest_model import ForestSettings
from ..classifiers.model_file import save_model
from ..classmap.training_record import training_text
from ..insitu.parcel_split import SplitSettings
from ..output_files import OutputSet
from ..progress import Progress
from ..raster.blocks import make_executor
from .apply_model import stack_notes
from .bands import indices_by_pattern, select_features
from .class_maps import MapPaths, create_maps
from .classification_report import ClassSummary, write_classification_report
from .feature_stack import FeatureStack
from .parcel_diagnostics import DiagnosticsSettings, ParcelDiagnostics, diagnose_parcels
from .prediction import MapCounts, MapRules, map_classes
from .reference import ReferenceData, build_reference
from .reference_raster import build_raster_reference
from .training import train_model
from .training_report import describe_classification
from .training_warnings import map_notes, map_warnings, parcel_warnings, validation_warnings


@dataclass(frozen=True)
class ClassificationTask:
    """Input data and settings of a classification.

    Parameters
    ----------
    rasters : tuple of str
        Paths of rasters on one grid; each band is a feature.
    parcels : tuple of Parcel
        In the CRS of the rasters.
    validation : tuple of Parcel or None
        Used for validation only; None splits them off `parcels`.
    forest : ForestSettings
    split : SplitSettings
    parcels_path, class_field, validation_path : str
        Source of the parcels; for the report.
    notes : tuple of str
        How the parcels were prepared; for the report.
    training_raster : str
        Path of a class raster used instead of the parcels; empty if there is none.
    legend : tuple of LegendEntry
        Classes of the values of that raster.
    bands : str
        Names of the bands to use, with ``*`` and ``?``, separated by commas; empty for all.
    resampling : {"none", "nearest", "bilinear", "average"}
        How rasters on other grids are resampled to the grid of the first; "none" rejects them.
    mask : str
        Path of a mask raster; pixels that are 0 or nodata are neither used for training nor classified.
    rules : MapRules
        How class probabilities become classes.
    insight : DiagnosticsSettings
        Diagnostics of the parcels to compute.
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
    training_raster: str = ""
    legend: tuple = ()
    bands: str = ""
    resampling: str = "none"
    mask: str = ""
    rules: MapRules = field(default_factory=MapRules)
    insight: DiagnosticsSettings = field(default_factory=DiagnosticsSettings)


@dataclass(frozen=True, eq=False)
class Classification:
    """Accuracy, model and diagnostics of a classification.

    Parameters
    ----------
    pixel_matrix : ConfusionMatrix or None
        Of the pixels of the validation parcels; None if there are none.
    parcel_matrix : ConfusionMatrix or None
        Of the validation parcels, each with the majority class of its pixels (the first in a tie).
    summaries : tuple of ClassSummary
    warnings : tuple of str
    model : Model
    insight : ParcelDiagnostics
    interval : tuple of float
        95 % confidence interval of the overall accuracy (bootstrap over parcels); NaN with too few parcels.
    """

    pixel_matrix: ConfusionMatrix | None
    parcel_matrix: ConfusionMatrix | None
    summaries: tuple
    warnings: tuple
    model: Model
    insight: ParcelDiagnostics | None = None
    interval: tuple = (float("nan"), float("nan"))


def classify(task: ClassificationTask, maps: MapPaths, model_path: str, report_path: str, progress: Progress,
             deliver: Callable[[Classification], None] | None = None) -> Classification:
    """Train a classifier on parcels, map every pixel, and assess the accuracy on parcels not used for training.

    Without a map to write, only the pixels of the validation parcels are classified.

    Parameters
    ----------
    task : ClassificationTask
    maps : MapPaths
    model_path, report_path : str
        Paths of model and report; empty if not requested.
    progress : Progress
    deliver : callable, optional
        Called with the Classification and the OutputSet before the files get their final names, to write further
        outputs. If it fails, no file is left behind.

    Returns
    -------
    Classification

    Raises
    ------
    PlainError
        With a message for the user.
    Cancelled
        If the user cancelled. As after an error, no output is left behind.
    """
    with contextlib.ExitStack() as opened:
        rasters = opened.enter_context(FeatureStack(task.rasters, task.resampling, task.mask))
        bands = indices_by_pattern(rasters.names, task.bands)
        notes = stack_notes(rasters, bands)
        stack = rasters.selected(select_features(rasters.names, bands, task.forest.band_differences))
        executor = opened.enter_context(make_executor(task.forest.threads))
        reference = _collect_reference(task, stack, opened, progress.part(0.0, 0.02), progress)
        warnings = parcel_warnings(reference) + validation_warnings(reference, task.validation is None)
        trained = train_model(stack, reference, task.forest, executor, progress.part(0.02, 0.4))
        warnings += trained.warnings
        notes += trained.notes

        outputs = opened.enter_context(OutputSet())
        model_file, report_file = (outputs.file(path) if path else "" for path in (model_path, report_path))
        insight = diagnose_parcels(stack, reference, task.insight, task.forest, executor, progress.part(0.4, 0.5))
        notes += insight.notes
        model = replace(trained.model, training_record=training_text(stack.grid, reference, progress.check))
        writers = opened.enter_context(create_maps(maps, stack.grid, model, stack.is_synthetic, outputs))
        progress.say("Classifying ..." if writers else "Classifying the validation parcels ...")
        counts = map_classes(stack, model, reference, writers, executor, progress.part(0.5, 0.98), task.rules)
        warnings += map_warnings(counts, model) if writers else []
        notes += map_notes(counts)
        result = assess_parcels(reference, counts, model, tuple(warnings), bool(writers), progress)
        result = replace(result, insight=insight)
        if model_file:
            save_model(model_file, model)
        if report_file:
            report = describe_classification(replace(task, notes=task.notes + tuple(notes)), stack, result)
            write_classification_report(report_file, report, progress.check)
        progress.check()
        if deliver:
            deliver(result, outputs)
    for note in notes:
        progress.say(note)
    for warning in result.warnings:
        progress.warn(warning)
    progress.show(1.0)
    return result


def _collect_reference(task: ClassificationTask, stack: FeatureStack, opened: contextlib.ExitStack, part: Progress,
                       progress: Progress) -> ReferenceData:
    if not task.training_raster:
        progress.say("Rasterising the parcels ...")
        return build_reference(stack.grid, task.parcels, task.validation, task.split, part)
    progress.say("Reading the classes of the training raster ...")
    reference, reader = build_raster_reference(stack, task.training_raster, task.split, part, task.legend)
    opened.enter_context(contextlib.closing(reader))
    return reference


def assess_parcels(reference: ReferenceData, counts: MapCounts, model: Model, warnings: tuple[str, ...], is_map: bool,
                   progress: Progress) -> Classification:
    """Assess a map with the validation parcels.

    Parameters
    ----------
    reference : ReferenceData
    counts : MapCounts
        Of the map.
    model : Model
    warnings : tuple of str
    is_map : bool
        Whether all pixels were mapped.
    progress : Progress
        Checked for cancellation.

    Returns
    -------
    Classification
    """
    labels = tuple(map_class.label for map_class in reference.classes)
    assessed = np.flatnonzero(reference.is_validation)
    parcel_counts, true_classes = counts.parcel_counts[assessed, 1:], reference.values[assessed] - 1
    pixels = np.zeros((len(labels), len(labels)), np.int64)
    np.add.at(pixels, true_classes, parcel_counts)
    majorities = np.zeros_like(pixels)
    has_pixels = parcel_counts.any(axis=1)
    np.add.at(majorities, (true_classes[has_pixels], parcel_counts[has_pixels].argmax(axis=1)), 1)
    is_assessed = bool(pixels.any())
    if reference.validation and not is_assessed:
        warnings += ("No pixel of the validation parcels was classified (they lie in training parcels or have no "
                     "data), so the accuracy of the map cannot be determined.",)
    elif not has_pixels.all():
        warnings += (f"{np.count_nonzero(~has_pixels)} of {len(assessed)} validation parcels were not assessed: none "
                     "of their pixels has a class.",)
    training_pixels = dict(zip((map_class.code for map_class in model.classes), model.training_pixels))
    summaries = tuple(
        ClassSummary(map_class=map_class,
                     training_parcels=sum(parcel.code == map_class.code for parcel in reference.training),
                     validation_parcels=sum(parcel.code == map_class.code for parcel in reference.validation),
                     training_pixels=training_pixels.get(map_class.code, 0),
                     validation_pixels=int(pixels[index].sum()),
                     mapped_pixels=int(counts.class_counts[map_class.value]) if is_map else 0,
                     mapped_area=float(counts.class_areas[map_class.value]) if is_map else 0.0)
        for index, map_class in enumerate(reference.classes))
    return Classification(
        pixel_matrix=ConfusionMatrix(labels, pixels) if is_assessed else None,
        parcel_matrix=ConfusionMatrix(labels, majorities) if is_assessed else None,
        summaries=summaries, warnings=warnings, model=model,
        interval=bootstrap_interval(parcel_counts[np.arange(len(assessed)), true_classes][has_pixels],
                                    parcel_counts[has_pixels].sum(axis=1), progress=progress))
