"""The report on a classification: one HTML file that says how good the map is and what that rests on.

The same input gives the same bytes: there is no time stamp in it. Pictures are in :mod:`.pictures`, the words in
``resources/report/classification.html``.
"""

from collections import defaultdict
from dataclasses import dataclass

from . import pictures, season
from .content import matrix_content
from .dates import DATED, iso
from .early import early_enough
from .page import css_colour, software_versions, write_page
from .results import feature_number
from .suspicious import SURE

SQUARE_METRES_PER_HECTARE = 10000.0

# With fewer validation parcels than this the report says how loosely its figures are known.
FEW_PARCELS = 50
TOP_FEATURES = 20
MOST_SUSPICIOUS = 25


@dataclass(frozen=True)
class RasterSummary:
    """An input raster: where it is, how many bands, and which dates (ISO, sorted; empty if undated)."""

    path: str
    bands: int
    dates: tuple = ()


@dataclass(frozen=True)
class ClassSummary:
    """A class and how much of it there was.

    Parameters
    ----------
    map_class : MapClass
    training_parcels, validation_parcels : int
    training_pixels : int
        Pixels the classifier was trained with.
    validation_pixels : int
        Pixels of validation parcels that were compared with the map.
    mapped_pixels : int
        Pixels of this class in the whole map.
    """

    map_class: object
    training_parcels: int
    validation_parcels: int
    training_pixels: int
    validation_pixels: int
    mapped_pixels: int


@dataclass(frozen=True)
class ClassificationReport:
    """All that the report tells.

    Parameters
    ----------
    title : str
    rasters : tuple of RasterSummary
    pixel_area : float
        Square metres.
    band_names : tuple of str
    parcels_path, class_field : str
    validation_path : str
        Empty when the validation parcels were split from the parcels.
    classes : tuple of ClassSummary
    pixel_matrix, parcel_matrix : ConfusionMatrix or None
        Per pixel, and by the majority of each validation parcel. None where nothing could be assessed.
    importances : tuple of (str, float)
        Impurity importance of the features, summing to 1.
    settings : dict of str to str
    warnings, notes : tuple of str
    synthetic : bool
        Whether the input is made-up sample data.
    oob_score : float or None
        Out-of-bag accuracy of the forest, 0..1.
    insight : Insight or None
        See :mod:`.insight`.
    interval : tuple of float
        Between which values the overall accuracy would mostly lie with other parcels like these; NaN if unknown.
    from_raster : bool
        Whether the classes were taken from a raster, whose pixels were divided by square blocks.
    """

    title: str
    rasters: tuple
    pixel_area: float
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
    """Write the report as one HTML file with everything inside.

    Parameters
    ----------
    path : str
    report : ClassificationReport
    check : callable
        Called before each picture; raises to end the work.

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
    over_time = _season(report.insight, check)
    write_page(path, "classification.html", report=report, pixels=pixels, parcels=parcels, areas=_areas(report),
               importance=importance, season=over_time,
               validation_parcels=sum(c.validation_parcels for c in report.classes),
               is_split=not report.validation_path, few_parcels=FEW_PARCELS, versions=software_versions())


def _season(insight, check):
    """Pictures of profiles and accuracy by date, and the suspicious labels; None for what nobody looked for."""
    if insight is None:
        return {"profiles": None, "early": (), "early_picture": None, "years": "", "enough": None, "suspicious": None}
    profiles = season.profiles_picture(insight.profiles) if insight.profiles else None
    check()
    found = insight.suspicious
    return {"profiles": profiles, "years": season.years(insight.profiles.dates) if insight.profiles else "",
            "early": insight.early,
            "enough": early_enough(insight.early) if insight.early else None,
            "early_picture": season.early_picture(insight.early) if insight.early else None,
            "suspicious": None if found is None else {
                "count": len(found), "sure": SURE,
                "rows": [(feature_number(one.parcel), one) for one in found[:MOST_SUSPICIOUS]]}}


def _areas(report):
    """Mapped hectares of each class, the largest first, with their share of the classified area."""
    total = sum(c.mapped_pixels for c in report.classes)
    if not total:
        return None
    largest = max(c.mapped_pixels for c in report.classes)
    rows = [{"number": c.map_class.value, "label": c.map_class.label, "colour": css_colour(c.map_class.colour),
             "hectares": c.mapped_pixels * report.pixel_area / SQUARE_METRES_PER_HECTARE,
             "share": c.mapped_pixels / total, "bar": c.mapped_pixels / largest}
            for c in sorted(report.classes, key=lambda c: -c.mapped_pixels)]
    return {"rows": rows, "hectares": total * report.pixel_area / SQUARE_METRES_PER_HECTARE}


def _importance(report):
    """The most important features and a picture: date by band where all features are dated, bars otherwise."""
    if not report.importances:
        return None
    ranked = sorted(report.importances, key=lambda feature: -feature[1])
    dated = [(DATED.fullmatch(name), share) for name, share in report.importances]
    largest = ranked[0][1] or 1.0
    content = {"top": [{"name": name, "share": share, "bar": share / largest} for name, share in ranked[:TOP_FEATURES]],
               "count": len(ranked), "is_dated": all(match for match, _ in dated), "top_date": "", "top_band": ""}
    if not content["is_dated"]:
        return content | {"picture": pictures.bars_picture(ranked[:TOP_FEATURES])}
    shares = defaultdict(float)
    for match, share in dated:
        shares[match["band"], iso(match["date"])] += share
    bands = tuple(dict.fromkeys(match["band"] for match, _ in dated))
    dates = tuple(sorted({iso(match["date"]) for match, _ in dated}))
    table = [[shares.get((band, date)) for date in dates] for band in bands]
    by_date = [sum(row[column] or 0.0 for row in table) for column in range(len(dates))]
    by_band = [sum(share or 0.0 for share in row) for row in table]
    return content | {"picture": pictures.calendar_picture(bands, dates, table, by_band, by_date),
                      "top_date": dates[by_date.index(max(by_date))], "top_band": bands[by_band.index(max(by_band))]}
