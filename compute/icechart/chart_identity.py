"""Date, service and area of a chart.

Date of a chart: from its metadata or else from its file name; ambiguous names are rejected.

Service, area and date of a chart from its file name; each service has its own naming convention.

=============================  =======================================  ==========================
service                        name                                     date
=============================  =======================================  ==========================
U.S. National Ice Center       arctic201008, antarc200101               YYMMDD
the same, daily analyses       nic_autoc2020281n_pl_a                   YYYYDDD
Canadian Ice Service           06092021_CEXPRWA                         DDMMYYYY
Danish Meteorological Inst.    201308070805_NorthEast_RIC               YYYYMMDDhhmm
SIGRID-3 convention            aari_arc_20140211_pl_a                   YYYYMMDD
=============================  =======================================  ==========================
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ..errors import UnreadableInput, UnsuitableInput
from ..xml_documents import parse_xml

USNIC = re.compile(r"^(arctic|antarc\w*?)[_-]?(\d{6})(?!\d)", re.IGNORECASE)
DAY_OF_YEAR = re.compile(r"^nic_([a-z]+)(\d{7})[ns]?(?:_|$)", re.IGNORECASE)
CIS = re.compile(r"(?<!\d)(\d{8})_CEXP?(\w+)$", re.IGNORECASE)
DMI = re.compile(r"^(\d{12})_(.+)$")
STANDARD = re.compile(r"^([a-z]+)_([a-z][\w-]*?)_(\d{8})(?:[t_]?\d{4}z?)?(?:_(?:pl|ln|pt))?(?:_\w+)?$",
                      re.IGNORECASE)

# Our service names by the names used in the SIGRID-3 convention.
SERVICE_NAMES = {"nic": "usnic", "usnic": "usnic", "cis": "cis", "rgc": "cis", "dmi": "dmi", "aari": "aari"}


@dataclass(frozen=True)
class ChartName:
    """Service, area and date in the file name of a chart.

    Parameters
    ----------
    service : str
        ``usnic``, ``cis``, ``dmi``, ``aari`` or as in the name; empty if unknown.
    area : str
        As in the name, in lower case; the whole name without digits where no pattern matches.
    digits : str
        The date as in the name; empty where no pattern matches.
    order : str
        Format of the digits: ``YYMMDD``, ``YYYYDDD``, ``DDMMYYYY``, ``YYYYMMDD``, ``YYYYMMDDhhmm`` or empty.
    """

    service: str
    area: str
    digits: str = ""
    order: str = ""


def chart_name(stem):
    """Parse the file name of a chart.

    Parameters
    ----------
    stem : str
        File name without folder and suffix.

    Returns
    -------
    ChartName
    """
    found = USNIC.search(stem)
    if found:
        return ChartName("usnic", found[1].lower(), found[2], "YYMMDD")
    found = DAY_OF_YEAR.search(stem)
    if found:
        return ChartName("usnic", found[1].lower(), found[2], "YYYYDDD")
    found = CIS.search(stem)
    if found:
        return ChartName("cis", found[2].lower(), found[1], "DDMMYYYY")
    found = DMI.search(stem)
    if found:
        return ChartName("dmi", _plain(found[2]), found[1], "YYYYMMDDhhmm")
    found = STANDARD.search(stem)
    if found:
        service = SERVICE_NAMES.get(found[1].lower(), found[1].lower())
        return ChartName(service, _plain(found[2]), found[3], "YYYYMMDD")
    first = re.match(r"[a-z]+", stem.lower())
    return ChartName(SERVICE_NAMES.get(first[0] if first else "", ""), _plain(re.sub(r"\d+", " ", stem)))


def _plain(text):
    """Normalise a part of a file name: lower case, characters other than letters and digits as hyphens."""
    return re.sub(r"[^\w]+|_+", "-", text.casefold()).strip("-")


FORMATS = {"YYMMDD": "%y%m%d", "YYYYDDD": "%Y%j", "DDMMYYYY": "%d%m%Y", "MMDDYYYY": "%m%d%Y", "YYYYMMDD": "%Y%m%d",
           "YYYYMMDDhhmm": "%Y%m%d%H%M", "DDMMYY": "%d%m%y"}

# There are no digital ice charts before; such dates are misread numbers.
MIN_YEAR, MAX_YEAR = 1950, 2100

# Charts of longer periods are not daily or weekly charts.
MAX_PERIOD = timedelta(days=31)

# Elements with the date of a chart in FGDC and ISO 19115 metadata, most reliable first (local names, parents first).
DATE_PATHS = (("timeperd", "sngdate", "caldate"), ("timeperd", "caldate"), ("timeperd", "enddate"),
              ("EX_TemporalExtent", "timePosition"), ("EX_TemporalExtent", "endPosition"),
              ("citation", "pubdate"), ("CI_Citation", "CI_Date", "Date"), ("CI_Citation", "CI_Date", "DateTime"))

# Elements about the source data of a chart; their dates are ignored.
SOURCE_ELEMENTS = {"lineage", "LI_Lineage", "dataqual", "DQ_DataQuality", "crossref"}
TIMESTAMP = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?\d\d(?:\.\d+)?)?(?:Z| ?UTC)?)?")
SET_DATE = "Set DATE (YYYY-MM-DD)"


@dataclass(frozen=True)
class ChartDate:
    """Validity date of a chart.

    Parameters
    ----------
    day : datetime.date
    time : datetime.time or None
        UTC, if known.
    origin : {"DATE", "metadata", "name"}
    """

    day: date
    time: time = None
    origin: str = "name"


def chart_date(name, metadata=None, user_date=None):
    """Return the date of a chart.

    Parameters
    ----------
    name : str
        File name without folder and suffix.
    metadata : bytes, optional
        XML metadata of the chart.
    user_date : str, optional
        Date set by the user, ``YYYY-MM-DD`` or ``YYYYMMDD``; takes precedence.

    Returns
    -------
    ChartDate

    Raises
    ------
    UnsuitableInput
        If there is no date or it is ambiguous. The message names the parameter DATE.
    """
    if user_date and user_date.strip():
        return parse_user_date(user_date)
    found = _from_metadata(metadata) if metadata else None
    return found or _from_name(name)


def parse_user_date(text):
    """Parse a date set by the user.

    Raises
    ------
    UnsuitableInput
        If it is not a date.
    """
    for pattern in ("%Y-%m-%d", "%Y%m%d"):
        try:
            return ChartDate(datetime.strptime(text.strip(), pattern).date(), origin="DATE")
        except ValueError:
            continue
    raise UnsuitableInput(f"DATE is not a valid date: {text.strip()}. Write it as YYYY-MM-DD, such as 2020-10-08.")


def _from_metadata(metadata):
    try:
        tree = parse_xml(metadata, "metadata", allow_document_type=True)
    except UnreadableInput:
        return None
    texts = list(_element_texts(tree, ()))
    for path in DATE_PATHS:
        timestamps = {timestamp for parents, text in texts
                      if _matches(parents, path) and (timestamp := _parse_timestamp(text))}
        if path[-1] == "enddate" and not _is_short_period(texts, timestamps):
            continue
        if len(timestamps) == 1:
            timestamp = timestamps.pop()
            return ChartDate(timestamp.date(), None if timestamp.time() == time() else timestamp.time(), "metadata")
    return None


def _element_texts(element, parents):
    """Yield (names of the ancestors and the element, its text) of all elements except those about source data."""
    name = str(element.tag).rpartition("}")[2]
    if name in SOURCE_ELEMENTS:
        return
    parents = (*parents, name)
    # mixed content: some services write the date after a sentence
    yield parents, element.text or ""
    for child in element:
        yield from _element_texts(child, parents)


def _matches(parents, path):
    """Return whether the last element is the last of the path and the others are its ancestors in that order."""
    if parents[-1] != path[-1]:
        return False
    ancestors = iter(parents[:-1])
    return all(name in ancestors for name in path[:-1])


def _is_short_period(texts, ends):
    begins = {timestamp for parents, text in texts
              if _matches(parents, ("timeperd", "begdate")) and (timestamp := _parse_timestamp(text))}
    return len(begins) == len(ends) == 1 and timedelta(0) <= min(ends) - min(begins) <= MAX_PERIOD


def _parse_timestamp(text):
    """Parse '20220103', '2022-01-03' or '2022-01-03T18:00:00Z' to a datetime; None for anything else."""
    found = TIMESTAMP.fullmatch(text.strip())
    if not found:
        return None
    try:
        timestamp = datetime(*(int(number or 0) for number in found.groups()))
    except ValueError:
        return None
    return timestamp if MIN_YEAR <= timestamp.year < MAX_YEAR else None


def _from_name(stem):
    name = chart_name(stem)
    if name.order:
        timestamp = _parse_digits(name.digits, name.order)
        if timestamp is None:
            raise UnsuitableInput(f"{stem}: {name.digits} should be its date ({name.order}), but is not a valid "
                                  f"date. {SET_DATE}.")
        return ChartDate(timestamp.date(), timestamp.time() if "hh" in name.order else None)
    candidates = _candidates(stem)
    if len({timestamp.date() for timestamp in candidates}) == 1:
        timestamp = candidates[0]
        return ChartDate(timestamp.date(), None if timestamp.time() == time() else timestamp.time())
    if not candidates:
        raise UnsuitableInput(f"{stem}: neither metadata nor file name contain the date of the chart. {SET_DATE}.")
    days = " or ".join(sorted({timestamp.date().isoformat() for timestamp in candidates}))
    raise UnsuitableInput(f"{stem}: the date in the file name is ambiguous, {days}. {SET_DATE}.")


def _candidates(stem):
    """Return all dates that the numbers in a name can mean; shorter numbers only where there are no longer ones."""
    dashed = re.findall(r"(?<!\d)\d{4}[-_]\d\d[-_]\d\d(?!\d)", stem)
    candidates = [_parse_timestamp(found.replace("_", "-")) for found in dashed]
    for length in (12, 8, 6):
        if not any(candidates):
            numbers = re.findall(rf"(?<!\d)\d{{{length}}}(?!\d)", stem)
            orders = [order for order in FORMATS if len(order) == length]
            candidates = [_parse_digits(number, order) for number in numbers for order in orders]
    return [timestamp for timestamp in candidates if timestamp]


def _parse_digits(digits, order):
    try:
        timestamp = datetime.strptime(digits, FORMATS[order])
    except ValueError:
        return None
    return timestamp if MIN_YEAR <= timestamp.year < MAX_YEAR else None
