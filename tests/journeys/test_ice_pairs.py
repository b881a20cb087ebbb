"""Scenes and charts that belong together, and those that do not: what classifyseaice says on a command line."""

import numpy as np
import pytest
import rasterio

from .. import icescene
from ..icecharts import CHARTS

CRS = rasterio.crs.CRS.from_epsg(3413)
QUICK = {"TEXTURES": "none", "TREES": 20, "ASSESSMENT": "none", "DISAGREEMENT": False, "BOUNDARY_DISTANCE": 80}


@pytest.fixture
def folder(tmp_path):
    """Scenes of two weeks, and a folder for charts."""
    for name in ("scenes", "charts"):
        (tmp_path / name).mkdir()
    for number, day in enumerate(("2020-10-08", "2020-10-15")):
        icescene.write_scene(tmp_path / "scenes" / f"scene{number}.tif", day, number)
    return tmp_path


@pytest.fixture
def classify(qgis_process, folder):
    def classify(**more):
        return qgis_process.run("classifyseaice", SCENES_FOLDER=folder / "scenes", CHARTS_FOLDER=folder / "charts",
                                OUTPUT_FOLDER=folder / "maps", **{**QUICK, **more})
    return classify


def test_charts_of_other_waters_are_refused_by_name(classify, folder):
    icescene.write_chart(folder / "charts", "2020-10-08", west=icescene.WEST + 300000)

    outcome = classify()

    assert outcome.code == 1
    assert ("no chart within 3 days of 2020-10-08 overlaps the scene (charts of other areas: "
            "arctic201008)") in outcome.stderr
    assert "Check the dates and the extent of the charts" in outcome.stderr
    assert "Traceback" not in outcome.text and not (folder / "maps").exists()


def test_charts_far_apart_in_time_are_refused_with_their_day(classify, folder):
    icescene.write_chart(folder / "charts", "2021-03-04")

    outcome = classify()

    assert outcome.code == 1
    assert "no chart within 3 days of 2020-10-08; the nearest, arctic210304, is dated 2021-03-04" in outcome.stderr
    assert "MAX_DAYS" in outcome.stderr
    assert not (folder / "maps").exists()


def test_a_scene_without_a_chart_is_mapped_and_named(classify, folder):
    icescene.write_chart(folder / "charts", "2020-10-07")

    outcome = classify(REPORT=folder / "report.html")

    assert outcome.code == 0, outcome.text
    assert "scene0 (2020-10-08): chart arctic201007 of 2020-10-07" in outcome.text
    assert ("scene1 (2020-10-15): mapped, but not used for training or validation: no chart within 3 days of "
            "2020-10-15; the nearest, arctic201007, is dated 2020-10-07") in outcome.text
    page = (folder / "report.html").read_text().replace("<wbr>", "")
    assert "1 scene has no matching chart" in page and "scene1" in page


def test_a_chart_of_the_day_elsewhere_gives_way_to_one_of_these_waters(classify, folder):
    icescene.write_chart(folder / "charts", "2020-10-08", west=icescene.WEST + 300000)
    icescene.write_chart(folder / "charts", "2020-10-10")

    outcome = classify()

    assert outcome.code == 0, outcome.text
    assert "scene0 (2020-10-08): chart arctic201010 of 2020-10-10" in outcome.text


def test_a_real_chart_teaches_a_scene_that_lies_in_it(qgis_process, tmp_path):
    """A scene is painted where the Canadian chart of the Beaufort Sea shows young, first-year and old ice."""
    chart = next(CHARTS.glob("03012022_CEXPRWA.shp"))
    outcome = qgis_process.run("prepareicecharts", CHARTS=chart, CRS="EPSG:3413", LEGEND="park3_young",
                               OUTPUT_FOLDER=tmp_path / "prepared")
    assert outcome.code == 0, outcome.text
    truth = painted(next((tmp_path / "prepared").glob("*.gpkg")), tmp_path / "scene.tif")

    outcome = qgis_process.run("classifyseaice", SCENES=tmp_path / "scene.tif", OUTPUT_FOLDER=tmp_path / "maps",
                               CHARTS=[chart, next(CHARTS.glob("06092021_CEXPRWA.shp"))],
                               **{**QUICK, "BOUNDARY_DISTANCE": 3000})

    assert outcome.code == 0, outcome.text
    assert "scene (2022-01-04): chart 03012022_CEXPRWA of 2022-01-03" in outcome.text
    with rasterio.open(tmp_path / "maps" / "scene_ice.tif") as raster:
        mapped = raster.read(1)
    for value in (2, 3, 4):
        assert (mapped[truth == value] == value).mean() > 0.9
    assert "06092021_CEXPRWA" in outcome.text and "SOURCE_CRS" in outcome.text


def painted(chart, path, size=150):
    """Write backscatter that follows the classes of a prepared chart; gives them as GDAL sees them."""
    from osgeo import gdal

    box = (-1836000, -364000, -1836000 + size * 1000, -364000 + size * 1000)
    burnt = gdal.Rasterize("", str(chart), format="MEM", layers=[chart.stem], attribute="class_value", xRes=1000,
                           yRes=1000, outputBounds=box, outputType=gdal.GDT_Byte).ReadAsArray()
    pixels = np.random.default_rng(1).normal(-28.0 + 5.0 * burnt, 1.0, (2, size, size)).astype(np.float32)
    with rasterio.open(path, "w", driver="GTiff", height=size, width=size, count=2, dtype="float32", crs=CRS,
                       transform=rasterio.Affine(1000, 0, box[0], 0, -1000, box[3]), nodata=np.nan) as raster:
        raster.write(pixels)
        raster.descriptions = ("HH", "HV")
        raster.update_tags(ACQUISITION_DATE="2022-01-04")
    return burnt
