"""Training of the random forest for the maps, and its assessment by leaving one date out at a time."""

from dataclasses import replace

import numpy as np

from ..accuracy.confusion import ConfusionMatrix
from ..accuracy.page import software_versions
from ..errors import UnsuitableInput
from ..forest.modelfile import Forest
from ..forest.train import grow_forest
from ..forest.walk import Walker


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
        f" Pixels within {settings.boundary:g} m of a class boundary (BOUNDARY_DISTANCE) are excluded, and polygons without a "
        "class in the legend, with little ice or with mixed ice types. Use more charts and scenes, a smaller BOUNDARY_DISTANCE "
        "or another LEGEND.")


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
        forest = replace(settings.forest, trees=min(settings.forest.trees, settings.evaluation_trees))
        grown = grow_forest(np.concatenate([pixels.training_features for pixels in others]),
                           np.searchsorted(present, classes), len(present), forest, part)
        walker = Walker(grown.trees, sum(len(pixels.validation_classes) for pixels in samples) // len(days))
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
