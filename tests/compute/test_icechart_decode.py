"""Decoding of SIGRID-3 codes; the expected values are those of the tables of the standard."""

import csv
from collections import Counter

import pytest

from floefield.compute.errors import MissingInput
from floefield.compute.icechart.decoding import DecodeSettings, decode
from floefield.compute.icechart.ice_legend import COLUMNS, load_legend
from floefield.compute.icechart.sigrid_codes import code_table, parse_code, split_codes

MISSING = [None, "", "  ", "-9", "9-", -9, "-9 ", "NULL", float("nan"), -9.0, "-99"]


def decoded(row, legend=None, **settings):
    """Return the attributes of one polygon."""
    chart = decode({name: [value] for name, value in row.items()}, legend and load_legend(legend),
                   DecodeSettings(**settings))
    return {name: column[0] for name, column in chart.columns.items()}


def egg(ct, *types, poly_type="I", **others):
    """Return the egg-code fields of a polygon: total, then (concentration, stage, form) of up to three ice types."""
    row = {"POLY_TYPE": poly_type, "CT": ct, "CA": "-9", "SA": "-9", "FA": "-9", "CB": "-9", "SB": "-9", "FB": "-9",
           "CC": "-9", "SC": "-9", "FC": "-9", "CN": "-9", "CD": "-9", "CF": "-9-9"}
    for letter, codes in zip("ABC", types):
        row.update(zip((f"C{letter}", f"S{letter}", f"F{letter}"), codes))
    return {**row, **others}


@pytest.mark.parametrize("value", MISSING)
def test_all_spellings_of_no_value_are_parsed(value):
    assert parse_code(value) is None


@pytest.mark.parametrize("value", ["01", 1, 1.0, "1", " 1 ", "1.0"])
def test_texts_and_numbers_are_parsed_to_the_same_code(value):
    assert parse_code(value) == 1


@pytest.mark.parametrize(("ct", "total"), [("01", 0.05), (1, 0.05), ("02", 0.05), ("10", 0.1), ("91", 0.95), (92, 1.0),
                                           ("92", 1.0), ("81", 0.9), ("79", 0.8), ("46", 0.5), ("98", 0.0), ("00", 0.0),
                                           ("55", 0.0), ("99", None), *((value, None) for value in MISSING)])
def test_total_concentration_is_the_midpoint_of_its_interval(ct, total):
    assert decoded({"CT": ct, "POLY_TYPE": "I"})["total_concentration"] == total


def test_the_meaning_of_a_code_depends_on_the_table():
    concentration, stage, form = (code_table(kind) for kind in ("concentration", "stage", "form"))
    assert [concentration[code].value for code in (91, 81, 92, 98)] == [0.95, 0.9, 1.0, 0.0]
    assert [stage[code].label for code in (91, 81, 98)] == ["medium first-year ice", "new ice", "glacier ice"]
    assert 92 not in stage
    assert form[91].label.startswith("strips and patches")
    assert 98 not in form
    row = decoded(egg("91", ("81", "91", "91")))
    assert (row["total_concentration"], row["concentration_a"], row["stage_a"], row["form_a"]) == (0.95, 0.9, 91, 91)


def test_a_single_ice_type_without_a_concentration_has_the_total():
    row = decoded(egg("92", ("-9", "91", "08")))
    assert (row["concentration_a"], row["stage"], row["stage_share"], row["fast_ice"]) == (1.0, 91, 1.0, True)


def test_the_last_ice_type_without_a_concentration_has_the_remainder():
    row = decoded(egg("80", ("30", "95", "06"), ("-9", "91", "05")))
    assert (row["concentration_b"], row["stage"], row["form"], row["stage_share"]) == (0.5, 91, 5, 0.625)


def test_the_remainder_is_an_ice_type_of_its_own():
    chart = decode({name: [value] for name, value in
                    egg("80", ("20", "95", "05"), ("20", "93", "05"), ("10", "91", "04"), CD="84").items()})
    assert [(round(ice.concentration, 3), ice.stage) for ice in chart.polygons[0].ice_types] == [
        (0.2, 95), (0.2, 93), (0.1, 91), (0.3, 84)]
    assert chart.columns["stage"] == [84]


def test_missing_partial_concentrations_stay_unknown():
    row = decoded(egg("91", ("-9", "95", "7"), ("-9", "86", "6")), "park3")
    assert (row["concentration_a"], row["stage_share"], row["class_value"]) == (None, None, 0)
    assert row["stage"] == 95
    assert row["class_note"] == "mixed ice types"
    assert decoded(egg("79", ("-9", "93", "6"), ("-9", "91", "5")), "park3")["class_code"] == "first_year"
    assert decoded(egg("91", ("-9", "95", "7"), ("-9", "86", "6")), "park3", min_dominance=0)["class_code"] == "old"


