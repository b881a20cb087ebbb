"""Shipped and user-defined legends; invalid rows are reported."""

import re
from pathlib import Path

import pytest

from floefield.compute.errors import MissingInput, UnreadableInput
from floefield.compute.icechart.ice_legend import legend_names, load_legend
from floefield.compute.icechart.sigrid_codes import STAGE, code_table

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "ice-legends.md").read_text(encoding="utf-8")
HEAD = "value,code,label,red,green,blue,poly_types,concentration,stages,forms\n"


@pytest.fixture
def load(tmp_path):
    """Read a legend from its text."""

    def load(text):
        path = tmp_path / "legend.csv"
        path.write_text(text, encoding="utf-8")
        return load_legend(path)

    return load


def test_the_guide_lists_every_shipped_legend():
    assert set(re.findall(r"^\| `(\w+)` \| .*;? ?", PAGE.partition("## Which")[0], re.MULTILINE)) == set(legend_names())
    assert legend_names() == ["ai4arctic", "ice_water", "park3", "park3_no_young", "park3_young", "stage"]


def test_the_example_of_the_guide_can_be_read(load):
    legend = load(re.search(r"```csv\n(.*?)```", PAGE, re.DOTALL)[1])
    assert [entry.code for entry in legend.classes] == ["water", "fast", "drift"]
    assert legend.rules[-1].stages == frozenset({*range(81, 98), None})


@pytest.mark.parametrize("name", legend_names())
def test_shipped_legends_have_consecutive_values_and_distinct_colours(name):
    classes = load_legend(name).classes
    assert [entry.value for entry in classes] == list(range(1, len(classes) + 1))
    assert len({entry.colour for entry in classes}) == len(classes)
    assert len({entry.code for entry in classes}) == len(classes)
    assert all(re.fullmatch(r"[a-z0-9_]+", entry.code) for entry in classes)


def test_single_stages_have_the_colours_of_the_code_table():
    legend, table = load_legend("stage"), code_table(STAGE)
    compared = 0
    for rule in legend.rules:
        if len(rule.stages) == 1 and not rule.forms and None not in rule.stages:
            (code,) = rule.stages
            if table[code].colour:
                assert legend.by_value()[rule.value].colour == table[code].colour, code
                compared += 1
    assert compared == 16


@pytest.mark.parametrize(("text", "words"), [
    (HEAD + "300,a,A,1,2,3,,,81,\n", "Row 2.*between 1 and 254"),
    (HEAD + "# remark\n\n1,a,A,1,2,300,,,81,\n", "Row 4.*colours must be between 0 and 255"),
    (HEAD + "one,a,A,1,2,3,,,81,\n", "Row 2"),
    (HEAD + "1,a,A,1,2,3,,,81,\n1,b,B,1,2,3,,,82,\n", "Row 3.*value 1 has the code a in an earlier row"),
    (HEAD + "1,a,A,1,2,3,X,,81,\n", "poly_types must be L, W, I, N or S"),
    (HEAD + "1,a,A,1,2,3,,90-10,81,\n", "range in per cent"),
    (HEAD + "1,a,A,1,2,3,,,old,\n", "Row 2"),
    (HEAD + "1,,,1,2,3,,,81,\n", "needs a code or a label"),
    (HEAD, "has no classes"),
    ("value,label\n1,Ice\n", "no column code, red, green, blue"),
    ("", "no column value"),
])
def test_invalid_legends_are_rejected(load, text, words):
    with pytest.raises(UnreadableInput, match=words):
        load(text)


def test_missing_and_binary_legends_are_rejected(tmp_path):
    with pytest.raises(MissingInput, match=r"no legend park4.*ai4arctic, ice_water"):
        load_legend("park4")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UnreadableInput, match="Save it as CSV in UTF-8"):
        load_legend(tmp_path / "x.csv")


def test_legends_saved_by_a_spreadsheet_can_be_read(load):
    """Excel writes a byte order mark and Windows line endings; in some locales the delimiter is a semicolon."""
    legend = load("\ufeff" + HEAD.replace("\n", "\r\n") + "1,a,A,1,2,3,,,81,\r\n")
    assert legend.classes[0].code == "a"
    legend = load((HEAD + "1,a,A,1,2,3,I W,,81 82,\n").replace(",", ";"))
    assert legend.rules[0].stages == {81, 82}
