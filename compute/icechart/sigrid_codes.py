"""SIGRID-3 code tables of concentration, stage of development and form of ice, and parsing of codes in files.

The meaning of a code depends on the table: 91 is 9/10 to 10/10 as a concentration, medium first-year ice as a stage and
strips and patches as a form. The tables are ``resources/legends/sigrid3_*.csv``. Some services used other codes before
version 3.0; rows with a service override the general ones for its charts. Source: JCOMM Technical Report 23 / WMO
TD 1214, SIGRID-3 version 3.0 (2014).
"""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnreadableInput

FOLDER = Path(__file__).parents[2] / "resources" / "legends"
CONCENTRATION, STAGE, FORM = "concentration", "stage", "form"

# Code for "unknown" in all tables.
UNKNOWN = 99

# Spellings of "no value".
MISSING = {"", "-", "-9", "9-", "-99", "null", "none", "nan"}


@dataclass(frozen=True)
class Code:
    """A row of a code table.

    Parameters
    ----------
    label : str
        Text to display.
    value : float or None
        Concentrations only: fraction of the sea surface, 0..1.
    legend_stage : int or None
        Stages only: the code used in legends; for a thickness code the stage of that thickness.
    colour : tuple of int or None
        Stages only: red, green, blue of the WMO standard.
    """

    label: str
    value: float = None
    legend_stage: int = None
    colour: tuple = None


def parse_code(value):
    """Parse a code of an attribute table.

    Parameters
    ----------
    value : object
        ``"91"``, ``"01"``, ``1``, ``91.0``, ``"-9"``, ``"9-"``, blanks, None, NULL ...

    Returns
    -------
    int, str or None
        None where there is no value; a text that is not a code is returned unchanged, so that it can be reported.
    """
    if value is None or value != value:
        return None
    text = str(value).strip()
    if text.lower() in MISSING:
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    if number < 0:
        return None
    return int(number) if number.is_integer() else text


def split_codes(value, slots):
    """Split a field of several two-digit codes: ICEAPC, ICESOD, ICEFLZ, CF.

    Parameters
    ----------
    value : object
    slots : int
        Number of codes of the field.

    Returns
    -------
    codes : list of int, str or None
        From :func:`parse_code`.
    is_full_width : bool
        Whether the text has its full width, so that each code is in its slot. Some readers strip the blanks of unused
        slots, and numbers have none.
    """
    if value is None or value != value:
        return [], False
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    if isinstance(value, int) or not text.strip() or len(text.strip()) % 2:
        # a number has no leading zero; a single missing-value mark may represent all slots
        code = parse_code(text)
        if not isinstance(code, int):
            return [code] if code is not None else [], False
        text = str(code)
        text = text.zfill(len(text) + len(text) % 2)
    codes = [parse_code(text[start:start + 2]) for start in range(0, len(text), 2)][:slots]
    return codes, len(text) >= 2 * slots


@functools.lru_cache(maxsize=32)
def code_table(kind, service=""):
    """Read a code table.

    Parameters
    ----------
    kind : {"concentration", "stage", "form"}
    service : str
        Service whose rows override the general ones, such as ``"cis"``.

    Returns
    -------
    dict of int to Code

    Raises
    ------
    UnreadableInput
        If a row of the file cannot be parsed.
    """
    path = FOLDER / f"sigrid3_{kind}.csv"
    general, specific = {}, {}
    with open(path, encoding="utf-8-sig", newline="") as text:
        for row in csv.DictReader(line for line in text if not line.startswith("#")):
            try:
                number, code = _code(row)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise UnreadableInput(f"{path} has a row that cannot be parsed: {row}. Correct it, or reinstall "
                                      "Floefield.") from error
            if row["service"] == "":
                general[number] = code
            elif row["service"] == service:
                specific[number] = code
    return {**general, **specific}


def _code(row):
    colour = tuple(int(row[channel]) for channel in ("red", "green", "blue")) if row.get("red") else None
    return int(row["code"]), Code(row["label"].strip(), float(row["value"]) if row.get("value") else None,
                                  int(row["like"]) if row.get("like") else None, colour)
