"""Sample kind crops: plausible reflectance, valid products, reproducible, and complete or absent."""

import json
import re
from datetime import datetime

import numpy as np
import pytest

from floefield.compute.errors import Cancelled, UnsuitableInput
from floefield.compute.output_files import OutputSet
from floefield.compute.progress import Progress
from floefield.compute.raster.product_images import write_jp2
from floefield.compute.sampledata.cloud_cover import create_sky
from floefield.compute.sampledata.overpasses import Overpass, plan_overpasses, sun_angles
from floefield.compute.sampledata.random_fields import block_mean, blur
from floefield.compute.sampledata.sample import SampleSettings
from floefield.compute.sampledata.sample_kinds import create_sample

SMALL = SampleSettings(seed=3, size=120, date_count=2)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample")
    return folder, create_sample("crops", str(folder), SMALL, Progress())


@pytest.fixture(params=[0, 1])
def product(small, request):
    return sorted((small[0] / "sentinel2").iterdir())[request.param]


def read(product, layer, pixel):
    import rasterio

    path, = product.glob(f"GRANULE/*/IMG_DATA/*/*_{layer}_{pixel}m.jp2")
    with rasterio.open(path) as dataset:
        return dataset.read(1)


def reflectance(product, layer, pixel):
    """Return reflectance by the offset and quantification of the metadata: (DN - 1000) / 10000."""
    return (read(product, layer, pixel) - 1000.0) / 10000.0


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path):
    samples = {}
    for name, seed in (("first", 5), ("again", 5), ("other", 6)):
        (tmp_path / name).mkdir()
        create_sample("crops", str(tmp_path / name), SampleSettings(seed=seed, size=60, date_count=1), Progress())
        samples[name] = contents(tmp_path / name)
    assert samples["first"] == samples["again"]
    red, other_red = ([image for file, image in samples[name].items() if file.endswith("_B04_10m.jp2")]
                      for name in ("first", "other"))
    assert red != other_red


def test_the_listed_images_are_those_on_disk(product):
    xml = (product / "MTD_MSIL2A.xml").read_text(encoding="utf-8")
    listed = {f"{image}.jp2" for image in re.findall("<IMAGE_FILE>(.*)</IMAGE_FILE>", xml)}
    there = {path.relative_to(product).as_posix() for path in product.glob("GRANULE/*/IMG_DATA/*/*")}
    assert listed == there
    assert {"B02_10m", "B8A_20m", "SCL_20m", "B09_60m"} <= {image[-11:-4] for image in listed}


def test_gdal_opens_the_product_at_each_resolution(product):
    gdal = pytest.importorskip("osgeo.gdal")
    whole = gdal.Open(str(product / "MTD_MSIL2A.xml"))
    assert whole.GetMetadataItem("PROCESSING_BASELINE") == "05.10"
    for (name, _), edge, bands in zip(whole.GetSubDatasets(), (120, 60, 20), (4, 11, 7)):
        part = gdal.Open(name)
        assert (part.RasterXSize, part.RasterYSize) == (edge, edge)
        assert part.RasterCount >= bands, "GDAL 3.10 shows more layers than 3.6"
        assert part.GetGeoTransform()[::3] == (405360.0, 4794600.0)


@pytest.mark.parametrize(("shape", "dtype", "maximum"), [((50, 70), "uint16", 2 ** 15), ((50, 70), "uint8", 256),
                                                      ((3, 50, 70), "uint8", 256)])
def test_files_are_lossless(tmp_path, shape, dtype, maximum):
    gdal = pytest.importorskip("osgeo.gdal")
    values = np.random.default_rng(0).integers(0, maximum, shape).astype(dtype)
    write_jp2(str(tmp_path / "noise.jp2"), values, "EPSG:32631", 405360, 4794600, 20, "noise")
    image = gdal.Open(str(tmp_path / "noise.jp2"))
    assert np.array_equal(image.ReadAsArray(), values)
    assert image.GetGeoTransform() == (405360, 20, 0, 4794600, 0, -20)
    assert [path.name for path in tmp_path.iterdir()] == ["noise.jp2"]


