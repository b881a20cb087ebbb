"""The sample of training pixels is even, bounded, and the same however it is gathered."""

import numpy as np
import pytest

from floefield.compute.errors import UnsuitableInput
from floefield.compute.insitu import sample
from floefield.compute.insitu.sample import PixelSampler, pixel_keys


def pixels(count=1000, classes=3):
    place = np.arange(count, dtype=np.int64) * 7
    return place % classes, place, np.stack([place, -place], axis=1).astype(np.float32), place // 100


def draw(parts, most=50, seed=0, classes=3):
    sampler = PixelSampler(classes, 2, most, seed)
    for part in parts:
        sampler.add(*part)
    return sampler.result()


def pieces(everything, sizes):
    ends = np.cumsum(sizes)
    return [tuple(column[end - size:end] for column in everything) for size, end in zip(sizes, ends)]


def test_blocks_and_their_order_do_not_matter():
    everything = pixels()
    whole = draw([everything])
    for parts in (pieces(everything, [300, 1, 699]), pieces(everything, [10] * 100)[::-1]):
        again = draw(parts)
        np.testing.assert_array_equal(again.features, whole.features)
        np.testing.assert_array_equal(again.classes, whole.classes)
        np.testing.assert_array_equal(again.parcels, whole.parcels)
        np.testing.assert_array_equal(again.available, whole.available)


def test_each_class_has_the_wanted_number_of_pixels_or_all_it_has():
    classes, *rest = pixels(100)
    classes = np.where(classes == 2, 0, classes)
    drawn = draw([(classes, *rest)], most=40)

    assert np.bincount(drawn.classes, minlength=3).tolist() == [40, 33, 0]
    assert drawn.available.tolist() == [67, 33, 0]


def test_zero_takes_all_in_order_of_class_and_place():
    drawn = draw([pixels(1000)], most=0)

    assert len(drawn.classes) == 1000
    assert (np.diff(drawn.classes) >= 0).all()
    assert (np.diff(drawn.features[drawn.classes == 1, 0]) > 0).all()
    np.testing.assert_array_equal(drawn.features[:, 0], -drawn.features[:, 1])


def test_what_belongs_to_a_pixel_stays_with_it():
    drawn = draw([pixels(1000)])

    np.testing.assert_array_equal(drawn.features[:, 0] % 3, drawn.classes)
    np.testing.assert_array_equal(drawn.features[:, 0] // 100, drawn.parcels)


def test_every_pixel_is_drawn_about_as_often_as_every_other():
    everything = pixels(60, classes=1)
    times = np.zeros(60)
    for seed in range(600):
        times[(draw([everything], most=10, seed=seed, classes=1).features[:, 0] / 7).astype(int)] += 1

    # 600 draws of 10 in 60: each is expected 100 times, with a standard deviation of 9.1.
    assert times.min() > 60 and times.max() < 140


def splitmix64(state, count):
    """Published generator in plain integers, independent of numpy."""
    numbers = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) % 2 ** 64
        z = state
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % 2 ** 64
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB % 2 ** 64
        numbers.append(z ^ (z >> 31))
    return numbers


def test_the_keys_are_those_of_the_published_generator():
    assert splitmix64(1234567, 3) == [6457827717110365317, 3203168211198807973, 9817491932198370423]

    start = splitmix64(42, 1)[0]
    assert pixel_keys(42, np.arange(5)).tolist() == splitmix64(start, 5)


def test_no_two_pixels_share_a_key():
    assert len(np.unique(pixel_keys(0, np.arange(200000)))) == 200000


def test_more_pixels_than_fit_into_memory_are_refused_with_advice(monkeypatch):
    monkeypatch.setattr(sample, "MOST_SAMPLE_BYTES", 1000)

    with pytest.raises(UnsuitableInput, match="fewer samples per class"):
        draw([pixels(1000)], most=0)
