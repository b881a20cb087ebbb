"""Smoothing over alike neighbours, against a count pixel by pixel; canonical variates, against scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest

from floefield.compute.errors import UnreadableInput
from floefield.compute.forest import likeness
from floefield.compute.forest.classify import ClassificationTask, classify
from floefield.compute.forest.likeness import Likeness, learn_likeness
from floefield.compute.forest.mapping import MapPaths, MapRules
from floefield.compute.forest.modelfile import load_forest, save_forest
from floefield.compute.forest.settings import ForestSettings
from floefield.compute.forest.smooth import smoothed
from floefield.compute.forest.strips import strip_height
from floefield.compute.progress import Progress
from floefield.compute.raster.grid import Grid
from tests.fieldscene import parcels, read, reflectance, write


def counted(shares, traits, valid, step):
    """One pass as the docs tell it: pixel by pixel, in float64."""
    result = np.zeros_like(shares)
    for row, column in np.argwhere(valid):
        total = 0.0
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                there = row + down * step, column + across * step
                if not (0 <= there[0] < valid.shape[0] and 0 <= there[1] < valid.shape[1] and valid[there]):
                    continue
                difference = np.mean((traits[:, row, column] - traits[(slice(None), *there)]) ** 2)
                weight = (2 - abs(down)) * (2 - abs(across)) * np.exp(-difference / (2 * 0.9 ** 2))
                result[:, row, column] += weight * shares[(slice(None), *there)]
                total += weight
        result[:, row, column] /= total
    return result


def test_smoothing_is_the_weighted_mean_over_ever_farther_neighbours():
    generator = np.random.default_rng(5)
    shares = generator.dirichlet((1, 1, 1), (23, 31)).transpose(2, 0, 1)
    traits = np.rint(generator.normal(0, 16, (2, 23, 31)))
    valid = generator.random((23, 31)) > 0.2
    shares[:, ~valid] = 0
    expected = shares
    for step in (1, 2, 4, 8):
        expected = counted(expected, traits / 16, valid, step)

    smooth = smoothed(shares.astype(np.float32), traits.astype(np.int16), valid)

    # The weights come from a table of steps of 1/64 in the mean square.
    np.testing.assert_allclose(smooth, expected, atol=0.004)
    np.testing.assert_allclose(smooth[:, valid].sum(axis=0), 1, atol=1e-6)
    assert not smooth[:, ~valid].any()


def test_a_field_is_averaged_and_its_border_stays():
    generator = np.random.default_rng(6)
    is_right = np.zeros((40, 40), bool)
    is_right[:, 20:] = True
    chance = np.where(is_right, 0.7, 0.3) + generator.normal(0, 0.15, is_right.shape)
    traits = np.where(is_right, 5 * 16, 0)[None].astype(np.int16)
    smooth = smoothed(np.stack([chance, 1 - chance]).astype(np.float32), traits, np.ones((40, 40), bool))

    assert ((chance > 0.5) != is_right).sum() > 50, "the noise is worth smoothing"
    np.testing.assert_array_equal(smooth[0] > 0.5, is_right)
    assert smooth[0, :, 19].max() < 0.4 < 0.6 < smooth[0, :, 20].min()


def test_a_raster_smaller_than_the_steps_is_smoothed_as_well():
    shares = np.array([[[1.0, 0.0, 1.0]]], np.float32)
    smooth = smoothed(shares, np.zeros((1, 1, 3), np.int16), np.ones((1, 3), bool))
    # Weights 4 2 by one pixel, then by two: 2/3 1/2 2/3 becomes itself at the ends.
    np.testing.assert_allclose(smooth, [[[2 / 3, 0.5, 2 / 3]]], atol=1e-6)


def test_traits_are_the_canonical_variates_of_parcels(monkeypatch):
    """Without shrinkage they are what linear discriminant analysis finds, and pixels of a parcel scatter by one."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    monkeypatch.setattr(likeness, "SHRINKAGE", 0.0)
    generator = np.random.default_rng(7)
    groups = np.repeat(np.arange(6), 200)
    noise = generator.normal(0, 1, (1200, 5)) @ generator.normal(0, 1, (5, 5))
    bands = (generator.normal(0, 3, (6, 5))[groups] + noise).astype(np.float32)
    traits = learn_likeness(bands, groups).traits(bands) / 16
    variates = LinearDiscriminantAnalysis(solver="eigen").fit_transform(bands.astype(float), groups)

    residuals = np.concatenate([traits[:, groups == group] - traits[:, groups == group].mean(axis=1, keepdims=True)
                                for group in range(6)], axis=1)
    np.testing.assert_allclose(np.cov(residuals), np.eye(4), atol=0.02)
    for trait, variate in zip(traits, variates.T):
        assert abs(np.corrcoef(trait, variate)[0, 1]) > 0.999


