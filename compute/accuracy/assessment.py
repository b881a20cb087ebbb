"""Accuracy assessment of one or several class maps: confusion matrices, scores and, for probability samples, estimates.

Olofsson et al. (2014), Remote Sensing of Environment 148:42-57, doi 10.1016/j.rse.2014.02.015.
"""

import contextlib
from dataclasses import dataclass, field

import numpy as np

from ..classmap.class_legend import name_classes
from ..classmap.training_record import DOMAIN, MARK, TAG, read_record
from ..declarations import ParameterDeclaration
from ..errors import UnsuitableInput
from ..eta import TimeLeftProgress
from ..insitu.parcel_raster import ParcelRaster
from ..raster.blocks import THREADS, make_executor
from ..raster.reader import RasterReader
from ..raster.resampled_reader import ResampledReader
from .label_matching import AUTO, SCHEMES, match_labels
from .map_counts import MapBand, count_pixels
from .scores import score_maps
from .validation_data import ParcelReference, PointReference, RasterReference

PURPOSIVE, PROBABILITY = "purposive", "probability"
DESIGNS = (PURPOSIVE, PROBABILITY)


@dataclass(frozen=True)
class MapInput:
    """A class map to assess: path, legend entries of its values, and additional nodata values."""

    path: str
    entries: tuple = ()
    nodata: frozenset = frozenset()


@dataclass(frozen=True)
class AssessmentSettings:
    """Settings of an accuracy assessment.

    Parameters
    ----------
    sampling_design : str
        Sampling design of the reference data. ``purposive``: no random sample; ``probability``: a simple or stratified
        random sample, the classes of the map being the strata.
    label_matching : str
        How reference labels are matched with map classes, see :func:`~.label_matching.match_labels`.
    threads : int
        Number of threads; 0 uses all cores but one. The result does not depend on it.
    """

    sampling_design: str = PURPOSIVE
    label_matching: str = AUTO
    threads: int = 0


ASSESSMENT_PARAMETERS = (
    ParameterDeclaration(
        "SAMPLING_DESIGN", "Sampling design of the reference data",
        "How the reference data were selected: purposive (available parcels or points; the accuracy holds for similar "
        "ones only) or probability (random sample of the map, simple or stratified by class; accuracy and areas of the "
        "whole map are then estimated with standard errors, Olofsson et al. 2014). Choose probability only for a "
        "random sample.", kind="enum", options=DESIGNS, setting="sampling_design"),
    ParameterDeclaration(
        "LABEL_MATCHING", "Match labels by",
        "Whether the class field contains the code, the name or the value of the classes; auto chooses the one that "
        "matches most labels. Case and underscores are ignored.", kind="enum", options=(AUTO, *SCHEMES), advanced=True,
        setting="label_matching"),
    THREADS,
)


@dataclass(frozen=True)
class AssessmentTask:
    """Inputs of an accuracy assessment. Exactly one of `parcels`, `points` and `raster` is given.

    Parameters
    ----------
    map : MapInput
    others : tuple of MapInput
        Each is compared with `map`, on the pixels that have a class in all maps.
    parcels : tuple of Parcel
    points : tuple of Point
    raster : MapInput or None
        Reference raster, on any grid.
    training : tuple of Parcel
        Training parcels of the map; reference data on them are excluded.
    settings : AssessmentSettings
    """

    map: MapInput
    others: tuple = ()
    parcels: tuple = ()
    points: tuple = ()
    raster: MapInput = None
    training: tuple = ()
    settings: AssessmentSettings = field(default_factory=AssessmentSettings)


def assess(task, progress):
    """Assess the accuracy of a map.

    Parameters
    ----------
    task : AssessmentTask
    progress : Progress

    Returns
    -------
    Assessment
        See :mod:`.scores`.

    Raises
    ------
    PlainError
        If the inputs cannot be assessed; the message is for the user.
    Cancelled
        If the user asked to stop.
    """
    with contextlib.ExitStack() as opened:
        executor = opened.enter_context(make_executor(task.settings.threads))
        with RasterReader(task.map.path) as first:
            grid = first.grid
        inputs = [task.map, *task.others]
        maps = [MapBand(opened.enter_context(ResampledReader(one.path, grid, "nearest")), one.nodata) for one in inputs]
        reference = _reference(task, grid, opened, progress)
        read_training, is_training_known, warnings = _training_pixels(task, grid, maps, progress)
        progress.say("Comparing the map with the reference ...")
        counts = count_pixels(grid, maps, reference, read_training, executor, TimeLeftProgress(progress, "compared"))
    _require_reference_pixels(reference, counts, task)
    classes = [name_classes(area, one.entries) for area, one in zip(counts.areas, inputs)]
    for one, found in zip(inputs, classes):
        _require_classes(one, found)
    labels, matchings = _match(task, reference, counts, classes)
    return score_maps(task, reference, counts, classes, labels, matchings, tuple(warnings),
                      is_training_known=is_training_known,
                      are_resampled=[band.raster.is_resampled for band in maps], progress=progress)


