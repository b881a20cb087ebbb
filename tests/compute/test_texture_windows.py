"""Texture features compared with matrices counted pair by pair, for all features, angles, distances and levels."""

import dataclasses

import numpy as np
import pytest

from floefield.compute.texture import numba_windows, numpy_windows
from floefield.compute.texture.grey_levels import EqualDistanceQuantiser
from floefield.compute.texture.texture_settings import (
    DIRECTIONS,
    FEATURES,
    SNAP_FEATURES,
    TextureSettings,
    texture_sets,
)
from floefield.compute.texture.window_textures import WindowExtents, window_textures

from ..glcmcount import features_of, snap_features_of, symmetric_counts
from ..realdata import TEXTURE

ENGINES = [numpy_windows, pytest.param(numba_windows, marks=pytest.mark.skipif(not numba_windows.is_available(),
                                                                  reason="numba is not installed"))]
# These may nearly vanish, so that only a difference means something; textures are written as float32.
NEAR_ZERO = {"correlation": 1e-6, "information_correlation_1": 1e-6, "information_correlation_2": 1e-6}


@pytest.fixture(params=ENGINES, ids=lambda engine: engine.__name__.rpartition(".")[2])
def engine(request):
    return request.param


def whole_windows(grey, settings):
    """Return the extents of windows that lie completely inside the image."""
    rows, columns = ((size - settings.window) // settings.step + 1 for size in grey.shape)
    return WindowExtents(np.full(rows, settings.window), np.full(columns, settings.window))


def textures(grey, settings, engine=numpy_windows):
    """Return the features by band name, as arrays of shape (rows, columns)."""
    planes = window_textures(grey, whole_windows(grey, settings), settings, engine=engine)
    names = [feature + texture_set.suffix for texture_set in texture_sets(settings) for feature in settings.features]
    return dict(zip(names, planes))


def noise(seed, levels, shape=(40, 46), smooth=0.0):
    """Return random grey levels similar to speckle."""
    generator = np.random.default_rng(seed)
    values = generator.normal(levels / 2, levels / 5, shape)
    if smooth:
        values = (values + np.roll(values, 1, 0) + np.roll(values, 1, 1)) / 3
    return np.clip(values, 0, levels - 1).astype(np.uint8)


def assert_features(found, expected, scale=1.0):
    for name, value in expected.items():
        floor = NEAR_ZERO.get(name, 1e-12)
        if name == "cluster_shade":
            floor = 1e-9 * scale ** 3
        np.testing.assert_allclose(found[name], value, rtol=1e-6, atol=floor, err_msg=name)


@pytest.mark.parametrize("levels", [8, 16, 32, 64, 128])
@pytest.mark.parametrize("angle", DIRECTIONS)
def test_every_feature_equals_that_of_the_counted_matrix(engine, angle, levels):
    for distance, window in ((1, 3), (1, 9), (2, 5), (4, 9), (7, 15), (1, 21)):
        settings = TextureSettings(window=window, levels=levels, distances=(distance,), angles=(angle,),
                                   features=FEATURES)
        grey = noise(levels + distance, levels, smooth=window % 2)
        found = textures(grey, settings, engine)
        offset = tuple(distance * step for step in DIRECTIONS[angle])
        for row, column in ((0, 0), (3, 17), (len(grey) - window, grey.shape[1] - window)):
            counts = symmetric_counts(grey[row:row + window, column:column + window], [offset], levels)
            assert_features({name: plane[row, column] for name, plane in found.items()}, features_of(counts), levels)


@pytest.mark.parametrize(("window", "levels", "distance", "value_range"), [
    (3, 8, 1, (-20, 0)), (9, 32, 1, (-20, 0)), (9, 32, 4, (-36, 2)), (15, 128, 7, (-15, -5)), (21, 64, 2, (-20, 0))])
def test_features_of_a_real_radar_image_equal_the_counted_matrix(engine, window, levels, distance, value_range):
    import rasterio

    with rasterio.open(next(TEXTURE.glob("*.tif"))) as chip:
        values = chip.read(1)[60:150, 90:190]
    grey = EqualDistanceQuantiser(*value_range, levels).quantise(values)
    expected_grey = np.floor((values.astype(float) - value_range[0]) / (value_range[1] - value_range[0]) * levels)
    np.testing.assert_array_equal(grey, expected_grey.clip(0, levels - 1))
    generator = np.random.default_rng(window)
    for angle, direction in DIRECTIONS.items():
        settings = TextureSettings(window=window, levels=levels, distances=(distance,), angles=(angle,),
                                   features=FEATURES)
        found = textures(grey, settings, engine)
        offset = tuple(distance * step for step in direction)
        for row, column in zip(*(generator.integers(0, size - window, 3) for size in grey.shape)):
            counts = symmetric_counts(grey[row:row + window, column:column + window], [offset], levels)
            assert_features({name: plane[row, column] for name, plane in found.items()}, features_of(counts), levels)


@pytest.mark.parametrize("window", [33, 65])
def test_large_windows_with_many_levels_are_exact(engine, window):
    settings = TextureSettings(window=window, levels=128, features=FEATURES, angle_mode="pooled")
    grey = noise(3, 128, (window + 2, window + 3))
    found = textures(grey, settings, engine)
    counts = symmetric_counts(grey[1:window + 1, 2:window + 2], DIRECTIONS.values(), 128)
    assert_features({name: plane[1, 2] for name, plane in found.items()}, features_of(counts), 128)


@pytest.mark.parametrize("few", [1, 2, 5])
def test_nearly_constant_windows_are_exact(engine, few):
    settings = TextureSettings(window=21, levels=128, angles=("0",), features=FEATURES)
    grey = np.full((21, 21), 100, np.uint8)
    grey.reshape(-1)[np.arange(few) * 37 + 5] = 101
    found = textures(grey, settings, engine)
    expected = features_of(symmetric_counts(grey, [(0, 1)], 128))
    # cancellation: for these features the reference implementation is the less accurate one
    less_exact = {name: expected.pop(name) for name in (
        "information_correlation_1", "information_correlation_2", "cluster_shade", "sum_variance")}
    assert_features({name: plane[0, 0] for name, plane in found.items()}, expected)
    for name, value in less_exact.items():
        assert found[name][0, 0] == pytest.approx(value, rel=1e-5, abs=1e-6)


def test_the_example_of_haralick_1973():
    image = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 2, 2, 2], [2, 2, 3, 3]])
    counted = {angle: symmetric_counts(image, [offset], 4).tolist() for angle, offset in DIRECTIONS.items()}
    # Haralick, Shanmugam and Dinstein (1973), figure 3
    assert counted == {
        "0": [[4, 2, 1, 0], [2, 4, 0, 0], [1, 0, 6, 1], [0, 0, 1, 2]],
        "90": [[6, 0, 2, 0], [0, 4, 2, 0], [2, 2, 2, 2], [0, 0, 2, 0]],
        "135": [[2, 1, 3, 0], [1, 2, 1, 0], [3, 1, 0, 2], [0, 0, 2, 0]],
        "45": [[4, 1, 0, 0], [1, 2, 2, 0], [0, 2, 4, 1], [0, 0, 1, 0]]}


