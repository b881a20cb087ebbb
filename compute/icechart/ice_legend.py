"""Legends: rules that assign ice types to classes.

A legend is a CSV table of rules. Each row has the value, code, label and colour of a class and the polygons or ice
types it applies to; a class may have several rows. The shipped legends are in ``resources/legends/seaice``; users may
write their own (docs/ice-legends.md).
"""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

from ..classmap.classes import MAX_BYTE_CLASSES, MapClass
from ..errors import MissingInput, UnreadableInput

FOLDER = Path(__file__).parents[2] / "resources" / "legends" / "seaice"
COLUMNS = ("value", "code", "label", "red", "green", "blue", "poly_types", "concentration", "stages", "forms")
DEFAULT_LEGEND = "park3"


@dataclass(frozen=True)
class Rule:
    """Conditions for a class; empty conditions are always met.

    Parameters
    ----------
    value : int
        Class value.
    poly_types : frozenset of str
        Polygon types; empty for water and ice.
    concentration : tuple of float or None
        (minimum, maximum) total concentration, 0..1, inclusive; None for the minimum concentration of the settings,
        except in rules for water.
    stages, forms : frozenset of (int or None)
        SIGRID-3 codes; None means "unknown". A rule with stages or forms applies to single ice types, other rules apply
        to whole polygons and take precedence.
    """

    value: int
    poly_types: frozenset = frozenset()
    concentration: tuple = None
    stages: frozenset = frozenset()
    forms: frozenset = frozenset()

    @property
    def applies_to_polygon(self):
        """bool: whether the rule applies to whole polygons rather than to single ice types."""
        return not (self.stages or self.forms)


@dataclass(frozen=True)
class Legend:
    """Classes and rules of a legend.

    Parameters
    ----------
    name : str
    classes : tuple of MapClass
        Sorted by value.
    rules : tuple of Rule
    """

    name: str
    classes: tuple
    rules: tuple

    def by_value(self):
        """Return a dict of int to MapClass."""
        return {each.value: each for each in self.classes}


def legend_names():
    """Return the names of the shipped legends, sorted.

    Returns
    -------
    list of str
    """
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


def load_legend(name_or_path):
    """Read a legend.

    Parameters
    ----------
    name_or_path : str
        One of :func:`legend_names`, or the path of a CSV file.

    Returns
    -------
    Legend

    Raises
    ------
    MissingInput
        If there is no such legend.
    UnreadableInput
        With the row of the file that cannot be parsed.
    """
    text = str(name_or_path).strip()
    path = FOLDER / f"{text}.csv" if text in legend_names() else Path(text)
    if not os.path.isfile(path):
        raise MissingInput(f"There is no legend {text}. Choose one of {', '.join(legend_names())}, or the path of a "
                           "CSV file.")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"The legend {path} cannot be read ({error}). Save it as CSV in UTF-8.") from error
    rows = [(number, line) for number, line in enumerate(lines, start=1) if line.strip() and not line.startswith("#")]
    # spreadsheets write semicolons where the decimal separator is a comma
    separator = ";" if rows and rows[0][1].count(";") > rows[0][1].count(",") else ","
    reader = csv.DictReader((line for _, line in rows), delimiter=separator)
    missing = [column for column in COLUMNS[:6] if column not in (reader.fieldnames or ())]
    if missing:
        raise UnreadableInput(f"The legend {path} has no column {', '.join(missing)}. Its first row must be: "
                              f"{','.join(COLUMNS)}.")
    classes, rules = {}, []
    for row, (number, line) in zip(reader, rows[1:]):
        try:
            rule, entry = _read_row(row, classes)
        except (TypeError, ValueError, AttributeError) as error:
            raise UnreadableInput(f"Row {number} of the legend {path} cannot be parsed: "
                                  f"{line.strip()} ({error}). See docs/ice-legends.md.") from error
        classes.setdefault(entry.value, entry)
        rules.append(rule)
    if not classes:
        raise UnreadableInput(f"The legend {path} has no classes. Copy and edit one of the shipped legends "
                              f"({FOLDER}).")
    return Legend(path.stem, tuple(classes[value] for value in sorted(classes)), tuple(rules))


def _read_row(row, classes):
    value = int(row["value"])
    if not 1 <= value <= MAX_BYTE_CLASSES:
        raise ValueError(f"value must be between 1 and {MAX_BYTE_CLASSES}")
    code, label = row["code"].strip(), row["label"].strip()
    entry = classes.get(value)
    if entry is None:
        colour = tuple(int(row[channel]) for channel in ("red", "green", "blue"))
        if not all(0 <= channel <= 255 for channel in colour):
            raise ValueError("colours must be between 0 and 255")
        entry = MapClass(value, code or label, label or code, colour)
        if not entry.label:
            raise ValueError("a class needs a code or a label")
    elif code and code != entry.code:
        raise ValueError(f"value {value} has the code {entry.code} in an earlier row")
    poly_types = frozenset((row.get("poly_types") or "").upper().replace(";", " ").split())
    if not poly_types <= set("LWINS"):
        raise ValueError("poly_types must be L, W, I, N or S")
    return Rule(value, poly_types, _range(row.get("concentration")), _codes(row.get("stages")),
                _codes(row.get("forms"))), entry


def _range(text):
    """Parse '0-9' in per cent to (0.0, 0.09)."""
    if not (text or "").strip():
        return None
    minimum, _, maximum = text.replace("%", "").partition("-")
    bounds = float(minimum) / 100, float(maximum or minimum) / 100
    if not 0 <= bounds[0] <= bounds[1] <= 1:
        raise ValueError("concentration must be a range in per cent, such as 0-9")
    return bounds


def _codes(text):
    """Parse '83-85;91;unknown' to {83, 84, 85, 91, None}; 99 means unknown, too."""
    codes = set()
    for part in (text or "").replace(" ", ";").split(";"):
        if part.lower() in ("unknown", "99"):
            codes.add(None)
        elif part:
            first, _, last = part.partition("-")
            codes.update(range(int(first), int(last or first) + 1))
    if 99 in codes:
        codes = codes - {99} | {None}
    return frozenset(codes)
