"""Features of L4A and L4B.

Bands and spectral indices of each date of a series.

Arrays have shape (pixels, dates); the formulas, those of Sen2-Agri, are in :mod:`..sentinel2.spectral_indices`.

Features of the crop mask: temporal statistics of NDVI, NDWI and brightness over the season.

The features, their order and constants (window, tolerance, bare-soil threshold) are those of Sen2-Agri's crop mask
processor with in-situ data (Inglada et al. 2015, doi:10.3390/rs70912356; Matton et al. 2015, doi:10.3390/rs71013208).

Features of the crop type: reflectances, NDVI, NDWI and brightness of each date.

Features of the crop mask without in-situ data: reflectances at five moments of the season of a pixel.

As in Sen2-Agri, the moments are the steepest rise and fall of the NDVI (central differences per day), its maximum and
minimum, and the maximum of red.
"""

import numpy as np

from ..sentinel2.spectral_indices import INDICES

FOUR_BANDS = ("B03", "B04", "B08", "B11")
RED_EDGE_BANDS = ("B02", "B05", "B06", "B07")
RED_EDGE_INDICES = ("rendvi", "chlre", "psri", "s2rep")


def needed_bands(red_edge):
    """Names of the bands required for each date.

    Parameters
    ----------
    red_edge : bool

    Returns
    -------
    tuple of str
    """
    return FOUR_BANDS + RED_EDGE_BANDS if red_edge else FOUR_BANDS


def index_of(name, bands):
    """Compute a spectral index for all dates.

    Parameters
    ----------
    name : str
        Key of :data:`~..sentinel2.spectral_indices.INDICES`.
    bands : dict of str to ndarray of float32
        Reflectance by band name.

    Returns
    -------
    ndarray of float32, same shape as the bands
    """
    index = INDICES[name]
    return index.formula(*(bands[band] for band in index.bands))


WINDOW = 6
TOLERANCE = 0.05
BARE_SOIL_NDVI = 0.2
NDVI_NAMES = ("NDVI_MAX", "NDVI_MEAN", "NDVI_STD", "NDVI_CHANGE_MAX", "NDVI_CHANGE_MIN", "NDVI_CHANGE_RANGE",
              "NDVI_PLATEAU", "NDVI_PLATEAU_DAYS", "NDVI_PLATEAU_AREA", "NDVI_RISE_AREA", "NDVI_RISE_DAYS",
              "NDVI_RISE_SLOPE", "NDVI_FALL_AREA", "NDVI_FALL_DAYS", "NDVI_FALL_SLOPE", "NDVI_SOIL_UP",
              "NDVI_SOIL_DOWN")
STATISTICS = ("MAX", "MIN", "MEAN", "MEDIAN", "STD")


class CropMaskFeatures:
    """Compute the features of the crop mask from the bands of a series.

    Parameters
    ----------
    days : tuple of datetime.date
    red_edge : bool
        Whether to include the red-edge indices of each date.

    Attributes
    ----------
    bands, names : tuple of str
        Bands required for each date, and names of the features.
    """

    def __init__(self, days, red_edge=True):
        self.bands = needed_bands(red_edge)
        self._ordinals = np.array([day.toordinal() for day in days], np.float32)
        self._indices = RED_EDGE_INDICES if red_edge else ()
        self.names = (*NDVI_NAMES, *(f"{index}_{name}" for index in ("NDWI", "BRIGHTNESS") for name in STATISTICS),
                      *(f"{INDICES[index].name}_{day:%Y%m%d}" for day in days for index in self._indices))

    def compute(self, bands):
        """Compute the features of pixels.

        Parameters
        ----------
        bands : dict of str to ndarray of float32, shape (pixels, dates)

        Returns
        -------
        ndarray of float32, shape (pixels, features), C order
        """
        columns = [*ndvi_features(index_of("ndvi", bands), self._ordinals)]
        for name in ("ndwi", "brightness"):
            columns += _statistics(index_of(name, bands))
        features = np.empty((len(columns[0]), len(self.names)), np.float32)
        features[:, :len(columns)] = np.stack(columns, axis=1)
        for index, name in enumerate(self._indices):
            features[:, len(columns) + index::len(self._indices)] = index_of(name, bands)
        return features


def ndvi_features(ndvi, days):
    """The 17 features of the NDVI.

    Parameters
    ----------
    ndvi : ndarray of float32, shape (pixels, dates)
    days : ndarray of float32, shape (dates,)
        Ordinal days, increasing.

    Returns
    -------
    list of ndarray, shape (pixels,)
        In the order of ``NDVI_NAMES``; 0 for features that require more dates.
    """
    return [ndvi.max(axis=1), ndvi.mean(axis=1), ndvi.std(axis=1), *_changes(ndvi), *_plateau(ndvi, days),
            *_largest_rise(ndvi, days), *_largest_rise(-ndvi, days, -1),
            _crosses(ndvi[:, :-1] < BARE_SOIL_NDVI, ndvi[:, 1:] >= BARE_SOIL_NDVI),
            _crosses(ndvi[:, :-1] >= BARE_SOIL_NDVI, ndvi[:, 1:] < BARE_SOIL_NDVI)]


def _statistics(values):
    return [values.max(axis=1), values.min(axis=1), values.mean(axis=1), np.median(values, axis=1), values.std(axis=1)]


def _crosses(before, after):
    return (before & after).any(axis=1).astype(np.float32)


def _window_means(values):
    """Mean of each window of ``WINDOW`` dates, shape (pixels, dates - WINDOW + 1)."""
    count = values.shape[1] - WINDOW + 1
    return sum(values[:, first:first + count] for first in range(WINDOW)) / np.float32(WINDOW)