def test_forty_five_degrees_is_up_and_right():
    grey = np.zeros((9, 9), np.uint8)
    rows = np.arange(9)
    grey[rows[::-1], rows] = 7  # a line that rises to the right
    along, across = (textures(grey, TextureSettings(levels=8, angles=(angle,), features=("contrast",)))["contrast"]
                     for angle in ("45", "135"))
    assert along[0, 0] == 0
    assert across[0, 0] > 0


@pytest.mark.parametrize("distance", [1, 2, 3])
@pytest.mark.parametrize("levels", [8, 32])
def test_features_equal_scikit_image_at_equal_displacements(levels, distance):
    from skimage.feature import graycomatrix, graycoprops

    grey = noise(5, levels)
    names = ("contrast", "dissimilarity", "homogeneity", "asm", "energy", "correlation")
    for angle, radians in (("0", 0.0), ("90", np.pi / 2)):
        found = textures(grey, TextureSettings(levels=levels, distances=(distance,), angles=(angle,), features=names))
        for row, column in ((0, 0), (11, 30), (31, 5)):
            matrix = graycomatrix(grey[row:row + 9, column:column + 9], [distance], [radians], levels, symmetric=True,
                                  normed=True)
            for name in names:
                expected = graycoprops(matrix, "ASM" if name == "asm" else name)[0, 0]
                assert found[name][row, column] == pytest.approx(expected, rel=1e-6, abs=1e-7), name


def test_snap_normalisation_equals_the_formulas_of_snap(engine):
    settings = TextureSettings(window=9, levels=32, distances=(4,), angle_mode="pooled", normalisation="snap",
                               features=SNAP_FEATURES)
    grey = noise(6, 32)
    found = textures(grey, settings, engine)
    for row, column in ((0, 0), (8, 21), (31, 37)):
        counts = symmetric_counts(grey[row:row + 9, column:column + 9],
                                  [(4 * rows, 4 * columns) for rows, columns in DIRECTIONS.values()], 32)
        assert counts.sum() == 2 * 140  # pairs at this window and distance
        for name, value in snap_features_of(counts).items():
            assert found[name][row, column] == np.float32(value) or abs(
                found[name][row, column] / value - 1) < 2e-7, name


