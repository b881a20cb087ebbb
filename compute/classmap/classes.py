"""The classes of a map: their values, codes, names and colours.

Map values are 1..n in the order of the codes; 0 is nodata. Known crops, identified by code or by words of the name,
have the colours of the Sen2-Agri legend (``resources/legends/crops.csv``); the others have colour-blind safe colours
of Okabe and Ito (2008), https://jfly.uni-koeln.de/color/, then of Paul Tol's schemes (SRON/EPS/TN/09-002).

Distances of colours, for normal and colour-blind vision, are CIE 1976 colour differences: about 2 is just noticeable,
10 is clearly visible on a map. The simulation of colour-blind vision follows Machado, Oliveira and Fernandes (2009),
IEEE TVCG 15:1291-1298, doi 10.1109/TVCG.2009.113.
"""

import csv
import functools
import math
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import UnreadableInput

LEGEND = Path(__file__).parents[2] / "resources" / "legends" / "crops.csv"

# Maximum number of classes in a Byte raster with nodata 0 (255 is not used).
MAX_BYTE_CLASSES = 254
PALETTE = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (213, 94, 0), (0, 114, 178), (204, 121, 167), (240, 228, 66),
           (51, 34, 136), (136, 34, 85), (221, 204, 119), (68, 170, 153), (153, 153, 51), (102, 102, 102))

# Minimum colour difference (CIE 1976) of legend colours, and of automatically selected colours, from assigned ones.
MIN_DIFFERENCE = 5.0
CLEAR_DIFFERENCE = 25.0

# With more classes colours cannot be distinguished, so that a search for the best ones is useless.
MAX_READABLE_CLASSES = 400

# sRGB to XYZ (IEC 61966-2-1), white point D65.
_TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
                    [0.0193339, 0.1191920, 0.9503041]])
_WHITE = _TO_XYZ.sum(axis=1)
_NORMAL_VISION = np.eye(3)
_PROTANOPIA = np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]])
_DEUTERANOPIA = np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                          [-0.011820, 0.042940, 0.968881]])


@dataclass(frozen=True)
class MapClass:
    """A class of a map.

    Parameters
    ----------
    value : int
        Map value, 1..n.
    code : str
        Class code of the parcels, for instance ``winter_common_soft_wheat`` or ``112``.
    label : str
        Name shown to users.
    colour : tuple of int
        Red, green, blue in 0..255.
    """

    value: int
    code: str
    label: str
    colour: tuple


def class_table(codes, labels=None):
    """Create the classes of a map from class codes.

    Parameters
    ----------
    codes : iterable of str
        Codes as text, in any order, with duplicates. Numbers are sorted numerically and come first, the others
        alphabetically.
    labels : dict of str to str, optional
        Labels by code. Without a label, a numeric code has its Sen2-Agri name if all codes are Sen2-Agri codes, and
        underscores in other codes are replaced by blanks.

    Returns
    -------
    tuple of MapClass
        Values 1..n; labels and colours are unique.
    """
    codes = sorted({str(code) for code in codes}, key=_sort_key)
    labels = _labels(codes, labels or {})
    return tuple(MapClass(value, code, label, colour) for value, (code, label, colour)
                 in enumerate(zip(codes, labels, _colours(codes, labels)), start=1))


def _sort_key(code):
    """Numbers by value, then texts; "nan" and "inf" are texts, since nothing can be ordered around them."""
    try:
        number = float(code)
    except ValueError:
        number = math.nan
    return (0, number, code) if math.isfinite(number) else (1, code.casefold(), code)


def _labels(codes, requested):
    known = {row.code: row.name for row in legend() if row.code}
    named_by_code = all(code in known for code in codes)
    labels = []
    for code in codes:
        text = " ".join(str(requested.get(code) or "").split())
        if not text and named_by_code:
            text = f"{known[code]} ({code})"
        labels.append(text or readable(code))
    counts = Counter(labels)
    return [f"{label} ({code})" if counts[label] > 1 else label for code, label in zip(codes, labels)]


def readable(code):
    """A label for a code: ``Winter rye`` for ``winter_rye``."""
    text = " ".join(code.replace("_", " ").split())
    return text[:1].upper() + text[1:] or code


@dataclass(frozen=True)
class LegendRow:
    """A row of the legend: a crop, the words that identify it, and its colour."""

    code: str
    name: str
    alternatives: tuple
    colour: tuple


@functools.lru_cache(maxsize=1)
def legend():
    """The rows of ``resources/legends/crops.csv``.

    Returns
    -------
    tuple of LegendRow

    Raises
    ------
    UnreadableInput
        If a row is incomplete or its colour is invalid.
    """
    with open(LEGEND, encoding="utf-8-sig", newline="") as text:
        return tuple(_legend_row(row) for row in csv.DictReader(line for line in text if not line.startswith("#")))


def _legend_row(row):
    try:
        colour = tuple(int(row[channel]) for channel in ("red", "green", "blue"))
        if not all(0 <= channel <= 255 for channel in colour):
            raise ValueError(colour)
        alternatives = tuple(_words(alternative) for alternative in row["words"].split(";"))
        return LegendRow(row["code"].strip(), row["name"], tuple(filter(None, alternatives)), colour)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableInput(f"{LEGEND} has an invalid row: {row.get('name') or row}. Each row must have code, name, "
                              "words and three colour values from 0 to 255.") from error


