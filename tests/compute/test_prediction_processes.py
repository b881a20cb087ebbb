"""Blocks are predicted in other processes as in threads: their work is picklable."""

import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from floefield.compute.classification.bands import select_features
from floefield.compute.classification.class_maps import MapPaths, create_maps
from floefield.compute.classification.feature_stack import FeatureStack
from floefield.compute.classification.prediction import MapRules, map_classes
from floefield.compute.classification.reference import build_reference
from floefield.compute.classification.training import train_model
from floefield.compute.classifiers.forest_model import ForestSettings
from floefield.compute.insitu.parcel_split import SplitSettings
from floefield.compute.progress import Progress
from floefield.compute.sen2agri.crop_features import CropTypeFeatures
from floefield.compute.sen2agri.series_stack import SeriesStack
from tests.fieldscene import parcels, reflectance, write

from .. import seriesscene


@pytest.fixture(scope="module")
def processes():
    """Processes that share nothing with this one, as on a cluster."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.fixture(scope="module")
def threads():
    with ThreadPoolExecutor(2) as executor:
        yield executor


@pytest.fixture(scope="module")
def trained(tmp_path_factory, threads):
    """A source with missing values, its reference data, and a model trained on them."""
    values = np.tile(reflectance(0.3), (1, 8, 1))
    values[:, 250:260, 5:9] = np.nan
    values[1, 100:120, :20] = np.nan
    path = write(tmp_path_factory.mktemp("scene") / "scene.tif", values, ("B04_20180627", "B08_20180627"))
    settings = ForestSettings(trees=20, threads=1, missing_values="median")
    with FeatureStack([path]) as stack:
        source = stack.selected(select_features(stack.names, (1, 0), band_differences=True))
        reference = build_reference(source.grid, parcels(), None, SplitSettings(), Progress())
        yield source, reference, train_model(source, reference, settings, threads, Progress()).model


@pytest.mark.parametrize("smoothing", [False, True])
def test_processes_write_the_same_maps_as_threads(trained, processes, threads, tmp_path, smoothing):
    source, reference, model = trained
    names, counts = ("classes", "confidence", "probabilities"), {}
    for name, executor in (("processes", processes), ("threads", threads)):
        (tmp_path / name).mkdir()
        paths = MapPaths(*(str(tmp_path / name / f"{raster}.tif") for raster in names))
        with create_maps(paths, source.grid, model) as rasters:
            counts[name] = map_classes(source, model, reference, rasters, executor, Progress(),
                                       MapRules(0.4, smoothing))

    for raster in names:
        ours, theirs = (tmp_path / name / f"{raster}.tif" for name in ("processes", "threads"))
        assert ours.read_bytes() == theirs.read_bytes(), raster
    ours, theirs = counts["processes"], counts["threads"]
    np.testing.assert_array_equal(ours.class_counts, theirs.class_counts)
    np.testing.assert_array_equal(ours.parcel_counts, theirs.parcel_counts)
    assert (ours.imputed, ours.low_confidence) == (theirs.imputed, theirs.low_confidence)
    assert ours.imputed == 20 * 20 and ours.low_confidence > 0


def test_a_classifier_predicts_the_same_in_another_process(trained, processes):
    classifier = trained[2].classifier
    features = np.random.default_rng(0).uniform(0, 1, (500, 3)).astype(np.float32)

    expected = classifier.predict_probabilities(features)
    np.testing.assert_array_equal(processes.submit(classifier.predict_probabilities, features).result(), expected)
    np.testing.assert_array_equal(processes.submit(classifier.predict_classes, features).result(),
                                  expected.argmax(axis=1))


def test_a_pickled_series_opens_its_raster_again(tmp_path):
    path = seriesscene.write_series(tmp_path / "series.tif")
    with SeriesStack(path, partial(CropTypeFeatures, red_edge=True)) as stack:
        window = stack.blocks()[0]
        expected, valid = stack.read(window)
        copied = pickle.loads(pickle.dumps(stack))
    with copied:
        assert (copied.names, copied.days) == (stack.names, stack.days)
        np.testing.assert_array_equal(copied.read(window)[0], expected)
        np.testing.assert_array_equal(copied.read(window)[1], valid)


def test_features_of_a_series_can_be_selected(trained, tmp_path):
    with SeriesStack(seriesscene.write_series(tmp_path / "series.tif"), CropTypeFeatures) as stack:
        window = stack.blocks()[0]
        columns = (len(stack.names) - 1, 0)
        selected = stack.selected(select_features(stack.names, columns, band_differences=False))

        assert selected.names == (stack.names[-1], stack.names[0])
        for source in (stack, selected, trained[0]):
            assert [name for name in vars(source) if not name.startswith("_")] == [], "sources are read-only"
        np.testing.assert_array_equal(selected.read(window)[0], stack.read(window)[0][:, columns])
