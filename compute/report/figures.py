"""SVG figures: bars, heat map, cells, text, colours.

Figures of the reports, as inline SVG that follows the colours of the page.

Only matplotlib's object-oriented interface is used, so that figures can be made in any thread. Text has the colour of
the surrounding page (light or dark); cells have fixed colours with contrasting text. Class names come from users: they
are never parsed as formulas, and a name that matplotlib's font cannot render (Arabic and Chinese among them) is
replaced by the number of its class, which the tables of the report explain.
"""

import io
import math
import re
import textwrap
import unicodedata

FONT = "DejaVu Sans"
MAX_LABEL = 34
MAX_LINE = 20
MIN_SCALE = 0.72

# With more classes than this the cells of a confusion matrix contain no counts.
MAX_CLASSES_WITH_COUNTS = 40

# Placeholder for the text colour of the page until the SVG is finished.
TEXT = "#010203"
_IMPORTANCE = ((0.93, 0.95, 0.89), (0.14, 0.42, 0.12))
_BAR = (0.30, 0.58, 0.24)


def calendar_picture(bands, dates, fractions, by_band, by_date):
    """Importance of each band on each date, with the sums by date (top) and by band (right).

    Parameters
    ----------
    bands, dates : sequence of str
    fractions : list of list of float or None
        One row for each band, one column for each date.
    by_band, by_date : sequence of float

    Returns
    -------
    str
        SVG.
    """
    cell_width, cell_height, bar = 0.42, 0.3, 0.75
    columns, rows = len(dates) * cell_width, len(bands) * cell_height
    figure, axes = figure_of(columns, rows)
    maximum = max((fraction for row in fractions for fraction in row if fraction is not None), default=0.0) or 1.0
    draw_cells(axes, len(dates), len(bands), {
        (column, row): _mix(fraction / maximum, *_IMPORTANCE)
        for row, line in enumerate(fractions) for column, fraction in enumerate(line) if fraction is not None})
    axes.xaxis.set_ticks_position("bottom")
    axes.xaxis.set_label_position("bottom")
    name_ticks(axes.yaxis, [short(band) for band in bands], 8.5)
    name_ticks(axes.xaxis, dates, 8, rotation=60, inwards=True)
    top = figure.add_axes((0, 1 + 0.08 / rows, 1, bar / rows))
    top.bar(range(len(dates)), by_date, width=0.8, color=_BAR, linewidth=0)
    top.set_xlim(-0.5, len(dates) - 0.5)
    side = figure.add_axes((1 + 0.08 / columns, 0, bar / columns, 1))
    side.barh(range(len(bands)), by_band, height=0.75, color=_BAR, linewidth=0)
    side.set_ylim(len(bands) - 0.5, -0.5)
    for index, fraction in enumerate(by_date):
        write(top, index, fraction, f"{100 * fraction:.0f}", 7, TEXT, va="bottom")
    for index, fraction in enumerate(by_band):
        write(side, fraction, index, f" {100 * fraction:.0f} %", 7, TEXT, ha="left")
    for margin_axes in (top, side):
        margin_axes.set_axis_off()
    return svg_of(figure, "Importance of each band on each date; darker is more important", "calendar")


def bars_picture(features):
    """Importance of features as horizontal bars.

    Parameters
    ----------
    features : sequence of (str, float)
        Most important first.

    Returns
    -------
    str
        SVG.
    """
    names = [short(name) if is_drawable(name) else f"feature {index}" for index, (name, _) in enumerate(features, 1)]
    figure, axes = figure_of(3.5, 0.26 * len(names))
    axes.barh(range(len(names)), [fraction for _, fraction in features], height=0.7, color=_BAR, linewidth=0)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)))
    name_ticks(axes.yaxis, names, 8.5)
    for index, (_, fraction) in enumerate(features):
        write(axes, fraction, index, f" {100 * fraction:.1f} %", 7.5, TEXT, ha="left")
    axes.set_xticks([])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return svg_of(figure, "Importance of the features", "bars")


