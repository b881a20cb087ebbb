"""Decoding of the attribute columns of an ice chart to quantities and classes of a legend.

>>> from floefield.compute.icechart.legend import load_legend
>>> chart = decode({"POLY_TYPE": ["I", "W"], "CT": ["91", None], "CA": ["30", None], "SA": ["95", None],
...                 "CB": ["70", None], "SB": ["91", None]}, load_legend("park3"))
>>> chart.columns["total_concentration"], chart.columns["stage"], chart.columns["class_code"]
([0.95, 0.0], [91, None], ['first_year', 'open_water'])

Minimum dominance follows the AI4Arctic challenge (a class needs 65 % of the ice of its polygon); the minimum total
concentration of 30 % follows the pipeline behind Park et al. (2020), doi 10.5194/tc-14-2629-2020.
"""

from collections import Counter
from dataclasses import dataclass, field

from ..errors import MissingInput
from .ice_polygon import FIELDS, LAND, NO_DATA, SHELF, WATER, Row, read_polygon
from .sigrid_codes import FORM, STAGE, code_table

# Concentrations are tenths in floating point.
TOLERANCE = 1e-6

# Output columns and the type of their values; None where the chart has no value. Stages are those of legends: a
# thickness code becomes the stage of that thickness, and only its label contains the centimetres.
COLUMNS = {
    "poly_type": str, "total_concentration": float,
    "concentration_a": float, "stage_a": int, "form_a": int,
    "concentration_b": float, "stage_b": int, "form_b": int,
    "concentration_c": float, "stage_c": int, "form_c": int,
    "stage": int, "stage_label": str, "stage_share": float, "form": int, "form_label": str, "fast_ice": bool,
}
CLASS_COLUMNS = {"class_value": int, "class_code": str, "class_label": str, "class_share": float, "class_note": str}
LOW_CONCENTRATION, MIXED, NO_CONCENTRATION = "concentration below minimum", "mixed ice types", "concentration unknown"
NO_STAGE, NO_CLASS = "stage unknown", "not in the legend"
NOTES = {LAND: "land", NO_DATA: "no data", SHELF: "ice shelf"}


@dataclass(frozen=True)
class DecodeSettings:
    """Settings for the class of a polygon.

    Parameters
    ----------
    min_concentration : float
        Minimum total concentration of a polygon with an ice class, 0..1.
    min_dominance : float
        Minimum fraction of the ice of the polygon that is of the class, 0..1; with 0 the largest class is used.
    service : str
        Service whose own codes apply, ``"cis"`` or empty for none; see :mod:`.sigrid_codes`.
    """

    min_concentration: float = 0.30
    min_dominance: float = 0.65
    service: str = ""


@dataclass(frozen=True)
class DecodedChart:
    """Result of :func:`decode`.

    Parameters
    ----------
    columns : dict of str to list
        ``COLUMNS`` and, with a legend, ``CLASS_COLUMNS``; one value for each polygon. For a polygon without a class
        ``class_value`` is 0 and ``class_note`` is the reason.
    polygons : list of IcePolygon
        The polygons with all their ice types.
    unknown_codes : Counter of (str, object)
        Number of polygons by (field, code), for codes that are in no table.
    """

    columns: dict
    polygons: list
    unknown_codes: Counter = field(default_factory=Counter)


def sigrid_fields(names):
    """Return the fields of a table that contain SIGRID-3 codes.

    Parameters
    ----------
    names : iterable of str

    Returns
    -------
    dict of str to str
        Name in the table by name in the standard (:data:`.ice_polygon.FIELDS`); case-insensitive.

    Raises
    ------
    MissingInput
        If there is no total concentration.
    """
    names = list(names)
    by_upper = {name.upper(): name for name in reversed(names)}
    found = {standard: by_upper[standard] for standard in FIELDS if standard in by_upper}
    if not {"CT", "ICEACT"} & set(found):
        raise MissingInput("This is not a SIGRID-3 ice chart: it has no field CT or ICEACT (total concentration). Its "
                           f"fields are: {', '.join(names) or 'none'}.")
    return found


def decode(fields, legend=None, settings=None):
    """Decode a chart.

    Parameters
    ----------
    fields : mapping of str to sequence
        Attribute columns by name, all of one length; fields not in SIGRID-3 are ignored. Values are texts or numbers
        as in the file.
    legend : Legend, optional
        From :func:`.ice_legend.load_legend`; without it there are no class columns.
    settings : DecodeSettings, optional

    Returns
    -------
    DecodedChart

    Raises
    ------
    MissingInput
        If no column contains the total concentration.
    """
    settings = settings or DecodeSettings()
    used = sigrid_fields(fields)
    rows = [Row(**dict(zip(used, values))) for values in zip(*(fields[name] for name in used.values()))]
    names = COLUMNS if legend is None else {**COLUMNS, **CLASS_COLUMNS}
    columns, polygons, unknown, decoded = {name: [] for name in names}, [], Counter(), {}
    for row in rows:
        # charts contain few combinations of codes; 1, "1" and True must not share an entry
        key = tuple((type(value), value) for value in row)
        if key not in decoded:
            polygon = read_polygon(row, settings.service)
            decoded[key] = polygon, _attributes(polygon, legend, settings)
        polygon, attributes = decoded[key]
        polygons.append(polygon)
        unknown.update(set(polygon.unknown_codes))
        for name in names:
            columns[name].append(attributes[name])
    return DecodedChart(columns, polygons, unknown)


