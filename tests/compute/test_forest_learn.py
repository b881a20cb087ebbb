"""Sampling, tuning, importance and out-of-bag accuracy, compared with scikit-learn and with counts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.inspection import permutation_importance
from sklearn.model_selection import StratifiedKFold, cross_val_score

from floefield.compute.classification.class_maps import MapPaths
from floefield.compute.classification.classify import ClassificationTask, classify
from floefield.compute.classification.prediction import MapRules
from floefield.compute.classification.sampling import sample_sizes
from floefield.compute.classifiers.forest_model import ForestSettings, trees_from_sklearn
from floefield.compute.classifiers.model_file import load_model
from floefield.compute.classifiers.permutation_importance import permutation_importances
from floefield.compute.classifiers.random_forest import Forest, grow_forest, held_out_probabilities
from floefield.compute.classifiers.tree_traversal import TreeTraversal
from floefield.compute.classifiers.tuning import parcel_folds, tune
from floefield.compute.classmap.classes import class_table
from floefield.compute.errors import GridMismatch, UnsuitableInput
from floefield.compute.insitu.parcel import Parcel
from floefield.compute.insitu.parcel_split import SplitSettings
from floefield.compute.progress import Progress
from tests.fieldscene import WEST, parcels, reflectance, square, write

FOREST = ForestSettings(trees=20, threads=1, classifier="random_forest", band_differences=False)
PLAIN = MapRules(smoothing=False)


@pytest.mark.parametrize("settings, expected", [
    ({"sampling_strategy": "equal", "samples_per_class": 100}, [100, 40, 0, 100]),
    ({"sampling_strategy": "equal", "samples_per_class": 0}, [1000, 40, 0, 200]),
    ({"sampling_strategy": "equal", "samples_per_class": 0, "total_samples": 100}, [34, 34, 0, 34]),
    ({"sampling_strategy": "smallest"}, [40, 40, 0, 40]),
    ({"sampling_strategy": "smallest", "samples_per_class": 25}, [25, 25, 0, 25]),
    # 124 of 1240 pixels: a tenth of each class.
    ({"sampling_strategy": "proportional", "total_samples": 124}, [100, 4, 0, 20]),
    ({"sampling_strategy": "proportional", "total_samples": 5}, [4, 1, 0, 1]),
    ({"sampling_strategy": "proportional", "samples_per_class": 0}, [1000, 40, 0, 200]),
    ({"sampling_strategy": "all", "samples_per_class": 1, "total_samples": 1}, [1000, 40, 0, 200]),
], ids=str)
def test_number_of_training_pixels_of_each_class(settings, expected):
    assert sample_sizes(ForestSettings(**settings), np.array([1000, 40, 0, 200])).tolist() == expected


def train(folder, raster, training_raster="", **settings):
    task = ClassificationTask(rasters=(raster,), parcels=() if training_raster else parcels(),
                              training_raster=training_raster, forest=replace(FOREST, **settings))
    result = classify(task, MapPaths(), str(folder / "model.ffm"), "", Progress())
    return result, load_model(str(folder / "model.ffm"))


@pytest.fixture
def scene(tmp_path):
    return write(tmp_path / "scene.tif", reflectance(0.2))


@pytest.mark.parametrize("settings, values", [({"min_samples_leaf": 500}, reflectance(0.2)),
                                              ({}, np.ones((2, 40, 48)))])
def test_trees_without_splits_give_a_warning(tmp_path, settings, values):
    result, _ = train(tmp_path, write(tmp_path / "scene.tif", values), **settings)

    assert any("No tree has a split, so all pixels get the same class" in warning for warning in result.warnings)


@pytest.mark.parametrize("settings, trained", [
    # Eight training fields of 36 pixels of each crop.
    ({"samples_per_parcel": 5}, [40, 40, 40]),
    ({"samples_per_parcel": 5, "samples_per_class": 30}, [30, 30, 30]),
    ({"sampling_strategy": "proportional", "total_samples": 90}, [30, 30, 30]),
    ({"sampling_strategy": "all", "samples_per_class": 1}, [288, 288, 288]),
])
def test_sampling_strategies_on_the_scene(scene, tmp_path, settings, trained):
    result, model = train(tmp_path, scene, **settings)

    assert [summary.training_pixels for summary in result.summaries] == trained
    assert model.settings == replace(FOREST, threads=0, **settings)


def test_a_class_with_one_pixel_is_trained(tmp_path):
    everything = (*parcels()[:24], Parcel(99, "rye", square(41, 1, 1)))
    raster = write(tmp_path / "scene.tif", np.pad(reflectance(0.2), ((0, 0), (0, 8), (0, 0)), constant_values=0.9))
    task = ClassificationTask(rasters=(raster,), parcels=everything, forest=FOREST, rules=PLAIN)
    result = classify(task, MapPaths(str(tmp_path / "map.tif")), "", "", Progress())
    rye = result.summaries[2]

    assert (rye.map_class.code, rye.training_pixels, rye.validation_pixels) == ("rye", 1, 0)
    assert any("Rye (1)" in warning for warning in result.warnings)


def clusters(seed, count=900):
    """Three classes in thirty parcels: two features that separate them, two that do not."""
    generator = np.random.default_rng(seed)
    parcel = np.arange(count) % 30
    classes = parcel % 3
    features = generator.normal(0, 1, (count, 4))
    features[:, :2] += np.array([[0, 0], [2, 0], [0, 2]])[classes]
    return features.astype(np.float32), classes, parcel


def test_the_out_of_bag_accuracy_agrees_with_scikit_learn():
    features, classes, _ = clusters(0)
    grown = grow_forest(features, classes, 3, replace(FOREST, trees=60, oob_accuracy=True), Progress())
    expected = RandomForestClassifier(60, oob_score=True, random_state=0).fit(features, classes)

    assert grown.oob_score == pytest.approx(expected.oob_score_)


def test_class_weights_agree_with_scikit_learn():
    features, classes, _ = clusters(0)
    grown = grow_forest(features, classes, 3, replace(FOREST, trees=10), Progress(),
                        np.array([1.0, 5.0, 1.0])[classes])
    expected = RandomForestClassifier(10, class_weight={0: 1, 1: 5, 2: 1}, random_state=0).fit(features, classes)

    np.testing.assert_allclose(TreeTraversal(grown.trees, 0).votes(features) / 10, expected.predict_proba(features),
                               atol=1e-6)


def test_permutation_importance_agrees_with_scikit_learn():
    features, classes, _ = clusters(0)
    grown = RandomForestClassifier(30, random_state=0).fit(features, classes)
    unseen, truth, _ = clusters(1)
    forest = Forest(kind="random_forest", features=tuple("abcd"), classes=class_table("xyz"),
                    trees=trees_from_sklearn(grown.estimators_, 3, 4), importances=(0.25,) * 4)
    with ThreadPoolExecutor(2) as executor:
        ours = permutation_importances(forest, unseen, truth, 0, executor, Progress())
    theirs = permutation_importance(grown, unseen, truth, n_repeats=5, random_state=0).importances_mean

    np.testing.assert_allclose(ours, theirs, atol=0.04)
    assert min(ours[:2]) > 0.1 and max(np.abs(ours[2:])) < 0.03


def test_all_pixels_of_a_parcel_are_in_one_fold_and_each_class_in_every_fold():
    _, classes, parcel = clusters(0)
    folds = parcel_folds(classes, parcel, 3, seed=0)

    assert all(len(set(folds[parcel == number])) == 1 for number in range(30))
    assert all(set(folds[classes == number]) == {0, 1, 2} for number in range(3))
    assert parcel_folds(np.array([0, 0, 1]), np.array([1, 2, 3]), 3, 0)[2] == -1


@pytest.mark.parametrize("classifier", ["random_forest", "extra_trees"])
def test_held_out_probabilities_agree_with_scikit_learn(classifier):
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.model_selection import PredefinedSplit, cross_val_predict

    features, classes, parcel = clusters(0)
    folds = parcel_folds(classes, parcel, 3, seed=0)
    settings = replace(FOREST, trees=25, classifier=classifier, samples_per_class=0)
    ours = held_out_probabilities(features, classes, 3, folds, settings, Progress())
    peer = (RandomForestClassifier if classifier == "random_forest" else ExtraTreesClassifier)(25, random_state=0)
    theirs = cross_val_predict(peer, features, classes, cv=PredefinedSplit(folds), method="predict_proba")

    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_pixels_without_a_fold_are_used_for_training_and_never_predicted():
    features, classes, parcel = clusters(0)
    folds = np.where(parcel < 6, parcel % 2, -1)
    probabilities = held_out_probabilities(features, classes, 3, folds, FOREST, Progress())

    assert (probabilities[folds < 0] == 0).all()
    np.testing.assert_allclose(probabilities[folds >= 0].sum(axis=1), 1, atol=1e-6)


def test_tuning_does_not_overfit_to_parcels():
    """Two features identify the parcel: the score is nearly 1 with folds of pixels, but not with folds of parcels."""
    generator = np.random.default_rng(5)
    parcel = np.repeat(np.arange(60), 15)
    classes = generator.integers(0, 2, 60)[parcel]
    features = np.stack([classes * 0.6 + generator.normal(0, 1, 900), generator.normal(0, 1, 60)[parcel],
                         generator.normal(0, 1, 60)[parcel]], axis=1).astype(np.float32)
    tuned, trials = tune(features, classes, parcel, replace(FOREST, trees=30), Progress())
    best = max(trials, key=lambda trial: trial.score)
    by_pixel = cross_val_score(RandomForestClassifier(30, random_state=0), features, classes,
                               cv=StratifiedKFold(3, shuffle=True, random_state=0)).mean()

    assert (tuned.min_samples_leaf, tuned.features_per_split) == (best.min_samples_leaf, best.features_per_split)
    assert {trial.min_samples_leaf for trial in trials} == {1, 3, 10} and tuned.trees == 30
    assert by_pixel > 0.95 and best.score < 0.75


def test_nothing_is_tuned_if_no_class_has_two_parcels():
    features, classes, _ = clusters(0)
    assert tune(features, classes, classes, FOREST, Progress()) == (FOREST, ())


def test_tuning_oob_accuracy_and_permutation_importance_are_stored_in_the_model(scene, tmp_path):
    _, model = train(tmp_path, scene, tune=True, oob_accuracy=True, permutation_importance=True)

    assert model.settings.features_per_split in (1, 2) and model.settings.min_samples_leaf in (1, 3, 10)
    assert 0.5 < model.classifier.oob_score < 1
    assert len(model.permutation_importances) == 2 and max(model.permutation_importances) > 0.1
    np.testing.assert_allclose([model.minimums, model.maximums], np.array([[-0.5, -0.5], [1.5, 1.5]]), atol=0.6)


def labels_of_fields(background=0):
    labels = np.full((1, 40, 48), background, np.int32)
    for number, crop in enumerate(parcel.code for parcel in parcels()):
        row, column = number // 6 * 8 + 1, number % 6 * 8 + 1
        labels[0, row:row + 6, column:column + 6] = {"barley": 12345678, "maize": 2, "wheat": 90000001}[crop]
    return labels


def test_a_class_raster_can_be_used_for_training(scene, tmp_path):
    labels = write(tmp_path / "labels.tif", labels_of_fields(), names=("class",), nodata=0)
    result, model = train(tmp_path, scene, labels)

    # Eight-digit codes are not exact in float32.
    assert [map_class.code for map_class in model.classes] == ["2", "12345678", "90000001"]
    assert sum(s.training_pixels + s.validation_pixels for s in result.summaries) == 30 * 36
    assert 0 < result.pixel_matrix.total < 15 * 36
    assert result.pixel_matrix.overall_accuracy > 0.6


def test_each_block_of_a_class_raster_is_used_for_training_or_validation(tmp_path, scene):
    from floefield.compute.classification.feature_stack import FeatureStack
    from floefield.compute.classification.reference_raster import build_raster_reference

    labels = write(tmp_path / "labels.tif", labels_of_fields(), names=("class",), nodata=0)
    with FeatureStack([scene]) as stack:
        reference, reader = build_raster_reference(stack, labels, SplitSettings(0.5), Progress())
        numbers = reference.labels(stack.grid.window)[0].reshape(40, 48)
        reader.close()
    is_training, is_validation = reference.is_training[numbers], reference.is_validation[numbers]

    np.testing.assert_array_equal(is_training | is_validation, labels_of_fields()[0] > 0)
    blocks = np.arange(40)[:, None] // 8 * 6 + np.arange(48) // 8
    for block in range(30):
        # One field, so one class, in each block of eight pixels.
        assert is_training[blocks == block].any() != is_validation[blocks == block].any()


def test_no_field_is_used_for_both_training_and_validation(tmp_path):
    """Fields across blocks of eight pixels; land cover in the lower half, in two rows of three squares."""
    from scipy.ndimage import label

    from floefield.compute.classification.feature_stack import FeatureStack
    from floefield.compute.classification.reference_raster import build_raster_reference

    values = np.zeros((1, 160, 160), np.uint8)
    for stripe in range(12):
        values[0, 6 * stripe:6 * stripe + 5, 10 * stripe:10 * stripe + 40] = stripe % 2 + 1
    values[0, 75:] = 3
    labels = write(tmp_path / "labels.tif", values, names=("class",), nodata=0)
    with FeatureStack([write(tmp_path / "scene.tif", np.ones((1, 160, 160)), ("B04",))]) as stack:
        reference, reader = build_raster_reference(stack, labels, SplitSettings(0.5), Progress())
        numbers = reference.labels(stack.grid.window)[0].reshape(160, 160)
        reader.close()

    fields, count = label(values[0] % 3)
    assert count == 12
    assert [len(np.unique(numbers[fields == field])) for field in range(1, 13)] == [1] * 12
    assert (reference.is_training[numbers] | reference.is_validation[numbers])[values[0] > 0].all()
    assert len(np.unique(numbers[values[0] == 3])) == 2 * 3


@pytest.mark.parametrize("seed", range(8))
def test_of_a_large_patch_and_small_ones_the_large_one_is_used_for_training(tmp_path, seed):
    from floefield.compute.classification.feature_stack import FeatureStack
    from floefield.compute.classification.reference_raster import build_raster_reference

    values = np.zeros((1, 80, 80), np.uint8)
    values[0, :40, :40] = 1
    values[0, 44::12, 4::12], values[0, 50::12, 4::12] = 1, 2
    labels = write(tmp_path / "labels.tif", values, names=("class",), nodata=0)
    with FeatureStack([write(tmp_path / "scene.tif", np.ones((1, 80, 80)), ("B04",))]) as stack:
        reference, reader = build_raster_reference(stack, labels, SplitSettings(seed=seed), Progress())
        numbers = reference.labels(stack.grid.window)[0].reshape(80, 80)
        reader.close()

    assert reference.is_training[numbers[:40, :40]].all()
    assert reference.is_validation[numbers[44:]][values[0, 44:] == 1].any()


def test_without_nodata_zero_is_a_class(scene, tmp_path):
    labels = write(tmp_path / "labels.tif", labels_of_fields(), names=("class",))
    _, model = train(tmp_path, scene, labels)

    assert [map_class.code for map_class in model.classes] == ["0", "2", "12345678", "90000001"]


@pytest.mark.parametrize("values, options, error, message", [
    (np.ones((1, 40, 48), np.float32), {}, UnsuitableInput, "decimal numbers"),
    (np.ones((1, 40, 48), np.uint8), {}, UnsuitableInput, "a single class"),
    (np.zeros((1, 40, 48), np.uint8), {"nodata": 0}, UnsuitableInput, "no class"),
    (np.arange(40 * 48, dtype=np.int32).reshape(1, 40, 48), {}, UnsuitableInput, "more than 1000 different values"),
    (np.ones((1, 40, 48), np.uint8), {"west": WEST + 3}, GridMismatch, "class raster .* do not share one pixel grid"),
])
def test_other_rasters_than_class_rasters_are_refused(scene, tmp_path, values, options, error, message):
    with pytest.raises(error, match=message):
        train(tmp_path, scene, write(tmp_path / "labels.tif", values, names=("class",), **options))

    assert not (tmp_path / "model.ffm").exists()
