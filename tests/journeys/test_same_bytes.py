"""The same rasters, byte for byte: for any number of threads, and from the Toolbox, a model and ``qgis_process``."""

from pathlib import Path

import numpy as np
import pytest

from .. import fieldscene, icescene, seriesscene
from ..bench.products import full_size_product
from ..icecharts import box, write_chart
from ..modelfiles import grow_model
from ..parcelfiles import write_geojson
from ..sentinel1products import make_product

DISTANCE, MIN_AREA = 10, 2000
THREADS = (1, 2, 4)


@pytest.fixture(scope="module")
def sample(qgis_process, tmp_path_factory):
    """A small season with parcels."""
    folder = tmp_path_factory.mktemp("sample") / "sample"
    outcome = qgis_process.run("createsampledata", SIZE=120, DATE_COUNT=2, OUTPUT_FOLDER=folder)
    assert outcome.code == 0, outcome.text
    return folder


@pytest.fixture(scope="module")
def by_the_model(qgis_process, sample, tmp_path_factory):
    """The shipped model, run by ``qgis_process``."""
    folder = tmp_path_factory.mktemp("model_headless")
    outcome = qgis_process.run("cropmap", **model_parameters(sample, folder))
    assert outcome.code == 0, outcome.text
    return folder


def model_parameters(sample, folder):
    return {"PRODUCTS": str(sample / "sentinel2"), "PARCELS": str(sample / "parcels.gpkg"), "CLASS_FIELD": "crop",
            "DISTANCE": DISTANCE, "MIN_AREA": MIN_AREA,
            "sentinel2timeseries:TIME_SERIES": str(folder / "series.tif"),
            "filterbyarea:TRAINING_PARCELS": str(folder / "parcels.gpkg"),
            "classifycrops:CROP_MAP": str(folder / "map.tif"),
            "classifycrops:CONFIDENCE": str(folder / "confidence.tif"),
            "classifycrops:REPORT": str(folder / "report.html")}


def run_the_tools(run, sample, folder):
    """The steps of the model one by one; `run` takes the name of a tool and its parameters."""
    run("innerbuffer", {"INPUT": str(sample / "parcels.gpkg"), "DISTANCE": DISTANCE, "OUTPUT": str(folder / "in.gpkg")})
    run("filterbyarea", {"INPUT": str(folder / "in.gpkg"), "MIN_AREA": MIN_AREA, "OUTPUT": str(folder / "big.gpkg")})
    run("sentinel2timeseries", {"INPUT_FOLDER": str(sample / "sentinel2"), "OUTPUT": str(folder / "series.tif")})
    run("classifycrops", {"RASTERS": [str(folder / "series.tif")], "TRAINING": str(folder / "big.gpkg"),
                          "CLASS_FIELD": "crop", "OUTPUT": str(folder / "map.tif"),
                          "CONFIDENCE": str(folder / "confidence.tif")})


def assert_same_rasters(folder, other):
    """Time series, map and confidence are the same, and so is what dresses them."""
    names = ("series.tif", "series.qml", "map.tif", "map.tif.aux.xml", "map.qml", "confidence.tif")
    assert [name for name in names if (folder / name).read_bytes() != (other / name).read_bytes()] == []


def test_the_tools_in_the_toolbox_give_what_the_model_gives(run, sample, by_the_model, tmp_path):
    run_the_tools(run, sample, tmp_path)

    assert_same_rasters(tmp_path, by_the_model)


def test_the_model_in_the_toolbox_gives_what_it_gives_headless(run, sample, by_the_model, tmp_path):
    run("cropmap", model_parameters(sample, tmp_path))

    assert_same_rasters(tmp_path, by_the_model)


def test_the_tools_by_qgis_process_give_what_the_model_gives(qgis_process, sample, by_the_model, tmp_path):
    def run(name, parameters):
        outcome = qgis_process.run(name, **parameters)
        assert outcome.code == 0, outcome.text

    run_the_tools(run, sample, tmp_path)

    assert_same_rasters(tmp_path, by_the_model)


