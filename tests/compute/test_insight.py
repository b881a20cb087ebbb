"""Diagnostics of parcels: suspect labels, early-season accuracy, NDVI profiles, and the training record."""

from dataclasses import replace

import numpy as np
import pytest

from floefield.compute.classification.feature_stack import FeatureStack
from floefield.compute.classification.parcel_diagnostics import DiagnosticsSettings, diagnose_parcels
from floefield.compute.classification.reference import build_reference
from floefield.compute.classification.sampling import ParcelPixels, sample_each_parcel, sample_parcel_pixels
from floefield.compute.classification.season_analysis import (
    EarlyAccuracy,
    accuracy_by_date,
    class_profiles,
    earliest_sufficient,
)
from floefield.compute.classifiers.forest_model import ForestSettings
from floefield.compute.classifiers.imputation import imputation_values, impute
from floefield.compute.classifiers.random_forest import class_probabilities, small_forest
from floefield.compute.classmap.classes import class_table
from floefield.compute.classmap.training_record import read_record, record_tags, record_training, training_text
from floefield.compute.errors import Cancelled, UnreadableInput
from floefield.compute.insitu.parcel import Parcel
from floefield.compute.insitu.parcel_raster import ParcelRaster
from floefield.compute.insitu.parcel_split import SplitSettings
from floefield.compute.progress import Progress
from floefield.compute.raster.blocks import make_executor
from floefield.compute.raster.grid import Grid

from .. import fieldscene

SETTINGS = ForestSettings(threads=1)


@pytest.fixture
def scene(tmp_path):
    """The fields on two dates: the classes differ on the second only; field 4 has a wrong label."""
    late = fieldscene.reflectance(0.05)
    early = fieldscene.reflectance(0.05, seed=2) * 0 + np.random.default_rng(3).normal(0.3, 0.1, late.shape)
    names = ("B04_20230301", "B08_20230301", "B04_20230701", "B08_20230701")
    path = fieldscene.write(tmp_path / "scene.tif", np.concatenate([early, late]), names)
    parcels = tuple(replace(p, code="wheat") if p.identifier == 4 else p for p in fieldscene.parcels())
    with FeatureStack([path]) as stack, make_executor(1) as executor:
        yield stack, build_reference(stack.grid, parcels, None, SplitSettings(), Progress()), executor


def test_exactly_the_wrong_label_is_suspect(scene):
    settings = DiagnosticsSettings(suspect_labels=True)
    found = diagnose_parcels(*scene[:2], settings, SETTINGS, scene[2], Progress()).suspect_labels

    assert [(one.parcel.identifier, one.label, one.predicted) for one in found] == [(4, "Wheat", "Maize")]
    assert found[0].probability > 0.6 > 0.3 > found[0].label_probability
    assert found[0].hectares == pytest.approx(36 * 100 / 10000)


def test_accuracy_increases_with_informative_images(scene):
    found = diagnose_parcels(*scene[:2], DiagnosticsSettings(early_season=True), SETTINGS, scene[2], Progress()).early

    assert [(one.date, one.date_count) for one in found] == [("2023-03-01", 1), ("2023-07-01", 2)]
    # Field 4 is one of the seven validation parcels, and its label is wrong.
    assert found[0].pixel_accuracy < 0.6
    assert found[1].pixel_accuracy == pytest.approx(6 / 7) and found[1].parcel_accuracy == pytest.approx(6 / 7)


@pytest.mark.parametrize(("accuracies", "sufficient"), [
    ((0.5, 0.79, 0.83, 0.80), "2018-05"), ((0.9, 0.5, 0.80), "2018-06"), ((0.7,), "2018-04")])
def test_the_first_date_with_an_accuracy_that_stays_near_the_last(accuracies, sufficient):
    found = [EarlyAccuracy(f"2018-{month:02d}", month, accuracy, accuracy)
             for month, accuracy in enumerate(accuracies, start=4)]
    assert earliest_sufficient(found).date == sufficient


