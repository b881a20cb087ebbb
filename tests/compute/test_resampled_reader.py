"""Rasters on other grids compared with GDAL."""

import numpy as np
import pytest
from rasterio.crs import CRS

from floefield.compute.errors import UnsuitableInput
from floefield.compute.raster.grid import Grid
from floefield.compute.raster.resampled_reader import ResampledReader
from floefield.tests import fieldscene


def first_band(raster, window):
    values, valid = raster.read(window, [0])
    return values[0], valid[0]


def test_classes_on_another_grid_equal_gdal(tmp_path):
    from osgeo import gdal

    values = np.random.default_rng(1).integers(0, 9, (1, 80, 70)).astype(np.uint8)
    path = fieldscene.write(tmp_path / "map.tif", values, ("class",), nodata=0)
    target = Grid(CRS.from_epsg(4326).to_wkt(), 2.9999, 43.3531, 0.00013, 0.00011, 90, 80)
    west, south, east, north = target.bounds
    gdal.Warp(str(tmp_path / "warped.tif"), path, dstSRS="EPSG:4326", outputBounds=(west, south, east, north),
              width=80, height=90, resampleAlg="near", dstNodata=0, errorThreshold=0)
    expected = fieldscene.read(tmp_path / "warped.tif")[0][0]
    with ResampledReader(path, target, "nearest") as raster:
        assert raster.is_resampled
        whole, valid = first_band(raster, target.window)
        for window in target.blocks(33, 27):
            part, inside = first_band(raster, window)
            np.testing.assert_array_equal(part[inside], whole[window.slices][inside])
    assert 0.5 < valid.mean() < 1
    np.testing.assert_array_equal(valid, whole > 0)
    # GDAL's default approximates the transformation to an eighth of a pixel.
    assert (whole == expected)[valid].mean() > 0.98


def test_value_0_without_nodata_stays_valid_on_another_grid(tmp_path):
    values = np.zeros((1, 40, 40), np.uint8)
    path = fieldscene.write(tmp_path / "map.tif", values, ("class",))
    target = Grid(CRS.from_user_input(fieldscene.CRS).to_wkt(), fieldscene.WEST - 100, fieldscene.NORTH, 5, 5, 40, 60)
    with ResampledReader(path, target, "nearest") as raster:
        whole, valid = first_band(raster, target.window)
    assert (whole[valid] == 0).all()
    np.testing.assert_array_equal(valid.all(axis=0), np.arange(60) >= 20)


def test_a_raster_without_crs_is_rejected(tmp_path):
    path = fieldscene.write(tmp_path / "map.tif", np.ones((1, 9, 9), np.uint8), ("class",), crs=None)
    with pytest.raises(UnsuitableInput, match="Assign"):
        ResampledReader(path, Grid(CRS.from_epsg(32631).to_wkt(), 0, 90, 10, 10, 9, 9), "nearest")


def test_a_raster_on_the_same_grid_is_read_as_it_is(tmp_path):
    values = np.random.default_rng(1).normal(0, 1, (2, 40, 48)).astype(np.float32)
    path = fieldscene.write(tmp_path / "image.tif", values, scale=0.5)
    target = Grid(CRS.from_user_input(fieldscene.CRS).to_wkt(), fieldscene.WEST, fieldscene.NORTH, 10, 10, 40, 48)
    with ResampledReader(path, target, "bilinear") as raster:
        assert not raster.is_resampled and raster.block_shape == raster.source.block_shape
        np.testing.assert_array_equal(raster.read(target.window)[0], values)
        np.testing.assert_array_equal(raster.read_physical(target.window, [1])[0], values[1] * np.float32(0.5))


def test_physical_values_are_scaled_after_resampling(tmp_path):
    values = np.random.default_rng(1).integers(1, 100, (2, 40, 48)).astype(np.uint8)
    values[:, ::3, ::5] = 0
    path = fieldscene.write(tmp_path / "image.tif", values, scale=0.5, nodata=0)
    # Pixels of twice the size: each is the mean of 2 x 2 pixels.
    target = Grid(CRS.from_user_input(fieldscene.CRS).to_wkt(), fieldscene.WEST, fieldscene.NORTH, 20, 20, 20, 24)
    with ResampledReader(path, target, "average") as raster:
        stored, valid = raster.read(target.window, [1])
        physical = raster.read_physical(target.window, [1])
    means = np.where(values[1] > 0, values[1], np.nan).reshape(20, 2, 24, 2)
    np.testing.assert_allclose(stored[0], np.nanmean(means, axis=(1, 3)), atol=0.51)
    assert valid.all()
    np.testing.assert_array_equal(physical, stored * np.float32(0.5))
