"""NDVI profiles of the classes over the season: percentiles over their parcels."""

from dataclasses import dataclass

import numpy as np

from .dates import band_and_date

PERCENTILES = (10, 25, 50, 75, 90)
NDVI, RED, INFRARED = "NDVI", "B04", ("B08", "B8A")


@dataclass(frozen=True, eq=False)
class Profiles:
    """NDVI of parcels (means over their pixels), by class.

    Parameters
    ----------
    dates : tuple of str
        ISO, at least two, ascending.
    classes : tuple of MapClass
    parcels : tuple of int
        Number of parcels of each class.
    percentiles : ndarray of float64, shape (classes, 5, dates)
        10th, 25th, 50th, 75th and 90th percentile over the parcels; NaN if no parcel has data.
    """

    dates: tuple
    classes: tuple
    parcels: tuple
    percentiles: np.ndarray


def class_profiles(pixels, names, classes):
    """Profiles from sampled pixels of each parcel.

    Parameters
    ----------
    pixels : ParcelPixels
    names : sequence of str
        Names of the features.
    classes : sequence of MapClass

    Returns
    -------
    Profiles or None
        None without NDVI (or red and near infrared) on at least two dates.
    """
    series = _ndvi(pixels.features, names)
    dates = tuple(sorted(series))
    if len(dates) < 2:
        return None
    means = np.stack([_means(series[date], pixels) for date in dates], axis=1)
    profiles = [(map_class, means[pixels.classes == index]) for index, map_class in enumerate(classes)
                if (pixels.classes == index).any()]
    return Profiles(dates, tuple(map_class for map_class, _ in profiles), tuple(len(rows) for _, rows in profiles),
                    np.stack([_percentiles(rows) for _, rows in profiles]))


def _ndvi(features, names):
    """NDVI of the pixels by date."""
    columns = {}
    for index, name in enumerate(names):
        band, date = band_and_date(name)
        if date:
            columns[band.upper(), date] = features[:, index].astype(np.float64)
    series = {}
    for date in {date for _, date in columns}:
        red = columns.get((RED, date))
        infrared = next((columns[band, date] for band in INFRARED if (band, date) in columns), None)
        if (NDVI, date) in columns:
            series[date] = columns[NDVI, date]
        elif red is not None and infrared is not None:
            with np.errstate(divide="ignore", invalid="ignore"):
                series[date] = (infrared - red) / (infrared + red)
    return series


def _means(values, pixels):
    valid = np.isfinite(values)
    count = len(pixels.parcel_numbers)
    total = np.bincount(pixels.parcels[valid], values[valid], count)
    counts = np.bincount(pixels.parcels[valid], minlength=count)
    return np.divide(total, counts, out=np.full(count, np.nan), where=counts > 0)


def _percentiles(rows):
    """Percentiles of the columns, ignoring NaN."""
    percentiles = np.full((len(PERCENTILES), rows.shape[1]), np.nan)
    for column in range(rows.shape[1]):
        valid = rows[np.isfinite(rows[:, column]), column]
        if len(valid):
            percentiles[:, column] = np.percentile(valid, PERCENTILES)
    return percentiles
