"""Prediction with a saved model: band matching, missing values, masks, and the same bytes as the training run."""

from dataclasses import replace

import numpy as np
import pytest
import rasterio
import rasterio.warp
from sklearn.ensemble import ExtraTreesClassifier

from floefield.compute.classification.apply_model import ApplyTask, apply_model
from floefield.compute.classification.bands import indices_by_pattern, indices_for_model
from floefield.compute.classification.class_maps import MapPaths
from floefield.compute.classification.classify import ClassificationTask, classify
from floefield.compute.classification.prediction import MapRules
from floefield.compute.classifiers.forest_model import ForestSettings, parse_class_weights
from floefield.compute.classifiers.model_file import load_model
from floefield.compute.errors import GridMismatch, MissingInput, UnsuitableInput
from floefield.compute.eta import TimeLeftProgress, format_duration
from floefield.compute.progress import Progress
from tests.fieldscene import CRS, NORTH, WEST, parcels, read, reflectance, write
from tests.modelfiles import grow_model

FOREST = ForestSettings(trees=20, threads=1, classifier="random_forest", band_differences=False)
PLAIN = MapRules(smoothing=False)


class Listener(Progress):
    """Records messages and warnings."""

    def __init__(self):
        self.said, self.warned = [], []

    def say(self, text):
        self.said.append(text)

    def warn(self, text):
        self.warned.append(text)


def apply(folder, rasters, model, progress=None, **options):
    maps = MapPaths(*(str(folder / f"{name}.tif") for name in ("classes", "confidence", "probabilities")))
    task = ApplyTask(tuple(rasters), model, **{"threads": 1, "rules": PLAIN, **options})
    return apply_model(task, maps, progress or Progress())


def train(rasters, folder, **changes):
    """Train without a map; return the result, the model from its file and the messages."""
    path = str(folder / "trained.ffm")
    task = replace(ClassificationTask(rasters=tuple(rasters), parcels=parcels(), forest=FOREST, rules=PLAIN), **changes)
    progress = Listener()
    result = classify(task, MapPaths(), path, "", progress)
    return result, load_model(path), progress


@pytest.fixture
def scene(tmp_path):
    values = reflectance(0.2)
    values[1, :4, :4] = np.nan
    return write(tmp_path / "scene.tif", values)


def test_the_saved_model_gives_the_same_maps_as_the_training_run(scene, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "applied").mkdir()
    maps = MapPaths(*(str(tmp_path / "run" / f"{name}.tif") for name in ("classes", "confidence", "probabilities")))
    model = str(tmp_path / "model.ffm")
    task = ClassificationTask(rasters=(scene,), parcels=parcels(), forest=FOREST, rules=PLAIN)
    classify(task, maps, model, "", Progress())
    apply(tmp_path / "applied", [scene], model)

    for name in ("classes.tif", "classes.tif.aux.xml", "classes.qml", "confidence.tif", "probabilities.tif"):
        assert (tmp_path / "applied" / name).read_bytes() == (tmp_path / "run" / name).read_bytes(), name


def test_the_accuracy_without_a_map_is_the_same(scene, tmp_path):
    whole = classify(ClassificationTask(rasters=(scene,), parcels=parcels(), forest=FOREST, rules=PLAIN),
                     MapPaths(str(tmp_path / "classes.tif")), "", "", Progress())
    alone, _, _ = train([scene], tmp_path)

    np.testing.assert_array_equal(alone.pixel_matrix.counts, whole.pixel_matrix.counts)
    np.testing.assert_array_equal(alone.parcel_matrix.counts, whole.parcel_matrix.counts)
    assert all(summary.mapped_pixels == 0 for summary in alone.summaries)


