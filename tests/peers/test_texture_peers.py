"""Textures compared with Orfeo ToolBox and GRASS, on noise and on a real Sentinel-1 chip."""

import numpy as np
import pytest

from floefield.compute.texture.grey_levels import EqualDistanceQuantiser
from floefield.compute.texture.texture_settings import DIRECTIONS, TextureSettings
from floefield.compute.texture.window_textures import WindowExtents, window_textures

from .. import fieldscene
from ..glcmcount import features_of
from ..realdata import TEXTURE
from .texturetools import GRASS_METHODS, grass_program, grass_textures, otb_program, otb_textures

LEVELS = 32
needs_otb = pytest.mark.skipif(not otb_program(), reason="Orfeo ToolBox is not installed")
needs_grass = pytest.mark.skipif(not grass_program(), reason="GRASS is not installed")


@pytest.fixture(params=["noise", "a real chip"])
def grey(request):
    """Grey levels without nodata."""
    if request.param == "noise":
        values = np.random.default_rng(1).normal(16, 7, (60, 70))
        return np.clip(values, 0, LEVELS - 1).astype(np.uint8)
    import rasterio

    with rasterio.open(next(TEXTURE.glob("*.tif"))) as chip:
        values = chip.read(1)[60:150, 90:190]
    assert (values > -90).all()
    return EqualDistanceQuantiser(-20, 0, LEVELS).quantise(values)


def floefield_textures(grey, features, angle, distance=1, window=9):
    """Return the features by name, without the border that is narrower than the window."""
    settings = TextureSettings(window=window, levels=LEVELS, angles=(angle,), distances=(distance,), features=features)
    extents = WindowExtents(*(np.full(size - window + 1, window) for size in grey.shape))
    return dict(zip(features, window_textures(grey, extents, settings)))


def inside(plane, window=9):
    return plane[window // 2:-(window // 2), window // 2:-(window // 2)]


@needs_grass
def test_textures_equal_grass(grey, tmp_path):
    path = fieldscene.write(tmp_path / "grey.tif", grey[None], ["grey"])
    expected_maps = grass_textures(path, tmp_path, 9, 2, separate=True)
    for angle in DIRECTIONS:
        found = floefield_textures(grey, tuple(GRASS_METHODS), angle, 2)
        # GRASS defines the correlation as 0 where all levels are equal
        varies = found["variance"] > 0
        assert varies.mean() > 0.99
        for name, plane in found.items():
            np.testing.assert_allclose(inside(expected_maps[name, angle])[varies], plane[varies], rtol=1e-4, atol=1e-4,
                                       err_msg=f"{name} {angle}")


def counts_beyond_the_window(grey, centre, offset, half=4):
    """Count pairs as Orfeo ToolBox does: the second pixel of a pair may lie outside the window."""
    row, column = centre
    counts = np.zeros((LEVELS, LEVELS), np.int64)
    for first in np.ndindex(2 * half + 1, 2 * half + 1):
        pixel = row - half + first[0], column - half + first[1]
        pair = grey[pixel], grey[pixel[0] + offset[0], pixel[1] + offset[1]]
        counts[pair] += 1
        counts[pair[::-1]] += 1
    return counts


@needs_otb
@pytest.mark.parametrize("angle", DIRECTIONS)
def test_textures_equal_orfeo_toolbox_except_for_pairs_across_the_window_border(grey, tmp_path, angle):
    path = fieldscene.write(tmp_path / "grey.tif", grey[None], ["grey"])
    expected_maps = otb_textures(path, tmp_path, LEVELS, 9, DIRECTIONS[angle])
    for centre in ((10, 10), (30, 40), (45, 21)):
        expected = features_of(counts_beyond_the_window(grey, centre, DIRECTIONS[angle]))
        for name, plane in expected_maps.items():
            assert plane[centre] == pytest.approx(expected[name], rel=1e-4, abs=1e-4), name
    for name, plane in floefield_textures(grey, tuple(expected_maps), angle).items():
        assert np.corrcoef(inside(expected_maps[name]).ravel(), plane.ravel())[0, 1] > 0.8, name
