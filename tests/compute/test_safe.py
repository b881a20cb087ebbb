"""The one reader of SAFE products: both kinds, in folders and zips; search; damaged and incomplete products."""

import shutil
import zipfile
from datetime import datetime, timezone

import numpy as np
import pytest

from floefield.compute.errors import Cancelled, MissingInput, OutputError, UnreadableInput, UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.safe import find_products, open_safe
from floefield.compute.sentinel1 import grd_product
from floefield.compute.sentinel1.grd_product import SENTINEL1_SAFE
from floefield.compute.sentinel2 import msi_product
from floefield.compute.sentinel2.msi_product import SENTINEL2_SAFE

from .. import products, sentinel1products

NAMES = {"Sentinel-1": "S1A_EW_GRDM_1SDH_20201005T081940_20201005T082044_034660_040964_5A17",
         "Sentinel-2": "S2A_MSIL2A_20180627T104021_N0208_R008_T31TEJ_20180627T140000"}
FILES = {"Sentinel-1": ("annotation/calibration/noise-s1a-hh.xml", "annotation/s1a-hh.xml", "manifest.safe",
                        "measurement/s1a-hh.tiff"),
         "Sentinel-2": ("GRANULE/L2A_T31TEJ/IMG_DATA/T31TEJ_B04_10m.jp2", "GRANULE/L2A_T31TEJ/MTD_TL.xml",
                        "MTD_MSIL2A.xml", "manifest.safe")}
METADATA = {"Sentinel-1": "annotation/s1a-hh.xml", "Sentinel-2": "MTD_MSIL2A.xml"}


@pytest.fixture(params=[SENTINEL1_SAFE, SENTINEL2_SAFE], ids=lambda kind: kind.mission)
def kind(request):
    return request.param


def write_safe(parent, kind, without=(), name=None):
    """Write a SAFE folder whose files contain their own names."""
    folder = parent / (name or f"{NAMES[kind.mission]}.SAFE")
    for file in FILES[kind.mission]:
        if file not in without:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(file)
    return folder


