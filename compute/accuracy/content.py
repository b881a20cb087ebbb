"""What the templates of the reports say of a matrix."""

import base64
from dataclasses import replace

from . import drawings, pictures
from .page import css_colour

MOST_CONFUSIONS = 8


def matrix_content(matrix, classes, name):
    """Total scores, a row for each class, the most frequent mistakes, and two pictures.

    Parameters
    ----------
    matrix : ConfusionMatrix or None
    classes : dict of str to MapClass
        By label or code, as the matrix names them.
    name : str
        Tells the pictures of a page apart.

    Returns
    -------
    dict or None
        None where nothing was counted.
    """
    if matrix is None or not matrix.total:
        return None
    rows = [_row(matrix, index, classes.get(label)) for index, label in enumerate(matrix.labels)]
    assessed = [row["f_score"] for row in rows if row["f_score"] is not None]
    return {"total": matrix.total, "right": int(matrix.counts.trace()), "accuracy": matrix.overall_accuracy,
            "kappa": matrix.kappa, "mean_f_score": sum(assessed) / len(assessed), "rows": rows,
            "confusions": _largest_confusions(rows),
            "files": {f"{name}-matrix.csv": _link("\ufeff" + matrix.table_text()),
                      f"{name}-matrix-otb.csv": _link(_by_value(matrix, rows).csv_text())},
            "picture": pictures.confusion_picture([(row["number"], row["label"]) for row in rows], matrix.counts, name),
            "flows": drawings.flows_picture([(row["number"], row["label"], row["rgb"]) for row in rows], matrix.counts,
                                            f"{name}-flows")}


def _link(text):
    """A file that lies in the page itself, as the target of a link."""
    return "data:text/csv;charset=utf-8;base64," + base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")


def _by_value(matrix, rows):
    """The matrix with the values of the map as labels, where the map has them: Orfeo Toolbox knows no names."""
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
    """The most frequent mistakes: (count, reference, map), largest first."""
    mistakes = [(row["counts"][column], -index, -column) for index, row in enumerate(rows)
                for column in range(len(rows)) if column != index and row["counts"][column]]
    return [{"count": count, "reference": rows[-index], "mapped": rows[-column]["label"],
             "share": count / rows[-index]["expected"]}
            for count, index, column in sorted(mistakes, reverse=True)[:MOST_CONFUSIONS]]
