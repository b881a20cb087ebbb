"""Search and metadata of products: folders, zips, layouts, and error messages for damaged ones."""

import shutil
import zipfile

import numpy as np
import pytest

from floefield.compute.errors import MissingInput, UnreadableInput, UnsuitableInput
from floefield.compute.safe import find_products
from floefield.compute.sentinel2.msi_product import SENTINEL2_SAFE, read_product

from ..products import make_product
from ..realdata import SENTINEL2

TINY = np.full((6, 6), 700)


@pytest.fixture
def product_folder(tmp_path):
    return make_product(tmp_path, "2018-06-27", {
        ("B04", 10): TINY, ("B05", 20): TINY[:3, :3], ("SCL", 20): TINY[:3, :3]})


def zipped(folder, target, inside=""):
    with zipfile.ZipFile(target, "w") as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, f"{inside}{folder.name}/{file.relative_to(folder)}")
    return target


def test_folder_metadata_file_and_zip_return_the_same_product(product_folder, tmp_path):
    archive = zipped(product_folder, tmp_path / "product.zip")
    products = [read_product(path) for path in (product_folder, product_folder / "MTD_MSIL2A.xml", archive)]
    assert len({(product.uri, product.tile, product.date, tuple(product.images)) for product in products}) == 1
    assert products[0].tile == "T31TEJ"
    assert set(products[0].images) == {("B04", 10), ("B05", 20), ("SCL", 20)}


def test_baseline_0400_has_a_radiometric_offset_for_every_band(tmp_path):
    old = read_product(make_product(tmp_path, "2021-12-01", {("B04", 10): TINY}, baseline="03.01"))
    new = read_product(make_product(tmp_path, "2022-03-01", {("B04", 10): TINY}, baseline="04.00"))
    assert set(old.offsets.values()) == {0.0}
    assert set(new.offsets.values()) == {-1000.0}


def test_the_message_lists_all_missing_files_and_the_alternative(tmp_path):
    safe = make_product(tmp_path, "2018-06-27", {("B04", 60): TINY, ("B03", 60): TINY},
                        listed_only=[("B04", 10), ("B03", 10)])
    product = read_product(safe)
    assert set(product.images_for(("B03", "B04"), 60.0)) == {"B03", "B04"}
    with pytest.raises(MissingInput, match=r"_B03_10m.jp2.*_B04_10m.jp2.*60 m or more"):
        product.images_for(("B03", "B04"), 10.0)


def test_bands_use_the_native_image_and_classes_the_image_at_output_resolution(tmp_path):
    product = read_product(make_product(tmp_path, "2018-06-27", {
        ("B04", 10): TINY, ("B04", 60): TINY, ("SCL", 20): TINY, ("SCL", 60): TINY}))
    paths = product.images_for(("B04", "SCL"), 60.0)
    assert paths["B04"].endswith("B04_10m.jp2")
    assert paths["SCL"].endswith("SCL_60m.jp2")


def test_products_are_found_in_subfolders_and_zips(product_folder, tmp_path):
    (tmp_path / "2018" / "07").mkdir(parents=True)
    shutil.move(product_folder, tmp_path / "2018" / "07" / product_folder.name)
    zipped(tmp_path / "2018" / "07" / product_folder.name, tmp_path / "again.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "not a Sentinel-2 product")
    found = [path.rsplit("/", 1)[1] for path in find_products(tmp_path, SENTINEL2_SAFE)]
    assert found == [product_folder.name, "again.zip"]


def test_paths_without_a_product_are_rejected(tmp_path):
    (tmp_path / "notes.xml").write_text("<notes/>")
    with pytest.raises(UnsuitableInput, match=r"MTD_MSIL2A\.xml"):
        read_product(tmp_path)
    with pytest.raises(UnsuitableInput, match="not part of a Sentinel-2 product"):
        read_product(tmp_path / "notes.xml")
    with pytest.raises(MissingInput, match="does not exist"):
        read_product(tmp_path / "nothing.SAFE")


def test_a_truncated_zip_is_rejected(product_folder, tmp_path):
    archive = zipped(product_folder, tmp_path / "product.zip")
    archive.write_bytes(archive.read_bytes()[:1000])
    with pytest.raises(UnreadableInput, match="not a complete zip"):
        read_product(archive)


def test_a_zip_with_paths_outside_itself_is_rejected(product_folder, tmp_path):
    archive = zipped(product_folder, tmp_path / "product.zip", inside="../../")
    with pytest.raises(UnreadableInput, match="outside the archive"):
        read_product(archive)


def test_metadata_with_entities_or_malformed_xml_are_rejected(product_folder):
    metadata = product_folder / "MTD_MSIL2A.xml"
    text = metadata.read_text()
    metadata.write_text(text.replace("?>\n", '?>\n<!DOCTYPE a [<!ENTITY b "c">]>\n', 1))
    with pytest.raises(UnreadableInput, match="entity"):
        read_product(product_folder)
    metadata.write_text(text[:len(text) // 2])
    with pytest.raises(UnreadableInput, match="not readable XML"):
        read_product(product_folder)


def test_a_zip_with_two_products_is_rejected(tmp_path):
    first = make_product(tmp_path, "2018-06-27", {("B04", 10): TINY})
    second = make_product(tmp_path, "2018-07-07", {("B04", 10): TINY})
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for folder in (first, second):
            archive.write(folder / "MTD_MSIL2A.xml", f"{folder.name}/MTD_MSIL2A.xml")
    with pytest.raises(UnsuitableInput, match=r"2 Sentinel-2 products.*20180627"):
        read_product(tmp_path / "both.zip")


def test_real_products_of_every_layout_are_read():
    first_layout, modern = (next(iter(SENTINEL2.glob(pattern))) for pattern in (
        "herault_2018/2018/01/23/*.SAFE", "S2A_MSIL2A_20221005*.SAFE"))
    old, new = read_product(first_layout), read_product(modern)
    assert (old.baseline, old.platform, old.tile, len(old.images)) == ("02.06", "Sentinel-2B", "T31TEJ", 11)
    assert (new.baseline, new.offsets["B8A"], len(new.images)) == ("04.00", -1000.0, 21)
    zipped_l1c = read_product(next(iter(SENTINEL2.glob("l1c_zipped/*T56JMM*.zip"))))
    assert (zipped_l1c.level, zipped_l1c.date.isoformat(), len(zipped_l1c.images)) == ("L1C", "2018-06-29", 13)


@pytest.mark.parametrize(("old", "new"), [
    (">10000</BOA_QUANTIFICATION_VALUE>", ">1e300</BOA_QUANTIFICATION_VALUE>"),
    (">10000</BOA_QUANTIFICATION_VALUE>", ">nan</BOA_QUANTIFICATION_VALUE>"),
    (">10000</BOA_QUANTIFICATION_VALUE>", ">0</BOA_QUANTIFICATION_VALUE>"),
    (">-1000</BOA_ADD_OFFSET>", ">nan</BOA_ADD_OFFSET>"), (">-1000</BOA_ADD_OFFSET>", ">-inf</BOA_ADD_OFFSET>")])
def test_impossible_numbers_in_the_metadata_are_reported(tmp_path, old, new):
    folder = make_product(tmp_path, "2023-06-27", {("B04", 10): np.full((4, 4), 1500)}, baseline="05.09")
    path = next(folder.glob("MTD_*.xml"))
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UnreadableInput, match=r"MTD_.*number that cannot be read \(\S+ is not between"):
        read_product(str(folder))
