"""Settings of the in-situ tools with their parameters, and the outcome of the preparation by parcel and by class.

The default distances and areas are those of the Copernicus training on Sen2-Agri (Louvain-la-Neuve, 2019).
"""

from dataclasses import dataclass

from ..declarations import ParameterDeclaration


@dataclass(frozen=True)
class InnerBufferSettings:
    """Settings of the inner buffer.

    Parameters
    ----------
    distance : float
        Buffer distance in metres; with 15 m the 10 m and 20 m pixels of Sentinel-2 lie inside the parcel.
    segments : int
        Segments per quarter circle at concave corners.
    """

    distance: float = 15.0
    segments: int = 8


INNER_BUFFER_PARAMETERS = (
    ParameterDeclaration(
        "DISTANCE", "Buffer distance (m)",
        "Distance by which the border moves inwards, above 0; about one and a half pixels. Always in metres on the "
        "ground, whatever the units of the layer.", setting="distance"),
    ParameterDeclaration(
        "SEGMENTS", "Segments per quarter circle",
        "Line segments that approximate a quarter circle around the inward corners of a parcel (1 to 100).",
        kind="integer", minimum=1, maximum=100, advanced=True, setting="segments"),
)


@dataclass(frozen=True)
class AreaFilterSettings:
    """Settings of the area filter.

    Parameters
    ----------
    min_area : float
        Minimum area in square metres (inclusive).
    area_field : str
        Output field of the area; shapefiles allow ten characters.
    """

    min_area: float = 5000.0
    area_field: str = "AREA"


AREA_FILTER_PARAMETERS = (
    ParameterDeclaration(
        "MIN_AREA", "Minimum area (m²)",
        "Parcels of this ellipsoidal area or more are kept. Always in square metres, whatever the units of the layer; "
        "0 keeps all parcels that have an area.", minimum=0.0, setting="min_area"),
    ParameterDeclaration(
        "AREA_FIELD", "Area field",
        "Name of the field to which the area is written. A numeric field of this name is overwritten, otherwise a "
        "field is added. At most ten characters for a shapefile.", kind="text", setting="area_field"),
)


@dataclass(frozen=True)
class PreparationSettings:
    """Settings of the preparation of in-situ data for Sen2-Agri.

    Parameters
    ----------
    distance : float
        Inner buffer distance in metres; 0 = none.
    segments : int
        Segments per quarter circle of the buffer.
    min_area : float
        Minimum area after the buffer in square metres.
    max_sliver_area : float
        Maximum sliver area in square metres, of parcels and parts of parcels. A pixel of 10 m has 100.
    parts : {"largest", "all"}
        Parts kept of a multi-part parcel; Sen2-Agri requires single polygons.
    """

    distance: float = InnerBufferSettings.distance
    segments: int = InnerBufferSettings.segments
    min_area: float = AreaFilterSettings.min_area
    max_sliver_area: float = 100.0
    parts: str = "largest"


PARTS = ("largest", "all")
PREPARATION_PARAMETERS = (
    ParameterDeclaration(
        "DISTANCE", "Buffer distance (m)",
        "Distance by which borders move inwards, in metres on the ground, to exclude mixed pixels; 15 m suits pixels "
        "of 10 m and 20 m. 0 applies no buffer.", minimum=0.0, setting="distance"),
    ParameterDeclaration(
        "MIN_AREA", "Minimum area (m²)",
        "Parcels of this area or more, measured after the buffer, are kept. 0 applies no filter.", minimum=0.0,
        setting="min_area"),
    ParameterDeclaration(
        "MAX_SLIVER_AREA", "Maximum sliver area (m²)",
        "Parcels, and parts of parcels after the buffer, below this area are removed as slivers; 100 m² is one pixel "
        "of 10 m. 0 removes none.", minimum=0.0, advanced=True, setting="max_sliver_area"),
    ParameterDeclaration(
        "PARTS", "Multi-part parcels",
        "What is kept of parcels with several parts after the buffer: largest keeps the largest part, since Sen2-Agri "
        "requires single polygons; all keeps every part.", kind="enum", options=PARTS, advanced=True, setting="parts"),
)

# States after the steps of the preparation.
STEPS = ("read", "without overlaps", "buffered", "kept")
NO_CLASS, LEFT_OUT, NO_AREA = "no class", "class left out", "no area"
SLIVER, OVERLAP, VANISHED, TOO_SMALL = "sliver", "overlap", "vanished in the buffer", "too small"
REASONS = {NO_CLASS: "the class field is empty", LEFT_OUT: "the class code table excludes the class",
           NO_AREA: "the geometry is missing or has no area",
           SLIVER: "the original area is below the maximum sliver area",
           OVERLAP: "completely overlapped by parcels of another class, or by an earlier one of the same class",
           VANISHED: "narrower than twice the buffer distance",
           TOO_SMALL: "the area after the buffer is below the minimum"}


@dataclass(frozen=True)
class ParcelOutcome:
    """Outcome of the preparation of a parcel.

    Parameters
    ----------
    label : str
        Its class; empty without a class.
    areas : tuple of float
        Area in square metres after each of the ``STEPS`` it passed.
    reason : str
        Reason of the rejection (a key of ``REASONS``); empty if it was kept.
    repaired : bool
        Whether its geometry was invalid.
    disputed : float
        Area in square metres removed because of overlaps.
    """

    label: str
    areas: tuple
    reason: str = ""
    repaired: bool = False
    disputed: float = 0.0


@dataclass(frozen=True)
class ClassTotals:
    """Number of parcels and area in square metres of a class after each step."""

    label: str
    parcels: tuple
    areas: tuple


def totals_by_class(outcomes):
    """Number of parcels and area of each class after each step.

    Parameters
    ----------
    outcomes : sequence of ParcelOutcome

    Returns
    -------
    list of ClassTotals
        Sorted by remaining area, largest first; parcels without a class last.
    """
    rows = []
    for label in sorted({outcome.label for outcome in outcomes}):
        members = [outcome for outcome in outcomes if outcome.label == label]
        reached = [[outcome.areas[step] for outcome in members if len(outcome.areas) > step]
                   for step in range(len(STEPS))]
        # Parcels without area count as read.
        rows.append(ClassTotals(label, (len(members), *map(len, reached[1:])), tuple(map(sum, reached))))
    return sorted(rows, key=lambda row: (not row.label, -row.areas[-1], row.label))


def rejected_by_reason(outcomes):
    """(reason, explanation, number of parcels) of rejected parcels, in the order of the steps."""
    counts = {reason: sum(outcome.reason == reason for outcome in outcomes) for reason in REASONS}
    return [(reason, REASONS[reason], count) for reason, count in counts.items() if count]


def small_classes(outcomes):
    """Classes with too few remaining parcels.

    Parameters
    ----------
    outcomes : sequence of ParcelOutcome

    Returns
    -------
    too_few : list of str
        One or two parcels: too few for training and validation (training fraction 0.75).
    lost : list of str
        No parcel, although the class is not excluded.
    """
    remaining = {outcome.label: 0 for outcome in outcomes if outcome.label and outcome.reason != LEFT_OUT}
    for outcome in outcomes:
        if not outcome.reason:
            remaining[outcome.label] += 1
    return ([label for label, count in sorted(remaining.items()) if 0 < count < 3],
            [label for label, count in sorted(remaining.items()) if not count])
