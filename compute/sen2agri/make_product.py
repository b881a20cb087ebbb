"""Sen2-Agri products from a series and reference data: training, mapping, smoothing or mask, accuracy, and output."""

import contextlib
import functools
import os
from dataclasses import replace

from ..classification.class_maps import MapPaths, create_maps
from ..classification.classification_report import write_classification_report
from ..classification.classify import ClassificationTask, assess_parcels
from ..classification.prediction import MapRules, map_classes
from ..classification.reference import build_reference
from ..classification.reference_raster import build_raster_reference
from ..classification.training import train_model
from ..classification.training_report import describe_classification
from ..classification.training_warnings import map_warnings, parcel_warnings, validation_warnings
from ..classmap.class_map import categorical_layout
from ..classmap.classes import MapClass, class_table
from ..classmap.training_record import training_text
from ..errors import UnsuitableInput
from ..eta import TimeLeftProgress
from ..output_files import OutputSet
from ..raster.blocks import make_executor
from ..raster.grid import grid_differences
from ..raster.reader import RasterReader
from ..raster.writer import create_raster
from ..scratch import scratch_folder
from .crop_features import MIN_DATES, CropMaskFeatures, CropTypeFeatures, SpectralFeatures
from .landcover_samples import write_labels
from .product_folder import check_codes
from .product_maps import NO_CROP_TAG, ProductWriter
from .product_task import CROP_MASK, CROP_TYPE
from .segmentation import smooth_mask
from .series_stack import SeriesStack
from .status_flags import StatusFlags

WHITE, GREEN = (255, 255, 255), (0, 255, 127)
MASK_CLASSES = (MapClass(1, "0", "No crop", WHITE), MapClass(2, "1", "Crop", GREEN))
TITLES = {CROP_MASK: "Crop mask (Sen2-Agri L4A)", CROP_TYPE: "Crop type (Sen2-Agri L4B)"}

# Dates required by all features of the crop mask.
DATES_FOR_ALL_FEATURES = 12


def make_product(task, paths, progress):
    """Make a Sen2-Agri product.

    Parameters
    ----------
    task : ProductTask
    paths : ProductPaths
    progress : Progress

    Returns
    -------
    Classification
        Accuracy of the final map on validation parcels (or validation blocks of the reference map).

    Raises
    ------
    PlainError
        With a message for the user.
    Cancelled
        If the user cancelled. As after an error, no output is left behind.
    """
    with contextlib.ExitStack() as opened:
        stack = opened.enter_context(_open_series(task))
        mask = opened.enter_context(_open_mask(task.mask, stack)) if task.mask else None
        flags = opened.enter_context(contextlib.closing(StatusFlags(task.flags or task.series, stack.grid)))
        executor = opened.enter_context(make_executor(task.forest.threads))
        work = opened.enter_context(scratch_folder(paths.folder or paths.final or paths.report))
        notes, warnings = list(task.notes), _input_warnings(task, paths, stack, flags)
        reference = _find_reference_pixels(task, stack, work, opened, executor, progress.part(0.0, 0.1), notes)
        if paths.folder:
            check_codes(reference.classes, minimum=0 if task.kind == CROP_MASK else 1)
        warnings += parcel_warnings(reference) + validation_warnings(reference, task.validation is None)
        trained = train_model(stack, reference, task.forest, executor, progress.part(0.1, 0.4))
        # Labels from a reference map are independent of all parcels, so all parcels can validate the map.
        record = "" if task.reference else training_text(stack.grid, reference, progress.check)
        model = replace(trained.model, training_record=record)
        warnings, notes = warnings + trained.warnings, notes + trained.notes

        raw_path = os.path.join(work, "raw.tif")
        progress.say("Classifying ...")
        rules = MapRules(0.0, smoothing=False)
        with create_maps(MapPaths(raw_path), stack.grid, model) as rasters:
            mapped = map_classes(stack, model, None, rasters, executor, progress.part(0.4, 0.7), rules)
        warnings += map_warnings(mapped, model)
        raw = opened.enter_context(RasterReader(raw_path))
        final = opened.enter_context(_smoothed(task, stack, raw, work, executor, progress.part(0.7, 0.9)))

        outputs = opened.enter_context(OutputSet())
        report_file = outputs.file(paths.report) if paths.report else ""
        writer = opened.enter_context(ProductWriter(task, paths, stack, model, reference, raw, final, mask, flags,
                                                    outputs))
        counts = writer.run(mapped, executor, TimeLeftProgress(progress.part(0.9, 0.98), "written"))
        reference = replace(reference, classes=writer.classes)
        result = assess_parcels(reference, counts, model, tuple(warnings), True, progress)
        if report_file:
            _write_report(report_file, task, stack, result, rules, notes, progress.check)
        writer.finish(result)
        progress.check()
    for note in notes:
        progress.say(note)
    for warning in result.warnings:
        progress.warn(warning)
    progress.show(1.0)
    return result


