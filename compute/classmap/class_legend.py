"""Legend of a class map, read from an attribute table, a QGIS style or a CSV file.

Any values are allowed, 0 included. A value without a name is labelled by its number.
"""

import csv
import io
import re
from dataclasses import dataclass

from ..errors import MissingInput, UnreadableInput
from ..xml_documents import parse_xml
from .classes import MapClass, class_table

# Accepted names of the columns value, code (of the reference data) and label, in order of preference.
VALUE_COLUMNS = ("value", "class value", "class_value", "pixel", "pixelvalue", "dn", "id", "class", "code")
CODE_COLUMNS = ("code", "class_code", "classcode")
LABEL_COLUMNS = ("label", "class_name", "classname", "class_names", "name", "description", "legend", "category", "crop",
                 "lc", "landcover", "class")
MAX_FILE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class LegendEntry:
    """Code, label and colour of a map value; empty (None) if not in the source."""

    value: int
    code: str = ""
    label: str = ""
    colour: tuple = None


def entries_from_table(names, rows):
    """Legend entries from a table with a value column.

    Parameters
    ----------
    names : sequence of str
        Column names, case-insensitive.
    rows : iterable of sequence of str

    Returns
    -------
    tuple of LegendEntry
        Empty without a value column.
    """
    columns = {name.strip().casefold(): index for index, name in reversed(list(enumerate(names)))}
    value = _first_column(columns, VALUE_COLUMNS)
    if value is None:
        return ()
    code = _first_column(columns, CODE_COLUMNS, value)
    label = _first_column(columns, LABEL_COLUMNS, value)
    channels = [_first_column(columns, (channel, channel[0])) for channel in ("red", "green", "blue")]
    return tuple(
        LegendEntry(number, _cell(row, code), _cell(row, label),
                    _colour([_cell(row, channel) for channel in channels]))
        for row in rows if (number := _parse_integer(_cell(row, value))) is not None)


def read_legend(path):
    """Legend entries from a file.

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
        If the file does not exist or contains no class.
    """
    try:
        with open(path, encoding="utf-8-sig") as file:
            text = file.read(MAX_FILE_BYTES)
    except FileNotFoundError as error:
        raise MissingInput(f"{path} does not exist.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"{path} cannot be read as a legend: it is not UTF-8 text.") from error
    entries = entries_from_qml(text) if text.lstrip().startswith("<") else _entries_from_csv(text)
    if not entries:
        raise UnreadableInput(f"{path} contains no class. A legend is a QGIS style (.qml) with one colour for each "
                              "value, or a CSV file with the columns value and label.")
    return entries


def entries_from_qml(text):
    """Legend entries from a QGIS style with unique values; none for other styles or invalid XML.

    Returns
    -------
    tuple of LegendEntry
    """
    try:
        root = parse_xml(text.encode("utf-8"), "style", allow_document_type=True)
    except UnreadableInput:
        return ()
    items = [*root.iter("paletteEntry"), *root.iter("item")]
    return tuple(
        LegendEntry(number, "", (item.get("label") or "").strip(), _hex_colour(item.get("color") or ""))
        for item in items if (number := _parse_integer(item.get("value") or "")) is not None)


def name_classes(values, entries):
    """Classes for map values.

    Parameters
    ----------
    values : iterable of int
    entries : sequence of LegendEntry
        If several entries have the same value, the first non-empty code, label and colour are used.

    Returns
    -------
    tuple of MapClass
        In the order of the values; labels are never empty and colours are unique.
    """
    values = sorted({int(value) for value in values})
    by_value = {value: [entry for entry in entries if entry.value == value] for value in values}

    def first_given(value, attribute):
        return next((given for entry in by_value[value] if (given := getattr(entry, attribute))), None)

    codes = {value: first_given(value, "code") or str(value) for value in values}
    if len(set(codes.values())) < len(values):
        codes = {value: str(value) for value in values}
    labels = {codes[value]: first_given(value, "label") or "" for value in values}
    default = {row.code: row for row in class_table(codes.values(), labels)}
    colours = [first_given(value, "colour") for value in values]
    has_own_colours = all(colours) and len(set(colours)) == len(colours)
    # An unnamed value is labelled by its number, even if the number is a code of the crop legend.
    names = {value: labels[codes[value]] or (default[codes[value]].label if first_given(value, "code") else str(value))
             for value in values}
    return tuple(MapClass(value, codes[value], names[value],
                          colour if has_own_colours else default[codes[value]].colour)
                 for value, colour in zip(values, colours))


def _entries_from_csv(text):
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return ()
    separator = max(";\t,", key=lines[0].count)
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=separator))
    entries = entries_from_table(rows[0], rows[1:])
    if entries or _parse_integer(_cell(rows[0], 0)) is None:
        return entries
    return entries_from_table(("value", "label"), rows)


def _first_column(columns, candidates, excluded=None):
    return next((columns[name] for name in candidates if name in columns and columns[name] != excluded), None)


def _cell(row, index):
    return row[index].strip() if index is not None and index < len(row) else ""


def _parse_integer(text):
    """The integer value of a text (``12``, ``12.0``), or None."""
    return int(float(text)) if re.fullmatch(r"[+-]?\d{1,15}(\.0*)?", text.strip()) else None


def _colour(cells):
    numbers = [_parse_integer(cell) for cell in cells]
    return tuple(numbers) if all(number is not None and 0 <= number <= 255 for number in numbers) else None


def _hex_colour(text):
    return tuple(bytes.fromhex(text[1:])) if re.fullmatch(r"#[0-9a-fA-F]{6}", text) else None
