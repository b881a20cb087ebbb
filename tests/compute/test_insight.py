"""A closer look at the parcels: planted mistakes are found, curves rise where they must, profiles are means by hand."""

from dataclasses import replace

import numpy as np
import pytest

from floefield.compute.accuracy.early import EarlyAccuracy, accuracy_by_date, early_enough
from floefield.compute.accuracy.insight import InsightWishes, ParcelPixels, draw_parcel_pixels, look_closer
from floefield.compute.accuracy.profiles import class_profiles
from floefield.compute.accuracy.record import read_record, record_tags, record_training, training_text
from floefield.compute.accuracy.smallforest import class_probabilities, finite
from floefield.compute.classes import class_table
from floefield.compute.errors import Cancelled, UnreadableInput
from floefield.compute.forest.features import FeatureStack
from floefield.compute.forest.ground import build_reference
from floefield.compute.forest.settings import ForestSettings
from floefield.compute.insitu.burn import ParcelMap
from floefield.compute.insitu.parcels import Parcel
from floefield.compute.insitu.split import SplitSettings
from floefield.compute.progress import Progress
from floefield.compute.raster.blocks import make_executor
from floefield.compute.raster.grid import Grid

from .. import fieldscene

SETTINGS = ForestSettings(threads=1)


@pytest.fixture
def scene(tmp_path):
    """The fields on two dates: the first shows nothing, the second tells them apart; field 4 is called wrong."""
    late = fieldscene.reflectance(0.05)
    early = fieldscene.reflectance(0.05, seed=2) * 0 + np.random.default_rng(3).normal(0.3, 0.1, late.shape)
    names = ("B04_20230301", "B08_20230301", "B04_20230701", "B08_20230701")
    path = fieldscene.write(tmp_path / "scene.tif", np.concatenate([early, late]), names)
    parcels = tuple(replace(p, code="wheat") if p.identifier == 4 else p for p in fieldscene.parcels())
    with FeatureStack([path]) as stack, make_executor(1) as executor:
        yield stack, build_reference(stack.grid, parcels, None, SplitSettings(), Progress()), executor


def test_a_wrong_label_is_found_and_no_other(scene):
    found = look_closer(*scene[:2], InsightWishes(suspicious=True), SETTINGS, scene[2], Progress()).suspicious

    assert [(one.parcel.identifier, one.label, one.seen) for one in found] == [(4, "Wheat", "Maize")]
    assert found[0].probability > 0.6 > 0.3 > found[0].own_probability
    assert found[0].hectares == pytest.approx(36 * 100 / 10000)


def test_accuracy_rises_when_the_images_begin_to_tell(scene):
    found = look_closer(*scene[:2], InsightWishes(early=True), SETTINGS, scene[2], Progress()).early

    assert [(one.date, one.images) for one in found] == [("2023-03-01", 1), ("2023-07-01", 2)]
    # Field 4 is among the seven that judge, and its label is wrong.
    assert found[0].pixels < 0.6
    assert found[1].pixels == pytest.approx(6 / 7) and found[1].parcels == pytest.approx(6 / 7)


@pytest.mark.parametrize(("accuracies", "enough"), [
    ((0.5, 0.79, 0.83, 0.80), "2018-05"), ((0.9, 0.5, 0.80), "2018-06"), ((0.7,), "2018-04")])
def test_the_season_suffices_once_the_accuracy_stays_near_the_last(accuracies, enough):
    found = [EarlyAccuracy(f"2018-{month:02d}", month, accuracy, accuracy)
             for month, accuracy in enumerate(accuracies, start=4)]
    assert early_enough(found).date == enough