def test_a_prepared_chart_in_the_toolbox_is_the_one_by_qgis_process(run, qgis_process, tmp_path):
    chart = write_chart(tmp_path / "nic_arctic_20201008_pl_a.shp", [
        ([box(170, 70, 190, 75)], {"POLY_TYPE": "I", "CT": "92", "SA": "91"})])
    for folder, start in (("toolbox", run), ("headless", lambda name, given: qgis_process.run(name, **given))):
        start("prepareicecharts", {"CHARTS": [str(chart)], "OUTPUT_FOLDER": str(tmp_path / folder), "LOAD": False})
    one, other = ((tmp_path / folder / "usnic_arctic_20201008.gpkg").read_bytes() for folder in ("toolbox", "headless"))
    assert one == other


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """Four tiles of 10 m images, so that several blocks are under way at a time."""
    return str(full_size_product(tmp_path_factory.mktemp("product"), 1560))


def test_threads_do_not_change_a_stack(run, product, tmp_path):
    assert_threads_do_not_matter(run, tmp_path, "preprocesssentinel2", {
        "INPUT": product, "BANDS": ["B01", "B04", "B08", "B8A", "B11"], "UPSAMPLING": "bicubic", "CLOUD_MASK": "l2a"})


def test_threads_do_not_change_a_stack_in_another_crs(run, product, tmp_path):
    assert_threads_do_not_matter(run, tmp_path, "preprocesssentinel2", {
        "INPUT": product, "BANDS": ["B04", "B8A", "SCL"], "UPSAMPLING": "bilinear", "CLOUD_MASK": "l2a",
        "CLOUD_BUFFER": 60, "CRS": "EPSG:2154", "FORMAT": "cog", "DATA_TYPE": "float32"})


def test_threads_do_not_change_a_time_series(run, product, sample, tmp_path):
    assert_threads_do_not_matter(run, tmp_path, "sentinel2timeseries", {
        "INPUT_FOLDER": str(sample / "sentinel2"), "BANDS": ["B04", "B05", "SCL"]})


@pytest.mark.parametrize("dates", [{"INTERVAL": 7}, {"COMPOSITE": "season"}])


def test_threads_do_not_change_other_dates_of_a_time_series(run, product, tmp_path, dates):
    assert_threads_do_not_matter(run, tmp_path, "sentinel2timeseries", {
        "INPUTS": [product], "BANDS": ["B04"], "INDICES": ["ndvi", "s2rep"], **dates}, "OUTPUT", "CLEAR_COUNT")


def test_threads_do_not_change_a_classification(run, tmp_path):
    raster = fieldscene.write(tmp_path / "scene.tif", np.tile(fieldscene.reflectance(0.2), (1, 12, 12)))
    parcels = write_geojson(tmp_path / "parcels.geojson", fieldscene.fields())
    assert_threads_do_not_matter(run, tmp_path, "classifycrops", {
        "RASTERS": [raster], "TRAINING": str(parcels), "CLASS_FIELD": "crop", "TREES": 60}, "OUTPUT", "CONFIDENCE",
        "PROBABILITIES")


def test_threads_do_not_change_an_assessment(run, tmp_path):
    classes = np.random.default_rng(1).integers(1, 4, (1, 1500, 1400)).astype(np.uint8)
    path = fieldscene.write(tmp_path / "map.tif", classes, ("class",))
    rows = [(number, str(number % 3 + 1), geometry) for number, _, geometry in fieldscene.fields()]
    reference = str(write_geojson(tmp_path / "reference.geojson", rows))
    versions = set()
    for threads in THREADS:
        files = {name: tmp_path / f"{name}_{threads}" for name in ("REPORT", "MATRIX", "MATRIX_OTB")}
        run("assessaccuracy", {"CLASSIFICATION": path, "REFERENCE": reference, "CLASS_FIELD": "crop",
                               "THREADS": threads, **{name: str(file) for name, file in files.items()}})
        versions.add(tuple(file.read_bytes() for file in files.values()))
    assert len(versions) == 1


