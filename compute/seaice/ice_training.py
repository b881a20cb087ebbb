"""Training of the classifier of ice maps, and its assessment by leaving one date out at a time.

Of each scene, training pixels are sampled by class and validation pixels at random.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..accuracy.confusion_matrix import ConfusionMatrix
from ..classification.feature_stack import FeatureSource
from ..classifiers.classifier import KINDS, Classifier, Model
from ..classifiers.forest_model import ForestSettings
from ..errors import UnsuitableInput
from ..icechart.ice_legend import Legend
from ..insitu.pixel_sampler import PixelSample, PixelSampler, pixel_positions
from ..progress import Progress
from ..raster.blocks import run_blocks
from ..raster.grid import Window
from ..versions import software_versions
from .chart_reference import ChartRaster
from .ice_scenes import RadarScene
from .ice_settings import IceSettings


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

    training_features: NDArray[np.float32]
    training_classes: NDArray[np.int64]
    validation_features: NDArray[np.float32]
    validation_classes: NDArray[np.int64]
    available: dict[int, int]


def train(samples: Sequence[ScenePixels], names: Sequence[str], legend: Legend, settings: IceSettings,
          progress: Progress) -> Model:
    """Train the classifier for the maps on the samples of all scenes.

    Parameters
    ----------
    samples : sequence of ScenePixels
    names : sequence of str
        Feature names.
    legend : Legend
    settings : IceSettings
    progress : Progress

    Returns
    -------
    Model

    Raises
    ------
    UnsuitableInput
        If fewer than two classes have training pixels.
    """
    sample, values = _training_sample(samples)
    if len(values) < 2:
        raise UnsuitableInput(_too_few_classes(values, legend, settings))
    classifier = _fit(sample, values, names, legend, settings.forest, progress)
    return Model(classifier=classifier, settings=replace(settings.forest, threads=0),
                 training_pixels=tuple(sample.available.tolist()), software=software_versions(),
                 minimums=tuple(map(float, sample.features.min(axis=0))),
                 maximums=tuple(map(float, sample.features.max(axis=0))))


def _training_sample(samples: Sequence[ScenePixels]) -> tuple[PixelSample, NDArray[np.int64]]:
    """The training pixels of scenes, and the class values that occur; the classes are indices of these."""
    classes = np.concatenate([pixels.training_classes for pixels in samples])
    values, indices, counts = np.unique(classes, return_inverse=True, return_counts=True)
    scenes = np.repeat(np.arange(len(samples)), [len(pixels.training_classes) for pixels in samples])
    features = np.concatenate([pixels.training_features for pixels in samples])
    return PixelSample(features=features, classes=indices.ravel(), parcels=scenes, available=counts), values


def _fit(sample: PixelSample, values: NDArray[np.int64], names: Sequence[str], legend: Legend,
         settings: ForestSettings, progress: Progress) -> Classifier:
    by_value = legend.by_value()
    classes = tuple(by_value[int(value)] for value in values)
    return KINDS[settings.classifier].fit(sample, tuple(names), classes, settings, progress)


def _too_few_classes(present: NDArray[np.int64], legend: Legend, settings: IceSettings) -> str:
    found = legend.by_value()[int(present[0])].label if len(present) else "none"
    return (f"Only one class, {found}, has training pixels." if len(present) else
            "There are no training pixels: no pixel lies in a polygon with a class.") + (
        f" Pixels within {settings.boundary_distance:g} m of a class boundary (BOUNDARY_DISTANCE) are excluded, and "
        "polygons without a class in the legend, with little ice or with mixed ice types. Use more charts and scenes, "
        "a smaller BOUNDARY_DISTANCE or another LEGEND.")


def leave_one_date_out(scenes: Sequence[RadarScene], samples: Sequence[ScenePixels], names: Sequence[str],
                       legend: Legend, settings: IceSettings, progress: Progress) -> dict[RadarScene, ConfusionMatrix]:
    """Assess each date with a classifier trained on all other dates.

    Parameters
    ----------
    scenes : sequence of RadarScene
    samples : sequence of ScenePixels
        One for each scene.
    names : sequence of str
        Feature names.
    legend : Legend
    settings : IceSettings
    progress : Progress

    Returns
    -------
    dict of RadarScene to ConfusionMatrix
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
        sample, present = _training_sample(others)
        if len(present) < 2:
            continue
        forest = replace(settings.forest, trees=min(settings.forest.trees, settings.assessment_trees))
        classifier = _fit(sample, present, names, legend, forest, part)
        for scene, pixels in zip(scenes, samples):
            if scene.day == day and len(pixels.validation_classes):
                mapped = present[classifier.predict_classes(pixels.validation_features, progress.check)]
                indices = [np.searchsorted(values, each) + 1 for each in (pixels.validation_classes, mapped)]
                matrices[scene] = ConfusionMatrix.from_labels(*indices, labels)
    return matrices


def sum_matrices(matrices: Iterable[ConfusionMatrix]) -> ConfusionMatrix | None:
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


def sample_pixels(source: FeatureSource, chart_raster: ChartRaster, legend: Legend, settings: IceSettings,
                  executor: Executor, progress: Progress) -> ScenePixels:
    """Sample training and validation pixels of a scene.

    Parameters
    ----------
    source : FeatureSource
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
    seed, count = settings.forest.seed, len(source.names)
    training_sampler = PixelSampler(len(values), count, settings.samples_per_scene, seed)
    # Another seed, so that both samples are independent.
    validation_sampler = PixelSampler(1, count, settings.validation_per_scene, seed + 1)

    def work(window: Window):
        progress.check()
        reference = chart_raster.reference_classes(window, settings.boundary_distance).ravel()
        if not reference.any():
            return None
        features, valid = source.read(window)
        labelled = np.flatnonzero(valid & (reference > 0))
        return reference[labelled], pixel_positions(window, labelled, source.grid), features[labelled]

    def finish(_, block) -> None:
        if block is None or not len(block[0]):
            return
        classes, pixels, features = block
        training_sampler.add(class_index[classes], pixels, features, classes)
        validation_sampler.add(np.zeros(len(classes), np.int64), pixels, features, classes)

    run_blocks(source.blocks(), work, finish, executor, progress)
    training, validation = training_sampler.result(), validation_sampler.result()
    return ScenePixels(
        training_features=training.features, training_classes=training.parcels.astype(np.int64),
        validation_features=validation.features, validation_classes=validation.parcels.astype(np.int64),
        available={int(value): int(number) for value, number in zip(values, training.available) if number})
