"""Sample kind seaice: valid Sentinel-1 products, charts without gaps, ice growth."""

import re
import zipfile
from datetime import date

import numpy as np
import pytest

from floefield.compute.progress import Progress
from floefield.compute.sampledata import seaice_world, sentinel1_imaging
from floefield.compute.sampledata.overpasses import chart_days, plan_passes
from floefield.compute.sampledata.plane_polygons import area
from floefield.compute.sampledata.sample import SampleSettings
from floefield.compute.sampledata.sample_kinds import create_sample
from floefield.compute.sampledata.seaice_charts import CHART_CRS, create_chart
from floefield.compute.sampledata.seaice_world import create_world

SMALL = SampleSettings(seed=3, size=120, date_count=2)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    return folder, create_sample("seaice", str(folder), SMALL, Progress())


@pytest.fixture(scope="module")
def product(small):
    return next((small[0] / "sentinel1").glob("*.SAFE"))


def texts(product, part, element):
    path = next(product.glob(part))
    return [match.split() for match in re.findall(rf"<{element}[^>]*>([^<]*)</{element}>", path.read_text())]


def test_the_first_product_is_zipped_and_the_others_are_folders(small):
    folder, sample = small
    assert [name.rpartition(".")[2] for name in sample.products] == ["zip", "SAFE"]
    with zipfile.ZipFile(folder / "sentinel1" / sample.products[0]) as archive:
        names = archive.namelist()
    assert sample.products[0].replace(".zip", ".SAFE/manifest.safe") in names
    assert {name.split("/")[1] for name in names} == {"manifest.safe", "annotation", "measurement"}


def test_gdal_opens_the_product_with_its_control_points(product):
    gdal = pytest.importorskip("osgeo.gdal")
    image = gdal.Open(str(product / "manifest.safe"))
    assert image.GetDriver().ShortName == "SAFE"
    assert (image.RasterXSize, image.RasterYSize) == (120, 120)
    grid = zip(*(map(float, next(zip(*texts(product, "annotation/*hh*.xml", element))))
                 for element in ("pixel", "line", "longitude", "latitude")))
    found = [(point.GCPPixel, point.GCPLine, point.GCPX, point.GCPY) for point in image.GetGCPs()]
    assert found == [pytest.approx(point) for point in grid]


def test_pixels_are_forty_metres_apart(product):
    from rasterio.warp import transform

    pixel, line, longitude, latitude = (np.array(next(zip(*texts(product, "annotation/*hh*.xml", element))), float)
                                        for element in ("pixel", "line", "longitude", "latitude"))
    east, north = map(np.array, transform("EPSG:4326", "EPSG:32626", longitude, latitude))
    corners = [np.flatnonzero((pixel == column) & (line == row))[0] for row, column in ((0, 0), (0, 119), (119, 0))]
    for corner in corners[1:]:
        assert np.hypot(east[corner] - east[corners[0]], north[corner] - north[corners[0]]) == pytest.approx(119 * 40)


def test_calibration_tables_are_consistent_with_the_incidence_angle(product):
    pixels, sigma, beta = (np.array(texts(product, "annotation/calibration/calibration*hv*.xml", element)[0], float)
                           for element in ("pixel", "sigmaNought", "betaNought"))
    angles = np.radians(sentinel1_imaging.incidence_angles(120)[pixels.astype(int)])
    # By definition sigma nought is beta nought times the sine of the incidence angle.
    np.testing.assert_allclose((beta / sigma) ** 2, np.sin(angles), rtol=1e-5)


def test_the_incidence_angle_increases_across_the_swath_as_in_real_products():
    angles = sentinel1_imaging.incidence_angles(10487)
    # Grid points of the geolocation grid of a real EW scene (Kara Sea, 2022-11-30).
    real = {0: 18.88, 2100: 25.50, 5250: 34.39, 7875: 40.80, 10486: 46.36}
    assert max(abs(angles[column] - angle) for column, angle in real.items()) < 0.5


def test_noise_steps_between_sub_swaths_remain_after_the_annotated_noise_is_removed():
    rng = np.random.default_rng(0)
    constants = sentinel1_imaging.calibration_constants(600)
    amplitudes = sentinel1_imaging.digital_numbers(np.zeros((400, 600)), "HV", constants, rng) / constants
    power = (amplitudes ** 2 / sentinel1_imaging.scalloping(np.arange(400))[:, None]).mean(axis=0)
    residual = power / sentinel1_imaging.noise_floor("HV", 600)
    by_swath = [residual[first:last + 1].mean() for first, last in sentinel1_imaging.swath_columns(600)]
    np.testing.assert_allclose(by_swath, sentinel1_imaging.NOISE_ERROR["HV"], rtol=0.01)


