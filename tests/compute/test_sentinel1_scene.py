"""Whole scenes: simulated backscatter is recovered at the right position."""

import subprocess
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.warp import transform

from floefield.compute.errors import UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.raster.area_of_interest import Area
from floefield.compute.raster.grid import Window
from floefield.compute.sentinel1.backscatter_settings import BackscatterSettings
from floefield.compute.sentinel1.geocoding import write_scene
from floefield.compute.sentinel1.geolocation_grid import Geolocation
from floefield.compute.sentinel1.grd_product import read_product
from floefield.compute.sentinel1.radiometry import ChannelPower

from ..realdata import SENTINEL1
from ..sentinel1products import (
    control_points,
    default_sigma0,
    ground,
    make_product,
    make_real_product,
    noise_power,
    surface,
    write_image,
)

CORNER, HEADING = (-10.0, 80.0), -160.0
PLAIN = BackscatterSettings(angle_correction=False, border_noise_removal=False, multilook=1, min_backscatter=-100.0)


def settings(epsg, **changes):
    return replace(PLAIN, crs=CRS.from_epsg(epsg).to_wkt(), **changes)


def written(safe, path, chosen, **options):
    write_scene(read_product(str(safe)), str(path), chosen, Progress(), **options)
    with rasterio.open(path) as file:
        return file.read(), SimpleNamespace(crs=file.crs, transform=file.transform, bounds=file.bounds,
                                            names=file.descriptions)


def interpolated_at(values, file, longitudes, latitudes):
    """Interpolate a raster bilinearly at geographic coordinates, with scipy."""
    from scipy.ndimage import map_coordinates

    x, y = transform("EPSG:4326", file.crs, np.ravel(longitudes), np.ravel(latitudes))
    columns, rows = ~file.transform * (np.array(x), np.array(y))
    return map_coordinates(values, [rows - 0.5, columns - 0.5], order=1, cval=np.nan).reshape(np.shape(longitudes))


@pytest.mark.parametrize("epsg", [3413, 32626])
def test_simulated_backscatter_is_recovered(tmp_path, epsg):
    shape = (300, 400)
    values, file = written(make_product(tmp_path, shape=shape), tmp_path / "scene.tif", settings(epsg, pixel_size=20))
    assert file.names == ("sigma0_HH_dB", "sigma0_HV_dB", "incidence_angle")
    lines, pixels = (positions[5:-5:3, 5:-5:3] for positions in np.indices(shape))
    for band, polarisation in enumerate(("HH", "HV")):
        found = interpolated_at(values[band], file, *ground(lines, pixels, CORNER, HEADING, 40.0))
        expected = 10 * np.log10(default_sigma0(shape, polarisation)[5:-5:3, 5:-5:3])
        assert abs(np.mean(found - expected)) < 0.01
        assert np.abs(found - expected).max() < 0.25
    angles = interpolated_at(values[2], file, *ground(lines, pixels, CORNER, HEADING, 40.0))
    np.testing.assert_allclose(angles, 19 + 28 * pixels / 400, atol=0.01)


@pytest.mark.parametrize("pattern", ["ew_grdm_metadata/S1A_EW_*", "S1A_IW_*.SAFE"])
def test_backscatter_is_recovered_with_real_calibration_and_noise(tmp_path, pattern):
    """A strip across all sub-swaths with simulated noise."""
    source = next(SENTINEL1.glob(pattern))
    is_extra_wide = "_EW_" in source.name
    line = 5000
    strip = slice(line, line + 96), slice(0, 10487 if is_extra_wide else 26144)
    level = {"HH": 0.05, "HV": 0.008, "VV": 0.05, "VH": 0.012}
    safe = make_real_product(tmp_path, source, [strip], lambda polarisation, lines, pixels: (
        level[polarisation] * (1 + 0.3 * np.sin(pixels / 900)) + 0 * lines))
    product = read_product(str(safe))
    for polarisation, channel in product.channels.items():
        power = ChannelPower(product, polarisation, str(safe / channel.measurement), PLAIN)
        found, valid = power.read(Window(line, 0, 96, strip[1].stop))
        power.close()
        assert valid.all()
        pixels = np.arange(strip[1].stop)
        expected = level[polarisation] * (1 + 0.3 * np.sin(pixels / 900))
        noise = noise_power(safe.joinpath(channel.noise).read_text(), strip) / surface(
            safe.joinpath(channel.calibration).read_text(), "calibrationVector", "sigmaNought", strip) ** 2
        strong = expected > 2 * noise.mean(axis=0)
        assert strong.mean() > 0.5
        error = 10 * np.log10(found.mean(axis=0) / expected)
        assert abs(error[strong].mean()) < 0.05
        for part in channel.annotation.swaths:
            if part.first_line <= line <= part.last_line and part.first_pixel:
                step = error[part.first_pixel:part.first_pixel + 60].mean() - error[
                    part.first_pixel - 60:part.first_pixel].mean()
                assert abs(step) < 0.1, part.swath


