"""Names of bands with dates (``B04_20180627``) and the tags of dates and of synthetic data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .reader import Band

# Metadata of a band or a file: acquisition date, ISO 8601; of a series: its acquisition dates, separated by commas.
DATE_TAG = "ACQUISITION_DATE"
ACQUISITIONS_TAG = "ACQUISITION_DATES"

# Metadata of a file: YES for synthetic sample data.
SYNTHETIC_TAG = "SYNTHETIC"

REFLECTANCE = re.compile(r"B(?:0[1-9]|1[0-2]|8A)")
SERIES_BAND = re.compile(rf"{REFLECTANCE.pattern}|SCL")
DATED_NAME = re.compile(r"(.+)_((?:19|20)\d{2})(\d{2})(\d{2})")


@dataclass(frozen=True)
class BandName:
    """Name of a band.

    Parameters
    ----------
    band : str
        Such as ``B04``; the whole name without a date.
    date : datetime.date or None
    """

    band: str
    date: date | None = None

    def text(self) -> str:
        """Return the name in the file: ``B04_20180627``."""
        return f"{self.band}_{self.date:%Y%m%d}" if self.date else self.band


def parse_band_name(name: str) -> BandName:
    """Return band and date of a name; a suffix that is no calendar date belongs to the band."""
    match = DATED_NAME.fullmatch(name)
    day = _calendar_date(match.groups()[1:]) if match else None
    return BandName(match[1], day) if day else BandName(name)


def dated_bands(names: Sequence[str]) -> dict[date, dict[str, int]]:
    """Band indices of a Sentinel-2 series by date and band name.

    Parameters
    ----------
    names : sequence of str
        Such as ``B04_20180627``; names of other bands, and names without a date, are ignored.

    Returns
    -------
    dict of datetime.date to dict of str to int
        Index of each band on each date, in order of date.
    """
    days = {}
    for index, name in enumerate(map(parse_band_name, names)):
        if name.date and SERIES_BAND.fullmatch(name.band):
            days.setdefault(name.date, {})[name.band] = index
    return dict(sorted(days.items()))


def band_difference_name(names: Sequence[str], pair: tuple[int, int]) -> str:
    """Return the name of a band difference: ``ND_B04_B08_20180627`` of B04_20180627 and B08_20180627."""
    (first, suffix), (second, _) = (reflectance_band(names[index]) for index in pair)
    return f"ND_{first}_{second}{suffix}"


def reflectance_band(name: str) -> tuple[str, str] | None:
    """Return the reflectance band of a name and the rest of it (``_20180627``, or any other suffix).

    Returns
    -------
    tuple of (str, str), or None
        None if the name is not that of a reflectance band.
    """
    found = re.fullmatch(rf"({REFLECTANCE.pattern})((?:_.+)?)", name)
    return found.groups() if found else None


def date_of(band: Band, tags: Mapping[str, str]) -> date | None:
    """Return the acquisition date of a band: from its tags, those of its file, or its name.

    Parameters
    ----------
    band : Band
    tags : dict of str to str
        Metadata of the file.
    """
    for text in (band.tags.get(DATE_TAG, ""), tags.get(DATE_TAG, "")):
        found = re.match(r"(\d{4})-(\d{2})-(\d{2})", text)
        day = _calendar_date(found.groups()) if found else None
        if day:
            return day
    return parse_band_name(band.name).date


def is_synthetic(tags: Mapping[str, str]) -> bool:
    """Whether the metadata of a file mark it as synthetic sample data."""
    return tags.get(SYNTHETIC_TAG, "").upper() == "YES"


def synthetic_tag(synthetic: bool) -> dict[str, str]:
    """Return the metadata that mark a file as synthetic; empty for real data."""
    return {SYNTHETIC_TAG: "YES"} if synthetic else {}


def _calendar_date(parts: Iterable[str]) -> date | None:
    try:
        return date(*map(int, parts))
    except ValueError:
        return None
