"""Band names with dates, date and SYNTHETIC tags.

Band and date of feature names as written by the time series tool: ``B04_20180627``.
"""

import re
from datetime import date

DATED = re.compile(r"(?P<band>.+)_(?P<date>\d{8})")


def band_and_date(name):
    """(band, ISO date) of a feature name; (name, "") without a date."""
    match = DATED.fullmatch(name)
    return (match["band"], iso(match["date"])) if match else (name, "")


def iso(date):
    """``20180627`` as ``2018-06-27``."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}"


REFLECTANCE = re.compile(r"(B(?:0[1-9]|1[0-2]|8A))(_.+)?")


def band_difference_name(names, pair):
    """The name of a band difference: ``ND_B04_B08_20180627`` of B04_20180627 and B08_20180627."""
    (first, date), (second, _) = (REFLECTANCE.fullmatch(names[index]).groups() for index in pair)
    return f"ND_{first}_{second}{date or ''}"


# Metadata of a band or a file: acquisition date, ISO 8601.
DATE_TAG = "ACQUISITION_DATE"

# Metadata of a file: YES for synthetic sample data.
SYNTHETIC_TAG = "SYNTHETIC"


def _date_of(band, reader):
    """The ISO date of a band, from its tags, its raster's tags or its name; empty if there is none."""
    for tags in (band.tags, reader.tags):
        if re.match(r"\d{4}-\d{2}-\d{2}", tags.get(DATE_TAG, "")):
            return tags[DATE_TAG][:10]
    found = re.search(r"_((?:19|20)\d{2})(\d{2})(\d{2})$", band.name)
    return "-".join(found.groups()) if found else ""


DATED_BAND = re.compile(r"(B(?:0[1-9]|1[0-2]|8A)|SCL)_(\d{4})(\d{2})(\d{2})")

# Tag of a series with its acquisition dates.
ACQUISITIONS_TAG = "ACQUISITION_DATES"


def dated_bands(names):
    """Band indices of a series by date and band name.

    Parameters
    ----------
    names : sequence of str
        Such as ``B04_20180627``; other names are ignored.

    Returns
    -------
    dict of datetime.date to dict of str to int
        Index of each band on each date, in order of date.
    """
    days = {}
    for index, name in enumerate(names):
        match = DATED_BAND.fullmatch(name)
        if match and _is_date(match):
            days.setdefault(date(*(int(match[group]) for group in (2, 3, 4))), {})[match[1]] = index
    return dict(sorted(days.items()))


def _is_date(match):
    try:
        date(*(int(match[group]) for group in (2, 3, 4)))
    except ValueError:
        return False
    return True