def legend_row(code, label=""):
    """The best matching legend row of a class, or None.

    The code decides if it is in the legend; otherwise the alternative with the most words, all of which must occur in
    the code or the label.
    """
    words = _words(f"{code} {label}")
    best_row, most_words = None, 0
    for row in legend():
        if row.code and row.code == code:
            return row
        word_count = max((len(alternative) for alternative in row.alternatives if alternative <= words), default=0)
        if word_count > most_words:
            best_row, most_words = row, word_count
    return best_row


def _words(text):
    return frozenset(_singular(word) for word in re.findall(r"[^\W\d_]+", text.casefold()))


def _singular(word):
    for plural, singular in (("ies", "y"), ("toes", "to"), ("ches", "ch"), ("sses", "ss")):
        if word.endswith(plural) and len(word) > len(plural) + 1:
            return word[:-len(plural)] + singular
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _colours(codes, labels):
    """A colour for each class; legend colours first, so that they do not depend on unknown classes."""
    assigned = _AssignedColours(len(codes))
    rows = [legend_row(code, label) for code, label in zip(codes, labels)]
    chosen = [None] * len(codes)
    for index, row in enumerate(rows):
        if row and assigned.is_available(row.colour, MIN_DIFFERENCE):
            chosen[index] = assigned.assign(row.colour)
    for index, row in enumerate(rows):
        if row and chosen[index] is None:
            chosen[index] = assigned.assign_first(shades(row.colour))
    for index in range(len(codes)):
        if chosen[index] is None:
            chosen[index] = assigned.assign_first(PALETTE) or assigned.assign_most_different()
    return chosen


class _AssignedColours:
    """Assignment of colours to `count` classes."""

    def __init__(self, count):
        self._colours = set()
        self._is_readable = count <= MAX_READABLE_CLASSES
        self._appearances = np.empty((0, 3, 3))
        self._spare = lattice(4 * count)
        self._spare_appearances = lab_coordinates(self._spare) if self._is_readable else None
        self._distance = np.full(len(self._spare), np.inf)
        self._next = iter(self._spare.tolist())

    def is_available(self, colour, min_difference):
        """Whether `colour` differs from all assigned colours for normal vision."""
        appearance = lab_coordinates([colour])[0]
        return colour not in self._colours and not (
            visible_colour_difference(self._appearances, appearance) < min_difference).any()

    def assign(self, colour):
        colour = tuple(int(channel) for channel in colour)
        self._colours.add(colour)
        if self._is_readable:
            appearance = lab_coordinates([colour])[0]
            self._appearances = np.concatenate([self._appearances, appearance[np.newaxis]])
            self._distance = np.minimum(self._distance, colour_difference(self._spare_appearances, appearance))
        return colour

    def assign_first(self, requested):
        """Assign the first requested colour that clearly differs from all assigned ones for all visions, or None."""
        for colour in requested if self._is_readable else ():
            appearance = lab_coordinates([colour])[0]
            if not (colour_difference(self._appearances, appearance) < CLEAR_DIFFERENCE).any():
                return self.assign(colour)
        return None

    def assign_most_different(self):
        """Assign the spare colour with the largest difference from all assigned; the next one with too many classes."""
        if self._is_readable:
            return self.assign(self._spare[int(self._distance.argmax())])
        return self.assign(next(colour for colour in self._next if tuple(colour) not in self._colours))


def lab_coordinates(colours):
    """CIE L*a*b* of colours for normal vision, protanopia and deuteranopia.

    Parameters
    ----------
    colours : array_like of int, shape (n, 3)
        Red, green, blue in 0..255.

    Returns
    -------
    ndarray of float64, shape (n, 3, 3)
        (colour, vision, L*a*b*).
    """
    stored = np.asarray(colours, np.float64).reshape(-1, 3) / 255.0
    linear = np.where(stored <= 0.04045, stored / 12.92, ((stored + 0.055) / 1.055) ** 2.4)
    simulated = [np.clip(linear @ vision.T, 0.0, 1.0) for vision in (_NORMAL_VISION, _PROTANOPIA, _DEUTERANOPIA)]
    xyz = np.stack(simulated, axis=1) @ _TO_XYZ.T / _WHITE
    curve = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(curve, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def colour_difference(appearances, other):
    """Difference of colours from another one: minimum over normal and colour-blind vision.

    Parameters
    ----------
    appearances : ndarray, shape (n, 3, 3)
        From :func:`appearance`.
    other : ndarray, shape (3, 3)

    Returns
    -------
    ndarray of float64, shape (n,)
    """
    return np.linalg.norm(appearances - other, axis=-1).min(axis=-1)


def visible_colour_difference(appearances, other):
    """Difference of colours from another one for normal vision."""
    return np.linalg.norm(appearances[:, 0] - other[0], axis=-1)


def shades(colour):
    """Darker and lighter variants of a colour; the darker first, as pale colours are hard to see on white.

    Returns
    -------
    list of tuple of int
    """
    base = np.asarray(colour, np.float64)
    fractions = (0.25, 0.4, 0.55, 0.7)
    variants = [base * (1 - fraction) for fraction in fractions]
    variants += [base + (255 - base) * fraction for fraction in fractions]
    return [tuple(variant.round().astype(int).tolist()) for variant in variants]


def lattice(count):
    """At least `count` colours on a regular lattice of the RGB cube, without the lightest and darkest corners.

    Returns
    -------
    ndarray of int, shape (n, 3)
    """
    steps = 6
    while steps ** 3 < count and steps < 256:
        steps += 1
    levels = np.unique(np.linspace(0, 255, steps).round().astype(int))
    cube = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    brightness = cube.sum(axis=1)
    return cube[(brightness > 60) & (brightness < 680)]
