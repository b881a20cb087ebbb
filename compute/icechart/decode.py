"""From the attribute columns of an ice chart to plain quantities and the classes of a legend.

>>> from floefield.compute.icechart.legend import load_legend
>>> chart = decode({"POLY_TYPE": ["I", "W"], "CT": ["91", None], "CA": ["30", None], "SA": ["95", None],
...                 "CB": ["70", None], "SB": ["91", None]}, load_legend("park3"))
>>> chart.columns["total_concentration"], chart.columns["stage"], chart.columns["class_code"]
([0.95, 0.0], [91, None], ['first_year', 'open_water'])

Dominance follows the AI4Arctic challenge (a class needs 65 % of the ice of its polygon); the smallest concentration of
30 % follows the pipeline behind Park et al. (2020), doi 10.5194/tc-14-2629-2020.
"""

from collections import Counter
from dataclasses import dataclass, field

from ..errors import MissingInput
from .codes import FORM, STAGE, code_table
from .polygon import FIELDS, LAND, NO_DATA, SHELF, WATER, Row, read_polygon

# Shares are tenths in floating point.
ROUNDING = 1e-6

# Columns of the result, with the type of their values; None where the chart does not tell. Stages are those by which
# legends know them: a thickness is the stage of that thickness, and only its label tells the centimetres.
COLUMNS = {
    "poly_type": str, "total_concentration": float,
    "concentration_a": float, "stage_a": int, "form_a": int,
    "concentration_b": float, "stage_b": int, "form_b": int,
    "concentration_c": float, "stage_c": int, "form_c": int,
    "stage": int, "stage_label": str, "stage_share": float, "form": int, "form_label": str, "fast_ice": bool,
}
CLASS_COLUMNS = {"class_value": int, "class_code": str, "class_label": str, "class_share": float, "class_note": str}

LITTLE_ICE, MIXED, NOT_TOLD = "less ice than asked for", "mixed ice types", "concentration unknown"
NO_STAGE, NO_CLASS = "stage unknown", "not in the legend"
NOTES = {LAND: "land", NO_DATA: "no data", SHELF: "ice shelf"}


@dataclass(frozen=True)
class DecodeSettings:
    """How polygons get a class.

    Parameters
    ----------
    min_concentration : float
        Ice covers at least this share of the polygon, 0..1; with less there is too much water between the floes.
    dominance : float
        The class has at least this share of the ice of the polygon, 0..1; with 0 the largest share wins.
    service : str
        Whose peculiar codes apply, ``"cis"`` or empty for none; see :mod:`.codes`.
    """

    min_concentration: float = 0.30
    dominance: float = 0.65
    service: str = ""


@dataclass(frozen=True)
class DecodedChart:
    """What :func:`decode` gives.

    Parameters
    ----------
    columns : dict of str to list
        Those of ``COLUMNS`` and, with a legend, ``CLASS_COLUMNS``; one value for each polygon. ``class_value`` is 0 and
        ``class_note`` says why where a polygon has no class.
    polygons : list of IcePolygon
        The same polygons with all their ice types.
    unknown_codes : Counter of (str, object)
        (field, code) of codes that are in no table, and how many polygons have them.
    """

    columns: dict
    polygons: list
    unknown_codes: Counter = field(default_factory=Counter)


def sigrid_fields(names):
    """Which fields of a table hold SIGRID-3 codes.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    dict of str to str
        Name in the table by name in the standard (:data:`.polygon.FIELDS`); upper and lower case are the same.

    Raises
    ------
    MissingInput
        If there is no total concentration.
    """
    names = list(names)
    by_upper = {name.upper(): name for name in reversed(names)}
    found = {standard: by_upper[standard] for standard in FIELDS if standard in by_upper}
    if not {"CT", "ICEACT"} & set(found):
        raise MissingInput("This is no ice chart in SIGRID-3: it has no field CT or ICEACT (total concentration). Its "
                           f"fields are: {', '.join(names) or 'none'}.")
    return found


def decode(fields, legend=None, settings=None):
    """Decode a chart.

    Parameters
    ----------
    fields : mapping of str to sequence
        Attribute columns by name, all of one length; others than those of SIGRID-3 are ignored. Values are texts or
        numbers as they stand in the file.
    legend : Legend, optional
        See :func:`.legend.load_legend`; without one there are no class columns.
    settings : DecodeSettings, optional

    Returns
    -------
    DecodedChart

    Raises
    ------
    MissingInput
        If there is no total concentration among the columns.
    """
    settings = settings or DecodeSettings()
    used = sigrid_fields(fields)
    rows = [Row(**dict(zip(used, values))) for values in zip(*(fields[name] for name in used.values()))]
    names = COLUMNS if legend is None else {**COLUMNS, **CLASS_COLUMNS}
    columns, polygons, unknown, known = {name: [] for name in names}, [], Counter(), {}
    for row in rows:
        # charts repeat few combinations of codes; 1, "1" and True must not share an entry
        key = tuple((type(value), value) for value in row)
        if key not in known:
            polygon = read_polygon(row, settings.service)
            known[key] = polygon, _attributes(polygon, legend, settings)
        polygon, attributes = known[key]
        polygons.append(polygon)
        unknown.update(set(polygon.unknown_codes))
        for name in names:
            columns[name].append(attributes[name])
    return DecodedChart(columns, polygons, unknown)


