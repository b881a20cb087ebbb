"""The report on ice maps: how far they can be trusted, date by date, and how the ice changed through the season.

The same input gives the same bytes. Pictures are in :mod:`.pictures` and :mod:`..accuracy.pictures`, the words in
``resources/report/seaice.html``.
"""

from dataclasses import dataclass

import numpy as np

from ..accuracy.page import css_colour, software_versions, write_page
from ..accuracy.pictures import bars_picture, confusion_picture
from .learn import sum_of
from .pictures import map_picture, season_picture
from .scenes import INCIDENCE

SQUARE_METRES = 1e6
TOP_FEATURES = 20
MOST_THUMBNAILS = 36
FEW_DATES = 5
FEW_PIXELS = 200


@dataclass(frozen=True, eq=False)
class SceneSummary:
    """A scene in the report.

    Parameters
    ----------
    scene : Scene
    charts : tuple of Chart
    grid : Grid
        Of the map.
    reason : str
        Why it has no chart.
    matrix : ConfusionMatrix or None
    mapped : MappedScene
    training_pixels : int
    """

    scene: object
    charts: tuple
    grid: object
    reason: str
    matrix: object
    mapped: object
    training_pixels: int


@dataclass(frozen=True, eq=False)
class IceReport:
    """All that the report tells.

    Parameters
    ----------
    scenes : tuple of SceneSummary
    legend : Legend
    forest : Forest
    matrix : ConfusionMatrix or None
        Of all scenes.
    failures : tuple of (str, str)
    settings : IceSettings
    notes : tuple of str
    """

    scenes: tuple
    legend: object
    forest: object
    matrix: object
    failures: tuple
    settings: object
    notes: tuple = ()


