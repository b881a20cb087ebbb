"""Features of the Sen2-Agri products, compared with manual calculations and plain loops."""

from datetime import date, timedelta

import numpy as np
import pytest

from floefield.compute.raster.band_metadata import dated_bands
from floefield.compute.sen2agri.crop_features import (
    NDVI_NAMES,
    CropMaskFeatures,
    CropTypeFeatures,
    SpectralFeatures,
    ndvi_features,
)
from floefield.compute.sen2agri.landcover_samples import fit_ellipsoid, squared_distance
from floefield.compute.sen2agri.product_task import SegmentSettings
from floefield.compute.sen2agri.segmentation import majority_by_segment, segments

DAYS = tuple(date(2018, 3, 1) + timedelta(days=10 * number) for number in range(14))
ORDINALS = np.array([day.toordinal() for day in DAYS], np.float32)


def features_of(values, days=ORDINALS):
    """NDVI features of one pixel, by name."""
    columns = ndvi_features(np.array([values], np.float32), days[:len(values)])
    return {name: float(column[0]) for name, column in zip(NDVI_NAMES, columns)}


def bands_of(pixels, dates, names, seed=1):
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(0.02, 0.5, (pixels, dates)).astype(np.float32) for name in names}


def test_ndvi_features_of_a_season():
    season = [0.1, 0.1, 0.3, 0.6, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.5, 0.1, 0.1, 0.1]
    found = features_of(season)

    assert found["NDVI_MAX"] == pytest.approx(0.8)
    assert found["NDVI_MEAN"] == pytest.approx(sum(season) / 14)
    assert found["NDVI_PLATEAU"] == pytest.approx(0.8)
    assert (found["NDVI_PLATEAU_DAYS"], found["NDVI_PLATEAU_AREA"]) == (50, pytest.approx(40))
    assert (found["NDVI_RISE_DAYS"], found["NDVI_RISE_AREA"]) == (30, pytest.approx(0.7 * 30 / 2))
    assert found["NDVI_RISE_SLOPE"] == pytest.approx(0.7 / 30)
    assert (found["NDVI_FALL_DAYS"], found["NDVI_FALL_AREA"]) == (20, pytest.approx(-0.7 * 20 / 2))
    assert found["NDVI_FALL_SLOPE"] == pytest.approx(-0.7 / 20)
    assert (found["NDVI_SOIL_UP"], found["NDVI_SOIL_DOWN"]) == (1, 1)
    windows = [np.mean(season[first:first + 6]) for first in range(9)]
    changes = [windows[first] - windows[first + 6] for first in range(3)]
    assert found["NDVI_CHANGE_MAX"] == pytest.approx(max(changes), abs=1e-6)
    assert found["NDVI_CHANGE_MIN"] == pytest.approx(min(changes), abs=1e-6)
    assert found["NDVI_CHANGE_RANGE"] == pytest.approx(max(changes) - min(changes), abs=1e-6)


def test_the_plateau_extends_while_the_ndvi_is_within_the_tolerance():
    found = features_of([0.2, 0.78, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.76, 0.5, 0.79, 0.1])

    assert found["NDVI_PLATEAU_DAYS"] == 70


def test_evergreen_forest_has_no_rise_fall_or_bare_soil():
    found = features_of([0.8] * 14)

    assert [found[name] for name in NDVI_NAMES if "RISE" in name or "FALL" in name or "SOIL" in name] == [0] * 8


def test_features_that_require_more_dates_are_0():
    found = features_of([0.1, 0.5, 0.8])

    assert [found[name] for name in NDVI_NAMES[3:9]] == [0] * 6


def test_the_crop_mask_has_27_features_and_four_red_edge_indices_per_date():
    plain, full = CropMaskFeatures(DAYS, red_edge=False), CropMaskFeatures(DAYS, red_edge=True)
    bands = bands_of(5, 14, full.bands)

    assert (len(plain.names), len(full.names)) == (27, 27 + 4 * 14)
    features = full.compute(bands)
    assert np.array_equal(features[:, :27], plain.compute(bands))
    column = full.names.index("RENDVI_20180311")
    expected = (bands["B08"] - bands["B06"]) / (bands["B08"] + bands["B06"])
    assert np.allclose(features[:, column], expected[:, 1])
    ndwi = (bands["B11"] - bands["B08"]) / (bands["B11"] + bands["B08"])
    assert np.allclose(features[:, full.names.index("NDWI_MEDIAN")], np.median(ndwi, axis=1))
    brightness = np.sqrt(sum(bands[name] ** 2 for name in ("B03", "B04", "B08", "B11")))
    assert np.allclose(features[:, full.names.index("BRIGHTNESS_STD")], brightness.std(axis=1), atol=1e-6)


