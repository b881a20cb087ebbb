"""What the values of a class map mean: from an attribute table, a QGIS style or a CSV file.

Maps made elsewhere keep their values, 0 included. A value nobody names is called by its number.
"""

import csv
import io
import re
from dataclasses import dataclass

from ..classes import MapClass, class_table
from ..errors import MissingInput, UnreadableInput

# Names of columns that hold the value, the code of the reference, and the name people read; in order of preference.
VALUE_COLUMNS = ("value", "class value", "class_value", "pixel", "pixelvalue", "dn", "id", "class", "code")
CODE_COLUMNS = ("code", "class_code", "classcode")
LABEL_COLUMNS = ("label", "class_name", "classname", "class_names", "name", "description", "legend", "category", "crop",
                 "lc", "landcover", "class")
LARGEST_FILE = 4 * 1024 * 1024


@dataclass(frozen=True)
class LegendEntry:
    """What one value means; empty (None) where the source does not say."""

    value: int
    code: str = ""
    label: str = ""
    colour: tuple = None


def entries_from_table(names, rows):
    """Entries of a table with a column for the value.

    Parameters
    ----------
    names : sequence of str
        Of the columns, in any case.
    rows : iterable of sequence of str

    Returns
    -------
    tuple of LegendEntry
        Empty if no column says what the value is.
    """
    columns = {name.strip().casefold(): place for place, name in reversed(list(enumerate(names)))}
    value = _first(columns, VALUE_COLUMNS)
    if value is None:
        return ()
    code = _first(columns, CODE_COLUMNS, value)
    label = _first(columns, LABEL_COLUMNS, value)
    channels = [_first(columns, (channel, channel[0])) for channel in ("red", "green", "blue")]
    return tuple(
        LegendEntry(number, _cell(row, code), _cell(row, label),
                    _colour([_cell(row, channel) for channel in channels]))
        for row in rows if (number := _whole(_cell(row, value))) is not None)


def read_legend(path):
    """Entries of a legend file that the user names.

    Parameters
    ----------
    path : str
        ``.qml`` (QGIS style) or a text table (``.csv``, ``.txt``) with the columns value and label, in any order;
        also code, red, green and blue if there are any.

    Returns
    -------
    tuple of LegendEntry

    Raises
    ------
    MissingInput, UnreadableInput
        If the file is not there or names no class.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read(LARGEST_FILE)
    except FileNotFoundError as error:
        raise MissingInput(f"{path} does not exist.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"{path} cannot be read as a legend: it is no text in UTF-8.") from error
    entries = entries_from_qml(text) if text.lstrip().startswith("<") else _entries_from_csv(text)
    if not entries:
        raise UnreadableInput(f"{path} names no class. A legend is a QGIS style (.qml) with one colour for each value, "
                              "or a CSV file with the columns value and label.")
    return entries


def entries_from_qml(text):
    """Entries of a QGIS style with unique values; none if it is another kind of style or no XML.

    Returns
    -------
    tuple of LegendEntry
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root = fromstring(text.encode("utf-8"))
    except (ParseError, DefusedXmlException):
        return ()
    items = [*root.iter("paletteEntry"), *root.iter("item")]
    return tuple(
        LegendEntry(number, "", (item.get("label") or "").strip(), _hex_colour(item.get("color") or ""))
        for item in items if (number := _whole(item.get("value") or "")) is not None)


def name_classes(values, entries):
    """The classes of a map that holds these values.

    Parameters
    ----------
    values : iterable of int
    entries : sequence of LegendEntry
        Where two speak of one value, the first that says something counts.

    Returns
    -------
    tuple of MapClass
        In the order of the values; every one has a label and a colour of its own.
    """
    values = sorted({int(value) for value in values})
    known = {value: [entry for entry in entries if entry.value == value] for value in values}

    def told(value, what):
        return next((told for entry in known[value] if (told := getattr(entry, what))), None)

    codes = {value: told(value, "code") or str(value) for value in values}
    if len(set(codes.values())) < len(values):
        codes = {value: str(value) for value in values}
    labels = {codes[value]: told(value, "label") or "" for value in values}
    drawn = {row.code: row for row in class_table(codes.values(), labels)}
    colours = [told(value, "colour") for value in values]
    own = all(colours) and len(set(colours)) == len(colours)
    # The number of a nameless value is nobody's crop code, whatever it may mean in the legend of crops.
    names = {value: labels[codes[value]] or (drawn[codes[value]].label if told(value, "code") else str(value))
             for value in values}
    return tuple(MapClass(value, codes[value], names[value], colour if own else drawn[codes[value]].colour)
                 for value, colour in zip(values, colours))


def _entries_from_csv(text):
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return ()
    separator = max(";\t,", key=lines[0].count)
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator))
    entries = entries_from_table(rows[0], rows[1:])
    if entries or _whole(_cell(rows[0], 0)) is None:
        return entries
    return entries_from_table(("value", "label"), rows)


def _first(columns, wanted, taken=None):
    return next((columns[name] for name in wanted if name in columns and columns[name] != taken), None)


def _cell(row, place):
    return row[place].strip() if place is not None and place < len(row) else ""


def _whole(text):
    """The whole number a text stands for (``12``, ``12.0``), or None."""
    return int(float(text)) if re.fullmatch(r"[+-]?\d{1,15}(\.0*)?", text.strip()) else None


def _colour(cells):
    numbers = [_whole(cell) for cell in cells]
    return tuple(numbers) if all(number is not None and 0 <= number <= 255 for number in numbers) else None


def _hex_colour(text):
    return tuple(bytes.fromhex(text[1:])) if re.fullmatch(r"#[0-9a-fA-F]{6}", text) else None
