"""The report on prepared in-situ data: what there was, what is left, and how large the parcels are."""

import math

from ..accuracy.page import write_page
from ..accuracy.pictures import FONT, TEXT, figure_of, svg_of
from ..classes import readable
from .codes import colours_of
from .preparation import HECTARE, STEPS, balance_of, rejected_by_reason, small_classes

BINS_PER_DECADE = 6
KEPT, REJECTED = "#3f8f5f", "#c9803a"
MOST_BARS = 60


def write_preparation_report(path, fates, codes, settings, min_area):
    """Write the report as a page.

    Parameters
    ----------
    path : str
    fates : sequence of Fate
    codes : dict of str to ClassCode or None
    settings : list of (str, str)
        What the user chose: name and value.
    min_area : float
        Square metres.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    balance = balance_of(fates)
    kept = [fate for fate in fates if not fate.reason]
    colours = colours_of([row.label for row in balance if row.label])
    before, after = ([fate.areas[0] for fate in fates if fate.areas], [fate.areas[-1] for fate in kept])
    too_small = [fate.areas[2] for fate in fates if fate.reason and len(fate.areas) == 3]
    rows = [{"balance": row, "name": readable(row.label) if row.label else "(no class)",
             "code": codes.get(row.label), "colour": colours.get(row.label),
             "before": _share(row.areas[0], balance), "after": _share(row.areas[-1], balance)} for row in balance]
    few, lost = small_classes(fates)
    numbered = [readable(label) for label, code in codes.items() if code and code.origin in ("numbered", "subdivided")]
    write_page(path, "insitu.html", rows=rows, steps=STEPS, hectare=HECTARE, settings=settings,
               count=len(fates), kept=len(kept), area_before=sum(before), area_after=sum(after),
               reasons=rejected_by_reason(fates), repaired=sum(fate.repaired for fate in fates),
               disputed=sum(fate.disputed for fate in fates), disputes=sum(fate.disputed > 0 for fate in fates),
               few=list(map(readable, few)), lost=list(map(readable, lost)), numbered=numbered,
               median=sorted(after)[len(after) // 2] if after else 0.0,
               picture=sizes_picture(after, too_small, min_area))


def sizes_picture(kept, too_small, min_area):
    """How many parcels have which size after the buffer, on a logarithmic scale.

    Parameters
    ----------
    kept, too_small : list of float
        Square metres.
    min_area : float
        Square metres.

    Returns
    -------
    str or None
        SVG; None where there is no parcel.
    """
    sizes = [area / HECTARE for area in (*kept, *too_small) if area > 0]
    if not sizes:
        return None
    # One of the edges is the smallest area, so that no bar holds both kinds of parcels.
    start = min_area / HECTARE if min_area > 0 else 1.0
    low, high = (math.log10(extreme / start) for extreme in (min(sizes), max(sizes)))
    first, last = math.floor(low * BINS_PER_DECADE), math.floor(high * BINS_PER_DECADE) + 1
    last = min(last, first + MOST_BARS)
    figure, axes = figure_of(6.4, 2.5)
    edges = [start * 10 ** (step / BINS_PER_DECADE) for step in range(first, last + 1)]
    bars = [_counted([area / HECTARE for area in areas], edges) for areas in (kept, too_small)]
    places, widths = edges[:-1], [b - a for a, b in zip(edges, edges[1:])]
    axes.bar(places, bars[0], widths, align="edge", color=KEPT, edgecolor="#8886", linewidth=0.6, label="kept")
    axes.bar(places, bars[1], widths, bottom=bars[0], align="edge", color=REJECTED, edgecolor="#8886", linewidth=0.6,
             label="too small", hatch="//")
    axes.set_xscale("log")
    if min_area > 0 and edges[0] <= start <= edges[-1]:
        axes.axvline(start, color=TEXT, linewidth=1, linestyle="--")
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


def _counted(values, edges):
    counts = [0] * (len(edges) - 1)
    for value in values:
        place = sum(value >= edge for edge in edges[1:-1])
        counts[place] += 1
    return counts


def _share(area, balance):
    largest = max((row.areas[0] for row in balance), default=0.0)
    return area / largest if largest else 0.0