def test_no_steps_between_sub_swaths_after_geocoding_of_a_real_product(tmp_path):
    """Real calibration and noise, speckle, all steps up to geocoding; first two sub-swath boundaries of EW."""
    source = next(SENTINEL1.glob("ew_grdm_metadata/S1A_EW_*"))
    part = slice(5000, 5300), slice(2700, 5400)
    generator = np.random.default_rng(6)
    safe = make_real_product(tmp_path, source, [part], lambda polarisation, lines, pixels: 0.02 + 0 * (lines + pixels))
    image = safe / "measurement" / "ew-hv.tiff"
    with rasterio.open(image, "r+") as file:
        window = ((part[0].start, part[0].stop), (part[1].start, part[1].stop))
        numbers = file.read(1, window=window)
        speckle = np.sqrt(generator.gamma(10.7, 1 / 10.7, numbers.shape))
        file.write(np.rint(numbers * speckle).astype(np.uint16), 1, window=window)
    product = read_product(str(safe))
    geolocation = Geolocation(product.annotation.grid)
    corners = geolocation.to_lonlat(np.array([5010, 5010, 5290, 5290]), np.array([2710, 5390, 2710, 5390]))
    area = Area(({"type": "MultiPoint", "coordinates": list(zip(*map(list, corners)))},),
                CRS.from_epsg(4326).to_wkt())
    chosen = settings(3413, polarisations=("HV",), scale="linear", border_noise_removal=True)
    values, file = written(safe, tmp_path / "scene.tif", chosen, area=area)
    rows, columns = np.nonzero(np.isfinite(values[0]))
    x, y = file.transform * (columns + 0.5, rows + 0.5)
    lines, pixels = geolocation.to_image(*transform(file.crs, "EPSG:4326", x, y))
    found = values[0][rows, columns]
    kept = (lines > 5003) & (lines < 5297) & (pixels > 2703) & (pixels < 5397)
    assert kept.sum() > 0.8 * 300 * 2700 * 0.94
    assert abs(10 * np.log10(found[kept].mean() / 0.02)) < 0.05
    for boundary in (3111.5, 5012.5):
        left, right = (found[kept & (pixels > low) & (pixels < low + 100)].mean() for low in (boundary - 100, boundary))
        assert abs(10 * np.log10(right / left)) < 0.1