def test_profiles_are_percentiles_of_the_means_of_parcels(scene):
    import rasterio

    profiles = diagnose_parcels(*scene[:2], DiagnosticsSettings(profiles=True), SETTINGS, scene[2], Progress()).profiles

    with rasterio.open(scene[0].readers[0].path) as raster:
        red, infrared = raster.read([3, 4]).astype(np.float64)
    ndvi = (infrared - red) / (infrared + red)
    assert profiles.dates == ("2023-03-01", "2023-07-01")
    assert profiles.parcels == (10, 9, 11)
    barley = [n for n in range(30) if n % 3 == 0]
    # 30 of the 36 pixels of each parcel are sampled, so the means are close to those of all pixels.
    means = [ndvi[n // 6 * 8 + 1:n // 6 * 8 + 7, n % 6 * 8 + 1:n % 6 * 8 + 7].mean() for n in barley]
    np.testing.assert_allclose(profiles.percentiles[0, :, 1], np.percentile(means, [10, 25, 50, 75, 90]), atol=0.02)


def test_ndvi_bands_are_used_unchanged():
    pixels = ParcelPixels(np.array([[0.1, 0.5], [0.3, np.nan], [0.9, 0.7]], np.float32), np.array([0, 0, 1]),
                          np.array([1, 2]), np.array([0, 0]), np.array([True, True]), np.array([2, 1]))
    profiles = class_profiles(pixels, ("NDVI_20230301", "NDVI_20230401"), class_table(["rye"]))

    np.testing.assert_allclose(profiles.percentiles[0, 2], [(0.2 + 0.9) / 2, (0.5 + 0.7) / 2], rtol=1e-6)
    assert class_profiles(pixels, ("a", "b"), class_table(["rye"])) is None


def test_at_most_30_pixels_per_parcel_are_sampled(scene):
    stack, ground, executor = scene
    pixels = sample_each_parcel(stack, ground, SETTINGS, executor, Progress())

    assert np.bincount(pixels.parcels).tolist() == [30] * 30
    assert pixels.available.tolist() == [36] * 30
    assert pixels.is_training.sum() == len(ground.training)


def test_the_number_of_parcels_per_class_can_be_limited(scene):
    stack, ground, executor = scene
    pixels = sample_each_parcel(stack, ground, SETTINGS, executor, Progress(), max_parcels=4)

    assert np.bincount(pixels.classes).tolist() == [4, 4, 4]
    np.testing.assert_array_equal(pixels.features, sample_each_parcel(stack, ground, SETTINGS, executor, Progress(),
                                                                      max_parcels=4).features)


@pytest.mark.parametrize("by_parcel", [False, True])
def test_the_pixels_of_parcels_are_sampled_by_class_or_by_parcel(scene, by_parcel):
    stack, ground, executor = scene
    sample = sample_parcel_pixels(stack, ground, ground.is_training, 20, 0, by_parcel, executor, Progress())
    numbers = ground.labels(stack.grid.window)[0]
    features, _ = stack.read(stack.grid.window)

    assert ground.is_training[sample.parcels].all()
    np.testing.assert_array_equal(sample.classes, ground.values[sample.parcels] - 1)
    assert (sample.without_data, sample.disputed) == (0, 0)
    if by_parcel:
        np.testing.assert_array_equal(np.bincount(sample.parcels, minlength=len(ground.values)),
                                      np.where(ground.is_training, 20, 0))
        np.testing.assert_array_equal(sample.available, np.where(ground.is_training, 36, 0))
    else:
        assert np.bincount(sample.classes).tolist() == [20, 20, 20]
        is_training = ground.is_training[numbers]
        np.testing.assert_array_equal(sample.available, np.bincount(ground.values[numbers[is_training]] - 1))
    pixels_of_parcel = {number: {tuple(row) for row in features[numbers == number]} for number in set(sample.parcels)}
    assert all(tuple(row) in pixels_of_parcel[number] for row, number in zip(sample.features, sample.parcels))


def test_early_season_accuracy_needs_dates_and_validation_parcels():
    pixels = ParcelPixels(np.zeros((4, 1), np.float32), np.arange(4), np.arange(1, 5), np.array([0, 1, 0, 1]),
                          np.ones(4, bool), np.ones(4, int))
    assert accuracy_by_date(pixels, ("B04",), SETTINGS, Progress())[0] == ()
    assert "several dates" in accuracy_by_date(pixels, ("B04",), SETTINGS, Progress())[1][0]


def test_the_small_forest_agrees_with_scikit_learn():
    from sklearn.ensemble import RandomForestClassifier

    random = np.random.default_rng(0)
    training, features = (random.normal(size=(n, 5)).astype(np.float32) for n in (300, 50))
    classes = (training[:, 0] > 0).astype(int) + (training[:, 1] > 0.5)
    ours = class_probabilities(training, classes, features, 4, small_forest(SETTINGS), Progress(), np.ones(300))
    theirs = RandomForestClassifier(100, random_state=0).fit(training, classes, np.ones(300)).predict_proba(features)

    np.testing.assert_allclose(ours[:, :3], theirs, atol=1e-12)
    assert (ours[:, 3] == 0).all()
    np.testing.assert_array_equal(ours, class_probabilities(
        training, classes, features, 4, small_forest(replace(SETTINGS, threads=3)), Progress(), np.ones(300)))


def test_missing_values_are_replaced_by_the_median_of_their_column():
    features = np.array([[1, np.nan], [np.nan, np.nan], [3, np.nan], [8, np.inf]], np.float32)

    assert imputation_values(features, "median") == (3, 0)
    assert impute(features, (3, 0)) == 4
    np.testing.assert_array_equal(features, [[1, 0], [3, 0], [3, 0], [8, 0]])


def test_the_record_contains_exactly_the_training_pixels(scene):
    stack, ground, _ = scene
    text = training_text(stack.grid, ground)
    record = read_record(text, stack.grid)

    expected = ground.is_training[ground.labels(stack.grid.window)[0]].reshape(stack.grid.shape)
    np.testing.assert_array_equal(record.read(stack.grid.window), expected)
    assert record_tags(text, stack.grid) == {"FLOEFIELD": {"TRAINING_PIXELS": text},
                                             "": {"FLOEFIELD_TRAINING_PIXELS": "RECORDED"}}
    assert record_tags(text, replace(stack.grid, west=0.0)) == record_tags("", stack.grid) == {}
    for window in stack.grid.blocks(7, 13):
        np.testing.assert_array_equal(record.read(window), expected[window.slices])


@pytest.mark.parametrize(("change", "words"), [
    (lambda text: text[:-9], "damaged"), (lambda text: text.replace(";", ";AAAA"), "damaged"),
    (lambda text: text.replace("40,48", "40,47"), "clipped or shifted")])
def test_a_record_that_does_not_fit_is_refused(scene, change, words):
    stack, ground, _ = scene
    text = training_text(stack.grid, ground)
    with pytest.raises(UnreadableInput, match=words):
        read_record(change(text), stack.grid)


def test_a_record_of_a_large_image_is_small():
    grid = Grid("", 0, 0, 10, 10, 10980, 10980)
    parcels = [Parcel(n, "a", {"type": "Polygon", "coordinates": [[
        [x, y], [x + 150, y], [x + 150, y - 150], [x, y - 150], [x, y]]]})
               for n, (x, y) in enumerate(np.random.default_rng(1).integers(0, 100000, (500, 2)) * [1, -1])]
    parcel_map = ParcelRaster(grid, parcels)
    record = record_training(grid, lambda window: parcel_map.read(window) > 0, parcel_map.touches)
    assert len(record.text()) < 100_000
    assert read_record(record.text(), grid).count == record.count > 100_000


def test_diagnostics_can_be_cancelled(scene):
    class Impatient(Progress):
        cancelled = True

    with pytest.raises(Cancelled):
        diagnose_parcels(*scene[:2], DiagnosticsSettings(early_season=True), SETTINGS, scene[2], Impatient())


def test_scattered_training_pixels_have_no_record():
    grid = Grid("", 0, 0, 10, 10, 1600, 1600)
    scattered = (np.indices(grid.shape).sum(axis=0) % 2).astype(bool)
    assert record_training(grid, lambda window: scattered[window.slices], lambda window: True) is None
