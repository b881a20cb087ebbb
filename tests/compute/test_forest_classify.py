"""Classification from rasters and parcels to map, accuracy, model and report."""

import re
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import cohen_kappa_score, confusion_matrix

from floefield.compute.classification.class_maps import MapPaths
from floefield.compute.classification.classify import ClassificationTask, classify
from floefield.compute.classification.prediction import MapRules
from floefield.compute.classifiers.forest_model import ForestSettings
from floefield.compute.classifiers.model_file import load_model
from floefield.compute.errors import Cancelled, OutputError, UnreadableInput, UnsuitableInput
from floefield.compute.insitu.parcel import Parcel
from floefield.compute.insitu.parcel_split import SplitSettings, split_parcels
from floefield.compute.progress import Progress
from tests.fieldscene import CROPS, fields, parcels, read, reflectance, square, write

FOREST = ForestSettings(trees=30, threads=1, classifier="random_forest", band_differences=False)
PLAIN = MapRules(smoothing=False)
NOISE = 0.25  # enough for some errors


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    """The raster of the scene, without data in the upper-left 4 x 4 pixels."""
    values = reflectance(NOISE)
    values[1, :4, :4] = np.nan
    return write(tmp_path_factory.mktemp("scene") / "scene.tif", values)


def task(scene, **changes):
    return replace(ClassificationTask(rasters=(scene,), parcels=parcels(), forest=FOREST, rules=PLAIN), **changes)


def run(some_task, folder, progress=None, outputs=("classes", "confidence", "probabilities")):
    maps = MapPaths(**{name: str(folder / f"{name}.tif") for name in outputs})
    result = classify(some_task, maps, str(folder / "model.ffm"), str(folder / "report.html"), progress or Progress())
    return result, folder


def labels_by_hand():
    """Crop number 1..3 and parcel number 1..30 of each pixel, rasterised by slicing."""
    crop, owner = np.zeros((40, 48), int), np.zeros((40, 48), int)
    for number, name, _ in fields():
        row, column = number // 6 * 8 + 1, number % 6 * 8 + 1
        crop[row:row + 6, column:column + 6] = CROPS.index(name) + 1
        owner[row:row + 6, column:column + 6] = number + 1
    return crop, owner


@pytest.fixture(scope="module")
def classified(scene, tmp_path_factory):
    return run(task(scene), tmp_path_factory.mktemp("classified"))


def test_the_map_agrees_with_scikit_learn_trained_on_the_same_pixels(scene, classified):
    crop, owner = labels_by_hand()
    training = split_parcels(parcels(), SplitSettings()).training
    values, _ = read(scene)
    is_training = np.isin(owner, [parcel.identifier + 1 for parcel in training]) & np.isfinite(values).all(axis=0)
    order = np.lexsort((np.flatnonzero(is_training), crop[is_training]))
    forest = RandomForestClassifier(30, random_state=0).fit(values[:, is_training].T[order], crop[is_training][order])
    valid = np.isfinite(values).all(axis=0)
    expected = forest.predict_proba(values[:, valid].T)

    mapped, nodata = read(classified[1] / "classes.tif")
    np.testing.assert_array_equal(mapped[0][valid], expected.argmax(axis=1) + 1)
    assert nodata == 0 and (mapped[0][~valid] == 0).all() and (~valid).sum() == 16
    np.testing.assert_allclose(read(classified[1] / "confidence.tif")[0][0][valid], expected.max(axis=1), atol=1e-6)
    np.testing.assert_allclose(read(classified[1] / "probabilities.tif")[0][:, valid].T, expected, atol=1e-6)
    assert np.isnan(read(classified[1] / "confidence.tif")[0][0][~valid]).all()


def test_the_accuracy_is_measured_on_the_pixels_of_the_validation_parcels_only(classified):
    result, folder = classified
    crop, owner = labels_by_hand()
    held_out = [parcel.identifier + 1 for parcel in split_parcels(parcels(), SplitSettings()).validation]
    mapped = read(folder / "classes.tif")[0][0]
    assessed = np.isin(owner, held_out) & (mapped > 0)

    np.testing.assert_array_equal(result.pixel_matrix.counts, confusion_matrix(crop[assessed], mapped[assessed]))
    assert result.pixel_matrix.kappa == pytest.approx(cohen_kappa_score(crop[assessed], mapped[assessed]))
    assert 0.5 < result.pixel_matrix.overall_accuracy < 0.95
    majorities = [(crop[owner == number][0], np.bincount(mapped[(owner == number) & assessed])[1:].argmax() + 1)
                  for number in held_out]
    np.testing.assert_array_equal(result.parcel_matrix.counts, confusion_matrix(*zip(*majorities), labels=[1, 2, 3]))


