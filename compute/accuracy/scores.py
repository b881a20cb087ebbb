"""Scores from pixel counts: confusion matrices by pixel and parcel, estimates, errors by parcel, McNemar's tests."""

from dataclasses import dataclass, replace

import numpy as np

from ..classmap.classes import MapClass, readable
from ..feature_table import FeatureTable, feature_number
from ..units import SQUARE_METRES_PER_HECTARE
from .accuracy_warnings import accuracy_warnings
from .confusion_matrix import ConfusionMatrix
from .estimates import bootstrap_interval, estimate
from .label_matching import normalised_label
from .mcnemar import mcnemar

# Attributes of the layer of parcels or points with errors, part of the public interface.
ERROR_FIELDS = (("rank", int), ("feature", str), ("reference", str), ("mapped", str), ("pixels", int), ("wrong", int),
                ("wrong_pct", float))


@dataclass(frozen=True, eq=False)
class MapScores:
    """Accuracy of a map.

    Parameters
    ----------
    path : str
    pixels : ConfusionMatrix
        Of the reference pixels; of points, one pixel for each point.
    parcels : ConfusionMatrix or None
        Of parcels by the majority of their pixels (of several the first class); None without parcels.
    interval : tuple of float
        95 % bootstrap interval of the pixel accuracy; NaN if unknown.
    hectares : ndarray of float64, shape (classes,)
        Mapped area.
    estimates : Estimates or None
        Estimates for the whole map; None if the reference is not a probability sample.
    """

    path: str
    pixels: ConfusionMatrix
    parcels: ConfusionMatrix
    interval: tuple
    hectares: np.ndarray
    estimates: object


@dataclass(frozen=True)
class UnitErrors:
    """Errors of a parcel or point.

    Parameters
    ----------
    unit : Parcel or Point
    reference : str
        Label of its reference class.
    mapped : tuple of str
        For each map, label of the majority class.
    pixels : int
        Number of compared pixels.
    wrong : tuple of int
        For each map, number of pixels of another class.
    """

    unit: object
    reference: str
    mapped: tuple
    pixels: int
    wrong: tuple


@dataclass(frozen=True, eq=False)
class Assessment:
    """Results of an assessment.

    Parameters
    ----------
    classes : tuple of MapClass
        Classes of maps and reference; values are those of the first map, None for classes it does not have.
    kind : str
        ``parcels``, ``points`` or ``pixels``.
    maps : tuple of MapScores
    errors : tuple of UnitErrors
        Most errors first.
    pixel_tests, parcel_tests : tuple of McNemar
        The first map against each of the others; no parcel tests without parcels.
    unit_count : int
        Parcels or points used for validation (classes, for a raster).
    training_units, training_pixels : int
        Excluded because they were used for training.
    is_training_known : bool
        Whether the training pixels are known from the map or the TRAINING parcels.
    is_probability : bool
    matched_by : str
    warnings, notes : tuple of str
    """

    classes: tuple
    kind: str
    maps: tuple
    errors: tuple
    pixel_tests: tuple
    parcel_tests: tuple
    unit_count: int
    training_units: int
    training_pixels: int
    is_training_known: bool
    is_probability: bool
    matched_by: str
    warnings: tuple
    notes: tuple = ()


def score_maps(task, reference, pixel_counts, classes, labels, matchings, warnings, is_training_known, are_resampled,
               progress):
    """Compute the scores; called by :func:`~.assessment.assess`, which documents the arguments."""
    pixel_counts, excluded = _without_training(reference, pixel_counts)
    table, index_of = _class_list(classes, labels, matchings)
    rows = np.array([index_of["reference"][labels[unit]] for unit in pixel_counts.units.tolist()], np.int64)
    columns = [np.array([index_of[number][value] for value in pixel_counts.values[:, number].tolist()], np.int64)
               for number in range(len(classes))]
    is_probability = task.settings.sampling_design == "probability"
    has_units = reference.kind != "pixels"
    unit_classes = ([_classes_by_unit(pixel_counts, rows, column) for column in columns] if has_units
                    else [None] * len(columns))
    names = tuple(map_class.label for map_class in table)
    maps = tuple(_score(path, names, rows, column, pixel_counts.counts, units, reference.kind, is_probability, hectares,
                        progress)
                 for path, column, units, hectares in zip(
                     (one.path for one in (task.map, *task.others)), columns, unit_classes,
                     (_hectares(area, index_of[number], len(table)) for number, area in enumerate(pixel_counts.areas))))
    first = rows == columns[0]
    return Assessment(
        classes=table, kind=reference.kind, maps=maps,
        errors=_errors(reference, unit_classes, names, progress) if has_units else (),
        pixel_tests=tuple(mcnemar(first, rows == other, pixel_counts.counts) for other in columns[1:]),
        parcel_tests=(tuple(_unit_test(unit_classes[0], other) for other in unit_classes[1:])
                      if reference.kind == "parcels" else ()),
        unit_count=len(set(pixel_counts.units.tolist())), training_units=excluded,
        training_pixels=sum(pixel_counts.training.values()), is_training_known=is_training_known,
        is_probability=is_probability, matched_by=matchings[0].by,
        warnings=(*warnings, *accuracy_warnings(task, reference, pixel_counts, matchings, maps, are_resampled,
                                                is_training_known)))


def _without_training(reference, pixel_counts):
    """The counts without units used for training, and their number; of a raster only pixels are excluded."""
    if reference.kind == "pixels" or not pixel_counts.training:
        return pixel_counts, 0
    kept = ~np.isin(pixel_counts.units, list(pixel_counts.training))
    return replace(pixel_counts, units=pixel_counts.units[kept], values=pixel_counts.values[kept],
                   counts=pixel_counts.counts[kept]), len(pixel_counts.training)


