"""Pixel samples are uniform, limited in size, and independent of blocks."""

import numpy as np
import pytest

from floefield.compute.errors import UnsuitableInput
from floefield.compute.insitu import pixel_sampler
from floefield.compute.insitu.pixel_sampler import PixelSampler, pixel_keys


def pixels(count=1000, classes=3):
    position = np.arange(count, dtype=np.int64) * 7
    return position % classes, position, np.stack([position, -position], axis=1).astype(np.float32), position // 100


def sample_parts(parts, max_per_class=50, seed=0, classes=3):
    sampler = PixelSampler(classes, 2, max_per_class, seed)
    for part in parts:
        sampler.add(*part)
    return sampler.result()


def split_into_blocks(everything, sizes):
    ends = np.cumsum(sizes)
    return [tuple(column[end - size:end] for column in everything) for size, end in zip(sizes, ends)]


def test_blocks_and_their_order_do_not_matter():
    everything = pixels()
    whole = sample_parts([everything])
    for parts in (split_into_blocks(everything, [300, 1, 699]), split_into_blocks(everything, [10] * 100)[::-1]):
        again = sample_parts(parts)
        np.testing.assert_array_equal(again.features, whole.features)
        np.testing.assert_array_equal(again.classes, whole.classes)
        np.testing.assert_array_equal(again.parcels, whole.parcels)
        np.testing.assert_array_equal(again.available, whole.available)


def test_each_class_has_the_maximum_number_of_pixels_or_all():
    classes, *rest = pixels(100)
    classes = np.where(classes == 2, 0, classes)
    sampled = sample_parts([(classes, *rest)], max_per_class=40)

    assert np.bincount(sampled.classes, minlength=3).tolist() == [40, 33, 0]
    assert sampled.available.tolist() == [67, 33, 0]


def test_zero_samples_all_in_order_of_class_and_position():
    sampled = sample_parts([pixels(1000)], max_per_class=0)

    assert len(sampled.classes) == 1000
    assert (np.diff(sampled.classes) >= 0).all()
    assert (np.diff(sampled.features[sampled.classes == 1, 0]) > 0).all()
    np.testing.assert_array_equal(sampled.features[:, 0], -sampled.features[:, 1])


def test_features_and_parcels_stay_with_their_pixels():
    sampled = sample_parts([pixels(1000)])

    np.testing.assert_array_equal(sampled.features[:, 0] % 3, sampled.classes)
    np.testing.assert_array_equal(sampled.features[:, 0] // 100, sampled.parcels)


def test_the_sample_is_uniform():
    everything = pixels(60, classes=1)
    times = np.zeros(60)
    for seed in range(600):
        times[(sample_parts([everything], max_per_class=10, seed=seed, classes=1).features[:, 0] / 7).astype(int)] += 1

    # 600 samples of 10 in 60: each is expected 100 times, with a standard deviation of 9.1.
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


def test_keys_agree_with_the_published_generator():
    assert splitmix64(1234567, 3) == [6457827717110365317, 3203168211198807973, 9817491932198370423]

    start = splitmix64(42, 1)[0]
    assert pixel_keys(42, np.arange(5)).tolist() == splitmix64(start, 5)


def test_keys_are_unique():
    assert len(np.unique(pixel_keys(0, np.arange(200000)))) == 200000


def test_samples_larger_than_memory_are_refused(monkeypatch):
    monkeypatch.setattr(pixel_sampler, "MAX_SAMPLE_BYTES", 1000)

    with pytest.raises(UnsuitableInput, match="fewer samples per class"):
        sample_parts([pixels(1000)], max_per_class=0)