def test_bands_are_matched_by_name_in_any_order(tmp_path):
    values = reflectance(0.2)
    model = grow_model(tmp_path / "model.ffm", values)
    straight = write(tmp_path / "straight.tif", values)
    swapped = write(tmp_path / "swapped.tif", np.stack([values[0] * 7, *values[::-1]]), names=("X", "B08", "B04"))
    progress = Listener()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    apply(tmp_path / "a", [straight], model)
    apply(tmp_path / "b", [swapped], model, progress)

    np.testing.assert_array_equal(read(tmp_path / "b" / "probabilities.tif")[0],
                                  read(tmp_path / "a" / "probabilities.tif")[0])
    assert any("1 of 3 bands are not used: X" in text for text in progress.said)


def test_missing_bands_are_listed_and_no_file_is_written(tmp_path):
    model = grow_model(tmp_path / "model.ffm", reflectance())
    other = write(tmp_path / "other.tif", reflectance(), names=("B04", "B8A"))
    (tmp_path / "out").mkdir()
    with pytest.raises(MissingInput, match=r"lack 1 of the 2 bands .*: B08. The rasters have: B04, B8A"):
        apply(tmp_path / "out", [other], model)

    assert list((tmp_path / "out").iterdir()) == []


def test_matching_by_order_ignores_names_and_requires_the_same_number(tmp_path):
    values = reflectance(0.2)
    model = grow_model(tmp_path / "model.ffm", values)
    renamed = write(tmp_path / "renamed.tif", values, names=("next", "year"))
    apply(tmp_path, [renamed], model, band_matching="order")
    assert len(np.unique(read(tmp_path / "classes.tif")[0])) == 3

    with pytest.raises(UnsuitableInput, match="trained on 2 bands, but the rasters have 4"):
        apply(tmp_path, [renamed, renamed], model, band_matching="order")


def test_long_lists_of_bands_are_shortened_in_messages():
    required = [f"B{number}" for number in range(100)]
    with pytest.raises(MissingInput, match=r"lack 99 of the 100 .* and 87 more"):
        indices_for_model(["B0"], required, "name")


def test_pixels_below_the_minimum_confidence_get_no_class(tmp_path):
    values = reflectance(0.3)
    model, raster = grow_model(tmp_path / "model.ffm", values), write(tmp_path / "scene.tif", values)
    progress = Listener()
    (tmp_path / "all").mkdir()
    apply(tmp_path / "all", [raster], model)
    apply(tmp_path, [raster], model, progress, rules=MapRules(0.6, smoothing=False))
    confidence, kept = read(tmp_path / "confidence.tif")[0][0], read(tmp_path / "classes.tif")[0][0]
    unsure = confidence < 0.6

    assert 0.05 < unsure.mean() < 0.95
    np.testing.assert_array_equal(kept, np.where(unsure, 0, read(tmp_path / "all" / "classes.tif")[0][0]))
    assert any(f"{unsure.mean():.0%} of the pixels have no class, because their confidence is below the minimum" in text
               for text in progress.warned)


def test_masked_pixels_are_neither_mapped_nor_used_for_training(tmp_path):
    values = reflectance(0.2)
    mask = np.ones((1, 40, 48), np.uint8)
    mask[0, :, :24] = 0
    mask[0, 0, 30] = 255
    paths = [write(tmp_path / "scene.tif", values)], write(tmp_path / "mask.tif", mask, names=("mask",), nodata=255)
    model = grow_model(tmp_path / "model.ffm", values)
    apply(tmp_path, paths[0], model, mask=paths[1])
    expected = mask[0] == 1

    np.testing.assert_array_equal(read(tmp_path / "classes.tif")[0][0] > 0, expected)
    result, _, _ = train(paths[0], tmp_path, mask=paths[1])
    # Half of the thirty fields of 36 pixels are inside the mask.
    assert sum(s.training_pixels + s.validation_pixels for s in result.summaries) == 15 * 36


