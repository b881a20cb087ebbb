"""CRYO04 from beginning to end: zipped charts and scenes go in, ice maps and a report come out, in one run."""

import json

import pytest
import rasterio


@pytest.fixture(scope="module")
def winter(qgis_process, tmp_path_factory):
    """A small winter at sea."""
    folder = tmp_path_factory.mktemp("winter") / "sample"
    outcome = qgis_process.run("createsampledata", KIND="seaice", SIZE=180, DATE_COUNT=3, OUTPUT_FOLDER=folder)
    assert outcome.code == 0, outcome.text
    return folder


@pytest.fixture(scope="module")
def made(qgis_process, winter, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cryo04")
    outcome = qgis_process.run("seaicemap", **{
        "CHARTS": winter / "icecharts", "STUDY_AREA": winter / "study_area.geojson", "PRODUCTS": winter / "sentinel1",
        "BOUNDARY_DISTANCE": 250, "WINDOW": 13, "TREES": 50,
        "prepareicecharts:PREPARED_CHARTS": folder / "charts", "preprocesssentinel1:SCENES": folder / "scenes",
        "glcmtextures:TEXTURES": folder / "textures", "classifyseaice:MAPS": folder / "maps",
        "classifyseaice:REPORT": folder / "report.html", "classifyseaice:MODEL": folder / "ice.ffm"})
    assert outcome.code == 0, outcome.text
    return folder


def test_the_sample_begins_with_a_zip(winter):
    assert sorted(path.suffix for path in (winter / "sentinel1").iterdir()) == [".SAFE", ".SAFE", ".zip"]
    assert all(path.suffix == ".zip" for path in (winter / "icecharts").iterdir())
    area = json.loads((winter / "study_area.geojson").read_text())
    assert area["features"][0]["properties"]["synthetic"] == 1


def test_every_step_leaves_its_folder(made, winter):
    charts, scenes, textures = ([path for path in (made / name).iterdir() if path.suffix in (".gpkg", ".tif")]
                                for name in ("charts", "scenes", "textures"))
    maps = sorted((made / "maps").glob("*_ice.tif"))
    assert len(charts) == len(scenes) == len(textures) == len(maps) == 3
    assert {path.name.replace("_textures.tif", ".tif") for path in textures} == {path.name for path in scenes}
    assert {path.name.replace("_ice.tif", ".tif") for path in maps} == {path.name for path in scenes}
    assert (made / "maps" / "ice_edge.gpkg").exists() and (made / "ice.ffm").exists()


def test_what_is_not_given_has_the_default_of_the_model(made):
    with rasterio.open(next((made / "scenes").glob("*.tif"))) as scene:
        assert (scene.crs.to_epsg(), scene.res) == (32626, (40, 40))
    with rasterio.open(next((made / "textures").glob("*.tif"))) as textures:
        tags = textures.tags()
        assert (tags["TEXTURE_WINDOW"], tags["TEXTURE_STEP"], tags["TEXTURE_DISTANCES"]) == ("13", "1", "2")
        assert textures.crs.to_epsg() == 32626
        assert len(textures.descriptions) == 14
    assert "Young ice" in (made / "report.html").read_text()


def test_the_maps_show_ice_where_the_scenes_have_data(made):
    for path in (made / "maps").glob("*_ice.tif"):
        with rasterio.open(path) as raster:
            classes, tags = raster.read(1), raster.tags()
        with rasterio.open(made / "scenes" / path.name.replace("_ice.tif", ".tif")) as scene:
            seen = scene.read_masks(1) > 0
        assert tags["SYNTHETIC"] == "YES" and tags["ACQUISITION_DATE"].replace("-", "") in path.name
        assert not classes[~seen].any()
        assert (classes[seen] > 0).mean() > 0.9
        assert len(set(classes[classes > 0].tolist())) >= 2


def test_the_report_assesses_each_date_and_is_marked_as_synthetic(made):
    page = (made / "report.html").read_text().replace("<wbr>", "")
    for text in ("Synthetic data", "2020-10-05", "2020-12-28", "2021-03-22", "usnic_arctic_20201008",
                 "leave-one-date-out, forests of"):
        assert text in page
