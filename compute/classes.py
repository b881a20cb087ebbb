"""The classes of a map: their values, codes, names and colours.

Every map stores 1..n, in the order of the codes; 0 is nodata. Known crops take the colours of the Sen2-Agri legend
(``resources/legends/crops.csv``), found by code or by the words of the name; the others take a palette that people
with colour-blind eyes can read: Okabe and Ito (2008), https://jfly.uni-koeln.de/color/, then colours of Paul Tol's
schemes (SRON/EPS/TN/09-002).
"""

import csv
import functools
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from . import colours
from .errors import UnreadableInput

LEGEND = Path(__file__).parents[1] / "resources" / "legends" / "crops.csv"

# Values above this do not fit into a Byte raster whose 0 is nodata (255 is left free).
MOST_BYTE_CLASSES = 254

PALETTE = ((230, 159, 0), (86, 180, 233), (0, 158, 115), (213, 94, 0), (0, 114, 178), (204, 121, 167), (240, 228, 66),
           (51, 34, 136), (136, 34, 85), (221, 204, 119), (68, 170, 153), (153, 153, 51), (102, 102, 102))

# The least colour difference (CIE 1976) between a legend colour and one already given away, and the one wanted of
# colours we choose ourselves.
JUST_DIFFERENT = 5.0
PLAINLY_DIFFERENT = 25.0

# With more classes than this no eye tells the colours apart, and looking for the best ones only costs time.
MOST_READABLE_CLASSES = 400


@dataclass(frozen=True)
class MapClass:
    """A class of a map.

    Parameters
    ----------
    value : int
        What the map stores, 1..n.
    code : str
        The class as the parcels name it, for instance ``winter_common_soft_wheat`` or ``112``.
    label : str
        What people read.
    colour : tuple of int
        Red, green, blue in 0..255.
    """

    value: int
    code: str
    label: str
    colour: tuple


def class_table(codes, labels=None):
    """The classes of a map made from parcels with these codes.

    Parameters
    ----------
    codes : iterable of str
        Codes as text, in any order and as often as they come. Numbers are sorted as numbers and come first, the
        others alphabetically.
    labels : dict of str to str, optional
        What people should read for a code. Without it, a code that is a number is shown with its Sen2-Agri name if
        all codes are Sen2-Agri codes, and words joined by underscores are shown as words.

    Returns
    -------
    tuple of MapClass
        Values 1..n; no two classes share a label or a colour.
    """
    codes = sorted({str(code) for code in codes}, key=_order)
    shown = _labels(codes, labels or {})
    return tuple(MapClass(value, code, label, colour) for value, (code, label, colour)
                 in enumerate(zip(codes, shown, _colours(codes, shown)), start=1))


def _order(code):
    try:
        return 0, float(code), code
    except ValueError:
        return 1, code.casefold(), code


def _labels(codes, wished):
    known = {row.code: row.name for row in legend() if row.code}
    named_by_code = all(code in known for code in codes)
    shown = []
    for code in codes:
        text = " ".join(str(wished.get(code) or "").split())
        if not text and named_by_code:
            text = f"{known[code]} ({code})"
        shown.append(text or readable(code))
    times = Counter(shown)
    return [f"{label} ({code})" if times[label] > 1 else label for code, label in zip(codes, shown)]


def readable(code):
    """A code as people read it: ``winter_rye`` becomes ``Winter rye``."""
    text = " ".join(code.replace("_", " ").split())
    return text[:1].upper() + text[1:] or code


@dataclass(frozen=True)
class LegendRow:
    """A row of the legend: a crop, the words that tell it, and its colour."""

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
        If somebody extended the file by a row that is incomplete or has no proper colour.
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
        raise UnreadableInput(f"{LEGEND} has a row that Floefield does not understand: {row.get('name') or row}. Each "
                              "needs code, name, words and three colour values from 0 to 255.") from error


def legend_row(code, label=""):
    """The row of the legend that fits a class best, or None.

    The code decides where it is in the legend; otherwise the alternative with the most words, all of which must occur
    in the code or the label.
    """
    words = _words(f"{code} {label}")
    best, most = None, 0
    for row in legend():
        if row.code and row.code == code:
            return row
        fitting = max((len(alternative) for alternative in row.alternatives if alternative <= words), default=0)
        if fitting > most:
            best, most = row, fitting
    return best


def _words(text):
    return frozenset(_singular(word) for word in re.findall(r"[^\W\d_]+", text.casefold()))


def _singular(word):
    for plural, singular in (("ies", "y"), ("toes", "to"), ("ches", "ch"), ("sses", "ss")):
        if word.endswith(plural) and len(word) > len(plural) + 1:
            return word[:-len(plural)] + singular
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _colours(codes, labels):
    """A colour for each class: legend colours first, so that they do not depend on the unknown classes."""
    taken = _Taken(len(codes))
    rows = [legend_row(code, label) for code, label in zip(codes, labels)]
    chosen = [None] * len(codes)
    for place, row in enumerate(rows):
        if row and taken.is_free(row.colour, JUST_DIFFERENT):
            chosen[place] = taken.take(row.colour)
    for place, row in enumerate(rows):
        if row and chosen[place] is None:
            chosen[place] = taken.first_free(colours.shades(row.colour))
    for place in range(len(codes)):
        if chosen[place] is None:
            chosen[place] = taken.first_free(PALETTE) or taken.farthest()
    return chosen


class _Taken:
    """The colours given away so far to some of `count` classes, and what is left."""

    def __init__(self, count):
        self._colours = set()
        self._is_readable = count <= MOST_READABLE_CLASSES
        self._appearances = np.empty((0, 3, 3))
        self._spare = colours.lattice(4 * count)
        self._spare_appearances = colours.appearance(self._spare) if self._is_readable else None
        self._distance = np.full(len(self._spare), np.inf)
        self._next = iter(self._spare.tolist())

    def is_free(self, colour, least):
        """Whether nothing taken looks like `colour` to normal eyes."""
        seen = colours.appearance([colour])[0]
        return colour not in self._colours and not (
            colours.visible_difference(self._appearances, seen) < least).any()

    def take(self, colour):
        colour = tuple(int(channel) for channel in colour)
        self._colours.add(colour)
        if self._is_readable:
            seen = colours.appearance([colour])[0]
            self._appearances = np.concatenate([self._appearances, seen[np.newaxis]])
            self._distance = np.minimum(self._distance, colours.difference(self._spare_appearances, seen))
        return colour

    def first_free(self, wished):
        """The first of the wished colours that is plainly different from all taken, to every eye; None if none is."""
        for colour in wished if self._is_readable else ():
            seen = colours.appearance([colour])[0]
            if not (colours.difference(self._appearances, seen) < PLAINLY_DIFFERENT).any():
                return self.take(colour)
        return None

    def farthest(self):
        """The spare colour that looks most different from all taken; with too many classes the next one left."""
        if self._is_readable:
            return self.take(self._spare[int(self._distance.argmax())])
        return self.take(next(colour for colour in self._next if tuple(colour) not in self._colours))