def test_crop_type_features_are_bands_then_indices_of_each_date():
    feature_set = CropTypeFeatures(DAYS[:2])
    bands = bands_of(3, 2, feature_set.bands)
    features = feature_set.compute(bands)

    assert feature_set.names[:8] == ("B03_20180301", "B04_20180301", "B08_20180301", "B11_20180301", "NDVI_20180301",
                               "NDWI_20180301", "BRIGHTNESS_20180301", "B03_20180311")
    assert np.array_equal(features[:, 8], bands["B04"][:, 1])
    assert np.allclose(features[:, 12], (bands["B11"] - bands["B08"])[:, 1] / (bands["B11"] + bands["B08"])[:, 1])


def test_the_five_moments_of_a_season():
    ndvi = np.array([0.1, 0.15, 0.7, 0.8, 0.6, 0.3, 0.2, 0.15])
    red = np.linspace(0.05, 0.2, 8)
    bands = {"B04": red, "B08": red * (1 + ndvi) / (1 - ndvi), "B03": np.arange(8.0), "B11": np.ones(8)}
    feature_set = SpectralFeatures(DAYS[:8])
    features = feature_set.compute({name: plane[None].astype(np.float32) for name, plane in bands.items()})

    slopes = [ndvi[index + 1] - ndvi[index - 1] for index in range(1, 7)]
    dates = [1 + int(np.argmax(slopes)), 1 + int(np.argmin(slopes)), 3, 0, 7]
    assert dates[:2] == [2, 4]
    assert features[0, [feature_set.names.index(f"B03_{name}") for name in (
        "RISE", "FALL", "MAX_NDVI", "MIN_NDVI", "MAX_RED")]].tolist() == dates


def test_dates_are_parsed_from_band_names():
    found = dated_bands(["B04_20180711", "NDVI_20180701", "B08_20180701", "B04_20180701", "B04_20181345", "B04"])

    assert found == {date(2018, 7, 1): {"B08": 2, "B04": 3}, date(2018, 7, 11): {"B04": 0}}


def test_the_majority_ignores_pixels_without_data_and_ties_depend_on_segment_size():
    segment_ids = np.repeat([[0], [1], [2]], 4, axis=1)
    classes = np.array([[2, 2, 1, 0], [1, 1, 2, 2], [1, 1, 2, 0]], np.uint8)

    assert majority_by_segment(segment_ids, classes, 4).tolist() == [[2, 2, 2, 0], [2, 2, 2, 2], [1, 1, 1, 0]]
    assert majority_by_segment(segment_ids, classes, 5).tolist()[1] == [1, 1, 1, 1]


def test_uniform_fields_are_one_segment_each():
    image = np.zeros((30, 30, 6))
    image[:, 15:] = 1.0
    image[5, 5] = 1.0
    segment_ids = segments(image + np.random.default_rng(1).normal(0, 0.02, image.shape), SegmentSettings())

    assert segment_ids[0, 0] != segment_ids[0, 29]
    assert segment_ids[5, 5] == segment_ids[5, 6]


def test_outliers_of_a_class_are_trimmed():
    rng = np.random.default_rng(1)
    inliers, outliers = rng.normal(0, 1, (2000, 5)), rng.normal(9, 1, (100, 5))
    mean, inverse, limit = fit_ellipsoid(np.concatenate([inliers, outliers]), 0.01)

    assert (squared_distance(outliers, mean, inverse) > limit).all()
    assert (squared_distance(inliers, mean, inverse) <= limit).mean() > 0.93
    from scipy.spatial.distance import mahalanobis
    assert squared_distance(inliers[:1], mean, inverse)[0] == pytest.approx(mahalanobis(inliers[0], mean, inverse) ** 2)


def test_a_class_of_few_pixels_is_not_trimmed():
    _, _, limit = fit_ellipsoid(np.random.default_rng(1).normal(0, 1, (10, 5)), 0.01)

    assert limit == np.inf
