"""Smoothing over similar neighbours, compared with a pixel-wise loop; canonical variates, with scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest

from floefield.compute.classification.class_maps import MapPaths
from floefield.compute.classification.classify import ClassificationTask, classify
from floefield.compute.classification.prediction import MapRules
from floefield.compute.classification.probability_smoothing import smooth_probabilities, strip_height
from floefield.compute.classifiers import similarity
from floefield.compute.classifiers.forest_model import ForestSettings
from floefield.compute.classifiers.model_file import load_model, save_model
from floefield.compute.classifiers.similarity import Similarity, fit_similarity
from floefield.compute.errors import UnreadableInput
from floefield.compute.progress import Progress
from floefield.compute.raster.grid import Grid
from tests.fieldscene import parcels, read, reflectance, write


def averaged_by_pixel(probabilities, components, valid, step):
    """One pass as documented, pixel by pixel in float64."""
    result = np.zeros_like(probabilities)
    for row, column in np.argwhere(valid):
        total = 0.0
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                there = row + down * step, column + across * step
                if not (0 <= there[0] < valid.shape[0] and 0 <= there[1] < valid.shape[1] and valid[there]):
                    continue
                difference = np.mean((components[:, row, column] - components[(slice(None), *there)]) ** 2)
                weight = (2 - abs(down)) * (2 - abs(across)) * np.exp(-difference / (2 * 0.9 ** 2))
                result[:, row, column] += weight * probabilities[(slice(None), *there)]
                total += weight
        result[:, row, column] /= total
    return result


def test_smoothing_is_the_weighted_mean_over_neighbours_at_increasing_steps():
    generator = np.random.default_rng(5)
    probabilities = generator.dirichlet((1, 1, 1), (23, 31)).transpose(2, 0, 1)
    components = np.rint(generator.normal(0, 16, (2, 23, 31)))
    valid = generator.random((23, 31)) > 0.2
    probabilities[:, ~valid] = 0
    expected = probabilities
    for step in (1, 2, 4, 8):
        expected = averaged_by_pixel(expected, components / 16, valid, step)

    smooth = smooth_probabilities(probabilities.astype(np.float32), components.astype(np.int16), valid)

    # The weights are from a table with steps of 1/64 in the mean square.
    np.testing.assert_allclose(smooth, expected, atol=0.004)
    np.testing.assert_allclose(smooth[:, valid].sum(axis=0), 1, atol=1e-6)
    assert not smooth[:, ~valid].any()


def test_fields_are_averaged_and_edges_preserved():
    generator = np.random.default_rng(6)
    is_right = np.zeros((40, 40), bool)
    is_right[:, 20:] = True
    probability = np.where(is_right, 0.7, 0.3) + generator.normal(0, 0.15, is_right.shape)
    components = np.where(is_right, 5 * 16, 0)[None].astype(np.int16)
    smooth = smooth_probabilities(np.stack([probability, 1 - probability]).astype(np.float32), components,
                                  np.ones((40, 40), bool))

    assert ((probability > 0.5) != is_right).sum() > 50, "without smoothing many pixels are wrong"
    np.testing.assert_array_equal(smooth[0] > 0.5, is_right)
    assert smooth[0, :, 19].max() < 0.4 < 0.6 < smooth[0, :, 20].min()


def test_a_raster_smaller_than_the_steps_is_smoothed():
    probabilities = np.array([[[1.0, 0.0, 1.0]]], np.float32)
    smooth = smooth_probabilities(probabilities, np.zeros((1, 1, 3), np.int16), np.ones((1, 3), bool))
    # Weights 4 2 at step 1 and 2 in turn: the ends 2/3 1/2 2/3 do not change at step 2.
    np.testing.assert_allclose(smooth, [[[2 / 3, 0.5, 2 / 3]]], atol=1e-6)


def test_components_are_the_canonical_variates_of_parcels(monkeypatch):
    """Without shrinkage they equal linear discriminant analysis, with unit variance within parcels."""
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

    monkeypatch.setattr(similarity, "SHRINKAGE", 0.0)
    generator = np.random.default_rng(7)
    groups = np.repeat(np.arange(6), 200)
    noise = generator.normal(0, 1, (1200, 5)) @ generator.normal(0, 1, (5, 5))
    bands = (generator.normal(0, 3, (6, 5))[groups] + noise).astype(np.float32)
    components = fit_similarity(bands, groups).components(bands) / 16
    variates = LinearDiscriminantAnalysis(solver="eigen").fit_transform(bands.astype(float), groups)

    by_group = [components[:, groups == group] for group in range(6)]
    residuals = np.concatenate([values - values.mean(axis=1, keepdims=True) for values in by_group], axis=1)
    np.testing.assert_allclose(np.cov(residuals), np.eye(4), atol=0.02)
    for component, variate in zip(components, variates.T):
        assert abs(np.corrcoef(component, variate)[0, 1]) > 0.999


def test_missing_values_and_constant_bands_have_no_effect():
    bands = np.array([[0.1, np.nan, 7], [0.2, 0.4, 7], [0.8, 0.5, 7], [0.9, 0.6, 7]], np.float32)
    similarity = fit_similarity(bands, np.array([0, 0, 1, 1]))
    assert np.isfinite(similarity.coefficients).all() and similarity.coefficients.shape == (1, 3)
    imputed = np.where(np.isnan(bands), similarity.centres, bands).astype(np.float32)
    np.testing.assert_array_equal(similarity.components(bands), similarity.components(imputed))


def test_parcels_of_equal_pixels_are_separated():
    bands = np.repeat(np.array([[0.1, 0.5], [0.3, 0.2], [0.7, 0.9]], np.float32), 4, axis=0)
    components = fit_similarity(bands, np.repeat(np.arange(3), 4)).components(bands) / 16
    assert (components[:, ::4] == components[:, 3::4]).all()
    differences = [np.abs(components[:, first] - components[:, second]).max()
                   for first, second in ((0, 4), (4, 8), (0, 8))]
    assert min(differences) > 10, "far more than the variation within parcels"


@pytest.fixture
def scene(tmp_path):
    """Three strips of 256 rows; some pixels without data."""
    values = np.tile(reflectance(0.3), (1, 14, 1))
    values[:, 250:260, 5:9] = np.nan
    return write(tmp_path / "scene.tif", values, ("B04_20180627", "B08_20180627"))


def run(scene, folder, rules, **forest):
    folder.mkdir()
    task = ClassificationTask(rasters=(scene,), parcels=parcels(), rules=rules,
                              forest=ForestSettings(**{"trees": 20, "threads": 1, "band_differences": False, **forest}))
    maps = MapPaths(*(str(folder / f"{name}.tif") for name in ("classes", "confidence", "probabilities")))
    return classify(task, maps, str(folder / "model.ffm"), "", Progress())


def test_strips_leave_no_seams(scene, tmp_path):
    run(scene, tmp_path / "plain", MapRules(smoothing=False))
    run(scene, tmp_path / "smooth", MapRules())
    plain, _ = read(tmp_path / "plain" / "probabilities.tif")
    smooth, _ = read(tmp_path / "smooth" / "probabilities.tif")
    valid = np.isfinite(plain[0])
    values, _ = read(scene)
    model = load_model(str(tmp_path / "smooth" / "model.ffm"))
    components = model.similarity.components(values.reshape(2, -1).T).reshape(-1, *valid.shape)

    expected = smooth_probabilities(np.where(valid, plain, 0), components, valid)

    np.testing.assert_array_equal(smooth[:, valid], expected[:, valid])
    assert np.isnan(smooth[:, ~valid]).all()
    classes, _ = read(tmp_path / "smooth" / "classes.tif")
    np.testing.assert_array_equal(classes[0], np.where(valid, expected.argmax(axis=0) + 1, 0))


@pytest.mark.parametrize("missing", ["exclude", "median", "constant"])
def test_without_a_map_the_accuracy_is_the_same(scene, tmp_path, missing):
    with_map = run(scene, tmp_path / "map", MapRules(), missing_values=missing)
    task = ClassificationTask(rasters=(scene,), parcels=parcels(), forest=with_map.model.settings)
    without = classify(task, MapPaths(), "", "", Progress())
    np.testing.assert_array_equal(without.pixel_matrix.counts, with_map.pixel_matrix.counts)


def test_the_model_file_contains_the_similarity(scene, tmp_path):
    model = run(scene, tmp_path / "run", MapRules()).model
    loaded = load_model(str(tmp_path / "run" / "model.ffm")).similarity
    np.testing.assert_array_equal(loaded.coefficients, model.similarity.coefficients)
    np.testing.assert_array_equal(loaded.centres, model.similarity.centres)


@pytest.mark.parametrize("centres, coefficients", [
    ([0.0], [[1.0, 0.0]]), ([0.0, 0.0], [[1.0]]), ([0.0, 0.0], [[np.nan, 1.0]]), ([0.0, 0.0], [[1.0, 0.0]] * 5),
    ([1e300, 0.0], [[1e300, 0.0]])])
def test_a_forged_similarity_is_refused(scene, tmp_path, centres, coefficients):
    model = run(scene, tmp_path / "run", MapRules()).model
    forged = replace(model, similarity=Similarity(np.array(centres), np.array(coefficients)))
    save_model(str(tmp_path / "forged.ffm"), forged)
    with pytest.raises(UnreadableInput, match="damaged"):
        load_model(str(tmp_path / "forged.ffm"))


def test_a_strip_fits_into_memory_whatever_the_number_of_classes():
    tile = Grid("", 0, 0, 10, 10, 10980, 10980)
    assert strip_height(tile, 12, 4) == 256
    assert strip_height(tile, 60, 4) == 64
    assert strip_height(tile, 1000, 4) == 16