@pytest.mark.parametrize("trained, applied", [(1, 10000), (10000, 1), (10000, 0)])
def test_input_in_another_unit_gives_a_warning(tmp_path, trained, applied):
    model = grow_model(tmp_path / "model.ffm", reflectance() * trained)
    progress = Listener()
    apply(tmp_path, [write(tmp_path / "scene.tif", reflectance() * applied)], model, progress)

    assert any("2 of 2 bands lie far outside the range" in text and "B04, B08" in text for text in progress.warned)


def test_contradicting_names_of_bands_matched_by_order_give_a_warning(tmp_path):
    model = grow_model(tmp_path / "model.ffm", reflectance(), names=("B04_20180627", "B08_20180627"))
    warnings = []
    for names in (("B04_20190625", "B08_20190625"), ("red", "nir"), ("B08_20190625", "B04_20190625")):
        progress = Listener()
        apply(tmp_path, [write(tmp_path / "scene.tif", reflectance(), names)], model, progress, band_matching="order")
        warnings.append([text for text in progress.warned if "Matched by order" in text])

    assert warnings[:2] == [[], []]
    assert "B08_20190625 for B04_20180627, B04_20190625 for B08_20180627" in warnings[2][0]


def test_another_grid_is_refused_or_resampled_like_gdal(tmp_path):
    values = reflectance(0.2)
    model = grow_model(tmp_path / "model.ffm", values, names=("B04", "coherence"))
    first = write(tmp_path / "first.tif", values[:1], names=("B04",))
    coarse = tmp_path / "coarse.tif"
    with rasterio.open(coarse, "w", driver="GTiff", count=1, height=30, width=36, dtype="float32", crs=CRS, nodata=-99,
                       transform=rasterio.Affine(20, 0, WEST - 57, 0, -20, NORTH + 43)) as raster:
        stored = np.random.default_rng(0).normal(0.5, 0.2, (1, 30, 36)).astype("float32")
        stored[0, 5, 5] = -99
        raster.write(stored)
        raster.descriptions = ("coherence",)
    with pytest.raises(GridMismatch, match=r"coarse\.tif do not share one pixel grid"):
        apply(tmp_path, [first, str(coarse)], model)

    for resampling in ("nearest", "bilinear"):
        warped = np.full((1, 40, 48), np.nan, np.float32)
        with rasterio.open(coarse) as raster:
            rasterio.warp.reproject(rasterio.band(raster, 1), warped[0], dst_transform=rasterio.Affine(
                10, 0, WEST, 0, -10, NORTH), dst_crs=CRS, dst_nodata=np.nan,
                resampling=rasterio.enums.Resampling[resampling])
        by_hand = write(tmp_path / "by_hand.tif", np.concatenate([values[:1].astype(np.float32), warped]),
                        names=("B04", "coherence"))
        progress = Listener()
        apply(tmp_path, [by_hand], model)
        expected = read(tmp_path / "probabilities.tif")[0]
        apply(tmp_path, [first, str(coarse)], model, progress, resampling=resampling)

        np.testing.assert_array_equal(read(tmp_path / "probabilities.tif")[0], expected)
        assert any("coarse.tif lies on another grid" in text for text in progress.said)
        assert np.isnan(expected).any() and np.isfinite(expected).mean() > 0.9


@pytest.mark.parametrize("missing", ["median", "constant"])
def test_missing_values_are_imputed_and_counted(tmp_path, missing):
    values = reflectance(0.2)
    values[1, :, :16] = np.nan
    values[:, 0, 0] = np.nan
    raster = write(tmp_path / "scene.tif", values)
    result, model, progress = train([raster], tmp_path, forest=replace(FOREST, missing_values=missing))
    assert sum(s.training_pixels + s.validation_pixels for s in result.summaries) == 30 * 36
    assert any("training pixels lack some bands" in text for text in progress.said)

    progress = Listener()
    apply(tmp_path, [raster], str(tmp_path / "trained.ffm"), progress)
    classes = read(tmp_path / "classes.tif")[0][0]
    assert classes[0, 0] == 0 and (classes > 0).sum() == 40 * 48 - 1
    assert any(f"{40 * 16 - 1} classified pixels lack some bands" in text for text in progress.said)
    imputed = values.copy()
    imputed[1, :, :16] = model.imputation_values[1]
    imputed[:, 0, 0] = np.nan
    (tmp_path / "imputed").mkdir()
    apply(tmp_path / "imputed", [write(tmp_path / "imputed.tif", imputed)], str(tmp_path / "trained.ffm"))
    np.testing.assert_array_equal(classes, read(tmp_path / "imputed" / "classes.tif")[0][0])
    if missing == "median":
        assert 0.2 < model.imputation_values[1] < 0.8
    else:
        assert model.imputation_values == (-1e6, -1e6)