def test_threads_do_not_change_a_radar_scene(run, tmp_path):
    safe = make_product(tmp_path / "products", shape=(1100, 1300))
    scenes = set()
    for threads in THREADS:
        results = run("preprocesssentinel1", {
            "INPUTS": [str(safe)], "SWATH_BALANCE": "estimate", "SPECKLE_FILTER": "lee", "THREADS": threads,
            "OUTPUT_FOLDER": str(tmp_path / str(threads))})
        scenes.add(Path(results["OUTPUTS"][0]).read_bytes())
    assert len(scenes) == 1


def test_threads_do_not_change_what_a_model_maps(run, tmp_path):
    scene = np.tile(fieldscene.reflectance(0.2), (1, 12, 12))
    raster = fieldscene.write(tmp_path / "scene.tif", scene)
    assert_threads_do_not_matter(run, tmp_path, "applyclassifier", {
        "RASTERS": [raster], "MODEL": grow_model(tmp_path / "model.ffm", scene)}, "OUTPUT", "CONFIDENCE",
        "PROBABILITIES")


def test_threads_do_not_change_what_parcels_and_windows_make_of_a_map(run, tmp_path):
    random = np.random.default_rng(1)
    classes = fieldscene.write(tmp_path / "map.tif", random.integers(1, 4, (1, 700, 1100)).astype(np.uint8), ("class",))
    scene = fieldscene.write(tmp_path / "scene.tif", random.normal(size=(2, 700, 1100)))
    parcels = str(write_geojson(tmp_path / "parcels.geojson", [
        (number, "wheat", fieldscene.square(row, row, 150)) for number, row in enumerate(range(0, 700, 140))]))
    assert_threads_do_not_matter(run, tmp_path, "aggregatebyparcel", {
        "RASTER": scene, "PARCELS": parcels, "STATISTIC": ["mean", "median", "std", "min", "max", "count"]})
    assert_threads_do_not_matter(run, tmp_path, "aggregatebyparcel", {
        "RASTER": classes, "PARCELS": parcels, "STATISTIC": ["majority"], "OUTSIDE": "keep"})
    for method in ("sieve", "majority"):
        assert_threads_do_not_matter(run, tmp_path, "smoothclassification", {
            "CLASSIFICATION": classes, "METHOD": method, "MIN_MAPPING_UNIT": 4})


def test_in_situ_data_in_the_toolbox_are_those_by_qgis_process(run, qgis_process, tmp_path):
    parcels = str(write_geojson(tmp_path / "parcels.geojson", fieldscene.fields()))
    versions = set()
    for name, start in (("toolbox", run), ("headless", lambda tool, given: qgis_process.run(tool, **given))):
        paths = {output: str(tmp_path / name / f"insitu.{suffix}") for output, suffix in (
            ("ARCHIVE", "zip"), ("REPORT", "html"), ("OUTPUT", "geojson"))}
        (tmp_path / name).mkdir()
        start("prepareinsitu", {"INPUT": parcels, "CLASS_FIELD": "crop", "DISTANCE": 5, "MIN_AREA": 100, **paths})
        start("splitinsitu", {"INPUT": parcels, "CLASS_FIELD": "crop", "TRAINING": str(tmp_path / name / "a.geojson"),
                              "VALIDATION": str(tmp_path / name / "b.geojson")})
        versions.add(tuple(path.read_bytes() for path in sorted((tmp_path / name).iterdir())))
    assert len(versions) == 1