def test_partials_beyond_the_total_are_fractions_of_their_sum():
    row = decoded(egg("91", ("30", "95", "06"), ("70", "91", "05")), "park3")
    assert (row["stage"], row["stage_share"], row["class_code"], row["class_share"]) == (91, 0.7, "first_year", 0.7)


@pytest.mark.parametrize("row", [
    {"ICEACT": "80", "ICEAPC": "6020  ", "ICESOD": "  9591    ", "ICEFLZ": "0605  "},
    {"ICEACT": "80", "ICEAPC": "6020", "ICESOD": "9591", "ICEFLZ": "0605"},  # blanks stripped by the reader
    {"ICEACT": 80, "ICEAPC": 6020, "ICESOD": 9591, "ICEFLZ": 605},
    {"iceact": "80", "iceapc": "6020-9", "icesod": "-99591-9-9", "iceflz": "0605-9"},
])
def test_catalogue_fields_are_equivalent_to_egg_code_fields(row):
    new = decoded({"POLY_TYPE": "I", **row}, "park3")
    assert new == decoded(egg("80", ("60", "95", "06"), ("20", "91", "05")), "park3")
    assert (new["stage"], new["stage_share"], new["class_code"]) == (95, 0.75, "old")


@pytest.mark.parametrize(("total", "partials", "stages", "expected"), [
    ("92", "", "91", (None, [(1.0, 91)])),  # a single type
    ("92", "", "9591", (95, [(1.0, 91)])),  # and a trace of thicker ice
    ("90", "405", None, (None, [])),  # invalid width
    ("90", "403020", "95919384", (95, [(0.4, 91), (0.3, 93), (0.2, 84)])),  # no remainder: the first is the trace
    ("92", "303020", "95939184", (None, [(0.3, 95), (0.3, 93), (0.2, 91), (0.2, 84)])),  # the last: the remainder
])
def test_slots_of_stripped_catalogue_fields_are_restored(total, partials, stages, expected):
    chart = decode({"POLY_TYPE": ["I"], "ICEACT": [total], "ICEAPC": [partials], "ICESOD": [stages]})
    polygon = chart.polygons[0]
    assert (polygon.trace, [(round(ice.concentration, 3), ice.stage) for ice in polygon.ice_types]) == expected


def test_fields_of_several_codes_are_split_by_width():
    assert split_codes("08-9", 2) == ([8, None], True)
    assert split_codes("-9-9", 2) == ([None, None], True)
    assert split_codes("-9", 2) == ([None], False)
    assert split_codes(304, 2) == ([3, 4], True)
    assert split_codes(None, 2) == ([], False)


def test_unknown_codes_are_counted():
    chart = decode({"POLY_TYPE": ["I", "I", "I"], "CT": ["91", "93", "93"], "SA": ["90", "91", "XX"],
                    "FA": ["05", "44", "44"]})
    assert chart.unknown_codes == Counter({("CT", 93): 2, ("FA", 44): 2, ("SA", 90): 1, ("SA", "XX"): 1})
    assert chart.columns["stage"] == [None, 91, None]


@pytest.mark.parametrize(("service", "label", "ai4arctic"), [("", "200 cm thick", "thick_first_year"),
                                                           ("cis", "brash ice", None)])
def test_codes_of_a_service_override_the_standard(service, label, ai4arctic):
    row = decoded(egg("90", ("90", "70", "02")), "ai4arctic", service=service)
    assert (row["stage_label"], row["class_code"]) == (label, ai4arctic)


@pytest.mark.parametrize(("code", "centimetres", "legend_class"), [
    ("07", 7, "new"), ("12", 12, "grey"), ("20", 20, "grey_white"), ("49", 49, "thin_first_year_1"),
    ("52", 60, "thin_first_year_2"), ("54", 70, "medium_first_year"), ("62", 120, "thick_first_year"),
    ("78", 800, "thick_first_year")])
def test_thickness_codes_have_the_class_of_their_stage(code, centimetres, legend_class):
    row = decoded(egg("90", ("90", code, "05")), "stage")
    assert (row["stage_label"], row["class_code"]) == (f"{centimetres} cm thick", legend_class)


def test_water_and_other_polygons_without_codes():
    assert decoded(egg("-9", poly_type="W"))["total_concentration"] == 0.0
    for poly_type, note in (("L", "land"), ("N", "no data"), ("S", "ice shelf")):
        row = decoded(egg(None, poly_type=poly_type), "ice_water")
        assert (row["total_concentration"], row["class_value"], row["class_note"]) == (None, 0, note)


