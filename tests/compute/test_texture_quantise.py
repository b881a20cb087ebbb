"""Quantisation, and the range and quantiles of a scene read in blocks, compared with numpy on the whole band."""

import numpy as np
import pytest

from floefield.compute.errors import UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.raster.blocks import make_executor
from floefield.compute.raster.reader import RasterReader
from floefield.compute.texture.grey_levels import (
    EqualDistanceQuantiser,
    EqualProbabilityQuantiser,
    published_range,
    scene_quantiles,
    scene_range,
)

from .. import fieldscene


def test_grey_levels_equal_the_formula_in_double_precision():
    values = np.random.default_rng(1).normal(-15, 12, 5000).astype(np.float32)
    values[::50] = np.nan
    grey = EqualDistanceQuantiser(-36, 2, 32).quantise(values)
    expected = np.floor((values.astype(float) - -36) / (2 - -36) * 32)
    expected = np.where(np.isnan(values), 32, np.clip(expected, 0, 31))
    assert grey.tolist() == expected.tolist()
    assert {0, 31, 32} <= set(grey.tolist())


@pytest.mark.parametrize(("value", "level"), [(-40, 0), (-36, 0), (-34.8126, 0), (-34.8124, 1), (0.8124, 30),
                                              (0.8126, 31), (2, 31), (50, 31)])
def test_grey_levels_at_the_limits_of_the_range(value, level):
    assert EqualDistanceQuantiser(-36, 2, 32).quantise(np.array([value], np.float32))[0] == level


@pytest.mark.parametrize(("name", "value_range"), [
    ("HH", (-36, 2)), ("sigma0_hv", (-35, -7)), ("Sigma0_VV_db", (-36, 2)), ("VH", (-35, -7)), ("s1-HH", (-36, 2))])
def test_the_range_follows_the_polarisation_in_the_name(name, value_range):
    assert published_range(name) == value_range


@pytest.mark.parametrize("name", ["B04", "band_1", "HHV", "incidence_angle", "HH_HV_ratio"])
def test_a_name_without_a_single_polarisation_has_no_range(name):
    with pytest.raises(UnsuitableInput, match=r"Set RANGE, or choose equal_distance"):
        published_range(name)


@pytest.fixture
def scene(tmp_path):
    """Two bands of several blocks: values of both signs and many magnitudes, nodata, and ties."""
    generator = np.random.default_rng(2)
    wide = generator.normal(0, 1, (1100, 1300)) * 10.0 ** generator.integers(-6, 6, (1100, 1300))
    ties = generator.integers(-3, 4, (1100, 1300)).astype(float)
    ties[ties == 0] = -0.0
    values = np.stack([wide, ties]).astype(np.float32)
    values[:, 40:300, 70:900] = -9999
    path = fieldscene.write(tmp_path / "scene.tif", values, nodata=-9999)
    return path, [np.sort(band[band != -9999]) for band in values]


@pytest.mark.parametrize("band", [0, 1])
def test_range_and_quantiles_of_a_scene_are_exact(scene, band):
    path, expected = scene
    ordered = expected[band]
    with RasterReader(path) as raster, make_executor(2) as executor:
        assert scene_range(raster, band, executor, Progress()) == (ordered[0], ordered[-1])
        for levels in (8, 32, 128):
            found = scene_quantiles(raster, band, levels, executor, Progress())
            assert list(found) == [ordered[len(ordered) * k // levels] for k in range(1, levels)]


def test_equal_probability_levels_have_equal_numbers_of_pixels(scene):
    path, (ordered, _) = scene
    with RasterReader(path) as raster, make_executor(1) as executor:
        quantiser = EqualProbabilityQuantiser(scene_quantiles(raster, 0, 32, executor, Progress()))
    counts = np.bincount(quantiser.quantise(ordered), minlength=32)
    assert counts.min() >= len(ordered) // 32
    assert counts.max() <= -(-len(ordered) // 32)
    assert quantiser.quantise(np.array([np.nan], np.float32)).tolist() == [32]


def test_a_band_without_data_has_no_range(tmp_path):
    path = fieldscene.write(tmp_path / "empty.tif", np.full((1, 20, 20), -9999, np.float32), ["HH"], nodata=-9999)
    with RasterReader(path) as raster, make_executor(1) as executor:
        for statistic in (scene_range, lambda *rest: scene_quantiles(*rest[:2], 8, *rest[2:])):
            with pytest.raises(UnsuitableInput, match=r"band HH of .* has no valid pixel"):
                statistic(raster, 0, executor, Progress())
