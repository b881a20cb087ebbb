"""A classifier of another kind is trained, saved, loaded and applied like a forest."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from floefield.compute.classification.apply_model import ApplyTask, apply_model
from floefield.compute.classification.class_maps import MapPaths
from floefield.compute.classification.classify import ClassificationTask, classify
from floefield.compute.classification.prediction import MapRules
from floefield.compute.classifiers.classifier import KINDS
from floefield.compute.classifiers.forest_model import ForestSettings
from floefield.compute.classifiers.model_file import load_model
from floefield.compute.errors import UnreadableInput
from floefield.compute.progress import Progress
from tests.fieldscene import parcels, read, reflectance, write


@dataclass(frozen=True, eq=False)
class NearestMean:
    """The class with the nearest mean; probabilities by the inverse distance."""

    kind: str
    features: tuple
    classes: tuple
    means: np.ndarray
    importances: tuple = ()
    oob_score: float = None
    array_types: ClassVar = {"means": ("<f8", 2)}

    @classmethod
    def fit(cls, samples, features, classes, settings, progress):
        means = [samples.features[samples.classes == index].mean(axis=0) for index in range(len(classes))]
        return cls(settings.classifier, features, classes, np.array(means, np.float64))

    def predict_probabilities(self, block, check=None):
        closeness = 1 / (1e-9 + np.linalg.norm(block[:, None] - self.means, axis=2))
        return closeness / closeness.sum(axis=1, keepdims=True)

    def predict_classes(self, block, check=None):
        return self.predict_probabilities(block).argmax(axis=1)

    def save(self):
        return {"distance": "euclidean"}, {"means": self.means}

    @classmethod
    def load(cls, kind, features, classes, description, arrays):
        if description != {"distance": "euclidean"} or arrays["means"].shape != (len(classes), len(features)):
            raise ValueError("invalid means")
        return cls(kind, features, classes, arrays["means"])


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Train with the new kind on a scene, and map it."""
    monkeypatch.setitem(KINDS, "nearest_mean", NearestMean)
    scene = write(tmp_path / "scene.tif", reflectance(0.1), ("B04_20180627", "B08_20180627"))
    task = ClassificationTask(rasters=(scene,), parcels=parcels(), rules=MapRules(),
                              forest=ForestSettings(classifier="nearest_mean", permutation_importance=True, threads=1))
    maps = MapPaths(*(str(tmp_path / f"{name}.tif") for name in ("classes", "confidence", "probabilities")))
    result = classify(task, maps, str(tmp_path / "model.ffm"), str(tmp_path / "report.html"), Progress())
    return scene, result, tmp_path


def test_it_is_trained_mapped_and_reported(run):
    _, result, folder = run
    model = result.model

    assert (model.classifier.kind, model.features[-1]) == ("nearest_mean", "ND_B04_B08_20180627")
    assert result.pixel_matrix.overall_accuracy > 0.95
    assert max(model.permutation_importances) > 0.01
    assert not any("No tree" in warning for warning in result.warnings)
    assert "nearest mean" in (folder / "report.html").read_text(encoding="utf-8")


def test_its_model_file_gives_the_same_map(run):
    scene, result, folder = run
    loaded = load_model(str(folder / "model.ffm"))
    applied = MapPaths(*(str(folder / f"applied_{name}.tif") for name in ("classes", "confidence", "probabilities")))
    apply_model(ApplyTask((scene,), str(folder / "model.ffm"), threads=1), applied, Progress())

    np.testing.assert_array_equal(loaded.classifier.means, result.model.classifier.means)
    for name in ("classes", "confidence", "probabilities"):
        np.testing.assert_array_equal(read(folder / f"applied_{name}.tif")[0], read(folder / f"{name}.tif")[0])


def test_without_the_kind_its_model_file_requires_an_update(run, monkeypatch):
    monkeypatch.delitem(KINDS, "nearest_mean")
    with pytest.raises(UnreadableInput, match="newer version"):
        load_model(str(run[2] / "model.ffm"))
