"""HTML report on ice maps: accuracy by date and class, ice area by date, and map thumbnails.

The report has no time stamp: identical inputs produce identical files. The text is in ``resources/report/seaice.html``.
"""

import base64
import struct
import zlib
from dataclasses import dataclass

import numpy as np

from ..accuracy.confusion_display import confusion_picture, matrix_content, matrix_scores
from ..classification.classification_report import TOP_FEATURES, importance_picture
from ..report.figures import FONT, TEXT, figure_of, rgb, svg_of
from ..report.page import css_colour, write_page
from ..units import SQUARE_METRES_PER_KM2
from ..versions import software_versions
from .ice_scenes import INCIDENCE
from .ice_training import sum_matrices

# Width of a bar and height of the figure of fractions, in inches.
BAR_WIDTH, HEIGHT = 0.42, 2.3
FEW_DATES = 5
FEW_PIXELS = 200


@dataclass(frozen=True, eq=False)
class SceneSummary:
    """A scene in the report.

    Parameters
    ----------
    scene : RadarScene
    charts : tuple of Chart
    grid : Grid
        Of the map.
    reason : str
        Why it has no chart; empty if it has one.
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
    """Contents of the report.

    Parameters
    ----------
    scenes : tuple of SceneSummary
    legend : Legend
    model : Model
    matrix : ConfusionMatrix or None
        Of all scenes.
    failures : tuple of (str, str)
    settings : IceSettings
    notes : tuple of str
    """

    scenes: tuple
    legend: object
    model: object
    matrix: object
    failures: tuple
    settings: object
    notes: tuple = ()


def write_ice_report(path, report, check=lambda: None):
    """Write the report as one self-contained HTML file.

    Parameters
    ----------
    path : str
    report : IceReport
    check : callable
        Called before each figure; raises to cancel.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    check()
    scores = matrix_content(report.matrix, _classes_by_label(report), "pixels")
    rows = []
    for summary in report.scenes:
        check()
        rows.append(_scene_row(summary, report))
    check()
    areas = _areas(report)
    importances = sorted(zip(report.model.features, report.model.classifier.importances), key=lambda each: -each[1])
    days = sorted({summary.scene.day for summary in report.scenes if summary.matrix is not None})
    write_page(path, "seaice.html", report=report, scores=scores, rows=rows, areas=areas, days=days,
               few_dates=FEW_DATES, warnings=_warnings(report, days),
               synthetic=any(summary.scene.is_synthetic for summary in report.scenes),
               trained=list(zip(report.model.classes, report.model.training_pixels)),
               importance={"figure": importance_picture(importances[:TOP_FEATURES]), "count": len(importances)},
               settings=_settings(report), versions=software_versions())


def _classes_by_label(report):
    return {entry.label: entry for entry in report.legend.classes}


def _scene_row(summary, report):
    scene, mapped = summary.scene, summary.mapped
    scores = matrix_scores(sum_matrices(filter(None, [summary.matrix])), _classes_by_label(report))
    figure = ""
    if scores and len(scores["rows"]) > 1:
        figure = confusion_picture([(row["number"], row["label"]) for row in scores["rows"]],
                                   np.array([row["counts"] for row in scores["rows"]]),
                                   f"confusion-{scene.day:%Y%m%d}-{len(scene.name)}")
    chart = summary.charts[0] if summary.charts else None
    days = (chart.day - scene.day).days if chart else None
    return {"day": scene.day.isoformat(), "name": scene.name, "path": scene.path, "scores": scores,
            "chart": ", ".join(each.name for each in summary.charts), "reason": summary.reason,
            "chart_day": chart.day.isoformat() if chart else "", "days": days,
            "difference": "" if days is None else "same day" if days == 0 else
            f"{abs(days)} day{'s' if abs(days) > 1 else ''} {'later' if days > 0 else 'earlier'}",
            "training": summary.training_pixels, "figure": figure,
            "agreement": mapped.agreeing_pixels / mapped.compared_pixels if mapped.compared_pixels else None,
            "thumbnail": thumbnail_uri(mapped.thumbnail, report.legend)}


def _areas(report):
    """Return the area of each class by date in square kilometres, and its figure."""
    present = np.flatnonzero(sum(summary.mapped.class_counts for summary in report.scenes))
    entries = [entry for entry in report.legend.classes if entry.value in present]
    if not entries:
        return None
    rows = []
    for summary in report.scenes:
        total = int(summary.mapped.class_counts[1:].sum())
        rows.append({"day": summary.scene.day.isoformat(), "name": summary.scene.name,
                     "areas": [float(summary.mapped.class_areas[entry.value]) / SQUARE_METRES_PER_KM2
                               for entry in entries],
                     "fractions": [float(summary.mapped.class_counts[entry.value]) / max(total, 1)
                                   for entry in entries]})
    return {"classes": [{"number": entry.value, "label": entry.label, "colour": css_colour(entry.colour)}
                        for entry in entries], "rows": rows,
            "figure": season_figure([summary.scene.day for summary in report.scenes],
                                    [row["fractions"] for row in rows], entries)}


