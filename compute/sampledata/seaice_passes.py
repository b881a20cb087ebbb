"""When Sentinel-1 passes and when ice charts are drawn: the winter of the CRYO04 training.

Sentinel-1A and -1B return to the same orbit every twelve days, six days after one another. Relative orbit 24 was
passed 29 times between 5 October 2020 and 22 March 2021. The weekly charts are valid on Thursdays.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

RELATIVE_ORBIT = 24
SEASON_START = date(2020, 10, 5)
PASSES = 29
DAYS_BETWEEN = 6
OVERPASS_TIME = time(8, 19, 41)
# Orbit number of each satellite's first pass of the season; 175 orbits make twelve days.
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
        """float: days since the season began."""
        return float((self.sensed.date() - SEASON_START).days)


def plan_passes(count):
    """So many acquisitions spread over the winter, in order of time.

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
    """The Thursdays nearest to the acquisitions.

    Returns
    -------
    tuple of datetime.date
        Sorted, each once.
    """
    return tuple(sorted({_nearest_thursday(scene.sensed.date()) for scene in passes}))


def _nearest_thursday(day):
    offset = (CHART_WEEKDAY - day.weekday() + 3) % 7 - 3
    return day + timedelta(days=offset)
