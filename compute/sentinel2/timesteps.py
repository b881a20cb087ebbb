"""Output dates of a series: acquisition dates, regular dates, or monthly and seasonal composites.

Each class has the output dates, which become band names, and converts planes by acquisition to planes by output date.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from ..errors import UnsuitableInput
from .composite import clear_median, period_middle, period_start
from .gaps import fill_gaps


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
        start = date.fromisoformat(settings.start).toordinal() if settings.start else days[0]
        end = date.fromisoformat(settings.end).toordinal() if settings.end else days[-1]
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
