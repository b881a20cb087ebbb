"""Difficulty of the sample kind crops: realistic accuracy, and a split by pixel overestimates it."""

import re
from datetime import date

import numpy as np
import pytest

from floefield.compute.progress import Progress
from floefield.compute.sampledata.sample import SampleSettings
from floefield.compute.sampledata.sample_kinds import create_sample

BANDS = (("B03", 10), ("B04", 10), ("B08", 10), ("B05", 20), ("B11", 20))


@pytest.fixture(scope="module")
def labelled_pixels(tmp_path_factory):
    """Return gap-filled features, class and parcel of labelled pixels, read with rasterio and numpy only."""
    import rasterio
    from rasterio.features import rasterize

    folder = tmp_path_factory.mktemp("sample")
    sample = create_sample("crops", str(folder), SampleSettings(seed=4, size=360, date_count=8), Progress())
    rows = sample.tables[0].rows
    days, values, clear, grids = [], [], [], {}
    for product in sorted((folder / "sentinel2").iterdir(), key=lambda path: path.name.split("_")[2]):
        images = []
        for band, pixel in BANDS:
            with rasterio.open(next(product.glob(f"GRANULE/*/IMG_DATA/*/*_{band}_{pixel}m.jp2"))) as dataset:
                images.append(dataset.read(1).repeat(pixel // 10, 0).repeat(pixel // 10, 1))
                grids[pixel] = dataset.transform
        with rasterio.open(next(product.glob("GRANULE/*/IMG_DATA/*/*_SCL_20m.jp2"))) as dataset:
            classes = dataset.read(1).repeat(2, 0).repeat(2, 1)
        days.append(date(*map(int, re.search(r"_(\d{4})(\d\d)(\d\d)T", product.name).groups())).toordinal())
        values.append(images)
        clear.append(~np.isin(classes, (0, 3, 8, 9, 10)))
    parcels = rasterize([(geometry, number) for number, (geometry, _) in enumerate(rows, start=1)],
                        out_shape=clear[0].shape, transform=grids[10], dtype="int32")
    sampled = (parcels > 0) & (np.random.default_rng(0).random(parcels.shape) < 0.25)
    values, clear = np.array(values, float)[:, :, sampled], np.array(clear)[:, sampled]
    features = np.stack([[np.interp(days, np.array(days)[valid], series[valid]) if valid.any() else np.zeros(len(days))
                          for series, valid in zip(band.T, clear.T)] for band in values.transpose(1, 0, 2)], axis=1)
    parcel_of_pixel = parcels[sampled]
    codes = np.array([code for _, (_, _, code, _, _) in rows])
    return features.reshape(len(parcel_of_pixel), -1), codes[parcel_of_pixel - 1], parcel_of_pixel


def accuracy(features, codes, training):
    from sklearn.ensemble import RandomForestClassifier

    forest = RandomForestClassifier(100, random_state=0, n_jobs=1).fit(features[training], codes[training])
    return np.mean(forest.predict(features[~training]) == codes[~training])


def test_accuracy_by_parcel_is_realistic_and_a_split_by_pixel_overestimates_it(labelled_pixels):
    features, codes, parcel_of_pixel = labelled_pixels
    rng = np.random.default_rng(1)
    by_parcel = []
    for _ in range(2):
        training = set()
        for code in np.unique(codes):
            parcels = rng.permutation(np.unique(parcel_of_pixel[codes == code]))
            training.update(parcels[:round(0.75 * len(parcels))])
        by_parcel.append(accuracy(features, codes, np.isin(parcel_of_pixel, list(training))))
    by_pixel = accuracy(features, codes, rng.random(len(parcel_of_pixel)) < 0.75)
    assert 0.75 < np.mean(by_parcel) < 0.95
    assert by_pixel > 0.95
    assert by_pixel - np.mean(by_parcel) > 0.04
