"""Pictures over the season: how the classes grow, and how early one can tell them apart.

Made with the tools of :mod:`.pictures`; the rules there hold here.
"""

from datetime import date

from .drawings import spread_out
from .pictures import FONT, TEXT, figure_of, one_line, svg_of, write

GREY = "#8a8f94"
COLUMNS = 3
MOST_PANELS = 24
LONGEST_TITLE = 31
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def profiles_picture(profiles):
    """A panel for each class: the middle of its parcels over the season, and how far they spread.

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
    shown = list(range(min(len(profiles.classes), MOST_PANELS)))
    rows = -(-len(shown) // COLUMNS)
    figure, frame = figure_of(7.6, 1.7 * rows)
    frame.set_axis_off()
    low, high = np.nanmin(profiles.percentiles), np.nanmax(profiles.percentiles)
    low, high = min(0.0, np.floor(low * 10) / 10), max(0.6, np.ceil(high * 10) / 10)
    for place in shown:
        row, column = divmod(place, COLUMNS)
        axes = figure.add_axes((column / COLUMNS + 0.012, 1 - (row + 0.86) / rows, 0.9 / COLUMNS, 0.66 / rows))
        axes.patch.set_visible(False)
        for other in range(len(profiles.classes)):
            axes.plot(days, profiles.percentiles[other, 2], color=GREY, alpha=0.35, linewidth=0.7)
        _draw_spread(axes, days, profiles.percentiles[place], profiles.classes[place].colour)
        axes.set_ylim(low, high)
        axes.set_xlim(days[0] - 4, days[-1] + 4)
        _quiet(axes, days, with_numbers=column == 0)
        if column == 0:
            axes.set_ylabel("NDVI", fontsize=7.5, color=TEXT, fontfamily=FONT, labelpad=2)
        map_class = profiles.classes[place]
        name = one_line(map_class.value, map_class.label)
        name = name if len(name) <= LONGEST_TITLE else name[:LONGEST_TITLE - 1].rstrip() + "…"
        axes.set_title(f"{name} ({profiles.parcels[place]})", fontsize=8, color=TEXT, fontfamily=FONT, loc="left",
                       pad=3, parse_math=False)
    return svg_of(figure, "NDVI of each class over the season: median of its parcels, and their spread", "profiles")


def _draw_spread(axes, days, percentiles, colour):
    import numpy as np

    colour = tuple(channel / 255 for channel in colour)
    there = np.isfinite(percentiles[2])
    days = np.array(days)[there]
    lowest, lower, middle, upper, highest = percentiles[:, there]
    axes.fill_between(days, lowest, highest, facecolor=(*colour, 0.35), edgecolor=GREY, linewidth=0.3)
    axes.fill_between(days, lower, upper, facecolor=(*colour, 0.8), edgecolor=GREY, linewidth=0.3)
    axes.plot(days, middle, color=TEXT, linewidth=1.5, marker="o", markersize=2.2)


def early_picture(accuracies):
    """Accuracy with the images up to each date: per pixel (full) and per parcel (hollow).

    Parameters
    ----------
    accuracies : sequence of EarlyAccuracy

    Returns
    -------
    str
        SVG.
    """
    figure, axes = figure_of(5.6, 2.7)
    days = [_day(one.date) for one in accuracies]
    for values, style, colour, label in (
            ([100 * one.pixels for one in accuracies], {"marker": "o"}, (0.08, 0.58, 0.70), "pixels right"),
            ([100 * one.parcels for one in accuracies], {"marker": "o", "markerfacecolor": "none", "linestyle": "--"},
             (0.78, 0.42, 0.08), "parcels right")):
        axes.plot(days, values, color=colour, linewidth=1.8, markersize=5, label=label, **style)
    ends = sorted((100 * accuracies[-1].pixels, 100 * accuracies[-1].parcels), reverse=True)
    for end, height in zip(ends, spread_out(ends, 4.0)):
        write(axes, days[-1] + 3, height, f"{end:.0f} %", 8.5, TEXT, ha="left")
    floor = 100 * min(min(one.pixels, one.parcels) for one in accuracies)
    axes.set_ylim(max(0, 10 * int(floor / 10 - 0.5)), 101)
    axes.set_xlim(days[0] - 3, days[-1] + 3)
    _quiet(axes, days, with_numbers=True)
    axes.set_ylabel("Right, in %", fontsize=8.5, color=TEXT, fontfamily=FONT)
    axes.set_xlabel(years([one.date for one in accuracies]), fontsize=8.5, color=TEXT, fontfamily=FONT)
    legend = axes.legend(frameon=False, fontsize=8.5, loc="lower right", labelcolor=TEXT, prop={"family": FONT,
                                                                                               "size": 8.5})
    for text in legend.get_texts():
        text.set_color(TEXT)
    return svg_of(figure, "Accuracy with the images up to each date, per pixel and per parcel", "early")


def years(dates):
    """The year or years of ISO dates that rise."""
    first, last = dates[0][:4], dates[-1][:4]
    return first if first == last else f"{first}\u2013{last}"


def _quiet(axes, days, with_numbers):
    """Months below, a light grid, and numbers only where they are wanted."""
    first, last = date.fromordinal(days[0]), date.fromordinal(days[-1])
    months = [date(year, month, 1) for year in range(first.year, last.year + 1) for month in range(1, 13)]
    months = [month for month in months if first <= month <= last]
    step = max(1, len(months) // 6 + (len(months) > 6))
    ticks = [month.toordinal() for month in months[::step]] or days[:1]
    axes.set_xticks(ticks)
    axes.set_xticklabels([MONTHS[date.fromordinal(tick).month - 1] for tick in ticks], fontsize=7, color=TEXT,
                         fontfamily=FONT)
    axes.tick_params(axis="both", length=2, color=GREY, labelsize=7, labelcolor=TEXT, pad=2)
    if not with_numbers:
        axes.set_yticklabels([])
    axes.grid(color=GREY, alpha=0.22, linewidth=0.5)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)


def _day(text):
    return date.fromisoformat(text).toordinal()
