"""The dates of a series: those of the acquisitions, a regular step, or months and seasons.

Each kind knows its dates, which name the bands, and turns the planes of the acquisitions into planes of its dates.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from ..errors import UnsuitableInput
from .composite import clear_median, period_middle, period_start
from .gaps import fill_gaps


def time_steps(dates, settings):
    """The dates of the result.

    Parameters
    ----------
    dates : sequence of datetime.date
        Of the acquisitions, increasing.
    settings : SeriesSettings

    Returns
    -------
    AcquisitionDates, RegularDates or Periods
    """
    days = tuple(day.toordinal() for day in dates)
    filled = settings.gap_filling == "linear"
    if settings.composite != "none":
        return Periods(days, settings.composite, filled)
    if settings.interval:
        start = date.fromisoformat(settings.start).toordinal() if settings.start else days[0]
        end = date.fromisoformat(settings.end).toordinal() if settings.end else days[-1]
        return RegularDates(days, tuple(range(start, end + 1, settings.interval)))
    return AcquisitionDates(days, filled)


def require_sense(settings, bands_of_time):
    """Refuse settings that contradict each other.

    Parameters
    ----------
    settings : SeriesSettings
    bands_of_time : container of str
        The bands that may be interpolated and averaged.

    Raises
    ------
    UnsuitableInput
    """
    if settings.composite != "none" and settings.interval:
        raise UnsuitableInput("A composite and a regular interval exclude each other. Choose one of them.")
    if settings.interval and settings.gap_filling == "none":
        raise UnsuitableInput("Regular dates are interpolated: choose linear gap filling, or no interval.")
    fixed = [band for band in settings.bands if band not in bands_of_time]
    if fixed and (settings.interval or settings.composite != "none"):
        raise UnsuitableInput(f"{', '.join(fixed)} cannot be brought to other dates, only reflectance can. Leave it "
                              "out, or keep the dates of the acquisitions.")


@dataclass(frozen=True)
class AcquisitionDates:
    """The dates of the acquisitions, with their gaps filled or not.

    `counted` says whether clear observations are counted for each date as well.
    """

    days: tuple
    filled: bool
    counted: bool = False

    @property
    def dates(self):
        """tuple of datetime.date"""
        return tuple(map(date.fromordinal, self.days))

    @property
    def members(self):
        """tuple of tuple of int: the acquisitions that belong to each date."""
        return tuple((index,) for index in range(len(self.days)))

    def planes(self, values, valid):
        """Planes of the dates from those of the acquisitions.

        Parameters
        ----------
        values : ndarray of float32, shape (acquisitions, height, width)
        valid : ndarray of bool, same shape

        Returns
        -------
        values, valid : ndarray, shape (dates, height, width)
        """
        if not self.filled:
            return values, valid
        values, known = fill_gaps(values, valid, self.days)
        return values, np.broadcast_to(known, values.shape)


@dataclass(frozen=True)
class RegularDates:
    """Dates a fixed number of days apart, interpolated between the acquisitions."""

    days: tuple
    targets: tuple
    counted: bool = False

    @property
    def dates(self):
        """tuple of datetime.date"""
        return tuple(map(date.fromordinal, self.targets))

    @property
    def members(self):
        """tuple of tuple of int: the acquisition nearest to each date."""
        days = np.array(self.days)
        return tuple((int(np.abs(days - target).argmin()),) for target in self.targets)

    def planes(self, values, valid):
        """As :meth:`AcquisitionDates.planes`."""
        values, known = fill_gaps(values, valid, self.days, self.targets)
        return values, np.broadcast_to(known, values.shape)


@dataclass(frozen=True)
class Periods:
    """Months or seasons with an acquisition in them; each is named by its first day."""

    days: tuple
    composite: str
    filled: bool
    counted: bool = True

    @property
    def dates(self):
        """tuple of datetime.date"""
        return tuple(sorted(set(self._starts)))

    @property
    def _starts(self):
        return [period_start(date.fromordinal(day), self.composite) for day in self.days]

    @property
    def members(self):
        """tuple of tuple of int: the acquisitions that belong to each date."""
        return tuple(tuple(index for index, start in enumerate(self._starts) if start == wanted)
                     for wanted in self.dates)

    def planes(self, values, valid):
        """As :meth:`AcquisitionDates.planes`: the median of the clear values of each period, then gap filling."""
        medians = [clear_median(values[list(group)], valid[list(group)]) for group in self.members]
        values, valid = (np.stack(planes) for planes in zip(*medians))
        if not self.filled:
            return values, valid
        middles = [period_middle(start, self.composite) for start in self.dates]
        values, known = fill_gaps(values, valid, middles)
        return values, np.broadcast_to(known, values.shape)
