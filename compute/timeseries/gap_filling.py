"""Gap filling in time, and interpolation of a series to other dates."""

import numpy as np

GAP_FILLING = ("none", "linear")

# Pixels per step: all their dates fit into the processor cache.
CHUNK = 16384


def fill_gaps(values, valid, days, targets=None):
    """Interpolate linearly in time between the nearest valid dates; constant before the first and after the last.

    The method is the gap filling of Sen2-Agri.

    Parameters
    ----------
    values : ndarray of float32, shape (dates, height, width)
    valid : ndarray of bool, same shape
    days : sequence of float, shape (dates,)
        Increasing.
    targets : sequence of float, optional
        Days to interpolate to; by default `days`.

    Returns
    -------
    filled : ndarray of float32, shape (targets, height, width)
        Equal to `values` on valid dates; 0 where no date is valid.
    has_data : ndarray of bool, shape (height, width)
        False where no date is valid.
    """
    days = np.asarray(days, np.float64)
    has_data = valid.any(axis=0)
    if targets is None and valid.all():
        return values, has_data
    target_days = days if targets is None else np.asarray(targets, np.float64)
    planes, flags = values.reshape(len(days), -1), valid.reshape(len(days), -1)
    filled = np.empty((len(target_days), planes.shape[1]), np.float32)
    tables = [_interpolation_table(days, day) for day in target_days]
    for start in range(0, planes.shape[1], CHUNK):
        chunk = slice(start, start + CHUNK)
        _fill_chunk(np.ascontiguousarray(planes[:, chunk]), flags[:, chunk], tables, filled[:, chunk])
    return filled.reshape(len(target_days), *has_data.shape), has_data


def _fill_chunk(planes, valid, tables, filled):
    """Interpolate a chunk of pixels to each target day."""
    pixel_count = planes.shape[1]
    before, after = _valid_neighbours(valid)
    none_before, none_after = np.full(pixel_count, -1, np.int16), np.full(pixel_count, len(planes), np.int16)
    flat, pixels = planes.ravel(), np.arange(pixel_count, dtype=np.int32)
    for plane, (date, is_date, first, second, weight) in zip(filled, tables):
        if is_date:
            plane[:] = planes[date]
            gaps = np.flatnonzero(~valid[date])
            if not len(gaps):
                continue
        else:
            gaps = slice(None)
        earlier = (before[date - 1] if date else none_before)[gaps]
        later = (after[date] if date < len(planes) else none_after)[gaps]
        pair = (earlier.astype(np.int32) + 1) * (len(planes) + 1) + later
        columns = pixels[gaps]
        earlier_values = flat.take(first.take(pair) * pixel_count + columns)
        later_values = flat.take(second.take(pair) * pixel_count + columns)
        values = earlier_values + (later_values - earlier_values) * weight.take(pair)
        plane[gaps] = np.where(weight.take(pair) < 0, np.float32(0), values)


def _valid_neighbours(valid):
    """Indices of the last valid date up to each date and of the first from it on; -1 and `dates` for none."""
    dates = len(valid)
    before, after = np.empty(valid.shape, np.int16), np.empty(valid.shape, np.int16)
    last, following = np.full(valid.shape[1], -1, np.int16), np.full(valid.shape[1], dates, np.int16)
    for date in range(dates):
        np.copyto(last, date, where=valid[date])
        before[date] = last
        np.copyto(following, dates - 1 - date, where=valid[dates - 1 - date])
        after[dates - 1 - date] = following
    return before, after


def _interpolation_table(days, day):
    """Interpolation of a day from each possible pair of valid dates around it.

    Returns
    -------
    date : int
        Index of the first acquisition on or after the day.
    is_date : bool
        Whether that acquisition is of the day itself.
    first, second : ndarray of int32, shape (pairs,)
        Indices of the acquisitions to interpolate between; element ``(earlier + 1) * (dates + 1) + later``.
    weight : ndarray of float32, same shape
        Weight of the second; -1 where there is no valid acquisition.
    """
    dates = len(days)
    date = int(np.searchsorted(days, day))
    earlier, later = (index.ravel() for index in np.meshgrid(np.arange(-1, dates), np.arange(dates + 1), indexing="ij"))
    first = np.where(earlier >= 0, earlier, later % dates)
    second = np.where(later < dates, later, first)
    since, span = (day - days[first]).astype(np.float32), (days[second] - days[first]).astype(np.float32)
    weight = np.where(span > 0, since / np.where(span > 0, span, np.float32(1)), np.float32(0))
    weight[(earlier < 0) & (later == dates)] = -1
    return date, date < dates and days[date] == day, first.astype(np.int32), second.astype(np.int32), weight