def test_speckle_has_the_number_of_looks_of_ew_grdm():
    rng = np.random.default_rng(0)
    constants = np.full(500, 3000.0)
    numbers = sentinel1_imaging.digital_numbers(np.full((500, 500), 0.5), "HH", constants, rng)
    intensity = numbers[:, 200].astype(float) ** 2
    assert intensity.mean() ** 2 / intensity.var() == pytest.approx(sentinel1_imaging.LOOKS, rel=0.15)


def test_passes_and_charts_have_the_dates_of_the_cryo04_training():
    passes = plan_passes(29)
    assert [passes[0].sensed.date(), passes[-1].sensed.date()] == [date(2020, 10, 5), date(2021, 3, 22)]
    for scene in passes:
        # Relative orbit from the absolute orbit, by ESA's formula.
        assert (scene.absolute_orbit - {"S1A": 73, "S1B": 27}[scene.platform]) % 175 + 1 == 24
    days = chart_days(passes)
    assert {day.weekday() for day in days} == {3}
    assert all(min(abs((scene.sensed.date() - day).days) for day in days) <= 3 for scene in passes)


def test_polygons_of_a_chart_have_no_gaps_or_overlaps():
    world = create_world(4800.0, np.random.default_rng(5))
    patches = create_chart(world, 100.0, np.random.default_rng(6))
    surface = sum(area(patch.rings[0]) - sum(area(ring) for ring in patch.rings[1:]) for patch in patches)
    assert surface == pytest.approx(world.side ** 2)
    zones = {patch.zone for patch in patches}
    assert {seaice_world.LAND, seaice_world.NEW, seaice_world.YOUNG, seaice_world.OLD} <= zones


def test_partial_concentrations_sum_to_the_total(small):
    for table in small[1].tables:
        assert re.fullmatch(r"arctic2\d{5}", table.name) and table.is_zipped and table.crs == CHART_CRS
        names = [name for name, _ in table.fields]
        for _, values in table.rows:
            row = dict(zip(names, values))
            assert row["POLY_TYPE"] in "LWI"
            if row["CA"] in ("-9", "92"):
                continue
            partials = sum(int(row[field]) for field in ("CA", "CB", "CC") if row[field] != "-9")
            assert partials == int(row["CT"]) or (row["CT"] == "91" and 80 <= partials <= 100)
            assert int(row["SA"]) >= int(row["SB"])


def test_ice_grows_during_the_winter():
    world = create_world(19200.0, np.random.default_rng(5))
    steps = np.linspace(-0.5, 0.5, 100) * world.edge
    points = seaice_world.CENTRE + np.stack(np.meshgrid(steps, steps), axis=-1)
    october, march = (np.bincount(world.zones(points, day).ravel(), minlength=8) for day in (0.0, 160.0))
    assert october[seaice_world.WATER] > march[seaice_world.WATER]
    assert october[seaice_world.FIRST_YEAR] < march[seaice_world.FIRST_YEAR]
    assert october[seaice_world.FAST] == 0 < march[seaice_world.FAST]
    assert october[seaice_world.LAND] == march[seaice_world.LAND] > 0


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    samples = {}
    for name, seed in (("first", 5), ("again", 5), ("other", 6)):
        (tmp_path / name).mkdir()
        settings = SampleSettings(seed=seed, size=60, date_count=1)
        sample = create_sample("seaice", str(tmp_path / name), settings, Progress())
        samples[name] = sample.tables, {path.relative_to(tmp_path / name).as_posix(): path.read_bytes()
                                        for path in (tmp_path / name).rglob("*") if path.is_file()}
    assert samples["first"] == samples["again"]
    assert samples["first"][0] != samples["other"][0]
    zips = [[content for file, content in files.items() if file.endswith(".zip")] for _, files in
            (samples["first"], samples["other"])]
    assert zips[0] != zips[1]


def test_all_files_are_marked_as_synthetic(small):
    folder, _ = small
    assert "SYNTHETIC" in (folder / "README.txt").read_text()
    for path in [*folder.rglob("*.xml"), *folder.rglob("*.safe")]:
        assert "SYNTHETIC DATA" in path.read_text()
    import rasterio

    for path in folder.rglob("*.tiff"):
        with rasterio.open(path) as image:
            assert image.tags()["SYNTHETIC"] == "YES"