def test_only_the_selected_bands_are_used_for_training(scene, tmp_path):
    _, model, progress = train([scene], tmp_path, bands=" B0? , ")
    assert model.features == ("B04", "B08")
    _, model, progress = train([scene], tmp_path, bands="*8")

    assert model.features == ("B08",)
    assert any("1 of 2 bands are not used: B04" in text for text in progress.said)


def test_a_pattern_that_matches_no_band_is_reported():
    assert indices_by_pattern(["B04_1", "B04_2", "B08_1"], "B08*,*_1") == [0, 2]
    with pytest.raises(MissingInput, match=r"No band of the rasters is called NDVI\*"):
        indices_by_pattern(["B04", "B08"], "B04,NDVI*")


def test_class_weights_are_parsed():
    assert parse_class_weights("wheat=2, maize = 0.5,\n a=b=3") == {"wheat": 2.0, "maize": 0.5, "a=b": 3.0}
    for text in ("wheat", "wheat=", "=2", "wheat=-1", "wheat=nan", "wheat=inf", "wheat=two"):
        with pytest.raises(UnsuitableInput, match="is not a class weight"):
            parse_class_weights(text)


def test_extra_trees_agree_with_scikit_learn(tmp_path):
    values = reflectance(0.2)
    path = grow_model(tmp_path / "extra.ffm", values, classifier="extra_trees")
    pixels = np.concatenate([values[:, r * 8 + 1:r * 8 + 7, c * 8 + 1:c * 8 + 7].reshape(2, -1).T
                             for r in range(5) for c in range(6)]).astype(np.float32)
    classes = np.repeat(np.arange(30) % 3, 36)
    expected = ExtraTreesClassifier(30, random_state=0).fit(pixels, classes)
    apply(tmp_path, [write(tmp_path / "scene.tif", values)], path)

    np.testing.assert_allclose(read(tmp_path / "probabilities.tif")[0].reshape(3, -1).T,
                               expected.predict_proba(values.reshape(2, -1).T.astype(np.float32)), atol=1e-6)


def test_the_time_left_is_reported_at_intervals():
    clock = iter([0.0, 5.0, 16.0, 20.0, 40.0])
    listener = Listener()
    progress = TimeLeftProgress(listener, "mapped", lambda: next(clock))
    for fraction in (0.1, 0.25, 0.4, 0.8):
        progress.step(fraction)

    assert listener.said == ["25 % mapped, about 48 s left.", "80 % mapped, about 10 s left."]
    assert [format_duration(seconds) for seconds in (0, 89, 100, 3600, 12000)] == [
        "1 s", "89 s", "2 min", "60 min", "3 h 20 min"]


def test_maps_of_sample_data_are_tagged(tmp_path):
    model = grow_model(tmp_path / "model.ffm", reflectance())
    for name, tags in (("real", {}), ("sample", {"SYNTHETIC": "YES"})):
        folder = tmp_path / name
        folder.mkdir()
        apply(folder, [write(folder / "scene.tif", reflectance(), tags=tags)], model)
        for output in ("classes", "confidence", "probabilities"):
            with rasterio.open(folder / f"{output}.tif") as raster:
                assert raster.tags().get("SYNTHETIC") == tags.get("SYNTHETIC")