def _changes(ndvi):
    """Maximum and minimum difference of adjacent windows, and their range."""
    if ndvi.shape[1] < 2 * WINDOW:
        return [np.zeros(len(ndvi), np.float32)] * 3
    means = _window_means(ndvi)
    change = means[:, :-WINDOW] - means[:, WINDOW:]
    maximum, minimum = change.max(axis=1), change.min(axis=1)
    return [maximum, minimum, maximum - minimum]


def _plateau(ndvi, days):
    """Mean NDVI of the window with the highest mean, length of the plateau in days, and their product.

    The plateau extends the window to both sides while the NDVI stays within the tolerance of the mean.
    """
    if ndvi.shape[1] < WINDOW:
        return [np.zeros(len(ndvi), np.float32)] * 3
    means = _window_means(ndvi)
    first = means.argmax(axis=1)
    level = means.max(axis=1)
    is_near = np.abs(ndvi - level[:, None]) <= TOLERANCE
    begin, end = first.copy(), first + WINDOW - 1
    pixels = np.arange(len(ndvi))
    for _ in range(ndvi.shape[1] - WINDOW):
        extends_left = (begin > 0) & is_near[pixels, np.maximum(begin - 1, 0)]
        begin -= extends_left
        extends_right = (end < ndvi.shape[1] - 1) & is_near[pixels, np.minimum(end + 1, ndvi.shape[1] - 1)]
        end += extends_right
        if not (extends_left.any() or extends_right.any()):
            break
    length = days[end] - days[begin]
    return [level, length, level * length]


def _largest_rise(values, days, sign=1):
    """Area (rise * days / 2), length in days and slope of the monotonic rise with the largest area."""
    count = len(values)
    start = np.broadcast_to(values[:, 0], count).copy()
    start_day = np.full(count, days[0], np.float32)
    best_area, best_days, best_rise = (np.zeros(count, np.float32) for _ in range(3))
    for date in range(1, values.shape[1]):
        stops = values[:, date] <= values[:, date - 1]
        start = np.where(stops, values[:, date], start)
        start_day = np.where(stops, days[date], start_day)
        rise, length = values[:, date] - start, days[date] - start_day
        area = rise * length / 2
        is_better = area > best_area
        best_area, best_days, best_rise = (np.where(is_better, new, old) for new, old in (
            (area, best_area), (length, best_days), (rise, best_rise)))
    slope = np.divide(best_rise, best_days, out=np.zeros(count, np.float32), where=best_days > 0)
    return [sign * best_area, best_days, sign * slope]


PER_DATE = ("ndvi", "ndwi", "brightness")


class CropTypeFeatures:
    """Compute the features of the crop type from the bands of a series.

    Parameters
    ----------
    days : tuple of datetime.date
    red_edge : bool
        Whether to include the red-edge bands and indices.

    Attributes
    ----------
    bands, names : tuple of str
        Bands required for each date, and names of the features.
    """

    def __init__(self, days, red_edge=False):
        self.bands = needed_bands(red_edge)
        self._indices = PER_DATE + (RED_EDGE_INDICES if red_edge else ())
        columns = (*self.bands, *(INDICES[index].name for index in self._indices))
        self.names = tuple(f"{column}_{day:%Y%m%d}" for day in days for column in columns)

    def compute(self, bands):
        """Compute the features of pixels.

        Parameters
        ----------
        bands : dict of str to ndarray of float32, shape (pixels, dates)

        Returns
        -------
        ndarray of float32, shape (pixels, features), C order
        """
        planes = [bands[name] for name in self.bands] + [index_of(name, bands) for name in self._indices]
        return np.ascontiguousarray(np.stack(planes, axis=2).reshape(len(planes[0]), -1))


MOMENTS = ("RISE", "FALL", "MAX_NDVI", "MIN_NDVI", "MAX_RED")

# Features of the outlier test.
TRIMMING_FEATURES = ("B03_MAX_NDVI", "B04_MAX_NDVI", "B08_MAX_NDVI", "B04_MIN_NDVI", "B08_MIN_NDVI")
MIN_DATES = 3


class SpectralFeatures:
    """Compute the reflectances at the five moments from the bands of a series.

    Parameters
    ----------
    days : tuple of datetime.date
        At least three.
    red_edge : bool
        Whether to include the red-edge bands.

    Attributes
    ----------
    bands, names : tuple of str
        Bands required for each date, and names of the features.
    """

    def __init__(self, days, red_edge=False):
        self.bands = needed_bands(red_edge)
        self._ordinals = np.array([day.toordinal() for day in days], np.float32)
        self.names = tuple(f"{band}_{moment}" for moment in MOMENTS for band in self.bands)

    def compute(self, bands):
        """Compute the features of pixels.

        Parameters
        ----------
        bands : dict of str to ndarray of float32, shape (pixels, dates)

        Returns
        -------
        ndarray of float32, shape (pixels, features), C order
        """
        ndvi = index_of("ndvi", bands)
        slope = (ndvi[:, 2:] - ndvi[:, :-2]) / (self._ordinals[2:] - self._ordinals[:-2])
        # Pixels with missing values are excluded by the caller.
        dates = [1 + slope.argmax(axis=1), 1 + slope.argmin(axis=1), ndvi.argmax(axis=1), ndvi.argmin(axis=1),
                 bands["B04"].argmax(axis=1)]
        pixels = np.arange(len(ndvi))
        return np.ascontiguousarray(np.stack([bands[band][pixels, date] for date in dates for band in self.bands],
                                             axis=1))
