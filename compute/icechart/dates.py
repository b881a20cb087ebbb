"""Of which day a chart is: from its metadata first, then from its name, never by a guess."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from ..errors import UnsuitableInput
from .names import chart_name

FORMATS = {"YYMMDD": "%y%m%d", "YYYYDDD": "%Y%j", "DDMMYYYY": "%d%m%Y", "MMDDYYYY": "%m%d%Y", "YYYYMMDD": "%Y%m%d",
           "YYYYMMDDhhmm": "%Y%m%d%H%M", "DDMMYY": "%d%m%y"}
# The first digital ice charts; dates before are misread numbers.
EARLIEST, LATEST = 1950, 2100
# A chart that summarises more days than this is no chart of a day or week.
LONGEST_PERIOD = timedelta(days=31)
# Where metadata in FGDC and ISO 19115 tell of which day a chart is, the best first (local names, parents first).
DATE_PATHS = (("timeperd", "sngdate", "caldate"), ("timeperd", "caldate"), ("timeperd", "enddate"),
              ("EX_TemporalExtent", "timePosition"), ("EX_TemporalExtent", "endPosition"),
              ("citation", "pubdate"), ("CI_Citation", "CI_Date", "Date"), ("CI_Citation", "CI_Date", "DateTime"))
# Elements that describe the images a chart was drawn from.
SOURCES = {"lineage", "LI_Lineage", "dataqual", "DQ_DataQuality", "crossref"}
MOMENT = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ]?(\d\d):?(\d\d)(?::?\d\d(?:\.\d+)?)?(?:Z| ?UTC)?)?")
WRITE_IT = "Give it as DATE (YYYY-MM-DD)"


@dataclass(frozen=True)
class ChartDate:
    """When a chart is valid.

    Parameters
    ----------
    day : datetime.date
    time : datetime.time or None
        UTC, if it is told.
    origin : {"DATE", "metadata", "name"}
    """

    day: date
    time: time = None
    origin: str = "name"


def chart_date(name, metadata=None, given=None):
    """The date of a chart.

    Parameters
    ----------
    name : str
        File name without folder and suffix.
    metadata : bytes, optional
        The XML that came with the chart.
    given : str, optional
        What the user says: ``YYYY-MM-DD`` or ``YYYYMMDD``. It wins.

    Returns
    -------
    ChartDate

    Raises
    ------
    UnsuitableInput
        If nothing tells the date, or it can be read in several ways. The message names the parameter DATE.
    """
    if given and given.strip():
        return parse_given(given)
    found = _from_metadata(metadata) if metadata else None
    return found or _from_name(name)


def parse_given(text):
    """A date as users write it.

    Raises
    ------
    UnsuitableInput
        If it is none.
    """
    for pattern in ("%Y-%m-%d", "%Y%m%d"):
        try:
            return ChartDate(datetime.strptime(text.strip(), pattern).date(), origin="DATE")
        except ValueError:
            continue
    raise UnsuitableInput(f"DATE is no date: {text.strip()}. Write it as year, month and day: 2020-10-08.")


def _from_metadata(metadata):
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        tree = fromstring(metadata)
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    texts = list(_texts(tree, ()))
    for path in DATE_PATHS:
        moments = {moment for parents, text in texts if _ends(parents, path) and (moment := _moment(text))}
        if path[-1] == "enddate" and not _is_short(texts, moments):
            continue
        if len(moments) == 1:
            moment = moments.pop()
            return ChartDate(moment.date(), None if moment.time() == time() else moment.time(), "metadata")
    return None


def _texts(element, parents):
    """(names of the element and those around it, its text) of all elements but those about sources."""
    name = str(element.tag).rpartition("}")[2]
    if name in SOURCES:
        return
    parents = (*parents, name)
    # mixed content: some services write the date behind a sentence
    yield parents, element.text or ""
    for child in element:
        yield from _texts(child, parents)


def _ends(parents, path):
    """Whether the last element is the last of the path and the others lie around it in that order."""
    if parents[-1] != path[-1]:
        return False
    around = iter(parents[:-1])
    return all(name in around for name in path[:-1])


def _is_short(texts, ends):
    begins = {moment for parents, text in texts
              if _ends(parents, ("timeperd", "begdate")) and (moment := _moment(text))}
    return len(begins) == len(ends) == 1 and timedelta(0) <= min(ends) - min(begins) <= LONGEST_PERIOD


def _moment(text):
    """'20220103', '2022-01-03', '2022-01-03T18:00:00Z' as a datetime; None for anything else."""
    found = MOMENT.fullmatch(text.strip())
    if not found:
        return None
    try:
        moment = datetime(*(int(number or 0) for number in found.groups()))
    except ValueError:
        return None
    return moment if EARLIEST <= moment.year < LATEST else None


def _from_name(stem):
    known = chart_name(stem)
    if known.order:
        moment = _read(known.digits, known.order)
        if moment is None:
            raise UnsuitableInput(f"{stem}: {known.digits} should be its date ({known.order}), but there is no such "
                                  f"day. {WRITE_IT}.")
        return ChartDate(moment.date(), moment.time() if "hh" in known.order else None)
    readings = _readings(stem)
    if len({moment.date() for moment in readings}) == 1:
        moment = readings[0]
        return ChartDate(moment.date(), None if moment.time() == time() else moment.time())
    if not readings:
        raise UnsuitableInput(f"{stem}: neither its metadata nor its name tell of which day the chart is. {WRITE_IT}.")
    days = " or ".join(sorted({moment.date().isoformat() for moment in readings}))
    raise UnsuitableInput(f"{stem}: its name can be read as {days}. {WRITE_IT}.")


def _readings(stem):
    """All days that the numbers in a name can mean; shorter numbers only where there are no longer ones."""
    dashed = re.findall(r"(?<!\d)\d{4}[-_]\d\d[-_]\d\d(?!\d)", stem)
    readings = [_moment(found.replace("_", "-")) for found in dashed]
    for length in (12, 8, 6):
        if not any(readings):
            numbers = re.findall(rf"(?<!\d)\d{{{length}}}(?!\d)", stem)
            orders = [order for order in FORMATS if len(order) == length]
            readings = [_read(number, order) for number in numbers for order in orders]
    return [reading for reading in readings if reading]


def _read(digits, order):
    try:
        moment = datetime.strptime(digits, FORMATS[order])
    except ValueError:
        return None
    return moment if EARLIEST <= moment.year < LATEST else None
