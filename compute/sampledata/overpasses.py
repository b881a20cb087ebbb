"""Acquisitions of both missions: dates and orbits, position of the sun and weather, and dates of the ice charts.

Sentinel-2A and -2B repeat an orbit every ten days, five days apart. The position of the sun follows the low-precision
formulas of Spencer (1971), "Fourier series representation of the position of the sun".

Sentinel-1A and -1B repeat an orbit every twelve days, six days apart. The winter is that of the CRYO04 training, with
29 passes of relative orbit 24 between 5 October 2020 and 22 March 2021. The weekly charts are valid on Thursdays.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

YEAR = 2023
SENTINEL2_RELATIVE_ORBIT = 8

# Known pass of each satellite on this orbit: date and absolute orbit number; ten days have 143 orbits.
SENTINEL2_ANCHORS = {"S2A": (date(2018, 8, 26), 16593), "S2B": (date(2022, 4, 12), 26632)}
SENTINEL2_PASS_TIMES = {"S2A": time(10, 40, 31), "S2B": time(10, 40, 29)}
CROP_SEASON_START, CROP_SEASON_END = date(YEAR, 3, 1), date(YEAR, 10, 31)

# Nominal location of the scene: farmland in the south-west of France.
LATITUDE, LONGITUDE = 43.29, 1.84

SENTINEL1_RELATIVE_ORBIT = 24
ICE_SEASON_START = date(2020, 10, 5)
SENTINEL1_PASS_COUNT = 29
SENTINEL1_PASS_DAYS = 6
SENTINEL1_PASS_TIME = time(8, 19, 41)

# Absolute orbit number of the first pass of each satellite; twelve days have 175 orbits.
SENTINEL1_FIRST_ORBITS = {"S1B": 23675, "S1A": 34746}
# Thursday, as in datetime.date.weekday.
CHART_WEEKDAY = 3


@dataclass(frozen=True)
class Overpass:
    """One acquisition of Sentinel-2.

    Parameters
    ----------
    platform : str
        S2A or S2B.
    sensed : datetime.datetime
        UTC.
    absolute_orbit : int
    cloud_fraction : float
        Cloud cover, 0..1.
    cirrus : float
        Maximum opacity of thin cloud.
    haze : float
        Reflectance of uncorrected haze in the blue.
    wetness : float
        Soil wetness, 0..1.
    swath_edge : bool
        Whether the edge of the swath cuts the scene.
    """

    platform: str
    sensed: datetime
    absolute_orbit: int
    cloud_fraction: float
    cirrus: float
    haze: float
    wetness: float
    swath_edge: bool

    @property
    def day(self):
        """int: day of the year."""
        return self.sensed.timetuple().tm_yday

    @property
    def sun(self):
        """tuple of float: zenith and azimuth (clockwise from north) of the sun in degrees."""
        return sun_angles(self.sensed, LATITUDE, LONGITUDE)


def sun_angles(moment, latitude, longitude):
    """Return the position of the sun (Spencer 1971), accurate to a few tenths of a degree.

    Parameters
    ----------
    moment : datetime.datetime
        UTC.
    latitude, longitude : float
        Degrees north and east.

    Returns
    -------
    zenith, azimuth : float
        Degrees; the azimuth is clockwise from north.
    """
    hours = moment.hour + moment.minute / 60 + moment.second / 3600
    year = 2 * np.pi * (moment.timetuple().tm_yday - 1 + (hours - 12) / 24) / 365
    declination = (0.006918 - 0.399912 * np.cos(year) + 0.070257 * np.sin(year) - 0.006758 * np.cos(2 * year)
                   + 0.000907 * np.sin(2 * year) - 0.002697 * np.cos(3 * year) + 0.00148 * np.sin(3 * year))
    minutes = 229.18 * (0.000075 + 0.001868 * np.cos(year) - 0.032077 * np.sin(year)
                        - 0.014615 * np.cos(2 * year) - 0.040849 * np.sin(2 * year))
    hour_angle = np.radians(15 * (hours - 12) + longitude + minutes / 4)
    north = np.radians(latitude)
    up = np.sin(north) * np.sin(declination) + np.cos(north) * np.cos(declination) * np.cos(hour_angle)
    east = -np.cos(declination) * np.sin(hour_angle)
    ahead = np.sin(declination) * np.cos(north) - np.cos(declination) * np.sin(north) * np.cos(hour_angle)
    return float(np.degrees(np.arccos(up))), float(np.degrees(np.arctan2(east, ahead)) % 360)


def plan_overpasses(count, rng):
    """Return acquisitions from March to October: some partly cloudy, one overcast, one cut by the swath edge.

    Parameters
    ----------
    count : int
    rng : numpy.random.Generator

    Returns
    -------
    tuple of Overpass
        In order of time.
    """
    passes = [(day, platform) for platform in SENTINEL2_ANCHORS for day in _pass_days(platform)]
    passes.sort()
    # Near the middle of each interval of the season, to avoid long gaps.
    chosen = [part[round((len(part) - 1) * rng.uniform(0.2, 0.8))]
              for part in np.array_split(np.array(passes, dtype=object), count)]
    order = rng.permutation(count)
    overcast = set(order[:1]) if count >= 5 else set()
    broken = set(order[len(overcast):len(overcast) + max(1, round(0.3 * count))])
    edge = int(order[-1])
    overpasses = []
    for index, (day, platform) in enumerate(chosen):
        cloud_fraction = (rng.uniform(0.93, 0.98) if index in overcast
                          else rng.uniform(0.12, 0.38) if index in broken else rng.uniform(0.0, 0.015))
        overpasses.append(Overpass(
            platform, datetime.combine(day, SENTINEL2_PASS_TIMES[platform]), _absolute_orbit(platform, day),
            cloud_fraction, cirrus=rng.uniform(0.04, 0.14) if index in broken else rng.uniform(0.0, 0.015),
            haze=rng.uniform(0.0, 0.016), wetness=rng.beta(1.2, 2.0), swath_edge=index == edge))
    return tuple(overpasses)


def _pass_days(platform):
    anchor, _ = SENTINEL2_ANCHORS[platform]
    first = CROP_SEASON_START + timedelta(days=(anchor - CROP_SEASON_START).days % 10)
    return [first + timedelta(days=days) for days in range(0, (CROP_SEASON_END - first).days + 1, 10)]


def _absolute_orbit(platform, day):
    anchor, orbit = SENTINEL2_ANCHORS[platform]
    return orbit + (day - anchor).days // 10 * 143


@dataclass(frozen=True)
class Pass:
    """One acquisition of Sentinel-1.

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
        return float((self.sensed.date() - ICE_SEASON_START).days)


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
    last = SENTINEL1_PASS_COUNT - 1
    chosen = np.unique(np.linspace(0, last, count).round().astype(int)) if count > 1 else [SENTINEL1_PASS_COUNT // 2]
    return tuple(_pass(int(number)) for number in chosen)


def _pass(number):
    platform = ("S1B", "S1A")[number % 2]
    day = ICE_SEASON_START + timedelta(days=SENTINEL1_PASS_DAYS * number)
    return Pass(platform, datetime.combine(day, SENTINEL1_PASS_TIME),
                SENTINEL1_FIRST_ORBITS[platform] + number // 2 * 175)


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
