"""The picture of a series: when the area was seen, how clearly, and how often each pixel.

matplotlib draws it through its object-oriented interface, so that nothing global is touched and any thread may do it.
"""

from datetime import timedelta

FONT = "DejaVu Sans"
INK, FAINT = "#26323a", "#8a979f"
CLEAR, CLOUD, NOTHING = "#3c8d5a", "#b8c4cc", "#f1f3f4"
SECOND = "#2f6f9f"
# matplotlib would take those of the system's language.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# A multiplication sign.
LEFT_OUT = "\u00d7"
# Inches; with many dates the picture grows wider, to a limit.
WIDTH, HEIGHT, WIDEST = 11.0, 6.6, 22.0
# With more dates than this they are not written one by one.
MOST_LABELS = 40


def write_picture(overview, path):
    """Draw a series.

    Parameters
    ----------
    overview : Overview
    path : str
        PNG to write.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    days = _days(overview)
    figure = Figure(figsize=(min(WIDEST, max(WIDTH, 0.34 * len(days) + 3)), HEIGHT), facecolor="white")
    canvas = FigureCanvasAgg(figure)
    upper, lower = figure.subplots(2, 1, gridspec_kw={"height_ratios": (3, 2)})
    figure.subplots_adjust(left=0.07, right=0.975, top=0.78, bottom=0.11, hspace=0.75)
    _draw_days(upper, days)
    _draw_counts(lower, overview.clear_counts)
    used = sum(day["used"] for day in days)
    first, last = days[0]["date"], days[-1]["date"]
    products = len(overview.lines)
    _write(figure, 0.07, 0.95, "Sentinel-2 time series", 15, weight="bold")
    _write(figure, 0.07, 0.905, f"{first.isoformat()} to {last.isoformat()} · {_number(products, 'product')} on "
           f"{_number(len(days), 'day')}, {used} of them used · {_number(len(overview.dates), 'date')} in the stack",
           9.5, FAINT)
    canvas.print_png(path, metadata={"Software": None})


def _number(number, noun):
    return f"{number} {noun}{'s' * (number != 1)}"


def _days(overview):
    """By date: shares of the area that are clear, clouded and not covered. Products of one day are added up."""
    days = []
    for date in sorted({line.product.date for line in overview.lines}):
        lines = [line for line in overview.lines if line.product.date == date]
        covered = min(1.0, sum(line.coverage for line in lines))
        clear = min(covered, sum(line.clear for line in lines))
        days.append({"date": date, "clear": clear, "cloud": covered - clear, "used": any(line.used for line in lines)})
    return days


def _draw_days(axes, days):
    from matplotlib.dates import AutoDateLocator, num2date
    from matplotlib.patches import Patch

    dates = [day["date"] for day in days]
    length = max(20, (dates[-1] - dates[0]).days)
    gaps = [(later - earlier).days for earlier, later in zip(dates, dates[1:])]
    width = timedelta(days=max(length / 220, min([length / 28, *(gap * 0.75 for gap in gaps)])))
    clear, cloud = [100 * day["clear"] for day in days], [100 * day["cloud"] for day in days]
    axes.bar(dates, [100] * len(days), width, color=NOTHING, edgecolor="#dde2e5", linewidth=0.6)
    axes.bar(dates, clear, width, color=CLEAR)
    axes.bar(dates, cloud, width, bottom=clear, color=CLOUD)
    for day, share in zip(days, clear):
        if len(days) <= MOST_LABELS:
            text = f"{share:.0f}" if day["used"] else LEFT_OUT
            axes.text(day["date"], 103, text, ha="center", va="bottom", fontsize=8, fontfamily=FONT,
                      color=INK if day["used"] else "#b4472a")
    margin = timedelta(days=length * 0.03 + 2)
    axes.set_xlim(dates[0] - margin, dates[-1] + margin)
    axes.set_ylim(0, 100)
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=3, maxticks=12))
    west, east = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if west <= tick <= east]
    axes.set_xticks(ticks)
    axes.set_xticklabels(day_labels([num2date(tick) for tick in ticks]))
    _title(axes, "What each day shows", 24)
    _plain(axes, "% of the area")
    handles = [Patch(color=CLEAR, label="clear (figures: %)"), Patch(color=CLOUD, label="clouded or masked"),
               Patch(facecolor=NOTHING, edgecolor="#dde2e5", label="not covered")]
    if not all(day["used"] for day in days):
        handles.append(Patch(color="none", label=f"{LEFT_OUT}  left out: nothing clear"))
    axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1.0, 1.115), ncol=len(handles), frameon=False,
                fontsize=8.5, labelcolor=INK, handlelength=1.1, borderaxespad=0)


def day_labels(days):
    """Days in words that are the same under every locale; the year stands below the first and where it changes.

    Parameters
    ----------
    days : sequence of datetime.date

    Returns
    -------
    list of str
    """
    exact = any(day.day != 1 for day in days)
    labels, year = [], None
    for day in days:
        label = f"{day.day} {MONTHS[day.month - 1]}" if exact else MONTHS[day.month - 1]
        labels.append(label if day.year == year else f"{label}\n{day.year}")
        year = day.year
    return labels


def _draw_counts(axes, shares):
    numbers = range(len(shares))
    axes.bar(numbers, [100 * share for share in shares], 0.72,
             color=["#b4472a" if number == 0 else SECOND for number in numbers])
    if len(shares) <= MOST_LABELS:
        for number, share in zip(numbers, shares):
            if share > 0:
                axes.text(number, 100 * share, f"{100 * share:.0f}" if share >= 0.01 else "<1", ha="center",
                          va="bottom", fontsize=8, fontfamily=FONT, color=INK)
        axes.set_xticks(list(numbers))
    axes.set_xlim(-0.7, len(shares) - 0.3)
    axes.set_ylim(0, max(1.0, 115 * max(shares)))
    _title(axes, "How often each pixel was seen clearly", 10)
    axes.set_xlabel("days", fontsize=9, fontfamily=FONT, color=FAINT)
    _plain(axes, "% of the area")


def _title(axes, text, distance):
    axes.set_title(text, loc="left", fontsize=10.5, fontfamily=FONT, color=INK, pad=distance)


def _plain(axes, label):
    """Light axes: a line below, faint horizontal lines, nothing else."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#c9d1d6")
    axes.set_axisbelow(True)
    axes.grid(axis="y", color="#e8ecee", linewidth=0.8)
    axes.tick_params(colors=FAINT, labelsize=8.5, length=0)
    axes.set_ylabel(label, fontsize=9, fontfamily=FONT, color=FAINT)
    for text in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        text.set_fontfamily(FONT)


def _write(figure, x, y, text, size, colour=INK, weight="normal"):
    figure.text(x, y, text, fontsize=size, color=colour, fontfamily=FONT, fontweight=weight, va="center")
