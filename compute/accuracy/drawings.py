"""Figures of the assessment report: flows between confused classes, areas with intervals, F1 scores of two maps.

Conventions as in :mod:`.pictures`.
"""

from .page import points
from .pictures import FONT, TEXT, class_name, figure_of, is_drawable, one_line, short, svg_of, write

# Minimum fraction of all errors for a flow to be visible.
MIN_FLOW = 0.004
MAX_FLOWS = 60
GREY = "#8a8f94"
# Inches between labels of two lines.
LABEL_SPACING = 0.31


def flows_picture(classes, counts, name):
    """Errors as flows from the reference class (left) to the mapped class (right).

    Parameters
    ----------
    classes : sequence of (int, str, tuple of int)
        Number, label and colour of each class.
    counts : ndarray of int, shape (n, n)
        Rows = reference, columns = map.
    name : str
        Unique prefix of the figure on the page.

    Returns
    -------
    str or None
        SVG; None without errors.
    """
    flows = sorted(((int(counts[row, column]), row, column) for row, column in zip(*counts.nonzero())
                    if row != column), key=lambda flow: (-flow[0], flow[1:]))
    wrong = sum(flow[0] for flow in flows)
    flows = [flow for flow in flows if flow[0] >= MIN_FLOW * wrong][:MAX_FLOWS]
    if not flows:
        return None
    left = [index for index in range(len(classes)) if any(row == index for _, row, _ in flows)]
    right = [index for index in range(len(classes)) if any(column == index for _, _, column in flows)]
    height = max(2.0, 0.44 * max(len(left), len(right)))
    figure, axes = figure_of(3.9, height)
    shown = sum(flow[0] for flow in flows)
    ends = [_bar_spans(indices, flows, side, shown) for indices, side in ((left, 1), (right, 2))]
    for (x, shift, align), indices, spans in zip(((0.0, -0.035, "right"), (1.0, 0.035, "left")), (left, right), ends):
        middles = [sum(spans[index]) / 2 for index in indices]
        for index, middle, y in zip(indices, middles, space_labels(middles, LABEL_SPACING / height)):
            low, high = spans[index]
            axes.fill_between([x - 0.02, x + 0.02], low, high, facecolor=_rgb(classes[index][2]), linewidth=0.6,
                              edgecolor=GREY)
            axes.plot([x + 0.6 * shift, x + 3 * shift], [middle, y], color=GREY, linewidth=0.5)
            write(axes, x + 3.3 * shift, y, class_name(*classes[index][:2]), 8, TEXT, ha=align)
    _plot_flows(axes, flows, classes, ends, shown)
    for x, title, align in ((0.02, "Reference", "right"), (0.98, "Map", "left")):
        axes.text(x, 1.04, title, ha=align, va="bottom", fontsize=9.5, color=TEXT, fontfamily=FONT, fontweight="bold")
    axes.set_xlim(-0.13, 1.13)
    axes.set_ylim(-0.01, 1.02)
    axes.set_axis_off()
    return svg_of(figure, "Errors from reference class to mapped class; the width of a flow shows their number", name)


def space_labels(heights, spacing):
    """Positions for labels near `heights` (descending) that are at least `spacing` apart."""
    positions = []
    for height in heights:
        positions.append(min(height, positions[-1] - spacing) if positions else height)
    # Labels pushed below the bottom are moved up again.
    lowest = min(heights[-1], spacing / 4)
    for index in range(len(positions) - 1, -1, -1):
        positions[index] = max(positions[index], lowest)
        lowest = positions[index] + spacing
    return positions


def _bar_spans(indices, flows, side, shown):
    """(bottom, top) of the bar of each class, from 1 down to 0 with gaps."""
    gap = min(0.03, 0.3 / max(1, len(indices) - 1)) if len(indices) > 1 else 0.0
    spacing = 1.0 - gap * (len(indices) - 1)
    spans, top = {}, 1.0
    for index in indices:
        bottom = top - spacing * sum(flow[0] for flow in flows if flow[side] == index) / shown
        spans[index] = (bottom, top)
        top = bottom - gap
    return spans


