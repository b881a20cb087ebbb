"""Border noise, sub-swath balance, speckle filters and multilooking, compared with simulations and formulas."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from floefield.compute.errors import MissingInput, UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.raster.grid import Window
from floefield.compute.sentinel1.backscatter_settings import BackscatterSettings
from floefield.compute.sentinel1.border_noise import Border
from floefield.compute.sentinel1.grd_product import read_product
from floefield.compute.sentinel1.radar_image import multilook
from floefield.compute.sentinel1.radiometry import ChannelPower
from floefield.compute.sentinel1.speckle_filters import lee, refined_lee
from floefield.compute.sentinel1.subswath_balance import balance_from_table, estimate_balance

from ..realdata import SENTINEL1
from ..sentinel1products import (
    make_product,
    make_real_product,
    noise_power,
    simulated,
    surface,
    swath_bounds,
)

DEFAULTS = BackscatterSettings()


def channel_of(safe, polarisation="HH", settings=DEFAULTS):
    product = read_product(str(safe))
    image = safe / product.channels[polarisation].measurement
    return ChannelPower(product, polarisation, str(image), settings)


def test_border_noise_is_found_and_dark_areas_are_kept(tmp_path):
    shape = (700, 900)
    generator = np.random.default_rng(1)
    numbers = np.sqrt(generator.gamma(10.7, 12000 / 10.7, shape))
    # border noise of old products: small digital numbers and zeros, with a slanting near-range edge
    depth = 20 + np.arange(shape[0]) // 20
    rim = np.arange(shape[1]) < depth[:, None]
    rim[:, -31:] = rim[-12:] = True
    numbers[rim] = generator.integers(0, 20, rim.sum())
    # a valid dark area: thermal noise only
    numbers[300:400, 300:500] = np.sqrt(generator.gamma(10.7, 7000 / 10.7, (100, 200)))
    safe = make_product(tmp_path, shape=shape, numbers={"HH": numbers}, polarisations=("HH",), old_noise=True)
    channel = channel_of(safe)
    inside = Border(channel, Progress()).inside(Window(0, 0, *shape))
    channel.close()
    assert (inside == rim).mean() < 0.005
    assert inside[300:400, 300:500].all()


def test_products_without_border_noise_are_unchanged(tmp_path):
    safe = make_product(tmp_path, sigma0={"HH": np.full((600, 700), 1e-5)}, shape=(600, 700), polarisations=("HH",))
    channel = channel_of(safe)
    assert Border(channel, Progress()).inside(Window(0, 0, 600, 700)).all()
    channel.close()


@pytest.mark.parametrize("pattern", ["ew_grdm_metadata/S1A_EW_*"])
def test_the_estimate_recovers_the_scaling_of_real_noise(tmp_path, pattern):
    """HV image simulated from a real product with the noise of each sub-swath scaled and shifted."""
    source = next(SENTINEL1.glob(pattern))
    expected = {"EW1": (1.08, 2e-5), "EW2": (0.9, -4e-5), "EW3": (1.08, 1e-5), "EW4": (1.0, 3e-5), "EW5": (0.88, 0.0)}
    windows = [(slice(line, line + 64), slice(0, 10487)) for line in np.linspace(0, 10708 - 64, 80).astype(int)[12::6]]
    safe = make_real_product(tmp_path, source, [], None)
    product = read_product(str(safe))
    channel = product.channels["HV"]
    import rasterio

    generator = np.random.default_rng(2)
    with rasterio.open(safe / channel.measurement, "r+") as image:
        for lines, pixels in windows:
            part_of_image = lines, pixels
            calibration = surface(product.safe.read(channel.calibration).decode(), "calibrationVector", "sigmaNought",
                                  part_of_image) ** 2
            noise = noise_power(product.safe.read(channel.noise).decode(), part_of_image)
            columns = np.arange(10487)
            sigma0 = np.broadcast_to(0.004 * 10 ** (-0.3 * columns / 10487), noise.shape).copy()
            for part in channel.annotation.swaths:
                if part.first_line <= lines.start <= part.last_line:
                    inside = slice(part.first_pixel, part.last_pixel + 1)
                    scaling, offset = expected[part.swath]
                    noise[:, inside] *= scaling
                    sigma0[:, inside] += offset
            power = (sigma0 * calibration + noise) * generator.gamma(10.7, 1 / 10.7, noise.shape)
            image.write(np.clip(np.rint(np.sqrt(power)), 1, None).astype(np.uint16), 1, window=(
                (lines.start, lines.stop), (0, 10487)))
    power = ChannelPower(product, "HV", str(safe / channel.measurement), DEFAULTS)
    with ThreadPoolExecutor(2) as executor:
        found = estimate_balance(power, executor, Progress())
    for swath, (scaling, _) in expected.items():
        assert found[swath][0] == pytest.approx(scaling, abs=0.03), swath
    power.set_balance(found)
    rows = windows[5][0]
    values, _ = power.read(Window(rows.start, 0, 64, 10487))
    power.close()
    level = values.mean(axis=0)
    for part in channel.annotation.swaths:
        if part.first_line <= rows.start <= part.last_line and part.first_pixel:
            left, right = (level[part.first_pixel + start:part.first_pixel + start + 150].mean() for start in (-155, 5))
            assert abs(10 * np.log10(right / left)) < 0.15, part.swath


def test_the_estimate_is_neutral_without_steps_between_sub_swaths(tmp_path):
    safe = make_product(tmp_path, sigma0={"HH": np.full((120, 500), 0.05)}, shape=(120, 500), polarisations=("HH",))
    channel = channel_of(safe)
    with ThreadPoolExecutor(1) as executor:
        found = estimate_balance(channel, executor, Progress())
    channel.close()
    assert all(scaling == 1 and abs(offset) < 1e-3 for scaling, offset in found.values())


def test_scaling_and_offset_of_a_table_are_applied(tmp_path):
    safe = make_product(tmp_path, sigma0={"HH": np.full((100, 300), 0.05)}, shape=(100, 300), polarisations=("HH",))
    table = tmp_path / "table.csv"
    table.write_text("# comment\nplatform,mode,polarisation,processor,swath,scaling,offset\n*,EW,HH,*,EW1,1.0,0.5\n"
                     "S1A,EW,HH,3.5,EW1,1.0,0.01\nS1A,EW,HV,3.5,EW2,9,9\nS1B,EW,HH,3.5,EW2,9,9\nS1A,EW,HH,2.9,EW2,9,9\n"
                     "S1A,EW,HH,003.52,EW3,0.5,0\n")
    product = read_product(str(safe))
    assert balance_from_table(str(table), product, "HH") == {"EW1": (1.0, 0.01), "EW3": (0.5, 0.0)}
    channel = channel_of(safe)
    window = Window(40, 0, 20, 300)
    noise = noise_power(product.safe.read(product.channels["HH"].noise).decode(), window.slices) / surface(
        product.safe.read(product.channels["HH"].calibration).decode(), "calibrationVector", "sigmaNought",
        window.slices) ** 2
    channel.set_balance(balance_from_table(str(table), product, "HH"))
    values, _ = channel.read(window)
    channel.close()
    for name, first, last in swath_bounds("EW", 300):
        inside = slice(first, last + 1)
        expected = 0.05 - {"EW1": 0.01}.get(name, 0) + {"EW3": 0.5}.get(name, 0) * noise[:, inside]
        np.testing.assert_allclose(values[:, inside], expected, atol=5e-4)


@pytest.mark.parametrize(("text", "message"), [
    ("platform,mode\nS1A,EW\n", "lacks the columns.*processor"),
    ("platform,mode,polarisation,processor,swath,scaling,offset\nS1A,EW,HH,3.5,EW1,one,0\n", "line 2.*must be numbers"),
    ("platform,mode,polarisation,processor,swath,scaling,offset\nS1A,EW,HH,3.5,EW1\n", "line 2 has empty cells"),
    (None, "does not exist")])
def test_invalid_tables_are_reported(tmp_path, text, message):
    product = read_product(str(make_product(tmp_path, shape=(40, 60), polarisations=("HH",))))
    table = tmp_path / "table.csv"
    if text:
        table.write_text(text)
    with pytest.raises((UnsuitableInput, MissingInput), match=message):
        balance_from_table(str(table), product, "HH")


def test_the_supplied_table_is_readable_and_empty(tmp_path, root):
    product = read_product(str(make_product(tmp_path, shape=(40, 60), polarisations=("HH",))))
    assert balance_from_table(str(root / "resources" / "sentinel1" / "subswath_noise.csv"), product, "HH") == {}


def speckled(mean, looks, shape=(120, 130)):
    return (mean * np.random.default_rng(3).gamma(looks, 1 / looks, shape)).astype(np.float32)


@pytest.mark.parametrize("speckle_filter", [
    lambda *plane: lee(*plane, 7, 4.4), lambda *plane: refined_lee(*plane, 4.4)])
def test_speckle_filters_preserve_mean_and_edges(speckle_filter):
    power = speckled(0.1, 4.4)
    valid = np.ones(power.shape, bool)
    flat = speckle_filter(power, valid)
    inner = (slice(8, -8), slice(8, -8))
    assert flat[inner].mean() == pytest.approx(power[inner].mean(), rel=0.02)
    assert flat[inner].std() < 0.45 * power[inner].std()
    power[:, 65:] *= 30
    edge = speckle_filter(power, valid)
    assert edge[inner][:, :50].mean() == pytest.approx(0.1, rel=0.05)
    assert (edge[inner][:, 65 - 8] / edge[inner][:, 64 - 8]).mean() > 4


def test_lee_filter_equals_the_published_formula(tmp_path):
    power = speckled(0.2, 3.0, (30, 31))
    power[5, 5] = 4.0
    filtered = lee(power, np.ones(power.shape, bool), 5, 3.0)
    for row, column in ((5, 5), (6, 7), (15, 20)):
        window = power[row - 2:row + 3, column - 2:column + 3].astype(float)
        mean, variance = window.mean(), window.var()
        signal = max(variance - mean ** 2 / 3, 0) / (1 + 1 / 3)
        assert filtered[row, column] == pytest.approx(mean + signal / variance * (power[row, column] - mean), rel=1e-5)


def test_refined_lee_preserves_diagonal_edges_better_than_lee():
    expected = np.where(np.add.outer(np.arange(120), np.arange(130)) < 125, 0.05, 0.4)
    power = (expected * np.random.default_rng(4).gamma(4.4, 1 / 4.4, expected.shape)).astype(np.float32)
    valid = np.ones(power.shape, bool)
    near = np.abs(np.add.outer(np.arange(120), np.arange(130)) - 125) < 4
    near[:8], near[-8:] = False, False
    errors = [np.sqrt(np.mean((np.log(found) - np.log(expected))[near] ** 2))
              for found in (lee(power, valid, 7, 4.4), refined_lee(power, valid, 4.4))]
    assert errors[1] < 0.8 * errors[0]


def test_invalid_pixels_do_not_affect_filters_and_multilooking():
    power = speckled(0.1, 10.7)
    valid = np.ones(power.shape, bool)
    valid[40:60, 50:70] = False
    power[~valid] = 0
    for filtered in (lee(power, valid, 7, 10.7), refined_lee(power, valid, 10.7)):
        assert (filtered[~valid] == 0).all()
        assert filtered[valid].mean() == pytest.approx(0.1, rel=0.03)
        assert filtered[valid].min() > 0.03
    means, means_valid = multilook(power, valid, 2)
    assert (means_valid == valid[::2, ::2]).all()
    assert means[0, 0] == pytest.approx(power[:2, :2].mean())


def test_negative_power_is_kept_for_an_unbiased_mean(tmp_path):
    """Weak signal below the thermal noise: pixels become negative, the mean stays unbiased."""
    shape = (300, 400)
    safe = make_product(tmp_path, shape=shape, polarisations=("HV",))
    product = read_product(str(safe))
    channel = product.channels["HV"]
    texts = [product.safe.read(name).decode() for name in (channel.calibration, channel.noise)]
    power = simulated(np.full(shape, 5e-4), *texts, shape).astype(float) ** 2
    numbers = np.rint(np.sqrt(power * np.random.default_rng(5).gamma(10.7, 1 / 10.7, shape)))
    noisy = make_product(tmp_path / "noisy", shape=shape, polarisations=("HV",), numbers={"HV": numbers})
    values = channel_of(noisy, "HV", replace(DEFAULTS, border_noise_removal=False))
    found, _ = values.read(Window(0, 0, *shape))
    values.close()
    assert (found < 0).mean() > 0.2
    assert found.mean() == pytest.approx(5e-4, rel=0.05)
