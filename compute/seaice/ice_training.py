"""Samples and models, held out by date.

Training of the random forest for the maps, and its assessment by leaving one date out at a time.

Pixels sampled from a scene: training pixels balanced by class, validation pixels at random.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..accuracy.confusion_matrix import ConfusionMatrix
from ..classifiers.forest_model import Forest
from ..classifiers.random_forest import grow_forest
from ..classifiers.tree_traversal import TreeTraversal
from ..errors import UnsuitableInput
from ..insitu.pixel_sampler import PixelSampler
from ..raster.blocks import run_blocks
from ..versions import software_versions


def train(samples, names, legend, settings, progress):
    """Train the forest for the maps on the samples of all scenes.

    Parameters
    ----------
    samples : sequence of ScenePixels
    names : tuple of str
        Feature names.
    legend : Legend
    settings : IceSettings
    progress : Progress

    Returns
    -------
    Forest

    Raises
    ------
    UnsuitableInput
        If fewer than two classes have training pixels.
    """
    features = np.concatenate([pixels.training_features for pixels in samples])
    classes = np.concatenate([pixels.training_classes for pixels in samples])
    present = np.unique(classes)
    if len(present) < 2:
        raise UnsuitableInput(_too_few_classes(present, legend, settings))
    grown = grow_forest(features, np.searchsorted(present, classes), len(present), settings.forest, progress)
    by_value = legend.by_value()
    counts = np.bincount(np.searchsorted(present, classes), minlength=len(present))
    present_classes = tuple(by_value[int(value)] for value in present)
    return Forest(trees=grown.trees, feature_names=tuple(names), classes=present_classes,
                  settings=replace(settings.forest, threads=0),
                  importances=tuple(float(importance) for importance in grown.importances),
                  training_pixels=tuple(int(count) for count in counts), software=software_versions(),
                  lows=tuple(map(float, features.min(axis=0))), highs=tuple(map(float, features.max(axis=0))))


def _too_few_classes(present, legend, settings):
    found = legend.by_value()[int(present[0])].label if len(present) else "none"
    return (f"Only one class, {found}, has training pixels." if len(present) else
            "There are no training pixels: no pixel lies in a polygon with a class.") + (
        f" Pixels within {settings.boundary_distance:g} m of a class boundary (BOUNDARY_DISTANCE) are excluded, and "
        "polygons without a class in the legend, with little ice or with mixed ice types. Use more charts and scenes, "
        "a smaller BOUNDARY_DISTANCE or another LEGEND.")


def leave_one_date_out(scenes, samples, legend, settings, progress):
    """Assess each date with a forest trained on all other dates.

    Parameters
    ----------
    scenes : sequence of Scene
    samples : sequence of ScenePixels
        One for each scene.
    legend : Legend
    settings : IceSettings
    progress : Progress

    Returns
    -------
    dict of Scene to ConfusionMatrix
        Empty with fewer than two dates. The labels are all classes of the legend.
    """
    days = sorted({scene.day for scene in scenes})
    if len(days) < 2:
        return {}
    values = np.array([entry.value for entry in legend.classes])
    labels = tuple(entry.label for entry in legend.classes)
    matrices = {}
    for index, day in enumerate(days):
        part = progress.part(index / len(days), (index + 1) / len(days))
        others = [pixels for scene, pixels in zip(scenes, samples) if scene.day != day]
        classes = np.concatenate([pixels.training_classes for pixels in others])
        present = np.unique(classes)
        if len(present) < 2:
            continue
        forest = replace(settings.forest, trees=min(settings.forest.trees, settings.assessment_trees))
        grown = grow_forest(np.concatenate([pixels.training_features for pixels in others]),
                           np.searchsorted(present, classes), len(present), forest, part)
        walker = TreeTraversal(grown.trees, sum(len(pixels.validation_classes) for pixels in samples) // len(days))
        for scene, pixels in zip(scenes, samples):
            if scene.day == day and len(pixels.validation_classes):
                mapped = present[walker.classes(pixels.validation_features, progress.check)]
                indices = [np.searchsorted(values, each) + 1 for each in (pixels.validation_classes, mapped)]
                matrices[scene] = ConfusionMatrix.from_labels(*indices, labels)
    return matrices


def sum_matrices(matrices):
    """Return the sum of confusion matrices.

    Parameters
    ----------
    matrices : iterable of ConfusionMatrix
        With the same labels.

    Returns
    -------
    ConfusionMatrix or None
        None if there are none; classes without pixels are omitted.
    """
    matrices = list(matrices)
    if not matrices:
        return None
    counts = sum(matrix.counts for matrix in matrices)
    present = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    return ConfusionMatrix(tuple(matrices[0].labels[index] for index in present), counts[np.ix_(present, present)])


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
    training_sampler = PixelSampler(len(values), count, settings.samples_per_scene, seed)
    # Another seed, so that both samples are independent.
    validation_sampler = PixelSampler(1, count, settings.validation_per_scene, seed + 1)
    grid = features.grid

    def work(window):
        progress.check()
        reference = chart_raster.reference_classes(window, settings.boundary_distance).ravel()
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
