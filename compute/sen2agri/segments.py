"""Segments of similar NDVI over the season, and the class that most of their pixels have.

Sen2-Agri smooths with a mean shift (Orfeo Toolbox). Here the graph-based segmentation of Felzenszwalb and Huttenlocher
(2004, doi:10.1023/B:VISI.0000022288.19776.77) of scikit-image takes its place, on the same principal components. The
image is worked on in tiles with a margin; a segment votes with all its pixels in the tile and the margin.
"""

import warnings

import numpy as np

from ..forest.timeleft import TimeLeft
from ..raster.blocks import nested_blocks, run_blocks
from .indices import index_of

# Small enough that segmenting a tile, which cannot be interrupted, takes a fraction of a second.
TILE, MARGIN = 256, 64
REGION = 1024
# scikit-image divides the scale it is given by this.
SCALE_UNIT = 255.0
NO_CROP, CROP = 1, 2


def principal_components(stack, count, executor, progress):
    """Directions in which the NDVI series of the image vary most.

    Parameters
    ----------
    stack : SeriesStack
    count : int
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    mean : ndarray of float64, shape (dates,)
    axes : ndarray of float64, shape (dates, at most `count`)
    """
    dates = len(stack.days)
    total, products, pixels = np.zeros(dates), np.zeros((dates, dates)), 0

    def work(window):
        progress.check()
        bands, valid = stack.read_bands(window)
        ndvi = index_of("ndvi", {name: values[valid] for name, values in bands.items()}).astype(np.float64)
        return ndvi.sum(axis=0), ndvi.T @ ndvi, len(ndvi)

    def finish(_, result):
        nonlocal total, products, pixels
        total, products, pixels = total + result[0], products + result[1], pixels + result[2]

    run_blocks(stack.blocks(), work, finish, executor, progress)
    mean = total / max(1, pixels)
    _, vectors = np.linalg.eigh(products / max(1, pixels) - np.outer(mean, mean))
    return mean, vectors[:, ::-1][:, :count]


def smooth_mask(stack, raw, target, settings, executor, progress):
    """Give each segment the class most of its pixels have.

    Parameters
    ----------
    stack : SeriesStack
    raw : RasterReader
        Crop mask: 1 no crop, 2 crop, 0 without data.
    target : RasterWriter
    settings : SegmentSettings
    executor : concurrent.futures.Executor
    progress : Progress
    """
    mean, axes = principal_components(stack, settings.components, executor, progress.part(0.0, 0.3))
    grid = stack.grid

    def work(window):
        progress.check()
        around = window.padded(MARGIN).intersection(grid.window)
        values = raw.read(around, [0])[0][0]
        inside = window.relative_to(around).slices
        if not values.any():
            return values[inside]
        components = np.zeros((*around.shape, axes.shape[1]))
        for row in range(0, around.height, 64):
            progress.check()
            strip = type(around)(around.row + row, around.col, min(64, around.height - row), around.width)
            bands, valid = stack.read_bands(strip)
            ndvi = index_of("ndvi", {name: plane[valid] for name, plane in bands.items()})
            components[row:row + strip.height].reshape(-1, axes.shape[1])[valid] = (ndvi - mean) @ axes
        progress.check()
        return vote(segments(components, settings), values, settings.min_crop_area)[inside]

    # In an order in which the tiles of the series that neighbours share are still in the cache.
    run_blocks(nested_blocks(grid, TILE, REGION), work, lambda window, values: target.write(window, values[None]),
               executor, TimeLeft(progress.part(0.3, 1.0), "segmented"))


def segments(components, settings):
    """Number the segments of an image.

    Two segments join if they differ by less than each differs within itself, plus ``range_radius`` over its number of
    pixels: single pixels join if they differ by less than that, large segments only if they are alike.

    Parameters
    ----------
    components : ndarray of float64, shape (height, width, components)
    settings : SegmentSettings

    Returns
    -------
    ndarray of int, shape (height, width)
    """
    from skimage.segmentation import felzenszwalb

    # It doubts that an image of six channels is one. Filters cannot be put aside and restored while others work.
    warnings.filterwarnings("ignore", message="Got image with third dimension", category=RuntimeWarning)
    return felzenszwalb(components, scale=settings.range_radius * SCALE_UNIT, sigma=0.0, min_size=settings.min_size,
                        channel_axis=-1)


def vote(numbers, classes, min_crop_area):
    """The class of each segment, given to all its pixels that have one.

    Parameters
    ----------
    numbers : ndarray of int, shape (height, width)
        From 0.
    classes : ndarray of int, same shape
        1 no crop, 2 crop, 0 without data.
    min_crop_area : int
        From so many pixels on a tie is crop.

    Returns
    -------
    ndarray, shape and dtype of `classes`
    """
    count = int(numbers.max()) + 1
    crop, no_crop = (np.bincount(numbers[classes == value], minlength=count) for value in (CROP, NO_CROP))
    is_crop = (crop > no_crop) | ((crop == no_crop) & (crop + no_crop >= min_crop_area))
    winners = np.where(is_crop, CROP, NO_CROP).astype(classes.dtype)[numbers]
    return np.where(classes == 0, classes, winners)
