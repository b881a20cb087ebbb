"""A map against a reference: counted, scored, and where the sample allows it, estimated for the whole map."""

import contextlib
from dataclasses import dataclass, field

import numpy as np

from ..errors import UnsuitableInput
from ..forest.timeleft import TimeLeft
from ..insitu.burn import ParcelMap
from ..raster.blocks import make_executor
from ..raster.onto import RasterOnto
from ..raster.reader import RasterReader
from .legend import name_classes
from .matching import AUTO, match_labels
from .record import DOMAIN, MARK, TAG, read_record
from .reference import ParcelReference, PointReference, RasterReference
from .scores import score_maps
from .tally import MapBand, tally

PURPOSIVE, PROBABILITY = "purposive", "probability"
DESIGNS = (PURPOSIVE, PROBABILITY)


@dataclass(frozen=True)
class MapInput:
    """A map to be judged: where it is, what its values mean, and which of them mean "no data"."""

    path: str
    entries: tuple = ()
    nodata: frozenset = frozenset()


@dataclass(frozen=True)
class AssessmentSettings:
    """How a map is judged.

    Parameters
    ----------
    design : str
        ``purposive``: the reference was taken where it was at hand; ``probability``: its units were drawn at random,
        in each class of the map or from all of it.
    matching : str
        How labels meet classes, see :func:`~.matching.match_labels`.
    threads : int
        0 takes all cores but one; it changes nothing but the time.
    """

    design: str = PURPOSIVE
    matching: str = AUTO
    threads: int = 0


@dataclass(frozen=True)
class AssessmentTask:
    """What to judge by what. Exactly one of `parcels`, `points` and `raster` is given.

    Parameters
    ----------
    map : MapInput
    others : tuple of MapInput
        Each is compared with `map`, on the pixels that have a class in all maps.
    parcels : tuple of Parcel
    points : tuple of Point
    raster : MapInput or None
        Reference classes; any grid.
    training : tuple of Parcel
        Parcels that trained the map: what lies on them does not judge.
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
    """Judge a map.

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
        With a sentence for the user.
    Cancelled
        If the user asked to stop.
    """
    with contextlib.ExitStack() as opened:
        executor = opened.enter_context(make_executor(task.settings.threads))
        with RasterReader(task.map.path) as first:
            grid = first.grid
        inputs = [task.map, *task.others]
        maps = [MapBand(opened.enter_context(RasterOnto(one.path, grid)), one.nodata) for one in inputs]
        reference = _reference(task, grid, opened, progress)
        trained, is_known, warnings = _trained(task, grid, maps, progress)
        progress.say("Comparing the map with the reference ...")
        counted = tally(grid, maps, reference, trained, executor, TimeLeft(progress, "compared"))
    _require_ground(reference, counted, task)
    classes = [name_classes(area, one.entries) for area, one in zip(counted.areas, inputs)]
    for one, found in zip(inputs, classes):
        _require_classes(one, found)
    labels, matchings = _match(task, reference, counted, classes)
    return score_maps(task, reference, counted, classes, labels, matchings, tuple(warnings),
                      knows_training=is_known, are_moved=[band.raster.is_moved for band in maps], progress=progress)


def _reference(task, grid, opened, progress):
    if task.raster is not None:
        return RasterReference(opened.enter_context(RasterOnto(task.raster.path, grid)), task.raster.nodata)
    reference = PointReference(grid, task.points) if task.points else ParcelReference(grid, task.parcels, progress)
    if reference.outside.all():
        raise UnsuitableInput(
            f"All {len(reference.units)} reference {reference.kind} lie outside the map. Check that both show the same "
            "place and that both have the right coordinate reference system.")
    return reference


def _trained(task, grid, maps, progress):
    """What tells the pixels that trained (None if nothing does), whether that is known of all maps, and warnings."""
    warnings, readers, is_known = [], [], True
    if task.training:
        parcels = ParcelMap(grid, task.training, progress=progress)
        if parcels.outside.all():
            warnings.append("All TRAINING parcels lie outside the map, so they keep nothing from judging. Check them.")
        readers.append(lambda window: parcels.read(window) != 0)
    for band in maps:
        text = band.raster.source.domain_tags(DOMAIN).get(TAG)
        if not text and MARK in band.raster.source.tags and not task.training:
            raise UnsuitableInput(
                f"{band.raster.source.path} was cut or rewritten after it was made, and lost its record of the pixels "
                "that trained it. Use the map as it was made, or give the parcels that trained it as TRAINING.")
        if not text:
            is_known = bool(task.training) and is_known
            continue
        if band.raster.is_moved:
            warnings.append(f"{band.raster.source.path} lies on another grid than the first map, so its record of "
                            "training pixels cannot be used. Give its training parcels as TRAINING.")
            is_known = bool(task.training) and is_known
            continue
        readers.append(read_record(text, grid).read)
    if not readers:
        return None, is_known, warnings
    return lambda window: np.logical_or.reduce([read(window) for read in readers]), is_known, warnings


def _require_ground(reference, counted, task):
    """Refuse a reference that judges nothing, and say why."""
    if reference.kind != "pixels":
        usable = np.setdiff1d(counted.units, list(counted.trained))
        if len(usable):
            return
        if counted.trained:
            raise UnsuitableInput(
                f"All reference {reference.kind} with pixels of the map lie on ground that trained the map, so they "
                f"cannot judge it: {len(counted.trained)} of {len(reference.units)}. Accuracy must be measured on "
                f"{reference.kind} that took no part in training.")
        if counted.without_class:
            raise UnsuitableInput(
                f"No reference {reference.kind[:-1]} lies on a pixel with a class: the map"
                f"{'s have' if task.others else ' has'} no data there. Check nodata (NODATA), and that reference and "
                "map show the same place.")
        if counted.disputed:
            raise UnsuitableInput("Every pixel of the reference is claimed by parcels of different classes. Remove the "
                                  "overlaps, or choose another class field.")
        raise UnsuitableInput(f"No reference parcel holds the centre of a pixel of the map: "
                              f"{int(reference.outside.sum())} lie outside, the others are too small. Use larger "
                              "parcels, or points.")
    if not len(counted.units):
        raise UnsuitableInput("The reference raster has no pixel in common with the map that has a class in both and "
                              "did not train. Check that both show the same place, and NODATA.")


def _require_classes(one, classes):
    if len(classes) < 2:
        found = f"a single class ({classes[0].label})" if classes else "no class at all"
        raise UnsuitableInput(f"{one.path} holds {found}, so there is nothing to be told apart. If one of its values "
                              "is taken for nodata by mistake, correct that in the file (gdal_edit.py -unsetnodata).")


def _match(task, reference, counted, classes):
    """The label of each unit, and for each map the matching of labels."""
    units = np.unique(counted.units).tolist()
    by = task.settings.matching
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
