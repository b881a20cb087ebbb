"""Filling dates on which a pixel was not seen."""

import numpy as np

GAP_FILLING = ("none", "linear")


def fill_gaps(values, valid, days):
    """Linear interpolation in time between the nearest valid dates; constant before the first and after the last.

    This is the gap filling of Sen2-Agri.

    Parameters
    ----------
    values : ndarray of float32, shape (dates, height, width)
    valid : ndarray of bool, same shape
    days : sequence of float, shape (dates,)
        Increasing.

    Returns
    -------
    filled : ndarray of float32, same shape
        As `values` where valid.
    known : ndarray of bool, shape (height, width)
        False where no date is valid.
    """
    known = valid.any(axis=0)
    if valid.all():
        return values, known
    filled = np.where(valid, values, np.float32(0))
    later = np.zeros_like(filled)
    days_to_later = np.full(filled.shape, np.inf, np.float32)
    for date in range(len(days) - 2, -1, -1):
        step = np.float32(days[date + 1] - days[date])
        later[date] = np.where(valid[date + 1], values[date + 1], later[date + 1])
        days_to_later[date] = np.where(valid[date + 1], step, days_to_later[date + 1] + step)
    earlier = np.zeros(known.shape, np.float32)
    days_since = np.full(known.shape, np.inf, np.float32)
    for date in range(len(days)):
        if date:
            days_since += np.float32(days[date] - days[date - 1])
        gap = ~valid[date] & known
        between = gap & np.isfinite(days_since) & np.isfinite(days_to_later[date])
        with np.errstate(invalid="ignore"):
            share = days_since / (days_since + days_to_later[date])
            interpolated = earlier + (later[date] - earlier) * share
        constant = np.where(np.isfinite(days_since), earlier, later[date])
        filled[date] = np.where(between, interpolated, np.where(gap, constant, filled[date]))
        earlier = np.where(valid[date], values[date], earlier)
        days_since = np.where(valid[date], np.float32(0), days_since)
    return filled, known
