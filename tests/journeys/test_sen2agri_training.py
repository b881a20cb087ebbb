"""The Sen2-Agri training from beginning to end on sample data, by the two shipped models."""

import json
import re
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
import rasterio
from rasterio.features import rasterize

from ..parcelfiles import one_layer_for_each_class

NO_CROPS = {"Forest", "Grassland", "Water", "Built-up"}
MAY, AUGUST = "2023-05-31", "2023-08-31"
# Of the sample: the first and the last product until the end of August.
PERIOD = "V20230323_20230830"
PRODUCTS_UNTIL_AUGUST = 5


@pytest.fixture(scope="module")
def sample(qgis_process, tmp_path_factory):
    """A small season with parcels."""
    folder = tmp_path_factory.mktemp("sen2agri") / "sample"
    outcome = qgis_process.run("createsampledata", SIZE=180, DATE_COUNT=6, OUTPUT_FOLDER=folder)
    assert outcome.code == 0, outcome.text
    return folder


def season(sample, folder, last_day):
    """The parameters of the model for the season up to a day."""
    files = {"prepareinsitu:INSITU": "insitu.gpkg", "prepareinsitu:ARCHIVE": "insitu.zip",
             "splitinsitu:VALIDATION_PARCELS": "validation.gpkg", "sentinel2timeseries:TIME_SERIES": "series.tif",
             "cropmask:CROP_MASK": "mask.tif", "cropmask:REPORT": "mask.html", "cropmask:PRODUCT": "l4a",
             "croptype:CROP_TYPE": "type.tif", "croptype:CROP_TYPE_UNMASKED": "unmasked.tif",
             "croptype:QUALITY": "quality.tif", "croptype:REPORT": "type.html", "croptype:PRODUCT": "l4b"}
    return {"PRODUCTS": str(sample / "sentinel2"), "START_DATE": "2023-03-01", "END_DATE": last_day,
            "PARCELS": str(sample / "parcels.gpkg"), "CLASS_FIELD": "crop", "TILE_ID": "31TXX",
            **{name: str(folder / file) for name, file in files.items()}}


@pytest.fixture(scope="module")
def august(qgis_process, sample, tmp_path_factory):
    """What is known at the end of August; by qgis_process."""
    folder = tmp_path_factory.mktemp("august")
    outcome = qgis_process.run("sen2agri", **season(sample, folder, AUGUST))
    assert outcome.code == 0, outcome.text
    return folder


@pytest.fixture(scope="module")
def may(provider, sample, tmp_path_factory):
    """What is known at the end of May; by Processing."""
    import processing

    folder = tmp_path_factory.mktemp("may")
    processing.run("floefield:sen2agri", season(sample, folder, MAY))
    return folder


def read(path):
    """The bands of a raster."""
    with rasterio.open(path) as raster:
        return raster.read()


def layer(path):
    """A vector layer."""
    from qgis.core import QgsVectorLayer

    opened = QgsVectorLayer(str(path), "layer", "ogr")
    assert opened.isValid()
    return opened


def labels(path):
    """The name of each value of a map, from the style beside it."""
    style = ElementTree.parse(path.with_suffix(".qml"))
    return {int(entry.get("value")): entry.get("label") for entry in style.iter("paletteEntry")}


def quality(folder, level):
    """The quality file of a product, and the folder of the product."""
    product, = (folder / level).iterdir()
    path, = product.glob("AUX_DATA/*_QLT_*.xml")
    return ElementTree.parse(path).getroot(), product


def test_the_archive_is_what_sen2agri_takes(sample, august, tmp_path):
    with zipfile.ZipFile(august / "insitu.zip") as archive:
        archive.extractall(tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".shp", ".shx", ".dbf", ".prj", ".cpg"}
    parcels = layer(tmp_path / "insitu.shp")
    assert [(field.name(), field.isNumeric(), field.length()) for field in parcels.fields()] == [
        ("ID", True, 6), ("CROP", True, 1), ("LC", False, 70), ("CODE", True, 8), ("IRRIGATION", True, 1)]

    surveyed = [feature.geometry() for feature in layer(sample / "parcels.gpkg").getFeatures()]
    for parcel in parcels.getFeatures():
        assert parcel["CROP"] == (parcel["LC"] not in NO_CROPS)
        assert parcel.geometry().area() > 4990, "in true metres; the projection shrinks them by up to 0.04 %"
        around, = (one for one in surveyed if one.contains(parcel.geometry()))
        assert around.buffer(-14.9, 8).contains(parcel.geometry())


