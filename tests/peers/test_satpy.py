"""Reflectance against satpy's reader ``msi_safe_l2a``: the offset of baseline 04.00, and what counts as no data.

satpy runs in a process of its own: in this one, or in the Python that ``FLOEFIELD_SATPY`` names (a virtual environment,
as its rasterio may bring another GDAL). It reads neither the first layout of Level-2A (``L2A_`` before the file names)
nor products without the metadata of the tile, nor probabilities and the masks of ``QI_DATA``.
"""

import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import rasterio

from floefield.compute.progress import Progress
from floefield.compute.sampledata.sample import SampleSettings
from floefield.compute.sampledata.sample_kinds import create_sample
from floefield.compute.sentinel2.band_stack import write_stack
from floefield.compute.sentinel2.msi_product import read_product
from floefield.compute.sentinel2.product_reader import StackSettings

from ..realdata import HERAULT, SENTINEL2

PYTHON = os.environ.get("FLOEFIELD_SATPY", sys.executable)
NODATA = -32768

READ = """
import logging, sys
from pathlib import Path
import numpy as np
from satpy import ProductReader
logging.disable(logging.CRITICAL)
safe, target, size, *bands = sys.argv[1:]
files = [str(path) for pattern in ("MTD_MSIL2A.xml", "GRANULE/*/MTD_TL.xml", f"GRANULE/*/IMG_DATA/R{size}m/*.jp2")
         for path in Path(safe).glob(pattern)]
scene = ProductReader(files, reader="msi_safe_l2a")
scene.load(bands, resolution=int(size))
np.savez(target, **{band: scene[band].values for band in bands})
"""

# Of the metadata of a tile, what satpy asks for.
TILE = """<?xml version="1.0" encoding="UTF-8"?>
<n1:Level-2A_Tile_ID xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/S2_PDI_Level-2A_Tile_Metadata.xsd">
  <n1:General_Info><SENSING_TIME>2018-10-05T10:44:00.000Z</SENSING_TIME></n1:General_Info>
  <n1:Geometric_Info><Tile_Geocoding>
    <HORIZONTAL_CS_NAME>WGS84 / UTM zone 31N</HORIZONTAL_CS_NAME><HORIZONTAL_CS_CODE>EPSG:32631</HORIZONTAL_CS_CODE>
    {sizes}
  </Tile_Geocoding></n1:Geometric_Info>
</n1:Level-2A_Tile_ID>
"""


@pytest.fixture(scope="module", autouse=True)
def satpy_is_here():
    if subprocess.run([PYTHON, "-c", "import satpy, rioxarray"], capture_output=True).returncode:
        pytest.skip("satpy is not installed; FLOEFIELD_SATPY may name a Python that has it")


def by_satpy(safe, size, bands, folder):
    """Reflectance by band, NaN without data."""
    target = folder / "satpy.npz"
    done = subprocess.run([PYTHON, "-W", "ignore", "-c", READ, safe, target, str(size), *bands], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    with np.load(target) as arrays:
        return {band: arrays[band] / 100 for band in bands}


def assert_equals_satpy(safe, size, bands, folder):
    write_stack(read_product(safe), str(folder / "stack.tif"), StackSettings(bands=bands, pixel_size=float(size)), None,
                Progress())
    theirs = by_satpy(safe, size, bands, folder)
    with rasterio.open(folder / "stack.tif") as file:
        for index, band in enumerate(bands, start=1):
            stored, expected = file.read(index), theirs[band]
            assert ((stored == NODATA) == np.isnan(expected)).all(), band
            seen = np.isfinite(expected)
            assert seen.any()
            np.testing.assert_allclose(stored[seen] * file.scales[index - 1], expected[seen], rtol=0, atol=2e-6)
    return theirs


def test_a_real_product_of_baseline_4_equals_satpy(tmp_path):
    safe = next(iter(SENTINEL2.glob("S2A_MSIL2A_20221005*.SAFE")))

    theirs = assert_equals_satpy(safe, 60, ("B01", "B02", "B8A", "B09", "B12"), tmp_path)

    assert min(np.nanmin(plane) for plane in theirs.values()) < 0, "the offset makes dark pixels negative"


def test_a_real_product_before_baseline_4_equals_satpy(tmp_path):
    original = next(iter(HERAULT.glob("2018/10/05/*.SAFE")))
    safe = tmp_path / original.name
    shutil.copytree(original, safe)
    with_metadata_of_the_tile(safe)

    assert_equals_satpy(safe, 10, ("B02", "B03", "B04", "B08"), tmp_path)


def test_a_sample_product_equals_satpy(tmp_path):
    (tmp_path / "sample").mkdir()
    create_sample("crops", tmp_path / "sample", SampleSettings(size=60, date_count=1), Progress())
    safe = next((tmp_path / "sample").rglob("*.SAFE"))

    assert_equals_satpy(safe, 20, ("B05", "B8A", "B11", "B12"), tmp_path)


def with_metadata_of_the_tile(safe):
    """The real product came without them."""
    sizes = []
    for metres in (10, 20):
        with rasterio.open(next(safe.rglob(f"*_{metres}m.jp2"))) as image:
            sizes.append(f'<Size resolution="{metres}"><NROWS>{image.height}</NROWS><NCOLS>{image.width}</NCOLS></Size>'
                         f'<Geoposition resolution="{metres}"><ULX>{image.transform.c:.0f}</ULX>'
                         f'<ULY>{image.transform.f:.0f}</ULY><XDIM>{metres}</XDIM><YDIM>-{metres}</YDIM></Geoposition>')
    (next(safe.glob("GRANULE/*")) / "MTD_TL.xml").write_text(TILE.format(sizes="".join(sizes)), encoding="utf-8")
