"""Output formats, read back with GDAL."""

import errno
import os
import subprocess

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS

from floefield.compute.errors import OutputError
from floefield.compute.raster.formats import create_in_format, driver_of
from floefield.compute.raster.grid import Grid
from floefield.compute.raster.writer import RasterLayout

GRID = Grid(CRS.from_epsg(32631).to_wkt(), 600000.0, 4900020.0, 10.0, 10.0, 300, 280)
VALUES = np.random.default_rng(2).integers(-200, 9000, (2, 300, 280)).astype(np.int16)
VALUES[:, :5] = -32768
FLOATS = np.where(VALUES == -32768, np.nan, VALUES / 10000).astype(np.float32)


def write(path, raster_format="auto", values=VALUES, **layout):
    options = {"dtype": "int16", "nodata": -32768, "scales": (1e-4, 1e-4), **layout}
    with create_in_format(str(path), RasterLayout(GRID, band_names=("B04", "B08"), **options), raster_format,
                          {".qml": "<qgis/>"}) as raster:
        raster.write(GRID.window, values)


def bands_of(path):
    """Return the GDAL dataset names of a file: a NetCDF has one per band."""
    return [f"netcdf:{path}:{name}" for name in ("B04_1", "B08_2")] if path.suffix == ".nc" else [path]


def read(path):
    planes = []
    for part in bands_of(path):
        with rasterio.open(part) as file:
            planes.append(file.read())
    return np.concatenate(planes)


@pytest.mark.parametrize(("name", "raster_format", "driver"), [
    ("a.tif", "auto", "GTiff"), ("a.tif", "cog", "GTiff"), ("a.dat", "auto", "ENVI"), ("b.img", "envi", "ENVI"),
    ("a.nc", "auto", "netCDF"), ("a.jp2", "auto", "JP2OpenJPEG"), ("a.img", "auto", "HFA")])
def test_values_are_preserved_in_every_format(tmp_path, name, raster_format, driver):
    write(tmp_path / name, raster_format)
    assert (read(tmp_path / name) == VALUES).all()
    with rasterio.open(bands_of(tmp_path / name)[0]) as file:
        assert file.driver == driver
        assert file.crs.to_epsg() == 32631
        assert file.transform.c == 600000
        assert file.transform.f == 4900020
        if driver != "JP2OpenJPEG":
            assert file.nodata == -32768
    assert (tmp_path / name).with_suffix(".qml").read_text() == "<qgis/>"
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_cog_has_the_cog_layout(tmp_path):
    write(tmp_path / "a.tif", "cog")
    with rasterio.open(tmp_path / "a.tif") as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.descriptions == ("B04", "B08")
        assert file.scales == (1e-4, 1e-4)


@pytest.mark.parametrize("name", ["a.tif", "a.dat", "a.nc"])
def test_nan_is_preserved_in_floating_point_formats(tmp_path, name):
    write(tmp_path / name, values=FLOATS, dtype="float32", nodata=float("nan"), scales=())
    values = read(tmp_path / name)
    assert values.dtype == np.float32
    np.testing.assert_array_equal(values, FLOATS)


def test_jpeg_2000_rejects_floating_point(tmp_path):
    with pytest.raises(OutputError, match="supports integers only"):
        write(tmp_path / "a.jp2", values=FLOATS, dtype="float32", nodata=None, scales=())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("name", "raster_format", "words"), [
    ("a.xyz123", "auto", "has the extension .xyz123"), ("a", "auto", "(none)"), ("a.nc", "cog", "must end in .tif")])
def test_unknown_extensions_are_rejected(name, raster_format, words):
    with pytest.raises(OutputError, match=words.replace("(", r"\(").replace(")", r"\)")):
        driver_of(name, raster_format)


@pytest.mark.parametrize(("compression", "predictor", "stored"), [
    ("zstd", True, ("ZSTD", "2")), ("deflate", False, ("DEFLATE", None)), ("none", True, (None, None))])
def test_compression_and_predictor_follow_the_layout(tmp_path, compression, predictor, stored):
    write(tmp_path / "a.tif", compression=compression, predictor=predictor)
    with rasterio.open(tmp_path / "a.tif") as file:
        structure = file.tags(ns="IMAGE_STRUCTURE")
        assert (structure.get("COMPRESSION"), structure.get("PREDICTOR")) == stored
        assert (file.read() == VALUES).all()


def test_an_error_keeps_the_previous_file(tmp_path, monkeypatch):
    (tmp_path / "a.nc").write_text("an earlier result")
    with pytest.raises(RuntimeError), create_in_format(
            str(tmp_path / "a.nc"), RasterLayout(GRID, "int16", ("B04", "B08"))):
        raise RuntimeError("stop")

    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("rasterio.shutil.copy", full)
    with pytest.raises(OutputError, match="free space"):
        write(tmp_path / "a.nc")
    assert [path.name for path in tmp_path.iterdir()] == ["a.nc"]
    assert (tmp_path / "a.nc").read_text() == "an earlier result"


@pytest.mark.parametrize("name", ["a.tif", "a.nc", "a.jp2"])
def test_a_full_disk_is_reported_and_leaves_no_file(tmp_path, name):
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(disk)],
                                      capture_output=True, check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        with pytest.raises(OutputError, match=r"free space|disk may be full"):
            write(disk / name)
        assert not list(disk.iterdir())
    finally:
        subprocess.run(["umount", str(disk)], check=True)
