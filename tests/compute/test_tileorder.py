"""Tile order of GeoTIFFs is independent of the order of writing; GDAL reports the tile offsets."""

import numpy as np
import pytest
import rasterio

from floefield.compute.raster.grid import Grid
from floefield.compute.raster.tile_order import arrange_tiles
from floefield.compute.raster.writer import RasterLayout, create_raster

SHAPE = (3, 40, 56)  # three bands of 3 x 4 tiles, those at the far edges incomplete
VALUES = np.random.default_rng(0).integers(0, 9, SHAPE, np.uint8)


def write(path, order, blank=(), **options):
    """Write tiles (band, row, column) in the given order, some blank at first, without write cache."""
    with rasterio.Env(GDAL_CACHEMAX=0), rasterio.open(
            path, "w", driver="GTiff", count=3, height=40, width=56, dtype="uint8", tiled=True, blockxsize=16,
            blockysize=16, interleave="band", compress="deflate", **options) as file:
        file.descriptions = ("red", "green", "blue")
        for number, (band, row, column) in enumerate([*blank, *order]):
            tile = VALUES[band, row * 16:row * 16 + 16, column * 16:column * 16 + 16] * (number >= len(blank))
            file.write(tile, band + 1, window=((row * 16, row * 16 + tile.shape[0]),
                                               (column * 16, column * 16 + tile.shape[1])))
    return path


def arranged(path, band_by_band=False):
    copy = path.with_suffix(".arranged.tif")
    return copy if arrange_tiles(path, copy, band_by_band) else path


def tile_offset(path, tile):
    band, row, column = tile
    with rasterio.open(path) as file:
        return int(file.get_tag_item(f"BLOCK_OFFSET_{column}_{row}", "TIFF", bidx=band + 1))


# Row by row, in each row band by band, and then from west to east.
ORDER = [(band, row, column) for row in range(3) for band in range(3) for column in range(4)]


@pytest.mark.parametrize("options", [{}, {"BIGTIFF": "YES"}])
def test_tiles_are_reordered_whatever_the_order_of_writing(tmp_path, options):
    shuffled = [ORDER[place] for place in np.random.default_rng(1).permutation(len(ORDER))]
    paths = [write(tmp_path / f"{number}.tif", order, **options)
             for number, order in enumerate((ORDER, shuffled, shuffled[::-1]))]
    assert sorted(ORDER, key=lambda tile: tile_offset(paths[1], tile)) == shuffled

    copies = [arranged(path) for path in paths]
    assert sorted(ORDER, key=lambda tile: tile_offset(copies[1], tile)) == ORDER
    assert len({copy.read_bytes() for copy in copies}) == 1
    with rasterio.open(copies[1]) as file:
        assert (file.read() == VALUES).all()
        assert file.descriptions == ("red", "green", "blue")


def test_a_file_in_order_is_not_copied(tmp_path):
    bands = sorted(ORDER)
    paths = [write(tmp_path / f"{number}.tif", order) for number, order in enumerate((ORDER, bands))]
    assert [arranged(path) == path for path in paths] == [True, False]
    assert [arranged(path, band_by_band=True) == path for path in paths] == [False, True]
    assert arranged(paths[0], band_by_band=True).read_bytes() == paths[1].read_bytes()
    assert arranged(paths[1]).read_bytes() == paths[0].read_bytes()


@pytest.mark.parametrize(("shape", "tile", "compression"), [
    ((600, 600), (208, 208), "none"), ((300, 1030), (160, 208), "none"), ((5, 256), (16, 256), "none"),
    ((600, 600), (256, 256), "deflate"), ((3400, 3400), (256, 256), "none")])
def test_tiles_are_fitted_to_small_uncompressed_rasters(tmp_path, shape, tile, compression):
    layout = RasterLayout(grid=Grid("", 0, 0, 1, 1, *shape), dtype="float32", band_names=("one",),
                          compression=compression)
    with create_raster(tmp_path / "image.tif", layout) as writer:
        for block in layout.grid.blocks(256, 1024):
            writer.write(block, np.full((1, block.height, block.width), block.row, np.float32))
    with rasterio.open(tmp_path / "image.tif") as file:
        assert file.block_shapes == [tile]
        assert (file.read(1) == (np.arange(shape[0]) // 256 * 256)[:, None]).all()


def test_rewritten_tiles_leave_no_gap(tmp_path):
    once = write(tmp_path / "once.tif", ORDER)
    twice = write(tmp_path / "twice.tif", ORDER, blank=ORDER[:5])
    assert twice.stat().st_size > once.stat().st_size
    assert arranged(twice).read_bytes() == arranged(once).read_bytes()


def test_a_single_tile_is_preserved(tmp_path):
    with rasterio.open(tmp_path / "one.tif", "w", driver="GTiff", count=1, height=9, width=9, dtype="int16", tiled=True,
                       blockxsize=16, blockysize=16) as file:
        file.write(np.arange(81, dtype=np.int16).reshape(1, 9, 9))
    assert arranged(tmp_path / "one.tif").read_bytes() == (tmp_path / "one.tif").read_bytes()


@pytest.mark.parametrize("size", [0, 5, 100, 0.9])
def test_an_incomplete_file_is_rejected(tmp_path, size):
    path = write(tmp_path / "cut.tif", ORDER)
    content = path.read_bytes()
    path.write_bytes(content[:int(size * len(content)) if size < 1 else size])
    with pytest.raises(OSError, match="disk may be full"):
        arranged(path)