def test_threads_do_not_change_the_products_of_sen2agri(run, tmp_path):
    series = seriesscene.write_series(tmp_path / "series.tif", values=np.tile(
        seriesscene.reflectance(0.03), (1, 1, 14, 2)))
    given = {"INPUT": series, "TRAINING": seriesscene.write_parcels(tmp_path / "parcels.geojson"), "TREES": 10}
    maps = ("OUTPUT", "OUTPUT_UNMASKED", "QUALITY")
    assert_threads_do_not_matter(run, tmp_path, "cropmask", given, *maps)
    mask = str(tmp_path / "mask.tif")
    (tmp_path / "OUTPUT_1.tif").rename(mask)
    assert_threads_do_not_matter(run, tmp_path, "croptype", {**given, "MASK": mask}, *maps)
    assert_threads_do_not_matter(run, tmp_path, "cropmaskfromreference", {
        "INPUT": series, "REFERENCE_MAP": mask, "CROP_CLASSES": "2", "TREES": 10}, *maps)


def test_threads_do_not_change_textures(run, tmp_path):
    values = np.random.default_rng(1).normal(-16, 5, (2, 700, 1300)).astype(np.float32)
    image = fieldscene.write(tmp_path / "scene.tif", values, ["HH", "HV"])
    assert_threads_do_not_matter(run, tmp_path, "glcmtextures", {
        "INPUT": image, "QUANTISATION": "equal_probability", "ANGLES": ["0", "45"],
        "FEATURES": ["contrast", "entropy"]})


def test_textures_of_a_folder_headless_are_those_of_the_single_images(run, qgis_process, tmp_path):
    (tmp_path / "scenes").mkdir()
    for number, day in enumerate(("2020-10-08", "2020-10-15")):
        icescene.write_scene(tmp_path / "scenes" / f"scene{number}.tif", day, number)
    outcome = qgis_process.run("glcmtextures", INPUT_FOLDER=tmp_path / "scenes", WINDOW=7, STEP=3, THREADS=2,
                               OUTPUT_FOLDER=tmp_path / "textures")
    assert outcome.code == 0, outcome.text
    for number in range(2):
        run("glcmtextures", {"INPUT": str(tmp_path / "scenes" / f"scene{number}.tif"), "WINDOW": 7, "STEP": 3,
                             "THREADS": 1, "OUTPUT": str(tmp_path / "one.tif")})
        many = tmp_path / "textures" / f"scene{number}_textures.tif"
        assert many.read_bytes() == (tmp_path / "one.tif").read_bytes()


def test_threads_do_not_change_ice_maps(run, tmp_path):
    for name in ("scenes", "charts"):
        (tmp_path / name).mkdir()
    for number, day in enumerate(("2020-10-08", "2020-10-15")):
        icescene.write_scene(tmp_path / "scenes" / f"scene{number}.tif", day, number)
        icescene.write_chart(tmp_path / "charts", day)
    made = []
    for threads in THREADS:
        run("classifyseaice", {"SCENES_FOLDER": str(tmp_path / "scenes"), "CHARTS_FOLDER": str(tmp_path / "charts"),
                               "BOUNDARY_DISTANCE": 80, "WINDOW": 5, "TREES": 12, "ICE_EDGE": True,
                                "DRAFT_CHART": "grid", "DRAFT_CELL_SIZE": 200,
                               "REPORT": str(tmp_path / f"maps{threads}.html"), "THREADS": threads,
                               "OUTPUT_FOLDER": str(tmp_path / f"maps{threads}")})
        made.append({path.name: path.read_bytes() for path in (tmp_path / f"maps{threads}").iterdir()})
        made[-1]["report"] = (tmp_path / f"maps{threads}.html").read_bytes()
    assert [name for name in made[0] if len({files[name] for files in made}) > 1] == []


def assert_threads_do_not_matter(run, folder, tool, parameters, *outputs):
    """Each of the output rasters is the same for 1, 2 and 4 threads."""
    different = {}
    for threads in THREADS:
        paths = {output: str(folder / f"{output}_{threads}.tif") for output in outputs or ("OUTPUT",)}
        run(tool, {**parameters, **paths, "THREADS": threads})
        for output, path in paths.items():
            different.setdefault(output, set()).add(Path(path).read_bytes())
    assert {output: len(versions) for output, versions in different.items()} == dict.fromkeys(different, 1)