def test_the_crop_mask_tells_crops_from_other_land(sample, august):
    figures, _ = quality(august, "l4a")
    assert figures.tag == "CropMask" and float(figures.findtext(".//Accuracy")) > 0.85
    assert set(np.unique(read(august / "mask.tif"))) == {1, 2}
    assert "Overall accuracy" in (august / "mask.html").read_text(encoding="utf-8")
    assert labels(august / "mask.tif") == {1: "No crop", 2: "Crop"}


def test_the_crop_type_is_delivered_with_the_mask_and_without(august):
    mask, masked, raw = (read(august / f"{name}.tif")[0] for name in ("mask", "type", "unmasked"))
    names = labels(august / "type.tif")
    no_crop = next(value for value, name in names.items() if name == "No crop")

    assert ((masked == no_crop) == (mask == 1)).all() and (masked[mask == 2] == raw[mask == 2]).all()
    assert no_crop not in raw
    assert set(names.values()) == {"No crop", "Maize", "Soybeans", "Winter wheat", "Winter barley", "Rapeseed",
                                   "Sunflower", "Alfalfa"}
    figures, product = quality(august, "l4b")
    scores = {score.get("class"): float(score.text) for score in figures.iter("F-score")}
    assert float(figures.findtext(".//Accuracy")) > 0.6 and float(figures.findtext(".//Kappa")) > 0.5
    assert scores["111"] > 0.7, "winter wheat"
    for suffix, values in (("CT", masked), ("RAW", raw)):
        path, = product.glob(f"TILES/*/IMG_DATA/S2AGRI_L4B_{suffix}_{PERIOD}_T31TXX.TIF")
        codes = read(path)[0]
        assert ((codes == 0) == (values == no_crop)).all() and ((codes == 111) == (values == 3)).all()


def test_the_products_have_the_structure_of_sen2agri(august):
    for level in ("l4a", "l4b"):
        _, product = quality(august, level)
        assert re.fullmatch(rf"S2AGRI_{level.upper()}_PRD_S1_\d{{8}}T\d{{6}}_{PERIOD}", product.name)
        assert {path.name for path in product.iterdir() if path.is_dir()} == {"AUX_DATA", "LEGACY_DATA", "TILES"}
        kinds = {path.name.split("_")[2] for path in product.rglob("*") if path.is_file()}
        dates = [date.text for date in ElementTree.parse(next(product.glob("AUX_DATA/*_IPP_*"))).iter("Date")]
        assert dates[:PRODUCTS_UNTIL_AUGUST] == ["2023-03-23", "2023-04-27", "2023-06-21", "2023-07-21", "2023-08-30"]
        assert dates[PRODUCTS_UNTIL_AUGUST:][:2] == ["2023-03-01", "2023-03-11"], "and those of the series"
        assert kinds == {"MTD", "PVI", "IPP", "QLT", "LUT", "ISD", "RAW",
                         *({"CM", "MCMFLG"} if level == "l4a" else {"CT", "MCTFLG"})}


def test_a_product_keeps_all_parcels_it_was_made_of(august):
    _, product = quality(august, "l4a")
    with zipfile.ZipFile(next(product.glob("AUX_DATA/*_ISD_*.zip"))) as archive:
        kept = json.loads(archive.read("insitu.geojson"))["features"]
    parcels = list(layer(august / "insitu.gpkg").getFeatures())
    both = len(kept) - len(parcels)
    assert 0 <= both <= 6, "only classes with one or two parcels train and judge"
    assert {feature["properties"]["CROP"] for feature in kept} == {"0", "1"}


def test_the_quality_layer_counts_what_the_products_show(sample, august):
    scenes = [read(path)[0] for path in sorted((sample / "sentinel2").glob("*/GRANULE/*/IMG_DATA/R20m/*_SCL_20m.jp2"))
              if "_20231014T" not in path.name]
    seen = np.repeat(np.repeat(np.array(scenes), 2, axis=1), 2, axis=2)
    unseen, water = np.isin(seen, (0, 1, 3, 8, 9, 10)).sum(axis=0), (seen == 6).sum(axis=0)

    assert len(scenes) == PRODUCTS_UNTIL_AUGUST
    assert np.array_equal(read(august / "quality.tif"), [PRODUCTS_UNTIL_AUGUST - unseen - water, water, 0 * water,
                                                         unseen])


