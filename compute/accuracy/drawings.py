"""More pictures of the reports: what is confused with what, areas with their intervals, and two maps side by side.

Made with the tools of :mod:`.pictures`; the rules there hold here.
"""

from .page import points
from .pictures import FONT, TEXT, class_name, figure_of, is_drawable, one_line, short, svg_of, write

# Narrower streams than this share of all mistakes cannot be seen.
LEAST_FLOW = 0.004
MOST_FLOWS = 60
GREY = "#8a8f94"
# Inches between the labels of two lines each.
LABEL_ROOM = 0.31


def flows_picture(classes, counts, name):
    """Mistakes as streams from what the reference says (left) to what the map shows (right).

    Parameters
    ----------
    classes : sequence of (int, str, tuple of int)
        Number, label and colour of each class.
    counts : ndarray of int, shape (n, n)
        Rows = reference, columns = map.
    name : str
        Tells the pictures of a page apart.

    Returns
    -------
    str or None
        SVG; None where nothing was mistaken.
    """
    flows = sorted(((int(counts[row, column]), row, column) for row, column in zip(*counts.nonzero())
                    if row != column), key=lambda flow: (-flow[0], flow[1:]))
    wrong = sum(flow[0] for flow in flows)
    flows = [flow for flow in flows if flow[0] >= LEAST_FLOW * wrong][:MOST_FLOWS]
    if not flows:
        return None
    left = [place for place in range(len(classes)) if any(row == place for _, row, _ in flows)]
    right = [place for place in range(len(classes)) if any(column == place for _, _, column in flows)]
    height = max(2.0, 0.44 * max(len(left), len(right)))
    figure, axes = figure_of(3.9, height)
    shown = sum(flow[0] for flow in flows)
    ends = [_stack(places, flows, side, shown) for places, side in ((left, 1), (right, 2))]
    for (x, shift, align), places, spans in zip(((0.0, -0.035, "right"), (1.0, 0.035, "left")), (left, right), ends):
        middles = [sum(spans[place]) / 2 for place in places]
        for place, middle, y in zip(places, middles, spread_out(middles, LABEL_ROOM / height)):
            low, high = spans[place]
            axes.fill_between([x - 0.02, x + 0.02], low, high, facecolor=_rgb(classes[place][2]), linewidth=0.6,
                              edgecolor=GREY)
            axes.plot([x + 0.6 * shift, x + 3 * shift], [middle, y], color=GREY, linewidth=0.5)
            write(axes, x + 3.3 * shift, y, class_name(*classes[place][:2]), 8, TEXT, ha=align)
    _draw_streams(axes, flows, classes, ends, shown)
    for x, title, align in ((0.02, "Reference", "right"), (0.98, "Map", "left")):
        axes.text(x, 1.04, title, ha=align, va="bottom", fontsize=9.5, color=TEXT, fontfamily=FONT, fontweight="bold")
    axes.set_xlim(-0.13, 1.13)
    axes.set_ylim(-0.01, 1.02)
    axes.set_axis_off()
    return svg_of(figure, "What the map mistakes for what; the wider a stream, the more", name)


def spread_out(heights, room):
    """Places for labels near `heights` (falling) that are at least `room` apart."""
    placed = []
    for height in heights:
        placed.append(min(height, placed[-1] - room) if placed else height)
    # What was pushed below the bottom pushes the others up again.
    lowest = min(heights[-1], room / 4)
    for place in range(len(placed) - 1, -1, -1):
        placed[place] = max(placed[place], lowest)
        lowest = placed[place] + room
    return placed


def _stack(places, flows, side, shown):
    """Where the bar of each class begins and ends, from the top down, all between 1 and 0 with gaps."""
    gap = min(0.03, 0.3 / max(1, len(places) - 1)) if len(places) > 1 else 0.0
    room = 1.0 - gap * (len(places) - 1)
    spans, top = {}, 1.0
    for place in places:
        bottom = top - room * sum(flow[0] for flow in flows if flow[side] == place) / shown
        spans[place] = (bottom, top)
        top = bottom - gap
    return spans


