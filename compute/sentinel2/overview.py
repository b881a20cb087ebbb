"""Overview of a series: one row per product, as a table and as log messages."""

import csv
import io
from dataclasses import dataclass

COLUMNS = ("date", "product", "tile", "platform", "level", "baseline", "coverage_percent", "cloud_percent",
           "clear_percent", "used", "band_dates")


@dataclass
class PixelCounts:
    """Pixels of the area covered by one product, and those of them that are clear."""

    covered: int = 0
    clear: int = 0


@dataclass(frozen=True)
class ProductRow:
    """A product of the series.

    Parameters
    ----------
    product : Product
    coverage : float
        Fraction of the area where it has data, 0..1.
    cloud : float
        Fraction of these pixels under the cloud mask, 0..1.
    clear : float
        Fraction of the area with clear data, 0..1.
    used : bool
        Whether its date is used in the stack.
    steps : tuple of datetime.date
        Dates of the stack that it contributes to.
    """

    product: object
    coverage: float
    cloud: float
    clear: float
    used: bool
    steps: tuple = ()


@dataclass(frozen=True)
class Overview:
    """All products of a series, and the clear observations of its pixels.

    Parameters
    ----------
    rows : tuple of ProductRow
        In order of date.
    dates : tuple of datetime.date
        Dates of the stack.
    clear_fractions : tuple of float
        Fraction of the area with 0, 1, 2 ... clear observations.
    """

    rows: tuple
    dates: tuple
    clear_fractions: tuple


def make_overview(series, pixel_counts, clear_counts):
    """Make the overview of a series.

    Parameters
    ----------
    series : Series
    pixel_counts : dict of str to PixelCounts
        By product URI.
    clear_counts : ndarray of int64, shape (acquisitions + 1,)
        Number of pixels with 0, 1, 2 ... clear observations.

    Returns
    -------
    Overview
    """
    pixels = series.grid.height * series.grid.width
    steps_of = {}
    for step, members in zip(series.steps.dates, series.steps.members):
        for member in members:
            steps_of.setdefault(series.used[member].date, []).append(step)
    rows = []
    for acquisition in series.acquisitions:
        for scene in acquisition.scenes:
            counts = pixel_counts.get(scene.product.uri, PixelCounts())
            rows.append(ProductRow(
                scene.product, coverage=counts.covered / pixels, clear=counts.clear / pixels,
                cloud=1 - counts.clear / counts.covered if counts.covered else 0.0,
                used=acquisition in series.used, steps=tuple(steps_of.get(acquisition.date, ()))))
    return Overview(tuple(rows), tuple(series.steps.dates), tuple(float(n) / pixels for n in clear_counts))


def as_csv(overview):
    """CSV table with one row per product, fractions in percent.

    Parameters
    ----------
    overview : Overview

    Returns
    -------
    str
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in overview.rows:
        product = row.product
        table.writerow([
            product.date.isoformat(), product.uri, product.tile, product.platform, product.level, product.baseline,
            *(f"{100 * fraction:.2f}" for fraction in (row.coverage, row.cloud, row.clear)),
            "yes" if row.used else "no", " ".join(step.strftime("%Y%m%d") for step in row.steps)])
    return text.getvalue()


def log_messages(overview):
    """One message for each acquisition date used.

    Yields
    ------
    str
    """
    days = sorted({row.product.date for row in overview.rows if row.used})
    for day in days:
        rows = [row for row in overview.rows if row.product.date == day]
        parts = ", ".join(f"{row.product.uri} covers {row.clear:.0%} of the area with clear pixels" for row in rows)
        yield f"{day.isoformat()}: {parts}."
