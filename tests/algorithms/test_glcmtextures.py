"""Tool ``glcmtextures`` with one image: parameters, refused settings, style of the output."""

import numpy as np
import pytest

from .. import fieldscene


@pytest.fixture
def image(tmp_path):
    """HH and HV in dB."""
    values = np.random.default_rng(1).normal(-16, 5, (2, 60, 70)).astype(np.float32)
    return fieldscene.write(tmp_path / "scene.tif", values, ["HH", "HV"])


def bands_of(path):
    import rasterio

    with rasterio.open(path) as raster:
        return raster.descriptions


def test_defaults_are_all_bands_and_ten_features(run, image, tmp_path):
    results = run("glcmtextures", {"INPUT": image, "OUTPUT": str(tmp_path / "out.tif")})
    names = bands_of(results["OUTPUT"])
    assert names[:10] == tuple(f"HH_{name}" for name in (
        "contrast", "dissimilarity", "homogeneity", "asm", "energy", "maximum", "entropy", "mean", "variance",
        "correlation"))
    assert len(names) == 20


@pytest.mark.parametrize("value_range", ["-30,-5", [-30, -5]])
def test_every_parameter_by_its_value(run, feedback, image, tmp_path, value_range):
    results = run("glcmtextures", {
        "INPUT": image, "BANDS": " HV , 1", "WINDOW": 5, "LEVELS": 16, "DISTANCES": "1, 3", "DISTANCE_MODE": "separate",
        "ANGLES": ["45", "135"], "ANGLE_MODE": "separate", "QUANTISATION": "fixed", "RANGE": value_range,
        "FEATURES": ["entropy", "information_correlation_1"], "STEP": 4, "NORMALISATION": "snap",
        "MIN_VALID_FRACTION": 0.2, "EDGES": "nodata", "COMPRESSION": "deflate", "THREADS": 1,
        "OUTPUT": str(tmp_path / "out.tif")})
    assert bands_of(results["OUTPUT"])[:5] == (
        "HV_entropy_d1_45", "HV_information_correlation_1_d1_45", "HV_entropy_d1_135",
        "HV_information_correlation_1_d1_135", "HV_entropy_d3_45")
    assert fieldscene.read(results["OUTPUT"])[0].shape == (16, 15, 17)
    assert "HV: 16 grey levels, -30 to -5." in feedback.said


@pytest.mark.parametrize("empty", [None, "", "None,None", "nan,nan"])
def test_an_empty_range_is_the_published_one(run, feedback, image, tmp_path, empty):
    run("glcmtextures", {"INPUT": image, "RANGE": empty, "FEATURES": ["mean"], "OUTPUT": str(tmp_path / "out.tif")})
    assert feedback.said[:2] == ["HH: 32 grey levels, -36 to 2.", "HV: 32 grey levels, -35 to -7."]


@pytest.mark.parametrize(("changes", "words"), [
    ({"RANGE": "5,3"}, "RANGE is 5 to 3"), ({"DISTANCES": "9"}, "The distance 9 does not fit"),
    ({"DISTANCES": "one"}, "DISTANCES: 'one' is not a list of whole numbers"), ({"DISTANCES": ""}, "DISTANCES"),
    ({"WINDOW": 10}, "WINDOW is 10; it must be an odd number"), ({"WINDOW": 67}, "WINDOW"), ({"LEVELS": 200}, "LEVELS"),
    ({"FEATURES": []}, "FEATURES"), ({"ANGLES": ""}, "ANGLES"),
    ({"BANDS": "VV"}, "has no band VV"), ({"WINDOW": 61}, "larger than the image"),
    ({"STEP": 900}, "STEP is 900 pixels")])
def test_invalid_parameters_are_refused(run, feedback, image, tmp_path, changes, words):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as refusal:
        run("glcmtextures", {"INPUT": image, "OUTPUT": str(tmp_path / "out.tif"), **changes})
    assert words in f"{refusal.value} {feedback.warned}"
    assert not (tmp_path / "out.tif").exists()


def test_output_opens_in_grey_with_band_names(run, image, tmp_path):
    from qgis.core import QgsRasterLayer

    results = run("glcmtextures", {"INPUT": image, "WINDOW": 5, "OUTPUT": str(tmp_path / "out.tif")})
    layer = QgsRasterLayer(results["OUTPUT"])
    renderer = layer.renderer()
    assert (renderer.type(), renderer.grayBand()) == ("singlebandgray", 1)
    assert "HH_contrast" in layer.bandName(1)
    values = fieldscene.read(results["OUTPUT"])[0][0]
    stretch = renderer.contrastEnhancement()
    assert np.nanmin(values) <= stretch.minimumValue() < np.nanmedian(values) < stretch.maximumValue() <= np.nanmax(
        values)
