"""From what was counted to scores: matrices by pixel and by parcel, estimates, errors by parcel, two maps compared."""

from dataclasses import dataclass, replace

import numpy as np

from ..classes import MapClass, readable
from .caution import cautions
from .confusion import ConfusionMatrix
from .estimates import estimate, parcel_interval
from .matching import plain
from .mcnemar import mcnemar

SQUARE_METRES_PER_HECTARE = 10000.0


@dataclass(frozen=True, eq=False)
class MapScores:
    """How good a map is.

    Parameters
    ----------
    path : str
    pixels : ConfusionMatrix
        Of the pixels under the reference (of points: one for each point).
    parcels : ConfusionMatrix or None
        Of parcels, each counted as the class most of its pixels have (the first of several); None without parcels.
    interval : tuple of float
        Between which values the overall accuracy per pixel would lie with other parcels like these; NaN if unknown.
    hectares : ndarray of float64, shape (classes,)
        Mapped area.
    estimates : Estimates or None
        For the whole map; None where the reference is no probability sample.
    """

    path: str
    pixels: ConfusionMatrix
    parcels: ConfusionMatrix
    interval: tuple
    hectares: np.ndarray
    estimates: object


@dataclass(frozen=True)
class UnitErrors:
    """What the map made of a parcel or point.

    Parameters
    ----------
    unit : Parcel or Point
    reference : str
        Label of its class.
    mapped : tuple of str
        For each map, label of the class most of its pixels have.
    pixels : int
        Compared.
    wrong : tuple of int
        For each map, pixels of another class.
    """

    unit: object
    reference: str
    mapped: tuple
    pixels: int
    wrong: tuple