def _reference(task, grid, opened, progress):
    if task.raster is not None:
        reader = opened.enter_context(ResampledReader(task.raster.path, grid, "nearest"))
        return RasterReference(reader, task.raster.nodata)
    reference = PointReference(grid, task.points) if task.points else ParcelReference(grid, task.parcels, progress)
    if reference.outside.all():
        raise UnsuitableInput(
            f"All {len(reference.units)} reference {reference.kind} lie outside the map. Check the extent and the "
            "coordinate reference system of both.")
    return reference


def _training_pixels(task, grid, maps, progress):
    """Reader of the training pixels (None without), whether they are known for all maps, and warnings."""
    warnings, readers, is_training_known = [], [], True
    if task.training:
        parcels = ParcelRaster(grid, task.training, progress=progress)
        if parcels.outside.all():
            warnings.append("All TRAINING parcels lie outside the map, so no reference data were excluded. Check the "
                            "layer.")
        readers.append(lambda window: parcels.read(window) != 0)
    for band in maps:
        text = band.raster.source.domain_tags(DOMAIN).get(TAG)
        if not text and MARK in band.raster.tags and not task.training:
            raise UnsuitableInput(
                f"{band.raster.path} was clipped or rewritten, and its record of training pixels is lost. "
                "Use the original map, or specify its training parcels as TRAINING.")
        if not text:
            is_training_known = bool(task.training) and is_training_known
            continue
        if band.raster.is_resampled:
            warnings.append(f"The grid of {band.raster.path} differs from that of the first map, so its record "
                            "of training pixels cannot be used. Specify its training parcels as TRAINING.")
            is_training_known = bool(task.training) and is_training_known
            continue
        readers.append(read_record(text, grid).read)
    if not readers:
        return None, is_training_known, warnings
    return lambda window: np.logical_or.reduce([read(window) for read in readers]), is_training_known, warnings


def _require_reference_pixels(reference, counts, task):
    """Raise an error if no reference data can be compared with the map."""
    if reference.kind != "pixels":
        usable = np.setdiff1d(counts.units, list(counts.training))
        if len(usable):
            return
        if counts.training:
            raise UnsuitableInput(
                f"All reference {reference.kind} with pixels of the map were used for training: "
                f"{len(counts.training)} of {len(reference.units)}. Use independent validation {reference.kind}.")
        if counts.without_class:
            raise UnsuitableInput(
                f"No reference {reference.kind[:-1]} lies on a pixel with a class: the map"
                f"{'s have' if task.others else ' has'} no data there. Check the nodata values (NODATA) and the extent "
                "of the reference data.")
        if counts.disputed:
            raise UnsuitableInput("All reference pixels lie in overlapping parcels of different classes. Remove the "
                                  "overlaps, or choose another class field.")
        raise UnsuitableInput(f"No reference parcel contains the centre of a map pixel: {int(reference.outside.sum())} "
                              "parcels lie outside the map, the others are too small. Use larger parcels, or points.")
    if not len(counts.units):
        raise UnsuitableInput("No pixel has a class in both the reference raster and the map and is not a training "
                              "pixel. Check the extents of both, and NODATA.")


def _require_classes(one, classes):
    if len(classes) < 2:
        found = f"a single class ({classes[0].label})" if classes else "no class"
        raise UnsuitableInput(f"{one.path} contains {found}; an assessment needs at least two. If a class value is "
                              "declared as nodata by mistake, correct the file (gdal_edit.py -unsetnodata).")


def _match(task, reference, counts, classes):
    """The reference label of each unit, and the matching of labels for each map."""
    units = np.unique(counts.units).tolist()
    by = task.settings.label_matching
    paths = [one.path for one in (task.map, *task.others)]
    if reference.kind != "pixels":
        labels = dict(zip(units, reference.codes(units)))
        return labels, [match_labels(labels.values(), found, by, path) for found, path in zip(classes, paths)]
    named = name_classes(units, task.raster.entries)
    attempts = []
    for labels in ({c.value: c.code for c in named}, {c.value: c.label for c in named}):
        try:
            attempts.append((labels, [match_labels(labels.values(), found, by, path)
                                      for found, path in zip(classes, paths)]))
        except UnsuitableInput as error:
            refusal = error
    if not attempts:
        raise refusal
    return max(attempts, key=lambda attempt: sum(len(matching.values) for matching in attempt[1]))
