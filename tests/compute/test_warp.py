"""Resampling to another coordinate reference system, compared with GDAL's warper at exact positions (``-et 0``)."""

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.warp import reproject, transform, transform_bounds

from floefield.compute.raster.grid import Grid, Window
from floefield.compute.raster.reader import RasterReader
from floefield.compute.raster.resampling import FLAG_DOWNSAMPLING, read_resampled

ROWS, COLUMNS = np.mgrid[0:200, 0:240]
SMOOTH = (3000 + 900 * np.sin(ROWS / 9) * np.cos(COLUMNS / 7)).astype(np.uint16)
NOISE = np.random.default_rng(5).integers(1, 9000, SMOOTH.shape).astype(np.uint16)
HOLES = np.where(np.random.default_rng(6).random(SMOOTH.shape) < 0.2, 0, SMOOTH).astype(np.uint16)
SOURCE = from_origin(796000, 6005000, 10, 10)


@pytest.fixture
def reader_of(tmp_path):
    def open_reader(values):
        with rasterio.open(tmp_path / "image.tif", "w", driver="GTiff", height=values.shape[0], width=values.shape[1],
                           count=1, dtype=values.dtype, crs="EPSG:32631", transform=SOURCE) as file:
            file.write(values, 1)
        return RasterReader(tmp_path / "image.tif")

    return open_reader


def grid_in(epsg, size):
    """Return a grid in another CRS over the centre of the image; its corner is a multiple of the pixel size."""
    box = transform_bounds("EPSG:32631", f"EPSG:{epsg}", 796400, 6003400, 798000, 6004600)
    west, north = np.floor(box[0] / size) * size, np.ceil(box[3] / size) * size
    return Grid(CRS.from_epsg(epsg).to_wkt(), west, north, size, size, int((north - box[1]) / size),
                int((box[2] - west) / size))


def warped_by_gdal(values, grid, method, nodata=None, dtype=np.float32):
    result = np.zeros(grid.shape, dtype)
    reproject(values.astype(dtype), result, src_transform=SOURCE, src_crs="EPSG:32631", src_nodata=nodata,
              dst_transform=rasterio.Affine(*grid.transform), dst_crs=CRS.from_wkt(grid.crs_wkt), dst_nodata=0,
              resampling=method, tolerance=0, XSCALE=1, YSCALE=1)
    return result


