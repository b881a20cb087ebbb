"""Reading products in every layout, and messages about missing or damaged files."""

import re
import shutil
import zipfile

import numpy as np
import pytest

from floefield.compute.errors import MissingInput, PlainError, UnreadableInput, UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.safe import find_products
from floefield.compute.sentinel1.backscatter_settings import BackscatterSettings
from floefield.compute.sentinel1.geocoding import write_scenes
from floefield.compute.sentinel1.grd_product import SENTINEL1_SAFE, read_product

from ..realdata import SENTINEL1
from ..sentinel1products import make_product, zipped

SMALL = (60, 80)


def test_real_products_of_both_modes_are_read():
    extra_wide = read_product(str(next(SENTINEL1.glob("ew_grdm_metadata/S1A_EW_*"))))
    assert (extra_wide.label, extra_wide.processor) == ("S1A_EW_GRDM_20221130T014342_046117", "003.52")
    assert list(extra_wide.channels) == ["HH", "HV"]
    assert extra_wide.annotation.shape == (10708, 10487)
    assert extra_wide.annotation.orbit_pass == "Descending"
    assert [part.swath for part in extra_wide.annotation.swaths[:5]] == ["EW1"] * 4 + ["EW2"]
    wide = read_product(str(next(SENTINEL1.glob("S1A_IW_*.SAFE"))))
    assert (wide.label, wide.platform) == ("S1A_IW_GRDH_20210809T173953_039156", "Sentinel-1A")
    assert list(wide.channels) == ["VV", "VH"]


def test_empty_images_are_reported():
    product = read_product(str(next(SENTINEL1.glob("ew_grdm_metadata/S1A_EW_*"))))
    with pytest.raises(UnreadableInput, match=r"measurement/ew-hh.tiff, measurement/ew-hv.tiff are empty \(0 bytes\)"):
        product.require(("HH", "HV"), True)


@pytest.mark.parametrize("mission", ["S1A", "S1B", "S1C", "S1D"])
def test_products_of_every_satellite_are_read(tmp_path, mission):
    product = read_product(str(make_product(tmp_path, shape=SMALL, mission=mission, polarisations=("HH",))))
    assert product.platform == f"Sentinel-1{mission[2]}"
    assert product.label.startswith(mission)


@pytest.mark.parametrize("resolution", ["GRDM", "GRDH"])
def test_the_resolution_is_recognised_without_product_name(tmp_path, resolution):
    spacing = 40.0 if resolution == "GRDM" else 25.0
    safe = make_product(tmp_path, shape=SMALL, resolution=resolution, spacing=spacing)
    assert read_product(str(safe)).resolution == resolution
    assert read_product(str(safe.rename(tmp_path / "scene"))).resolution == resolution


def test_file_names_of_other_archives_are_supported(tmp_path):
    """Short file names, and the COG variant with its suffix."""
    safe = make_product(tmp_path, shape=SMALL)
    for path in sorted(safe.rglob("*s1a-ew-grd-*")):
        polarisation = "hh" if "-hh-" in path.name else "hv"
        kind = next((f"{kind}-" for kind in ("calibration", "noise") if path.name.startswith(kind)), "")
        path.rename(path.with_name(f"{kind}ew-{polarisation}{'-cog' if path.suffix == '.tiff' else ''}{path.suffix}"))
    product = read_product(str(safe))
    product.require(("HH", "HV"), True)
    assert product.channels["HV"].measurement == "measurement/ew-hv-cog.tiff"
    assert product.channels["HV"].noise == "annotation/calibration/noise-ew-hv.xml"


def test_products_are_found_in_folders_and_zips(tmp_path):
    first = make_product(tmp_path / "a", shape=SMALL)
    second = make_product(tmp_path / "b" / "deeper", shape=SMALL, mission="S1B")
    archive = zipped(make_product(tmp_path / "c", shape=SMALL, mission="S1C"), tmp_path / "c.zip")
    shutil.rmtree(tmp_path / "c")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("readme.txt", "nothing")
    half = tmp_path / "S1A_EW_GRDM_1SDH_half.zip"
    half.write_bytes(archive.read_bytes()[:2000])
    assert find_products(str(tmp_path), SENTINEL1_SAFE) == sorted(map(str, (first, second, archive, half)))
    with pytest.raises(MissingInput, match="does not exist"):
        find_products(str(tmp_path / "nowhere"), SENTINEL1_SAFE)
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInput, match="No Sentinel-1 product"):
        find_products(str(tmp_path / "empty"), SENTINEL1_SAFE)