def write_ice_report(path, report, check=lambda: None):
    """Write the report as one HTML file with everything inside.

    Parameters
    ----------
    path : str
    report : IceReport
    check : callable
        Called before each picture; raises to end the work.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    check()
    scores = _scores(report.matrix, report)
    rows = []
    for summary in report.scenes:
        check()
        rows.append(_scene_row(summary, report))
    check()
    areas = _areas(report)
    importances = sorted(zip(report.forest.feature_names, report.forest.importances), key=lambda each: -each[1])
    days = sorted({summary.scene.day for summary in report.scenes if summary.matrix is not None})
    write_page(path, "seaice.html", report=report, scores=scores, rows=rows, areas=areas, days=days,
               few_dates=FEW_DATES, warnings=_warnings(report, days),
               synthetic=any(summary.scene.is_synthetic for summary in report.scenes),
               trained=list(zip(report.forest.classes, report.forest.training_pixels)),
               importance={"picture": bars_picture(importances[:TOP_FEATURES]), "count": len(importances)},
               settings=_settings(report), versions=software_versions())


def _scores(matrix, report):
    if matrix is None or not matrix.total:
        return None
    by_label = {entry.label: entry for entry in report.legend.classes}
    rows = []
    for place, label in enumerate(matrix.labels):
        expected, mapped = int(matrix.reference_totals[place]), int(matrix.mapped_totals[place])
        rows.append({"number": by_label[label].value, "label": label, "colour": css_colour(by_label[label].colour),
                     "precision": float(matrix.precision[place]) if mapped else None,
                     "recall": float(matrix.recall[place]) if expected else None,
                     "f_score": float(matrix.f_score[place]) if expected else None,
                     "right": int(matrix.counts[place, place]), "expected": expected, "mapped": mapped,
                     "counts": [int(count) for count in matrix.counts[place]]})
    assessed = [row["f_score"] for row in rows if row["f_score"] is not None]
    return {"total": matrix.total, "right": int(matrix.counts.trace()), "accuracy": matrix.overall_accuracy,
            "kappa": matrix.kappa, "mean_f_score": sum(assessed) / len(assessed), "rows": rows}


def _scene_row(summary, report):
    scene, mapped = summary.scene, summary.mapped
    scores = _scores(sum_of(filter(None, [summary.matrix])), report)
    picture = ""
    if scores and len(scores["rows"]) > 1:
        picture = confusion_picture([(row["number"], row["label"]) for row in scores["rows"]],
                                    np.array([row["counts"] for row in scores["rows"]]),
                                    f"confusion-{scene.day:%Y%m%d}-{len(scene.name)}")
    chart = summary.charts[0] if summary.charts else None
    days = (chart.day - scene.day).days if chart else None
    return {"day": scene.day.isoformat(), "name": scene.name, "path": scene.path, "scores": scores,
            "chart": ", ".join(each.name for each in summary.charts), "reason": summary.reason,
            "chart_day": chart.day.isoformat() if chart else "", "days": days,
            "difference": "" if days is None else "same day" if days == 0 else
            f"{abs(days)} day{'s' if abs(days) > 1 else ''} {'later' if days > 0 else 'earlier'}",
            "training": summary.training_pixels, "picture": picture,
            "agreement": mapped.agreeing / mapped.compared if mapped.compared else None,
            "thumbnail": map_picture(mapped.thumbnail, report.legend)}


def _areas(report):
    """Square kilometres of each class on each date, and their curve."""
    there = np.flatnonzero(sum(summary.mapped.mapped for summary in report.scenes))
    entries = [entry for entry in report.legend.classes if entry.value in there]
    if not entries:
        return None
    rows = []
    for summary in report.scenes:
        pixel = summary.grid.pixel_width * summary.grid.pixel_height / SQUARE_METRES
        total = int(summary.mapped.mapped[1:].sum())
        rows.append({"day": summary.scene.day.isoformat(), "name": summary.scene.name,
                     "areas": [float(summary.mapped.mapped[entry.value]) * pixel for entry in entries],
                     "shares": [float(summary.mapped.mapped[entry.value]) / max(total, 1) for entry in entries]})
    return {"classes": [{"number": entry.value, "label": entry.label, "colour": css_colour(entry.colour)}
                        for entry in entries], "rows": rows,
            "picture": season_picture([summary.scene.day for summary in report.scenes],
                                      [row["shares"] for row in rows], entries)}


def _warnings(report, days):
    warnings = []
    if report.failures:
        warnings.append(f"{len(report.failures)} of {len(report.failures) + len(report.scenes)} scenes could not be "
                        "used and are not in this report: " + " ".join(reason for _, reason in report.failures))
    unpaired = [summary for summary in report.scenes if not summary.charts]
    if unpaired:
        which = ("1 scene has no chart that fits it. It is" if len(unpaired) == 1 else
                 f"{len(unpaired)} scenes have no chart that fits them. They are")
        names = ", ".join(summary.scene.name for summary in unpaired)
        warnings.append(f"{which} mapped, but nothing says how well: {names}.")
    if report.matrix is None:
        warnings.append("Nobody knows how good the maps are: it takes charts of at least two dates, so that each can "
                        "be judged by a forest that has not seen it.")
    few = [f"{entry.label} ({count})" for entry, count in zip(report.forest.classes, report.forest.training_pixels)
           if count < FEW_PIXELS]
    if few:
        warnings.append(f"Few training pixels, so these classes are learned poorly: {', '.join(few)}.")
    absent = [entry.label for entry in report.legend.classes
              if entry.value not in {trained.value for trained in report.forest.classes}]
    if absent:
        warnings.append(f"These classes of the legend have no training pixels and are not in the maps: "
                        f"{', '.join(absent)}.")
    first = max(zip(report.forest.importances, report.forest.feature_names), default=(0, ""))[1]
    if INCIDENCE.search(first):
        warnings.append("The forest looks at the incidence angle most. Where all scenes come from one orbit, the angle "
                        "tells places apart rather than ice: the maps then repeat where the charts had which ice, and "
                        "the agreement flatters them.")
    if days and len(days) < FEW_DATES:
        warnings.append(f"The accuracy rests on {len(days)} dates only; other dates may be mapped better or worse.")
    return warnings


def _settings(report):
    settings, texture = report.settings, report.settings.texture
    textures = {"given": "from rasters that were given", "none": "none"}.get(
        settings.textures, f"window {texture.window}, {texture.levels} levels, distance "
        f"{', '.join(map(str, texture.distances))}, {', '.join(texture.features)}")
    return {
        "Legend": report.legend.name, "Textures (GLCM)": textures,
        "Size of a cell": f"{texture.step} pixel{'s' if texture.step > 1 else ''}",
        "Incidence angle": "a feature" if settings.incidence else "not used",
        "Days between scene and chart": f"at most {settings.max_days:g}",
        "Distance from borders of classes": f"at least {settings.boundary:g} m",
        "Training pixels": f"at most {settings.samples_per_class} of each class in each scene",
        "Classifier": f"random forest, {settings.forest.trees} trees, smallest leaf "
                      f"{settings.forest.min_samples_leaf} pixels",
        "Evaluation": "each date by a forest of all other dates, with at most "
        f"{min(settings.evaluation_trees, settings.forest.trees)} trees" if settings.evaluation == "date" else "none",
        "Seed": str(settings.forest.seed)}
