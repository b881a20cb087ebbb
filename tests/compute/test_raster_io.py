"""Atomic writing of rasters, and reading them back."""

import os

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS

from floefield.compute.errors import Cancelled, MissingInput, OutputError, UnreadableInput, UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.raster.blocks import make_executor, run_blocks
from floefield.compute.raster.grid import Grid, Window
from floefield.compute.raster.reader import RasterReader
from floefield.compute.raster.writer import RasterLayout, create_raster

GRID = Grid(CRS.from_epsg(32631).to_wkt(), 600000.0, 4900000.0, 10.0, 10.0, 700, 600)
LAYOUT = RasterLayout(GRID, "int16", ("B04", "B08"), nodata=-32768, scales=(1e-4, 1e-4),
                      tags={"PLATFORM": "Sentinel-2A"})


def ramp(window):
    rows = np.arange(window.row, window.row + window.height)[:, None]
    columns = np.arange(window.col, window.col + window.width)
    return np.stack([rows * 10 + columns, rows - columns]).astype(np.int16)


def write_ramp(path, threads=1):
    with create_raster(path, LAYOUT) as raster, make_executor(threads) as executor:
        run_blocks(GRID.blocks(256, 256), ramp, raster.write, executor, Progress())


def test_values_names_scales_and_tags_are_written(tmp_path):
    write_ramp(tmp_path / "ramp.tif")
    with rasterio.open(tmp_path / "ramp.tif") as file:
        assert file.descriptions == ("B04", "B08")
        assert file.scales == (1e-4, 1e-4)
        assert file.nodata == -32768
        assert file.tags()["PLATFORM"] == "Sentinel-2A"
        assert (file.read() == ramp(GRID.window)).all()


def test_the_number_of_threads_does_not_change_a_byte(tmp_path):
    for threads in (1, 2, 4):
        write_ramp(tmp_path / f"{threads}.tif", threads)
    assert len({(tmp_path / f"{threads}.tif").read_bytes() for threads in (1, 2, 4)}) == 1


def test_an_error_leaves_the_folder_unchanged(tmp_path):
    (tmp_path / "map.tif").write_text("the old map")
    with pytest.raises(ZeroDivisionError), create_raster(tmp_path / "map.tif", LAYOUT, {".qml": "<style/>"}):
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == ["map.tif"]
    assert (tmp_path / "map.tif").read_text() == "the old map"


def test_side_files_are_replaced_with_their_raster(tmp_path):
    (tmp_path / "map.tif.aux.xml").write_text("statistics of the map before")
    with create_raster(tmp_path / "map.tif", LAYOUT, {".qml": "<style/>"}):
        pass
    assert sorted(os.listdir(tmp_path)) == ["map.qml", "map.tif"]


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"), create_raster(tmp_path / "file" / "map.tif", LAYOUT):
        pass


def test_pixels_outside_the_raster_are_invalid(tmp_path):
    write_ramp(tmp_path / "ramp.tif")
    with RasterReader(tmp_path / "ramp.tif") as reader:
        values, valid = reader.read(Window(-2, 598, 4, 4))
    assert valid[0].tolist() == [[False] * 4, [False] * 4, [True, True, False, False], [True, True, False, False]]
    assert values[0, 2, 0] == 598


def test_physical_values_are_scaled_with_nan_for_nodata(tmp_path):
    with create_raster(tmp_path / "two.tif", RasterLayout(GRID.part(Window(0, 0, 1, 2)), "int16", ("B04",),
                                                          nodata=-32768, scales=(1e-4,))) as raster:
        raster.write(Window(0, 0, 1, 2), np.array([[[2500, -32768]]]))
    with RasterReader(tmp_path / "two.tif") as reader:
        physical = reader.read_physical()
    np.testing.assert_array_equal(physical, np.array([[[0.25, np.nan]]], np.float32))


def test_missing_unreadable_and_ungeoreferenced_files_are_distinguished(tmp_path):
    (tmp_path / "text.tif").write_text("no raster")
    with rasterio.open(tmp_path / "picture.tif", "w", driver="GTiff", height=2, width=2, count=1, dtype="uint8"):
        pass
    with pytest.raises(MissingInput, match="does not exist"):
        RasterReader(tmp_path / "nothing.tif")
    with pytest.raises(UnreadableInput, match="cannot be opened"):
        RasterReader(tmp_path / "text.tif")
    with pytest.raises(UnsuitableInput, match="georeferenced"):
        RasterReader(tmp_path / "picture.tif")


def test_a_truncated_raster_is_reported_as_damaged(tmp_path):
    write_ramp(tmp_path / "ramp.tif")
    complete = (tmp_path / "ramp.tif").read_bytes()
    (tmp_path / "ramp.tif").write_bytes(complete[:len(complete) // 2])
    with pytest.raises(UnreadableInput, match="damaged"), RasterReader(tmp_path / "ramp.tif") as reader:
        reader.read()


class CancelledAfter(Progress):
    def __init__(self, steps):
        self.steps = steps

    @property
    def cancelled(self):
        return self.steps <= 0

    def show(self, fraction):
        self.steps -= 1


def test_blocks_are_finished_in_order_with_any_number_of_threads():
    finished = []
    with make_executor(4) as executor:
        run_blocks(range(50), lambda block: block * block, lambda block, square: finished.append((block, square)),
                   executor, Progress())
    assert finished == [(block, block * block) for block in range(50)]


def test_cancelling_stops_processing_and_removes_the_file(tmp_path):
    with pytest.raises(Cancelled), make_executor(2) as executor, \
            create_raster(tmp_path / "ramp.tif", LAYOUT) as raster:
        run_blocks(GRID.blocks(64, 64), ramp, raster.write, executor, CancelledAfter(3))
    assert os.listdir(tmp_path) == []