def _attributes(polygon, legend, settings):
    types, table = (*polygon.ice_types, None, None, None)[:3], code_table(STAGE, settings.service)
    attributes = {"poly_type": polygon.poly_type or None, "total_concentration": _rounded(polygon.total_concentration)}
    for letter, ice in zip("abc", types):
        attributes[f"concentration_{letter}"] = _rounded(ice.concentration) if ice else None
        attributes[f"stage_{letter}"] = _legend_stage(ice.stage, table) if ice else None
        attributes[f"form_{letter}"] = ice.form if ice else None
    dominant = polygon.dominant
    stage = dominant.stage if dominant else None
    form = dominant.form if dominant and dominant.form is not None else polygon.form
    attributes.update({
        "stage": _legend_stage(stage, table), "stage_label": _label(STAGE, stage, settings), "form": form,
        "stage_share": _rounded(_fraction_of_ice(dominant, polygon)) if dominant else None,
        "form_label": _label(FORM, form, settings), "fast_ice": polygon.is_fast})
    if legend is not None:
        value, fraction, note = classify(polygon, legend, settings)
        entry = legend.by_value().get(value)
        attributes.update({"class_value": value, "class_code": entry.code if entry else None,
                           "class_label": entry.label if entry else None, "class_share": _rounded(fraction),
                           "class_note": note or None})
    return attributes


def classify(polygon, legend, settings):
    """Return the class of a polygon.

    Parameters
    ----------
    polygon : IcePolygon
    legend : Legend
    settings : DecodeSettings

    Returns
    -------
    value : int
        0 without a class.
    fraction : float or None
        Fraction of the ice of the polygon that is of this class; 1 where a rule applies to the whole polygon.
    note : str
        Why it has no class; empty if it has one.
    """
    for rule in legend.rules:
        if rule.applies_to_polygon and _matches(rule, polygon, settings):
            return rule.value, 1.0, ""
    if polygon.poly_type in NOTES:
        return 0, None, NOTES[polygon.poly_type]
    if polygon.total_concentration is None:
        return 0, None, NO_CONCENTRATION
    if polygon.total_concentration < settings.min_concentration - TOLERANCE:
        return 0, None, LOW_CONCENTRATION
    table = code_table(STAGE, settings.service)
    classes = [_class_of_ice_type(ice, polygon, legend, table, settings) for ice in polygon.ice_types]
    if not any(classes):
        return 0, None, NO_CLASS if any(ice.stage is not None for ice in polygon.ice_types) else NO_STAGE
    if any(ice.concentration is None for ice in polygon.ice_types):
        if len(set(classes)) == 1:
            return classes[0], 1.0, ""
        return (0, None, MIXED) if settings.min_dominance > 0 else (next(filter(None, classes)), None, "")
    return _dominant_class(polygon, classes, settings.min_dominance)


def _dominant_class(polygon, classes, dominance):
    fractions = Counter()
    for value, ice in zip(classes, polygon.ice_types):
        fractions[value] += _fraction_of_ice(ice, polygon)
    value = max(fractions, key=lambda each: (fractions[each], -classes.index(each)))
    if fractions[value] < dominance - TOLERANCE:
        return 0, fractions[value], MIXED
    return (value, fractions[value], "") if value else (0, None, NO_CLASS)


def _class_of_ice_type(ice, polygon, legend, table, settings):
    stages = {ice.stage, _legend_stage(ice.stage, table)}
    for rule in legend.rules:
        if (not rule.applies_to_polygon and _matches(rule, polygon, settings)
                and (not rule.stages or rule.stages & stages) and (not rule.forms or ice.form in rule.forms)):
            return rule.value
    return 0


def _matches(rule, polygon, settings):
    if polygon.poly_type not in (rule.poly_types or "IW"):
        return False
    if rule.concentration is None:
        return WATER in rule.poly_types or bool(rule.poly_types & set(NOTES)) or (
            polygon.total_concentration is not None
            and polygon.total_concentration >= settings.min_concentration - TOLERANCE)
    minimum, maximum = rule.concentration
    return (polygon.total_concentration is not None
            and minimum - TOLERANCE <= polygon.total_concentration <= maximum + TOLERANCE)


def _fraction_of_ice(ice, polygon):
    """Return the fraction of all ice of a polygon that is of a type; partials may sum to more than the total."""
    if ice.concentration is None:
        return None
    partials = sum(each.concentration or 0.0 for each in polygon.ice_types)
    all_ice = max(partials, polygon.total_concentration or 0.0)
    return ice.concentration / all_ice if all_ice else 1.0


def _legend_stage(stage, table):
    return stage if stage is None or table[stage].legend_stage is None else table[stage].legend_stage


def _label(kind, code, settings):
    return code_table(kind, settings.service)[code].label if code is not None else None


def _rounded(fraction):
    return None if fraction is None else round(fraction, 4)