def test_the_end_of_may_is_compared_with_the_end_of_august(run, may, august, tmp_path):
    for name, field, reference in (("mask", "CROP", august / "validation.gpkg"),
                                   ("type", "CODE", f"{august / 'validation.gpkg'}|subset=CROP = 1")):
        report = tmp_path / f"{name}.html"
        then, later = (run("assessaccuracy", {
            "CLASSIFICATION": str(first / f"{name}.tif"), "OTHER_CLASSIFICATIONS": str(second / f"{name}.tif"),
            "REFERENCE": str(reference), "CLASS_FIELD": field, "REPORT": str(report)})["OVERALL_ACCURACY"]
            for first, second in ((may, august), (august, may)))

        assert then < later, "three months more tell more"
        assert overall_accuracies(report) == pytest.approx([later, then], abs=6e-4)
        text = report.read_text(encoding="utf-8")
        assert "Comparison of the maps" in text and "Synthetic data" in text


def overall_accuracies(report):
    """Those at the top of a comparison, of both maps."""
    row, = re.findall(r">Overall accuracy by pixel</th>(.*?)</tr>", report.read_text(encoding="utf-8"), re.DOTALL)
    return [float(figure) / 100 for figure in re.findall(r'class="lead">([\d.]+)', row)]


def test_a_crop_mask_without_insitu_data_is_judged_by_all_parcels(run, feedback, sample, august, tmp_path):
    mask = run("cropmaskfromreference", {"INPUT": str(august / "series.tif"), "OUTPUT": str(tmp_path / "mask.tif"),
                                         "REFERENCE_MAP": str(sample / "landcover.tif")})["OUTPUT"]
    assert not [text for text in feedback.warned if "quality flags" in text], "none were requested"
    judged = run("assessaccuracy", {"CLASSIFICATION": mask, "REFERENCE": str(august / "insitu.gpkg"),
                                    "CLASS_FIELD": "CROP", "REPORT": str(tmp_path / "mask.html")})
    assert judged["OVERALL_ACCURACY"] > 0.85
    count = layer(august / "insitu.gpkg").featureCount()
    assert f"{count} reference parcels" in (tmp_path / "mask.html").read_text(encoding="utf-8")


def principles(folder, **others):
    """The parameters of the model of pixels and parcels."""
    files = {"aggregatebyparcel:PARCEL_MEANS": "means.tif", "pixels:PIXEL_MAP": "pixels.tif",
             "objects:OBJECT_MAP": "objects.tif", "objects:OBJECT_REPORT": "objects.html",
             "assessaccuracy:COMPARISON": "comparison.html", "splitinsitu:TRAINING_PARCELS": "training.gpkg",
             "splitinsitu:VALIDATION_PARCELS": "validation.gpkg"}
    return {**{name: str(folder / file) for name, file in files.items()}, **others}


def test_pixels_and_parcels_are_classified_and_compared(qgis_process, august, tmp_path):
    layers = one_layer_for_each_class(august / "insitu.gpkg", "CLASS", tmp_path)
    outcome = qgis_process.run("pixelandobject", RASTER=august / "series.tif", FEATURES="B0[3458]_2023*, B11_2023*",
                               PARCEL_LAYERS=layers, **principles(tmp_path))
    assert outcome.code == 0, outcome.text
    assert f"Training on {25 * len(layers)} pixels" in outcome.text

    with rasterio.open(tmp_path / "objects.tif") as raster:
        objects, transform = raster.read(1), raster.transform
    parcels = [json.loads(feature.geometry().asJson()) for name in ("training", "validation")
               for feature in layer(tmp_path / f"{name}.gpkg").getFeatures()]
    numbers = rasterize(zip(parcels, range(1, len(parcels) + 1)), objects.shape, transform=transform)
    assert ((objects > 0) == (numbers > 0)).all(), "parcels are mapped, and nothing else"
    assert all(len(np.unique(objects[numbers == number])) == 1 for number in np.unique(numbers))
    assert read(tmp_path / "pixels.tif").all(), "every pixel of the series has a class"
    assert min(overall_accuracies(tmp_path / "comparison.html")) > 0.5, "of eleven classes"


def test_further_rasters_join_and_parcels_without_class_are_mapped(run, sample, august, tmp_path):
    radar = run("aggregatebyparcel", {"RASTER": str(august / "quality.tif"), "PARCELS": str(sample / "parcels.gpkg"),
                                      "OUTPUT": str(tmp_path / "coherence.tif")})["OUTPUT"]
    run("pixelandobject", principles(
        tmp_path, RASTER=str(august / "series.tif"), EXTRA_RASTERS=[radar], PARCELS=str(august / "insitu.gpkg"),
        CLASS_FIELD="LC", OTHER_PARCELS=[str(sample / "parcels.gpkg")]))

    assert "coherence.tif" in (tmp_path / "objects.html").read_text(encoding="utf-8")
    # The parcels as surveyed hold those that were too small to train.
    assert np.array_equal(read(tmp_path / "objects.tif")[0] > 0, np.isfinite(read(radar)[0]))
