"""Metadata files of Sen2-Agri products: what an XML parser reads is what was given."""

from datetime import date
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from floefield.compute.classifiers.forest_model import ForestSettings
from floefield.compute.raster.grid import Grid
from floefield.compute.sen2agri.product_folder import write_parameters, write_product, write_quality, write_tile
from floefield.compute.sen2agri.product_task import CROP_MASK, CROP_TYPE, ProductInfo, ProductTask, SegmentSettings

DAYS = (date(2018, 1, 5), date(2018, 1, 15))


@pytest.fixture
def task():
    return ProductTask(CROP_MASK, "/data/A & B <1>.tif", ForestSettings(trees=7, max_depth=3, min_samples_leaf=2),
                       parcels_path='/data/"quoted" d\'or\x07.gpkg', info=ProductInfo("9", "31TEJ"),
                       segments=SegmentSettings(pca_components=4))


def root_of(path):
    return ElementTree.parse(path).getroot()


def test_parameters_of_a_crop_mask_from_parcels(task, tmp_path):
    write_parameters(str(tmp_path / "p.xml"), task, DAYS, DAYS[:1])
    root = root_of(tmp_path / "p.xml")
    assert root.findtext("ProductType") == "Crop mask"
    assert root.findtext("ReferencePolygons") == '/data/"quoted" d\'or.gpkg'  # without the control character
    assert root.findtext("Tiles/Tile/Inputs/Input") == "/data/A & B <1>.tif"
    assert root.find("Tiles/Tile/Inputs/Mask") is None
    assert [day.text for day in root.iterfind("Tiles/Tile/Dates/Date")] == ["2018-01-05", "2018-01-15"]
    assert [day.text for day in root.iterfind("Tiles/Tile/Acquisitions/Date")] == ["2018-01-05"]
    assert [element.text for element in root.find("Parameters/Classifier/RF")] == ["7", "2", "3"]
    assert root.findtext("Parameters/Segmentation/PCAComponents") == "4"
    assert root.find("Parameters/ErosionRadius") is None


def test_parameters_of_crop_types_and_of_a_mask_from_a_reference_map(task, tmp_path):
    write_parameters(str(tmp_path / "t.xml"), ProductTask(CROP_TYPE, "s.tif", task.forest, mask="m.tif"), DAYS, DAYS)
    write_parameters(str(tmp_path / "r.xml"), ProductTask(CROP_MASK, "s.tif", task.forest, reference="cci.tif"), DAYS,
                     DAYS)
    crop_type, reference = root_of(tmp_path / "t.xml"), root_of(tmp_path / "r.xml")
    assert crop_type.findtext("Tiles/Tile/Inputs/Mask") == "m.tif"
    assert crop_type.find("Parameters/Segmentation") is None
    assert reference.findtext("ReferenceData") == "cci.tif"
    assert reference.find("ReferencePolygons") is None
    assert (reference.findtext("Parameters/ErosionRadius"), reference.findtext("Parameters/TrimmingAlpha")) == (
        "1", "0.01")


def test_quality_has_the_matrix_and_the_scores_by_class(tmp_path):
    matrix = SimpleNamespace(labels=("no crop", "crop"), counts=np.array([[5, 1], [0, 7]]),
                             precision=np.array([1.0, 0.875]), recall=np.array([5 / 6, 1.0]),
                             f1_score=np.array([10 / 11, 14 / 15]), kappa=0.8445, overall_accuracy=12 / 13)
    write_quality(str(tmp_path / "q.xml"), True, matrix, {"no crop": "0", "crop": "1"})
    root = root_of(tmp_path / "q.xml")
    assert root.tag == "CropMask"
    rows = [[cell.text for cell in row] for row in root.iterfind("ConfusionMatrix/Data/Row")]
    assert rows == [["5", "1"], ["0", "7"]]
    assert [(score.tag, score.get("class"), score.text) for score in root.find("QualityMetrics")] == [
        ("Precision", "0", "1.0000000000"), ("Precision", "1", "0.8750000000"), ("Recall", "0", "0.8333333333"),
        ("Recall", "1", "1.0000000000"), ("F-score", "0", "0.9090909091"), ("F-score", "1", "0.9333333333"),
        ("Kappa", None, "0.8445000000"), ("Accuracy", None, "0.9230769231")]
    write_quality(str(tmp_path / "none.xml"), False, None, {})
    assert ElementTree.tostring(root_of(tmp_path / "none.xml")) == b"<CropType />"


def test_product_and_tile_list_their_files(task, tmp_path):
    write_product(str(tmp_path / "m.xml"), "S2AGRI_L4A", task, "20180101T000000", DAYS, ["a.xml", "b & c.tif"])
    product = root_of(tmp_path / "m.xml")
    assert [element.text for element in product][:6] == ["S2AGRI_L4A", "L4A", "9", "20180101T000000", "2018-01-05",
                                                         "2018-01-15"]
    assert [file.text for file in product.find("Files")] == ["a.xml", "b & c.tif"]
    wkt = 'PROJCS["WGS 84 / UTM zone 31N <é>"]'
    write_tile(str(tmp_path / "t.xml"), Grid(wkt, 600000.0, 4900020.0, 10.0, 10.0, 12, 34), "31TEJ", ["a.TIF"])
    tile = root_of(tmp_path / "t.xml")
    assert [element.text for element in tile.find("Geocoding")] == [wkt, "12", "34", "600000", "4900020", "10", "10"]
    assert [image.text for image in tile.find("Images")] == ["a.TIF"]
    assert "&#34;" not in (tmp_path / "t.xml").read_text()