def _plot_flows(axes, flows, classes, ends, shown):
    import numpy as np

    bend = np.linspace(0, 1, 40)
    curve = bend ** 2 * (3 - 2 * bend)
    offsets = [{}, {}]
    heights = [sum(high - low for low, high in spans.values()) / shown for spans in ends]
    for count, row, column in sorted(flows, key=lambda flow: flow[1:]):
        tops = []
        for side, index in enumerate((row, column)):
            tops.append(ends[side][index][1] - offsets[side].get(index, 0.0))
            offsets[side][index] = offsets[side].get(index, 0.0) + count * heights[side]
        upper = tops[0] + (tops[1] - tops[0]) * curve
        thick = count * (heights[0] + (heights[1] - heights[0]) * curve)
        axes.fill_between(0.02 + 0.96 * bend, upper - thick, upper, facecolor=(*_rgb(classes[row][2]), 0.62),
                          edgecolor=GREY, linewidth=0.5)


def areas_picture(rows, name):
    """Mapped area (bar) and estimated area with its 95 % interval (dot with whiskers) of each class, in hectares.

    Parameters
    ----------
    rows : sequence of dict
        ``number``, ``label``, ``rgb``, ``hectares``, ``estimated``, ``low``, ``high`` (NaN if unknown).
    name : str

    Returns
    -------
    str
        SVG.
    """
    figure, axes = figure_of(4.6, 0.34 * len(rows))
    _label_rows(axes, len(rows), [one_line(row["number"], row["label"]) for row in rows])
    axes.barh(range(len(rows)), [row["hectares"] for row in rows], height=0.62,
              color=[_rgb(row["rgb"]) for row in rows], linewidth=0.6, edgecolor=GREY)
    # Dark with a light rim: visible on any bar colour and background.
    for colour, wider in (("#ffffff", 2.0), ("#14181c", 0.0)):
        for index, row in enumerate(rows):
            if row["low"] == row["low"]:
                x = [row["low"], row["low"], row["low"], row["high"], row["high"], row["high"]]
                y = [index - 0.16, index + 0.16, index, index, index - 0.16, index + 0.16]
                axes.plot(x, y, color=colour, linewidth=1.3 + wider)
            if row["estimated"] == row["estimated"]:
                axes.plot([row["estimated"]], [index], "o", color=colour, markersize=4.5 + wider, markeredgewidth=0)
    axes.set_xlim(left=0)
    _label_scale(axes, "hectares")
    return svg_of(figure, "Mapped area of each class as a bar, estimated area as a dot with its 95 % interval", name)


def difference_picture(rows, names, name):
    """F1 scores of two maps: hollow dot for the first, filled dot for the second, joined by a line.

    Parameters
    ----------
    rows : sequence of dict
        ``number``, ``label``, ``first``, ``second`` (0..1, or None).
    names : tuple of str
        Names of the maps.
    name : str

    Returns
    -------
    str
        SVG.
    """
    figure, axes = figure_of(4.6, 0.34 * len(rows))
    _label_rows(axes, len(rows), [one_line(row["number"], row["label"]) for row in rows])
    better, worse = (0.18, 0.55, 0.34), (0.80, 0.34, 0.12)
    for index, row in enumerate(rows):
        first, second = row["first"], row["second"]
        if first is None or second is None:
            continue
        colour = better if second >= first else worse
        axes.plot([100 * first, 100 * second], [index, index], color=colour, linewidth=3, alpha=0.75)
        axes.plot([100 * first], [index], "o", markersize=6, markerfacecolor="none", markeredgecolor=TEXT,
                  clip_on=False)
        axes.plot([100 * second], [index], "o", markersize=6, color=colour, markeredgecolor=TEXT, markeredgewidth=0.6,
                  clip_on=False)
        write(axes, 103, index, points(second - first, 0), 8, TEXT, ha="left")
    axes.set_xlim(0, 101)
    _label_scale(axes, f"F1 score in %  (hollow: {_drawable_name(names[0])}, filled: {_drawable_name(names[1])})")
    return svg_of(figure, "F1 score of each class for the first and the second map", name)


def _label_rows(axes, count, labels):
    """Set up an axis with one labelled row per class and no frame."""
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_yticks(range(count))
    axes.set_yticklabels(labels, fontsize=8.5, color=TEXT, fontfamily=FONT,
                         parse_math=False)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _label_scale(axes, title):
    """Set up the scale and its title."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}".replace(",", "\u2009")))
    axes.tick_params(axis="x", labelsize=8, labelcolor=TEXT, length=2, color=GREY)
    axes.spines["bottom"].set_color(GREY)
    axes.grid(axis="x", color=GREY, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(title, fontsize=8.5, color=TEXT, fontfamily=FONT, parse_math=False)


def _drawable_name(text):
    return short(text) if is_drawable(text) else "map"


def _rgb(colour):
    return tuple(channel / 255 for channel in colour)
