"""The main job on real input: ten Sentinel-2 products and 72 parcels of the Hérault become an assessed crop map."""

import re

import numpy as np
import pytest
import rasterio

from ..realdata import HERAULT

FIELD = "EC_hcat_n"


@pytest.fixture(scope="module")
def series(qgis_process, tmp_path_factory):
    HERAULT.glob("*")
    path = tmp_path_factory.mktemp("herault") / "series.tif"
    outcome = qgis_process.run("sentinel2timeseries", INPUT_FOLDER=HERAULT, OUTPUT=path)
    assert outcome.code == 0, outcome.text
    return path, outcome


def test_the_empty_date_is_dropped_with_a_message(series):
    path, outcome = series
    assert outcome.results["DATES"] == 9
    assert "2018-02-12 is left out" in outcome.text
    with rasterio.open(path) as stack:
        assert stack.descriptions[0] == "B02_20180123"
        assert stack.count == 9 * 13


def test_a_map_a_report_and_honest_warnings_come_out(series, qgis_process, tmp_path):
    outcome = qgis_process.run(
        "classifycrops", RASTERS=series[0], TRAINING=HERAULT / "parcels_2018.shp", CLASS_FIELD=FIELD, TREES=100,
        OUTPUT=tmp_path / "map.tif", CONFIDENCE=tmp_path / "confidence.tif", REPORT=tmp_path / "report.html")
    assert outcome.code == 0, outcome.text
    assert 0.5 < outcome.results["OVERALL_ACCURACY"] < 1
    assert "Unspecified season unspecified cereals (a single parcel trains and cannot judge as well)" in outcome.text
    assert "only 17 validation parcels" in outcome.text
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "only 17 validation parcels" in report
    with rasterio.open(tmp_path / "map.tif") as classes, rasterio.open(tmp_path / "confidence.tif") as confidence:
        assert set(np.unique(classes.read(1))) <= set(range(9))
        assert classes.colormap(1)[6][:3] == (110, 60, 140), "vineyards have their colour in the file itself"
        shares = confidence.read(1)
        assert np.nanmin(shares) > 1 / 9
        assert np.nanmax(shares) <= 1

    # The map knows what trained it: of all 72 parcels only the 17 that judged it judge it again.
    again = qgis_process.run("assessaccuracy", CLASSIFICATION=tmp_path / "map.tif", CLASS_FIELD=FIELD,
                             REFERENCE=HERAULT / "parcels_2018.shp", REPORT=tmp_path / "again.html")
    assert again.code == 0, again.text
    assert again.results["OVERALL_ACCURACY"] == outcome.results["OVERALL_ACCURACY"]
    assert again.results["KAPPA"] == pytest.approx(outcome.results["KAPPA"])
    second = (tmp_path / "again.html").read_text(encoding="utf-8")
    assert "55 more parcels" in second
    ranges = [re.findall(r"mostly lie between ([\d.]+)\D+?([\d.]+)", page)[0] for page in (report, second)]
    assert ranges[0] == ranges[1] and float(ranges[0][0]) < 62 < 87 < float(ranges[0][1])


def split_by_parcel(classes, seed):
    """Three quarters of the parcels of each class train: the plain way, apart from the tool's own."""
    generator = np.random.default_rng(seed)
    training = set()
    for name in sorted(set(classes)):
        members = np.flatnonzero(np.array(classes) == name)
        generator.shuffle(members)
        training.update(members[:int(len(members) * 0.75 + 0.5)].tolist())
    return training


def test_the_mean_accuracy_over_ten_splits_by_parcel(series, run, tmp_path):
    """Each draw of 17 validation parcels says something else (0.68 to 0.91), and even the mean of ten is a lucky one.

    These ten are the draws to which the plain forest of the project's goal owes its 0.797: the same parcels must give
    as much here. Over many more draws both come to about 0.76. 200 trees give the mean of 500 to three digits.
    """
    from qgis.core import QgsVectorLayer

    parcels = QgsVectorLayer(str(HERAULT / "parcels_2018.shp"), "parcels", "ogr")
    features = sorted(parcels.getFeatures(), key=lambda feature: feature.id())
    classes = [feature[FIELD] for feature in features]
    accuracies = []
    for seed in range(10):
        training = split_by_parcel(classes, seed)
        layers = []
        for name, chosen in (("training", training), ("validation", set(range(len(features))) - training)):
            layer = QgsVectorLayer("Polygon", name, "memory")
            layer.setCrs(parcels.crs())
            layer.dataProvider().addAttributes(parcels.fields())
            layer.updateFields()
            layer.dataProvider().addFeatures([features[number] for number in sorted(chosen)])
            layers.append(layer)
        result = run("classifycrops", {
            "RASTERS": [str(series[0])], "TRAINING": layers[0], "VALIDATION": layers[1], "CLASS_FIELD": FIELD,
            "SEED": seed, "TREES": 200, "THREADS": 2, "OUTPUT": str(tmp_path / "map.tif")})
        accuracies.append(result["OVERALL_ACCURACY"])
    print("overall accuracy of ten splits:", np.round(accuracies, 3), "mean", round(float(np.mean(accuracies)), 3))
    assert np.mean(accuracies) >= 0.79
