"""Texture rasters: blocks, image borders, output step, nodata, band names, messages."""

import dataclasses

import numpy as np
import pytest

from floefield.compute.errors import MissingInput, UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.texture import numpy_windows, texture_raster
from floefield.compute.texture.texture_raster import write_textures
from floefield.compute.texture.texture_settings import DIRECTIONS, FEATURES, TextureSettings

from .. import fieldscene
from ..glcmcount import features_of, symmetric_counts


class Listener(Progress):
    def __init__(self):
        self.messages, self.warnings = [], []

    def say(self, text):
        self.messages.append(text)

    def warn(self, text):
        self.warnings.append(text)


def backscatter(shape=(2, 70, 90), seed=1):
    """HH and HV in dB."""
    generator = np.random.default_rng(seed)
    values = generator.normal(-15, 5, shape)
    values[1:] -= 6
    return values.astype(np.float32)


def write(path, values, names=("HH", "HV"), **options):
    return fieldscene.write(path, values, names[:len(values)], **options)


def textures_of(path, output, settings, bands=(), progress=None):
    """Write textures and return the bands by name."""
    import rasterio

    write_textures(path, str(output), bands, settings, progress or Progress())
    with rasterio.open(output) as raster:
        assert np.isnan(raster.nodata)
        return dict(zip(raster.descriptions, raster.read()))


def levels_of(values, value_range, levels):
    lowest, highest = value_range
    return np.clip(np.floor((values.astype(float) - lowest) / (highest - lowest) * levels), 0, levels - 1)


def expected(grey, centre, settings, name, offsets):
    """Return a feature of the clipped window around a pixel, from the pairs counted one by one."""
    half = settings.window // 2
    row, column = centre
    window = grey[max(0, row - half):row + half + 1, max(0, column - half):column + half + 1]
    return features_of(symmetric_counts(window, offsets, settings.levels))[name]


def test_features_with_published_ranges_and_clipped_windows(tmp_path):
    values = backscatter()
    settings = TextureSettings(window=15, levels=64, features=("contrast", "entropy"), angle_mode="pooled")
    found = textures_of(write(tmp_path / "in.tif", values), tmp_path / "out.tif", settings)
    assert list(found) == ["HH_contrast", "HH_entropy", "HV_contrast", "HV_entropy"]
    for band, value_range in ((0, (-36, 2)), (1, (-35, -7))):
        grey = levels_of(values[band], value_range, 64)
        for name in settings.features:
            plane = found[f"{('HH', 'HV')[band]}_{name}"]
            for centre in ((0, 0), (0, 89), (69, 3), (35, 40), (5, 88)):
                assert plane[centre] == pytest.approx(
                    expected(grey, centre, settings, name, DIRECTIONS.values()), rel=1e-6)


def test_the_result_does_not_depend_on_the_blocks(tmp_path, monkeypatch):
    path = write(tmp_path / "in.tif", backscatter((2, 300, 330)))
    settings = TextureSettings(window=11, features=FEATURES, distances=(2,), edges="nodata")
    whole = textures_of(path, tmp_path / "whole.tif", settings)
    monkeypatch.setattr(texture_raster, "BLOCK_ROWS", 64)
    monkeypatch.setattr(texture_raster, "BLOCK_COLUMNS", 96)
    monkeypatch.setattr(texture_raster, "PIXELS_AT_ONCE", 3000)
    parts = textures_of(path, tmp_path / "parts.tif", dataclasses.replace(settings, threads=2))
    for name, plane in whole.items():
        np.testing.assert_array_equal(parts[name], plane, err_msg=name)
        assert np.isnan(plane[:5]).all()
        assert np.isnan(plane[:, -5:]).all()
        assert np.isfinite(plane[5:-5, 5:-5]).all()