def _class_list(classes, labels, matchings):
    """One list of classes for maps and reference, and the index of each map value and reference label in it."""
    table, index_of = [], {number: {} for number in range(len(classes))}
    by_label, by_name, by_code = {}, {}, {}
    reference_labels = [{value: label for label, value in sorted(matching.values.items(), reverse=True)}
                        for matching in matchings]
    for number, (found, label_of) in enumerate(zip(classes, reference_labels)):
        for map_class in found:
            label = label_of.get(map_class.value)
            index = by_label.get(label) if label is not None else None
            if index is None:
                index = by_name.get(normalised_label(map_class.label))
            if index is None and number:
                index = by_code.get(normalised_label(map_class.code))
            if index is None:
                index = len(table)
                table.append(map_class if not number else replace(map_class, value=None))
            index_of[number][map_class.value] = index
            by_name.setdefault(normalised_label(map_class.label), index)
            by_code.setdefault(normalised_label(map_class.code), index)
            for other, value in matchings[number].values.items():
                if value == map_class.value:
                    by_label.setdefault(other, index)
    for label in sorted(set(labels.values())):
        if label not in by_label:
            by_label[label] = len(table)
            table.append(MapClass(None, label, readable(label), (136, 136, 136)))
    index_of["reference"] = by_label
    return _with_own_names(table), index_of


def _with_own_names(table):
    """Append the code to labels that occur twice."""
    names = [map_class.label for map_class in table]
    return tuple(replace(c, label=f"{c.label} ({c.code})") if names.count(c.label) > 1 else c for c in table)


def _hectares(area, index_of, count):
    hectares = np.zeros(count)
    for value, (_, square_metres) in area.items():
        hectares[index_of[value]] += square_metres / SQUARE_METRES_PER_HECTARE
    return hectares


@dataclass(frozen=True, eq=False)
class _UnitClasses:
    """Map classes of each unit: arrays of int64, one value for each of the sorted `units`."""

    units: np.ndarray
    classes: np.ndarray
    majorities: np.ndarray
    pixels: np.ndarray
    correct: np.ndarray

    @property
    def wrong(self):
        return self.pixels - self.correct


def _classes_by_unit(pixel_counts, rows, columns):
    units, first, index = np.unique(pixel_counts.units, return_index=True, return_inverse=True)
    index = index.reshape(-1)
    size = int(columns.max(initial=0)) + 1
    pairs, pair_index = np.unique(index * size + columns, return_inverse=True)
    owners, mapped = np.divmod(pairs, size)
    pair_counts = _sums(pair_index.reshape(-1), pixel_counts.counts, len(pairs))
    # Majority class of each unit; of several the first in the list.
    order = np.lexsort((mapped, -pair_counts, owners))
    majorities = mapped[order[np.searchsorted(owners, np.arange(len(units)))]]
    return _UnitClasses(units, rows[first], majorities, _sums(index, pixel_counts.counts, len(units)),
                        _sums(index, pixel_counts.counts * (rows == columns), len(units)))


def _sums(indices, counts, size):
    """Sums of counts by index; exact up to 2^53, as bincount adds float64."""
    return np.bincount(indices, counts, size).astype(np.int64)


def _score(path, names, rows, columns, counts, units, kind, is_probability, hectares, progress):
    size = len(names)
    pixels = np.zeros((size, size), np.int64)
    np.add.at(pixels, (rows, columns), counts)
    pixels = ConfusionMatrix(names, pixels)
    parcels, interval = None, (float("nan"), float("nan"))
    if kind == "parcels":
        majorities = np.zeros((size, size), np.int64)
        np.add.at(majorities, (units.classes, units.majorities), 1)
        parcels = ConfusionMatrix(names, majorities)
    if units is not None and not is_probability:
        interval = bootstrap_interval(units.correct, units.pixels, progress=progress)
    return MapScores(path=path, pixels=pixels, parcels=parcels, interval=interval, hectares=hectares,
                     estimates=estimate(parcels or pixels, hectares) if is_probability else None)


def _errors(reference, unit_classes, names, progress):
    wrong = np.stack([table.wrong for table in unit_classes], axis=1)
    found = []
    for index in np.flatnonzero(wrong.any(axis=1)).tolist():
        progress.check()
        found.append(UnitErrors(
            reference.units[unit_classes[0].units[index]], names[unit_classes[0].classes[index]],
            tuple(names[table.majorities[index]] for table in unit_classes), int(unit_classes[0].pixels[index]),
            tuple(wrong[index].tolist())))
    return tuple(sorted(found, key=lambda errors: (-errors.wrong[0], -max(errors.wrong), errors.unit.identifier)))


def _unit_test(*unit_classes):
    return mcnemar(*(table.majorities == table.classes for table in unit_classes))


def error_table(assessment):
    """The parcels or points with wrong pixels, most errors first.

    Parameters
    ----------
    assessment : Assessment

    Returns
    -------
    FeatureTable
    """
    fields = list(ERROR_FIELDS)
    for number in range(2, len(assessment.maps) + 1):
        fields += [(f"mapped_{number}", str), (f"wrong_{number}", int), (f"wrong{number}_pct", float)]
    rows = []
    for rank, errors in enumerate(assessment.errors, start=1):
        values = [rank, feature_number(errors.unit), errors.reference, errors.mapped[0], errors.pixels, errors.wrong[0],
                  100.0 * errors.wrong[0] / errors.pixels]
        for mapped, wrong in zip(errors.mapped[1:], errors.wrong[1:]):
            values += [mapped, wrong, 100.0 * wrong / errors.pixels]
        rows.append((errors.unit, tuple(values)))
    return FeatureTable(tuple(fields), tuple(rows))
