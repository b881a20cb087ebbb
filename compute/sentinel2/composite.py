"""Cloud-free composites: the median of the clear observations of a month or a season."""

from datetime import date, timedelta

import numpy as np

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
