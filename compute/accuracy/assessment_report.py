"""HTML report on an accuracy assessment, with figures of areas with intervals and of the F1 scores of two maps.

The report has no time stamp: identical inputs produce identical files. The text is in
``resources/report/assessment.html``, the figures of the confusion matrix are in :mod:`.confusion_display`.
"""

import os
from dataclasses import dataclass

import numpy as np

from ..feature_table import feature_number
from ..report.figures import FONT, GREY, TEXT, figure_of, is_drawable, one_line, rgb, short, svg_of, write
from ..report.page import css_colour, points, write_page
from ..versions import software_versions
from .confusion_display import matrix_content
from .estimates import interval
from .sample_size import MIN_PER_CLASS, plan_samples, required_samples

MAX_LISTED_UNITS = 25
SIGNIFICANCE_LEVEL = 0.05

# Standard errors of the overall accuracy for which sample sizes are reported; the first by class.
TARGET_ERRORS = (0.01, 0.015, 0.025)


@dataclass(frozen=True)
class AssessmentOrigin:
    """Inputs and settings listed in the report.

    Parameters
    ----------
    reference_path, class_field, training_path : str
    notes : tuple of str
        Remarks on how the reference data were prepared.
    synthetic : bool
        Whether the map was made from synthetic sample data.
    map_names : tuple of str
        Names of the maps; empty uses the file names.
    """

    reference_path: str = ""
    class_field: str = ""
    training_path: str = ""
    notes: tuple = ()
    synthetic: bool = False
    map_names: tuple = ()


