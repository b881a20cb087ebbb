"""Image positions to geographic coordinates and back: real grids, over a pole, and across 180 degrees."""

from dataclasses import replace

import numpy as np
import pytest

from floefield.compute.sentinel1.annotation import GeolocationGrid
from floefield.compute.sentinel1.geolocation_grid import Geolocation, at_sea_level
from floefield.compute.sentinel1.grd_product import read_product

from ..realdata import SENTINEL1
from ..sentinel1products import ground

SHAPE, NODES = (8000, 9000), 17
CORNERS = {"Greenland Sea": ((-10.0, 80.0), -160.0), "over the north pole": ((20.0, 88.5), 10.0),
           "over the south pole": ((100.0, -88.9), 170.0), "across 180 degrees": ((179.0, 71.0), -165.0),
           "on the equator": ((0.0, 1.0), -170.0)}


def grid_of(corner, heading, nodes=NODES):
    lines, pixels = (np.linspace(0, size - 1, nodes).astype(int) for size in SHAPE)
    longitudes, latitudes = ground(lines[:, None], pixels[None, :], corner, heading, 40.0)
    return GeolocationGrid(lines, pixels, latitudes, longitudes, 19 + 28 * pixels / SHAPE[1] + 0 * lines[:, None],
                           np.zeros((nodes, nodes)))


@pytest.mark.parametrize("pattern", ["ew_grdm_metadata/S1A_EW_*", "S1A_IW_*.SAFE"])
def test_the_points_of_a_real_grid_are_reproduced(pattern):
    grid = read_product(str(next(SENTINEL1.glob(pattern)))).annotation.grid
    geolocation = Geolocation(grid)
    expected = np.meshgrid(grid.lines, grid.pixels, indexing="ij")
    np.testing.assert_allclose(geolocation.to_image(grid.longitudes, grid.latitudes), expected, atol=1e-3)
    np.testing.assert_allclose(geolocation.to_lonlat(*expected), [grid.longitudes, grid.latitudes], atol=1e-9)
    np.testing.assert_allclose(geolocation.incidence_angle(*expected), grid.incidence_angles, atol=1e-9)


@pytest.mark.parametrize("region", CORNERS)
def test_positions_between_the_points_and_back_in_any_region(region):
    geolocation = Geolocation(grid_of(*CORNERS[region]))
    generator = np.random.default_rng(1)
    lines, pixels = (generator.uniform(-0.5, size - 0.5, 5000) for size in SHAPE)
    longitudes, latitudes = ground(lines, pixels, *CORNERS[region], 40.0)
    found = geolocation.to_image(longitudes, latitudes)
    np.testing.assert_allclose(found, [lines, pixels], atol=0.01)
    back = geolocation.to_lonlat(lines, pixels)
    assert np.abs(back[1] - latitudes).max() < 1e-6
    assert np.abs(np.mod(back[0] - longitudes + 180, 360) - 180).max() * np.cos(np.radians(latitudes)).max() < 1e-5


def test_distant_coordinates_have_no_image_position():
    geolocation = Geolocation(grid_of(*CORNERS["Greenland Sea"]))
    for longitude, latitude in ((170.0, -80.0), (-10.0, 20.0), (90.0, 70.0), (np.nan, 80.0)):
        assert np.isnan(geolocation.to_image(np.array([longitude]), np.array([latitude]))).all()


def test_a_grid_of_four_points_is_sufficient():
    grid = grid_of(*CORNERS["Greenland Sea"], nodes=2)
    lines, pixels = Geolocation(grid).to_image(grid.longitudes, grid.latitudes)
    np.testing.assert_allclose(lines, [[0, 0], [7999, 7999]], atol=1e-3)
    np.testing.assert_allclose(pixels, [[0, 8999], [0, 8999]], atol=1e-3)


def test_sea_level_correction_smooths_a_real_grid_over_mountains():
    """Every second grid point predicts the points between, unless terrain heights shift them."""
    grid = read_product(str(next(SENTINEL1.glob("ew_grdm_metadata/S1A_EW_*")))).annotation.grid
    lines, pixels = np.meshgrid(grid.lines, grid.pixels, indexing="ij")
    errors = {}
    for name, points in (("grid", grid), ("sea", at_sea_level(grid))):
        half = replace(points, lines=points.lines[::2], pixels=points.pixels[::2], **{
            field: getattr(points, field)[::2, ::2] for field in ("latitudes", "longitudes", "incidence_angles",
                                                                  "heights")})
        found = Geolocation(half).to_image(points.longitudes, points.latitudes)
        errors[name] = np.abs(found[1] - pixels)[:-1, :-1].max()
        at_sea = points.heights < 1
        assert np.abs(found[0] - lines)[at_sea].max() < 0.1
    assert errors["grid"] > 10 > 4 > errors["sea"]
