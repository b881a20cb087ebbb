"""The Sen2-Agri tools as users run them, on a small time series with known classes."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from qgis.core import QgsProcessingException

from tests import fieldscene
from tests.seriesscene import BANDS, CODES, DATES, DAYS, cropland_mask, write_parcels, write_series

QUICK = {"TREES": 20, "MIN_SAMPLES_LEAF": 3, "THREADS": 1}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    scl = np.full((DATES, fieldscene.ROWS * fieldscene.FIELD, fieldscene.COLUMNS * fieldscene.FIELD), 4, np.uint8)
    scl[0], scl[1, :5], scl[2, :, :3] = 9, 6, 11
    names = [f"SCL_{day:%Y%m%d}" for day in DAYS]
    return {"INPUT": write_series(folder / "series.tif"), "TRAINING": write_parcels(folder / "parcels.geojson"),
            "FLAGS": fieldscene.write(folder / "scl.tif", scl, names, nodata=0)}


@pytest.fixture(scope="module")
def made(provider, inputs, tmp_path_factory):
    """All outputs of the three tools, with the crop type masked by the crop mask."""
    import processing

    folder = tmp_path_factory.mktemp("made")

    def outputs(name):
        return {key: str(folder / f"{name}_{key.lower()}.{'html' if key == 'REPORT' else 'tif'}")
                for key in ("OUTPUT", "OUTPUT_UNMASKED", "QUALITY", "REPORT")} | {"PRODUCT": str(folder / name)}

    def run(tool, parameters):
        return processing.run(f"floefield:{tool}", parameters)

    mask = run("cropmask", {**inputs, **QUICK, **outputs("mask")})
    kind = run("croptype", {**inputs, **QUICK, **outputs("type"), "MASK": mask["OUTPUT"], "LABEL_FIELD": "LC"})
    reference = run("cropmaskfromreference", {
        "INPUT": inputs["INPUT"], "REFERENCE_MAP": mask["OUTPUT"], "CROP_CLASSES": "2", **QUICK,
        **outputs("reference")})
    return {"mask": mask, "type": kind, "reference": reference, "folder": folder}


def test_the_crop_mask_is_accurate(made):
    values, nodata = fieldscene.read(made["mask"]["OUTPUT"])

    assert nodata == 0
    assert (values[0] == np.where(cropland_mask(), 2, 1)).mean() > 0.95
    assert made["mask"]["OVERALL_ACCURACY"] > 0.95


def test_the_crop_mask_from_a_reference_map_agrees_with_it(made):
    values, _ = fieldscene.read(made["reference"]["OUTPUT"])

    assert (values[0] == np.where(cropland_mask(), 2, 1)).mean() > 0.93
    assert "validation blocks of the reference map" in Path(made["reference"]["REPORT"]).read_text(encoding="utf-8")


def test_the_crop_type_is_masked_and_unmasked(made):
    mask = fieldscene.read(made["mask"]["OUTPUT"])[0][0]
    masked, raw = (fieldscene.read(made["type"][name])[0][0] for name in ("OUTPUT", "OUTPUT_UNMASKED"))

    assert (masked[mask == 1] == 4).all() and (masked[mask == 2] == raw[mask == 2]).all()
    assert set(np.unique(raw)) == {1, 2, 3}
    assert made["type"]["OVERALL_ACCURACY"] > 0.9


def test_parcels_can_assess_a_crop_mask_trained_on_a_reference_map(run, inputs, made, tmp_path):
    report = tmp_path / "report.html"
    assessed = run("assessaccuracy", {"CLASSIFICATION": made["reference"]["OUTPUT"], "REFERENCE": inputs["TRAINING"],
                                      "CLASS_FIELD": "CROP", "REPORT": str(report)})
    assert assessed["OVERALL_ACCURACY"] > 0.9
    assert "with training pixels of the" not in report.read_text(encoding="utf-8")


def test_crop_types_have_the_names_of_the_shapefile_and_the_colours_of_sen2agri(made):
    from qgis.core import QgsRasterLayer

    layer = QgsRasterLayer(made["type"]["OUTPUT"])
    assert [(one.label, one.color.getRgb()[:3]) for one in layer.renderer().classes()] == [
        ("Wheat", (255, 255, 127)), ("Maize", (255, 133, 10)), ("Barley", (170, 85, 127)),
        ("No crop", (255, 255, 255))]


def test_quality_flags_count_dates_by_status(made):
    import rasterio

    with rasterio.open(made["type"]["QUALITY"]) as raster:
        counts = raster.read()
        assert raster.descriptions == ("land", "water", "snow", "other")
    assert (counts.sum(axis=0) == DATES).all()
    assert counts[:, 0, 0].tolist() == [DATES - 3, 1, 1, 1]
    assert counts[:, -1, -1].tolist() == [DATES - 1, 0, 0, 1]


def test_the_product_folder_has_the_structure_of_sen2agri(made):
    import rasterio

    product, = (made["folder"] / "type").iterdir()
    assert product.name.startswith("S2AGRI_L4B_PRD_S1_") and product.name.endswith("_V20180301_20180828")
    period = "V20180301_20180828"
    tile = product / "TILES" / f"S2AGRI_L4B_{period}_T00XXX"
    with rasterio.open(tile / "IMG_DATA" / f"S2AGRI_L4B_CT_{period}_T00XXX.TIF") as raster:
        codes = raster.read(1)
        assert (raster.dtypes[0], raster.nodata) == ("int16", -10000)
    masked = fieldscene.read(made["type"]["OUTPUT"])[0][0]
    assert np.array_equal(codes, np.array([-10000, 11, 12, 15, 0])[masked])
    names = {path.relative_to(product).as_posix() for path in product.rglob("*") if path.is_file()}
    assert names == {f"S2AGRI_L4B_MTD_{period}.xml", f"S2AGRI_L4B_PVI_{period}.jpg",
                     *(f"AUX_DATA/S2AGRI_L4B_{name}_{period}.{suffix}" for name, suffix in (
                         ("IPP", "xml"), ("QLT", "xml"), ("LUT", "lut"), ("LUT", "qml"), ("ISD", "zip"))),
                     *(f"TILES/{tile.name}/{name}_{period}_T00XXX.{suffix}" for name, suffix in (
                         ("S2AGRI_L4B_MTD", "xml"), ("IMG_DATA/S2AGRI_L4B_CT", "TIF"),
                         ("IMG_DATA/S2AGRI_L4B_RAW", "TIF"), ("QI_DATA/S2AGRI_L4B_MCTFLG", "TIF")))}
    assert "11 255 255 127 # Wheat" in (product / f"AUX_DATA/S2AGRI_L4B_LUT_{period}.lut").read_text()


def test_the_style_of_the_product_applies_to_its_raster(made):
    from qgis.core import QgsRasterLayer

    product, = (made["folder"] / "type").iterdir()
    layer = QgsRasterLayer(str(next(product.glob("TILES/*/IMG_DATA/*_CT_*.TIF"))))
    _, is_loaded = layer.loadNamedStyle(str(next(product.glob("AUX_DATA/*_LUT_*.qml"))))
    assert is_loaded
    assert [(one.value, one.label) for one in layer.renderer().classes()] == [
        (11, "Wheat"), (12, "Maize"), (15, "Barley"), (0, "No crop")]


def test_the_quality_file_contains_the_matrix_of_the_final_map(made):
    product, = (made["folder"] / "type").iterdir()
    root = ElementTree.parse(next(product.glob("AUX_DATA/*QLT*"))).getroot()
    matrix = np.array([[int(cell.text) for cell in row] for row in root.iter("Row")])

    assert root.tag == "CropType" and [label.text for label in root.iter("RowLabel")] == ["11", "12", "15", "0"]
    assert float(root.findtext(".//Accuracy")) == pytest.approx(np.trace(matrix) / matrix.sum())
    assert float(root.findtext(".//Accuracy")) == pytest.approx(made["type"]["OVERALL_ACCURACY"])
    parameters = ElementTree.parse(next(product.glob("AUX_DATA/*IPP*"))).getroot()
    assert parameters.findtext(".//NbTrees") == "20" and parameters.findtext("Level") == "L4B"


def test_nodata_pixels_are_nodata_in_all_outputs(run, inputs, tmp_path):
    import rasterio

    values = fieldscene.read(inputs["INPUT"])[0]
    values[40, :8, :8] = -1
    series = fieldscene.write(tmp_path / "series.tif", values, rasterio.open(inputs["INPUT"]).descriptions, nodata=-1)
    result = run("cropmask", {"INPUT": series, "TRAINING": inputs["TRAINING"], **QUICK, "PRODUCT": str(tmp_path / "p"),
                              "OUTPUT": str(tmp_path / "mask.tif")})

    empty = fieldscene.read(result["OUTPUT"])[0][0] == 0
    assert empty[:8, :8].all() and empty.sum() == 64
    product = fieldscene.read(next((tmp_path / "p").rglob("*_CM_*.TIF")))[0][0]
    assert np.array_equal(product == -10000, empty)


def test_a_mask_of_other_software_is_0_outside_cropland(run, inputs, tmp_path):
    mask = cropland_mask().astype(np.int16)[None]
    mask[0, :2] = -10000
    path = fieldscene.write(tmp_path / "mask.tif", mask, ("mask",), nodata=-10000)
    result = run("croptype", {"INPUT": inputs["INPUT"], "TRAINING": inputs["TRAINING"], **QUICK, "MASK": path,
                              "OUTPUT": str(tmp_path / "type.tif")})

    values = fieldscene.read(result["OUTPUT"])[0][0]
    assert ((values == 4) == (mask[0] == 0)).all()


def test_codes_of_eight_digits_are_refused_for_the_product_only(run, inputs, tmp_path):
    codes = {cover: 12345600 + code for cover, code in CODES.items()}
    given = {"INPUT": inputs["INPUT"], **QUICK, "TRAINING": write_parcels(tmp_path / "parcels.geojson", codes),
             "OUTPUT": str(tmp_path / "type.tif")}

    assert fieldscene.read(run("croptype", given)["OUTPUT"])[0].max() == 3
    with pytest.raises(QgsProcessingException, match=r"code 0 does not fit.*from 1 to 32767"):
        run("croptype", {**given, "TRAINING": write_parcels(tmp_path / "zero.geojson", {**CODES, min(CODES): 0}),
                         "PRODUCT": str(tmp_path / "products")})
    with pytest.raises(QgsProcessingException, match="12345611 does not fit into a Sen2-Agri product"):
        run("croptype", {**given, "OUTPUT": str(tmp_path / "other.tif"), "PRODUCT": str(tmp_path / "products")})
    assert not (tmp_path / "other.tif").exists() and not (tmp_path / "products").exists()


@pytest.fixture(scope="module")
def bad(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    return {"without red edge": write_series(folder / "series.tif", [b for b in BANDS if b not in ("B05", "B06")]),
            "without B11": write_series(folder / "swir.tif", ("B03", "B04", "B08")),
            "crops only": write_parcels(folder / "crops.geojson", crop=1),
            "map": fieldscene.write(folder / "map.tif", cropland_mask().astype(np.uint8)[None], ("mask",))}


@pytest.mark.parametrize(("tool", "changes", "words"), [
    ("cropmask", {"INPUT": "without red edge"}, r"lacks B05, B06.*switch RED_EDGE off"),
    ("croptype", {"INPUT": "without B11"}, r"lacks B11.*gap filling"),
    ("cropmask", {"TRAINING": "crops only"}, r"of one class \(1\).*at least two"),
    ("cropmask", {"FLAGS": "map"}, "cannot be used for the quality flags.*SCL_20180627"),
    ("cropmask", {"SITE": "Louvain/2"}, "site of the product.*letters and digits"),
    ("cropmask", {"CROP_FIELD": "LC"}, "must be 1 .crop. or 0.*CROP_FIELD"),
    ("cropmaskfromreference", {"REFERENCE_MAP": "map", "CROP_CLASSES": "10"}, "no cropland in.*its values are 0, 1"),
    ("cropmaskfromreference", {"REFERENCE_MAP": "map", "CROP_CLASSES": "maize"},
     "CROP_CLASSES: 'maize' is not a list of whole numbers"),
    ("cropmaskfromreference", {"REFERENCE_MAP": "map", "CROP_CLASSES": "-1"}, "CROP_CLASSES is '-1'.*10,11,20"),
    ("croptype", {"CLASS_FIELD": "LC", "PRODUCT": "products"}, "does not fit into a Sen2-Agri product")])
def test_invalid_inputs_are_refused_with_a_message(run, inputs, bad, tmp_path, tool, changes, words):
    given = {"INPUT": inputs["INPUT"], **({} if "reference" in tool else {"TRAINING": inputs["TRAINING"]}), **QUICK,
             **{name: bad.get(value, value) for name, value in changes.items()}, "OUTPUT": str(tmp_path / "map.tif")}
    if "PRODUCT" in given:
        given["PRODUCT"] = str(tmp_path / given["PRODUCT"])

    with pytest.raises(QgsProcessingException, match=words):
        run(tool, given)
    assert list(tmp_path.iterdir()) == []
