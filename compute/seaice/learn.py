"""Forests for the maps, and forests that judge: each date is mapped by one that has seen nothing of it."""

from dataclasses import replace

import numpy as np

from ..accuracy.confusion import ConfusionMatrix
from ..accuracy.page import software_versions
from ..errors import UnsuitableInput
from ..forest.modelfile import Forest
from ..forest.train import grow_forest
from ..forest.walk import Walker


def train(drawn, names, legend, settings, progress):
    """The forest that makes the maps, from the pixels of all scenes.

    Parameters
    ----------
    drawn : sequence of ScenePixels
    names : tuple of str
        Of the features.
    legend : Legend
    settings : IceSettings
    progress : Progress

    Returns
    -------
    Forest

    Raises
    ------
    UnsuitableInput
        If fewer than two classes have pixels.
    """
    features = np.concatenate([pixels.features for pixels in drawn])
    classes = np.concatenate([pixels.classes for pixels in drawn])
    present = np.unique(classes)
    if len(present) < 2:
        raise UnsuitableInput(_too_few(present, legend, settings))
    grown = grow_forest(features, np.searchsorted(present, classes), len(present), settings.forest, progress)
    by_value = legend.by_value()
    counts = np.bincount(np.searchsorted(present, classes), minlength=len(present))
    known = tuple(by_value[int(value)] for value in present)
    return Forest(trees=grown.trees, feature_names=tuple(names), classes=known,
                  settings=replace(settings.forest, threads=0),
                  importances=tuple(float(share) for share in grown.importances),
                  training_pixels=tuple(int(count) for count in counts), software=software_versions(),
                  lows=tuple(map(float, features.min(axis=0))), highs=tuple(map(float, features.max(axis=0))))


def _too_few(present, legend, settings):
    found = legend.by_value()[int(present[0])].label if len(present) else "none"
    return (f"Only one class, {found}, has pixels that may train." if len(present) else
            "No pixel may train: none lies in a polygon with a class.") + (
        f" Pixels within {settings.boundary:g} m of a border between classes are left out (BOUNDARY), and polygons "
        "without a class in the legend, with little or with mixed ice. Use more charts and scenes, a smaller BOUNDARY "
        "or another LEGEND.")


def judge(scenes, drawn, legend, settings, progress):
    """Map the judging pixels of each date with a forest of all other dates.

    Parameters
    ----------
    scenes : sequence of Scene
    drawn : sequence of ScenePixels
        Of each scene.
    legend : Legend
    settings : IceSettings
    progress : Progress

    Returns
    -------
    dict of Scene to ConfusionMatrix
        Empty with fewer than two dates. Labels are those of the whole legend.
    """
    days = sorted({scene.day for scene in scenes})
    if len(days) < 2:
        return {}
    values = np.array([entry.value for entry in legend.classes])
    labels = tuple(entry.label for entry in legend.classes)
    matrices = {}
    for number, day in enumerate(days):
        part = progress.part(number / len(days), (number + 1) / len(days))
        others = [pixels for scene, pixels in zip(scenes, drawn) if scene.day != day]
        classes = np.concatenate([pixels.classes for pixels in others])
        present = np.unique(classes)
        if len(present) < 2:
            continue
        forest = replace(settings.forest, trees=min(settings.forest.trees, settings.evaluation_trees))
        grown = grow_forest(np.concatenate([pixels.features for pixels in others]),
                           np.searchsorted(present, classes), len(present), forest, part)
        walker = Walker(grown.trees, sum(len(pixels.judged_classes) for pixels in drawn) // len(days))
        for scene, pixels in zip(scenes, drawn):
            if scene.day == day and len(pixels.judged_classes):
                mapped = present[walker.classes(pixels.judged_features, progress.check)]
                places = [np.searchsorted(values, each) + 1 for each in (pixels.judged_classes, mapped)]
                matrices[scene] = ConfusionMatrix.from_labels(*places, labels)
    return matrices


def sum_of(matrices):
    """All matrices as one.

    Parameters
    ----------
    matrices : iterable of ConfusionMatrix
        With the same labels.

    Returns
    -------
    ConfusionMatrix or None
        None if there are none; classes that never occur are left out.
    """
    matrices = list(matrices)
    if not matrices:
        return None
    counts = sum(matrix.counts for matrix in matrices)
    there = np.flatnonzero(counts.sum(axis=0) + counts.sum(axis=1))
    return ConfusionMatrix(tuple(matrices[0].labels[place] for place in there), counts[np.ix_(there, there)])