def _open_series(task):
    if task.kind == CROP_TYPE:
        return SeriesStack(task.series, functools.partial(CropTypeFeatures, red_edge=task.red_edge))
    if task.reference:
        return SeriesStack(task.series, functools.partial(SpectralFeatures, red_edge=task.red_edge), MIN_DATES)
    return SeriesStack(task.series, functools.partial(CropMaskFeatures, red_edge=task.red_edge))


def _open_mask(path, stack):
    mask = RasterReader(path)
    differences = grid_differences(stack.grid, mask.grid)
    if differences:
        mask.close()
        raise UnsuitableInput(f"The crop mask {path} does not lie on the grid of the series: {'; '.join(differences)}. "
                              "Make it from the same series, or warp it with the GDAL tool Warp.")
    return mask


def _input_warnings(task, paths, stack, flags):
    warnings = []
    if (paths.quality or paths.folder) and not flags.is_classified:
        warnings.append("The quality flags count only dates with and without data, because no scene classification "
                        "was given, and a gap-filled series has data on all dates. Give FLAGS: a series of the same "
                        "dates with the band SCL.")
    if task.kind == CROP_MASK and not task.reference and len(stack.days) < DATES_FOR_ALL_FEATURES:
        warnings.append(f"The series has {len(stack.days)} dates; some features of the crop mask require "
                        f"{DATES_FOR_ALL_FEATURES} and are set to 0. Use a longer season, such as four months with an "
                        "interval of 10 days.")
    return warnings


def _find_reference_pixels(task, stack, work, opened, executor, progress, notes):
    if task.reference:
        labels = os.path.join(work, "labels.tif")
        notes += write_labels(task, stack, labels, executor, progress.part(0.0, 0.8))
        reference, reader = build_raster_reference(stack, labels, task.split, progress.part(0.8, 1.0))
        opened.enter_context(contextlib.closing(reader))
        notes.append("Accuracy is assessed on validation blocks of the reference map, not on in-situ data.")
        return replace(reference, classes=MASK_CLASSES)
    progress.say("Finding the pixels of the parcels ...")
    reference = build_reference(stack.grid, task.parcels, task.validation, task.split, progress)
    if task.kind == CROP_MASK:
        return replace(reference, classes=MASK_CLASSES)
    return replace(reference, classes=class_table((c.code for c in reference.classes), task.labels))


@contextlib.contextmanager
def _smoothed(task, stack, raw, work, executor, progress):
    """Crop mask smoothed to one class per segment; other maps are returned unchanged."""
    if task.kind != CROP_MASK or not task.segments.pca_components:
        yield raw
        return
    path = os.path.join(work, "segments.tif")
    progress.say("Smoothing by segments ...")
    with create_raster(path, categorical_layout(stack.grid, MASK_CLASSES, "class", {NO_CROP_TAG: "1"})) as target:
        smooth_mask(stack, raw, target, task.segments, executor, progress)
    with RasterReader(path) as reader:
        yield reader


def _write_report(path, task, stack, result, rules, notes, check):
    classification = ClassificationTask(
        rasters=(task.series,), parcels=task.parcels, validation=task.validation, forest=task.forest, split=task.split,
        parcels_path=task.parcels_path or task.reference, class_field=task.class_field,
        validation_path=task.validation_path, notes=tuple(notes), mask=task.mask, rules=rules)
    report = describe_classification(classification, stack, result)
    extra = {}
    if task.kind == CROP_MASK:
        segments = task.segments
        extra["Segments"] = (f"{segments.pca_components} principal components of NDVI, minimum size "
                             f"{segments.min_size} pixels" if segments.pca_components else "none")
    if task.reference:
        settings = task.reference_settings
        extra["Reference map"] = (f"{task.reference}; cropland classes {', '.join(map(str, settings.crop_classes))}, "
                                  f"erosion radius {settings.erosion_radius} pixels, trimming alpha "
                                  f"{settings.trimming_alpha:g}")
    write_classification_report(path, replace(report, title=TITLES[task.kind], settings=report.settings | extra,
                                              from_raster=bool(task.reference)), check)
