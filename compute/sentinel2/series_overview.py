"""Product table and coverage figure.

Overview of a series: one row per product, as a table and as log messages.

Figure of a series: coverage and cloud of each date, and clear observations per pixel.

Uses matplotlib's object-oriented interface, which has no global state and works in any thread.
"""

import csv
import io
from dataclasses import dataclass
from datetime import timedelta

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
    product : MsiProduct
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


FONT = "DejaVu Sans"
TEXT, MUTED = "#26323a", "#8a979f"
CLEAR, CLOUD, NOT_COVERED = "#3c8d5a", "#b8c4cc", "#f1f3f4"
COUNT, NEVER = "#2f6f9f", "#b4472a"

# Fixed, because matplotlib would use the names of the system locale.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# A multiplication sign marks dates not used.
NOT_USED = "\u00d7"

# Inches; the width grows with the number of dates up to the maximum.
WIDTH, HEIGHT, MAX_WIDTH = 11.0, 6.6, 22.0

# Maximum number of dates with individual labels.
MAX_LABELS = 40


def write_figure(overview, path):
    """Plot the overview of a series.

    Parameters
    ----------
    overview : Overview
    path : str
        PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    days = _days(overview)
    figure = Figure(figsize=(min(MAX_WIDTH, max(WIDTH, 0.34 * len(days) + 3)), HEIGHT), facecolor="white")
    canvas = FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, gridspec_kw={"height_ratios": (3, 2)})
    figure.subplots_adjust(left=0.07, right=0.975, top=0.78, bottom=0.11, hspace=0.75)
    _plot_dates(upper, days)
    _plot_counts(lower, overview.clear_fractions)
    used = sum(day["used"] for day in days)
    first, last = days[0]["date"], days[-1]["date"]
    products = len(overview.rows)
    _add_text(figure, 0.07, 0.95, "Sentinel-2 time series", 15, weight="bold")
    _add_text(figure, 0.07, 0.905, f"{first.isoformat()} to {last.isoformat()} · {_count(products, 'product')} on "
           f"{_count(len(days), 'date')}, {used} of them used · {_count(len(overview.dates), 'date')} in the stack",
           9.5, MUTED)
    canvas.print_png(path, metadata={"Software": None})


def _count(count, noun):
    return f"{count} {noun}{'s' * (count != 1)}"


def _days(overview):
    """Clear and cloudy fractions of the area by date; products of one date are added up."""
    days = []
    for date in sorted({row.product.date for row in overview.rows}):
        rows = [row for row in overview.rows if row.product.date == date]
        covered = min(1.0, sum(row.coverage for row in rows))
        clear = min(covered, sum(row.clear for row in rows))
        days.append({"date": date, "clear": clear, "cloud": covered - clear, "used": any(row.used for row in rows)})
    return days


def _plot_dates(axes, days):
    from matplotlib.dates import AutoDateLocator, num2date
    from matplotlib.patches import Patch

    dates = [day["date"] for day in days]
    length = max(20, (dates[-1] - dates[0]).days)
    gaps = [(later - earlier).days for earlier, later in zip(dates, dates[1:])]
    width = timedelta(days=max(length / 220, min([length / 28, *(gap * 0.75 for gap in gaps)])))
    clear, cloud = [100 * day["clear"] for day in days], [100 * day["cloud"] for day in days]
    axes.bar(dates, [100] * len(days), width, color=NOT_COVERED, edgecolor="#dde2e5", linewidth=0.6)
    axes.bar(dates, clear, width, color=CLEAR)
    axes.bar(dates, cloud, width, bottom=clear, color=CLOUD)
    for day, percent in zip(days, clear):
        if len(days) <= MAX_LABELS:
            text = f"{percent:.0f}" if day["used"] else NOT_USED
            axes.text(day["date"], 103, text, ha="center", va="bottom", fontsize=8, fontfamily=FONT,
                      color=TEXT if day["used"] else NEVER)
    margin = timedelta(days=length * 0.03 + 2)
    axes.set_xlim(dates[0] - margin, dates[-1] + margin)
    axes.set_ylim(0, 100)
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=12))
    west, east = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if west <= tick <= east]
    axes.set_xticks(ticks)
    axes.set_xticklabels(day_labels([num2date(tick) for tick in ticks]))
    _title(axes, "Coverage and cloud by date", 24)
    _style_axes(axes, "% of the area")
    handles = [Patch(color=CLEAR, label="clear (in %)"), Patch(color=CLOUD, label="cloud or masked"),
               Patch(facecolor=NOT_COVERED, edgecolor="#dde2e5", label="not covered")]
    if not all(day["used"] for day in days):
        handles.append(Patch(color="none", label=f"{NOT_USED}  not used: no clear pixel"))
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.115), ncol=len(handles), frameon=False,
                fontsize=8.5, labelcolor=TEXT, handlelength=1.1, borderaxespad=0)


def day_labels(days):
    """Tick labels independent of the locale; with the year below the first one and where it changes.

    Parameters
    ----------
    days : sequence of datetime.date

    Returns
    -------
    list of str
    """
    with_day = any(day.day != 1 for day in days)
    labels, year = [], None
    for day in days:
        label = f"{day.day} {MONTHS[day.month - 1]}" if with_day else MONTHS[day.month - 1]
        labels.append(label if day.year == year else f"{label}\n{day.year}")
        year = day.year
    return labels


def _plot_counts(axes, fractions):
    counts = range(len(fractions))
    axes.bar(counts, [100 * fraction for fraction in fractions], 0.72,
             color=[NEVER if count == 0 else COUNT for count in counts])
    if len(fractions) <= MAX_LABELS:
        for count, fraction in zip(counts, fractions):
            if fraction > 0:
                axes.text(count, 100 * fraction, f"{100 * fraction:.0f}" if fraction >= 0.01 else "<1", ha="center",
                          va="bottom", fontsize=8, fontfamily=FONT, color=TEXT)
        axes.set_xticks(list(counts))
    axes.set_xlim(-0.7, len(fractions) - 0.3)
    axes.set_ylim(0, max(1.0, 115 * max(fractions)))
    _title(axes, "Clear observations per pixel", 10)
    axes.set_xlabel("clear dates", fontsize=9, fontfamily=FONT, color=MUTED)
    _style_axes(axes, "% of the area")


def _title(axes, text, padding):
    axes.set_title(text, loc="left", fontsize=10.5, fontfamily=FONT, color=TEXT, pad=padding)


def _style_axes(axes, label):
    """Keep the bottom spine and light horizontal grid lines only, and set the y label."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#c9d1d6")
    axes.set_axisbelow(True)
    axes.grid(axis="y", color="#e8ecee", linewidth=0.8)
    axes.tick_params(colors=MUTED, labelsize=8.5, length=0)
    axes.set_ylabel(label, fontsize=9, fontfamily=FONT, color=MUTED)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set_fontfamily(FONT)


def _add_text(figure, x, y, text, size, colour=TEXT, weight="normal"):
    figure.text(x, y, text, fontsize=size, color=colour, fontfamily=FONT, fontweight=weight, va="center")
