"""The report of an assessment: one HTML file. Its words are in ``resources/report/assessment.html``.

The same input gives the same bytes: there is no time stamp in it.
"""

import os
from dataclasses import dataclass

import numpy as np

from . import drawings
from .content import matrix_content
from .estimates import interval
from .page import css_colour, software_versions, write_page
from .results import feature_number
from .samplesize import LEAST_PER_CLASS, needed_samples, plan_samples

MOST_PARCELS_LISTED = 25
SIGNIFICANT = 0.05
# Standard errors of the overall accuracy for which the report says how many samples they take; the first in detail.
WANTED_ERRORS = (0.01, 0.015, 0.025)


@dataclass(frozen=True)
class AssessmentOrigin:
    """Where things came from, for the report.

    Parameters
    ----------
    reference_path, class_field, training_path : str
    notes : tuple of str
        What happened to the reference before it came here.
    synthetic : bool
        Whether the map is of made-up sample data.
    map_names : tuple of str
        What to call the maps; empty calls them by their files.
    """

    reference_path: str = ""
    class_field: str = ""
    training_path: str = ""
    notes: tuple = ()
    synthetic: bool = False
    map_names: tuple = ()


def write_assessment_report(path, found, origin, check=lambda: None):
    """Write the report.

    Parameters
    ----------
    path : str
    found : Assessment
    origin : AssessmentOrigin
    check : callable
        Called before each map; raises to end the work.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    classes = {map_class.label: map_class for map_class in found.classes}
    names = _names(origin.map_names or [os.path.splitext(os.path.basename(scores.path))[0] for scores in found.maps])
    maps = []
    for number, (scores, name) in enumerate(zip(found.maps, names), start=1):
        check()
        pixels = matrix_content(scores.pixels, classes, f"map{number}")
        parcels = matrix_content(scores.parcels, classes, f"map{number}-parcels") if scores.parcels else None
        check()
        maps.append({"path": scores.path, "name": name, "number": number, "pixels": pixels, "parcels": parcels,
                     "interval": scores.interval, "areas": _areas(scores, found.classes, number),
                     "estimates": _estimates(scores, found.classes)})
    check()
    write_page(path, "assessment.html", found=found, origin=origin, maps=maps,
               comparisons=[_comparison(found, maps, number) for number in range(1, len(maps))], errors=_errors(found),
               plan=_sample_plan(found),
               unit={"parcels": "parcel", "points": "point", "pixels": "pixel"}[found.kind],
               versions=software_versions())


def _names(names):
    """Names that tell the maps apart."""
    return names if len(set(names)) == len(names) else [f"{name} ({place})" for place, name in enumerate(names, 1)]


def _key(map_class):
    return {"number": "" if map_class.value is None else map_class.value, "label": map_class.label,
            "colour": css_colour(map_class.colour), "rgb": map_class.colour}


def _areas(scores, classes, number):
    """Mapped hectares, and where there are estimates the estimated ones with their interval."""
    estimates = scores.estimates
    sampled = scores.hectares.sum() if estimates is None else scores.hectares[~estimates.unsampled].sum()
    nan, rows = float("nan"), []
    total, largest = float(scores.hectares.sum()), float(scores.hectares.max()) or 1.0
    for place, map_class in enumerate(classes):
        hectares = float(scores.hectares[place])
        row = {**_key(map_class), "hectares": hectares, "share": hectares / total if total else 0.0,
               "bar": hectares / largest, "estimated": nan, "low": nan, "high": nan}
        if estimates is not None and not estimates.unsampled[place]:
            low, high = interval(estimates.shares[place], estimates.shares_error[place])
            row.update(estimated=float(estimates.shares[place] * sampled), low=low * sampled, high=high * sampled)
        if hectares or row["estimated"] > 0:
            rows.append(row)
    rows.sort(key=lambda row: -row["hectares"])
    picture = drawings.areas_picture(rows, f"areas{number}") if estimates is not None and rows else None
    return {"rows": rows, "total": total, "picture": picture}


def _estimates(scores, classes):
    estimates = scores.estimates
    if estimates is None:
        return None

    def measured(value, error):
        low, high = interval(float(value), float(error))
        return {"value": float(value), "error": float(error), "low": low, "high": high}

    rows = [{**_key(map_class), "user": measured(estimates.users[place], estimates.users_error[place]),
             "producer": measured(estimates.producers[place], estimates.producers_error[place]),
             "samples": int((scores.parcels or scores.pixels).mapped_totals[place])}
            for place, map_class in enumerate(classes)]
    return {"overall": measured(estimates.overall, estimates.overall_error), "rows": rows}


def _comparison(found, maps, number):
    """The first map against that of index `number`."""
    pair = maps[0], maps[number]
    first, second = (one["pixels"]["rows"] for one in pair)
    rows = [{**{name: row[name] for name in ("number", "label", "colour")}, "first": row["f_score"],
             "second": other["f_score"]} for row, other in zip(first, second) if row["expected"]]
    pixel_test = found.pixel_tests[number - 1]
    test = found.parcel_tests[number - 1] if found.parcel_tests else pixel_test
    return {"maps": pair, "rows": rows, "test": test, "pixels": pixel_test, "is_real": test.p_value < SIGNIFICANT,
            "unit": {"parcels": "parcels", "points": "points", "pixels": "pixels"}[found.kind],
            "picture": drawings.difference_picture(rows, tuple(one["name"] for one in pair), f"difference{number}")}


def _sample_plan(found):
    """How many samples the first map needs, class by class, and how many there are."""
    scores = found.maps[0]
    matrix, areas = scores.parcels or scores.pixels, scores.hectares
    found_so_far = np.where(matrix.mapped_totals > 0, scores.pixels.precision, np.nan)
    shares = areas / areas.sum()
    plan = plan_samples(shares, found_so_far, WANTED_ERRORS[0])
    drawn = matrix.mapped_totals if found.is_probability else np.zeros(len(shares), int)
    rows = [{**_key(map_class), "share": float(shares[place]), "precision": float(plan.precisions[place]),
             "is_known": not np.isnan(found_so_far[place]), "advised": int(plan.by_class[place]),
             "drawn": int(drawn[place]), "more": max(0, int(plan.by_class[place] - drawn[place]))}
            for place, map_class in enumerate(found.classes) if areas[place]]
    return {"rows": sorted(rows, key=lambda row: -row["share"]), "total": plan.total, "least": LEAST_PER_CLASS,
            "more": sum(row["more"] for row in rows),
            "needed": [(2 * error, needed_samples(shares, plan.precisions, error)) for error in WANTED_ERRORS]}


def _errors(found):
    """The parcels or points with most errors, for a table; nothing for a reference raster."""
    rows = [{"identifier": feature_number(errors.unit), "reference": errors.reference,
             "mapped": errors.mapped, "pixels": errors.pixels, "wrong": errors.wrong,
             "shares": [wrong / errors.pixels for wrong in errors.wrong]}
            for errors in found.errors[:MOST_PARCELS_LISTED]]
    return {"rows": rows, "count": len(found.errors)}