def test_counts_for_the_report(classified):
    result, folder = classified
    mapped = read(folder / "classes.tif")[0][0]

    assert [s.map_class.code for s in result.summaries] == list(CROPS)
    assert [s.training_parcels for s in result.summaries] == [8, 8, 8]
    assert [s.validation_parcels for s in result.summaries] == [2, 2, 2]
    assert [s.mapped_pixels for s in result.summaries] == [np.count_nonzero(mapped == value) for value in (1, 2, 3)]
    # 30 parcels of 36 pixels; 9 pixels of one parcel have no data.
    assert sum(s.training_pixels + s.validation_pixels for s in result.summaries) == 30 * 36 - 9


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_do_not_change_a_byte(scene, classified, tmp_path, threads):
    run(task(scene, forest=replace(FOREST, threads=threads)), tmp_path)
    files = sorted(path.name for path in classified[1].iterdir())

    assert sorted(path.name for path in tmp_path.iterdir()) == files
    for name in files:
        assert (tmp_path / name).read_bytes() == (classified[1] / name).read_bytes() or name == "report.html"


def test_the_class_map_alone_is_the_same(scene, classified, tmp_path):
    run(task(scene), tmp_path, outputs=("classes",))

    assert (tmp_path / "classes.tif").read_bytes() == (classified[1] / "classes.tif").read_bytes()
    assert not (tmp_path / "confidence.tif").exists()


def test_the_model_file_gives_the_same_map(scene, classified):
    model = load_model(str(classified[1] / "model.ffm"))
    values, _ = read(scene)
    valid = np.isfinite(values).all(axis=0)

    assert model.features == ("B04", "B08")
    assert [map_class.code for map_class in model.classes] == list(CROPS)
    np.testing.assert_array_equal(model.classifier.predict_classes(np.ascontiguousarray(values[:, valid].T)) + 1,
                                  read(classified[1] / "classes.tif")[0][0][valid])


def test_the_report_contains_inputs_and_accuracy(scene, classified):
    text = (classified[1] / "report.html").read_text(encoding="utf-8")

    assert scene in text
    assert re.search(f"{100 * classified[0].pixel_matrix.overall_accuracy:.1f}", text)


def test_blocks_do_not_change_the_result(scene, classified, tmp_path, monkeypatch):
    from floefield.compute.classification.feature_stack import FeatureStack

    monkeypatch.setattr(FeatureStack, "blocks", lambda self: list(self.grid.blocks(7, 11)))
    result, _ = run(task(scene), tmp_path)

    np.testing.assert_array_equal(read(tmp_path / "classes.tif")[0], read(classified[1] / "classes.tif")[0])
    np.testing.assert_array_equal(result.pixel_matrix.counts, classified[0].pixel_matrix.counts)


def test_a_sample_of_each_class_is_used_for_training(scene, tmp_path):
    result, _ = run(task(scene, forest=replace(FOREST, samples_per_class=40)), tmp_path)

    assert [s.training_pixels for s in result.summaries] == [40, 40, 40]


def test_with_separate_validation_parcels_all_others_are_used_for_training(scene, tmp_path):
    everything = parcels()
    result, _ = run(task(scene, parcels=everything[:24], validation=everything[24:]), tmp_path)

    assert sum(s.training_parcels for s in result.summaries) == 24
    assert result.pixel_matrix.total == 6 * 36