def test_a_constant_window_has_its_known_feature_values(engine):
    for level in (0, 13):
        grey = np.full((12, 12), level, np.uint8)
        found = {name: plane[0, 0] for name, plane in
                 textures(grey, TextureSettings(features=FEATURES), engine).items()}
        zero = {"contrast", "dissimilarity", "entropy", "variance", "sum_variance", "sum_entropy",
                "information_correlation_1", "information_correlation_2", "difference_variance", "difference_entropy",
                "cluster_shade", "cluster_prominence"}
        one = {"homogeneity", "asm", "energy", "maximum", "correlation"}
        assert {name for name, value in found.items() if value == 0} - {"mean", "sum_average"} == zero
        assert {name for name, value in found.items() if value == 1} == one
        assert (found["mean"], found["sum_average"]) == (level, 2 * level)
        snap = textures(grey, TextureSettings(normalisation="snap"), engine)
        np.testing.assert_equal(snap["correlation"][0, 0], np.float32(1 if level else np.nan))


@pytest.mark.parametrize("features", [FEATURES, SNAP_FEATURES, SNAP_FEATURES[::-3], ("entropy",), ("contrast", "mean")])
@pytest.mark.parametrize("step", [1, 2, 7, 25])
def test_numpy_and_numba_engines_are_bit_identical(step, features):
    if not numba_windows.is_available():
        pytest.skip("numba is not installed")
    for seed, (window, levels, mode) in enumerate(((3, 8, "separate"), (9, 32, "averaged"), (15, 128, "pooled"),
                                                   (25, 64, "pooled"), (41, 16, "separate"))):
        settings = TextureSettings(window=window, levels=levels, distances=(1, 2), angle_mode=mode, features=features,
                                   step=step, min_valid_fraction=0.3)
        grey = noise(seed, levels, (70, 83))
        grey[np.random.default_rng(seed).random(grey.shape) < 0.3] = levels
        grey[20:40, 30:60] = levels
        extents = whole_windows(grey, settings)
        np.testing.assert_array_equal(window_textures(grey, extents, settings, engine=numpy_windows),
                                      window_textures(grey, extents, settings, engine=numba_windows))


def test_invalid_pairs_are_ignored_and_too_few_yield_nodata(engine):
    grey = noise(7, 16, (30, 30))
    grey[np.random.default_rng(7).random(grey.shape) < 0.4] = 16
    grey[:12, :12] = 16
    settings = TextureSettings(levels=16, angles=("135",), features=FEATURES, min_valid_fraction=0.35)
    found = textures(grey, settings, engine)
    empty = 0
    for row, column in np.ndindex(22, 22):
        counts = symmetric_counts(grey[row:row + 9, column:column + 9], [(-1, -1)], 16)
        if counts.sum() / 2 < 0.35 * 64:
            empty += 1
            assert all(np.isnan(plane[row, column]) for plane in found.values())
        elif (row + column) % 5 == 0:
            assert_features({name: plane[row, column] for name, plane in found.items()}, features_of(counts), 16)
    assert 10 < empty < 400


def test_averaged_features_are_the_mean_of_separate_ones_unlike_pooled():
    grey = noise(8, 32)
    grey[10:16, 10:15] = 32
    settings = TextureSettings(features=FEATURES, distances=(1, 3), min_valid_fraction=0.0)
    separate = textures(grey, dataclasses.replace(settings, angle_mode="separate"))
    averaged = textures(grey, settings)
    averaged_over_all = textures(grey, dataclasses.replace(settings, distance_mode="averaged"))
    pooled = textures(grey, dataclasses.replace(settings, angle_mode="pooled"))
    assert set(separate) == {f"{name}_d{distance}_{angle}" for name in FEATURES for distance in (1, 3)
                             for angle in DIRECTIONS}
    assert set(averaged_over_all) == set(FEATURES)
    for name in FEATURES:
        for distance in (1, 3):
            mean = np.mean([separate[f"{name}_d{distance}_{angle}"] for angle in DIRECTIONS], axis=0)
            np.testing.assert_allclose(averaged[f"{name}_d{distance}"], mean, rtol=1e-5, atol=1e-4, err_msg=name)
        mean = np.mean([separate[f"{name}_d{distance}_{angle}"] for distance in (1, 3) for angle in DIRECTIONS], axis=0)
        np.testing.assert_allclose(averaged_over_all[name], mean, rtol=1e-5, atol=1e-4, err_msg=name)
    assert not np.allclose(pooled["entropy_d1"], averaged["entropy_d1"], rtol=1e-3)


def test_a_single_feature_equals_that_of_the_whole_set(engine):
    grey = noise(9, 32)
    averaged_over_all = textures(grey, TextureSettings(features=FEATURES), engine)
    for name in FEATURES:
        alone = textures(grey, TextureSettings(features=(name,)), engine)[name]
        np.testing.assert_array_equal(alone, averaged_over_all[name], err_msg=name)


def test_an_exception_of_the_check_is_propagated():
    def refuse():
        raise InterruptedError

    grey = noise(10, 32)
    with pytest.raises(InterruptedError):
        window_textures(grey, whole_windows(grey, TextureSettings()), TextureSettings(), check=refuse)
