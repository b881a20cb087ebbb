"""Legends of maps made by other software, and matching of labels with classes."""

import pytest

from floefield.compute.accuracy.label_matching import match_labels
from floefield.compute.classmap.class_legend import LegendEntry, entries_from_table, name_classes, read_legend
from floefield.compute.classmap.classes import MapClass
from floefield.compute.errors import MissingInput, UnreadableInput, UnsuitableInput
from floefield.compute.raster.raster_styles import paletted_qml


@pytest.mark.parametrize("text", [
    "value,label\n0,Water\n10,Crop land\n", "LABEL;Value\nWater;0\nCrop land;10.0\n", "0,Water\n10,Crop land\n",
    "\ufeff# a comment\nvalue\tname\n0\tWater\n10\tCrop land\n", '"class","description"\n0,"Water"\n10,"Crop land"\n'])
def test_tables_of_many_kinds(tmp_path, text):
    path = tmp_path / "legend.csv"
    path.write_text(text, encoding="utf-8")
    assert {entry.value: entry.label for entry in read_legend(str(path))} == {0: "Water", 10: "Crop land"}


def test_a_style_of_qgis(tmp_path):
    path = tmp_path / "legend.qml"
    path.write_text(paletted_qml([MapClass(0, "0", "Water", (1, 2, 3)), MapClass(10, "10", "A & B", (4, 5, 6))]))
    assert read_legend(str(path)) == (LegendEntry(0, "", "Water", (1, 2, 3)), LegendEntry(10, "", "A & B", (4, 5, 6)))


@pytest.mark.parametrize("content", ["", "no legend at all", "<qgis/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"])
def test_files_without_classes_are_refused(tmp_path, content):
    path = tmp_path / "legend.txt"
    path.write_text(content)
    with pytest.raises(UnreadableInput, match="contains no class"):
        read_legend(str(path))


def test_missing_and_binary_legends_are_refused(tmp_path):
    with pytest.raises(MissingInput):
        read_legend(str(tmp_path / "none.csv"))
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81" * 9)
    with pytest.raises(UnreadableInput, match="not UTF-8 text"):
        read_legend(str(tmp_path / "binary.csv"))


def test_attribute_tables_of_floefield_and_arcgis():
    ours = entries_from_table(["VALUE", "CODE", "LABEL", "RED", "GREEN", "BLUE"],
                              [["1", "112", "Spring wheat", "255", "255", "127"]])
    assert ours == (LegendEntry(1, "112", "Spring wheat", (255, 255, 127)),)
    arcgis = entries_from_table(["OID", "Value", "Count", "Class_Name"], [["0", "21", "77", "Maize"]])
    assert arcgis == (LegendEntry(21, "", "Maize"),)


def test_names_colours_and_values_without_a_name():
    classes = name_classes([3, 0, -10000], (LegendEntry(0, "", "Water"), LegendEntry(0, "W", "Sea"),
                                            LegendEntry(3, "", "Maize")))
    assert [(c.value, c.code, c.label) for c in classes] == [(-10000, "-10000", "-10000"), (0, "W", "Water"),
                                                             (3, "3", "Maize")]
    assert len({c.colour for c in classes}) == 3


def test_an_unnamed_value_is_not_a_crop_code():
    """11 is wheat in the crop legend, but may have any meaning in other maps."""
    assert [c.label for c in name_classes([11, 12], ())] == ["11", "12"]
    assert [c.label for c in name_classes([1], (LegendEntry(1, "11"),))] == ["Wheat (11)"]


CLASSES = (MapClass(1, "12", "Maize", (0, 0, 0)), MapClass(2, "1", "Winter wheat", (0, 0, 1)),
           MapClass(3, "435", "Rapeseed", (0, 0, 2)))


@pytest.mark.parametrize(("labels", "by", "values"), [
    (["12", "1", "435"], "code", [1, 2, 3]), (["maize", "WINTER_WHEAT", "rape-seed"], "name", [1, 2, None]),
    (["2", "3"], "value", [2, 3]), (["1"], "code", [2])])
def test_all_labels_are_matched_by_one_scheme(labels, by, values):
    matching = match_labels(labels, CLASSES)
    assert matching.by == by
    assert [matching.values.get(label) for label in labels] == values
    assert matching.unmatched == tuple(label for label, value in zip(labels, values) if value is None)


def test_the_scheme_can_be_chosen():
    assert match_labels(["1"], CLASSES, "value").values == {"1": 1}
    with pytest.raises(UnsuitableInput, match=r"labels: quinoa. Classes of the map: Maize \(12\), Winter wheat"):
        match_labels(["quinoa"], CLASSES)
    with pytest.raises(UnsuitableInput, match=r"Classes of august.tif: Maize"):
        match_labels(["quinoa"], CLASSES, name="august.tif")
