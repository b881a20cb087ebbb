"""HTML report on prepared in-situ data: parcels and areas by class and step, rejections, parcel sizes."""

import math

from ..classmap.classes import readable
from ..report.figures import FONT, TEXT, figure_of, svg_of
from ..report.page import write_page
from ..units import SQUARE_METRES_PER_HECTARE
from .class_codes import colours_of
from .insitu_preparation import STEPS, rejected_by_reason, small_classes, totals_by_class

BINS_PER_DECADE = 6
KEPT, REJECTED = "#3f8f5f", "#c9803a"
MAX_BARS = 60


def write_preparation_report(path, outcomes, codes, settings, min_area):
    """Write the report.

    Parameters
    ----------
    path : str
    outcomes : sequence of ParcelOutcome
    codes : dict of str to ClassCode or None
    settings : list of (str, str)
        Names and values of the settings.
    min_area : float
        Square metres.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    class_totals = totals_by_class(outcomes)
    kept = [outcome for outcome in outcomes if not outcome.reason]
    colours = colours_of([row.label for row in class_totals if row.label])
    before = [outcome.areas[0] for outcome in outcomes if outcome.areas]
    after = [outcome.areas[-1] for outcome in kept]
    too_small = [outcome.areas[2] for outcome in outcomes if outcome.reason and len(outcome.areas) == 3]
    rows = [{"totals": row, "name": readable(row.label) if row.label else "(no class)",
             "code": codes.get(row.label), "colour": colours.get(row.label),
             "before": _relative_area(row.areas[0], class_totals),
             "after": _relative_area(row.areas[-1], class_totals)} for row in class_totals]
    few, lost = small_classes(outcomes)
    numbered = [readable(label) for label, code in codes.items() if code and code.origin in ("numbered", "subdivided")]
    write_page(path, "insitu.html", rows=rows, steps=STEPS, hectare=SQUARE_METRES_PER_HECTARE, settings=settings,
               count=len(outcomes), kept=len(kept), area_before=sum(before), area_after=sum(after),
               reasons=rejected_by_reason(outcomes), repaired=sum(outcome.repaired for outcome in outcomes),
               disputed=sum(outcome.disputed for outcome in outcomes),
               disputes=sum(outcome.disputed > 0 for outcome in outcomes),
               few=list(map(readable, few)), lost=list(map(readable, lost)), numbered=numbered,
               median=sorted(after)[len(after) // 2] if after else 0.0,
               picture=sizes_picture(after, too_small, min_area))


def sizes_picture(kept, too_small, min_area):
    """Histogram of the parcel areas after the buffer, on a logarithmic scale.

    Parameters
    ----------
    kept, too_small : list of float
        Square metres.
    min_area : float
        Square metres.

    Returns
    -------
    str or None
        SVG; None without parcels.
    """
    from matplotlib.ticker import LogLocator, NullLocator

    sizes = [area / SQUARE_METRES_PER_HECTARE for area in (*kept, *too_small) if area > 0]
    if not sizes:
        return None
    # One of the bin edges is the minimum area, so that kept and rejected parcels are in separate bars.
    start = min_area / SQUARE_METRES_PER_HECTARE if min_area > 0 else 1.0
    low, high = (math.log10(extreme / start) for extreme in (min(sizes), max(sizes)))
    first, last = math.floor(low * BINS_PER_DECADE), math.floor(high * BINS_PER_DECADE) + 1
    last = min(last, first + MAX_BARS)
    figure, axes = figure_of(6.4, 2.5)
    edges = [start * 10 ** (step / BINS_PER_DECADE) for step in range(first, last + 1)]
    bars = [_histogram([area / SQUARE_METRES_PER_HECTARE for area in areas], edges) for areas in (kept, too_small)]
    starts, widths = edges[:-1], [b - a for a, b in zip(edges, edges[1:])]
    axes.bar(starts, bars[0], widths, align="edge", color=KEPT, edgecolor="#8886", linewidth=0.6, label="kept")
    axes.bar(starts, bars[1], widths, bottom=bars[0], align="edge", color=REJECTED, edgecolor="#8886", linewidth=0.6,
             label="too small", hatch="//")
    axes.set_xscale("log")
    if min_area > 0 and edges[0] <= start <= edges[-1]:
        axes.axvline(start, color=TEXT, linewidth=1, linestyle="--")
    # Labels at 1, 2 and 5 of each decade; small and large parcels seldom differ by more than two decades.
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.get_major_locator().set_params(integer=True)
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set(fontsize=8, color=TEXT, fontfamily=FONT)
    axes.tick_params(which="both", color=TEXT, labelcolor=TEXT)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(TEXT)
    for set_title, text in ((axes.set_xlabel, "Hectares after the buffer"), (axes.set_ylabel, "Parcels")):
        set_title(text, fontsize=9, color=TEXT, fontfamily=FONT)
    legend = axes.legend(frameon=False, fontsize=8, loc="upper right")
    for text in legend.get_texts():
        text.set(color=TEXT, fontfamily=FONT)
    return svg_of(figure, "Sizes of the parcels after the buffer", "sizes")


def _histogram(values, edges):
    counts = [0] * (len(edges) - 1)
    for value in values:
        bin_index = sum(value >= edge for edge in edges[1:-1])
        counts[bin_index] += 1
    return counts


def _relative_area(area, class_totals):
    largest = max((row.areas[0] for row in class_totals), default=0.0)
    return area / largest if largest else 0.0
