"""What a series is made of: one line for each product, as a table and as sentences."""

import csv
import io
from dataclasses import dataclass

COLUMNS = ("date", "product", "tile", "platform", "level", "baseline", "coverage_percent", "cloud_percent",
           "clear_percent", "used", "band_dates")


@dataclass
class Shown:
    """Pixels of the area that one product shows: those with data, and those that are unclouded too."""

    covered: int = 0
    clear: int = 0


@dataclass(frozen=True)
class ProductLine:
    """A product of the series.

    Parameters
    ----------
    product : Product
    coverage : float
        Share of the area where it has data, 0..1.
    cloud : float
        Share of these pixels that the cloud mask removes, 0..1.
    clear : float
        Share of the area that it shows unclouded, 0..1.
    used : bool
        Whether its date is part of the stack.
    steps : tuple of datetime.date
        The dates of the stack its pixels belong to.
    """

    product: object
    coverage: float
    cloud: float
    clear: float
    used: bool
    steps: tuple = ()


@dataclass(frozen=True)
class Overview:
    """All products of a series, and what they show together.

    Parameters
    ----------
    lines : tuple of ProductLine
        By date.
    dates : tuple of datetime.date
        Of the stack.
    clear_counts : tuple of float
        Share of the area seen clearly 0, 1, 2 ... times.
    """

    lines: tuple
    dates: tuple
    clear_counts: tuple


def overview_of(series, shown, clear_counts):
    """The overview of a series.

    Parameters
    ----------
    series : Series
    shown : dict of str to Shown
        By the name of the product.
    clear_counts : ndarray of int64, shape (acquisitions + 1,)
        Pixels seen clearly 0, 1, 2 ... times.

    Returns
    -------
    Overview
    """
    pixels = series.grid.height * series.grid.width
    steps_of = {}
    for step, members in zip(series.steps.dates, series.steps.members):
        for member in members:
            steps_of.setdefault(series.seen[member].date, []).append(step)
    lines = []
    for acquisition in series.acquisitions:
        for scene in acquisition.scenes:
            counted = shown.get(scene.product.uri, Shown())
            lines.append(ProductLine(
                scene.product, coverage=counted.covered / pixels, clear=counted.clear / pixels,
                cloud=1 - counted.clear / counted.covered if counted.covered else 0.0,
                used=acquisition in series.seen, steps=tuple(steps_of.get(acquisition.date, ()))))
    return Overview(tuple(lines), tuple(series.steps.dates), tuple(float(n) / pixels for n in clear_counts))


def as_csv(overview):
    """The table: one line for each product, shares in per cent.

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
    for line in overview.lines:
        product = line.product
        table.writerow([
            product.date.isoformat(), product.uri, product.tile, product.platform, product.level, product.baseline,
            *(f"{100 * share:.2f}" for share in (line.coverage, line.cloud, line.clear)),
            "yes" if line.used else "no", " ".join(step.strftime("%Y%m%d") for step in line.steps)])
    return text.getvalue()


def sentences(overview):
    """One sentence for each date of the acquisitions that is used.

    Yields
    ------
    str
    """
    days = sorted({line.product.date for line in overview.lines if line.used})
    for day in days:
        lines = [line for line in overview.lines if line.product.date == day]
        shares = ", ".join(f"{line.clear:.0%} of the area seen clearly by {line.product.uri}" for line in lines)
        yield f"{day.isoformat()}: {shares}."
