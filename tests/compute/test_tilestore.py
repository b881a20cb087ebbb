"""Tile store on disk: tiles are read back unchanged, the least recently used are replaced, each is decoded once."""

import threading

import numpy as np
import pytest
import rasterio

from floefield.compute.errors import OutputError
from floefield.compute.raster.grid import Window
from floefield.compute.raster.reader import RasterReader
from floefield.compute.raster.tile_store import StoredTilesReader, TileStore


@pytest.fixture
def image(tmp_path):
    """Image with tiles of 64 pixels, incomplete at the right and lower edge."""
    path = tmp_path / "image.tif"
    values = np.random.default_rng(1).integers(0, 65535, (150, 170), np.uint16)
    with rasterio.open(path, "w", driver="GTiff", height=150, width=170, count=1, dtype="uint16", crs="EPSG:32631",
                       transform=rasterio.Affine(10, 0, 600000, 0, -10, 4900000), tiled=True, blockxsize=64,
                       blockysize=64, nodata=0) as file:
        file.write(values, 1)
    return path


def test_rows_of_stored_tiles_are_read_back(tmp_path):
    tile = np.arange(48, dtype=np.uint16).reshape(8, 6)
    with TileStore(str(tmp_path / "result.tif"), max_tiles=2) as store:
        store.add("first", tile)
        store.add("second", tile + 100)
        assert (store.read_rows("first", 3, 2, 6, np.uint16) == tile[3:5]).all()

        store.add("third", tile + 200)

        assert store.read_rows("second", 0, 8, 6, np.uint16) is None, "the least recently used tile is replaced"
        assert (store.read_rows("first", 0, 8, 6, np.uint16) == tile).all()
        assert (store.read_rows("third", 0, 8, 6, np.uint16) == tile + 200).all()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("window", [Window(0, 0, 150, 170), Window(60, 60, 10, 80), Window(-5, 160, 30, 30)])
@pytest.mark.parametrize("max_tiles", [1, 100])
def test_windows_equal_those_of_a_direct_reader(image, tmp_path, window, max_tiles):
    with TileStore(str(tmp_path / "result.tif"), max_tiles) as store, StoredTilesReader(image, store) as stored, \
            RasterReader(image) as direct:
        for _ in range(2):
            values, valid = stored.read(window)
            expected, expected_valid = direct.read(window)
            assert (values == expected).all() and (valid == expected_valid).all()


def test_each_tile_is_decoded_once_by_several_threads(image, tmp_path, monkeypatch):
    decoded = []
    values = RasterReader._read_values
    monkeypatch.setattr(RasterReader, "_read_values", lambda self, dataset, band_numbers, window: (
        decoded.append(window), values(self, dataset, band_numbers, window))[1])
    with TileStore(str(tmp_path / "result.tif"), max_tiles=100) as store, StoredTilesReader(image, store) as reader:
        threads = [threading.Thread(target=reader.read, args=(Window(row, 0, 32, 170),)) for row in range(0, 128, 16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(decoded) == len(set(decoded)) == 9


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="Temporary files cannot be written to"):
        TileStore(str(tmp_path / "file" / "result.tif"), 1)


def test_a_full_disk_is_reported(tmp_path):
    with TileStore(str(tmp_path / "result.tif"), 1) as store:
        store._file.close()
        store._file = open("/dev/full", "r+b", buffering=0)  # noqa: SIM115, closed by the store
        with pytest.raises(OutputError, match="free space"):
            store.add("tile", np.zeros((8, 8), np.uint16))
