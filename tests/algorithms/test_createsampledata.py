"""Tool ``createsampledata``: a folder with products and parcels, or with products and ice charts."""

from pathlib import Path

import pytest

TINY = {"KIND": "crops", "SEED": 3, "SIZE": 120, "DATE_COUNT": 2}


@pytest.fixture
def create(run, tmp_path):
    def create(name="sample", **changes):
        return run("createsampledata", {**TINY, "OUTPUT_FOLDER": str(tmp_path / name), **changes})
    return create


def test_folder_contains_products_parcels_and_readme(create, feedback):
    from qgis.core import QgsRasterLayer, QgsVectorLayer

    results = create()
    folder = Path(results["OUTPUT_FOLDER"])
    assert sorted(path.name for path in folder.iterdir()) == [
        "README.txt", "aoi.geojson", "landcover.qml", "landcover.tif", "landcover.tif.aux.xml", "parcels.gpkg",
        "sentinel2"]
    assert Path(results["PRODUCTS_FOLDER"]) == folder / "sentinel2"
    products = list((folder / "sentinel2").glob("S2?_MSIL2A_2023*.SAFE"))
    assert len(products) == results["PRODUCT_COUNT"] == 2

    parcels = QgsVectorLayer(results["PARCELS"], "parcels", "ogr")
    assert parcels.crs().authid() == "EPSG:32631"
    assert [field.name() for field in parcels.fields()] == ["fid", "id", "crop", "code", "cropland", "synthetic"]
    assert parcels.featureCount() == results["PARCEL_COUNT"] > 0
    image = QgsRasterLayer(str(next(products[0].glob("GRANULE/*/IMG_DATA/R10m/*_B04_10m.jp2"))), "red", "gdal")
    assert (image.crs().authid(), image.width(), image.height()) == ("EPSG:32631", 120, 120)
    for parcel in parcels.getFeatures():
        assert parcel.geometry().isGeosValid()
        assert image.extent().contains(parcel.geometry().boundingBox())
        assert parcel["synthetic"] == 1
    assert any("Next: Inner buffer" in line for line in feedback.said)


def test_same_seed_results_in_the_same_bytes(create):
    folders = [Path(create(name)["OUTPUT_FOLDER"]) for name in ("first", "again")]
    first, again = ({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
                    for folder in folders)
    assert first == again


def test_sea_ice_sample_has_zipped_charts_that_qgis_opens(create):
    from qgis.core import QgsVectorLayer

    results = create(KIND="seaice", SIZE=60)
    folder = Path(results["OUTPUT_FOLDER"])
    assert sorted(path.name for path in folder.iterdir()) == ["README.txt", "icecharts", "sentinel1",
                                                              "study_area.geojson"]
    assert (results["PRODUCT_COUNT"], results["CHART_COUNT"]) == (2, 2)
    assert "PARCELS" not in results
    charts = sorted(Path(results["CHARTS_FOLDER"]).iterdir())
    assert [path.name for path in charts] == ["arctic201008.zip", "arctic210325.zip"]
    chart = QgsVectorLayer(f"/vsizip/{charts[0]}", "chart", "ogr")
    assert "stere" in chart.crs().toProj() and "lon_0=180" in chart.crs().toProj()
    area = QgsVectorLayer(results["STUDY_AREA"], "area", "ogr")
    assert area.featureCount() == 1
    for polygon in chart.getFeatures():
        assert polygon.geometry().isGeosValid()
        assert polygon["POLY_TYPE"] in ("L", "W", "I")
        assert polygon["AREA"] == pytest.approx(polygon.geometry().area(), rel=1e-3)


def test_same_seed_results_in_the_same_bytes_of_a_sea_ice_sample(create):
    folders = [Path(create(name, KIND="seaice", SIZE=60, DATE_COUNT=1)["OUTPUT_FOLDER"]) for name in ("first", "again")]
    first, again = ({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
                    for folder in folders)
    assert first == again


def test_sample_is_read_by_the_other_tools(create, run):
    sample = create()
    buffered = run("innerbuffer", {"INPUT": sample["PARCELS"], "OUTPUT": "TEMPORARY_OUTPUT"})
    assert buffered["INPUT_COUNT"] == sample["PARCEL_COUNT"]
    stack = run("sentinel2timeseries", {"INPUT_FOLDER": sample["PRODUCTS_FOLDER"], "BANDS": ["B04", "B08"],
                                        "INDICES": ["ndvi"], "THREADS": 1, "OUTPUT": "TEMPORARY_OUTPUT"})
    assert stack["DATE_COUNT"] == 2


def test_output_folder_may_be_temporary(create):
    results = create(OUTPUT_FOLDER="TEMPORARY_OUTPUT")
    assert (Path(results["OUTPUT_FOLDER"]) / "parcels.gpkg").exists()


def test_folder_that_is_not_empty_is_not_changed(create, tmp_path):
    from qgis.core import QgsProcessingException

    (tmp_path / "sample").mkdir()
    (tmp_path / "sample" / "thesis.txt").write_text("years of work")
    with pytest.raises(QgsProcessingException, match="not empty"):
        create()
    assert [path.name for path in tmp_path.rglob("*")] == ["sample", "thesis.txt"]


def test_size_that_is_not_a_multiple_of_6_is_refused(create):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException, match="multiple of 6"):
        create(SIZE=100)


def test_cancel_leaves_nothing(create, tmp_path, feedback):
    feedback.progressChanged.connect(lambda percent: feedback.cancel() if percent > 40 else None)
    create()
    assert not list(tmp_path.iterdir())
