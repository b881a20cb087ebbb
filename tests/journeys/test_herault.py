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
    assert outcome.results["DATE_COUNT"] == 9
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
    assert "Unspecified season unspecified cereals (their only parcel is used for training)" in outcome.text
    assert "only 17 validation parcels" in outcome.text
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "only 17 validation parcels" in report
    with rasterio.open(tmp_path / "map.tif") as classes, rasterio.open(tmp_path / "confidence.tif") as confidence:
        assert set(np.unique(classes.read(1))) <= set(range(9))
        assert classes.colormap(1)[6][:3] == (110, 60, 140), "vineyards have their colour in the file itself"
        shares = confidence.read(1)
        assert np.nanmin(shares) > 1 / 9
        assert np.nanmax(shares) <= 1

    # The map knows what trained it: of all 72 parcels only the 17 of its validation assess it again.
    again = qgis_process.run("assessaccuracy", CLASSIFICATION=tmp_path / "map.tif", CLASS_FIELD=FIELD,
                             REFERENCE=HERAULT / "parcels_2018.shp", REPORT=tmp_path / "again.html")
    assert again.code == 0, again.text
    assert again.results["OVERALL_ACCURACY"] == outcome.results["OVERALL_ACCURACY"]
    assert again.results["KAPPA"] == pytest.approx(outcome.results["KAPPA"])
    second = (tmp_path / "again.html").read_text(encoding="utf-8")
    assert "55 parcels with training pixels" in second
    ranges = [re.findall(r"bootstrap interval: ([\d.]+)\D+?([\d.]+)", page)[0] for page in (report, second)]
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


PLAIN_FOREST = {"TREES": 100, "CLASSIFIER": "random_forest", "BAND_DIFFERENCES": False, "SMOOTHING": False}


@pytest.fixture(scope="module")
def plain_series(qgis_process, tmp_path_factory):
    """The same series with every speck of the cloud mask believed."""
    path = tmp_path_factory.mktemp("herault") / "plain.tif"
    outcome = qgis_process.run("sentinel2timeseries", INPUT_FOLDER=HERAULT, MIN_CLOUD_AREA=0, OUTPUT=path)
    assert outcome.code == 0, outcome.text
    return path


def test_the_defaults_beat_a_plain_forest_over_ten_splits_by_parcel(series, plain_series, run, tmp_path):
    """17 parcels judge in each split: the same ten splits for both, and the mean of the differences.

    The splits are those to which a plain forest of 500 trees owes 0.797 (0.838 by parcel majority). Some hundred trees
    rank the two as well as five hundred do.
    """
    from qgis.core import QgsVectorLayer

    parcels = QgsVectorLayer(str(HERAULT / "parcels_2018.shp"), "parcels", "ogr")
    features = sorted(parcels.getFeatures(), key=lambda feature: feature.id())
    classes = [feature[FIELD] for feature in features]
    scores = []
    for seed in range(10):
        training = split_by_parcel(classes, seed)
        sides = training, set(range(len(features))) - training
        layers = [layer_of(parcels, [features[number] for number in sorted(side)]) for side in sides]
        row = []
        for raster, settings in ((plain_series, PLAIN_FOREST), (series[0], {"TREES": 150})):
            result = run("classifycrops", {
                "RASTERS": [str(raster)], "TRAINING": layers[0], "VALIDATION": layers[1], "CLASS_FIELD": FIELD,
                "SEED": seed, "THREADS": 2, "OUTPUT": str(tmp_path / "map.tif"), **settings})
            row += [result["OVERALL_ACCURACY"], accuracy_by_majority(tmp_path / "map.tif", layers[1], classes)]
        scores.append(row)
        print(f"split {seed}: plain {row[0]:.3f}, {row[1]:.3f} by majority; default {row[2]:.3f}, {row[3]:.3f}")
    plain, plain_majority, ours, our_majority = np.mean(scores, axis=0)
    print("means:", np.round([plain, plain_majority, ours, our_majority], 3))
    assert ours >= 0.83 and our_majority >= 0.86
    assert ours > plain + 0.03 and our_majority > plain_majority


def layer_of(parcels, features):
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer("Polygon", "some parcels", "memory")
    layer.setCrs(parcels.crs())
    layer.dataProvider().addAttributes(parcels.fields())
    layer.updateFields()
    layer.dataProvider().addFeatures(features)
    return layer


def accuracy_by_majority(path, layer, classes):
    """Share of the pixels of validation parcels whose parcel has the right class, by the majority of its pixels."""
    from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransform, QgsProject
    from rasterio.features import geometry_mask

    with rasterio.open(path) as raster:
        values, transform = raster.read(1), raster.transform
        there = QgsCoordinateTransform(layer.crs(), QgsCoordinateReferenceSystem.fromWkt(raster.crs.to_wkt()),
                                       QgsProject.instance())
    right = total = 0
    for feature in layer.getFeatures():
        geometry = feature.geometry()
        geometry.transform(there)
        inside = geometry_mask([geometry.__geo_interface__], values.shape, transform, invert=True)
        pixels = values[inside & (values > 0)]
        if len(pixels):
            total += len(pixels)
            expected = sorted(set(classes)).index(feature[FIELD]) + 1
            right += len(pixels) * (np.bincount(pixels).argmax() == expected)
    return right / total
