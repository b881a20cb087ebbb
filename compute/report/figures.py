"""SVG figures of reports without subject: bars, heat maps, cells, text and colours.

The figures are inline SVG that follows the colours of the page. Only matplotlib's object-oriented interface is used, so
that figures can be made in any thread. Text has the colour of the surrounding page (light or dark); cells have fixed
colours with contrasting text. Class names come from users: they are never parsed as formulas, and a name that
matplotlib's font cannot render (Arabic and Chinese among them) is replaced by the number of its class, which the tables
of the report explain.
"""

from __future__ import annotations

import io
import math
import re
import textwrap
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Union

    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

    Colour = Union[str, "tuple[float, ...]"]

FONT = "DejaVu Sans"
MAX_LABEL = 34
MAX_LINE = 20
MIN_SCALE = 0.72

# With more classes than this the cells of a confusion matrix contain no counts.
MAX_CLASSES_WITH_COUNTS = 40

# Placeholder for the text colour of the page until the SVG is finished.
TEXT = "#010203"

# Lines and outlines, visible on light and dark pages.
GREY = "#8a8f94"
_HEAT = ((0.93, 0.95, 0.89), (0.14, 0.42, 0.12))
_BAR = (0.30, 0.58, 0.24)


def heat_map_picture(rows: Sequence[str], columns: Sequence[str], fractions: Sequence[Sequence[float | None]],
                     description: str, name: str) -> Markup:
    """Fractions in a table of coloured cells, with the sums of the columns (top) and of the rows (right) as bars.

    Parameters
    ----------
    rows, columns : sequence of str
        Names.
    fractions : sequence of sequence of float or None
        One row for each name in `rows`; None leaves a cell empty.
    description : str
        Alternative text of the figure.
    name : str
        Unique prefix of the ids of the figure on the page.

    Returns
    -------
    Markup
        SVG.
    """
    cell_width, cell_height, bar = 0.42, 0.3, 0.75
    width, height = len(columns) * cell_width, len(rows) * cell_height
    figure, axes = figure_of(width, height)
    maximum = max((fraction for row in fractions for fraction in row if fraction is not None), default=0.0) or 1.0
    draw_cells(axes, len(columns), len(rows), {
        (column, row): mixed(fraction / maximum, *_HEAT)
        for row, line in enumerate(fractions) for column, fraction in enumerate(line) if fraction is not None})
    axes.xaxis.set_ticks_position("bottom")
    axes.xaxis.set_label_position("bottom")
    name_ticks(axes.yaxis, [short(each) for each in rows], 8.5)
    name_ticks(axes.xaxis, columns, 8, rotation=60, inwards=True)
    row_sums = [sum(fraction or 0.0 for fraction in row) for row in fractions]
    column_sums = [sum(row[column] or 0.0 for row in fractions) for column in range(len(columns))]
    top = figure.add_axes((0, 1 + 0.08 / height, 1, bar / height))
    top.bar(range(len(columns)), column_sums, width=0.8, color=_BAR, linewidth=0)
    top.set_xlim(-0.5, len(columns) - 0.5)
    side = figure.add_axes((1 + 0.08 / width, 0, bar / width, 1))
    side.barh(range(len(rows)), row_sums, height=0.75, color=_BAR, linewidth=0)
    side.set_ylim(len(rows) - 0.5, -0.5)
    for index, fraction in enumerate(column_sums):
        write(top, index, fraction, f"{100 * fraction:.0f}", 7, TEXT, va="bottom")
    for index, fraction in enumerate(row_sums):
        write(side, fraction, index, f" {100 * fraction:.0f} %", 7, TEXT, ha="left")
    for margin_axes in (top, side):
        margin_axes.set_axis_off()
    return svg_of(figure, description, name)