def figure_of(width, height):
    """Figure and axes of a size in inches, without labels; the saved figure is extended by its labels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    figure.patch.set_visible(False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.patch.set_visible(False)
    return figure, axes


def draw_cells(axes, columns, rows, colours):
    """Draw cells with colours by (column, row), outlines for the others; set up ticks for row and column names."""
    from matplotlib.collections import PolyCollection

    def squares(positions):
        return [[(x - 0.47, y - 0.47), (x + 0.47, y - 0.47), (x + 0.47, y + 0.47), (x - 0.47, y + 0.47)]
                for x, y in positions]

    if colours:
        axes.add_collection(PolyCollection(squares(colours), facecolors=list(colours.values()), linewidths=0))
    if rows * columns <= MAX_CLASSES_WITH_COUNTS ** 2:
        empty = [(x, y) for y in range(rows) for x in range(columns) if (x, y) not in colours]
        axes.add_collection(PolyCollection(squares(empty), facecolors="none", edgecolors="#8888884d", linewidths=0.6))
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.set_xticks(range(columns))
    axes.set_yticks(range(rows))
    axes.xaxis.set_ticks_position("top")
    axes.xaxis.set_label_position("top")
    axes.tick_params(length=0, pad=3)
    for spine in axes.spines.values():
        spine.set_visible(False)


def write(axes, x, y, text, size, colour, ha="center", va="center"):
    """Draw text at a position; never parsed as a formula."""
    axes.text(x, y, text, ha=ha, va=va, fontsize=size, color=colour, fontfamily=FONT, parse_math=False, usetex=False)


def name_ticks(axis, labels, size, rotation=0, inwards=False):
    """Set tick labels; rotated labels end at their tick."""
    axis.set_ticklabels(labels, fontsize=size, color=TEXT, fontfamily=FONT, parse_math=False, usetex=False,
                        rotation=rotation, rotation_mode="anchor" if rotation else "default")
    if rotation:
        for text in axis.get_ticklabels():
            text.set_horizontalalignment("right" if inwards else "left")
            text.set_verticalalignment("center" if rotation == 90 else "baseline" if not inwards else "top")


def _mix(fraction, light, dark):
    """A colour between two colours; the square root makes small fractions visible."""
    fraction = math.sqrt(min(max(float(fraction), 0.0), 1.0))
    return tuple(a + (b - a) * fraction for a, b in zip(light, dark))


def class_name(number, label):
    """Number and label of a class in at most two short lines, wrapped at blanks and after underscores."""
    if not is_drawable(label) or label == str(number):
        return str(number)
    words = f"{number}\u2002{label}".replace("_", "_ ")
    lines = textwrap.wrap(words, width=MAX_LINE, max_lines=2, placeholder="…")
    return "\n".join(lines).replace("_ ", "_").replace("\u2002", "  ")


def one_line(number, label):
    """:func:`class_name` without the break."""
    return class_name(number, label).replace("_\n", "_").replace("\n", " ")


def short(text):
    """A name shortened for a figure."""
    return text if len(text) <= MAX_LABEL else text[:MAX_LABEL - 1].rstrip() + "…"


def is_drawable(text):
    """Whether matplotlib's font has all characters of a text and they are written from left to right."""
    from matplotlib.font_manager import findfont, get_font

    font = get_font(findfont(FONT))
    return all(font.get_char_index(ord(sign)) and unicodedata.bidirectional(sign) not in ("R", "AL", "AN")
               for sign in text)


def svg_of(figure, description, name):
    """The figure as inline SVG: reproducible, without header, with ids that are unique on the page."""
    from markupsafe import Markup, escape

    text = io.StringIO()
    figure.savefig(text, format="svg", bbox_inches="tight", pad_inches=0.04,
                   metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = re.sub(r"<!--.*?-->\s*|<metadata>.*?</metadata>\s*", "", text.getvalue(), flags=re.DOTALL)
    svg = svg[svg.index("<svg"):].replace(TEXT, "currentColor")
    used = dict.fromkeys(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
    renamed = {old: f"{name}-{index}" for index, old in enumerate(used)}
    svg = re.sub(r' id="([^"]+)"', lambda m: f' id="{renamed[m[1]]}"' if m[1] in renamed else "", svg)
    svg = re.sub(r'(href="#|url\(#)([^")]+)', lambda m: m[1] + renamed[m[2]], svg)
    # In a narrow window a figure shrinks a little before it is scrolled.
    width = float(re.search('width="([0-9.]+)pt"', svg)[1])
    minimum_width = f"min-width:{MIN_SCALE * width:.0f}pt"
    return Markup(svg.replace(  # nosec B704
        "<svg ", f'<svg role="img" aria-label="{escape(description)}" style="{minimum_width}" ', 1))


GREY = "#8a8f94"


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


def _rgb(colour):
    return tuple(channel / 255 for channel in colour)
