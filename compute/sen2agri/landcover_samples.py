"""Training pixels from an existing land-cover map: eroded patches, trimmed of spectral outliers."""

import numpy as np

from ..errors import UnsuitableInput
from ..insitu.pixel_sampler import PixelSampler, pixel_positions
from ..raster.blocks import run_blocks
from ..raster.grid import require_crs
from ..raster.resampled_reader import ResampledReader
from ..raster.writer import RasterLayout, create_raster
from .crop_features import TRIMMING_FEATURES

NO_LABEL = 255

# Maximum number of values of a land-cover map.
MAX_CLASSES = 256

# Pixels sampled per class to fit its ellipsoid.
PIXELS_PER_CLASS = 50000

# Classes with fewer pixels are not trimmed.
MIN_PIXELS_TO_TRIM = 50


def write_labels(task, stack, path, executor, progress):
    """Write a raster of reference labels: cropland (1), no cropland (0), not used (255).

    Parameters
    ----------
    task : ProductTask
    stack : SeriesStack
    path : str
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    list of str
        Notes for the report.

    Raises
    ------
    UnsuitableInput
        If the map does not cover the series, or only cropland or no cropland is left.
    """
    require_crs(stack.grid, "The series")
    settings = task.reference_settings
    with ResampledReader(task.reference, stack.grid, "nearest") as reader:
        progress.say("Selecting training pixels from the reference map ...")
        eroded = ErodedMap(reader, settings.erosion_radius)
        values = _class_values(eroded, stack, task.reference, executor, progress.part(0.0, 0.1))
        ellipsoids = None
        if settings.trimming_alpha > 0:
            sample = _sample(eroded, stack, values, task.forest.seed, executor, progress.part(0.1, 0.5))
            ellipsoids = [fit_ellipsoid(sample.features[sample.classes == index].astype(np.float64),
                                        settings.trimming_alpha) for index in range(len(values))]
        counts = _write_raster(eroded, stack, values, ellipsoids, settings, path, executor, progress.part(0.5, 1.0))
    if not counts.all():
        raise UnsuitableInput(
            f"{task.reference} has {'no' if not counts[1] else 'only'} cropland in the area of the series: its values "
            f"are {', '.join(map(str, values))}, and cropland is {', '.join(map(str, settings.crop_classes))}. Check "
            "CROP_CLASSES, or use a reference map with cropland and other classes.")
    return [f"{counts[1]} pixels of cropland and {counts[0]} other pixels of the reference map are available for "
            "training after erosion and trimming."]


class ErodedMap:
    """A class map without the pixels near borders of its patches.

    Parameters
    ----------
    reader : ResampledReader
        Reader of the map on the grid of the series.
    radius : int
        Erosion radius in pixels.
    """

    def __init__(self, reader, radius):
        self._reader, self._radius = reader, radius
        rows, columns = np.mgrid[-radius:radius + 1, -radius:radius + 1]
        self._footprint = rows ** 2 + columns ** 2 <= (radius + 0.5) ** 2

    def read(self, window):
        """Read the class of each pixel of a window, row by row; -1 near borders and without data.

        Returns
        -------
        ndarray of int64, shape (pixels,)
        """
        from scipy.ndimage import maximum_filter, minimum_filter

        padded = window.padded(self._radius).intersection(self._reader.grid.window)
        values = self._reader.read_physical(padded, [0])[0]
        classes = np.where(np.isfinite(values), values, -1).astype(np.int64)
        if self._radius:
            minimum = minimum_filter(classes, footprint=self._footprint, mode="nearest")
            maximum = maximum_filter(classes, footprint=self._footprint, mode="nearest")
            classes = np.where(minimum == maximum, classes, -1)
        return classes[window.relative_to(padded).slices].ravel()


