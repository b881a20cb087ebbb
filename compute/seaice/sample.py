"""Pixels sampled from a scene: training pixels balanced by class, validation pixels at random."""

from dataclasses import dataclass

import numpy as np

from ..insitu.sample import PixelSampler
from ..raster.blocks import run_blocks


@dataclass(frozen=True, eq=False)
class ScenePixels:
    """Sampled pixels of a scene with their classes.

    Parameters
    ----------
    training_features, training_classes : ndarray
        float32 (pixels, features), and class values of the legend (pixels,).
    validation_features, validation_classes : ndarray
        The same for the validation pixels.
    available : dict of int to int
        Number of labelled pixels of each class in the scene.
    """

    training_features: np.ndarray
    training_classes: np.ndarray
    validation_features: np.ndarray
    validation_classes: np.ndarray
    available: dict


def sample_pixels(features, chart_raster, legend, settings, executor, progress):
    """Sample training and validation pixels of a scene.

    Parameters
    ----------
    features : FeatureStack
    chart_raster : ChartRaster
    legend : Legend
    settings : IceSettings
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    ScenePixels
    """
    values = np.array([entry.value for entry in legend.classes])
    class_index = np.zeros(256, np.int64)
    class_index[values] = np.arange(len(values))
    seed, count = settings.forest.seed, len(features.names)
    training_sampler = PixelSampler(len(values), count, settings.samples_per_class, seed)
    # Another seed, so that both samples are independent.
    validation_sampler = PixelSampler(1, count, settings.validation_per_scene, seed + 1)
    grid = features.grid

    def work(window):
        progress.check()
        reference = chart_raster.reference_classes(window, settings.boundary).ravel()
        if not reference.any():
            return None
        read, valid = features.read(window)
        labelled = np.flatnonzero(valid & (reference > 0))
        rows, columns = np.divmod(labelled, window.width)
        pixels = (window.row + rows) * np.int64(grid.width) + window.col + columns
        return reference[labelled], pixels, read[labelled]

    def finish(_, block):
        if block is None or not len(block[0]):
            return
        classes, pixels, read = block
        training_sampler.add(class_index[classes], pixels, read, classes)
        validation_sampler.add(np.zeros(len(classes), np.int64), pixels, read, classes)

    run_blocks(features.blocks(), work, finish, executor, progress)
    training, validation = training_sampler.result(), validation_sampler.result()
    return ScenePixels(training.features, training.parcels.astype(np.int64), validation.features,
                       validation.parcels.astype(np.int64),
                       {int(value): int(number) for value, number in zip(values, training.available) if number})