def _attributes(polygon, legend, settings):
    types, table = (*polygon.types, None, None, None)[:3], code_table(STAGE, settings.service)
    attributes = {"poly_type": polygon.poly_type or None, "total_concentration": _rounded(polygon.total)}
    for letter, ice in zip("abc", types):
        attributes[f"concentration_{letter}"] = _rounded(ice.share) if ice else None
        attributes[f"stage_{letter}"] = _known_as(ice.stage, table) if ice else None
        attributes[f"form_{letter}"] = ice.form if ice else None
    dominant = polygon.dominant
    stage = dominant.stage if dominant else None
    form = dominant.form if dominant and dominant.form is not None else polygon.form
    attributes.update({
        "stage": _known_as(stage, table), "stage_label": _label(STAGE, stage, settings), "form": form,
        "stage_share": _rounded(_share_of_ice(dominant, polygon)) if dominant else None,
        "form_label": _label(FORM, form, settings), "fast_ice": polygon.is_fast})
    if legend is not None:
        value, share, note = classify(polygon, legend, settings)
        entry = legend.by_value().get(value)
        attributes.update({"class_value": value, "class_code": entry.code if entry else None,
                           "class_label": entry.label if entry else None, "class_share": _rounded(share),
                           "class_note": note or None})
    return attributes


def classify(polygon, legend, settings):
    """The class of a polygon.

    Parameters
    ----------
    polygon : IcePolygon
    legend : Legend
    settings : DecodeSettings

    Returns
    -------
    value : int
        0 if it has none.
    share : float or None
        Of the ice of the polygon (or of the polygon, where a rule decides on all of it) that is of this class.
    note : str
        Why it has no class; empty if it has one.
    """
    for rule in legend.rules:
        if rule.is_for_polygons and _holds(rule, polygon, settings):
            return rule.value, 1.0, ""
    if polygon.poly_type in NOTES:
        return 0, None, NOTES[polygon.poly_type]
    if polygon.total is None:
        return 0, None, NOT_TOLD
    if polygon.total < settings.min_concentration - ROUNDING:
        return 0, None, LITTLE_ICE
    table = code_table(STAGE, settings.service)
    classes = [_class_of_ice(ice, polygon, legend, table, settings) for ice in polygon.types]
    if not any(classes):
        return 0, None, NO_CLASS if any(ice.stage is not None for ice in polygon.types) else NO_STAGE
    if any(ice.share is None for ice in polygon.types):
        if len(set(classes)) == 1:
            return classes[0], 1.0, ""
        return (0, None, MIXED) if settings.dominance > 0 else (next(filter(None, classes)), None, "")
    return _largest(polygon, classes, settings.dominance)


def _largest(polygon, classes, dominance):
    shares = Counter()
    for value, ice in zip(classes, polygon.types):
        shares[value] += _share_of_ice(ice, polygon)
    value = max(shares, key=lambda each: (shares[each], -classes.index(each)))
    if shares[value] < dominance - ROUNDING:
        return 0, shares[value], MIXED
    return (value, shares[value], "") if value else (0, None, NO_CLASS)


def _class_of_ice(ice, polygon, legend, table, settings):
    stages = {ice.stage, _known_as(ice.stage, table)}
    for rule in legend.rules:
        if (not rule.is_for_polygons and _holds(rule, polygon, settings)
                and (not rule.stages or rule.stages & stages) and (not rule.forms or ice.form in rule.forms)):
            return rule.value
    return 0


def _holds(rule, polygon, settings):
    if polygon.poly_type not in (rule.poly_types or "IW"):
        return False
    if rule.concentration is None:
        return WATER in rule.poly_types or bool(rule.poly_types & set(NOTES)) or (
            polygon.total is not None and polygon.total >= settings.min_concentration - ROUNDING)
    least, most = rule.concentration
    return polygon.total is not None and least - ROUNDING <= polygon.total <= most + ROUNDING


def _share_of_ice(ice, polygon):
    """The share of a type in all ice of its polygon; partial concentrations may add up to more than the total."""
    if ice.share is None:
        return None
    told = sum(each.share or 0.0 for each in polygon.types)
    whole = max(told, polygon.total or 0.0)
    return ice.share / whole if whole else 1.0


def _known_as(stage, table):
    return stage if stage is None or table[stage].like is None else table[stage].like


def _label(kind, code, settings):
    return code_table(kind, settings.service)[code].label if code is not None else None


def _rounded(share):
    return None if share is None else round(share, 4)
