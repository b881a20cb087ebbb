"""A full tile takes hardly more memory than a quarter of it: nothing reads a whole raster.

These take half an hour, so they run only where the environment says FLOEFIELD_SLOW=1.
"""

import os
import subprocess
import sys

import numpy as np
import pytest

from .. import fieldscene
from ..bench.products import full_size_product
from ..parcelfiles import write_geojson

pytestmark = [
    pytest.mark.skipif(os.environ.get("FLOEFIELD_SLOW") != "1", reason="takes half an hour; set FLOEFIELD_SLOW=1"),
    pytest.mark.timeout(3600)]
QUARTER, FULL = 5490, 10980
GROWTH = 1.2
CEILING = 700  # megabytes, the 200 of QGIS itself included
DATES = ("2023-06-17", "2023-06-27", "2023-07-07")
BANDS = "B01,B02,B03,B04,B05,B06,B07,B08,B8A,B09,B11,B12"


# In a small process of its own: a child counts the memory of its parent as its own until it has begun.
MEASURE = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""


@pytest.fixture
def peak(qgis_process):
    """Runs a tool by ``qgis_process`` and gives the most memory that it took, in megabytes."""

    def peak(tool, **parameters):
        arguments = [f"--{name}={item}" for name, value in parameters.items()
                     for item in (value if isinstance(value, list) else [value])]
        done = subprocess.run([sys.executable, "-c", MEASURE, qgis_process.program, "run", f"floefield:{tool}",
                               *arguments, "--THREADS=2"], env=qgis_process.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return int(done.stdout) / 1024

    return peak


@pytest.fixture
def products(root):
    """Gives the products of the first dates, of a size; they are kept for the next time."""
    return lambda size, dates: [full_size_product(root / "build" / "bench", size, date) for date in DATES[:dates]]


def assert_memory_hardly_grows(peak_of_size, record_property):
    quarter, full = peak_of_size(QUARTER), peak_of_size(FULL)
    record_property("megabytes", [round(quarter), round(full)])
    print(f"{quarter:.0f} MB at {QUARTER}, {full:.0f} MB at {FULL}: {full / quarter:.2f} times")
    assert full <= GROWTH * quarter
    assert full <= CEILING


def test_preprocessing_a_full_tile(peak, products, tmp_path, record_property):
    def peak_of_size(size):
        return peak("preprocesssentinel2", INPUT=products(size, 1)[0], BANDS=BANDS, CLOUD_MASK="l2a",
                    OUTPUT=tmp_path / "stack.tif")

    assert_memory_hardly_grows(peak_of_size, record_property)


def test_a_time_series_of_full_tiles(peak, products, tmp_path, record_property):
    def peak_of_size(size):
        return peak("sentinel2timeseries", INPUTS=products(size, 3), BANDS="B04,B8A", INDICES="ndvi",
                    OUTPUT=tmp_path / "series.tif")

    assert_memory_hardly_grows(peak_of_size, record_property)


def test_classifying_a_full_tile(peak, tmp_path, record_property):
    places = [(row, column) for row in range(0, 5400, 450) for column in range(0, 5400, 450)]
    parcels = write_geojson(tmp_path / "parcels.geojson", [
        (number, fieldscene.CROPS[number % 3], fieldscene.square(row, column, 40))
        for number, (row, column) in enumerate(places)])

    def peak_of_size(size):
        raster = noisy_raster(tmp_path / f"{size}.tif", size)
        return peak("classifycrops", RASTERS=raster, TRAINING=parcels, CLASS_FIELD="crop", TREES=10,
                    SAMPLES_PER_CLASS=200, OUTPUT=tmp_path / "map.tif", CONFIDENCE=tmp_path / "confidence.tif",
                    PROBABILITIES=tmp_path / "probabilities.tif", REPORT=tmp_path / "report.html")

    assert_memory_hardly_grows(peak_of_size, record_property)


def noisy_raster(path, size):
    """Three bands of small whole numbers, written tile row by tile row."""
    import rasterio

    generator = np.random.default_rng(size)
    with rasterio.open(path, "w", driver="GTiff", count=3, height=size, width=size, dtype="int16", tiled=True,
                       crs=fieldscene.CRS, compress="deflate", transform=rasterio.Affine(
                           fieldscene.PIXEL, 0, fieldscene.WEST, 0, -fieldscene.PIXEL, fieldscene.NORTH)) as raster:
        for row in range(0, size, 256):
            rows = min(256, size - row)
            raster.write(generator.integers(0, 4000, (3, rows, size), np.int16), window=((row, row + rows), (0, size)))
    return path
