"""Training pixels from an existing land-cover map: away from the borders of its patches, and without its outliers."""

import numpy as np

from ..errors import UnsuitableInput
from ..forest.regrid import RegriddedReader
from ..insitu.sample import PixelSampler
from ..raster.blocks import run_blocks
from ..raster.writer import RasterLayout, create_raster
from .spectralfeatures import TRIMMED

NO_LABEL = 255
# Values of a land-cover map.
MOST_CLASSES = 256
# Pixels of a class by which its outliers are told.
PIXELS_PER_CLASS = 50000
# Fewer pixels have no shape that outliers could fall out of.
FEWEST_TO_TRIM = 50


def write_labels(task, stack, path, executor, progress):
    """Write a raster that says where a pixel is surely cropland (1), surely not (0), or not used (255).

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
        What was done, in words.

    Raises
    ------
    UnsuitableInput
        If the map does not cover the series, or only one of cropland and the rest is left.
    """
    if not stack.grid.crs_wkt:
        raise UnsuitableInput("The series has no coordinate reference system, so nobody can tell where the reference "
                              "map lies. Assign one with the GDAL tool 'Assign projection'.")
    settings = task.reference_settings
    with RegriddedReader(task.reference, stack.grid, "nearest") as reader:
        progress.say("Taking training pixels from the reference map ...")
        cores = Cores(reader, settings.erosion_radius)
        values = _values(cores, stack, task.reference, executor, progress.part(0.0, 0.1))
        shapes = None
        if settings.trimming_alpha > 0:
            sample = _sample(cores, stack, values, task.forest.seed, executor, progress.part(0.1, 0.5))
            shapes = [core_shape(sample.features[sample.classes == place].astype(np.float64), settings.trimming_alpha)
                      for place in range(len(values))]
        counts = _write(cores, stack, values, shapes, settings, path, executor, progress.part(0.5, 1.0))
    if not counts.all():
        raise UnsuitableInput(
            f"{task.reference} has {'no' if not counts[1] else 'only'} cropland here: its values are "
            f"{', '.join(map(str, values))}, and cropland is {', '.join(map(str, settings.crop_classes))}. Check "
            "CROP_CLASSES, or use a reference map that shows both.")
    return [f"{counts[1]} pixels of cropland and {counts[0]} others of the reference map could train, away from the "
            "borders of its patches and without outliers."]


class Cores:
    """The classes of a map where all pixels around have the same class.

    Parameters
    ----------
    reader : RegriddedReader
        On the grid of the series.
    radius : int
        Pixels.
    """

    def __init__(self, reader, radius):
        self._reader, self._radius = reader, radius
        rows, columns = np.mgrid[-radius:radius + 1, -radius:radius + 1]
        self._footprint = rows ** 2 + columns ** 2 <= (radius + 0.5) ** 2

    def read(self, window):
        """The class of each pixel of a window, row by row; -1 at borders and without data.

        Returns
        -------
        ndarray of int64, shape (pixels,)
        """
        from scipy.ndimage import maximum_filter, minimum_filter

        around = window.padded(self._radius).intersection(self._reader.grid.window)
        values = self._reader.read_physical(around, [0])[0]
        classes = np.where(np.isfinite(values), values, -1).astype(np.int64)
        if self._radius:
            lowest = minimum_filter(classes, footprint=self._footprint, mode="nearest")
            highest = maximum_filter(classes, footprint=self._footprint, mode="nearest")
            classes = np.where(lowest == highest, classes, -1)
        return classes[window.relative_to(around).slices].ravel()


def core_shape(pixels, alpha):
    """Where the pixels of a class lie that are no outliers: a Mahalanobis ellipsoid, drawn anew until it keeps all.

    Parameters
    ----------
    pixels : ndarray of float64, shape (pixels, features)
    alpha : float
        Share of a normal distribution that lies outside.

    Returns
    -------
    mean : ndarray of float64, shape (features,)
    inverse : ndarray of float64, shape (features, features)
    limit : float
        Largest squared distance; infinite where there are too few pixels to tell.
    """
    from scipy.stats import chi2

    limit = chi2.ppf(1.0 - alpha, pixels.shape[1])
    while len(pixels) >= FEWEST_TO_TRIM:
        mean = pixels.mean(axis=0)
        inverse = np.linalg.pinv(np.cov(pixels, rowvar=False), hermitian=True)
        kept = squared_distance(pixels, mean, inverse) <= limit
        if kept.all():
            return mean, inverse, limit
        pixels = pixels[kept]
    return np.zeros(pixels.shape[1]), np.zeros((pixels.shape[1],) * 2), np.inf


def squared_distance(pixels, mean, inverse):
    """Squared Mahalanobis distance of each pixel.

    Returns
    -------
    ndarray of float64, shape (pixels,)
    """
    centred = pixels - mean
    return np.einsum("ij,jk,ik->i", centred, inverse, centred)


def _values(cores, stack, path, executor, progress):
    found = np.empty(0, np.int64)

    def finish(_, values):
        nonlocal found
        found = np.union1d(found, values)
        if len(found) > MOST_CLASSES:
            raise UnsuitableInput(f"{path} has more than {MOST_CLASSES} different values: it is no land-cover map.")

    def work(window):
        progress.check()
        values = np.unique(cores.read(window))
        return values[values >= 0]

    run_blocks(stack.blocks(), work, finish, executor, progress)
    if not len(found):
        raise UnsuitableInput(f"{path} has no patch of a class where the series lies. Use a map of this place, or a "
                              "smaller EROSION_RADIUS.")
    return found


def _sample(cores, stack, values, seed, executor, progress):
    columns = [stack.names.index(name) for name in TRIMMED]
    sampler = PixelSampler(len(values), len(TRIMMED), PIXELS_PER_CLASS, seed)

    def work(window):
        progress.check()
        classes = cores.read(window)
        inside = np.flatnonzero(classes >= 0)
        features, valid = stack.read(window, inside)
        chosen = inside[valid]
        rows, places = np.divmod(chosen, window.width)
        pixels = (window.row + rows) * np.int64(stack.grid.width) + window.col + places
        parcels = np.zeros(len(chosen), np.int32)
        return np.searchsorted(values, classes[chosen]), pixels, features[valid][:, columns], parcels

    run_blocks(stack.blocks(), work, lambda _, offered: sampler.add(*offered), executor, progress)
    return sampler.result()


def _write(cores, stack, values, shapes, settings, path, executor, progress):
    columns = [stack.names.index(name) for name in TRIMMED]
    counts = np.zeros(2, np.int64)

    def work(window):
        progress.check()
        classes = cores.read(window)
        is_used = classes >= 0
        if shapes:
            features, valid = stack.read(window)
            is_used &= valid
            for value, shape in zip(values, shapes):
                members = np.flatnonzero(is_used & (classes == value))
                distance = squared_distance(features[members][:, columns].astype(np.float64), *shape[:2])
                is_used[members[distance > shape[2]]] = False
        labels = np.isin(classes, settings.crop_classes).astype(np.uint8)
        return np.where(is_used, labels, NO_LABEL).astype(np.uint8).reshape(1, *window.shape)

    layout = RasterLayout(stack.grid, "uint8", ("reference",), nodata=NO_LABEL)
    with create_raster(path, layout) as raster:
        def finish(window, labels):
            raster.write(window, labels)
            np.add(counts, [np.count_nonzero(labels == 0), np.count_nonzero(labels == 1)], out=counts)

        run_blocks(stack.blocks(), work, finish, executor, progress)
    return counts
