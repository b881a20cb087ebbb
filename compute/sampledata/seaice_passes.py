"""Dates of Sentinel-1 passes and ice charts, those of the winter of the CRYO04 training.

Sentinel-1A and -1B repeat an orbit every twelve days, six days apart. Relative orbit 24 had 29 passes between
5 October 2020 and 22 March 2021. The weekly charts are valid on Thursdays.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

RELATIVE_ORBIT = 24
SEASON_START = date(2020, 10, 5)
PASSES = 29
DAYS_BETWEEN = 6
OVERPASS_TIME = time(8, 19, 41)
# Absolute orbit number of the first pass of each satellite; twelve days have 175 orbits.
FIRST_ORBITS = {"S1B": 23675, "S1A": 34746}
CHART_WEEKDAY = 3


@dataclass(frozen=True)
class Pass:
    """One acquisition.

    Parameters
    ----------
    platform : str
        S1A or S1B.
    sensed : datetime.datetime
        UTC, of the first line.
    absolute_orbit : int
    """

    platform: str
    sensed: datetime
    absolute_orbit: int

    @property
    def days(self):
        """float: days since the start of the season."""
        return float((self.sensed.date() - SEASON_START).days)


def plan_passes(count):
    """Return the given number of acquisitions spread over the winter, in chronological order.

    Parameters
    ----------
    count : int
        1 to 29.

    Returns
    -------
    tuple of Pass
    """
    chosen = np.unique(np.linspace(0, PASSES - 1, count).round().astype(int)) if count > 1 else [PASSES // 2]
    return tuple(_pass(int(number)) for number in chosen)


def _pass(number):
    platform = ("S1B", "S1A")[number % 2]
    day = SEASON_START + timedelta(days=DAYS_BETWEEN * number)
    return Pass(platform, datetime.combine(day, OVERPASS_TIME), FIRST_ORBITS[platform] + number // 2 * 175)


def chart_days(passes):
    """Return the Thursdays nearest to the acquisitions.

    Returns
    -------
    tuple of datetime.date
        Sorted, unique.
    """
    return tuple(sorted({_nearest_thursday(scene.sensed.date()) for scene in passes}))


def _nearest_thursday(day):
    offset = (CHART_WEEKDAY - day.weekday() + 3) % 7 - 3
    return day + timedelta(days=offset)