@pytest.mark.parametrize("epsg", [32632, 2154, 3035, 4326])
def test_nearest_selects_the_same_pixels_as_gdal(reader_of, epsg):
    grid = grid_in(epsg, 10 / 111319.49 if epsg == 4326 else 10.0)
    values, valid = read_resampled(reader_of(NOISE), grid, grid.window)
    assert valid.all()
    rows, columns = (plane.ravel() + 0.5 for plane in np.mgrid[:grid.height, :grid.width])
    x, y = transform(CRS.from_epsg(epsg), CRS.from_epsg(32631), grid.west + columns * grid.pixel_width,
                     grid.north - rows * grid.pixel_height)
    one_by_one = NOISE[((SOURCE.f - np.array(y)) // 10).astype(int), ((np.array(x) - SOURCE.c) // 10).astype(int)]
    assert (values.ravel() != one_by_one).mean() < 1e-3
    assert (values != warped_by_gdal(NOISE, grid, Resampling.nearest)).mean() < 1e-2


@pytest.mark.parametrize(("method", "gdal"), [("bilinear", Resampling.bilinear), ("bicubic", Resampling.cubic)])
@pytest.mark.parametrize("epsg", [32632, 2154])
def test_interpolation_is_within_one_digital_number_of_gdal(reader_of, method, gdal, epsg):
    grid = grid_in(epsg, 10.0)
    values, valid = read_resampled(reader_of(SMOOTH), grid, grid.window, upsampling=method)
    assert valid.all()
    np.testing.assert_allclose(values, warped_by_gdal(SMOOTH, grid, gdal), atol=1.0)


@pytest.mark.parametrize("method", ["bilinear", "bicubic"])
def test_interpolation_preserves_nodata_and_its_neighbours(reader_of, method):
    grid = grid_in(32632, 10.0)
    _, nearest_valid = read_resampled(reader_of(HOLES), grid, grid.window, nodata=0)
    values, valid = read_resampled(reader_of(HOLES), grid, grid.window, upsampling=method, nodata=0)
    assert (valid == nearest_valid).all()
    constant = np.where(HOLES > 0, 500, 0).astype(np.uint16)
    values, valid = read_resampled(reader_of(constant), grid, grid.window, upsampling=method, nodata=0)
    np.testing.assert_allclose(values[valid], 500, rtol=1e-4)


@pytest.mark.parametrize("method", ["min", "max", "mean", "median"])
def test_downsampling_aggregates_the_covered_source_pixels(reader_of, method):
    """Expected values: aggregates of 64 nearest-neighbour samples per pixel from GDAL."""
    grid, fine = grid_in(32632, 40.0), 8
    small = Grid(grid.crs_wkt, grid.west, grid.north, 5.0, 5.0, grid.height * fine, grid.width * fine)
    samples = warped_by_gdal(SMOOTH, small, Resampling.nearest)
    blocks = samples.reshape(grid.height, fine, grid.width, fine).swapaxes(1, 2).reshape(*grid.shape, -1)
    values, valid = read_resampled(reader_of(SMOOTH), grid, grid.window, downsampling=method)
    assert valid.all()
    expected = getattr(np, method)(blocks, axis=-1)
    off = np.abs(values - expected)
    assert (np.median(off), off.max()) < ((12, 40) if method in ("mean", "median") else (30, 200))


def test_a_block_equals_the_same_part_of_the_whole_raster(reader_of):
    for method, size in (("nearest", 10.0), ("bicubic", 10.0), ("mean", 25.0)):
        grid = grid_in(32632, size)
        block = Window(7, 11, 23, 31)
        reader = reader_of(HOLES)
        whole, whole_valid = read_resampled(reader, grid, grid.window, method, method, nodata=0)
        part, part_valid = read_resampled(reader, grid, block, method, method, nodata=0)
        assert (part == whole[block.slices]).all()
        assert (part_valid == whole_valid[block.slices]).all()


def test_only_the_source_pixels_of_a_block_are_read(reader_of):
    class RecordingReader:
        def __init__(self, reader):
            self.grid, self._reader, self.windows = reader.grid, reader, []

        def read(self, window, indexes):
            self.windows.append(window)
            return self._reader.read(window, indexes)

    grid = grid_in(32632, 10.0)
    recording = RecordingReader(reader_of(NOISE))
    read_resampled(recording, grid, Window(40, 40, 32, 32), upsampling="bicubic")
    assert max(recording.windows[0].shape) < 64
    far = Grid(grid.crs_wkt, grid.west - 90000, grid.north, 10.0, 10.0, 32, 32)
    _, valid = read_resampled(recording, far, far.window)
    assert not valid.any()
    assert len(recording.windows) == 1


def test_equivalent_crs_have_the_same_result(reader_of):
    """ETRS89 / UTM 31N equals WGS 84 / UTM 31N in GDAL: every method returns the same values as without warping."""
    reader = reader_of(HOLES)
    for size, up, down in ((10.0, "bicubic", "first"), (20.0, "nearest", "first"), (20.0, "nearest", "mean")):
        here = reader.grid.with_pixel_size(size)
        there = Grid(CRS.from_epsg(25831).to_wkt(), here.west, here.north, size, size, here.height, here.width)
        expected, expected_valid = read_resampled(reader, here, here.window, up, down, nodata=0)
        values, valid = read_resampled(reader, there, there.window, up, down, nodata=0)
        assert (valid == expected_valid).all()
        np.testing.assert_allclose(values[valid], expected[valid], atol=0.05)


def test_positions_outside_the_projection_are_invalid(reader_of):
    world = Grid(CRS.from_epsg(4326).to_wkt(), -180.0, 95.0, 5.0, 5.0, 38, 72)
    values, valid = read_resampled(reader_of(NOISE), world, world.window, downsampling="max")
    assert valid.sum() <= 2
    assert values.max() <= NOISE.max()


@pytest.mark.parametrize("method", FLAG_DOWNSAMPLING)
def test_flags_are_combined_bit_by_bit(reader_of, method):
    flags = np.random.default_rng(8).integers(0, 8, SMOOTH.shape).astype(np.uint8)
    reader = reader_of(flags)
    grid = reader.grid.with_pixel_size(20.0)
    values, _ = read_resampled(reader, grid, grid.window, downsampling=method)
    blocks = flags.reshape(100, 2, 120, 2).swapaxes(1, 2).reshape(100, 120, 4)
    counts = np.stack([((blocks >> bit) & 1).sum(-1) for bit in range(3)])
    wanted = {"first": blocks[..., 0], "flagand": np.bitwise_and.reduce(blocks, -1),
              "flagor": np.bitwise_or.reduce(blocks, -1),
              "flagmedianand": sum((counts[bit] > 2).astype(int) << bit for bit in range(3)),
              "flagmedianor": sum((counts[bit] >= 2).astype(int) << bit for bit in range(3))}[method]
    assert (values == wanted).all()


def test_resampling_in_parts_has_the_same_result(reader_of, monkeypatch):
    reader = reader_of(HOLES)
    for grid in (reader.grid.with_pixel_size(30.0), grid_in(32632, 30.0)):
        whole = read_resampled(reader, grid, grid.window, downsampling="median", nodata=0)
        monkeypatch.setattr("floefield.compute.raster.resampling.MAX_SOURCE_PIXELS", 9000)
        parts = read_resampled(reader, grid, grid.window, downsampling="median", nodata=0)
        monkeypatch.undo()
        assert all((one == other).all() for one, other in zip(whole, parts))
