"""Classes of a map: order, names, colours."""

import numpy as np
import pytest

from floefield.compute.classmap import classes
from floefield.compute.classmap.classes import class_table, legend, legend_row
from floefield.compute.errors import UnreadableInput

HERAULT = ("vineyards_wine_vine_rebland_grapes", "winter_durum_hard_wheat", "fallow_land_not_crop", "unmaintained",
           "pasture_meadow_grassland_grass", "winter_common_soft_wheat", "not_known_and_other",
           "unspecified_season_unspecified_cereals")


def colour_of(code, *others):
    return next(c.colour for c in class_table((code, *others)) if c.code == code)


def test_numbers_sort_as_numbers_before_words_and_values_count_from_1():
    table = class_table(["rye", "10", "9", "Barley", "9"])

    assert [(c.value, c.code) for c in table] == [(1, "9"), (2, "10"), (3, "Barley"), (4, "rye")]


def test_the_order_of_the_codes_does_not_matter():
    assert class_table(HERAULT) == class_table(reversed(HERAULT))


@pytest.mark.parametrize(("code", "colour"), [
    # crop-type.lut of Sen2-Agri
    ("12", (255, 133, 10)), ("438", (120, 0, 0)), ("4351", (170, 0, 127)), ("111", (255, 255, 127)),
    ("15", (170, 85, 127)), ("9213", (3, 201, 255)),
])
def test_sen2agri_codes_have_the_colours_of_sen2agri(code, colour):
    assert colour_of(code) == colour


@pytest.mark.parametrize(("code", "name"), [
    ("winter_common_soft_wheat", "Winter wheat"), ("winter_durum_hard_wheat", "Winter wheat"),
    ("durum_hard_wheat", "Wheat"), ("grain_maize_corn_popcorn", "Maize"), ("Corn", "Maize"),
    ("winter_rapeseed_rape", "Winter rapeseed"), ("green_silo_maize", "Maize"), ("spring_barley", "Spring barley"),
    ("vineyards_wine_vine_rebland_grapes", "Vineyard"), ("fallow_land_not_crop", "Fallow"),
    ("pasture_meadow_grassland_grass", "Grassland"), ("orchards_fruits", "Orchard"), ("sugar_beet", "Sugar beet"),
    ("POTATOES", "Potatoes"), ("sweet_potatoes", "Sweet potatoes"), ("soy_soybeans", "Soybeans"),
    ("not_known_and_other", "Unknown or other"), ("other_tree_wood_forest", "Forest"), ("alfalfa_lucerne", "Alfalfa"),
    ("unspecified_season_unspecified_cereals", "Other cereals"), ("olive plantations", "Olives"),
])
def test_crops_are_identified_by_words_of_their_names(code, name):
    assert legend_row(code).name == name


@pytest.mark.parametrize("code", ["priced", "boats", "reappears", "growing", "112b", "7"])
def test_parts_of_words_and_unknown_numbers_are_not_crops(code):
    assert legend_row(code) is None


def test_the_colour_of_a_crop_does_not_depend_on_unknown_classes():
    assert colour_of("vineyards", "alpha", "beta") == colour_of("vineyards")


@pytest.mark.parametrize("codes", [
    HERAULT, [row.code for row in legend() if row.code], [f"class {number}" for number in range(40)],
    [str(number) for number in range(300)], [f"p{number}" for number in range(3000)],
], ids=["herault", "all of sen2agri", "40 unknown", "300 numbers", "3000 parcels"])
def test_colours_are_unique(codes):
    assert len({c.colour for c in class_table(codes)}) == len(codes)


def test_colours_of_unknown_classes_differ_for_colour_blind_vision():
    appearances = classes.lab_coordinates([c.colour for c in class_table([f"class {number}" for number in range(10)])])

    closest = min(np.linalg.norm(appearances[a] - appearances[b], axis=-1).min() for a in range(10) for b in range(a))

    assert closest >= 10


def test_differences_of_colours_agree_with_scikit_image():
    from skimage.color import rgb2lab

    stored = np.array([[255, 133, 10], [0, 158, 115], [3, 3, 3], [255, 255, 255]])

    np.testing.assert_allclose(classes.lab_coordinates(stored)[:, 0], rgb2lab(stored / 255.0), atol=0.02)


def test_grey_does_not_change_with_colour_blindness():
    grey = classes.lab_coordinates([(120, 120, 120)])[0]

    np.testing.assert_allclose(grey, np.broadcast_to(grey[0], (3, 3)), atol=0.1)


def test_labels_from_codes():
    labels = [c.label for c in class_table(["winter_rye", "Sugar  beet", "vigne"])]

    assert labels == ["Sugar beet", "Vigne", "Winter rye"]


def test_sen2agri_codes_get_their_names_only_if_all_are_known():
    assert [c.label for c in class_table(["12", "111"])] == ["Maize (12)", "Winter wheat (111)"]
    assert [c.label for c in class_table(["12", "111", "13000"])] == ["12", "111", "13000"]


def test_given_labels_have_priority():
    table = class_table(["12", "999999"], labels={"999999": "Lavender\nfields"})

    assert [c.label for c in table] == ["12", "Lavender fields"]


def test_equal_labels_are_made_unique():
    assert [c.label for c in class_table(["a_b", "a b"])] == ["A b (a b)", "A b (a_b)"]


@pytest.mark.parametrize("row", ["7,Hops,hop,1,2", "7,Hops,hop,1,2,green", "7,Hops,hop,1,2,300"])
def test_a_damaged_legend_is_reported_with_its_row(tmp_path, monkeypatch, row):
    path = tmp_path / "crops.csv"
    path.write_text(f"# ours\ncode,name,words,red,green,blue\n{row}\n")
    monkeypatch.setattr(classes, "LEGEND", path)
    legend.cache_clear()
    try:
        with pytest.raises(UnreadableInput, match="Hops"):
            class_table(["hops"])
    finally:
        legend.cache_clear()
