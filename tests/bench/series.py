"""A time series of Sentinel-2 products: decoding, gap filling and memory."""

import statistics
import time

import numpy as np

from .measure import THREADS, alternated, peak_megabytes, row, run_script, seconds_of
from .products import full_size_product
from .sentinel2 import DECODE

# Nine image tiles of 10 m: enough for tiles to be decoded twice if the cache were too small, and quickly made.
SIZE, TINY = 3060, 192
DATES = tuple(f"2023-{month:02}-{day}" for month in (4, 5, 6, 7) for day in ("07", "17"))[:7]
LATER_DATES = tuple(f"2023-{month:02}-{day}" for month in (7, 8, 9, 10) for day in ("17", "27"))[:7]
READ = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12", "SCL")
CEILING = 1024
# Million pixels times dates that one core fills in a second at least.
GAPS_PROMISED = 20

SERIES = """
import sys
from floefield.compute.progress import Progress
from floefield.compute.sentinel2.optical_series import SeriesSettings, read_products, write_series
threads, output, *products = sys.argv[1:]
write_series(read_products(products, Progress()), output, SeriesSettings(threads=int(threads)), None, Progress())
"""


def series_against_decoding(folder, runs):
    """Seven dates, ten bands, three indices, gaps filled: against decoding the same files with as many threads."""

    def ours(size):
        products = [full_size_product(folder, size, date) for date in DATES]
        return seconds_of(lambda: run_script(SERIES, THREADS, folder / "series.tif", *products))

    def decode(size):
        images = [next(full_size_product(folder, size, date).rglob(f"*_{band}_*m.jp2"))
                  for date in DATES for band in READ]
        return seconds_of(lambda: run_script(DECODE, *images))

    our_start, decode_start = alternated(lambda: ours(TINY), lambda: decode(TINY), 1)
    our_time, decode_time = alternated(lambda: ours(SIZE), lambda: decode(SIZE), runs)
    return row(our_time - our_start, decode_time - decode_start, "s",
               f"start-up {our_start:.1f} and {decode_start:.1f} s taken off")


def gap_filling(folder, runs):
    """Million pixels times dates a second on one core; the peer is what is promised."""
    from floefield.compute.timeseries.gap_filling import fill_gaps

    generator = np.random.default_rng(1)
    values = generator.random((10, 512, 512), np.float32)
    valid = generator.random(values.shape) < 0.6
    days = np.arange(0, 100, 10)
    seconds = []
    for _ in range(max(runs, 3)):
        start = time.process_time()
        fill_gaps(values, valid, days)
        seconds.append(time.process_time() - start)
    speed = values.size / 1e6 / statistics.median(seconds)
    return {"ours": round(speed, 1), "peer": GAPS_PROMISED, "ratio": round(speed / GAPS_PROMISED, 3), "unit": "Mpx",
            "note": "million pixel-dates in a second of one core, 40 % gaps; the peer is the promise"}


def memory(folder, runs):
    """Seven dates, ten bands and three indices, in megabytes."""
    peak = _peak(folder, DATES)
    return {"ours": round(peak, 1), "peer": CEILING, "ratio": round(CEILING / peak, 3), "unit": "MB",
            "note": "the peer is the ceiling promised"}


def memory_of_more_dates(folder, runs):
    """Fourteen dates, in megabytes; the peer is what seven take: memory is not to grow with them."""
    more, fewer = _peak(folder, DATES + LATER_DATES), _peak(folder, DATES)
    return {"ours": round(more, 1), "peer": round(fewer, 1), "ratio": round(fewer / more, 3), "unit": "MB",
            "note": "fourteen dates; the peer is what seven take"}


def _peak(folder, dates):
    products = [full_size_product(folder, SIZE, date) for date in dates]
    script = SERIES.replace("*products =", "*products, _ =")
    return peak_megabytes(script, THREADS, folder / "series.tif", *products)


ROWS = {"s2-series-vs-decode": series_against_decoding, "s2-gap-filling": gap_filling, "memory-s2-series": memory,
        "memory-s2-more-dates": memory_of_more_dates}