def test_a_training_pixel_is_never_used_for_validation(scene, tmp_path):
    # Part of each validation parcel is also a training parcel, of another or the same class.
    everything = parcels()
    doubled = tuple(Parcel(100 + p.identifier, p.code, square(p.identifier // 6 * 8 + 1, p.identifier % 6 * 8 + 4, 3))
                    for p in everything[24:])
    result, _ = run(task(scene, parcels=everything[:24] + doubled, validation=everything[24:]), tmp_path)

    assert result.pixel_matrix.total == 6 * (36 - 9)


def test_validation_with_the_training_parcels_gives_a_warning_instead_of_an_accuracy(scene, tmp_path):
    result, _ = run(task(scene, validation=parcels()), tmp_path)

    assert result.pixel_matrix is None
    assert any("accuracy of the map cannot be determined" in warning for warning in result.warnings)
    assert any("30 of 30 validation parcels were left out" in warning for warning in result.warnings)


def test_validation_parcels_inside_training_parcels_are_not_counted(scene, tmp_path):
    training = (*parcels()[:24], Parcel(50, "barley", square(33, 1, 3)))  # 9 of the 36 pixels of field 24
    result, _ = run(task(scene, parcels=training, validation=parcels()), tmp_path)

    warnings = " ".join(result.warnings)
    assert "24 of 30 validation parcels were left out" in warnings
    assert "Validation parcels assessed on part of their pixels only: 1." in warnings
    assert "based on only 6 validation parcels" in warnings
    assert sum(summary.validation_parcels for summary in result.summaries) == 6
    assert result.pixel_matrix.counts.sum() == 5 * 36 + 27


def test_disputed_pixels_are_used_neither_for_training_nor_for_validation(scene, tmp_path):
    overlapping = Parcel(99, "maize", square(1, 1, 6))  # covers field 0, barley
    result, _ = run(task(scene, parcels=(*parcels(), overlapping)), tmp_path)

    assert sum(s.training_pixels + s.validation_pixels for s in result.summaries) == 29 * 36
    assert any("36 pixels lie in parcels of different classes" in warning for warning in result.warnings)


def test_a_class_with_one_parcel_is_trained_and_reported(scene, tmp_path):
    everything = tuple(Parcel(p.identifier, "rye" if p.identifier == 5 else p.code, p.geometry) for p in parcels())
    result, folder = run(task(scene, parcels=everything), tmp_path)
    rye = next(s for s in result.summaries if s.map_class.code == "rye")

    assert (rye.training_parcels, rye.validation_parcels, rye.training_pixels) == (1, 0, 36)
    assert any("1 of 4 classes have no validation parcel" in warning and "Rye" in warning
               for warning in result.warnings)
    assert any("1 of 4 classes have fewer than 5 training parcels" in warning and "Rye (1)" in warning
               for warning in result.warnings)
    assert read(folder / "classes.tif")[0].max() <= 4


def test_classes_without_training_parcels_count_as_errors(scene, tmp_path):
    everything = parcels()
    rye = tuple(Parcel(p.identifier, "rye", p.geometry) for p in everything[24:])
    result, _ = run(task(scene, parcels=everything[:24], validation=rye), tmp_path)

    assert result.pixel_matrix.overall_accuracy == 0.0
    assert result.pixel_matrix.total == 6 * 36
    assert any("validation parcels only" in warning for warning in result.warnings)


def test_all_parcels_can_be_used_for_training(scene, tmp_path):
    result, _ = run(task(scene, split=SplitSettings(1.0)), tmp_path)

    assert result.pixel_matrix is None and result.parcel_matrix is None
    assert any("There are no validation parcels" in warning for warning in result.warnings)


def test_parcels_outside_the_image_and_gaps_in_the_data_are_reported(tmp_path):
    values = reflectance(NOISE)
    values[0, :, :24] = np.nan
    scene = write(tmp_path / "half.tif", values)
    away = tuple(Parcel(100 + number, "maize", square(number * 8, -50)) for number in range(40))
    warnings = " ".join(run(task(scene, parcels=parcels() + away), tmp_path)[0].warnings)

    assert "40 of 70 parcels lie outside the image" in warnings
    assert "50% of the pixels have no class" in warnings
    assert "fill the gaps in the time series tool" in warnings


@pytest.mark.parametrize("changes, message", [
    ({"parcels": ()}, "no training parcel with a class"),
    ({"parcels": tuple(Parcel(n, "rye", square(8 * n, 1000)) for n in range(3))}, "All 3 parcels lie outside"),
    ({"parcels": tuple(Parcel(n, "rye", square(8 * n, 1)) for n in range(3))}, r"of one class \(rye\)"),
    ({"parcels": (Parcel(1, "rye", square(0.6, 0.6, 0.3)),)}, "None of the 1 parcels contains a pixel centre"),
    ({"validation": (Parcel(1, "rye", square(0, 1000)),)}, "No validation parcel contains a pixel"),
])
def test_unusable_parcels_give_a_message_and_no_file(scene, tmp_path, changes, message):
    with pytest.raises(UnsuitableInput, match=message):
        run(task(scene, **changes), tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_raster_without_any_data_gives_a_message_and_no_file(tmp_path):
    (tmp_path / "out").mkdir()
    scene = write(tmp_path / "empty.tif", np.full((2, 40, 48), np.nan))
    with pytest.raises(UnsuitableInput, match="training pixels with data"):
        run(task(scene), tmp_path / "out")

    assert list((tmp_path / "out").iterdir()) == []


def test_a_truncated_raster_gives_a_message_and_no_file(scene, tmp_path):
    (tmp_path / "out").mkdir()
    with open(scene, "rb") as whole:
        content = whole.read()
    (tmp_path / "cut.tif").write_bytes(content[:len(content) - 6000])
    with pytest.raises(UnreadableInput, match=r"cut\.tif"):
        run(task(str(tmp_path / "cut.tif")), tmp_path / "out")

    assert list((tmp_path / "out").iterdir()) == []


def test_an_unwritable_output_gives_a_message_and_no_file(scene, tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(OutputError, match=r"report\.html is a folder"):
        run(task(scene), tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize("fraction", [0.05, 0.2, 0.35, 0.5, 0.97])
def test_cancelling_at_any_stage_leaves_no_file(scene, tmp_path, fraction):
    class CancelledAtFraction(Progress):
        reached = 0.0

        @property
        def cancelled(self):
            return self.reached >= fraction

        def show(self, done):
            self.reached = done

    with pytest.raises(Cancelled):
        run(task(scene), tmp_path, CancelledAtFraction())

    assert list(tmp_path.iterdir()) == []
