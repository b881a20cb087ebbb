"""Stacks of real products compared with GDAL: reprojected, and from Level-1C zips."""

import numpy as np
import rasterio
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.warp import reproject

from floefield.compute.progress import Progress
from floefield.compute.sentinel2.band_stack import write_stack
from floefield.compute.sentinel2.msi_product import read_product
from floefield.compute.sentinel2.product_reader import StackSettings

from ..realdata import HERAULT, SENTINEL2

NODATA = -32768


def test_a_reprojected_real_product_is_within_one_digital_number_of_gdalwarp(tmp_path):
    safe = next(iter(HERAULT.glob("2018/08/26/*.SAFE")))
    lambert = CRS.from_epsg(2154)
    for method, gdal in (("nearest", Resampling.nearest), ("bilinear", Resampling.bilinear)):
        settings = StackSettings(bands=("B04", "B8A"), crs=lambert.to_wkt(), upsampling=method, downsampling="mean")
        write_stack(read_product(safe), str(tmp_path / "stack.tif"), settings, None, Progress())
        with rasterio.open(tmp_path / "stack.tif") as file:
            for index, band in enumerate(file.descriptions, start=1):
                values, expected = file.read(index), np.zeros(file.shape, np.float32)
                with rasterio.open(next(safe.rglob(f"*_{band}_*m.jp2"))) as image:
                    reproject(image.read(1).astype(np.float32), expected, src_transform=image.transform,
                              src_crs=image.crs, src_nodata=0, dst_transform=file.transform, dst_crs=lambert,
                              dst_nodata=0, resampling=gdal, tolerance=0, XSCALE=1, YSCALE=1)
                both = (values != NODATA) & (expected != 0)
                assert both.mean() > 0.5
                assert ((values != NODATA) != (expected != 0)).mean() < 0.02, "except for half pixels at the edge"
                difference = np.abs(values[both] - expected[both])
                assert np.percentile(difference, 99.5 if method == "nearest" else 99) <= 1, (band, method)


def test_bands_of_a_real_level_1c_zip_equal_those_read_by_gdal(tmp_path):
    archive = next(iter(SENTINEL2.glob("l1c_zipped/*T53JQJ*.zip")))
    product = read_product(archive)
    with rasterio.open(product.images["B02", 10]) as image:
        raw, size = image.read(1).astype(int), image.res[0]
    write_stack(product, str(tmp_path / "stack.tif"), StackSettings(bands=("B02",), pixel_size=size), None, Progress())
    with rasterio.open(tmp_path / "stack.tif") as file:
        blue = file.read(1)
    assert raw.any()
    assert (blue == np.where(raw == 0, NODATA, np.minimum(raw, 32767))).all()


def test_a_product_with_60_m_images_only_is_stacked_at_60_m(tmp_path):
    safe = next(iter(SENTINEL2.glob("S2A_MSIL2A_20221005*.SAFE")))
    bands = ("B02", "CLDPRB", "sun_zenith")
    settings = StackSettings(bands=bands, pixel_size=60.0, cloud_mask="probability", cloud_probability_threshold=60.0)
    valid_fraction = write_stack(read_product(safe), str(tmp_path / "stack.tif"), settings, None, Progress())
    with rasterio.open(tmp_path / "stack.tif") as file:
        blue, probability, _ = file.read()
    with rasterio.open(next(safe.rglob("*_B02_60m.jp2"))) as image:
        raw = image.read(1).astype(int)
    with rasterio.open(next(safe.rglob("MSK_CLDPRB_60m.jp2"))) as image:
        clouds = image.read(1)
    assert (probability == clouds).all()
    assert (blue == np.where((raw == 0) | (clouds >= 60), NODATA, np.minimum(raw - 1000, 32767))).all()
    assert 0.1 < valid_fraction < 0.6
