"""Tool ``preprocesssentinel2``: effect of each parameter."""

import json
import os
import sys

import numpy as np
import pytest
import rasterio
from qgis.core import QgsProcessingException, QgsSettings
from rasterio.crs import CRS
from rasterio.transform import from_origin
from rasterio.warp import transform

from ..products import EPSG, ORIGIN, make_product
from ..tinyproducts import add_cloud_polygons, add_layer, make_level_1c, make_old_product

TEN = np.arange(1000, 1000 + 576).reshape(24, 24)
TWENTY = np.arange(2000, 2144).reshape(12, 12)
CLASSES = np.full((12, 12), 4)
CLASSES[2, 3] = 9
PROBABILITY = np.arange(144).reshape(12, 12) % 101
NODATA = -32768
WEST, NORTH = ORIGIN


@pytest.fixture(scope="module")
def safe(tmp_path_factory):
    """Product with all layers used by masks, with different clouds in each."""
    folder = make_product(tmp_path_factory.mktemp("product"), "2018-06-27", {
        ("B04", 10): TEN, ("B05", 20): TWENTY, ("SCL", 20): CLASSES})
    add_layer(folder, "MSK_CLDPRB_20m", PROBABILITY, 20)
    add_cloud_polygons(next(folder.glob("GRANULE/*")) / "QI_DATA", [("OPAQUE", ring(0, 0, 6, 6)),
                                                                    ("CIRRUS", ring(12, 12, 6, 6))])
    return folder


def ring(col, row, width, height):
    """Return the outline of a window of 10 m pixels."""
    west, north = WEST + 10 * col, NORTH - 10 * row
    east, south = west + 10 * width, north - 10 * height
    return [(west, north), (east, north), (east, south), (west, south), (west, north)]


def polygon_file(path, outline, epsg=EPSG):
    path.write_text(json.dumps({
        "type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{epsg}"}},
        "features": [{"type": "Feature", "properties": {},
                      "geometry": {"type": "Polygon", "coordinates": [outline]}}]}))
    return str(path)


@pytest.fixture
def stack(run, safe, tmp_path):
    """Run the tool on the product and return the bands of the output."""
    def make(name="stack.tif", product=safe, **parameters):
        result = run("preprocesssentinel2", {"INPUT": str(product), "BANDS": ["B04"], **parameters,
                                             "OUTPUT": str(tmp_path / name)})
        with rasterio.open(result["OUTPUT"]) as file:
            return file.read()

    return make


def masked(values):
    """Return the (row, column) of the NoData pixels of the first band."""
    return set(map(tuple, np.argwhere(values[0] == NODATA).tolist()))


def block(col, row, width, height):
    return {(r, c) for r in range(row, row + height) for c in range(col, col + width)}


def test_each_cloud_mask_removes_its_clouds(stack):
    assert masked(stack()) == set()
    assert masked(stack(CLOUD_MASK="l2a")) == block(6, 4, 2, 2)
    assert masked(stack(CLOUD_MASK="l1c")) == block(0, 0, 6, 6) | block(12, 12, 6, 6)
    assert masked(stack(CLOUD_MASK="l1c", CLOUD_TYPES=["cirrus"])) == block(12, 12, 6, 6)
    expected = set(map(tuple, np.argwhere(np.kron(PROBABILITY >= 90, np.ones((2, 2)))).tolist()))
    assert masked(stack(CLOUD_MASK="probability", CLOUD_PROBABILITY_THRESHOLD=90)) == expected


def test_cloud_buffer_and_flag_downsampling(stack):
    assert masked(stack(CLOUD_MASK="l2a", CLOUD_BUFFER=10)) == (
        block(5, 4, 4, 2) | block(6, 3, 2, 4))
    assert masked(stack(CLOUD_MASK="l2a", PIXEL_SIZE=40)) == set()
    assert masked(stack(CLOUD_MASK="l2a", PIXEL_SIZE=40, FLAG_DOWNSAMPLING="flagor")) == {(1, 1)}


def test_extent_and_pixel_window_crop(stack, run, safe, tmp_path):
    by_extent = stack(AOI_EXTENT=f"{WEST + 30},{WEST + 90},{NORTH - 100},{NORTH - 20} [EPSG:{EPSG}]")
    assert (by_extent[0] == TEN[2:10, 3:9]).all()
    assert (stack("window.tif", PIXEL_WINDOW="3,2,6,8") == by_extent).all()
    with pytest.raises(QgsProcessingException, match=r"0,7651,5689,3327"):
        stack(PIXEL_WINDOW="3,2,6")
    with pytest.raises(QgsProcessingException, match="Use only one of AOI"):
        stack(PIXEL_WINDOW="3,2,6,8", AOI_WKT="POLYGON((0 0, 1 0, 1 1, 0 0))")


