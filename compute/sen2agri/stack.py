"""A dated series of reflectances as the features of a product, computed block by block while the forest reads."""

import re
from datetime import date

import numpy as np

from ..errors import UnsuitableInput
from ..forest.features import ALL, FeatureStack

DATED_BAND = re.compile(r"(B(?:0[1-9]|1[0-2]|8A)|SCL)_(\d{4})(\d{2})(\d{2})")
# Tag in which a series says of which days its images were.
ACQUISITIONS_TAG = "ACQUISITION_DATES"
HOW_TO = "Make the series with 'Stack a Sentinel-2 time series' (B03, B04, B08 and B11, linear gap filling)."


def dated_bands(names):
    """Which bands a series has on which days.

    Parameters
    ----------
    names : sequence of str
        ``B04_20180627`` ...; others are passed over.

    Returns
    -------
    dict of datetime.date to dict of str to int
        Place of each band of each day; days rising.
    """
    days = {}
    for place, name in enumerate(names):
        found = DATED_BAND.fullmatch(name)
        if found and _is_day(found):
            days.setdefault(date(*(int(found[number]) for number in (2, 3, 4))), {})[found[1]] = place
    return dict(sorted(days.items()))


def _is_day(found):
    try:
        date(*(int(found[number]) for number in (2, 3, 4)))
    except ValueError:
        return False
    return True


def _acquisitions(text):
    try:
        return tuple(sorted(map(date.fromisoformat, filter(None, text.split(",")))))
    except ValueError:
        return ()


class SeriesStack(FeatureStack):
    """A series, opened to be read as the features of a product.

    Parameters
    ----------
    path : str
    make : callable
        Takes the days, gives an object with ``bands``, ``names`` and ``compute``.
    fewest : int
        Dates that are needed.

    Attributes
    ----------
    days : tuple of datetime.date
        Of the series.
    acquisitions : tuple of datetime.date
        Of the images that it was made of, as the file says; those of the series where it does not.

    Raises
    ------
    MissingInput, UnreadableInput
        If the raster cannot be opened.
    UnsuitableInput
        If it is no series, or lacks bands or dates.
    """

    def __init__(self, path, make, fewest=2):
        super().__init__((path,))
        try:
            series = dated_bands(self.names)
            self.days = tuple(series)
            self.acquisitions = _acquisitions(self.readers[0].tags.get(ACQUISITIONS_TAG, "")) or self.days
            self._maker = make(self.days)
            self._check(path, series, fewest)
        except BaseException:
            self.close()
            raise
        self.select_bands([series[day][band] for day in self.days for band in self._maker.bands])
        self.names = self._maker.names

    def _check(self, path, series, fewest):
        if not series:
            raise UnsuitableInput(f"{path} is no dated series: none of its bands is called like B04_20180627. {HOW_TO}")
        lacking = sorted({band for bands in series.values() for band in self._maker.bands if band not in bands})
        if lacking:
            day = next(day for day, bands in series.items() if lacking[0] not in bands)
            raise UnsuitableInput(f"{path} lacks {', '.join(lacking)} (for instance on {day}). {HOW_TO} The red-edge "
                                  "features need B02, B05, B06 and B07 as well, or switch RED_EDGE off.")
        if len(series) < fewest:
            raise UnsuitableInput(f"{path} has {len(series)} dates, but the features of this product need at least "
                                  f"{fewest}. Use a longer season.")

    def read(self, window, wanted=ALL):
        """The features of the pixels of a window; see :meth:`FeatureStack.read`."""
        bands, valid = self.read_bands(window, wanted)
        features = np.full((len(valid), len(self.names)), np.nan, np.float32)
        if valid.any():
            features[valid] = self._maker.compute({name: values[valid] for name, values in bands.items()})
        return features, valid

    def read_bands(self, window, wanted=ALL):
        """The reflectances of the pixels of a window; see :meth:`FeatureStack.read`.

        Returns
        -------
        dict of str to ndarray of float32, shape (pixels, dates)
        ndarray of bool, shape (pixels,)
            Where every band of every date has data.
        """
        values, valid = super().read(window, wanted)
        count = len(self._maker.bands)
        return {band: values[:, place::count] for place, band in enumerate(self._maker.bands)}, valid
