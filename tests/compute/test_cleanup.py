"""Sieve, majority and smoothing of class maps agree with GDAL and scipy, also across block borders."""

import contextlib

import numpy as np
import pytest

from floefield.compute.classmap.class_legend import LegendEntry
from floefield.compute.cleanup.map_smoothing import (
    SmoothSettings,
    binomial_weights,
    gaussian_weights,
    majority,
    smooth,
    smooth_classification,
)
from floefield.compute.cleanup.sieve import Sieve
from floefield.compute.errors import UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.raster.blocks import make_executor
from floefield.compute.raster.reader import RasterReader

from .. import fieldscene

LEGEND = (LegendEntry(1, "wheat", "Wheat", (250, 240, 10)), LegendEntry(2, "maize", "Maize", (255, 130, 10)),
          LegendEntry(3, "rye", "Rye", (90, 10, 90)))


def patchy(shape=(90, 110), classes=4, seed=1):
    """Patches of all sizes: smooth noise cut into classes, with salt and pepper on it."""
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(seed)
    noise = gaussian_filter(random.normal(size=shape), 3)
    values = np.digitize(noise, np.quantile(noise, np.arange(1, classes) / classes)) + 1
    specks = random.random(shape) < 0.2
    values[specks] = random.integers(1, classes + 1, np.count_nonzero(specks))
    return values.astype(np.uint8)


def sieved(path, min_pixels, connectivity, edge):
    with make_executor(2) as executor, RasterReader(path) as reader, contextlib.closing(
            Sieve(reader, min_pixels, path, connectivity, edge)) as sieve:
        sieve.analyse(executor, Progress())
        result = np.zeros(reader.grid.shape, np.int64)
        for block in sieve.blocks:
            result[block.slices] = sieve.read(block)[0]
    return result


@pytest.mark.parametrize("connectivity", [4, 8])
def test_the_sieve_agrees_with_gdal_except_for_neighbours_of_equal_size(tmp_path, connectivity):
    from rasterio.features import sieve

    values = patchy()
    values[20:40, 30:60] = 0
    path = fieldscene.write(tmp_path / "map.tif", values[None], ("class",), nodata=0)

    ours = sieved(path, 8, connectivity, 512)

    theirs = sieve(values, 8, mask=values != 0, connectivity=connectivity)
    assert (ours == theirs).mean() > 0.99
    assert (ours[values == 0] == 0).all()
    assert (ours != values).mean() > 0.1


@pytest.mark.parametrize("connectivity", [4, 8])
def test_the_sieve_does_not_depend_on_blocks(tmp_path, connectivity):
    path = fieldscene.write(tmp_path / "map.tif", patchy()[None], ("class",), nodata=0)

    whole = sieved(path, 30, connectivity, 512)

    assert all((sieved(path, 30, connectivity, edge) == whole).all() for edge in (7, 16, 64))


def test_a_patch_across_several_blocks_is_one_patch(tmp_path):
    values = np.ones((1, 40, 40), np.uint8)
    values[0, 5:35, 20] = 2
    path = fieldscene.write(tmp_path / "map.tif", values, ("class",))

    assert (sieved(path, 30, 4, 8) == values[0]).all()
    assert (sieved(path, 31, 4, 8) == 1).all()


def test_specks_without_large_neighbours_are_kept(tmp_path):
    values = np.zeros((1, 12, 12), np.uint8)
    values[0, 2:4, 2:4], values[0, 2:4, 4:6] = 1, 2
    path = fieldscene.write(tmp_path / "map.tif", values, ("class",), nodata=0)

    assert (sieved(path, 9, 4, 5) == values[0]).all()


def test_majority_is_the_mode_of_the_window_and_ties_keep_the_pixel():
    from scipy.ndimage import generic_filter

    values = patchy((40, 50)).astype(np.int64)

    ours = majority(np.pad(values, 2), np.pad(np.ones(values.shape, bool), 2), 2)

    def mode(window):
        counts = np.bincount(window[window >= 0].astype(int))
        own = int(window[12])
        return own if counts[own] == counts.max() else counts.argmax()

    assert (ours == generic_filter(values, mode, size=5, mode="constant", cval=-1)).all()


def test_nodata_pixels_are_not_counted_and_stay_nodata(tmp_path):
    values = np.zeros((1, 9, 9), np.uint8)
    values[0, 4, 4], values[0, 4, 5] = 1, 2
    path = fieldscene.write(tmp_path / "map.tif", values, ("class",), nodata=0)

    smooth_classification(path, LEGEND, "", str(tmp_path / "out.tif"), SmoothSettings(), Progress())

    assert (fieldscene.read(tmp_path / "out.tif")[0] == values).all()


