"""A full Sentinel-2 tile to one stack, against what GDAL needs for the same files."""

import shutil
import subprocess

from .measure import THREADS, alternated, row, run_script, seconds_of
from .products import full_size_product

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
TINY = 192

STACK = """
import sys
from floefield.compute.progress import Progress
from floefield.compute.sentinel2.msi_product import read_product
from floefield.compute.sentinel2.product_reader import StackSettings
from floefield.compute.sentinel2.band_stack import write_stack
safe, output, threads, *bands = sys.argv[1:]
write_stack(read_product(safe), output, StackSettings(bands=tuple(bands), threads=int(threads)), None, Progress())
"""

DECODE = """
import sys
import rasterio
for path in sys.argv[1:]:
    with rasterio.open(path) as image:
        height = image.block_shapes[0][0]
        for row in range(0, image.height, height):
            image.read(1, window=((row, min(row + height, image.height)), (0, image.width)))
"""

# Column, row, width and height at 10 m: 3 x 3 tiles of the 10 m images.
AREA_WINDOW = (4500, 4700, 2000, 2000)

AREA = STACK.replace("threads, *bands =", "threads, col, row, width, height, *bands =").replace(
    "None, Progress()", "PixelArea(int(col), int(row), int(width), int(height)), Progress()").replace(
    "import sys", "import sys\nfrom floefield.compute.raster.area_of_interest import PixelArea")

DECODE_WINDOW = """
import sys
import rasterio
col, row, width, height, *paths = sys.argv[1:]
for path in paths:
    with rasterio.open(path) as image:
        metres = image.transform.a / 10
        rows, columns = ((int(int(first) / metres), -int(-(int(first) + int(size)) // metres))
                         for first, size in ((row, height), (col, width)))
        image.read(1, window=(rows, columns))
"""


def images_of(safe):
    """The image files of the twelve bands."""
    return [next(safe.rglob(f"*_{band}_*m.jp2")) for band in BANDS]


def tile_against_decoding(folder, runs):
    """Twelve bands to 10 m: our time against that of decoding the same JPEG 2000 files, without start-ups."""
    def ours(safe):
        output = folder / "stack.tif"
        return seconds_of(lambda: run_script(STACK, safe, output, THREADS, *BANDS))

    def decode(safe):
        return seconds_of(lambda: run_script(DECODE, *images_of(safe)))

    return _without_start_up(folder, runs, ours, decode)


def tile_against_gdal_translate(folder, runs):
    """The same against gdalbuildvrt and gdal_translate with the same compression."""
    if not shutil.which("gdal_translate"):
        return {"ours": None, "peer": None, "ratio": None, "unit": "s", "reason": "gdal_translate is not installed"}

    def ours(safe):
        output = folder / "stack.tif"
        return seconds_of(lambda: run_script(STACK, safe, output, THREADS, *BANDS))

    def translate(safe):
        return seconds_of(lambda: _translate(folder, safe))

    return _without_start_up(folder, runs, ours, translate)


def _translate(folder, safe):
    threads = ["--config", "GDAL_NUM_THREADS", str(THREADS)]
    stack, output = str(folder / "stack.vrt"), str(folder / "translated.tif")
    subprocess.run(["gdalbuildvrt", "-q", "-overwrite", "-separate", "-tr", "10", "10", stack,
                    *map(str, images_of(safe))], check=True)
    options = ["-co", "COMPRESS=ZSTD", "-co", "ZSTD_LEVEL=1", "-co", "PREDICTOR=2", "-co", "TILED=YES",
               "-co", "INTERLEAVE=BAND", "-co", f"NUM_THREADS={THREADS}", "-co", "BIGTIFF=IF_SAFER"]
    subprocess.run(["gdal_translate", "-q", *threads, *options, stack, output], check=True)


def area_against_its_tiles(folder, runs):
    """2000 x 2000 pixels, twelve bands to 10 m: against decoding the image tiles that they touch, and no others."""
    safe, tiny = full_size_product(folder), full_size_product(folder, TINY)

    def ours(product, window):
        return seconds_of(lambda: run_script(AREA, product, folder / "stack.tif", THREADS, *window, *BANDS))

    def decode(product, window):
        return seconds_of(lambda: run_script(DECODE_WINDOW, *window, *images_of(product)))

    our_start, peer_start = alternated(lambda: ours(tiny, (0, 0, 64, 64)), lambda: decode(tiny, (0, 0, 64, 64)), 3)
    our_time, peer_time = alternated(lambda: ours(safe, AREA_WINDOW), lambda: decode(safe, AREA_WINDOW), runs)
    return row(our_time - our_start, peer_time - peer_start, "s",
               f"start-up {our_start:.1f} and {peer_start:.1f} s taken off")


def _without_start_up(folder, runs, ours, peer):
    tiny, full = full_size_product(folder, TINY), full_size_product(folder)
    our_start, peer_start = alternated(lambda: ours(tiny), lambda: peer(tiny), 3)
    our_time, peer_time = alternated(lambda: ours(full), lambda: peer(full), runs)
    return row(our_time - our_start, peer_time - peer_start, "s",
               f"start-up {our_start:.1f} and {peer_start:.1f} s taken off")


ROWS = {"s2-tile-vs-decode": tile_against_decoding, "s2-tile-vs-gdal-translate": tile_against_gdal_translate,
        "s2-area-vs-its-tiles": area_against_its_tiles}
