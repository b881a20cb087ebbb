"""Block work in other processes: readers are pickled with their paths, and open the files again."""

import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest
from rasterio.crs import CRS

from floefield.compute.classification.bands import FeatureSelection
from floefield.compute.classification.feature_stack import FeatureStack
from floefield.compute.progress import Progress
from floefield.compute.raster.blocks import run_blocks
from floefield.compute.raster.grid import Grid
from floefield.compute.raster.masks import PolygonMask
from floefield.compute.raster.reader import RasterReader
from floefield.compute.raster.resampled_reader import ResampledReader
from floefield.compute.raster.tile_store import StoredTilesReader, TileStore
from floefield.tests import fieldscene
from floefield.tests.blockwork import InsideMask, read_block

VALUES = np.random.default_rng(4).integers(0, 200, (2, 60, 50)).astype(np.uint8)
MARK = {"MARK": "written once"}


@pytest.fixture
def path(tmp_path):
    return str(fieldscene.write(tmp_path / "image.tif", VALUES, ("B04_20180627", "B08_20180627"), nodata=7, tags=MARK))


WKT = CRS.from_user_input(fieldscene.CRS).to_wkt()
GRID = Grid(WKT, fieldscene.WEST, fieldscene.NORTH, 10, 10, 60, 50)
DEGREES = Grid(CRS.from_epsg(4326).to_wkt(), 2.9999, 43.3531, 0.00013, 0.00011, 40, 30)


def blocks_of(executor, source, windows):
    results = {}
    run_blocks(windows, partial(read_block, source), lambda window, values: results.update({window: values}), executor,
               Progress())
    return results


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor


def same_in_threads_and_processes(source, grid, processes):
    windows = list(grid.blocks(17, 23))
    with ThreadPoolExecutor(2) as threads:
        expected = blocks_of(threads, source, windows)
    found = blocks_of(processes, source, windows)
    assert list(found) == list(expected) == windows
    for window in windows:
        np.testing.assert_array_equal(found[window], expected[window])
    return expected


def test_rasters(path, processes):
    with RasterReader(path) as reader:
        same_in_threads_and_processes(reader, reader.grid, processes)
    with RasterReader(path, share_handle=True) as reader:
        same_in_threads_and_processes(reader, reader.grid, processes)


@pytest.mark.parametrize("method", ["nearest", "bilinear"])
def test_resampled_rasters(path, processes, method):
    with ResampledReader(path, DEGREES, method) as reader:
        assert reader.is_resampled
        found = same_in_threads_and_processes(reader, DEGREES, processes)
    assert np.ptp(np.concatenate(list(found.values()))) > 100


def test_feature_stacks(path, processes):
    with FeatureStack([path, path]) as stack:
        source = stack.selected(FeatureSelection((0, 1, 2, 3), ((0, 1),), (*stack.names, "ND")))
        same_in_threads_and_processes(source, source.grid, processes)


def test_polygon_masks(processes):
    west, south, east, north = GRID.bounds
    triangle = {"type": "Polygon", "coordinates": [[(west, north), (east, north), (west, south), (west, north)]]}
    found = same_in_threads_and_processes(InsideMask(PolygonMask([triangle], WKT), GRID), GRID, processes)
    assert 0.4 < np.concatenate(list(found.values())).mean() < 0.6


def test_a_copy_of_a_reader_is_open_and_independent(path, tmp_path):
    with RasterReader(path) as reader:
        copy = pickle.loads(pickle.dumps(reader))
    # The original is closed.
    with copy:
        assert (copy.path, copy.grid, copy.band_names, copy.tags["MARK"]) == (
            path, reader.grid, reader.band_names, MARK["MARK"])
        np.testing.assert_array_equal(copy.read()[0], VALUES)


def test_a_copy_of_a_reader_with_stored_tiles_decodes_them_itself(path, tmp_path):
    with TileStore(str(tmp_path / "out.tif"), 4) as store, StoredTilesReader(path, store) as reader:
        copy = pickle.loads(pickle.dumps(reader))
    with copy:
        np.testing.assert_array_equal(copy.read()[0], VALUES)