@pytest.mark.parametrize(("step", "window"), [(25, 25), (25, 9), (4, 9), (3, 7), (2, 3)])
def test_an_output_step_has_the_values_at_the_cell_centres(tmp_path, step, window):
    import rasterio

    values = backscatter((1, 130, 141))
    settings = TextureSettings(window=window, step=step, angles=("0",), features=("entropy",), min_valid_fraction=0.0)
    path = write(tmp_path / "in.tif", values)
    found = textures_of(path, tmp_path / "out.tif", settings)["HH_entropy"]
    with rasterio.open(tmp_path / "out.tif") as cells, rasterio.open(path) as image:
        assert cells.transform == image.transform @ rasterio.Affine.scale(step) if hasattr(
            rasterio.Affine, "__matmul__") else image.transform * rasterio.Affine.scale(step)
        assert cells.crs == image.crs
    assert found.shape == tuple(-(-(size - step // 2) // step) for size in (130, 141))
    grey = levels_of(values[0], (-36, 2), 32)
    for row, column in ((0, 0), (1, 2), (found.shape[0] - 1, found.shape[1] - 1)):
        centre = row * step + step // 2, column * step + step // 2
        assert found[row, column] == pytest.approx(expected(grey, centre, settings, "entropy", [(0, 1)]), rel=1e-6)


def test_invalid_pixels_are_ignored_and_large_gaps_are_nodata(tmp_path):
    values = backscatter((1, 60, 60))
    values[0, 10:40, 10:40] = -99
    path = write(tmp_path / "in.tif", values, nodata=-99)
    settings = TextureSettings(angles=("90",), features=("dissimilarity",))
    found = textures_of(path, tmp_path / "out.tif", settings)["HH_dissimilarity"]
    assert np.isnan(found[14:36, 14:36]).all()
    grey = np.where(values[0] == -99, 32, levels_of(values[0], (-36, 2), 32))
    assert found[8, 8] == pytest.approx(expected(grey, (8, 8), settings, "dissimilarity", [(-1, 0)]), rel=1e-6)
    # a window with five invalid rows has 27 of 72 pairs, fewer than half
    assert np.isnan(found[10, 25])
    assert np.isfinite(found[9, 25])


@pytest.mark.parametrize("quantisation", ["equal_distance", "equal_probability"])
def test_grey_levels_from_the_range_or_quantiles_of_the_scene(tmp_path, quantisation):
    values = backscatter((1, 60, 60))
    settings = TextureSettings(window=5, levels=8, quantisation=quantisation, angles=("0",), features=("mean",))
    found = textures_of(write(tmp_path / "in.tif", values, ["anything"]), tmp_path / "out.tif", settings)
    ordered = np.sort(values.ravel())
    grey = levels_of(values[0], (ordered[0], ordered[-1]), 8) if quantisation == "equal_distance" else np.searchsorted(
        ordered[[3600 * k // 8 for k in range(1, 8)]], values[0], side="right")
    assert found["anything_mean"][30, 30] == pytest.approx(expected(grey, (30, 30), settings, "mean", [(0, 1)]))


def test_bands_are_selected_by_name_or_number_and_tags_are_copied(tmp_path):
    import rasterio

    path = write(tmp_path / "in.tif", backscatter((3, 40, 40)), ("HH", "HV", "angle"), scale=0.5,
                 tags={"ACQUISITION_DATE": "2022-11-30", "SYNTHETIC": "YES"})
    settings = TextureSettings(features=("asm", "energy"), angle_mode="separate", angles=("0", "90"), distances=(1, 2))
    assert len(textures_of(path, tmp_path / "out.tif", settings, ["2"])) == 8
    assert len(textures_of(path, tmp_path / "out.tif", settings, ["HV", "2", "1"])) == 16
    with rasterio.open(tmp_path / "out.tif") as raster:
        assert raster.descriptions[:3] == ("HV_asm_d1_0", "HV_energy_d1_0", "HV_asm_d1_90")
        assert raster.tags()["ACQUISITION_DATE"] == "2022-11-30"
        assert raster.tags()["SYNTHETIC"] == "YES"
        assert raster.tags()["TEXTURE_WINDOW"] == "9"
        assert raster.tags(1)["SOURCE_BAND"] == "HV"
        assert raster.tags(1)["GREY_LEVELS"] == "-35 to -7"
    listener = Listener()
    assert len(textures_of(path, tmp_path / "out.tif", settings, progress=listener)) == 16
    assert "Bands skipped because their names contain no polarisation: angle." in listener.messages
    with pytest.raises(MissingInput, match=r"has no band VV\. Choose among HH, HV, angle, or numbers from 1 to 3"):
        textures_of(path, tmp_path / "out.tif", settings, ["VV"])


def test_the_range_applies_to_physical_values(tmp_path):
    values = backscatter((1, 40, 40))
    stored = np.rint(values * 100).astype(np.int16)
    settings = TextureSettings(window=5, angles=("0",), features=("mean",))
    plain_file = textures_of(write(tmp_path / "a.tif", np.float32(stored) * np.float32(0.01)), tmp_path / "x.tif",
                             settings)
    scaled_file = textures_of(write(tmp_path / "b.tif", stored, scale=0.01), tmp_path / "y.tif", settings)
    np.testing.assert_allclose(scaled_file["HH_mean"], plain_file["HH_mean"], atol=0.05)


def test_unsuitable_ranges_and_empty_images_are_reported(tmp_path):
    linear = write(tmp_path / "linear.tif", 10 ** (backscatter((1, 40, 40)) / 10))
    constant = write(tmp_path / "constant.tif", np.full((1, 40, 40), -12.0))
    empty = write(tmp_path / "empty.tif", np.full((1, 40, 40), -99.0), nodata=-99)
    outside = Listener()
    textures_of(write(tmp_path / "low.tif", backscatter((1, 40, 40)) - 30), tmp_path / "out.tif", TextureSettings(),
                progress=outside)
    assert "of the pixels of HH lie outside the range -36 to 2" in outside.warnings[0]
    flat_image = Listener()
    flat = textures_of(constant, tmp_path / "out.tif", TextureSettings(quantisation="equal_distance"),
                       progress=flat_image)
    assert flat_image.warnings == ["HH has no texture: all values are -12."]
    assert (flat["HH_contrast"] == 0).all()
    assert (flat["HH_asm"] == 1).all()
    empty_image = Listener()
    result = textures_of(empty, tmp_path / "out.tif", TextureSettings(), progress=empty_image)
    assert np.isnan(result["HH_entropy"]).all()
    assert "The output has no valid pixel" in empty_image.warnings[0]
    linear_image = Listener()
    textures_of(linear, tmp_path / "out.tif", TextureSettings(), progress=linear_image)
    assert "HH uses only 1 of the 32 grey levels" in linear_image.warnings[0]


@pytest.mark.parametrize(("changes", "message"), [
    ({"window": 41}, "The window of 41 x 41 pixels is larger than the image (40 x 40 pixels)"),
    ({"window": 8}, "WINDOW is 8; it must be an odd number"),
    ({"distances": (1, 9)}, "The distance 9 does not fit into a window of 9 pixels"),
    ({"distances": ()}, "DISTANCES must contain positive integers"),
    ({"levels": 4}, "LEVELS is 4; it must be 8 to 128"),
    ({"value_range": (2.0, 2.0)}, "RANGE is 2 to 2; the minimum must be smaller than the maximum"),
    ({"step": 100}, "STEP is 100 pixels, too large for an image of 40 x 40 pixels"),
    ({"angles": ()}, "ANGLES is empty"), ({"features": ()}, "FEATURES is empty")])
def test_invalid_settings_are_rejected(tmp_path, changes, message):
    import re

    path = write(tmp_path / "in.tif", backscatter((1, 40, 40)))
    with pytest.raises(UnsuitableInput, match=re.escape(message)):
        write_textures(path, str(tmp_path / "out.tif"), (), dataclasses.replace(TextureSettings(), **changes),
                       Progress(), numpy_windows)
    assert not (tmp_path / "out.tif").exists()