def write_zip(path, folder, inside):
    """Zip a folder under the folder name `inside`; "" for the top of the zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(file, f"{inside}{file.relative_to(folder).as_posix()}")
    return path


@pytest.mark.parametrize("inside", ["", "{name}/", "download/{name}/", "{name}/{name}/"])
def test_folder_and_zip_have_the_same_files(tmp_path, kind, inside):
    folder = write_safe(tmp_path, kind)
    archive = write_zip(tmp_path / f"{NAMES[kind.mission]}.ZIP", folder, inside.format(name=folder.name))
    zipped = open_safe(archive, kind)
    product = open_safe(folder, kind)
    assert product.names == zipped.names == FILES[kind.mission]
    assert product.metadata_names == zipped.metadata_names == (METADATA[kind.mission],)
    assert product.name == zipped.name == NAMES[kind.mission]
    for name in product.names:
        assert product.read(name) == zipped.read(name) == name.encode()
        assert product.size(name) == zipped.size(name) == len(name)


def test_gdal_reads_the_paths_of_folders_and_zips(tmp_path):
    import rasterio

    safe = products.make_product(tmp_path, "2018-06-27", {("B04", 10): np.full((6, 6), 700)})
    archive = write_zip(tmp_path / "product.zip", safe, f"{safe.name}/")
    for location in (safe, archive):
        product = open_safe(location, SENTINEL2_SAFE)
        name = next(name for name in product.names if name.endswith(".jp2"))
        with rasterio.open(product.path_of(name)) as image:
            assert (image.read() == 700).all()


@pytest.mark.parametrize("nested", ["{name}", "download/{name}"])
def test_a_folder_around_the_product_is_accepted(tmp_path, kind, nested):
    """Unpacking a zip may double the folder: X.SAFE/X.SAFE."""
    outer = tmp_path / f"{NAMES[kind.mission]}.SAFE"
    folder = write_safe(outer, kind, name=nested.format(name=f"{NAMES[kind.mission]}.SAFE"))
    product = open_safe(outer, kind)
    assert (product.location, product.names) == (str(folder), FILES[kind.mission])
    assert find_products(tmp_path, kind) == [str(outer)]
    assert find_products(outer, kind) == [str(outer)]


def test_the_manifest_and_the_zip_beside_a_missing_folder_are_accepted(tmp_path, kind):
    folder = write_safe(tmp_path, kind)
    assert open_safe(folder / "manifest.safe", kind) == open_safe(folder, kind)
    archive = write_zip(folder.with_suffix(".zip"), folder, f"{folder.name}/")
    shutil.rmtree(folder)
    assert open_safe(folder, kind) == open_safe(archive, kind)


def test_the_product_metadata_file_selects_one_of_two(tmp_path):
    folder = write_safe(tmp_path, SENTINEL2_SAFE)
    (folder / "MTD_MSIL1C.xml").write_text("other level")
    product = open_safe(folder / "MTD_MSIL1C.xml", SENTINEL2_SAFE)
    assert product.metadata_names == ("MTD_MSIL1C.xml",)
    with pytest.raises(UnsuitableInput, match=r"several product metadata files \(MTD_MSIL1C.xml, MTD_MSIL2A.xml\)"):
        msi_product.read_granules(folder)


def test_upper_and_lower_case_are_the_same(tmp_path):
    (tmp_path / "scene" / "ANNOTATION").mkdir(parents=True)
    (tmp_path / "scene" / "ANNOTATION" / "EW-HH.XML").write_text("text")
    assert open_safe(tmp_path / "scene", SENTINEL1_SAFE).metadata_names == ("ANNOTATION/EW-HH.XML",)
    assert find_products(tmp_path, SENTINEL1_SAFE) == [str(tmp_path / "scene")]


def test_files_of_folders_are_used_in_place_and_those_of_zips_are_unpacked_for_a_while(tmp_path, kind):
    folder = write_safe(tmp_path, kind)
    archive = write_zip(tmp_path / "product.zip", folder, f"{folder.name}/")
    image = next(name for name in FILES[kind.mission] if name.endswith((".tiff", ".jp2")))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with open_safe(folder, kind).local_files([image], str(scratch), Progress()) as paths:
        assert paths == {image: str(folder / image)}
    with open_safe(archive, kind).local_files([image], str(scratch), Progress()) as paths:
        unpacked = next(scratch.glob(".unpacked-*/*"))
        assert paths == {image: str(unpacked)}
        assert unpacked.read_text() == image
        assert unpacked.suffix == image[image.rindex("."):]
    assert not list(scratch.iterdir())


class Stopped(Progress):
    @property
    def cancelled(self):
        return True


def test_nothing_is_left_of_files_whose_unpacking_ends_early(tmp_path, kind):
    folder = write_safe(tmp_path, kind)
    product = open_safe(write_zip(tmp_path / "product.zip", folder, ""), kind)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    with pytest.raises(Cancelled), product.local_files(product.names, str(scratch), Stopped()):
        pass
    assert not list(scratch.iterdir())
    with pytest.raises(OutputError, match=r"cannot be written to.*another folder"), product.local_files(
            product.names, str(tmp_path / "nowhere"), Progress()):
        pass


def test_damaged_contents_of_a_zip_are_reported(tmp_path, kind):
    folder = write_safe(tmp_path, kind)
    name = METADATA[kind.mission]
    (folder / name).write_bytes(np.random.default_rng(1).integers(65, 70, 5000, np.uint8).tobytes())
    archive = write_zip(tmp_path / "product.zip", folder, "")
    with zipfile.ZipFile(archive) as whole:
        start = whole.getinfo(name).header_offset + 30 + len(name)
    content = bytearray(archive.read_bytes())
    content[start + 100:start + 200] = bytes(100)
    archive.write_bytes(content)
    product = open_safe(archive, kind)
    with pytest.raises(UnreadableInput, match=rf"product.zip: {name} cannot be read .*again"):
        product.read(name)
    with pytest.raises(UnreadableInput, match=rf"product.zip: {name} cannot be unpacked .*again"), product.local_files(
            [name], str(tmp_path), Progress()):
        pass


def test_files_too_large_for_metadata_are_not_read(tmp_path, kind):
    folder = write_safe(tmp_path, kind)
    (folder / "manifest.safe").write_bytes(bytes(3 * 2 ** 20))
    for location in (folder, write_zip(tmp_path / "product.zip", folder, "")):
        product = open_safe(location, kind)
        assert len(product.read("manifest.safe")) == 3 * 2 ** 20
        with pytest.raises(UnreadableInput, match=r"manifest.safe has 3 MB, too much for product metadata"):
            product.read("manifest.safe", limit=2 * 2 ** 20)


def test_zips_with_paths_outside_and_truncated_zips_are_rejected(tmp_path, kind):
    folder = write_safe(tmp_path, kind)
    outside = write_zip(tmp_path / "outside.zip", folder, "../")
    with pytest.raises(UnreadableInput, match="outside the archive"):
        open_safe(outside, kind)
    archive = write_zip(tmp_path / "product.zip", folder, "")
    archive.write_bytes(archive.read_bytes()[:-100])
    with pytest.raises(UnreadableInput, match=r"product.zip is not a complete zip file"):
        open_safe(archive, kind)


def test_what_is_not_one_product_is_rejected(tmp_path, kind):
    with pytest.raises(MissingInput, match="does not exist"):
        open_safe(tmp_path / "nowhere", kind)
    (tmp_path / "notes.xml").write_text("notes")
    with pytest.raises(UnsuitableInput, match=rf"not part of a {kind.mission} product. Choose the .SAFE folder"):
        open_safe(tmp_path / "notes.xml", kind)
    with pytest.raises(UnsuitableInput, match=f"not a {kind.mission} product: it has no {kind.metadata_words}"):
        open_safe(tmp_path, kind)
    incomplete = write_safe(tmp_path, kind, without=[METADATA[kind.mission]])
    with pytest.raises(MissingInput, match=rf"is incomplete: it has no {kind.metadata_words}. Copy or download"):
        open_safe(incomplete, kind)
    shutil.rmtree(incomplete)
    write_safe(tmp_path / "two", kind, name="first")
    write_safe(tmp_path / "two", kind, name="second")
    for location in (tmp_path / "two", write_zip(tmp_path / "two.zip", tmp_path / "two", "")):
        with pytest.raises(UnsuitableInput, match=rf"contains 2 {kind.mission} products \(first, second\)"):
            open_safe(location, kind)


def test_products_are_found_in_folders_and_zips_of_any_depth(tmp_path, kind):
    other = SENTINEL2_SAFE if kind is SENTINEL1_SAFE else SENTINEL1_SAFE
    write_safe(tmp_path / "other", other)
    named = write_safe(tmp_path / "2020" / "10", kind)
    renamed = write_safe(tmp_path, kind, name="scene", without=["manifest.safe"])
    archive = write_zip(tmp_path / "2020" / "zipped.zip", renamed, "")
    write_zip(tmp_path / "other.zip", tmp_path / "other", "")
    incomplete = write_safe(tmp_path / "2021", kind, without=[METADATA[kind.mission]])
    half = tmp_path / f"{NAMES[kind.mission]}.zip"
    half.write_bytes(archive.read_bytes()[:200])
    (tmp_path / "notes.zip").write_bytes(half.read_bytes())
    assert find_products(tmp_path, kind) == sorted(map(str, (named, renamed, archive, incomplete, half)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingInput, match=f"No {kind.mission} product was found"):
        find_products(tmp_path / "empty", kind)
    with pytest.raises(MissingInput, match="does not exist"):
        find_products(tmp_path / "nowhere", kind)


def test_products_of_both_missions_provide_the_same(tmp_path):
    """The attributes of the protocol, from the metadata of the test products."""
    import rasterio

    radar = grd_product.read_product(sentinel1products.make_product(tmp_path, shape=(60, 80)))
    optical = msi_product.read_product(products.make_product(tmp_path, "2018-06-27", {
        ("B04", 10): np.full((6, 6), 700), ("B04", 20): np.full((3, 3), 700)}))
    assert radar.name.startswith("S1A_EW_GRDM_")
    assert optical.name == "S2A_MSIL2A_20180627T104021_N0208_R008_T31TEJ_20180101T000000"
    assert (radar.platform, optical.platform) == ("Sentinel-1A", "Sentinel-2A")
    assert optical.acquired == datetime(2018, 6, 27, 10, 40, 21)
    assert radar.acquired == radar.annotation.start
    assert radar.acquired.tzinfo == timezone.utc
    assert optical.processor == "02.08"
    assert not radar.is_synthetic
    assert not optical.is_synthetic
    for path, shape in ((radar.image_path("HV"), (60, 80)), (optical.image_path("B04"), (6, 6))):
        with rasterio.open(path) as image:
            assert image.shape == shape
    with pytest.raises(UnsuitableInput, match="no polarisation VV"):
        radar.image_path("VV")
    with pytest.raises(MissingInput, match="B05"):
        optical.image_path("B05")
