"""Content of the report templates about a confusion matrix."""

import base64
from dataclasses import replace

from . import drawings, pictures
from .page import css_colour

MAX_CONFUSIONS = 8


def matrix_content(matrix, classes, name):
    """Overall scores, scores by class, the most frequent confusions, and two figures.

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
    if matrix is None or not matrix.total:
        return None
    rows = [_row(matrix, index, classes.get(label)) for index, label in enumerate(matrix.labels)]
    assessed = [row["f_score"] for row in rows if row["f_score"] is not None]
    return {"total": matrix.total, "right": int(matrix.counts.trace()), "accuracy": matrix.overall_accuracy,
            "kappa": matrix.kappa, "mean_f_score": sum(assessed) / len(assessed), "rows": rows,
            "confusions": _largest_confusions(rows),
            "files": {f"{name}-matrix.csv": _data_link("\ufeff" + matrix.table_text()),
                      f"{name}-matrix-otb.csv": _data_link(_by_value(matrix, rows).csv_text())},
            "picture": pictures.confusion_picture([(row["number"], row["label"]) for row in rows], matrix.counts, name),
            "flows": drawings.flows_picture([(row["number"], row["label"], row["rgb"]) for row in rows], matrix.counts,
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
        "f_score": float(matrix.f_score[index]) if expected else None,
        "right": int(matrix.counts[index, index]), "expected": expected, "mapped": mapped,
        "counts": [int(count) for count in matrix.counts[index]]}


def _largest_confusions(rows):
    """The most frequent confusions, largest count first."""
    confusions = [(row["counts"][column], -index, -column) for index, row in enumerate(rows)
                  for column in range(len(rows)) if column != index and row["counts"][column]]
    return [{"count": count, "reference": rows[-index], "mapped": rows[-column]["label"],
             "fraction": count / rows[-index]["expected"]}
            for count, index, column in sorted(confusions, reverse=True)[:MAX_CONFUSIONS]]
