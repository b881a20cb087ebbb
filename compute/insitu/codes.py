"""Class codes as Sen2-Agri wants them: a number of at most eight digits, cropland or not, a name, irrigated or not."""

import csv
import io
import itertools
import re
from collections import Counter
from dataclasses import dataclass

from ..classes import class_table, legend, legend_row, readable
from ..errors import MissingInput, UnreadableInput, UnsuitableInput

LARGEST_CODE = 99_999_999
# Longer than any code of the legend: nobody takes such a class for a known crop.
FIRST_FREE_CODE = 90_001
LONGEST_NAME = 70
# Rows of the legend that are no annual cropland (JECAM counts what is sown and harvested within twelve months).
NO_CROPLAND = frozenset({"Hops", "Vineyard", "Olives", "Orchard", "Fallow", "Grassland", "Forest", "Shrubland",
                         "Unmaintained land", "Built-up", "Water", "Wetland", "Unknown or other"})
COLUMNS = {"label": ("label", "class", "class_name", "name", "crop_name"), "code": ("code",),
           "lc": ("lc", "landcover", "land_cover", "title", "text"), "crop": ("crop", "cropland"),
           "irrigation": ("irrigation", "irrigated")}
LARGEST_FILE = 4 * 1024 * 1024
YES, NO = ("1", "yes", "true", "y"), ("0", "no", "false", "n")
IRRIGATED = {"1": 1, "yes": 1, "true": 1, "y": 1, "irrigated": 1,
             "2": 2, "no": 2, "false": 2, "n": 2, "not irrigated": 2, "rainfed": 2}


@dataclass(frozen=True)
class ClassCode:
    """What Sen2-Agri needs to know of a class.

    Parameters
    ----------
    code : int
        1 to 99999999.
    name : str
        Crop or land cover, at most 70 bytes of UTF-8: a column of a shapefile counts bytes.
    crop : int
        1 for cropland, 0 for all else.
    irrigation : int
        0 unknown, 1 irrigated, 2 not irrigated.
    origin : {"table", "number", "legend", "subdivided", "numbered"}
        Where the code comes from.
    """

    code: int
    name: str
    crop: int = 1
    irrigation: int = 0
    origin: str = "table"


def codes_for(labels, table=None):
    """Codes of classes.

    Parameters
    ----------
    labels : iterable of str
    table : dict of str to ClassCode or None, optional
        From :func:`read_codes`; it must name every label.

    Returns
    -------
    dict of str to ClassCode or None
        None for those that the table leaves out.

    Raises
    ------
    UnsuitableInput
        If the table lacks labels.
    """
    labels = sorted(set(labels))
    if table is None:
        return _codes_from_labels(labels)
    known = {label.casefold(): row for label, row in table.items()}
    lacking = [label for label in labels if label.casefold() not in known]
    if lacking:
        raise UnsuitableInput(f"CODES has no row for {len(lacking)} of {len(labels)} classes: "
                              f"{', '.join(lacking[:20])}{' ...' if len(lacking) > 20 else ''}. Add a row for each; "
                              "one with an empty code leaves the class out.")
    return {label: known[label.casefold()] for label in labels}


def read_codes(path):
    """The table of codes that a user made.

    Parameters
    ----------
    path : str
        CSV in UTF-8, divided by commas, semicolons or tabs, with the columns label and code; also lc, crop and
        irrigation if there are any. A row with an empty code leaves the class out.

    Returns
    -------
    dict of str to ClassCode or None

    Raises
    ------
    MissingInput, UnreadableInput
        Naming the row that cannot be understood.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read(LARGEST_FILE)
    except FileNotFoundError as error:
        raise MissingInput(f"{path} does not exist.") from error
    except OSError as error:
        raise UnreadableInput(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnreadableInput(f"{path} cannot be read as a table of codes: it is no text in UTF-8. Save it again as "
                              "'CSV UTF-8' (Excel), or with the character set UTF-8 (LibreOffice).") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    header = lines[0] if lines else ""
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=max(",;\t", key=header.count)))
    names = [name.strip().casefold() for name in rows[0]] if rows else []
    places = {what: next((names.index(name) for name in spelt if name in names), None)
              for what, spelt in COLUMNS.items()}
    if places["label"] is None or places["code"] is None:
        raise UnreadableInput(f"{path} is no table of codes: its first line must name the columns label and code "
                              f"(and lc, crop, irrigation, if you like). It is: {header[:80] or '(empty)'}")
    table = {}
    for row in rows[1:]:
        cells = {what: row[place].strip() if place is not None and place < len(row) else ""
                 for what, place in places.items()}
        label = cells.pop("label")
        if label.casefold() in {known.casefold() for known in table}:
            raise UnreadableInput(f"{path} has two rows for the class {label}. Keep one of them.")
        table[label] = _class_code(path, label, **cells)
    return table


def irrigation_of(text):
    """0, 1 or 2 for what a field says of irrigation; None where it says something else.

    Parameters
    ----------
    text : str
        Empty where nothing is known.
    """
    return 0 if text in ("", "0") else IRRIGATED.get(text.casefold())


def cut_name(text):
    """At most 70 bytes of UTF-8, no letter cut in two."""
    return text.encode("utf-8")[:LONGEST_NAME].decode("utf-8", errors="ignore")


def is_code(label):
    """Whether a label is itself a number that Sen2-Agri takes."""
    return bool(re.fullmatch(r"0*[1-9]\d{0,7}", label))


def _class_code(path, label, code, lc, crop, irrigation):
    if not code:
        return None
    water = irrigation_of(irrigation)
    if not is_code(code) or crop.casefold() not in ("", *YES, *NO) or water is None:
        raise UnreadableInput(f"{path}, class {label}: code must be a whole number from 1 to {LARGEST_CODE}, crop 0 or "
                              f"1, irrigation 0, 1 or 2. They are: {code}, {crop or '-'}, {irrigation or '-'}.")
    return ClassCode(int(code), cut_name(lc or readable(label)), int(crop.casefold() not in NO), water)


def _codes_from_labels(labels):
    """Numbers are their own code; names of known crops take that of the legend; the others are numbered."""
    names = {row.code: row.name for row in legend() if row.code}
    codes = {label: ClassCode(int(label), cut_name(names.get(label, label)), origin="number")
             for label in labels if is_code(label)}
    taken = {known.code for known in codes.values()}
    rows = {label: legend_row(label) for label in labels if label not in codes}
    wanted = Counter(row.code for row in rows.values() if row)
    reserved = taken | {int(code) for code in names}
    free = (code for code in range(FIRST_FREE_CODE, LARGEST_CODE) if code not in taken)
    for label, row in rows.items():
        code, origin = (int(row.code), "legend") if row and row.code else (0, "numbered")
        if code and (code in taken or wanted[row.code] > 1):
            # Two classes never share a code: soft and durum wheat become 1111 and 1112, both below wheat.
            code, origin = next(code for code in _below(code) if code not in reserved), "subdivided"
            reserved.add(code)
        if not code:
            code, origin = next(free), "numbered"
        taken.add(code)
        crop = 0 if row and row.name in NO_CROPLAND else 1
        codes[label] = ClassCode(code, cut_name(readable(label)), crop, origin=origin)
    return codes


def _below(code):
    """Codes one level below another in the hierarchy, more and more digits: 111, 112 ... 119, 1101 ... below 11."""
    for digits in itertools.count(1):
        yield from range(code * 10 ** digits + 1, (code + 1) * 10 ** digits)


def colours_of(labels):
    """The colour each class has on maps, by label."""
    return {each.code: each.colour for each in class_table(labels)}