def test_profiles_are_percentiles_of_the_means_of_parcels(scene):
    import rasterio

    profiles = look_closer(*scene[:2], InsightWishes(profiles=True), SETTINGS, scene[2], Progress()).profiles

    with rasterio.open(scene[0].readers[0].path) as raster:
        red, infrared = raster.read([3, 4]).astype(np.float64)
    ndvi = (infrared - red) / (infrared + red)
    assert profiles.dates == ("2023-03-01", "2023-07-01")
    assert profiles.parcels == (10, 9, 11)
    barley = [n for n in range(30) if n % 3 == 0]
    # Of each parcel of 36 pixels 30 are drawn, so the means are close to those of all pixels.
    means = [ndvi[n // 6 * 8 + 1:n // 6 * 8 + 7, n % 6 * 8 + 1:n % 6 * 8 + 7].mean() for n in barley]
    np.testing.assert_allclose(profiles.percentiles[0, :, 1], np.percentile(means, [10, 25, 50, 75, 90]), atol=0.02)


def test_ndvi_bands_are_taken_as_they_are():
    pixels = ParcelPixels(np.array([[0.1, 0.5], [0.3, np.nan], [0.9, 0.7]], np.float32), np.array([0, 0, 1]),
                          np.array([1, 2]), np.array([0, 0]), np.array([True, True]), np.array([2, 1]))
    profiles = class_profiles(pixels, ("NDVI_20230301", "NDVI_20230401"), class_table(["rye"]))

    np.testing.assert_allclose(profiles.percentiles[0, 2], [(0.2 + 0.9) / 2, (0.5 + 0.7) / 2], rtol=1e-6)
    assert class_profiles(pixels, ("a", "b"), class_table(["rye"])) is None


def test_small_parcels_are_drawn_whole_and_large_ones_in_part(scene):
    stack, ground, executor = scene
    pixels = draw_parcel_pixels(stack, ground, 0, executor, Progress())

    assert np.bincount(pixels.parcels).tolist() == [30] * 30
    assert pixels.available.tolist() == [36] * 30
    assert pixels.is_training.sum() == len(ground.training)


def test_some_parcels_of_each_class_are_enough_for_profiles(scene):
    stack, ground, executor = scene
    pixels = draw_parcel_pixels(stack, ground, 0, executor, Progress(), most_parcels=4)

    assert np.bincount(pixels.classes).tolist() == [4, 4, 4]
    np.testing.assert_array_equal(pixels.features, draw_parcel_pixels(stack, ground, 0, executor, Progress(),
                                                                      most_parcels=4).features)


def test_without_dates_or_judges_the_curve_says_why():
    pixels = ParcelPixels(np.zeros((4, 1), np.float32), np.arange(4), np.arange(1, 5), np.array([0, 1, 0, 1]),
                          np.ones(4, bool), np.ones(4, int))
    assert accuracy_by_date(pixels, ("B04",), SETTINGS, Progress())[0] == ()
    assert "several dates" in accuracy_by_date(pixels, ("B04",), SETTINGS, Progress())[1][0]


def test_the_small_forest_is_scikit_learns():
    from sklearn.ensemble import RandomForestClassifier

    random = np.random.default_rng(0)
    known, asked = (random.normal(size=(n, 5)).astype(np.float32) for n in (300, 50))
    classes = (known[:, 0] > 0).astype(int) + (known[:, 1] > 0.5)
    ours = class_probabilities(known, classes, asked, 4, SETTINGS, Progress(), np.ones(300))
    theirs = RandomForestClassifier(100, random_state=0).fit(known, classes, np.ones(300)).predict_proba(asked)

    np.testing.assert_allclose(ours[:, :3], theirs, atol=1e-12)
    assert (ours[:, 3] == 0).all()
    np.testing.assert_array_equal(ours, class_probabilities(known, classes, asked, 4, replace(SETTINGS, threads=3),
                                                            Progress(), np.ones(300)))


def test_gaps_take_the_median_of_their_column():
    np.testing.assert_array_equal(finite(np.array([[1, np.nan], [np.nan, np.nan], [3, np.nan], [8, np.inf]])),
                                  [[1, 0], [3, 0], [3, 0], [8, 0]])


def test_the_record_holds_exactly_the_training_pixels(scene):
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
    (lambda text: text.replace("40,48", "40,47"), "cut or moved")])
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
    drawn = ParcelMap(grid, parcels)
    record = record_training(grid, lambda window: drawn.read(window) > 0, drawn.touches)
    assert len(record.text()) < 100_000
    assert read_record(record.text(), grid).count == record.count > 100_000


def test_cancelling_ends_the_look(scene):
    class Impatient(Progress):
        cancelled = True

    with pytest.raises(Cancelled):
        look_closer(*scene[:2], InsightWishes(early=True), SETTINGS, scene[2], Impatient())


def test_scattered_training_pixels_have_no_record():
    grid = Grid("", 0, 0, 10, 10, 1600, 1600)
    scattered = (np.indices(grid.shape).sum(axis=0) % 2).astype(bool)
    assert record_training(grid, lambda window: scattered[window.slices], lambda window: True) is None
