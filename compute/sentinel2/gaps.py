"""Filling dates on which a pixel was not seen, and bringing a series to other dates."""

import numpy as np

GAP_FILLING = ("none", "linear")
# Pixels worked on at a time: all their dates fit into the cache of a processor.
CHUNK = 16384


def fill_gaps(values, valid, days, targets=None):
    """Linear interpolation in time between the nearest valid dates; constant before the first and after the last.

    This is the gap filling of Sen2-Agri.

    Parameters
    ----------
    values : ndarray of float32, shape (dates, height, width)
    valid : ndarray of bool, same shape
    days : sequence of float, shape (dates,)
        Increasing.
    targets : sequence of float, optional
        The days that are wanted; by default `days`.

    Returns
    -------
    filled : ndarray of float32, shape (targets, height, width)
        As `values` on days that are valid; 0 where no date is.
    known : ndarray of bool, shape (height, width)
        False where no date is valid.
    """
    days = np.asarray(days, np.float64)
    known = valid.any(axis=0)
    if targets is None and valid.all():
        return values, known
    wanted = days if targets is None else np.asarray(targets, np.float64)
    planes, flags = values.reshape(len(days), -1), valid.reshape(len(days), -1)
    filled = np.empty((len(wanted), planes.shape[1]), np.float32)
    tables = [_tables(days, day) for day in wanted]
    for start in range(0, planes.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        _fill(np.ascontiguousarray(planes[:, part]), flags[:, part], tables, filled[:, part])
    return filled.reshape(len(wanted), *known.shape), known


def _fill(planes, valid, tables, filled):
    """The wanted days of a few pixels, one after the other."""
    number = planes.shape[1]
    before, after = _neighbours(valid)
    nothing = np.full(number, -1, np.int16), np.full(number, len(planes), np.int16)
    flat, pixels = planes.ravel(), np.arange(number, dtype=np.int32)
    for plane, (date, is_date, first, second, share) in zip(filled, tables):
        if is_date:
            plane[:] = planes[date]
            gaps = np.flatnonzero(~valid[date])
            if not len(gaps):
                continue
        else:
            gaps = slice(None)
        earlier = (before[date - 1] if date else nothing[0])[gaps]
        later = (after[date] if date < len(planes) else nothing[1])[gaps]
        pair = (earlier.astype(np.int32) + 1) * (len(planes) + 1) + later
        where = pixels[gaps]
        one = flat.take(first.take(pair) * number + where)
        other = flat.take(second.take(pair) * number + where)
        values = one + (other - one) * share.take(pair)
        plane[gaps] = np.where(share.take(pair) < 0, np.float32(0), values)


def _neighbours(valid):
    """The number of the last valid date up to each date, and of the first from it on; -1 and `dates` for none."""
    dates = len(valid)
    before, after = np.empty(valid.shape, np.int16), np.empty(valid.shape, np.int16)
    last, following = np.full(valid.shape[1], -1, np.int16), np.full(valid.shape[1], dates, np.int16)
    for date in range(dates):
        np.copyto(last, date, where=valid[date])
        before[date] = last
        np.copyto(following, dates - 1 - date, where=valid[dates - 1 - date])
        after[dates - 1 - date] = following
    return before, after


def _tables(days, day):
    """How the value on a day follows from each pair of valid dates around it.

    Returns
    -------
    date : int
        The first acquisition on or after the day.
    is_date : bool
        Whether it is of that very day.
    first, second : ndarray of int32, shape (pairs,)
        Which acquisitions are mixed, by ``(earlier + 1) * (dates + 1) + later``.
    share : ndarray of float32, same shape
        Share of the second; -1 where there is no acquisition at all.
    """
    dates = len(days)
    date = int(np.searchsorted(days, day))
    earlier, later = (place.ravel() for place in np.meshgrid(np.arange(-1, dates), np.arange(dates + 1), indexing="ij"))
    first = np.where(earlier >= 0, earlier, later % dates)
    second = np.where(later < dates, later, first)
    since, span = (day - days[first]).astype(np.float32), (days[second] - days[first]).astype(np.float32)
    share = np.where(span > 0, since / np.where(span > 0, span, np.float32(1)), np.float32(0))
    share[(earlier < 0) & (later == dates)] = -1
    return date, date < dates and days[date] == day, first.astype(np.int32), second.astype(np.int32), share