def test_a_checkerboard_is_geocoded_as_by_gdal(tmp_path):
    """Compared with gdalwarp -tps and the same control points; GDAL's pixel centres are at (0.5, 0.5)."""
    shape, size = (400, 500), 25
    lines, pixels = np.indices(shape)
    board = np.where((lines // size + pixels // size) % 2, 900, 300)
    safe = make_product(tmp_path, shape=shape, numbers={"HH": board}, polarisations=("HH",))
    values, file = written(safe, tmp_path / "scene.tif", settings(3413, noise_removal="none", scale="linear"))
    image = tmp_path / "amplitude.tif"
    write_image(image, board.astype(float) ** 2 / 100, control_points(shape, CORNER, HEADING, 40.0))
    subprocess.run(["gdalwarp", "-q", "-tps", "-r", "near", "-t_srs", "EPSG:3413", "-te", *map(str, file.bounds), "-tr",
                    "40", "40", "-et", "0", str(image), str(tmp_path / "gdal.tif")], check=True)
    with rasterio.open(tmp_path / "gdal.tif") as warped:
        gdal_values = warped.read(1)
    both = (gdal_values > 0) & np.isfinite(values[0])
    assert both.mean() > 0.5
    # backscatter of a white square is nine times that of a black one, at any incidence angle
    angle = np.radians(values[1])
    linear = values[0] * 1087 ** 2 / np.sin(angle)
    same = (linear > 450000) == (gdal_values > 4500)
    edges = 2 * both.sum() / size
    assert (both & ~same).sum() < 0.15 * edges


def test_a_checkerboard_is_geocoded_at_its_true_position(tmp_path):
    shape, size = (300, 400), 20
    lines, pixels = np.indices(shape)
    board = np.where((lines // size + pixels // size) % 2, 0.2, 0.05)
    safe = make_product(tmp_path, {"HH": board}, shape, polarisations=("HH",))
    values, file = written(safe, tmp_path / "scene.tif", settings(3413, pixel_size=10, scale="linear"))
    centres = np.meshgrid(np.arange(size // 2, shape[0], size), np.arange(size // 2, shape[1], size), indexing="ij")
    found = interpolated_at(values[0], file, *ground(*centres, CORNER, HEADING, 40.0))
    np.testing.assert_allclose(found, board[tuple(centres)], rtol=0.02)
    # An edge is half-way between its squares to a tenth of a pixel: 10 % of the contrast.
    edge = interpolated_at(values[0], file, *ground(centres[0][:, 1:], centres[1][:, 1:] - size / 2 - 0.5, CORNER,
                                                    HEADING, 40.0))
    assert np.abs(edge - 0.125).max() < 0.015


@pytest.mark.parametrize(("corner", "heading", "epsg", "width"), [
    ((179.9, 71.0), -165.0, 3413, None), ((179.9, 71.0), -165.0, 4326, 1.5), ((100.0, 89.97), 20.0, 3413, None),
    ((30.0, -89.97), 20.0, 3031, None), ((-179.95, 65.0), -15.0, 32601, None)])
def test_scenes_over_a_pole_and_across_180_degrees(tmp_path, corner, heading, epsg, width):
    shape = (240, 320)
    safe = make_product(tmp_path, shape=shape, corner=corner, heading=heading, polarisations=("HH",))
    values, file = written(safe, tmp_path / "scene.tif", settings(epsg, noise_removal="full"))
    assert np.isfinite(values[0]).sum() > 0.9 * shape[0] * shape[1] * (0.3 if epsg == 4326 else 1)
    lines, pixels = (positions[8:-8:5, 8:-8:5] for positions in np.indices(shape))
    longitudes, latitudes = ground(lines, pixels, corner, heading, 40.0)
    if epsg == 4326:
        assert file.bounds.right - file.bounds.left < width
        longitudes = file.bounds.left + np.mod(longitudes - file.bounds.left, 360)
        columns, rows = ~file.transform * (longitudes.ravel(), latitudes.ravel())
        found = values[0][rows.astype(int), columns.astype(int)].reshape(longitudes.shape)
    else:
        found = interpolated_at(values[0], file, longitudes, latitudes)
    expected = 10 * np.log10(default_sigma0(shape, "HH")[8:-8:5, 8:-8:5])
    assert np.abs(np.median(found - expected)) < 0.02
    assert np.abs(found - expected).max() < 0.5


def test_a_crs_that_does_not_cover_the_scene_is_rejected(tmp_path):
    over_the_pole = make_product(tmp_path / "pole", corner=(100.0, 89.97), heading=20.0)
    with pytest.raises(UnsuitableInput, match=r"around a pole.*EPSG:3413"):
        written(over_the_pole, tmp_path / "scene.tif", settings(4326))
    from_the_south = CRS.from_string("+proj=ortho +lat_0=-90 +datum=WGS84").to_wkt()
    with pytest.raises(UnsuitableInput, match=r"latitude 89.9, lies outside the domain.*EPSG:3413"):
        written(over_the_pole, tmp_path / "scene.tif", replace(PLAIN, crs=from_the_south))
    assert not (tmp_path / "scene.tif").exists()


def test_a_pixel_size_in_wrong_units_is_rejected(tmp_path):
    with pytest.raises(UnsuitableInput, match=r"40 is larger than the scene.*degrees"):
        written(make_product(tmp_path), tmp_path / "scene.tif", settings(4326, pixel_size=40))


class Listener(Progress):
    def __init__(self):
        self.messages = []

    def say(self, text):
        self.messages.append(text)

    warn = say


def test_noise_is_not_removed_twice(tmp_path):
    safe = make_product(tmp_path, polarisations=("HH",))
    before, _ = written(safe, tmp_path / "before.tif", settings(3413, noise_removal="none"))
    for path in safe.glob("annotation/*.xml"):
        path.write_text(path.read_text().replace("<imageAnnotation>", "<imageAnnotation><processingInformation><"
                        "thermalNoiseCorrectionPerformed>true</thermalNoiseCorrectionPerformed></processingInformation>"))
    listener = Listener()
    write_scene(read_product(str(safe)), str(tmp_path / "after.tif"), settings(3413), listener)
    with rasterio.open(tmp_path / "after.tif") as file:
        np.testing.assert_array_equal(file.read(), before)
    assert "not removed again" in listener.messages[0]


def test_unreliable_noise_of_old_ipf_versions_is_reported(tmp_path):
    listener = Listener()
    write_scene(read_product(str(make_product(tmp_path, processor="002.36", old_noise=True))),
                str(tmp_path / "scene.tif"), settings(3413), listener)
    assert "IPF 002.36" in listener.messages[0]


def test_an_area_of_interest_has_the_same_pixels_as_the_whole_scene(tmp_path):
    safe = make_product(tmp_path)
    whole, file = written(safe, tmp_path / "whole.tif", settings(3413))
    west, _, _, north = file.bounds
    x, y = west + 4000, north - 4000
    ring = [(x + 10, y - 10), (x + 1990, y - 10), (x + 1990, y - 1190), (x + 10, y - 1190), (x + 10, y - 10)]
    area = Area(({"type": "Polygon", "coordinates": [ring]},), CRS.from_epsg(3413).to_wkt())
    part, _ = written(safe, tmp_path / "part.tif", settings(3413), area=area)
    np.testing.assert_allclose(part, whole[:, 100:130, 100:150], atol=1e-4)


def test_land_is_masked(tmp_path):
    safe = make_product(tmp_path)
    whole, file = written(safe, tmp_path / "whole.tif", settings(3413))
    west, _, _, north = file.bounds
    x, y = west + 4000, north - 4000
    island = {"type": "Polygon", "coordinates": [[(x, y), (x + 2000, y), (x + 2000, y - 1200), (x, y - 1200), (x, y)]]}
    masked, _ = written(safe, tmp_path / "masked.tif", settings(3413), land=lambda projected: [island])
    lost = np.isnan(masked[0]) & np.isfinite(whole[0])
    rows, columns = np.nonzero(lost)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (100, 129, 100, 149)
    assert lost.sum() == 30 * 50


def test_zero_is_nodata_and_does_not_affect_neighbours(tmp_path):
    numbers = np.full((200, 240), 500)
    numbers[90:110, 100:130] = 0
    numbers[:, :20] = 0
    safe = make_product(tmp_path, shape=numbers.shape, numbers={"HH": numbers}, polarisations=("HH",))
    values, _ = written(safe, tmp_path / "scene.tif", settings(3413, noise_removal="none", calibration="beta0",
                                                              scale="linear"))
    valid = values[0][np.isfinite(values[0])]
    np.testing.assert_allclose(valid, (500 / 1087) ** 2, rtol=0.01)
    full = make_product(tmp_path / "full", shape=numbers.shape, polarisations=("HH",))
    whole, _ = written(full, tmp_path / "full.tif", settings(3413))
    assert valid.size / np.isfinite(whole[0]).sum() == pytest.approx((numbers > 0).mean(), abs=0.003)
