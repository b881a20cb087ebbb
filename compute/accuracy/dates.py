"""Band and date of feature names as written by the time series tool: ``B04_20180627``."""

import re

DATED = re.compile(r"(?P<band>.+)_(?P<date>\d{8})")


def band_and_date(name):
    """(band, ISO date) of a feature name; (name, "") without a date."""
    match = DATED.fullmatch(name)
    return (match["band"], iso(match["date"])) if match else (name, "")


def iso(date):
    """``20180627`` as ``2018-06-27``."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}"
