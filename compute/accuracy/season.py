"""Figures over the season: NDVI profiles and early-season accuracy.

Conventions as in :mod:`.pictures`.
"""

from datetime import date

from .drawings import space_labels
from .pictures import FONT, TEXT, figure_of, one_line, svg_of, write

GREY = "#8a8f94"
COLUMNS = 3
MAX_PANELS = 24
MAX_TITLE = 31
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def profiles_picture(profiles):
    """A panel for each class: median and percentiles of the NDVI of its parcels.

    Parameters
    ----------
    profiles : Profiles

    Returns
    -------
    str
        SVG.
    """
    import numpy as np

    days = [_day(text) for text in profiles.dates]
    shown = list(range(min(len(profiles.classes), MAX_PANELS)))
    rows = -(-len(shown) // COLUMNS)
    figure, frame = figure_of(7.6, 1.7 * rows)
    frame.set_axis_off()
    low, high = np.nanmin(profiles.percentiles), np.nanmax(profiles.percentiles)
    low, high = min(0.0, np.floor(low * 10) / 10), max(0.6, np.ceil(high * 10) / 10)
    for index in shown:
        row, column = divmod(index, COLUMNS)
        axes = figure.add_axes((column / COLUMNS + 0.012, 1 - (row + 0.86) / rows, 0.9 / COLUMNS, 0.66 / rows))
        axes.patch.set_visible(False)
        for other in range(len(profiles.classes)):
            axes.plot(days, profiles.percentiles[other, 2], color=GREY, alpha=0.35, linewidth=0.7)
        _plot_percentiles(axes, days, profiles.percentiles[index], profiles.classes[index].colour)
        axes.set_ylim(low, high)
        axes.set_xlim(days[0] - 4, days[-1] + 4)
        _label_dates(axes, days, with_values=column == 0)
        if column == 0:
            axes.set_ylabel("NDVI", fontsize=7.5, color=TEXT, fontfamily=FONT, labelpad=2)
        map_class = profiles.classes[index]
        name = one_line(map_class.value, map_class.label)
        name = name if len(name) <= MAX_TITLE else name[:MAX_TITLE - 1].rstrip() + "…"
        axes.set_title(f"{name} ({profiles.parcels[index]})", fontsize=8, color=TEXT, fontfamily=FONT, loc="left",
                       pad=3, parse_math=False)
    return svg_of(figure, "NDVI of each class over the season: median and percentiles of its parcels", "profiles")


def _plot_percentiles(axes, days, percentiles, colour):
    import numpy as np

    colour = tuple(channel / 255 for channel in colour)
    valid = np.isfinite(percentiles[2])
    days = np.array(days)[valid]
    lowest, lower, middle, upper, highest = percentiles[:, valid]
    axes.fill_between(days, lowest, highest, facecolor=(*colour, 0.35), edgecolor=GREY, linewidth=0.3)
    axes.fill_between(days, lower, upper, facecolor=(*colour, 0.8), edgecolor=GREY, linewidth=0.3)
    axes.plot(days, middle, color=TEXT, linewidth=1.5, marker="o", markersize=2.2)


def early_picture(accuracies):
    """Early-season accuracy: by pixel (solid line) and by parcel (dashed line).

    Parameters
    ----------
    accuracies : sequence of EarlyAccuracy

    Returns
    -------
    str
        SVG.
    """
    figure, axes = figure_of(5.6, 2.7)
    days = [_day(accuracy.date) for accuracy in accuracies]
    for values, style, colour, label in (
            ([100 * accuracy.pixel_accuracy for accuracy in accuracies], {"marker": "o"}, (0.08, 0.58, 0.70),
             "pixel accuracy"),
            ([100 * accuracy.parcel_accuracy for accuracy in accuracies],
             {"marker": "o", "markerfacecolor": "none", "linestyle": "--"}, (0.78, 0.42, 0.08), "parcel accuracy")):
        axes.plot(days, values, color=colour, linewidth=1.8, markersize=5, label=label, **style)
    ends = sorted((100 * accuracies[-1].pixel_accuracy, 100 * accuracies[-1].parcel_accuracy), reverse=True)
    for end, height in zip(ends, space_labels(ends, 4.0)):
        write(axes, days[-1] + 3, height, f"{end:.0f} %", 8.5, TEXT, ha="left")
    floor = 100 * min(min(accuracy.pixel_accuracy, accuracy.parcel_accuracy) for accuracy in accuracies)
    axes.set_ylim(max(0, 10 * int(floor / 10 - 0.5)), 101)
    axes.set_xlim(days[0] - 3, days[-1] + 3)
    _label_dates(axes, days, with_values=True)
    axes.set_ylabel("Overall accuracy, in %", fontsize=8.5, color=TEXT, fontfamily=FONT)
    axes.set_xlabel(years([accuracy.date for accuracy in accuracies]), fontsize=8.5, color=TEXT, fontfamily=FONT)
    legend = axes.legend(frameon=False, fontsize=8.5, loc="lower right", labelcolor=TEXT,
                         prop={"family": FONT, "size": 8.5})
    for text in legend.get_texts():
        text.set_color(TEXT)
    return svg_of(figure, "Early-season accuracy by date, by pixel and by parcel", "early")


def years(dates):
    """The year or range of years of ascending ISO dates."""
    first, last = dates[0][:4], dates[-1][:4]
    return first if first == last else f"{first}\u2013{last}"


def _label_dates(axes, days, with_values):
    """Label the months, draw a light grid, and label the values if requested."""
    first, last = date.fromordinal(days[0]), date.fromordinal(days[-1])
    months = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13)]
    months = [month for month in months if first <= month <= last]
    step = max(1, len(months) // 6 + (len(months) > 6))
    ticks = [month.toordinal() for month in months[::step]] or days[:1]
    axes.set_xticks(ticks)
    axes.set_xticklabels([MONTHS[date.fromordinal(tick).month - 1] for tick in ticks], fontsize=7, color=TEXT,
                         fontfamily=FONT)
    axes.tick_params(axis="both", length=2, color=GREY, labelsize=7, labelcolor=TEXT, pad=2)
    if not with_values:
        axes.set_yticklabels([])
    axes.grid(color=GREY, alpha=0.22, linewidth=0.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)


def _day(text):
    return date.fromisoformat(text).toordinal()
