"""Tool ``preprocesssentinel1``: effect of each parameter, and messages for invalid ones."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsPointXY,
    QgsProcessingException,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)
from rasterio.warp import transform

from ..sentinel1products import default_sigma0, ground, make_product, zipped

PLAIN = {"CRS": "EPSG:3413", "LAND_MASK": False, "ANGLE_CORRECTION": False}
NAME = "S1A_EW_GRDM_20220115T073000_041500"


def read(path):
    with rasterio.open(path) as file:
        return file.read(), file.descriptions, file.tags()


# Centre of the scenes of these tests, in degrees.
MIDDLE = ground(120, 160, (-10.0, 80.0), -160.0, 40.0)
WIDTH, HEIGHT = 0.1, 0.02
BOX = "POLYGON(({0} {1}, {2} {1}, {2} {3}, {0} {3}, {0} {1}))".format(
    MIDDLE[0] - WIDTH / 2, MIDDLE[1] - HEIGHT / 2, MIDDLE[0] + WIDTH / 2, MIDDLE[1] + HEIGHT / 2)


def polygon(text):
    layer = QgsVectorLayer("Polygon?crs=EPSG:4326", "polygon", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt(text))
    layer.dataProvider().addFeature(feature)
    return layer


@pytest.fixture
def scene(run, tmp_path):
    """Run the tool on one product; return values, band names and tags of the scene."""
    safe = make_product(tmp_path / "products", polarisations=("HH", "HV"))
    numbers = iter(range(100))

    def scene(**parameters):
        folder = tmp_path / f"scenes{next(numbers)}"
        results = run("preprocesssentinel1", {**PLAIN, "INPUTS": [str(safe)], "OUTPUT_FOLDER": str(folder),
                                              **parameters})
        assert results["SCENE_COUNT"] == 1
        return read(results["OUTPUTS"][0])

    return scene


def test_a_product_a_manifest_and_a_zip_give_the_same_scene(run, tmp_path):
    safe = make_product(tmp_path / "products")
    inputs = {"folder": safe, "manifest": safe / "manifest.safe", "zip": zipped(safe, tmp_path / "scene.zip")}
    scenes = {}
    for name, path in inputs.items():
        results = run("preprocesssentinel1", {**PLAIN, "INPUTS": [str(path)], "OUTPUT_FOLDER": str(tmp_path / name)})
        assert results["OUTPUTS"] == [str(tmp_path / name / f"{NAME}.tif")]
        scenes[name] = (tmp_path / name / f"{NAME}.tif").read_bytes()
        assert sorted(path.suffix for path in (tmp_path / name).iterdir()) == [".qml", ".tif"]
    assert scenes["folder"] == scenes["manifest"] == scenes["zip"]


def test_bands_are_named_and_dates_are_in_the_tags(scene):
    _, names, tags = scene()
    assert names == ("sigma0_HH_dB", "sigma0_HV_dB", "incidence_angle")
    assert (tags["ACQUISITION_DATE"], tags["ACQUISITION_START"]) == ("2022-01-15", "2022-01-15T07:30:00.000000Z")
    assert (tags["PLATFORM"], tags["MODE"], tags["PASS"]) == ("Sentinel-1A", "EW", "Descending")
    _, names, _ = scene(POLARISATIONS=["HV"], SCALE="linear", CALIBRATION="gamma0", INCIDENCE_BAND=False)
    assert names == ("gamma0_HV",)


def test_scales_and_calibrations_are_related_by_their_definitions(scene):
    decibels, _, _ = scene()
    linear, _, _ = scene(SCALE="linear")
    beta, _, _ = scene(CALIBRATION="beta0", SCALE="linear")
    gamma, _, _ = scene(CALIBRATION="gamma0", SCALE="linear")
    valid = np.isfinite(decibels[0])
    angle = np.radians(decibels[2][valid])
    np.testing.assert_allclose(decibels[0][valid], 10 * np.log10(linear[0][valid]), atol=1e-3)
    np.testing.assert_allclose(linear[0][valid], beta[0][valid] * np.sin(angle), rtol=0.01)
    np.testing.assert_allclose(gamma[0][valid], beta[0][valid] * np.tan(angle), rtol=0.01)


def test_the_angle_is_corrected_by_slope_and_reference(scene):
    before, _, _ = scene()
    after, _, _ = scene(ANGLE_CORRECTION=True, REFERENCE_ANGLE=30, SLOPE_HH=-0.2, SLOPE_HV=-0.1)
    for band, slope in enumerate((-0.2, -0.1)):
        np.testing.assert_allclose(after[band], before[band] - slope * (before[2] - 30), atol=1e-4)
    linear, _, _ = scene(ANGLE_CORRECTION=True, REFERENCE_ANGLE=30, SLOPE_HH=-0.2, SCALE="linear")
    np.testing.assert_allclose(10 * np.log10(linear[0]), after[0], atol=1e-3)


def test_noise_removal_methods(scene):
    full, _, _ = scene(SCALE="linear")
    ranged, _, _ = scene(SCALE="linear", NOISE_REMOVAL="range")
    none, _, _ = scene(SCALE="linear", NOISE_REMOVAL="none")
    assert np.nanmean(none[1]) > np.nanmean(ranged[1]) > np.nanmean(full[1])
    truth = default_sigma0((240, 320), "HV").mean()
    assert np.nanmean(full[1]) == pytest.approx(truth, rel=0.03)
    assert np.nanmean(none[1]) > 1.1 * truth


def test_products_with_the_old_noise_format_are_read(run, tmp_path):
    safe = make_product(tmp_path / "products", old_noise=True, processor="002.43")
    results = run("preprocesssentinel1", {**PLAIN, "INPUTS": [str(safe)], "OUTPUT_FOLDER": str(tmp_path / "out"),
                                          "SCALE": "linear"})
    values, _, tags = read(results["OUTPUTS"][0])
    assert np.nanmean(values[1]) == pytest.approx(default_sigma0((240, 320), "HV").mean(), rel=0.03)
    assert tags["PROCESSOR_VERSION"] == "002.43"


def test_the_cog_variant_gives_the_same_scene(run, tmp_path):
    scenes = []
    for name, options in (("strips", None), ("cog", {"tiled": True, "blockxsize": 128, "blockysize": 128,
                                                     "compress": "deflate"})):
        safe = make_product(tmp_path / name, image_options=options)
        results = run("preprocesssentinel1", {**PLAIN, "INPUTS": [str(safe)],
                                              "OUTPUT_FOLDER": str(tmp_path / f"{name}_scenes")})
        scenes.append(read(results["OUTPUTS"][0])[0])
    np.testing.assert_array_equal(*scenes)


def test_an_iw_product_of_one_polarisation(run, tmp_path):
    safe = make_product(tmp_path / "products", mode="IW", resolution="GRDH", polarisations=("VV",), spacing=10.0,
                        corner=(3.0, 44.0), shape=(400, 500), mission="S1C")
    results = run("preprocesssentinel1", {**PLAIN, "INPUTS": [str(safe)], "OUTPUT_FOLDER": str(tmp_path / "out"),
                                          "CRS": "EPSG:32631", "PIXEL_SIZE": 40, "SCALE": "linear"})
    values, names, tags = read(results["OUTPUTS"][0])
    assert (names, tags["PLATFORM"], tags["MULTILOOK"]) == (("sigma0_VV", "incidence_angle"), "Sentinel-1C", "4")
    assert np.nanmean(values[0]) == pytest.approx(default_sigma0((400, 500), "VV").mean(), rel=0.02)


@pytest.mark.parametrize(("corner", "epsg"), [((-10.0, 80.0), 3413), ((100.0, -70.0), 3976), ((20.0, 59.0), 32634),
                                              ((-70.0, -54.0), 32719)])
def test_default_crs_depends_on_the_latitude(run, tmp_path, corner, epsg):
    safe = make_product(tmp_path / "products", corner=corner, shape=(60, 80))
    results = run("preprocesssentinel1", {"INPUTS": [str(safe)], "OUTPUT_FOLDER": str(tmp_path / "out"),
                                          "LAND_MASK": False})
    with rasterio.open(results["OUTPUTS"][0]) as file:
        assert file.crs.to_epsg() == epsg


@pytest.mark.parametrize("kind", ["lee", "refined_lee"])
def test_speckle_filters_smooth_and_keep_the_mean(scene, kind):
    plain, _, _ = scene(SCALE="linear")
    smooth, _, tags = scene(SCALE="linear", SPECKLE_FILTER=kind, SPECKLE_WINDOW=5)
    assert tags["SPECKLE_FILTER"] == kind
    assert np.nanmean(smooth[0]) == pytest.approx(np.nanmean(plain[0]), rel=0.05)
    assert 0.001 < np.nanmean(np.abs(smooth[0] - plain[0])) / np.nanmean(plain[0]) < 0.2
    assert (np.isfinite(smooth[0]) == np.isfinite(plain[0])).all()


def test_values_below_the_minimum_backscatter_are_set_to_it(scene):
    values, _, _ = scene(MIN_BACKSCATTER=-15)
    assert np.nanmin(values[0]) == -15
    assert np.nanmax(values[0]) > -9


def test_scenes_share_one_pixel_grid(run, tmp_path):
    folder = tmp_path / "products"
    make_product(folder, start="2022-01-15T07:30:00")
    make_product(folder, start="2022-01-16T07:30:00", corner=(-10.3, 80.1), orbit=41515)
    results = run("preprocesssentinel1", {**PLAIN, "INPUT_FOLDER": str(folder), "OUTPUT_FOLDER": str(tmp_path / "out"),
                                          "CRS": "EPSG:32626", "PIXEL_SIZE": 50})
    assert results["SCENE_COUNT"] == 2
    for path in results["OUTPUTS"]:
        with rasterio.open(path) as file:
            assert file.crs.to_epsg() == 32626
            assert file.res == (50, 50)
            assert file.bounds.left % 50 == file.bounds.top % 50 == 0


def test_area_of_interest_as_layer_and_as_wkt_are_equal(scene):
    whole, _, _ = scene()
    by_layer, _, _ = scene(AOI=polygon(BOX))
    by_text, _, _ = scene(AOI_WKT=BOX)
    np.testing.assert_array_equal(by_layer, by_text)
    assert by_layer.size < whole.size / 3
    assert np.isfinite(by_layer[0]).all()


def test_land_mask_buffer_is_in_metres(scene):
    whole, _, _ = scene()
    island = polygon(BOX)
    # degrees of the ellipsoid at 80 degrees north
    size = WIDTH * 111694 * np.cos(np.radians(MIDDLE[1])) * 0.9985, HEIGHT * 111660
    for buffer in (0, 500):
        masked, _, _ = scene(LAND_MASK=True, LAND=island, LAND_BUFFER=buffer)
        masked_pixels = np.isnan(masked[0]) & np.isfinite(whole[0])
        expected = (size[0] * size[1] + 2 * buffer * sum(size) + np.pi * buffer ** 2) / 40 ** 2
        # the projection shrinks by 2.7 % there
        assert masked_pixels.sum() * (1 / 0.9733) ** 2 == pytest.approx(expected, rel=0.03)
        assert (np.isnan(masked) == np.isnan(masked[0])).all()


@pytest.mark.parametrize("corner", [(17.0, 78.6), (-179.3, 71.5)], ids=["Svalbard", "Wrangel Island at 180 degrees"])
def test_the_world_map_of_qgis_masks_land_by_default(run, tmp_path, corner):
    safe = make_product(tmp_path / "products", corner=corner, shape=(1200, 1200), polarisations=("HH",))
    results = run("preprocesssentinel1", {"INPUTS": [str(safe)], "OUTPUT_FOLDER": str(tmp_path / "out"),
                                          "PIXEL_SIZE": 200, "CRS": "EPSG:3413"})
    path = Path(QgsApplication.pkgDataPath()) / "resources" / "data" / "world_map.gpkg"
    world = QgsGeometry.unaryUnion([feature.geometry() for feature in QgsVectorLayer(
        f"{path}|layername=countries").getFeatures() if feature.geometry().boundingBox().yMaximum() > 70])
    with rasterio.open(results["OUTPUTS"][0]) as file:
        values = file.read(1)
        rows, columns = (indices.ravel() for indices in np.meshgrid(range(40, 200, 10), range(40, 200, 10)))
        points = transform(file.crs, "EPSG:4326", *rasterio.transform.xy(file.transform, rows, columns))
    is_land = [world.contains(QgsPointXY(*point)) for point in zip(*points)]
    assert 0.2 < np.mean(is_land) < 0.8
    assert (np.isnan(values[rows, columns]) == is_land).mean() > 0.98


def test_a_noise_table_for_ew_does_not_change_iw(run, feedback, tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("platform,mode,polarisation,processor,swath,scaling,offset\n*,EW,*,*,EW1,0.9,0\n")
    scenes = {}
    for mode in ("EW", "IW"):
        safe = make_product(tmp_path / "products", mode=mode, polarisations=("VV",))
        for balance in ("none", "table"):
            results = run("preprocesssentinel1", {
                **PLAIN, "INPUTS": [str(safe)], "OUTPUT_FOLDER": str(tmp_path / (mode + balance)),
                "SWATH_BALANCE": balance, "SWATH_TABLE": str(table)})
            scenes[mode, balance], _, tags = read(results["OUTPUTS"][0])
        assert tags.get("SWATH_NOISE_VV") == ("EW1 0.9000 0.000e+00" if mode == "EW" else None)
    assert np.nanmax(scenes["EW", "table"][0] - scenes["EW", "none"][0]) > 0.05
    np.testing.assert_array_equal(scenes["IW", "table"], scenes["IW", "none"])
    assert ["IW_GRDM" in text and "no rows for VV" in text for text in feedback.warned] == [True]


def test_output_folder_may_be_temporary(run, tmp_path):
    safe = make_product(tmp_path / "products", shape=(60, 80))
    results = run("preprocesssentinel1", {**PLAIN, "INPUTS": [str(safe)], "OUTPUT_FOLDER": "TEMPORARY_OUTPUT"})
    assert Path(results["OUTPUTS"][0]).parent == Path(results["OUTPUT_FOLDER"])
    assert Path(results["OUTPUTS"][0]).exists()


def test_an_existing_empty_folder_is_kept_when_the_run_fails(run, tmp_path):
    safe = make_product(tmp_path / "products", shape=(60, 80))
    (tmp_path / "mine").mkdir()
    with pytest.raises(QgsProcessingException):
        run("preprocesssentinel1", {**PLAIN, "INPUTS": [str(safe)], "POLARISATIONS": ["VV"],
                                    "OUTPUT_FOLDER": str(tmp_path / "mine")})
    assert (tmp_path / "mine").is_dir()


def test_a_broken_product_is_reported_and_the_others_are_processed(run, feedback, tmp_path):
    folder = tmp_path / "products"
    make_product(folder)
    broken = make_product(folder, mission="S1B", start="2022-01-17T07:30:00")
    shutil.rmtree(broken / "measurement")
    parameters = {**PLAIN, "INPUT_FOLDER": str(folder), "OUTPUT_FOLDER": str(tmp_path / "out")}
    results = run("preprocesssentinel1", parameters)
    assert (results["SCENE_COUNT"], results["FAILED_COUNT"]) == (1, 1)
    assert any("S1B_EW_GRDM" in text and "image (measurement folder)" in text for text in feedback.warned)
    with pytest.raises(QgsProcessingException, match=r"1 of 2 products could not be used.*S1B_EW"):
        run("preprocesssentinel1", {
            **parameters, "OUTPUT_FOLDER": str(tmp_path / "again"), "ON_ERROR": "skip_then_fail"})
    assert (tmp_path / "again" / f"{NAME}.tif").read_bytes() == (tmp_path / "out" / f"{NAME}.tif").read_bytes()


@pytest.mark.parametrize(("changes", "words"), [
    ({"INPUT_FOLDER": "."}, r"either a list of products \(INPUTS\) or a folder"),
    ({"INPUTS": []}, r"either a list of products \(INPUTS\) or a folder"),
    ({"POLARISATIONS": ["VV"]}, "has no polarisation VV; it has HH, HV"),
    ({"AOI_WKT": "POLYGON((10 50, 11 50, 11 51, 10 50))"}, "outside the image"),
    ({"SPECKLE_WINDOW": 4}, "odd number"),
    ({"SWATH_BALANCE": "table"}, "Give the table"),
    ({"SWATH_BALANCE": "estimate", "NOISE_REMOVAL": "none"}, "requires thermal noise removal"),
    ({"CRS": "nonsense"}, "CRS: nonsense is not a coordinate reference system"),
    ({"CRS": "EPSG:4978"}, "neither projected nor geographic"),
])
def test_invalid_parameters_are_refused(run, tmp_path, changes, words):
    safe = make_product(tmp_path / "products", shape=(60, 80))
    with pytest.raises(QgsProcessingException, match=words):
        run("preprocesssentinel1", {**PLAIN, "INPUTS": [str(safe)], "OUTPUT_FOLDER": str(tmp_path / "out"), **changes})
    assert not list((tmp_path / "out").glob("*")) if (tmp_path / "out").exists() else True


def test_the_output_opens_in_grey_with_a_percentile_stretch(scene, tmp_path):
    values, _, _ = scene()
    layer = QgsRasterLayer(str(tmp_path / "scenes0" / f"{NAME}.tif"), "scene")
    assert layer.loadDefaultStyle()[1]
    renderer = layer.renderer()
    assert renderer.type() == "singlebandgray"
    stretch = renderer.contrastEnhancement()
    low, high = np.nanpercentile(values[0], (2, 98))
    assert stretch.minimumValue() == pytest.approx(low, abs=0.3)
    assert stretch.maximumValue() == pytest.approx(high, abs=0.3)


def test_outputs_are_loaded_into_the_project_on_request(provider, feedback, tmp_path, monkeypatch):
    from processing import runAndLoadResults

    monkeypatch.setattr("processing.gui.Postprocessing.iface", None, raising=False)
    safe = make_product(tmp_path / "products", shape=(60, 80))
    project = QgsProject.instance()
    for load, expected in ((False, []), (True, [NAME])):
        project.clear()
        runAndLoadResults("floefield:preprocesssentinel1", {
            **PLAIN, "INPUTS": [str(safe)], "OUTPUT_FOLDER": str(tmp_path / "out"), "LOAD": load}, feedback=feedback)
        assert [layer.name() for layer in project.mapLayers().values()] == expected
    assert project.layerTreeRoot().findGroup("Floefield: Sentinel-1")
    project.clear()