def fit_ellipsoid(pixels, alpha):
    """Fit a Mahalanobis ellipsoid to the pixels of a class, repeatedly trimming outliers until none is left.

    Parameters
    ----------
    pixels : ndarray of float64, shape (pixels, features)
    alpha : float
        Fraction of a normal distribution outside the ellipsoid.

    Returns
    -------
    mean : ndarray of float64, shape (features,)
    inverse : ndarray of float64, shape (features, features)
    limit : float
        Maximum squared Mahalanobis distance; infinite for fewer than ``MIN_PIXELS_TO_TRIM`` pixels.
    """
    from scipy.stats import chi2

    limit = chi2.ppf(1.0 - alpha, pixels.shape[1])
    while len(pixels) >= MIN_PIXELS_TO_TRIM:
        mean = pixels.mean(axis=0)
        inverse = np.linalg.pinv(np.cov(pixels, rowvar=False), hermitian=True)
        is_inlier = squared_distance(pixels, mean, inverse) <= limit
        if is_inlier.all():
            return mean, inverse, limit
        pixels = pixels[is_inlier]
    return np.zeros(pixels.shape[1]), np.zeros((pixels.shape[1],) * 2), np.inf


def squared_distance(pixels, mean, inverse):
    """Squared Mahalanobis distance of each pixel.

    Returns
    -------
    ndarray of float64, shape (pixels,)
    """
    centred = pixels - mean
    return np.einsum("ij,jk,ik->i", centred, inverse, centred)


def _class_values(eroded, stack, path, executor, progress):
    found = np.empty(0, np.int64)

    def finish(_, values):
        nonlocal found
        found = np.union1d(found, values)
        if len(found) > MAX_CLASSES:
            raise UnsuitableInput(f"{path} has more than {MAX_CLASSES} different values and is not a land-cover "
                                  "map. Choose another reference map.")

    def work(window):
        progress.check()
        values = np.unique(eroded.read(window))
        return values[values >= 0]

    run_blocks(stack.blocks(), work, finish, executor, progress)
    if not len(found):
        raise UnsuitableInput(f"{path} has no patch of a class left in the area of the series. Use a map of this area, "
                              "or a smaller EROSION_RADIUS.")
    return found


def _sample(eroded, stack, values, seed, executor, progress):
    trimming_columns = [stack.names.index(name) for name in TRIMMING_FEATURES]
    sampler = PixelSampler(len(values), len(TRIMMING_FEATURES), PIXELS_PER_CLASS, seed)

    def work(window):
        progress.check()
        classes = eroded.read(window)
        inside = np.flatnonzero(classes >= 0)
        features, valid = stack.read(window, inside)
        selected = inside[valid]
        pixels = pixel_positions(window, selected, stack.grid)
        parcels = np.zeros(len(selected), np.int32)
        return np.searchsorted(values, classes[selected]), pixels, features[valid][:, trimming_columns], parcels

    run_blocks(stack.blocks(), work, lambda _, block: sampler.add(*block), executor, progress)
    return sampler.result()


def _write_raster(eroded, stack, values, ellipsoids, settings, path, executor, progress):
    trimming_columns = [stack.names.index(name) for name in TRIMMING_FEATURES]
    counts = np.zeros(2, np.int64)

    def work(window):
        progress.check()
        classes = eroded.read(window)
        is_used = classes >= 0
        if ellipsoids:
            features, valid = stack.read(window)
            is_used &= valid
            for value, (mean, inverse, limit) in zip(values, ellipsoids):
                members = np.flatnonzero(is_used & (classes == value))
                pixels = features[members][:, trimming_columns].astype(np.float64)
                is_used[members[squared_distance(pixels, mean, inverse) > limit]] = False
        labels = np.isin(classes, settings.crop_classes).astype(np.uint8)
        return np.where(is_used, labels, NO_LABEL).astype(np.uint8).reshape(1, *window.shape)

    layout = RasterLayout(stack.grid, "uint8", ("reference",), nodata=NO_LABEL)
    with create_raster(path, layout) as raster:
        def finish(window, labels):
            raster.write(window, labels)
            np.add(counts, [np.count_nonzero(labels == 0), np.count_nonzero(labels == 1)], out=counts)

        run_blocks(stack.blocks(), work, finish, executor, progress)
    return counts
