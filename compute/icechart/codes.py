"""The code tables of SIGRID-3, each with its own meaning of the same number, and how codes are written in files.

91 is "9/10 to 10/10" as a concentration, medium first-year ice as a stage and "strips and patches" as a form: there is
one table for each, in ``resources/legends/sigrid3_*.csv``. Some services used numbers in another way before version
3.0; rows of the tables that name a service win over the others for its charts. Source: JCOMM Technical Report 23 / WMO
TD 1214, SIGRID-3 version 3.0 (2014).
"""

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

from ..errors import UnreadableInput

FOLDER = Path(__file__).parents[2] / "resources" / "legends"
CONCENTRATION, STAGE, FORM = "concentration", "stage", "form"

# The number that stands for "unknown" in all tables.
UNKNOWN = 99
# How services write "no value".
MISSING = {"", "-", "-9", "9-", "-99", "null", "none", "nan"}


@dataclass(frozen=True)
class Code:
    """A row of a code table.

    Parameters
    ----------
    label : str
        What people read.
    value : float or None
        Concentrations only: share of the sea surface, 0..1.
    like : int or None
        Stages only: the code by which legends know it; thickness codes become the stage of that thickness.
    colour : tuple of int or None
        Stages only: red, green, blue of the WMO standard.
    """

    label: str
    value: float = None
    like: int = None
    colour: tuple = None


def parse_code(value):
    """A code as it stands in an attribute table.

    Parameters
    ----------
    value : object
        ``"91"``, ``"01"``, ``1``, ``91.0``, ``"-9"``, ``"9-"``, blanks, None, NULL ...

    Returns
    -------
    int, str or None
        None where there is no value; a text that is no code is given back as it is, so that it can be reported.
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
    """The two-digit codes of a field that holds several: ICEAPC, ICESOD, ICEFLZ, CF.

    Parameters
    ----------
    value : object
    slots : int
        How many codes the field has room for.

    Returns
    -------
    codes : list of int, str or None
        As :func:`parse_code` gives them.
    whole : bool
        Whether the text has its full width, so that the position of a code tells which one it is. Some readers strip
        the blanks that stand for unused slots, and numbers lose them anyway.
    """
    if value is None or value != value:
        return [], False
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    if isinstance(value, int) or not text.strip() or len(text.strip()) % 2:
        # a number has lost the zero in front; one missing mark may stand for all slots
        code = parse_code(text)
        if not isinstance(code, int):
            return [code] if code is not None else [], False
        text = str(code)
        text = text.zfill(len(text) + len(text) % 2)
    codes = [parse_code(text[start:start + 2]) for start in range(0, len(text), 2)][:slots]
    return codes, len(text) >= 2 * slots


@functools.lru_cache(maxsize=32)
def code_table(kind, service=""):
    """A code table.

    Parameters
    ----------
    kind : {"concentration", "stage", "form"}
    service : str
        Whose rows win, such as ``"cis"``.

    Returns
    -------
    dict of int to Code

    Raises
    ------
    UnreadableInput
        If somebody extended the file by a row that cannot be understood.
    """
    path = FOLDER / f"sigrid3_{kind}.csv"
    general, special = {}, {}
    with open(path, encoding="utf-8-sig", newline="") as text:
        for row in csv.DictReader(line for line in text if not line.startswith("#")):
            try:
                number, code = _code(row)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise UnreadableInput(f"{path} has a row that Floefield does not understand: {row}. Correct it, or "
                                      "install Floefield again.") from error
            if row["service"] == "":
                general[number] = code
            elif row["service"] == service:
                special[number] = code
    return {**general, **special}


def _code(row):
    colour = tuple(int(row[channel]) for channel in ("red", "green", "blue")) if row.get("red") else None
    return int(row["code"]), Code(row["label"].strip(), float(row["value"]) if row.get("value") else None,
                                  int(row["like"]) if row.get("like") else None, colour)
