"""Calibration and noise surfaces, compared with scipy's interpolation of the same real vectors."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from floefield.compute.raster.grid import Window
from floefield.compute.sentinel1.annotation import SwathPart, Vectors
from floefield.compute.sentinel1.backscatter_settings import BackscatterSettings
from floefield.compute.sentinel1.grd_product import read_product
from floefield.compute.sentinel1.radiometry import ChannelPower, VectorSurface, azimuth_factor, swath_values
from floefield.tests.realdata import SENTINEL1
from floefield.tests.sentinel1products import make_real_product, noise_power, surface

# Windows at sub-swath boundaries, at the first and last lines, and where vectors have few values.
WINDOWS = [(0, 0, 200, 300), (60, 3000, 120, 300), (300, 6900, 60, 500), (1300, 2990, 260, 200), (5000, 8900, 200, 120),
          (10600, 10300, 108, 187)]
REAL = ("ew_grdm_metadata/S1A_EW_*", "S1A_IW_*.SAFE")


def product_at(pattern, folder):
    source = next(SENTINEL1.glob(pattern))
    return read_product(str(make_real_product(folder, source)))


@pytest.mark.parametrize("pattern", REAL)
def test_noise_and_calibration_equal_scipy(tmp_path, pattern):
    product = product_at(pattern, tmp_path)
    for polarisation, channel in product.channels.items():
        texts = {kind: product.safe.read(name).decode() for kind, name in (
            ("calibration", channel.calibration), ("noise", channel.noise))}
        power = ChannelPower(product, polarisation, product.safe.path_of(channel.measurement), BackscatterSettings())
        calibration = VectorSurface(product.calibration(polarisation, "sigma0"), channel.annotation.shape[1])
        for row, col, height, width in WINDOWS:
            window = Window(row, col, height, width)
            np.testing.assert_allclose(calibration.values(window), surface(
                texts["calibration"], "calibrationVector", "sigmaNought", window.slices), rtol=1e-6)
            expected = noise_power(texts["noise"], window.slices)
            np.testing.assert_allclose(power.noise(window), expected, rtol=1e-6, atol=1e-6 * expected.max())
        power.close()


@pytest.mark.parametrize("pattern", REAL)
def test_the_values_of_the_vectors_are_reproduced(tmp_path, pattern):
    product = product_at(pattern, tmp_path)
    for polarisation, channel in product.channels.items():
        for name, element, value, vectors in (
                (channel.calibration, "calibrationVector", "gamma", product.calibration(polarisation, "gamma0")),
                (channel.noise, "noiseRangeVector", "noiseRangeLut", product.noise(polarisation).range_vectors)):
            interpolated = VectorSurface(vectors, channel.annotation.shape[1])
            for vector in list(ElementTree.fromstring(product.safe.read(name)).iter(element))[::9]:
                line = int(vector.findtext("line"))
                pixels, values = (np.array(vector.findtext(child).split(), float) for child in ("pixel", value))
                row = interpolated.values(Window(line, 0, 1, channel.annotation.shape[1]))[0]
                assert (row[pixels.astype(int)] == values.astype(np.float32)).all()


def test_a_surface_with_values_calculated_by_hand():
    vectors = Vectors(np.array([0, 4]), (np.array([0, 2]), np.array([0, 1, 2])),
                      (np.array([10.0, 30.0]), np.array([50.0, 80.0, 50.0])))
    assert VectorSurface(vectors, 4).values(Window(0, 0, 6, 4)).tolist() == [
        [10, 20, 30, 30], [20, 35, 35, 35], [30, 50, 40, 40], [40, 65, 45, 45], [50, 80, 50, 50], [50, 80, 50, 50]]
    single = Vectors(np.array([3]), (np.array([0, 2]),), (np.array([1.0, 3.0]),))
    assert VectorSurface(single, 3).values(Window(0, 1, 2, 2)).tolist() == [[2, 3], [2, 3]]


def test_parts_apply_to_their_rectangle_only():
    part = SwathPart("EW2", 2, 3, 1, 2, np.array([2, 4]), np.array([1.0, 3.0]))
    assert azimuth_factor([part], Window(1, 0, 3, 4)).tolist() == [[1, 1, 1, 1], [1, 1, 1, 1], [1, 2, 2, 1]]
    assert swath_values([part], {"EW2": 5.0}, Window(3, 2, 2, 2), 0.0).tolist() == [[5, 0], [0, 0]]