def test_all_files_are_marked_as_synthetic(small):
    folder, sample = small
    assert "SYNTHETIC" in (folder / "README.txt").read_text(encoding="utf-8")
    for path in folder.rglob("*.xml"):
        assert "SYNTHETIC DATA" in path.read_text(encoding="utf-8")
    for path in folder.rglob("*.jp2"):
        assert b"Synthetic data" in path.read_bytes()
    table, = sample.tables
    index = [name for name, _ in table.fields].index("synthetic")
    assert all(values[index] == 1 for _, values in table.rows)


def test_coarse_bands_are_means_of_fine_bands(product):
    fine, coarse = read(product, "B04", 10).astype(float), read(product, "B04", 20)
    complete = block_mean(fine == 0, 2) == 0
    assert complete.any()
    assert np.abs(block_mean(fine, 2) - coarse)[complete].max() <= 0.5
    assert not coarse[~complete].any()


def test_nodata_is_the_same_in_all_bands(small):
    fractions = []
    for product in (small[0] / "sentinel2").iterdir():
        outside = read(product, "SCL", 20) == 0
        fractions.append(outside.mean())
        assert np.array_equal(read(product, "B11", 20) == 0, outside)
        for band in ("B02", "B03", "B04", "B08"):
            assert np.array_equal(block_mean(read(product, band, 10) == 0, 2) > 0, outside)
    assert min(fractions) == 0 and 0.1 < max(fractions) < 0.3


def test_ndvi_is_consistent_with_the_scene_classification(product):
    classes = read(product, "SCL", 20)
    red, near = block_mean(reflectance(product, "B04", 10), 2), reflectance(product, "B8A", 20)
    ndvi = (near - red) / (near + red)
    assert 0.45 < np.median(ndvi[classes == 4]) < 0.95
    assert 0.1 < np.median(ndvi[classes == 5]) < 0.35


def test_broad_and_narrow_near_infrared_are_correlated(product):
    broad, narrow = block_mean(reflectance(product, "B08", 10), 2), reflectance(product, "B8A", 20)
    valid = read(product, "SCL", 20) > 0
    assert np.corrcoef(broad[valid], narrow[valid])[0, 1] > 0.97


def test_sun_angles_match_an_independent_calculation():
    # At solar noon the zenith angle is the latitude minus the declination of the sun.
    zenith, azimuth = sun_angles(datetime(2023, 6, 21, 12, 2), 43.29, 0.0)
    assert zenith == pytest.approx(43.29 - 23.44, abs=0.1)
    assert azimuth == pytest.approx(180.0, abs=1.5)
    morning, east = sun_angles(datetime(2023, 3, 20, 6, 0), 0.0, 0.0)
    assert morning == pytest.approx(90.0, abs=2.5)
    assert east == pytest.approx(90.0, abs=1.0)


def overpass(**changes):
    values = {"platform": "S2A", "sensed": datetime(2023, 4, 12, 10, 40, 31), "absolute_orbit": 1,
              "cloud_fraction": 0.2, "cirrus": 0.0, "haze": 0.0, "wetness": 0.0, "swath_edge": False, **changes}
    return Overpass(**values)


def test_shadows_fall_away_from_the_sun():
    sky = create_sky((240, 240), 20.0, overpass(), np.random.default_rng(1))
    match = np.fft.ifft2(np.fft.fft2(sky.shade) * np.conj(np.fft.fft2(sky.opacity))).real
    south, east = np.unravel_index(match.argmax(), match.shape)
    south, east = (shift - 240 if shift > 120 else shift for shift in (south, east))
    _, azimuth = overpass().sun
    assert np.degrees(np.arctan2(east, -south)) % 360 == pytest.approx((azimuth + 180) % 360, abs=1.5)


def test_cloud_fractions_are_as_planned_and_one_date_is_overcast():
    fractions = sorted(overpass.cloud_fraction for overpass in plan_overpasses(10, np.random.default_rng(2)))
    assert fractions[-1] > 0.9
    assert sum(0.1 < fraction < 0.5 for fraction in fractions) == 3
    assert sum(fraction < 0.02 for fraction in fractions) == 6
    sky = create_sky((240, 240), 5.0, overpass(cloud_fraction=0.3), np.random.default_rng(3))
    assert (sky.opacity > 0).mean() == pytest.approx(0.3, abs=0.01)


