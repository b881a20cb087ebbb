"""HTML report on a classification: accuracy, areas, importances, diagnostics and settings.

The report has no time stamp: identical inputs produce identical files. The text is in
``resources/report/classification.html``.
"""

from collections import defaultdict
from dataclasses import dataclass

from ..accuracy.confusion_display import matrix_content
from ..classification import season_analysis
from ..feature_table import feature_number
from ..raster.band_metadata import parse_band_name
from ..report.figures import bars_picture, heat_map_picture
from ..report.page import css_colour, write_page
from ..units import SQUARE_METRES_PER_HECTARE
from ..versions import software_versions
from .season_analysis import earliest_sufficient
from .suspect_labels import SUSPECT_THRESHOLD

# With fewer validation parcels the report warns about the sampling uncertainty.
FEW_PARCELS = 50
TOP_FEATURES = 20
MAX_LISTED_LABELS = 25


@dataclass(frozen=True)
class RasterSummary:
    """An input raster: path, number of bands, dates (ISO, sorted; empty if undated)."""

    path: str
    bands: int
    dates: tuple = ()


@dataclass(frozen=True)
class ClassSummary:
    """Numbers of parcels and pixels of a class.

    Parameters
    ----------
    map_class : MapClass
    training_parcels, validation_parcels : int
    training_pixels : int
        Pixels used for training.
    validation_pixels : int
        Pixels of validation parcels compared with the map.
    mapped_pixels : int
        Pixels of this class in the whole map.
    mapped_area : float
        Their area in square metres.
    """

    map_class: object
    training_parcels: int
    validation_parcels: int
    training_pixels: int
    validation_pixels: int
    mapped_pixels: int
    mapped_area: float


@dataclass(frozen=True)
class ClassificationReport:
    """Content of the report.

    Parameters
    ----------
    title : str
    rasters : tuple of RasterSummary
    band_names : tuple of str
    parcels_path, class_field : str
    validation_path : str
        Empty if the parcels were split into training and validation.
    classes : tuple of ClassSummary
    pixel_matrix, parcel_matrix : ConfusionMatrix or None
        By pixel, and by the majority of each validation parcel; None without validation data.
    importances : tuple of (str, float)
        Impurity importance of the features, summing to 1.
    settings : dict of str to str
    warnings, notes : tuple of str
    synthetic : bool
        Whether the input is synthetic sample data.
    oob_score : float or None
        Out-of-bag accuracy of the forest, 0..1.
    insight : ParcelDiagnostics or None
        Profiles, early-season accuracy and suspect labels; None if not computed.
    interval : tuple of float
        95 % bootstrap interval of the overall accuracy; NaN if unknown.
    from_raster : bool
        Whether the reference data are a raster, split by square blocks.
    """

    title: str
    rasters: tuple
    band_names: tuple
    parcels_path: str
    class_field: str
    validation_path: str
    classes: tuple
    pixel_matrix: object
    parcel_matrix: object
    importances: tuple
    settings: dict
    warnings: tuple = ()
    notes: tuple = ()
    synthetic: bool = False
    oob_score: float = None
    insight: object = None
    interval: tuple = (float("nan"), float("nan"))
    from_raster: bool = False


def write_classification_report(path, report, check=lambda: None):
    """Write the report as a self-contained HTML file.

    Parameters
    ----------
    path : str
    report : ClassificationReport
    check : callable
        Called before each figure; raises an exception to cancel.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    check()
    classes = {text: c.map_class for c in report.classes for text in (c.map_class.code, c.map_class.label)}
    pixels = matrix_content(report.pixel_matrix, classes, "pixels")
    check()
    parcels = matrix_content(report.parcel_matrix, classes, "parcels")
    check()
    importance = _importance(report)
    check()
    season_content = _season(report.insight, check)
    write_page(path, "classification.html", report=report, pixels=pixels, parcels=parcels, areas=_areas(report),
               importance=importance, season=season_content,
               validation_parcels=sum(c.validation_parcels for c in report.classes),
               is_split=not report.validation_path, few_parcels=FEW_PARCELS, versions=software_versions())


def _season(insight, check):
    """Figures of NDVI profiles and early-season accuracy, and suspect labels; None if not computed."""
    if insight is None:
        return {"profiles": None, "early": (), "early_picture": None, "years": "", "sufficient": None,
                "suspect_labels": None}
    profiles = season_analysis.profiles_picture(insight.profiles) if insight.profiles else None
    check()
    suspects = insight.suspect_labels
    return {"profiles": profiles, "years": season_analysis.years(insight.profiles.dates) if insight.profiles else "",
            "early": insight.early,
            "sufficient": earliest_sufficient(insight.early) if insight.early else None,
            "early_picture": season_analysis.early_picture(insight.early) if insight.early else None,
            "suspect_labels": None if suspects is None else {
                "count": len(suspects), "threshold": SUSPECT_THRESHOLD,
                "rows": [(feature_number(one.parcel), one) for one in suspects[:MAX_LISTED_LABELS]]}}


def _areas(report):
    """Mapped area of each class in hectares, the largest first, with its fraction of the classified area."""
    total = sum(c.mapped_area for c in report.classes)
    if not total:
        return None
    maximum = max(c.mapped_area for c in report.classes)
    rows = [{"number": c.map_class.value, "label": c.map_class.label, "colour": css_colour(c.map_class.colour),
             "hectares": c.mapped_area / SQUARE_METRES_PER_HECTARE,
             "fraction": c.mapped_area / total, "bar": c.mapped_area / maximum}
            for c in sorted(report.classes, key=lambda c: -c.mapped_area)]
    return {"rows": rows, "hectares": total / SQUARE_METRES_PER_HECTARE}


def _importance(report):
    """The most important features and a figure: date by band if all features are dated, bars otherwise."""
    if not report.importances:
        return None
    ranked = sorted(report.importances, key=lambda feature: -feature[1])
    dated = [(parse_band_name(name), fraction) for name, fraction in report.importances]
    maximum = ranked[0][1] or 1.0
    content = {"top": [{"name": name, "fraction": fraction, "bar": fraction / maximum}
                       for name, fraction in ranked[:TOP_FEATURES]],
               "count": len(ranked), "is_dated": all(name.date for name, _ in dated), "top_date": "", "top_band": ""}
    if not content["is_dated"]:
        return content | {"picture": importance_picture(ranked[:TOP_FEATURES])}
    totals = defaultdict(float)
    for name, fraction in dated:
        totals[name.band, name.date.isoformat()] += fraction
    bands = tuple(dict.fromkeys(name.band for name, _ in dated))
    dates = tuple(sorted({name.date.isoformat() for name, _ in dated}))
    table = [[totals.get((band, date)) for date in dates] for band in bands]
    by_date = [sum(row[column] or 0.0 for row in table) for column in range(len(dates))]
    by_band = [sum(fraction or 0.0 for fraction in row) for row in table]
    picture = heat_map_picture(bands, dates, table, "Importance of each band on each date; darker is more important",
                               "calendar")
    return content | {"picture": picture, "top_date": dates[by_date.index(max(by_date))],
                      "top_band": bands[by_band.index(max(by_band))]}


def importance_picture(features):
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
    return bars_picture(features, "Importance of the features", "bars", "feature")