def test_water_polygons_with_ice_concentration_are_ice():
    row = decoded(egg("50", ("-9", "95", "05"), poly_type="W"), "park3")
    assert (row["poly_type"], row["class_code"]) == ("I", "old")
    assert decoded(egg("01", poly_type="W"), "park3")["class_code"] == "open_water"
    assert decoded({"CT": "50", "SA": "95"}, "park3")["class_code"] == "old"
    assert decoded({"CT": "00"}, "park3")["class_code"] == "open_water"


def test_a_table_without_total_concentration_is_rejected():
    with pytest.raises(MissingInput, match=r"no field CT or ICEACT.*are: NAME, SA"):
        decode({"NAME": [], "SA": []})


def test_an_empty_chart_has_empty_columns():
    chart = decode({"POLY_TYPE": [], "CT": []}, load_legend("stage"))
    assert set(map(len, chart.columns.values())) == {0}


LEGENDS = [
    # egg code, then the class in each legend
    (egg("01", ("-9", "99", "99")), "water", "open_water", "open_water", "open_water", "open_water"),
    (egg("02", ("-9", "98", "10")), "water", "open_water", "open_water", "open_water", "open_water"),
    (egg("98"), "water", "open_water", "open_water", "open_water", "open_water"),
    (egg("-9", poly_type="W"), "water", "open_water", "open_water", "open_water", "open_water"),
    (egg("20", ("-9", "95", "04")), None, None, None, None, None),
    (egg("92", ("-9", "82", "-9")), "ice", None, "young", "new", "nilas"),
    (egg("92", ("-9", "84", "03")), "ice", "first_year", "young", "young", "grey"),
    (egg("91", ("10", "91", "05"), ("90", "87", "05")), "ice", "first_year", "first_year", "thin_first_year",
     "thin_first_year"),
    (egg("92", ("-9", "86", "05")), "ice", "first_year", "first_year", "thick_first_year", "first_year"),
    (egg("91", ("70", "97", "06"), ("30", "93", "05")), "ice", "old", "old", "old", "multi_year"),
    (egg("91", ("50", "95", "06"), ("50", "93", "05")), "ice", None, None, None, None),
    (egg("92", ("92", "99", "08")), "ice", None, None, None, "fast"),
    (egg("92", ("92", "99", "09")), "ice", None, None, None, "icebergs"),
    (egg("92", ("92", "98", "10")), "ice", None, None, None, "icebergs"),
    (egg("99", ("-9", "91", "05")), None, None, None, None, None),
]


@pytest.mark.parametrize("case", LEGENDS, ids=lambda case: f"{case[0]['CT']}-{case[0]['SA']}-{case[0]['FA']}")
def test_classes_of_the_legends(case):
    row, *codes = case
    names = ("ice_water", "park3", "park3_young", "ai4arctic", "stage")
    assert [decoded(row, name)["class_code"] for name in names] == codes


def test_minimum_concentration_and_dominance_are_settings():
    thin = egg("20", ("-9", "95", "04"))
    assert decoded(thin, "park3")["class_note"] == "concentration below minimum"
    assert decoded(thin, "park3", min_concentration=0.2)["class_code"] == "old"
    mixed = egg("91", ("40", "95", "06"), ("60", "93", "05"))
    assert decoded(mixed, "park3")["class_note"] == "mixed ice types"
    assert decoded(mixed, "park3", min_dominance=0.6)["class_code"] == "first_year"


def test_a_user_legend_can_have_rules_for_forms_and_land(tmp_path):
    source = load_legend("ice_water")
    own = tmp_path / "fast.csv"
    with own.open("w", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(COLUMNS)
        writer.writerow([7, "fast", "Fast ice", 150, 150, 150, "I", "90-100", "", "8"])
        writer.writerow([2, "land", "Land", 230, 220, 200, "L", "", "", ""])
    legend = load_legend(own)
    assert [(each.value, each.label, each.colour) for each in legend.classes] == [
        (2, "Land", (230, 220, 200)), (7, "Fast ice", (150, 150, 150))]
    assert legend.name == "fast"
    assert len(source.classes) == 2
    assert decoded(egg("92", ("92", "91", "08")), str(own))["class_value"] == 7
    assert decoded(egg("80", ("80", "91", "08")), str(own))["class_note"] == "not in the legend"
    assert decoded(egg(None, poly_type="L"), str(own))["class_value"] == 2