def write_assessment_report(path, assessment, origin, check=lambda: None):
    """Write the report.

    Parameters
    ----------
    path : str
    assessment : Assessment
    origin : AssessmentOrigin
    check : callable
        Called before each map; raises an exception to cancel.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    classes = {map_class.label: map_class for map_class in assessment.classes}
    names = _names(origin.map_names
                   or [os.path.splitext(os.path.basename(scores.path))[0] for scores in assessment.maps])
    maps = []
    for number, (scores, name) in enumerate(zip(assessment.maps, names), start=1):
        check()
        pixels = matrix_content(scores.pixels, classes, f"map{number}")
        parcels = matrix_content(scores.parcels, classes, f"map{number}-parcels") if scores.parcels else None
        check()
        maps.append({"path": scores.path, "name": name, "number": number, "pixels": pixels, "parcels": parcels,
                     "interval": scores.interval, "areas": _areas(scores, assessment.classes, number),
                     "estimates": _estimates(scores, assessment.classes)})
    check()
    write_page(path, "assessment.html", assessment=assessment, origin=origin, maps=maps,
               comparisons=[_comparison(assessment, maps, number) for number in range(1, len(maps))],
               errors=_errors(assessment), plan=_sample_plan(assessment),
               unit={"parcels": "parcel", "points": "point", "pixels": "pixel"}[assessment.kind],
               versions=software_versions())


def _names(names):
    """Unique names of the maps."""
    return names if len(set(names)) == len(names) else [f"{name} ({index})" for index, name in enumerate(names, 1)]


def _key(map_class):
    return {"number": "" if map_class.value is None else map_class.value, "label": map_class.label,
            "colour": css_colour(map_class.colour), "rgb": map_class.colour}


def _areas(scores, classes, number):
    """Mapped area by class in hectares and, where available, the estimated area with its confidence interval."""
    estimates = scores.estimates
    sampled_hectares = scores.hectares.sum() if estimates is None else scores.hectares[~estimates.unsampled].sum()
    nan, rows = float("nan"), []
    total, maximum = float(scores.hectares.sum()), float(scores.hectares.max()) or 1.0
    for index, map_class in enumerate(classes):
        hectares = float(scores.hectares[index])
        row = {**_key(map_class), "hectares": hectares, "fraction": hectares / total if total else 0.0,
               "bar": hectares / maximum, "estimated": nan, "low": nan, "high": nan}
        if estimates is not None and not estimates.unsampled[index]:
            low, high = interval(estimates.proportions[index], estimates.proportions_error[index])
            row.update(estimated=float(estimates.proportions[index] * sampled_hectares), low=low * sampled_hectares,
                       high=high * sampled_hectares)
        if hectares or row["estimated"] > 0:
            rows.append(row)
    rows.sort(key=lambda row: -row["hectares"])
    picture = areas_picture(rows, f"areas{number}") if estimates is not None and rows else None
    return {"rows": rows, "total": total, "picture": picture}


def _estimates(scores, classes):
    estimates = scores.estimates
    if estimates is None:
        return None

    def with_interval(value, error):
        low, high = interval(float(value), float(error))
        return {"value": float(value), "error": float(error), "low": low, "high": high}

    rows = [{**_key(map_class), "user": with_interval(estimates.users_accuracy[index], estimates.users_error[index]),
             "producer": with_interval(estimates.producers_accuracy[index], estimates.producers_error[index]),
             "samples": int((scores.parcels or scores.pixels).mapped_totals[index])}
            for index, map_class in enumerate(classes)]
    return {"overall": with_interval(estimates.overall, estimates.overall_error), "rows": rows}


def _comparison(assessment, maps, number):
    """The first map against that of index `number`."""
    pair = maps[0], maps[number]
    first, second = (one["pixels"]["rows"] for one in pair)
    rows = [{**{name: row[name] for name in ("number", "label", "colour")}, "first": row["f1_score"],
             "second": other["f1_score"]} for row, other in zip(first, second) if row["expected"]]
    pixel_test = assessment.pixel_tests[number - 1]
    test = assessment.parcel_tests[number - 1] if assessment.parcel_tests else pixel_test
    return {"maps": pair, "rows": rows, "test": test, "pixels": pixel_test,
            "is_significant": test.p_value < SIGNIFICANCE_LEVEL,
            "unit": {"parcels": "parcels", "points": "points", "pixels": "pixels"}[assessment.kind],
            "picture": difference_picture(rows, tuple(one["name"] for one in pair), f"difference{number}")}


def _sample_plan(assessment):
    """Required and existing numbers of samples for the first map, by class."""
    scores = assessment.maps[0]
    matrix, areas = scores.parcels or scores.pixels, scores.hectares
    measured = np.where(matrix.mapped_totals > 0, scores.pixels.precision, np.nan)
    proportions = areas / areas.sum()
    plan = plan_samples(proportions, measured, TARGET_ERRORS[0])
    existing = matrix.mapped_totals if assessment.is_probability else np.zeros(len(proportions), int)
    rows = [{**_key(map_class), "proportion": float(proportions[index]), "precision": float(plan.precisions[index]),
             "is_measured": not np.isnan(measured[index]), "required": int(plan.by_class[index]),
             "existing": int(existing[index]), "missing": max(0, int(plan.by_class[index] - existing[index]))}
            for index, map_class in enumerate(assessment.classes) if areas[index]]
    return {"rows": sorted(rows, key=lambda row: -row["proportion"]), "total": plan.total, "minimum": MIN_PER_CLASS,
            "missing": sum(row["missing"] for row in rows),
            "required": [(2 * error, required_samples(proportions, plan.precisions, error)) for error in TARGET_ERRORS]}


def _errors(assessment):
    """Table of the parcels or points with most errors; empty for a reference raster."""
    rows = [{"identifier": feature_number(errors.unit), "reference": errors.reference,
             "mapped": errors.mapped, "pixels": errors.pixels, "wrong": errors.wrong,
             "fractions": [wrong / errors.pixels for wrong in errors.wrong]}
            for errors in assessment.errors[:MAX_LISTED_UNITS]]
    return {"rows": rows, "count": len(assessment.errors)}


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
              color=[rgb(row["rgb"]) for row in rows], linewidth=0.6, edgecolor=GREY)
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
