"""Cloud-free composites: the median of what was seen clearly in a month or a season."""

from datetime import date, timedelta

import numpy as np

COMPOSITES = ("none", "month", "season")
# Months of a meteorological season; one begins in December.
SEASON = 3


def period_start(day, composite):
    """First day of the period that a day belongs to.

    Seasons are the meteorological ones: they begin in March, June, September and December.

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
    """The middle of a period, as an ordinal number with halves; composites are interpolated between these.

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
    """Median over time of the valid values of each pixel; of an even number the mean of the two in the middle.

    Parameters
    ----------
    values : ndarray of float32, shape (dates, height, width)
    valid : ndarray of bool, same shape

    Returns
    -------
    median : ndarray of float32, shape (height, width)
        0 where no date is valid.
    known : ndarray of bool, same shape
    """
    count = valid.sum(axis=0, dtype=np.int16)
    known = count > 0
    if len(values) == 1:
        return np.where(known, values[0], np.float32(0)), known
    ordered = np.sort(np.where(valid, values, np.float32(np.inf)), axis=0)
    lower, upper = (np.take_along_axis(ordered, np.maximum(place, 0)[None].astype(np.intp), axis=0)[0]
                    for place in ((count - 1) // 2, count // 2))
    lower, upper = np.where(known, lower, np.float32(0)), np.where(known, upper, np.float32(0))
    return (lower + upper) * np.float32(0.5), known
