"""Rasters on one grid as a feature table: band names, physical values, masks, grid checks."""

import numpy as np
import pytest

from floefield.compute.classification.feature_stack import FeatureStack
from floefield.compute.errors import GridMismatch, MissingInput
from floefield.compute.raster.grid import Window
from tests.fieldscene import WEST, write

VALUES = np.arange(2 * 5 * 4, dtype=float).reshape(2, 5, 4)


def test_several_rasters_give_one_row_for_each_pixel(tmp_path):
    first = write(tmp_path / "first.tif", VALUES)
    second = write(tmp_path / "second.tif", VALUES[:1] + 100, names=("NDVI",))
    with FeatureStack([first, second]) as stack:
        features, valid = stack.read(Window(1, 1, 2, 2))

    assert stack.names == ("B04", "B08", "NDVI")
    # Pixels (1, 1), (1, 2), (2, 1), (2, 2) of 4 columns.
    np.testing.assert_array_equal(features, [[5, 25, 105], [6, 26, 106], [9, 29, 109], [10, 30, 110]])
    assert features.dtype == np.float32 and features.flags.c_contiguous
    assert valid.all()


def test_scale_is_applied_and_nodata_is_a_mask(tmp_path):
    stored = np.array([[[1000, -32768]], [[2500, 4000]]], np.int16)
    path = write(tmp_path / "stack.tif", stored, nodata=-32768, scale=1e-4)
    with FeatureStack([path]) as stack:
        features, valid = stack.read(stack.grid.window)

    np.testing.assert_allclose(features[0], [0.1, 0.25], rtol=1e-6)
    assert valid.tolist() == [True, False]


def test_nan_and_infinity_are_nodata(tmp_path):
    values = np.array([[[0.1, np.nan, np.inf]], [[1.0, 1.0, 1.0]]])
    with FeatureStack([write(tmp_path / "stack.tif", values)]) as stack:
        assert stack.read(stack.grid.window)[1].tolist() == [True, False, False]


def test_more_bands_than_are_read_at_once_stay_in_order(tmp_path):
    values = np.arange(40.0)[:, None, None] * np.ones((1, 2, 2))
    names = tuple(f"B{number}" for number in range(40))
    with FeatureStack([write(tmp_path / "many.tif", values, names=names)]) as stack:
        assert stack.read(stack.grid.window)[0][0].tolist() == list(range(40))


def test_equal_names_get_the_date(tmp_path):
    june = write(tmp_path / "a.tif", VALUES, tags={"ACQUISITION_DATE": "2018-06-27"})
    july = write(tmp_path / "b.tif", VALUES, tags={"ACQUISITION_DATE": "2018-07-07"})
    with FeatureStack([june, july]) as stack:
        assert stack.names == ("B04_20180627", "B08_20180627", "B04_20180707", "B08_20180707")
        assert stack.dates == (("2018-06-27",), ("2018-07-07",))


def test_equal_names_without_dates_get_the_number_of_the_raster(tmp_path):
    paths = [write(tmp_path / name, VALUES) for name in ("a.tif", "b.tif")]
    with FeatureStack(paths) as stack:
        assert stack.names == ("B04_r1", "B08_r1", "B04_r2", "B08_r2")


@pytest.mark.parametrize("names, expected", [
    (("B04", "B04"), ("B04_r1_b1", "B04_r1_b2")),
    (("B04_20180627", "B04_20180627"), ("B04_20180627_r1_b1", "B04_20180627_r1_b2")),
    (("", ""), ("band_1", "band_2")),
])
def test_equal_names_in_one_raster_get_the_number_of_the_band(tmp_path, names, expected):
    with FeatureStack([write(tmp_path / "a.tif", VALUES, names=names)]) as stack:
        assert stack.names == expected


def test_dates_are_read_from_band_names_without_tags(tmp_path):
    path = write(tmp_path / "a.tif", VALUES, names=("B04_20180707", "B04_20180627"))
    with FeatureStack([path]) as stack:
        assert stack.names == ("B04_20180707", "B04_20180627")
        assert stack.dates == (("2018-06-27", "2018-07-07"),)


@pytest.mark.parametrize("change, difference", [
    ({"crs": "EPSG:32632"}, "WGS 84 / UTM zone 31N and WGS 84 / UTM zone 32N"),
    ({"west": WEST + 10}, r"corner is \(500000, 4800000\) and \(500010, 4800000\)"),
    ({"west": WEST + 3}, r"begin at \(500000, 4800000\) .* at \(500003, 4800000\)"),
    ({"values": VALUES[:, :3]}, "4 x 5 and 4 x 3 pixels"),
    ({"crs": None}, "WGS 84 / UTM zone 31N and unknown"),
])
def test_different_grids_are_refused_with_both_names_and_the_difference(tmp_path, change, difference):
    first = write(tmp_path / "first.tif", VALUES)
    other = write(tmp_path / "other.tif", **({"values": VALUES} | change))
    with pytest.raises(GridMismatch, match=difference) as error:
        FeatureStack([first, other])

    assert first in str(error.value) and other in str(error.value)


def test_a_missing_raster_is_named(tmp_path):
    with pytest.raises(MissingInput, match=r"nowhere\.tif"):
        FeatureStack([write(tmp_path / "a.tif", VALUES), str(tmp_path / "nowhere.tif")])


@pytest.mark.parametrize("options", [{}, {"tiled": True, "blockxsize": 256, "blockysize": 256}])
def test_blocks_tile_the_grid_and_stay_within_output_tiles(tmp_path, options):
    path = write(tmp_path / "large.tif", np.zeros((1, 700, 1100), np.uint8), names=("B04",), **options)
    with FeatureStack([path]) as stack:
        covered = np.zeros(stack.grid.shape, int)
        for block in stack.blocks():
            covered[block.slices] += 1
            assert block.row // 512 == (block.row + block.height - 1) // 512
            assert block.col // 512 == (block.col + block.width - 1) // 512

    assert (covered == 1).all()


def test_synthetic_data_are_recognised(tmp_path):
    with FeatureStack([write(tmp_path / "a.tif", VALUES, tags={"SYNTHETIC": "YES"})]) as stack:
        assert stack.is_synthetic
    with FeatureStack([write(tmp_path / "b.tif", VALUES)]) as stack:
        assert not stack.is_synthetic
