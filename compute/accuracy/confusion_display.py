"""Confusion matrices in reports: scores, table, figure, and flows between confused classes."""

import base64
from dataclasses import replace

import numpy as np

from ..report.figures import (
    FONT,
    GREY,
    MAX_CLASSES_WITH_COUNTS,
    TEXT,
    class_name,
    draw_cells,
    figure_of,
    mixed,
    name_ticks,
    rgb,
    space_labels,
    svg_of,
    write,
)
from ..report.page import css_colour

MAX_CONFUSIONS = 8

# Column labels up to this length (numbers) are not rotated.
SHORT_LABEL = 3
_CORRECT = ((0.90, 0.95, 0.96), (0.04, 0.33, 0.42))
_WRONG = ((0.99, 0.93, 0.87), (0.72, 0.22, 0.05))

# Minimum fraction of all errors for a flow to be visible.
MIN_FLOW = 0.004
MAX_FLOWS = 60

# Inches between labels of two lines.
LABEL_SPACING = 0.31


def matrix_scores(matrix, classes):
    """Overall scores, and scores by class.

    Parameters
    ----------
    matrix : ConfusionMatrix or None
    classes : dict of str to MapClass
        By label or code, as in the matrix.

    Returns
    -------
    dict or None
        None for an empty matrix.
    """
    if matrix is None or not matrix.total:
        return None
    rows = [_row(matrix, index, classes.get(label)) for index, label in enumerate(matrix.labels)]
    assessed = [row["f1_score"] for row in rows if row["f1_score"] is not None]
    return {"total": matrix.total, "right": int(matrix.counts.trace()), "accuracy": matrix.overall_accuracy,
            "kappa": matrix.kappa, "mean_f1_score": sum(assessed) / len(assessed), "rows": rows}


def matrix_content(matrix, classes, name):
    """The scores of :func:`matrix_scores`, the most frequent confusions, CSV files, and two figures.

    Parameters
    ----------
    matrix : ConfusionMatrix or None
    classes : dict of str to MapClass
        By label or code, as in the matrix.
    name : str
        Unique prefix of the figures on the page.

    Returns
    -------
    dict or None
        None for an empty matrix.
    """
    scores = matrix_scores(matrix, classes)
    if scores is None:
        return None
    rows = scores["rows"]
    return {**scores, "confusions": _largest_confusions(rows),
            "files": {f"{name}-matrix.csv": _data_link("\ufeff" + matrix.table_text()),
                      f"{name}-matrix-otb.csv": _data_link(_by_value(matrix, rows).csv_text())},
            "picture": confusion_picture([(row["number"], row["label"]) for row in rows], matrix.counts, name),
            "flows": flows_picture([(row["number"], row["label"], row["rgb"]) for row in rows], matrix.counts,
                                   f"{name}-flows")}


def _data_link(text):
    """Data URL of a CSV file embedded in the page."""
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _by_value(matrix, rows):
    """The matrix labelled by map values where available, as in Orfeo Toolbox."""
    return replace(matrix, labels=tuple(str(row["label"] if row["number"] == "" else row["number"]) for row in rows))


def _row(matrix, index, map_class):
    label = matrix.labels[index]
    expected, mapped = int(matrix.reference_totals[index]), int(matrix.mapped_totals[index])
    return {
        "number": index + 1 if map_class is None else "" if map_class.value is None else map_class.value,
        "label": map_class.label if map_class else label,
        "colour": css_colour(map_class.colour) if map_class else None,
        "rgb": map_class.colour if map_class else (136, 136, 136),
        "precision": float(matrix.precision[index]) if mapped else None,
        "recall": float(matrix.recall[index]) if expected else None,
        "f1_score": float(matrix.f1_score[index]) if expected else None,
        "right": int(matrix.counts[index, index]), "expected": expected, "mapped": mapped,
        "counts": [int(count) for count in matrix.counts[index]]}


def _largest_confusions(rows):
    """The most frequent confusions, largest count first."""
    confusions = [(row["counts"][column], -index, -column) for index, row in enumerate(rows)
                  for column in range(len(rows)) if column != index and row["counts"][column]]
    return [{"count": count, "reference": rows[-index], "mapped": rows[-column]["label"],
             "fraction": count / rows[-index]["expected"]}
            for count, index, column in sorted(confusions, reverse=True)[:MAX_CONFUSIONS]]


def confusion_picture(classes, counts, name="confusion"):
    """A confusion matrix with counts and row percentages.

    Parameters
    ----------
    classes : sequence of (int, str)
        Number and label of each class.
    counts : ndarray of int, shape (n, n)
        Rows = reference, columns = map.
    name : str
        Unique prefix of the figure on the page.

    Returns
    -------
    str
        SVG.
    """
    number = len(classes)
    cell = 0.62 if number <= 12 else 0.46 if number <= MAX_CLASSES_WITH_COUNTS else max(0.1, 12 / number)
    labels = [class_name(value, label) for value, label in classes]
    figure, axes = figure_of(number * cell, number * cell)
    text_size = 8.5 if number <= 12 else 6.8
    cells = {}
    for row, column in zip(*counts.nonzero()):
        fraction = counts[row, column] / counts[row].sum()
        cells[column, row] = colour = mixed(fraction, *(_CORRECT if row == column else _WRONG))
        if number <= MAX_CLASSES_WITH_COUNTS:
            write(axes, column, row - 0.17, _short_count(counts[row, column]), text_size, _text_colour_on(colour))
            write(axes, column, row + 0.2, _short_percent(fraction), text_size - 1.3, _text_colour_on(colour))
    draw_cells(axes, number, number, cells)
    size = 8.5 if number <= MAX_CLASSES_WITH_COUNTS else 4
    name_ticks(axes.yaxis, labels, size)
    is_short = max(map(len, labels)) <= SHORT_LABEL
    name_ticks(axes.xaxis, labels, size, rotation=0 if is_short else 55 if number <= 12 else 90)
    axes.set_ylabel("Reference (rows)", color=TEXT, fontfamily=FONT, fontsize=9.5, fontweight="bold", loc="top")
    axes.set_xlabel("Map (columns)", color=TEXT, fontfamily=FONT, fontsize=9.5, fontweight="bold", loc="left")
    return svg_of(figure, f"Confusion matrix of {number} classes, rows are the reference, columns the map", name)


def _text_colour_on(colour):
    red, green, blue = colour
    return "#101418" if 0.3 * red + 0.59 * green + 0.11 * blue > 0.52 else "#ffffff"


def _short_count(count):
    count = int(count)
    if count < 100_000:
        return f"{count:,}".replace(",", "\u2009")
    return f"{count / 1e3:.0f}k" if count < 999_500 else f"{count / 1e6:.1f}M"


def _short_percent(fraction):
    return "<1 %" if fraction < 0.005 else ">99 %" if 0.995 <= fraction < 1 else f"{100 * fraction:.0f} %"


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
            axes.fill_between([x - 0.02, x + 0.02], low, high, facecolor=rgb(classes[index][2]), linewidth=0.6,
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
        axes.fill_between(0.02 + 0.96 * bend, upper - thick, upper, facecolor=(*rgb(classes[row][2]), 0.62),
                          edgecolor=GREY, linewidth=0.5)
