"""Smoothing of the crop mask: majority class of segments with similar NDVI over the season.

Sen2-Agri uses a mean-shift segmentation (Orfeo Toolbox); here it is replaced by the graph-based segmentation of
Felzenszwalb and Huttenlocher (2004, doi:10.1023/B:VISI.0000022288.19776.77) of scikit-image, on the same principal
components. The image is segmented in tiles with a margin, and the majority is taken over the tile and its margin.
"""

import warnings

import numpy as np

from ..eta import TimeLeftProgress
from ..raster.blocks import nested_blocks, run_blocks
from .crop_features import index_of

# Segmenting a tile cannot be interrupted; one of this size takes a fraction of a second.
TILE, MARGIN = 256, 64
REGION = 1024

# scikit-image divides the scale parameter by this.
SCALE_UNIT = 255.0
NO_CROP, CROP = 1, 2


def principal_components(stack, count, executor, progress):
    """First principal components of the NDVI series of the image.

    Parameters
    ----------
    stack : SeriesStack
    count : int
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    mean : ndarray of float64, shape (dates,)
    vectors : ndarray of float64, shape (dates, at most `count`)
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
    """Smooth a crop mask to the majority class of each segment.

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
    mean, vectors = principal_components(stack, settings.pca_components, executor, progress.part(0.0, 0.3))
    grid = stack.grid

    def work(window):
        progress.check()
        padded = window.padded(MARGIN).intersection(grid.window)
        values = raw.read(padded, [0])[0][0]
        inside = window.relative_to(padded).slices
        if not values.any():
            return values[inside]
        components = np.zeros((*padded.shape, vectors.shape[1]))
        for row in range(0, padded.height, 64):
            progress.check()
            strip = type(padded)(padded.row + row, padded.col, min(64, padded.height - row), padded.width)
            bands, valid = stack.read_bands(strip)
            ndvi = index_of("ndvi", {name: plane[valid] for name, plane in bands.items()})
            components[row:row + strip.height].reshape(-1, vectors.shape[1])[valid] = (ndvi - mean) @ vectors
        progress.check()
        return majority_by_segment(segments(components, settings), values, settings.min_crop_area)[inside]

    # Ordered so that tiles of the series shared by neighbouring blocks are still cached.
    run_blocks(nested_blocks(grid, TILE, REGION), work, lambda window, values: target.write(window, values[None]),
               executor, TimeLeftProgress(progress.part(0.3, 1.0), "segmented"))


def segments(components, settings):
    """Segment an image.

    Two segments are merged if their difference is below the internal difference of each, plus ``range_radius`` divided
    by its number of pixels: single pixels merge below ``range_radius``, large segments only if they are similar.

    Parameters
    ----------
    components : ndarray of float64, shape (height, width, components)
    settings : SegmentSettings

    Returns
    -------
    ndarray of int, shape (height, width)
        Segment ids from 0.
    """
    from skimage.segmentation import felzenszwalb

    # scikit-image warns of images with six channels. Restoring the filter afterwards would not be thread-safe.
    warnings.filterwarnings("ignore", message="Got image with third dimension", category=RuntimeWarning)
    return felzenszwalb(components, scale=settings.range_radius * SCALE_UNIT, sigma=0.0, min_size=settings.min_size,
                        channel_axis=-1)


def majority_by_segment(segment_ids, classes, min_crop_area):
    """Assign the majority class of each segment to all its pixels with data.

    Parameters
    ----------
    segment_ids : ndarray of int, shape (height, width)
        From 0.
    classes : ndarray of int, same shape
        1 no crop, 2 crop, 0 without data.
    min_crop_area : int
        Minimum number of pixels for which a tie is crop.

    Returns
    -------
    ndarray, shape and dtype of `classes`
    """
    count = int(segment_ids.max()) + 1
    crop, no_crop = (np.bincount(segment_ids[classes == value], minlength=count) for value in (CROP, NO_CROP))
    is_crop = (crop > no_crop) | ((crop == no_crop) & (crop + no_crop >= min_crop_area))
    winners = np.where(is_crop, CROP, NO_CROP).astype(classes.dtype)[segment_ids]
    return np.where(classes == 0, classes, winners)
