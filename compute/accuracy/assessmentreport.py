"""HTML report on an accuracy assessment; the text is in the template ``resources/report/assessment.html``.

The report has no time stamp: identical inputs produce identical files.
"""

import os
from dataclasses import dataclass

import numpy as np

from . import drawings
from .content import matrix_content
from .estimates import interval
from .page import css_colour, software_versions, write_page
from .results import feature_number
from .samplesize import MIN_PER_CLASS, plan_samples, required_samples

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
    picture = drawings.areas_picture(rows, f"areas{number}") if estimates is not None and rows else None
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
    rows = [{**{name: row[name] for name in ("number", "label", "colour")}, "first": row["f_score"],
             "second": other["f_score"]} for row, other in zip(first, second) if row["expected"]]
    pixel_test = assessment.pixel_tests[number - 1]
    test = assessment.parcel_tests[number - 1] if assessment.parcel_tests else pixel_test
    return {"maps": pair, "rows": rows, "test": test, "pixels": pixel_test,
            "is_significant": test.p_value < SIGNIFICANCE_LEVEL,
            "unit": {"parcels": "parcels", "points": "points", "pixels": "pixels"}[assessment.kind],
            "picture": drawings.difference_picture(rows, tuple(one["name"] for one in pair), f"difference{number}")}


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