def bars_picture(bars: Sequence[tuple[str, float]], description: str, name: str, noun: str) -> Markup:
    """Fractions as horizontal bars.

    Parameters
    ----------
    bars : sequence of (str, float)
        Name and fraction, from top to bottom.
    description : str
        Alternative text of the figure.
    name : str
        Unique prefix of the ids of the figure on the page.
    noun : str
        With a number, replaces a name that the font cannot render.

    Returns
    -------
    Markup
        SVG.
    """
    names = [short(text) if is_drawable(text) else f"{noun} {index}" for index, (text, _) in enumerate(bars, 1)]
    figure, axes = figure_of(3.5, 0.26 * len(names))
    axes.barh(range(len(names)), [fraction for _, fraction in bars], height=0.7, color=_BAR, linewidth=0)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_yticks(range(len(names)))
    name_ticks(axes.yaxis, names, 8.5)
    for index, (_, fraction) in enumerate(bars):
        write(axes, fraction, index, f" {100 * fraction:.1f} %", 7.5, TEXT, ha="left")
    axes.set_xticks([])
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return svg_of(figure, description, name)


def figure_of(width: float, height: float) -> tuple[Figure, Axes]:
    """Figure and axes of a size in inches, without labels; the saved figure is extended by its labels."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    figure.patch.set_visible(False)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.patch.set_visible(False)
    return figure, axes


def draw_cells(axes: Axes, columns: int, rows: int, colours: Mapping[tuple[int, int], Colour]) -> None:
    """Draw cells with colours by (column, row), outlines for the others; set up ticks for row and column names."""
    from matplotlib.collections import PolyCollection

    def squares(positions: Iterable[tuple[int, int]]) -> list:
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


def write(axes: Axes, x: float, y: float, text: str, size: float, colour: Colour, ha: str = "center",
          va: str = "center") -> None:
    """Draw text at a position; never parsed as a formula."""
    axes.text(x, y, text, ha=ha, va=va, fontsize=size, color=colour, fontfamily=FONT, parse_math=False, usetex=False)


def name_ticks(axis: Axis, labels: Sequence[str], size: float, rotation: float = 0, inwards: bool = False) -> None:
    """Set tick labels; rotated labels end at their tick."""
    axis.set_ticklabels(labels, fontsize=size, color=TEXT, fontfamily=FONT, parse_math=False, usetex=False,
                        rotation=rotation, rotation_mode="anchor" if rotation else "default")
    if rotation:
        for text in axis.get_ticklabels():
            text.set_horizontalalignment("right" if inwards else "left")
            text.set_verticalalignment("center" if rotation == 90 else "baseline" if not inwards else "top")


def mixed(fraction: float, light: Sequence[float], dark: Sequence[float]) -> tuple[float, ...]:
    """A colour between two colours; the square root makes small fractions visible."""
    fraction = math.sqrt(min(max(float(fraction), 0.0), 1.0))
    return tuple(a + (b - a) * fraction for a, b in zip(light, dark))


def class_name(number: int, label: str) -> str:
    """Number and label of a class in at most two short lines, wrapped at blanks and after underscores."""
    if not is_drawable(label) or label == str(number):
        return str(number)
    words = f"{number}\u2002{label}".replace("_", "_ ")
    lines = textwrap.wrap(words, width=MAX_LINE, max_lines=2, placeholder="…")
    return "\n".join(lines).replace("_ ", "_").replace("\u2002", "  ")


def one_line(number: int, label: str) -> str:
    """:func:`class_name` without the break."""
    return class_name(number, label).replace("_\n", "_").replace("\n", " ")


def short(text: str) -> str:
    """A name shortened for a figure."""
    return text if len(text) <= MAX_LABEL else text[:MAX_LABEL - 1].rstrip() + "…"


def is_drawable(text: str) -> bool:
    """Whether matplotlib's font has all characters of a text and they are written from left to right."""
    from matplotlib.font_manager import findfont, get_font

    font = get_font(findfont(FONT))
    return all(font.get_char_index(ord(sign)) and unicodedata.bidirectional(sign) not in ("R", "AL", "AN")
               for sign in text)


def svg_of(figure: Figure, description: str, name: str) -> Markup:
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



def space_labels(heights: Sequence[float], spacing: float) -> list[float]:
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


def rgb(colour: Sequence[int]) -> tuple[float, ...]:
    """A colour (0..255) as matplotlib's (0..1)."""
    return tuple(channel / 255 for channel in colour)