@dataclass(frozen=True, eq=False)
class Assessment:
    """All that was found.

    Parameters
    ----------
    classes : tuple of MapClass
        Of the maps and the reference; values are those of the first map, None for a class it has not.
    kind : str
        ``parcels``, ``points`` or ``pixels``.
    maps : tuple of MapScores
    errors : tuple of UnitErrors
        The worst first.
    pixel_tests, parcel_tests : tuple of McNemar
        The first map against each of the others; no parcel tests without parcels.
    unit_count : int
        Parcels or points that judged (classes, for a raster).
    trained_units, trained_pixels : int
        Left out because they trained the map.
    knows_training : bool
        Whether the map or the user says what trained it.
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
    trained_units: int
    trained_pixels: int
    knows_training: bool
    is_probability: bool
    matched_by: str
    warnings: tuple
    notes: tuple = ()


def score_maps(task, reference, counted, classes, labels, matchings, warnings, knows_training, are_moved, progress):
    """Make the scores; called by :func:`~.assess.assess`, which explains the arguments."""
    counted, left_out = _without_trained(reference, counted)
    table, places = _class_list(classes, labels, matchings)
    rows = np.array([places["reference"][labels[unit]] for unit in counted.units.tolist()], np.int64)
    columns = [np.array([places[number][value] for value in counted.values[:, number].tolist()], np.int64)
               for number in range(len(classes))]
    is_probability = task.settings.design == "probability"
    has_units = reference.kind != "pixels"
    votes = [_by_unit(counted, rows, column) for column in columns] if has_units else [None] * len(columns)
    names = tuple(map_class.label for map_class in table)
    maps = tuple(_score(path, names, rows, column, counted.counts, units, reference.kind, is_probability, hectares,
                        progress)
                 for path, column, units, hectares in zip(
                     (one.path for one in (task.map, *task.others)), columns, votes,
                     (_hectares(area, places[number], len(table)) for number, area in enumerate(counted.areas))))
    first = rows == columns[0]
    return Assessment(
        classes=table, kind=reference.kind, maps=maps,
        errors=_errors(reference, votes, names, progress) if has_units else (),
        pixel_tests=tuple(mcnemar(first, rows == other, counted.counts) for other in columns[1:]),
        parcel_tests=tuple(_unit_test(votes[0], other) for other in votes[1:]) if reference.kind == "parcels" else (),
        unit_count=len(set(counted.units.tolist())), trained_units=left_out,
        trained_pixels=sum(counted.trained.values()), knows_training=knows_training, is_probability=is_probability,
        matched_by=matchings[0].by,
        warnings=(*warnings, *cautions(task, reference, counted, matchings, maps, are_moved, knows_training)))


def _without_trained(reference, counted):
    """The tally without units that trained the map, and how many those are: of a raster only the pixels go."""
    if reference.kind == "pixels" or not counted.trained:
        return counted, 0
    kept = ~np.isin(counted.units, list(counted.trained))
    return replace(counted, units=counted.units[kept], values=counted.values[kept],
                   counts=counted.counts[kept]), len(counted.trained)


def _class_list(classes, labels, matchings):
    """One list of classes for maps and reference, and the place in it of each map value and reference label."""
    table, places = [], {number: {} for number in range(len(classes))}
    by_label, by_name, by_code = {}, {}, {}
    meant = [{value: label for label, value in sorted(matching.values.items(), reverse=True)} for matching in matchings]
    for number, (found, means) in enumerate(zip(classes, meant)):
        for map_class in found:
            label = means.get(map_class.value)
            place = by_label.get(label) if label is not None else None
            if place is None:
                place = by_name.get(plain(map_class.label))
            if place is None and number:
                place = by_code.get(plain(map_class.code))
            if place is None:
                place = len(table)
                table.append(map_class if not number else replace(map_class, value=None))
            places[number][map_class.value] = place
            by_name.setdefault(plain(map_class.label), place)
            by_code.setdefault(plain(map_class.code), place)
            for other, value in matchings[number].values.items():
                if value == map_class.value:
                    by_label.setdefault(other, place)
    for label in sorted(set(labels.values())):
        if label not in by_label:
            by_label[label] = len(table)
            table.append(MapClass(None, label, readable(label), (136, 136, 136)))
    places["reference"] = by_label
    return _with_own_names(table), places


def _with_own_names(table):
    """Labels that occur twice get their code."""
    names = [map_class.label for map_class in table]
    return tuple(replace(c, label=f"{c.label} ({c.code})") if names.count(c.label) > 1 else c for c in table)


def _hectares(area, places, count):
    hectares = np.zeros(count)
    for value, (_, square_metres) in area.items():
        hectares[places[value]] += square_metres / SQUARE_METRES_PER_HECTARE
    return hectares


@dataclass(frozen=True, eq=False)
class _Votes:
    """What a map shows on each unit: arrays of int64, one value for each of `units`, which are sorted."""

    units: np.ndarray
    classes: np.ndarray
    majorities: np.ndarray
    pixels: np.ndarray
    right: np.ndarray

    @property
    def wrong(self):
        return self.pixels - self.right


def _by_unit(counted, rows, columns):
    units, first, place = np.unique(counted.units, return_index=True, return_inverse=True)
    place = place.reshape(-1)
    size = int(columns.max(initial=0)) + 1
    pairs, place_of_pair = np.unique(place * size + columns, return_inverse=True)
    owners, mapped = np.divmod(pairs, size)
    votes = _added(place_of_pair.reshape(-1), counted.counts, len(pairs))
    # Of each unit the class with most pixels comes first, of several the first in the list.
    order = np.lexsort((mapped, -votes, owners))
    majorities = mapped[order[np.searchsorted(owners, np.arange(len(units)))]]
    return _Votes(units, rows[first], majorities, _added(place, counted.counts, len(units)),
                  _added(place, counted.counts * (rows == columns), len(units)))


def _added(places, counts, size):
    """Sums of counts by place; float64, in which bincount adds, holds whole numbers up to 2^53."""
    return np.bincount(places, counts, size).astype(np.int64)


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
        interval = parcel_interval(units.right, units.pixels, progress=progress)
    return MapScores(path, pixels, parcels, interval, hectares,
                     estimate(parcels or pixels, hectares) if is_probability else None)


def _errors(reference, votes, names, progress):
    wrong = np.stack([table.wrong for table in votes], axis=1)
    found = []
    for place in np.flatnonzero(wrong.any(axis=1)).tolist():
        progress.check()
        found.append(UnitErrors(
            reference.units[votes[0].units[place]], names[votes[0].classes[place]],
            tuple(names[table.majorities[place]] for table in votes), int(votes[0].pixels[place]),
            tuple(wrong[place].tolist())))
    return tuple(sorted(found, key=lambda errors: (-errors.wrong[0], -max(errors.wrong), errors.unit.identifier)))


def _unit_test(*votes):
    return mcnemar(*(table.majorities == table.classes for table in votes))