def test_smoothing_agrees_with_scipy():
    from scipy.ndimage import convolve1d, gaussian_filter

    plane = np.random.default_rng(1).random((30, 40))

    ours = smooth(np.pad(plane, 6), gaussian_weights(2.0))
    binomial = smooth(np.pad(plane, 2), binomial_weights(5))

    np.testing.assert_allclose(ours, gaussian_filter(plane, 2.0, mode="constant", truncate=3.0), rtol=1e-12)
    rows = convolve1d(plane, np.array([1, 4, 6, 4, 1]) / 16, axis=0, mode="constant")
    np.testing.assert_allclose(binomial, convolve1d(rows, np.array([1, 4, 6, 4, 1]) / 16, axis=1, mode="constant"))


@pytest.fixture
def map_and_probabilities(tmp_path):
    """Class probabilities and the map of the most probable class, over several blocks."""
    random = np.random.default_rng(3)
    probabilities = random.random((3, 300, 560)).astype(np.float32)
    probabilities /= probabilities.sum(axis=0)
    probabilities[:, :30, :50] = np.nan
    classes = np.where(np.isnan(probabilities[0]), 0, probabilities.argmax(axis=0) + 1).astype(np.uint8)
    names = ("wheat", "maize", "rye")
    return (fieldscene.write(tmp_path / "map.tif", classes[None], ("class",), nodata=0),
            fieldscene.write(tmp_path / "probabilities.tif", probabilities, names, nodata=float("nan")))


@pytest.mark.parametrize("method", ["gaussian", "binomial"])
def test_the_most_probable_class_of_smoothed_probabilities(map_and_probabilities, tmp_path, method):
    from scipy.ndimage import convolve, gaussian_filter

    smooth_classification(map_and_probabilities[0], LEGEND, map_and_probabilities[1], str(tmp_path / "out.tif"),
                          SmoothSettings(method, window=3, sigma=1.5), Progress())

    probabilities = np.nan_to_num(fieldscene.read(map_and_probabilities[1])[0].astype(float))
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    expected = np.stack([gaussian_filter(plane, 1.5, mode="constant", truncate=10 / 3) if method == "gaussian" else
                         convolve(plane, kernel, mode="constant") for plane in probabilities]).argmax(axis=0) + 1
    before, after = fieldscene.read(map_and_probabilities[0])[0][0], fieldscene.read(tmp_path / "out.tif")[0][0]
    assert (after == np.where(before == 0, 0, expected)).mean() > 0.99999
    assert (after != before).mean() > 0.3


@pytest.mark.parametrize("method", ["sieve", "majority", "gaussian"])
def test_colours_names_nodata_and_training_record_are_kept(map_and_probabilities, tmp_path, method):
    import rasterio

    with rasterio.open(map_and_probabilities[0], "r+") as raster:
        raster.update_tags(ns="FLOEFIELD", TRAINING_PIXELS="300,560,500000,4800000;eJw=")

    smooth_classification(map_and_probabilities[0], LEGEND, map_and_probabilities[1], str(tmp_path / "out.tif"),
                          SmoothSettings(method), Progress())

    with rasterio.open(tmp_path / "out.tif") as raster:
        assert raster.nodata == 0
        assert raster.colormap(1)[2] == (255, 130, 10, 255)
        assert raster.tags(ns="FLOEFIELD")["TRAINING_PIXELS"].startswith("300,560")
    assert "<Category>Maize</Category>" in (tmp_path / "out.tif.aux.xml").read_text()
    assert 'label="Rye"' in (tmp_path / "out.qml").read_text()


def test_the_result_does_not_depend_on_threads(map_and_probabilities, tmp_path):
    for method in ("sieve", "majority", "gaussian"):
        versions = set()
        for threads in (1, 2, 4):
            path = tmp_path / f"{method}_{threads}.tif"
            smooth_classification(*map_and_probabilities[:1], LEGEND, map_and_probabilities[1], str(path),
                                  SmoothSettings(method, threads=threads), Progress())
            versions.add(path.read_bytes())
        assert len(versions) == 1


def test_probabilities_of_another_map_are_refused(map_and_probabilities, tmp_path):
    other = fieldscene.write(tmp_path / "two.tif", np.ones((2, 300, 560), np.float32), ("oats", "flax"))

    with pytest.raises(UnsuitableInput, match="other names"):
        smooth_classification(map_and_probabilities[0], LEGEND, other, str(tmp_path / "out.tif"),
                              SmoothSettings("gaussian"), Progress())


def test_decimal_numbers_are_refused(tmp_path):
    path = fieldscene.write(tmp_path / "map.tif", np.full((1, 9, 9), 0.5, np.float32), ("class",))

    with pytest.raises(UnsuitableInput, match="not a class map"):
        smooth_classification(path, (), "", str(tmp_path / "out.tif"), SmoothSettings(), Progress())