def _warnings(report, days):
    warnings = []
    if report.failures:
        warnings.append(f"{len(report.failures)} of {len(report.failures) + len(report.scenes)} scenes could not be "
                        "used and are not in this report: " + " ".join(reason for _, reason in report.failures))
    unmatched = [summary for summary in report.scenes if not summary.charts]
    if unmatched:
        which = ("1 scene has no matching chart. It is" if len(unmatched) == 1 else
                 f"{len(unmatched)} scenes have no matching chart. They are")
        names = ", ".join(summary.scene.name for summary in unmatched)
        warnings.append(f"{which} mapped, but their accuracy cannot be assessed: {names}.")
    if report.matrix is None:
        warnings.append("The accuracy of the maps was not assessed: leave-one-date-out assessment requires scenes with "
                        "charts of at least two dates.")
    few = [f"{entry.label} ({count})" for entry, count in zip(report.model.classes, report.model.training_pixels)
           if count < FEW_PIXELS]
    if few:
        warnings.append(f"These classes have few training pixels and may be mapped poorly: {', '.join(few)}.")
    absent = [entry.label for entry in report.legend.classes
              if entry.value not in {trained.value for trained in report.model.classes}]
    if absent:
        warnings.append(f"These classes of the legend have no training pixels and are not in the maps: "
                        f"{', '.join(absent)}.")
    first = max(zip(report.model.classifier.importances, report.model.features), default=(0, ""))[1]
    if INCIDENCE.search(first):
        warnings.append("The incidence angle is the most important feature. If all scenes come from one orbit, it "
                        "encodes the position rather than the ice: the maps then reproduce the ice distribution of the "
                        "charts, and the accuracy is overestimated.")
    if days and len(days) < FEW_DATES:
        warnings.append(f"The accuracy is estimated from {len(days)} dates only and may differ for other dates.")
    return warnings


def _settings(report):
    settings, texture = report.settings, report.settings.texture
    textures = {"from_folder": "existing rasters", "none": "none"}.get(
        settings.textures, f"window {texture.window}, {texture.levels} levels, distance "
        f"{', '.join(map(str, texture.distances))}, {', '.join(texture.features)}")
    assessment = "none"
    if settings.assessment == "leave_one_date_out":
        trees = min(settings.assessment_trees, settings.forest.trees)
        assessment = f"leave-one-date-out, forests of {trees} trees"
    return {
        "Legend": report.legend.name, "Textures (GLCM)": textures,
        "Output step": f"{texture.step} pixel{'s' if texture.step > 1 else ''}",
        "Incidence angle": "used as a feature" if settings.incidence_angle else "not used",
        "Maximum days between scene and chart": f"{settings.max_days:g}",
        "Minimum distance from class boundaries": f"{settings.boundary_distance:g} m",
        "Maximum training pixels per class and scene": f"{settings.samples_per_scene}",
        "Classifier": f"random forest, {settings.forest.trees} trees, "
        f"minimum {settings.forest.min_samples_leaf} samples per leaf",
        "Assessment": assessment,
        "Random seed": str(settings.forest.seed)}


def thumbnail_uri(thumbnail, legend):
    """Return a map thumbnail as a PNG data URI.

    Parameters
    ----------
    thumbnail : ndarray of uint8, shape (height, width)
        Class values; 0 is transparent.
    legend : Legend

    Returns
    -------
    str
        For the ``src`` of an image.
    """
    colours = np.zeros((256, 4), np.uint8)
    for entry in legend.classes:
        colours[entry.value] = (*entry.colour, 255)
    height, width = thumbnail.shape
    lines = np.zeros((height, 1 + 4 * width), np.uint8)
    lines[:, 1:] = colours[thumbnail].reshape(height, -1)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)),
             (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts)
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def season_figure(days, fractions, classes):
    """Return the fraction of each class by date as stacked bars.

    Parameters
    ----------
    days : sequence of datetime.date
        Dates of the scenes, in order.
    fractions : sequence of sequence of float
        By scene and class.
    classes : sequence of MapClass

    Returns
    -------
    str
        SVG.
    """
    figure, axes = figure_of(max(2.4, BAR_WIDTH * len(days)), HEIGHT)
    bottom = np.zeros(len(days))
    for index, entry in enumerate(classes):
        heights = np.array([row[index] for row in fractions])
        axes.bar(range(len(days)), heights, bottom=bottom, width=0.86, linewidth=0, color=rgb(entry.colour))
        bottom += heights
    axes.set_xlim(-0.6, len(days) - 0.4)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.set_xticks(range(len(days)))
    axes.set_yticklabels(["0", "25 %", "50 %", "75 %", "100 %"], fontsize=8, color=TEXT, fontfamily=FONT)
    axes.set_xticklabels([day.isoformat() for day in days], fontsize=8, color=TEXT, fontfamily=FONT, rotation=60,
                         rotation_mode="anchor", ha="right", va="top")
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return svg_of(figure, "Fraction of each class by date", "season")