def test_satellites_repeat_the_orbit_every_ten_days():
    overpasses = plan_overpasses(12, np.random.default_rng(4))
    assert [one.sensed for one in overpasses] == sorted(one.sensed for one in overpasses)
    for platform in ("S2A", "S2B"):
        flights = [one for one in overpasses if one.platform == platform]
        for one, other in zip(flights, flights[1:]):
            days = (other.sensed - one.sensed).days
            assert days % 10 == 0
            assert other.absolute_orbit - one.absolute_orbit == days // 10 * 143


def test_parcels_are_inside_the_scene_and_have_one_code_per_crop(small):
    table, = small[1].tables
    assert table.crs == "EPSG:32631"
    codes = {}
    for geometry, (_, crop, code, cropland, _) in table.rows:
        x, y = np.array(geometry["coordinates"][0]).T
        assert x.min() > 405360 and x.max() < 405360 + 1200 and y.max() < 4794600 and y.min() > 4794600 - 1200
        assert codes.setdefault(crop, (code, cropland)) == (code, cropland)
    assert len(table.rows) >= 8
    assert codes["Winter wheat"] == (111, 1)


def test_area_of_interest_is_in_the_south_west_of_france(small):
    ring = np.array(json.loads((small[0] / "aoi.geojson").read_text())["features"][0]["geometry"]["coordinates"][0])
    assert np.all((ring > (1.8, 43.2)) & (ring < (1.9, 43.35)))


@pytest.mark.parametrize("values", [{"size": 100}, {"size": 54}, {"size": 1206}, {"date_count": 0}, {"seed": -1}])
def test_invalid_settings_are_rejected(values):
    with pytest.raises(UnsuitableInput):
        SampleSettings(**values)


class CancelAt(Progress):
    """Cancels after a fraction of the work."""

    def __init__(self, fraction):
        self._cancel_at, self._done = fraction, 0.0

    @property
    def cancelled(self):
        return self._done >= self._cancel_at

    def show(self, fraction):
        self._done = fraction


@pytest.mark.parametrize("fraction", [0.1, 0.3, 0.9])
def test_cancelling_leaves_no_files(tmp_path, fraction):
    with pytest.raises(Cancelled), OutputSet() as outputs:
        create_sample("crops", outputs.folder(tmp_path / "sample"), SampleSettings(size=60, date_count=2),
                      CancelAt(fraction))
    assert not list(tmp_path.iterdir())


def test_the_land_cover_map_is_coarse_and_mostly_right(tmp_path):
    import rasterio
    from rasterio.features import rasterize

    sample = create_sample("crops", str(tmp_path), SampleSettings(seed=1, size=240, date_count=1), Progress())
    with rasterio.open(tmp_path / "landcover.tif") as raster:
        cover, transform, tags = raster.read(1), raster.transform, raster.tags()
    assert (cover.shape, raster.crs, transform.a) == ((24, 24), "EPSG:32631", 100.0)
    assert set(np.unique(cover)) <= {10, 11, 60, 130, 190, 210} and tags["SYNTHETIC"] == "YES"
    # Reference parcels at the centre of each cell.
    table, = sample.tables
    reference = rasterize(((geometry, 1 + cropland) for geometry, (_, _, _, cropland, _) in table.rows), cover.shape,
                          transform=transform)
    mapped = np.isin(cover, (10, 11)) + 1
    surveyed = reference > 0
    assert surveyed.sum() > 50
    assert 0.7 < (mapped == reference)[surveyed & (cover != 130)].mean() < 1.0


def test_blur_weighs_neighbours_by_a_quarter_and_repeats_the_edges():
    impulse = np.zeros((5, 5))
    impulse[2, 2] = 1.0
    np.testing.assert_array_equal(blur(impulse)[1:4, 1:4], np.outer((0.25, 0.5, 0.25), (0.25, 0.5, 0.25)))
    np.testing.assert_array_equal(blur(np.full((4, 3), 0.7), passes=3), np.full((4, 3), 0.7))
