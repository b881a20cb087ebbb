"""What is drawn from a scene: pixels that train, evenly by class, and pixels that judge, as they come."""

from dataclasses import dataclass

import numpy as np

from ..insitu.sample import PixelSampler
from ..raster.blocks import run_blocks


@dataclass(frozen=True, eq=False)
class ScenePixels:
    """Labelled pixels of a scene.

    Parameters
    ----------
    features, classes : ndarray
        Those that train: float32 (pixels, features), and values of the legend (pixels,).
    judged_features, judged_classes : ndarray
        Those that judge.
    available : dict of int to int
        How many pixels of each class there were to draw from.
    """

    features: np.ndarray
    classes: np.ndarray
    judged_features: np.ndarray
    judged_classes: np.ndarray
    available: dict


def draw_pixels(features, chart_map, legend, settings, executor, progress):
    """Draw the pixels of a scene.

    Parameters
    ----------
    features : FeatureStack
    chart_map : ChartMap
    legend : Legend
    settings : IceSettings
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    ScenePixels
    """
    values = np.array([entry.value for entry in legend.classes])
    place = np.zeros(256, np.int64)
    place[values] = np.arange(len(values))
    seed, count = settings.forest.seed, len(features.names)
    trainers = PixelSampler(len(values), count, settings.samples_per_class, seed)
    # Another seed: a pixel that trains in one forest is no likelier to judge another.
    judges = PixelSampler(1, count, settings.judged_per_scene, seed + 1)
    grid = features.grid

    def work(window):
        progress.check()
        ground = chart_map.ground(window, settings.boundary).ravel()
        if not ground.any():
            return None
        read, valid = features.read(window)
        chosen = np.flatnonzero(valid & (ground > 0))
        rows, columns = np.divmod(chosen, window.width)
        pixels = (window.row + rows) * np.int64(grid.width) + window.col + columns
        return ground[chosen], pixels, read[chosen]

    def finish(_, drawn):
        if drawn is None or not len(drawn[0]):
            return
        classes, pixels, read = drawn
        trainers.add(place[classes], pixels, read, classes)
        judges.add(np.zeros(len(classes), np.int64), pixels, read, classes)

    run_blocks(features.blocks(), work, finish, executor, progress)
    trained, judged = trainers.result(), judges.result()
    return ScenePixels(trained.features, trained.parcels.astype(np.int64), judged.features,
                       judged.parcels.astype(np.int64),
                       {int(value): int(found) for value, found in zip(values, trained.available) if found})
