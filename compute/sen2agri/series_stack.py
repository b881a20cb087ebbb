"""A dated series of reflectances as a feature stack: the features of a product, computed by block."""

from datetime import date

import numpy as np

from ..classification.feature_stack import ALL, FeatureStack
from ..errors import UnsuitableInput
from ..raster.band_metadata import ACQUISITIONS_TAG, dated_bands

ADVICE = "Make the series with 'Stack a Sentinel-2 time series' (B03, B04, B08 and B11, linear gap filling)."


def _acquisitions(text):
    try:
        return tuple(sorted(map(date.fromisoformat, filter(None, text.split(",")))))
    except ValueError:
        return ()


class SeriesStack(FeatureStack):
    """A series opened as the features of a product.

    Parameters
    ----------
    path : str
    make_features : callable
        Returns an object with ``bands``, ``names`` and ``compute`` for the dates of the series.
    min_dates : int
        Minimum number of dates.

    Attributes
    ----------
    days : tuple of datetime.date
        Dates of the series.
    acquisitions : tuple of datetime.date
        Acquisition dates in the tags of the file; by default the dates of the series.

    Raises
    ------
    MissingInput, UnreadableInput
        If the raster cannot be opened.
    UnsuitableInput
        If it is not a dated series, or lacks bands or dates.
    """

    def __init__(self, path, make_features, min_dates=2):
        super().__init__((path,))
        try:
            series = dated_bands(self.names)
            self.days = tuple(series)
            self.acquisitions = _acquisitions(self.readers[0].tags.get(ACQUISITIONS_TAG, "")) or self.days
            self._features = make_features(self.days)
            self._check(path, series, min_dates)
        except BaseException:
            self.close()
            raise
        self.select_bands([series[day][band] for day in self.days for band in self._features.bands])
        self.names = self._features.names

    def _check(self, path, series, min_dates):
        if not series:
            raise UnsuitableInput(f"{path} is no dated series: it has no band named like B04_20180627. {ADVICE}")
        missing = sorted({band for bands in series.values() for band in self._features.bands if band not in bands})
        if missing:
            day = next(day for day, bands in series.items() if missing[0] not in bands)
            raise UnsuitableInput(f"{path} lacks {', '.join(missing)} (for example on {day}). {ADVICE} The red-edge "
                                  "features require B02, B05, B06 and B07 as well, or switch RED_EDGE off.")
        if len(series) < min_dates:
            raise UnsuitableInput(f"{path} has {len(series)} dates, but the features of this product require at "
                                  f"least {min_dates}. Use a longer season.")

    def read(self, window, wanted=ALL):
        """Compute the features of the pixels of a window; see :meth:`FeatureStack.read`."""
        bands, valid = self.read_bands(window, wanted)
        features = np.full((len(valid), len(self.names)), np.nan, np.float32)
        if valid.any():
            features[valid] = self._features.compute({name: values[valid] for name, values in bands.items()})
        return features, valid

    def read_bands(self, window, wanted=ALL):
        """Read the reflectances of the pixels of a window; see :meth:`FeatureStack.read`.

        Returns
        -------
        dict of str to ndarray of float32, shape (pixels, dates)
        ndarray of bool, shape (pixels,)
            Where every band of every date has data.
        """
        values, valid = super().read(window, wanted)
        count = len(self._features.bands)
        return {band: values[:, index::count] for index, band in enumerate(self._features.bands)}, valid
