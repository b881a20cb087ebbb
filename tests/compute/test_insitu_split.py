"""Whole parcels are split into training and validation, class by class and reproducibly."""

import pytest

from floefield.compute.errors import Cancelled
from floefield.compute.insitu.parcel import Parcel
from floefield.compute.insitu.parcel_split import SplitSettings, split_parcels
from floefield.compute.progress import Progress


def parcels(**counts):
    return [Parcel(f"{code}-{number}", code, {}) for code, count in counts.items() for number in range(count)]


def codes(some):
    return [parcel.code for parcel in some]


@pytest.mark.parametrize("count, training", [(37, 28), (8, 6), (7, 5), (6, 5), (5, 4), (4, 3), (3, 2)])
def test_the_training_fraction_is_rounded_as_in_sen2agri(count, training):
    split = split_parcels(parcels(wheat=count), SplitSettings(0.75))

    assert len(split.training) == training
    assert len(split.validation) == count - training


def test_a_single_parcel_is_used_for_training_and_its_class_is_unassessed():
    split = split_parcels(parcels(rye=1, wheat=4), SplitSettings(0.5))

    assert codes(split.training).count("rye") == 1
    assert "rye" not in codes(split.validation)
    assert split.unassessed == ("rye",)


def test_of_two_parcels_one_is_used_for_validation():
    for fraction in (0.1, 0.75, 0.99):
        split = split_parcels(parcels(rye=2), SplitSettings(fraction))
        assert (len(split.training), len(split.validation)) == (1, 1)


def test_with_a_fraction_of_1_all_parcels_are_used_for_training():
    split = split_parcels(parcels(rye=3, oats=1), SplitSettings(1.0))

    assert len(split.training) == 4
    assert split.unassessed == ("oats", "rye")


def test_training_and_validation_are_disjoint_and_complete():
    everything = parcels(rye=9, wheat=20, oats=2)
    split = split_parcels(everything, SplitSettings(0.6, seed=4))

    assert sorted(p.identifier for p in split.training + split.validation) == sorted(p.identifier for p in everything)


def test_the_order_of_the_parcels_does_not_matter():
    everything = parcels(rye=9, wheat=20)

    assert split_parcels(everything, SplitSettings()) == split_parcels(everything[::-1], SplitSettings())


def test_the_split_depends_on_the_seed():
    everything = parcels(wheat=40)
    splits = {tuple(p.identifier for p in split_parcels(everything, SplitSettings(seed=seed)).validation)
              for seed in range(20)}

    assert len(splits) == 20


def test_the_split_of_a_class_does_not_depend_on_other_classes():
    alone = split_parcels(parcels(wheat=20), SplitSettings())
    together = split_parcels(parcels(barley=7, wheat=20), SplitSettings())

    assert [p for p in together.validation if p.code == "wheat"] == list(alone.validation)


def test_parcels_are_selected_with_equal_probability():
    everything = parcels(wheat=8)
    times = dict.fromkeys((parcel.identifier for parcel in everything), 0)
    for seed in range(400):
        for parcel in split_parcels(everything, SplitSettings(0.75, seed)).validation:
            times[parcel.identifier] += 1

    # 400 splits with 2 of 8 for validation: each is expected 100 times, with a standard deviation of 8.7.
    assert all(65 < count < 135 for count in times.values())


@pytest.mark.parametrize("method", ["parcels", "blocks"])
def test_splitting_can_be_cancelled(method):
    class Stopped(Progress):
        cancelled = True

    everything = parcels(wheat=9, maize=5)
    with pytest.raises(Cancelled):
        split_parcels(everything, SplitSettings(split_by=method), {parcel.identifier: (0, 0) for parcel in everything},
                      Stopped())
