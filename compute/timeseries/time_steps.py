"""Acquisition dates, regular dates, monthly and seasonal composites.

Output dates of a series: acquisition dates, regular dates, or monthly and seasonal composites.

Each class has the output dates, which become band names, and converts planes by acquisition to planes by output date.

Cloud-free composites: the median of the clear observations of a month or a season.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ..errors import UnsuitableInput
from .gap_filling import fill_gaps

COMPOSITES = ("none", "month", "season")

# Months per meteorological season.
SEASON = 3


def period_start(day, composite):
    """First day of the period that contains a day.

    Seasons are meteorological: they begin in March, June, September and December.

    Parameters
    ----------
    day : datetime.date
    composite : {"month", "season"}

    Returns
    -------
    datetime.date
    """
    if composite == "month":
        return day.replace(day=1)
    months = day.year * 12 + day.month - 1
    months -= (months + 1) % SEASON
    return date(months // 12, months % 12 + 1, 1)


def period_middle(start, composite):
    """Middle of a period as an ordinal day, possibly with a half; gaps of composites are filled between these.

    Parameters
    ----------
    start : datetime.date
        First day of the period.
    composite : {"month", "season"}

    Returns
    -------
    float
    """
    months = start.year * 12 + start.month - 1 + (1 if composite == "month" else SEASON)
    end = date(months // 12, months % 12 + 1, 1) - timedelta(days=1)
    return (start.toordinal() + end.toordinal()) / 2


def clear_median(values, valid):
    """Median over time of the valid values of each pixel; for an even count, the mean of the two middle values.

    Parameters
    ----------
    values : ndarray of float32, shape (dates, height, width)
    valid : ndarray of bool, same shape

    Returns
    -------
    median : ndarray of float32, shape (height, width)
        0 where no date is valid.
    has_data : ndarray of bool, same shape
    """
    count = valid.sum(axis=0, dtype=np.int16)
    has_data = count > 0
    if len(values) == 1:
        return np.where(has_data, values[0], np.float32(0)), has_data
    ordered = np.sort(np.where(valid, values, np.float32(np.inf)), axis=0)
    lower, upper = (np.take_along_axis(ordered, np.maximum(rank, 0)[None].astype(np.intp), axis=0)[0]
                    for rank in ((count - 1) // 2, count // 2))
    lower, upper = np.where(has_data, lower, np.float32(0)), np.where(has_data, upper, np.float32(0))
    return (lower + upper) * np.float32(0.5), has_data


def time_steps(dates, settings):
    """Output dates selected in the settings.

    Parameters
    ----------
    dates : sequence of datetime.date
        Acquisition dates, increasing.
    settings : SeriesSettings

    Returns
    -------
    AcquisitionDates, RegularDates or Periods
    """
    days = tuple(day.toordinal() for day in dates)
    fill = settings.gap_filling == "linear"
    if settings.composite != "none":
        return Periods(days, settings.composite, fill)
    if settings.interval:
        start = date.fromisoformat(settings.start_date).toordinal() if settings.start_date else days[0]
        end = date.fromisoformat(settings.end_date).toordinal() if settings.end_date else days[-1]
        return RegularDates(days, tuple(range(start, end + 1, settings.interval)))
    return AcquisitionDates(days, fill)


def check_time_settings(settings, interpolable_bands):
    """Reject settings that contradict each other.

    Parameters
    ----------
    settings : SeriesSettings
    interpolable_bands : container of str
        Bands that may be interpolated and averaged.

    Raises
    ------
    UnsuitableInput
    """
    if settings.composite != "none" and settings.interval:
        raise UnsuitableInput("A composite and a regular interval exclude each other. Choose one of them.")
    if settings.interval and settings.gap_filling == "none":
        raise UnsuitableInput("Regular dates require interpolation. Choose linear gap filling, or no interval.")
    fixed = [band for band in settings.bands if band not in interpolable_bands]
    if fixed and (settings.interval or settings.composite != "none"):
        raise UnsuitableInput(f"{', '.join(fixed)} cannot be interpolated in time, only reflectance can. Leave it "
                              "out, or keep the acquisition dates.")


@dataclass(frozen=True)
class AcquisitionDates:
    """The acquisition dates, with or without gap filling.

    `counts_by_date` is whether clear observations are also counted for each output date.
    """

    days: tuple
    fill: bool
    counts_by_date: bool = False

    @property
    def dates(self):
        """tuple of datetime.date"""
        return tuple(map(date.fromordinal, self.days))

    @property
    def members(self):
        """tuple of tuple of int: indices of the acquisitions of each date."""
        return tuple((index,) for index in range(len(self.days)))

    def planes(self, values, valid):
        """Convert planes by acquisition to planes by output date.

        Parameters
        ----------
        values : ndarray of float32, shape (acquisitions, height, width)
        valid : ndarray of bool, same shape

        Returns
        -------
        values, valid : ndarray, shape (dates, height, width)
        """
        if not self.fill:
            return values, valid
        values, has_data = fill_gaps(values, valid, self.days)
        return values, np.broadcast_to(has_data, values.shape)


@dataclass(frozen=True)
class RegularDates:
    """Dates at a fixed interval, interpolated between the acquisitions."""

    days: tuple
    targets: tuple
    counts_by_date: bool = False

    @property
    def dates(self):
        """tuple of datetime.date"""
        return tuple(map(date.fromordinal, self.targets))

    @property
    def members(self):
        """tuple of tuple of int: index of the acquisition nearest to each date."""
        days = np.array(self.days)
        return tuple((int(np.abs(days - target).argmin()),) for target in self.targets)

    def planes(self, values, valid):
        """As :meth:`AcquisitionDates.planes`."""
        values, has_data = fill_gaps(values, valid, self.days, self.targets)
        return values, np.broadcast_to(has_data, values.shape)


@dataclass(frozen=True)
class Periods:
    """Months or seasons with at least one acquisition, dated by their first day."""

    days: tuple
    composite: str
    fill: bool
    counts_by_date: bool = True

    @property
    def dates(self):
        """tuple of datetime.date"""
        return tuple(sorted(set(self._starts)))

    @property
    def _starts(self):
        return [period_start(date.fromordinal(day), self.composite) for day in self.days]

    @property
    def members(self):
        """tuple of tuple of int: indices of the acquisitions of each date."""
        return tuple(tuple(index for index, start in enumerate(self._starts) if start == period)
                     for period in self.dates)

    def planes(self, values, valid):
        """As :meth:`AcquisitionDates.planes`: median of the clear values of each period, then gap filling."""
        medians = [clear_median(values[list(group)], valid[list(group)]) for group in self.members]
        values, valid = (np.stack(planes) for planes in zip(*medians))
        if not self.fill:
            return values, valid
        middles = [period_middle(start, self.composite) for start in self.dates]
        values, has_data = fill_gaps(values, valid, middles)
        return values, np.broadcast_to(has_data, values.shape)