def test_missing_bands_and_constant_ones_do_not_matter():
    bands = np.array([[0.1, np.nan, 7], [0.2, 0.4, 7], [0.8, 0.5, 7], [0.9, 0.6, 7]], np.float32)
    learned = learn_likeness(bands, np.array([0, 0, 1, 1]))
    assert np.isfinite(learned.axes).all() and learned.axes.shape == (1, 3)
    filled = np.where(np.isnan(bands), learned.centres, bands).astype(np.float32)
    np.testing.assert_array_equal(learned.traits(bands), learned.traits(filled))


def test_parcels_of_equal_pixels_are_told_apart():
    bands = np.repeat(np.array([[0.1, 0.5], [0.3, 0.2], [0.7, 0.9]], np.float32), 4, axis=0)
    traits = learn_likeness(bands, np.repeat(np.arange(3), 4)).traits(bands) / 16
    assert (traits[:, ::4] == traits[:, 3::4]).all()
    differences = [np.abs(traits[:, first] - traits[:, second]).max() for first, second in ((0, 4), (4, 8), (0, 8))]
    assert min(differences) > 10, "far more than pixels of a parcel would differ"


@pytest.fixture
def scene(tmp_path):
    """Three strips of 256 rows; some pixels without data."""
    values = np.tile(reflectance(0.3), (1, 14, 1))
    values[:, 250:260, 5:9] = np.nan
    return write(tmp_path / "scene.tif", values, ("B04_20180627", "B08_20180627"))


def run(scene, folder, rules, **forest):
    folder.mkdir()
    task = ClassificationTask(rasters=(scene,), parcels=parcels(), rules=rules,
                              forest=ForestSettings(**{"trees": 20, "threads": 1, "contrasts": False, **forest}))
    maps = MapPaths(*(str(folder / f"{name}.tif") for name in ("classes", "confidence", "probabilities")))
    return classify(task, maps, str(folder / "model.ffrf"), "", Progress())


def test_strips_leave_no_seams(scene, tmp_path):
    run(scene, tmp_path / "plain", MapRules(smoothing=False))
    run(scene, tmp_path / "smooth", MapRules())
    plain, _ = read(tmp_path / "plain" / "probabilities.tif")
    smooth, _ = read(tmp_path / "smooth" / "probabilities.tif")
    valid = np.isfinite(plain[0])
    values, _ = read(scene)
    model = load_forest(str(tmp_path / "smooth" / "model.ffrf"))
    traits = model.likeness.traits(values.reshape(2, -1).T).reshape(-1, *valid.shape)

    expected = smoothed(np.where(valid, plain, 0), traits, valid)

    np.testing.assert_array_equal(smooth[:, valid], expected[:, valid])
    assert np.isnan(smooth[:, ~valid]).all()
    classes, _ = read(tmp_path / "smooth" / "classes.tif")
    np.testing.assert_array_equal(classes[0], np.where(valid, expected.argmax(axis=0) + 1, 0))


@pytest.mark.parametrize("missing", ["exclude", "median", "value"])
def test_without_a_map_the_accuracy_is_the_same(scene, tmp_path, missing):
    with_map = run(scene, tmp_path / "map", MapRules(), missing=missing)
    task = ClassificationTask(rasters=(scene,), parcels=parcels(), forest=with_map.forest.settings)
    without = classify(task, MapPaths(), "", "", Progress())
    np.testing.assert_array_equal(without.pixel_matrix.counts, with_map.pixel_matrix.counts)


def test_the_model_file_keeps_the_likeness(scene, tmp_path):
    forest = run(scene, tmp_path / "run", MapRules()).forest
    again = load_forest(str(tmp_path / "run" / "model.ffrf")).likeness
    np.testing.assert_array_equal(again.axes, forest.likeness.axes)
    np.testing.assert_array_equal(again.centres, forest.likeness.centres)


@pytest.mark.parametrize("centres, axes", [
    ([0.0], [[1.0, 0.0]]), ([0.0, 0.0], [[1.0]]), ([0.0, 0.0], [[np.nan, 1.0]]), ([0.0, 0.0], [[1.0, 0.0]] * 5),
    ([1e300, 0.0], [[1e300, 0.0]])])
def test_a_forged_likeness_is_refused(scene, tmp_path, centres, axes):
    forest = run(scene, tmp_path / "run", MapRules()).forest
    forged = replace(forest, likeness=Likeness(np.array(centres), np.array(axes)))
    save_forest(str(tmp_path / "forged.ffrf"), forged)
    with pytest.raises(UnreadableInput, match="damaged"):
        load_forest(str(tmp_path / "forged.ffrf"))


def test_a_strip_fits_into_memory_whatever_the_number_of_classes():
    tile = Grid("", 0, 0, 10, 10, 10980, 10980)
    assert strip_height(tile, 12, 4) == 256
    assert strip_height(tile, 60, 4) == 64
    assert strip_height(tile, 1000, 4) == 16
