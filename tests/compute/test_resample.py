"""Resampling compared with GDAL's warper, and with numpy on whole blocks of pixels."""

import numpy as np
import pytest
import rasterio
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.warp import reproject

from floefield.compute.raster.grid import Window
from floefield.compute.raster.reader import RasterReader
from floefield.compute.raster.resampling import read_resampled

IMAGE = np.random.default_rng(1).integers(1, 9000, (60, 72)).astype(np.uint16)
WITH_HOLES = np.where(np.random.default_rng(2).random(IMAGE.shape) < 0.2, 0, IMAGE).astype(np.uint16)


@pytest.fixture
def reader_of(tmp_path):
    def open_reader(values):
        path = tmp_path / "image.tif"
        with rasterio.open(path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
                           dtype=values.dtype, crs="EPSG:32631",
                           transform=from_origin(600000, 4900000, 20, 20)) as file:
            file.write(values, 1)
        return RasterReader(path)

    return open_reader


@pytest.mark.parametrize(("method", "gdal"), [("nearest", Resampling.nearest), ("bilinear", Resampling.bilinear),
                                              ("bicubic", Resampling.cubic)])
@pytest.mark.parametrize("size", [10.0, 15.0])
def test_interpolation_equals_gdal(reader_of, method, gdal, size):
    reader = reader_of(IMAGE)
    grid, window = reader.grid.with_pixel_size(size), Window(20, 30, 40, 50)
    values, valid = read_resampled(reader, grid, window, upsampling=method)
    expected = np.zeros(window.shape, np.float32)
    reproject(IMAGE.astype(np.float32), expected, src_transform=rasterio.Affine(*reader.grid.transform),
              src_crs="EPSG:32631", dst_transform=rasterio.Affine(*grid.part(window).transform), dst_crs="EPSG:32631",
              resampling=gdal)
    assert valid.all()
    np.testing.assert_allclose(values, expected, atol=0.01)


@pytest.mark.parametrize(("method", "summary"), [
    ("first", lambda blocks: blocks[..., 0]), ("min", lambda blocks: blocks.min(-1)),
    ("max", lambda blocks: blocks.max(-1)), ("mean", lambda blocks: blocks.mean(-1)),
    ("median", lambda blocks: np.median(blocks, -1))])
def test_aggregation_equals_numpy_on_whole_blocks(reader_of, method, summary):
    reader = reader_of(IMAGE)
    grid = reader.grid.with_pixel_size(60.0)
    blocks = IMAGE.reshape(20, 3, 24, 3).swapaxes(1, 2).reshape(20, 24, 9)
    values, valid = read_resampled(reader, grid, grid.window, downsampling=method)
    assert valid.all()
    np.testing.assert_allclose(values, summary(blocks), rtol=1e-6)


def test_mean_is_weighted_by_overlap_as_in_gdal(reader_of):
    reader = reader_of(IMAGE)
    grid, window = reader.grid.with_pixel_size(50.0), Window(2, 3, 20, 20)
    values, _ = read_resampled(reader, grid, window, downsampling="mean")
    expected = np.zeros(window.shape, np.float32)
    reproject(IMAGE.astype(np.float32), expected, src_transform=rasterio.Affine(*reader.grid.transform),
              src_crs="EPSG:32631", dst_transform=rasterio.Affine(*grid.part(window).transform), dst_crs="EPSG:32631",
              resampling=Resampling.average)
    np.testing.assert_allclose(values, expected, rtol=1e-5)


@pytest.mark.parametrize("method", ["min", "max", "mean", "median"])
def test_aggregation_ignores_invalid_pixels(reader_of, method):
    reader = reader_of(WITH_HOLES)
    grid = reader.grid.with_pixel_size(40.0)
    blocks = np.where(WITH_HOLES > 0, WITH_HOLES, np.nan).reshape(30, 2, 36, 2).swapaxes(1, 2).reshape(30, 36, 4)
    values, valid = read_resampled(reader, grid, grid.window, downsampling=method, nodata=0)
    has_data = np.isfinite(blocks).any(-1)
    assert (valid == has_data).all()
    summary = getattr(np, f"nan{method}")(blocks[has_data], axis=-1)
    np.testing.assert_allclose(values[has_data], summary, rtol=1e-6)


@pytest.mark.parametrize("method", ["bilinear", "bicubic"])
def test_interpolation_preserves_the_nodata_mask(reader_of, method):
    reader = reader_of(WITH_HOLES)
    grid = reader.grid.with_pixel_size(10.0)
    _, valid = read_resampled(reader, grid, grid.window, upsampling=method, nodata=0)
    assert (valid == np.repeat(np.repeat(WITH_HOLES > 0, 2, 0), 2, 1)).all()
    constant, _ = read_resampled(reader_of(np.where(WITH_HOLES > 0, 500, 0).astype(np.uint16)), grid, grid.window,
                                 upsampling=method, nodata=0)
    np.testing.assert_allclose(constant[valid], 500, rtol=1e-4)


@pytest.mark.parametrize("method", ["nearest", "bilinear", "bicubic"])
def test_a_block_equals_the_same_part_of_the_whole_raster(reader_of, method):
    reader = reader_of(WITH_HOLES)
    grid = reader.grid.with_pixel_size(15.0)
    block = Window(17, 11, 23, 31)
    whole, whole_valid = read_resampled(reader, grid, grid.window, upsampling=method, nodata=0)
    part, part_valid = read_resampled(reader, grid, block, upsampling=method, nodata=0)
    assert (part == whole[block.slices]).all()
    assert (part_valid == whole_valid[block.slices]).all()