def _without(pattern):
    return lambda safe: [path.unlink() for path in safe.rglob(pattern)]


def _replaced(pattern, old, new):
    def replace(safe):
        for path in safe.rglob(pattern):
            path.write_text(path.read_text().replace(old, new))

    return replace


def _emptied(safe):
    for path in safe.rglob("*-hv-*.tiff"):
        path.write_bytes(b"")


def _shortened(pattern):
    def shorten(safe):
        for path in safe.rglob(pattern):
            path.write_bytes(path.read_bytes()[:path.stat().st_size * 2 // 3])

    return shorten


@pytest.mark.parametrize(("damage", "error", "message"), [
    (_without("noise-*"), MissingInput, "the HH noise file.*the HV noise file.*missing.*or disable noise removal"),
    (_without("calibration-*"), MissingInput, "the HH calibration file.*missing. Download the product again.$"),
    (_without("*-hv-*.tiff"), MissingInput, "the HV image .measurement folder. missing"),
    (_emptied, UnreadableInput, "measurement/.*-hv-.*tiff is empty .0 bytes."),
    (_without("annotation/*.xml"), MissingInput, "no annotation"),
    (_shortened("annotation/s1a*-hh-*.xml"), UnreadableInput, "annotation/s1a.*not readable XML.*again"),
    (_shortened("noise-*-hh-*.xml"), UnreadableInput, "noise-.*not readable XML.*again"),
    (_shortened("*-hh-*.tiff"), UnreadableInput, "tiff is damaged|cannot be opened"),
    (_replaced("annotation/s1a*.xml", "<longitude>", "<longitude>x"), UnreadableInput,
     "longitude is missing or damaged"),
    (_replaced("calibration-*.xml", "<sigmaNought>", "<sigmaNought>1 "), UnreadableInput, "part of sigmaNought"),
    (_replaced("annotation/s1a*.xml", "<numberOfLines>60", "<numberOfLines>61"), UnreadableInput,
     "60 lines of 80 pixels, but its annotation states 61 of 80"),
    (_replaced("annotation/s1a*.xml", "<productType>GRD", "<productType>SLC"), UnsuitableInput, "is a EW SLC product"),
    (_replaced("annotation/s1a*.xml", "<mode>EW", "<mode>S3"), UnsuitableInput, "is a S3 GRD product.*EW or IW"),
    (_replaced("annotation/s1a*.xml", "<product>", "<!DOCTYPE a [<!ENTITY b 'c'>]><product>"), UnreadableInput,
     "document type"),
])
def test_missing_and_damaged_files_are_reported(tmp_path, damage, error, message):
    safe = make_product(tmp_path / "products", shape=SMALL)
    damage(safe)
    from rasterio.crs import CRS

    batch = write_scenes([str(safe)], str(tmp_path / "out"), BackscatterSettings(
        crs=CRS.from_epsg(3413).to_wkt()), Progress())
    assert not batch.results
    assert not (tmp_path / "out").exists()
    with pytest.raises(PlainError, match=message):
        raise error(batch.failure_message())


def _first_number_replaced(pattern, element, value):
    """Replace the first number of every `element` in the files of a pattern."""
    def replace(safe):
        for path in safe.rglob(pattern):
            path.write_text(re.sub(rf"(<{element}>)\S+?(?=[ <])", rf"\g<1>{value}", path.read_text()))

    return replace


@pytest.mark.parametrize(("pattern", "element", "value", "message"), [
    ("calibration-*.xml", "sigmaNought", "0", "the value '0' of sigmaNought is impossible"),
    ("calibration-*.xml", "sigmaNought", "-600", "the value '-600' of sigmaNought is impossible"),
    ("calibration-*.xml", "sigmaNought", "nan", "the value 'nan' of sigmaNought is impossible"),
    ("calibration-*.xml", "pixel", "9999", "positions in pixel do not increase"),
    ("noise-*.xml", "pixel", "9999", "positions in pixel do not increase"),
    ("annotation/s1a*.xml", "incidenceAngle", "-1e9", "the value '-1e9' of incidenceAngle is impossible"),
    ("annotation/s1a*.xml", "latitude", "inf", "the value 'inf' of latitude is impossible"),
    ("annotation/s1a*.xml", "rangePixelSpacing", "0", "the value '0' of rangePixelSpacing is impossible"),
    ("annotation/s1a*.xml", "numberOfLines", "inf", "the value 'inf' of numberOfLines is impossible"),
    ("annotation/s1a*.xml", "absoluteOrbitNumber", "nan", "the value 'nan' of absoluteOrbitNumber is impossible"),
    ("annotation/s1a*.xml", "polarisation", "H", "the value 'H' of polarisation is impossible"),
    ("annotation/s1a*.xml", "missionId", "../../S1A", "the value '../../S1A' of missionId is impossible"),
    ("annotation/s1a*.xml", "missionId", "/tmp/S1A", "the value '/tmp/S1A' of missionId is impossible"),
])
def test_impossible_values_in_metadata_are_reported_and_nothing_is_written(tmp_path, pattern, element, value, message):
    from rasterio.crs import CRS

    safe = make_product(tmp_path / "products", shape=SMALL)
    _first_number_replaced(pattern, element, value)(safe)
    before = set(tmp_path.rglob("*"))
    batch = write_scenes([str(safe)], str(tmp_path / "out"), BackscatterSettings(
        crs=CRS.from_epsg(3413).to_wkt()), Progress())
    assert not batch.results
    assert message in batch.failure_message()
    assert set(tmp_path.rglob("*")) == before


def test_real_products_are_not_called_synthetic():
    """Their manifest says "Synthetic Aperture Radar"; only sample data carry the mark of sample data."""
    products = [read_product(str(path)) for path in SENTINEL1.glob("*.SAFE")]
    assert products
    assert not [product.name for product in products if product.is_synthetic]


@pytest.mark.parametrize(("name", "size", "message"), [
    ("../../home/user/.bashrc", 10, "contains a path outside the archive"),
    ("measurement/huge.tiff", 80 * 2 ** 20, "would unpack from .* kB to 80 MB")])
def test_malicious_zips_are_rejected(tmp_path, name, size, message):
    zip_file = zipped(make_product(tmp_path / "products", shape=SMALL), tmp_path / "product.zip")
    with zipfile.ZipFile(zip_file, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, bytes(size))
    with pytest.raises(UnreadableInput, match=message):
        read_product(str(zip_file))


def test_incomplete_zips_and_several_products_are_reported(tmp_path):
    first = make_product(tmp_path / "products", shape=SMALL)
    second = make_product(tmp_path / "products", shape=SMALL, mission="S1B")
    both = tmp_path / "both.zip"
    with zipfile.ZipFile(both, "w") as archive:
        for file in sorted((tmp_path / "products").rglob("*.xml")):
            archive.write(file, file.relative_to(tmp_path / "products"))
    with pytest.raises(UnsuitableInput, match=f"contains 2 Sentinel-1 products.*{first.stem}.*{second.stem}"):
        read_product(str(both))
    whole = zipped(first, tmp_path / "whole.zip")
    whole.write_bytes(whole.read_bytes()[:3000])
    with pytest.raises(UnreadableInput, match="not a complete zip"):
        read_product(str(whole))
    (tmp_path / "notes").mkdir()
    with pytest.raises(UnsuitableInput, match="not a Sentinel-1 product"):
        read_product(str(tmp_path / "notes"))


def test_control_points_of_the_image_are_not_needed(tmp_path):
    """The annotation is used for geocoding; the result is the same without control points and CRS in the TIFF."""
    from rasterio.crs import CRS

    scenes = []
    for points in (True, False):
        safe = make_product(tmp_path / str(points), has_control_points=points)
        batch = write_scenes([str(safe)], str(tmp_path / f"out{points}"), BackscatterSettings(
            crs=CRS.from_epsg(3413).to_wkt()), Progress())
        scenes.append(np.fromfile(batch.results[0].path, np.uint8))
    np.testing.assert_array_equal(*scenes)
