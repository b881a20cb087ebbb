"""Service, area and date of a chart from its file name; each service has its own naming convention.

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
