"""Names of features that say band and date, as the time series tool writes them: ``B04_20180627``."""

import re

DATED = re.compile(r"(?P<band>.+)_(?P<date>\d{8})")


def band_and_date(name):
    """(band, ISO date) of a feature name; (name, "") if it is not dated."""
    match = DATED.fullmatch(name)
    return (match["band"], iso(match["date"])) if match else (name, "")


def iso(date):
    """``20180627`` as ``2018-06-27``."""
    return f"{date[:4]}-{date[4:6]}-{date[6:]}"