def _draw_streams(axes, flows, classes, ends, shown):
    import numpy as np

    bend = np.linspace(0, 1, 40)
    curve = bend ** 2 * (3 - 2 * bend)
    used = [{}, {}]
    rooms = [sum(high - low for low, high in spans.values()) / shown for spans in ends]
    for count, row, column in sorted(flows, key=lambda flow: flow[1:]):
        tops = []
        for side, place in enumerate((row, column)):
            tops.append(ends[side][place][1] - used[side].get(place, 0.0))
            used[side][place] = used[side].get(place, 0.0) + count * rooms[side]
        upper = tops[0] + (tops[1] - tops[0]) * curve
        thick = count * (rooms[0] + (rooms[1] - rooms[0]) * curve)
        axes.fill_between(0.02 + 0.96 * bend, upper - thick, upper, facecolor=(*_rgb(classes[row][2]), 0.62),
                          edgecolor=GREY, linewidth=0.5)


def areas_picture(rows, name):
    """Mapped area (bar) and estimated area with its 95 % interval (dot with whiskers) of each class, in hectares.

    Parameters
    ----------
    rows : sequence of dict
        ``number``, ``label``, ``rgb``, ``hectares``, ``estimated``, ``low``, ``high`` (NaN where unknown).
    name : str

    Returns
    -------
    str
        SVG.
    """
    figure, axes = figure_of(4.6, 0.34 * len(rows))
    _bare(axes, len(rows), [one_line(row["number"], row["label"]) for row in rows])
    axes.barh(range(len(rows)), [row["hectares"] for row in rows], height=0.62,
              color=[_rgb(row["rgb"]) for row in rows], linewidth=0.6, edgecolor=GREY)
    # Dark with a light rim: seen on bars of any colour and on any page.
    for colour, wider in (("#ffffff", 2.0), ("#14181c", 0.0)):
        for place, row in enumerate(rows):
            if row["low"] == row["low"]:
                x = [row["low"], row["low"], row["low"], row["high"], row["high"], row["high"]]
                y = [place - 0.16, place + 0.16, place, place, place - 0.16, place + 0.16]
                axes.plot(x, y, color=colour, linewidth=1.3 + wider)
            if row["estimated"] == row["estimated"]:
                axes.plot([row["estimated"]], [place], "o", color=colour, markersize=4.5 + wider, markeredgewidth=0)
    axes.set_xlim(left=0)
    _scale(axes, "hectares")
    return svg_of(figure, "Mapped area of each class as a bar, estimated area as a dot with its 95 % interval", name)


def difference_picture(rows, names, name):
    """F-scores of two maps: a hollow dot for the first, a full one for the second, and the way between them.

    Parameters
    ----------
    rows : sequence of dict
        ``number``, ``label``, ``first``, ``second`` (0..1, or None).
    names : tuple of str
        Of the maps.
    name : str

    Returns
    -------
    str
        SVG.
    """
    figure, axes = figure_of(4.6, 0.34 * len(rows))
    _bare(axes, len(rows), [one_line(row["number"], row["label"]) for row in rows])
    better, worse = (0.18, 0.55, 0.34), (0.80, 0.34, 0.12)
    for place, row in enumerate(rows):
        first, second = row["first"], row["second"]
        if first is None or second is None:
            continue
        colour = better if second >= first else worse
        axes.plot([100 * first, 100 * second], [place, place], color=colour, linewidth=3, alpha=0.75)
        axes.plot([100 * first], [place], "o", markersize=6, markerfacecolor="none", markeredgecolor=TEXT,
                  clip_on=False)
        axes.plot([100 * second], [place], "o", markersize=6, color=colour, markeredgecolor=TEXT, markeredgewidth=0.6,
                  clip_on=False)
        write(axes, 103, place, points(second - first, 0), 8, TEXT, ha="left")
    axes.set_xlim(0, 101)
    _scale(axes, f"F-score in %  (hollow: {_plain(names[0])}, full: {_plain(names[1])})")
    return svg_of(figure, "F-score of each class on the first map and on the second", name)


def _bare(axes, count, labels):
    """Rows with their names, and nothing else."""
    axes.set_ylim(count - 0.5, -0.5)
    axes.set_yticks(range(count))
    axes.set_yticklabels(labels, fontsize=8.5, color=TEXT, fontfamily=FONT,
                         parse_math=False)
    axes.tick_params(length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _scale(axes, title):
    """A quiet scale below."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}".replace(",", "\u2009")))
    axes.tick_params(axis="x", labelsize=8, labelcolor=TEXT, length=2, color=GREY)
    axes.spines["bottom"].set_color(GREY)
    axes.grid(axis="x", color=GREY, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(title, fontsize=8.5, color=TEXT, fontfamily=FONT, parse_math=False)


def _plain(text):
    return short(text) if is_drawable(text) else "map"


def _rgb(colour):
    return tuple(channel / 255 for channel in colour)
