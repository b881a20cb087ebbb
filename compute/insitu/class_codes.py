"""Class codes of Sen2-Agri: a number of at most eight digits, a name, cropland and irrigation flags."""

import csv
import io
import itertools
import re
from collections import Counter
from dataclasses import dataclass

from ..classmap.classes import class_table, legend, legend_row, readable
from ..errors import MissingInput, UnreadableInput, UnsuitableInput

MAX_CODE = 99_999_999

# Longer than any code of the legend, so that it cannot be mistaken for a known crop.
FIRST_NUMBERED_CODE = 90_001
MAX_NAME_BYTES = 70

# Legend classes other than annual cropland (JECAM: sown and harvested within twelve months).
NOT_CROPLAND = frozenset({"Hops", "Vineyard", "Olives", "Orchard", "Fallow", "Grassland", "Forest", "Shrubland",
                          "Unmaintained land", "Built-up", "Water", "Wetland", "Unknown or other"})
COLUMNS = {"label": ("label", "class", "class_name", "name", "crop_name"), "code": ("code",),
           "lc": ("lc", "landcover", "land_cover", "title", "text"), "crop": ("crop", "cropland"),
           "irrigation": ("irrigation", "irrigated")}
MAX_FILE_BYTES = 4 * 1024 * 1024
YES, NO = ("1", "yes", "true", "y"), ("0", "no", "false", "n")
IRRIGATED = {"1": 1, "yes": 1, "true": 1, "y": 1, "irrigated": 1,
             "2": 2, "no": 2, "false": 2, "n": 2, "not irrigated": 2, "rainfed": 2}


@dataclass(frozen=True)
class ClassCode:
    """Attributes of a class for Sen2-Agri.

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
        Source of the code.
    """

    code: int
    name: str
    crop: int = 1
    irrigation: int = 0
    origin: str = "table"


def codes_for(labels, table=None):
    """Assign codes to classes.

    Parameters
    ----------
    labels : iterable of str
    table : dict of str to ClassCode or None, optional
        From :func:`read_codes`; it must name every label.

    Returns
    -------
    dict of str to ClassCode or None
        None for classes excluded by the table.

    Raises
    ------
    UnsuitableInput
        If labels are missing from the table.
    """
    labels = sorted(set(labels))
    if table is None:
        return _codes_from_labels(labels)
    known = {label.casefold(): row for label, row in table.items()}
    missing = [label for label in labels if label.casefold() not in known]
    if missing:
        raise UnsuitableInput(f"CODES has no row for {len(missing)} of {len(labels)} classes: "
                              f"{', '.join(missing[:20])}{' ...' if len(missing) > 20 else ''}. Add a row for each; "
                              "an empty code excludes the class.")
    return {label: known[label.casefold()] for label in labels}


def read_codes(path):
    """Read a class code table.

    Parameters
    ----------
    path : str
        CSV in UTF-8, separated by commas, semicolons or tabs, with the columns label and code; optional: lc, crop and
        irrigation. An empty code excludes the class.

    Returns
    -------
    dict of str to ClassCode or None

    Raises
    ------
    MissingInput, UnreadableInput
        The message names the invalid row.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            text = file.read(MAX_FILE_BYTES)
    except FileNotFoundError as error:
        raise MissingInput(f"{path} does not exist.") from error
    except OSError as error:
        raise UnreadableInput(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UnreadableInput(f"{path} cannot be read as a class code table: it is not UTF-8 text. Save it again as "
                              "'CSV UTF-8' (Excel), or with the character set UTF-8 (LibreOffice).") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    header = lines[0] if lines else ""
    rows = list(csv.reader(io.StringIO("\n".join(lines)), delimiter=max(",;\t", key=header.count)))
    names = [name.strip().casefold() for name in rows[0]] if rows else []
    column_of = {what: next((names.index(name) for name in spellings if name in names), None)
                 for what, spellings in COLUMNS.items()}
    if column_of["label"] is None or column_of["code"] is None:
        raise UnreadableInput(f"{path} is not a class code table: the first line must name the columns label and code "
                              f"(optional: lc, crop, irrigation). It is: {header[:80] or '(empty)'}")
    table = {}
    for row in rows[1:]:
        cells = {what: row[column].strip() if column is not None and column < len(row) else ""
                 for what, column in column_of.items()}
        label = cells.pop("label")
        if label.casefold() in {known.casefold() for known in table}:
            raise UnreadableInput(f"{path} has two rows for the class {label}. Keep one of them.")
        table[label] = _class_code(path, label, **cells)
    return table


def irrigation_of(text):
    """Irrigation code (0, 1 or 2) of a field value; None if it is not recognised.

    Parameters
    ----------
    text : str
        Empty if unknown.
    """
    return 0 if text in ("", "0") else IRRIGATED.get(text.casefold())


def cut_name(text):
    """A name cut to 70 bytes of UTF-8 at a character boundary."""
    return text.encode("utf-8")[:MAX_NAME_BYTES].decode("utf-8", errors="ignore")


def is_code(label):
    """Whether a label is a valid Sen2-Agri code."""
    return bool(re.fullmatch(r"0*[1-9]\d{0,7}", label))


def _class_code(path, label, code, lc, crop, irrigation):
    if not code:
        return None
    irrigation_code = irrigation_of(irrigation)
    if not is_code(code) or crop.casefold() not in ("", *YES, *NO) or irrigation_code is None:
        raise UnreadableInput(f"{path}, class {label}: code must be an integer from 1 to {MAX_CODE}, crop 0 or "
                              f"1, irrigation 0, 1 or 2. They are: {code}, {crop or '-'}, {irrigation or '-'}.")
    return ClassCode(int(code), cut_name(lc or readable(label)), int(crop.casefold() not in NO), irrigation_code)


def _codes_from_labels(labels):
    """Codes from labels: valid numbers are kept, known crops get the code of the legend, others are numbered."""
    names = {row.code: row.name for row in legend() if row.code}
    codes = {label: ClassCode(int(label), cut_name(names.get(label, label)), origin="number")
             for label in labels if is_code(label)}
    used = {known.code for known in codes.values()}
    rows = {label: legend_row(label) for label in labels if label not in codes}
    row_counts = Counter(row.code for row in rows.values() if row)
    reserved = used | {int(code) for code in names}
    free = (code for code in range(FIRST_NUMBERED_CODE, MAX_CODE) if code not in used)
    for label, row in rows.items():
        code, origin = (int(row.code), "legend") if row and row.code else (0, "numbered")
        if code and (code in used or row_counts[row.code] > 1):
            # Codes are unique: soft and durum wheat become 1111 and 1112, subcodes of wheat.
            code, origin = next(code for code in _subcodes(code) if code not in reserved), "subdivided"
            reserved.add(code)
        if not code:
            code, origin = next(free), "numbered"
        used.add(code)
        crop = 0 if row and row.name in NOT_CROPLAND else 1
        codes[label] = ClassCode(code, cut_name(readable(label)), crop, origin=origin)
    return codes


def _subcodes(code):
    """Subcodes of a code in the hierarchy, with increasing numbers of digits: 111, 112 ... 119, 1101 ... of 11."""
    for digits in itertools.count(1):
        yield from range(code * 10 ** digits + 1, (code + 1) * 10 ** digits)


def colours_of(labels):
    """Map colour of each class, by label."""
    return {each.code: each.colour for each in class_table(labels)}