def test_output_crs(stack, tmp_path):
    values = stack(CRS="EPSG:32632")
    with rasterio.open(tmp_path / "stack.tif") as file:
        assert file.crs.to_epsg() == 32632
        x, y = file.xy(*(size // 2 for size in file.shape))
    x, y = transform(CRS.from_epsg(32632), CRS.from_epsg(EPSG), [x], [y])
    assert values[0][values.shape[1] // 2, values.shape[2] // 2] == TEN[int((NORTH - y[0]) // 10),
                                                                      int((x[0] - WEST) // 10)]


def write_dem(path, elevation):
    with rasterio.open(path, "w", driver="GTiff", height=24, width=24, count=1, dtype="int16", crs=f"EPSG:{EPSG}",
                       transform=from_origin(WEST, NORTH, 10, 10)) as file:
        file.write(elevation.astype("int16"), 1)
    return str(path)


def test_land_sea_mask_from_elevation_or_polygons(stack, tmp_path):
    sea = block(0, 0, 24, 4)
    everything = block(0, 0, 24, 24)
    dem = write_dem(tmp_path / "dem.tif", np.where(np.arange(24)[:, None] < 4, 0, 5) * np.ones((24, 24)))
    assert masked(stack(LAND_SEA_MASK="sea", DEM=dem)) == sea
    assert masked(stack(LAND_SEA_MASK="land", DEM=dem)) == everything - sea
    assert masked(stack(LAND_SEA_MASK="sea", DEM=dem, SEA_LEVEL=6)) == everything
    land = polygon_file(tmp_path / "land.geojson", ring(0, 4, 24, 20))
    assert masked(stack(LAND_SEA_MASK="sea", LAND=land)) == sea
    for wrong, words in (({"LAND_SEA_MASK": "sea"}, "requires an elevation model"),
                         ({"DEM": dem}, "LAND_SEA_MASK is none"),
                         ({"LAND_SEA_MASK": "sea", "DEM": dem, "LAND": land}, "Give one of them"),
                         ({"INVERT_STUDY_AREA": True}, "Give the study area")):
        with pytest.raises(QgsProcessingException, match=words):
            stack(**wrong)


def test_study_area_is_masked_by_polygon(stack, tmp_path):
    area = polygon_file(tmp_path / "area.geojson", ring(2, 3, 5, 7))
    inside, everything = block(2, 3, 5, 7), block(0, 0, 24, 24)
    assert masked(stack(STUDY_AREA=area)) == everything - inside
    assert masked(stack(STUDY_AREA=area, INVERT_STUDY_AREA=True)) == inside


def test_data_type_format_and_compression(stack, tmp_path):
    whole = stack()
    physical = stack("float.tif", DATA_TYPE="float32", CLOUD_MASK="l2a")
    assert physical.dtype == np.float32
    np.testing.assert_allclose(physical[0][physical[0] == physical[0]], whole[0][physical[0] == physical[0]] / 1e4)
    assert np.isnan(physical[0, 4, 6])
    assert (stack("stack.dat") == whole).all()
    assert (stack("stack.jp2") == whole).all()
    assert (stack("cog.tif", FORMAT="cog", COMPRESSION="deflate") == whole).all()
    with rasterio.open(tmp_path / "cog.tif") as file:
        structure = file.tags(ns="IMAGE_STRUCTURE")
    assert (structure["LAYOUT"], structure["COMPRESSION"]) == ("COG", "DEFLATE")


def test_scene_classification_has_names_and_colours(stack, tmp_path):
    from qgis.core import QgsPalettedRasterRenderer, QgsRasterLayer

    stack(BANDS=["SCL"])
    layer = QgsRasterLayer(str(tmp_path / "stack.tif"))
    renderer = layer.renderer()
    assert isinstance(renderer, QgsPalettedRasterRenderer)
    shown = {entry.value: (entry.label, entry.color.name()) for entry in renderer.classes()}
    assert len(shown) == 12
    assert shown[4] == ("vegetation", "#008000")
    assert shown[10] == ("thin cirrus", "#64c8ff")


def test_fraction_of_valid_pixels(run, safe, tmp_path):
    result = run("preprocesssentinel2", {"INPUT": str(safe), "BANDS": ["B04"], "CLOUD_MASK": "l1c",
                                         "OUTPUT": str(tmp_path / "stack.tif")})
    assert result["VALID_FRACTION"] == pytest.approx(1 - 72 / 576)


def test_nothing_is_written_into_a_product(run, safe, tmp_path):
    image = next(safe.rglob("*B04_10m.jp2"))
    before = image.read_bytes()
    with pytest.raises(QgsProcessingException, match="inside the input product"):
        run("preprocesssentinel2", {"INPUT": str(safe), "BANDS": ["B04"], "OUTPUT": str(image)})
    assert image.read_bytes() == before


def test_tile_of_a_multi_tile_product(stack, tmp_path):
    old = make_old_product(tmp_path, {
        "T31TEJ": (EPSG, ORIGIN, {"B04": TEN}), "T31TFJ": (EPSG, (WEST + 240, NORTH), {"B04": TEN + 600})})
    assert (stack(product=old)[0] == np.hstack([TEN, TEN + 600])).all()
    assert (stack(product=old, TILE="31TFJ")[0] == TEN + 600).all()


@pytest.mark.skipif(os.name == "nt", reason="the stand-in is a script with a shebang line")
def test_sen2cor_path_from_the_parameter_or_the_settings(stack, tmp_path):
    level_1c = make_level_1c(tmp_path, {"B04": TEN})
    level_2a = make_product(tmp_path / "made", "2018-06-27", {("B04", 10): TEN + 1})
    program = tmp_path / "L2A_Process"
    program.write_text(f"#!{sys.executable}\nimport shutil, sys\n"
                       "folder = sys.argv[sys.argv.index('--output_dir') + 1]\n"
                       f"shutil.copytree({str(level_2a)!r}, folder + '/{level_2a.name}')\n")
    program.chmod(0o755)
    assert (stack(product=level_1c)[0] == TEN).all()
    assert (stack(product=level_1c, LEVEL_1C="sen2cor", SEN2COR=str(program))[0] == TEN + 1).all()
    QgsSettings().setValue("Processing/Configuration/FLOEFIELD_SEN2COR", str(program))
    try:
        kept = tmp_path / "kept"
        assert (stack(product=level_1c, LEVEL_1C="sen2cor", L2A_FOLDER=str(kept))[0] == TEN + 1).all()
        assert [path.name for path in kept.iterdir()] == [level_2a.name]
    finally:
        QgsSettings().remove("Processing/Configuration/FLOEFIELD_SEN2COR")
    with pytest.raises(QgsProcessingException, match="is not Sen2Cor"):
        stack(product=level_1c, LEVEL_1C="sen2cor", SEN2COR=str(level_1c / "MTD_MSIL1C.xml"))


def test_settings_of_the_provider_are_declared():
    from processing.core.ProcessingConfig import ProcessingConfig

    setting = ProcessingConfig.settings["FLOEFIELD_SEN2COR"]
    assert (setting.group, setting.qname) == ("Floefield", "Processing/Configuration/FLOEFIELD_SEN2COR")


def test_example_calls_of_the_documentation(run, tmp_path):
    """The calls on the page of the tool, with small products."""
    x, y = transform(CRS.from_epsg(4326), CRS.from_epsg(32630), [-5.2561], [40.8993])
    avila = make_product(tmp_path, "2023-01-06", {("B04", 10): np.full((300, 300), 2000),
                                                  ("B08", 10): np.full((300, 300), 4000)},
                         baseline="05.09", tile="T30TUL", origin=(x[0] // 10 * 10, y[0] // 10 * 10 + 10), epsg=32630)
    result = run("preprocesssentinel2", {
        "INPUT": str(avila), "BANDS": ["B04", "B08"], "OUTPUT": str(tmp_path / "avila.tif"), "AOI_WKT":
        "POLYGON((-5.2508 40.8992, -5.2230 40.8993, -5.2253 40.8772, -5.2561 40.8776, -5.2508 40.8992))"})
    with rasterio.open(result["OUTPUT"]) as file:
        assert set(np.unique(file.read(2))) == {3000}, "reflectance with the offset of baseline 05.09"
        assert 230 < file.width <= 300
    x, y = transform(CRS.from_epsg(4326), CRS.from_epsg(32756), [150.6266], [-33.49])
    images = {(band, 10): np.full((120, 120), 700) for band in ("B02", "B03", "B04", "B08")}
    sydney = make_product(tmp_path, "2021-03-15", {**images, ("SCL", 20): np.full((60, 60), 4)}, baseline="02.14",
                          tile="T56HKH", origin=(x[0] // 60 * 60, y[0] // 60 * 60 + 60), epsg=32756)
    result = run("preprocesssentinel2", {
        "INPUT": str(sydney), "BANDS": ["B02", "B03", "B04", "B08"], "PIXEL_SIZE": 20, "AOI_WKT":
        "POLYGON((150.6266 -33.49, 150.952 -33.49, 150.952 -33.795, 150.6266 -33.795, 150.6266 -33.49))",
        "OUTPUT": str(tmp_path / "sydney.tif")})
    with rasterio.open(result["OUTPUT"]) as file:
        assert (file.count, file.res) == (4, (20, 20))
    result = run("preprocesssentinel2", {"INPUT": str(sydney), "BANDS": ["B02", "B03", "B04"], "PIXEL_SIZE": 60,
                                         "CLOUD_MASK": "l2a", "OUTPUT": str(tmp_path / "clear.tif")})
    with rasterio.open(result["OUTPUT"]) as file:
        assert (file.count, file.shape) == (3, (20, 20))


def test_a_self_crossing_area_is_repaired_and_the_next_run_works(stack, tmp_path):
    """Two triangles that touch: their bounding box is the area, as of the repaired polygon."""
    west, north = WEST + 30, NORTH - 20
    bow_tie = [(west, north), (west + 60, north - 80), (west + 60, north), (west, north - 80), (west, north)]
    repaired = stack("crossed.tif", AOI=polygon_file(tmp_path / "bow.geojson", bow_tie))
    rectangle = stack("window.tif", PIXEL_WINDOW="3,2,6,8")
    np.testing.assert_array_equal(repaired, rectangle)

    outside = stack("study.tif", STUDY_AREA=polygon_file(tmp_path / "study.geojson", bow_tie))
    assert 0 < (outside[0] != NODATA).sum() < 6 * 8
