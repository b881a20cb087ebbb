"""Assessment of maps with parcels, points and rasters; counts are compared with numpy."""

import numpy as np
import pytest
from sklearn import metrics

from floefield.compute.accuracy.assessment import AssessmentSettings, AssessmentTask, MapInput, assess
from floefield.compute.accuracy.validation_data import Point
from floefield.compute.classmap.class_legend import LegendEntry
from floefield.compute.classmap.training_record import DOMAIN, TAG, record_training
from floefield.compute.errors import Cancelled, UnsuitableInput
from floefield.compute.insitu.parcel import Parcel
from floefield.compute.progress import Progress
from floefield.compute.raster.grid import Grid

from .. import fieldscene

NAMES = (LegendEntry(1, "b", "barley"), LegendEntry(2, "m", "maize"), LegendEntry(3, "w", "wheat"))


def class_map(seed=1, wrong=0.2):
    """The fields as a class map, some pixels wrong; 0 between the fields."""
    random = np.random.default_rng(seed)
    values = np.zeros((fieldscene.ROWS * 8, fieldscene.COLUMNS * 8), np.uint8)
    for number, _, _ in fieldscene.fields():
        row, column = number // fieldscene.COLUMNS * 8 + 1, number % fieldscene.COLUMNS * 8 + 1
        values[row:row + 6, column:column + 6] = number % 3 + 1
    noise = random.integers(1, 4, values.shape)
    return np.where((random.random(values.shape) < wrong) & (values > 0), noise, values).astype(np.uint8)


@pytest.fixture
def path(tmp_path):
    return fieldscene.write(tmp_path / "map.tif", class_map()[None], names=("class",), nodata=0)


def task(path, **changes):
    return AssessmentTask(**{"map": MapInput(path, NAMES), "parcels": fieldscene.parcels(), **changes})


def reference_classes():
    """Reference class of each pixel, by parcel."""
    values = np.zeros((40, 48), int)
    for number, _, _ in fieldscene.fields():
        row, column = number // 6 * 8 + 1, number % 6 * 8 + 1
        values[row:row + 6, column:column + 6] = number % 3 + 1
    return values


def test_pixel_and_parcel_accuracy_agree_with_scikit_learn(path):
    found = assess(task(path), Progress())

    mapped, expected = class_map(), reference_classes()
    scores = found.maps[0]
    compared = expected > 0
    np.testing.assert_array_equal(scores.pixels.counts, metrics.confusion_matrix(expected[compared], mapped[compared]))
    assert scores.pixels.overall_accuracy == pytest.approx(metrics.accuracy_score(expected[compared], mapped[compared]))
    assert scores.pixels.kappa == pytest.approx(metrics.cohen_kappa_score(expected[compared], mapped[compared]))
    majorities = [np.bincount(mapped[n // 6 * 8 + 1:n // 6 * 8 + 7, n % 6 * 8 + 1:n % 6 * 8 + 7].ravel()).argmax()
                  for n in range(30)]
    np.testing.assert_array_equal(scores.parcels.counts,
                                  metrics.confusion_matrix([n % 3 + 1 for n in range(30)], majorities))
    np.testing.assert_allclose(scores.hectares, np.bincount(mapped.ravel())[1:] / 100)
    assert not found.is_training_known and found.training_units == 0


def test_parcels_are_sorted_by_errors(path):
    found = assess(task(path), Progress())

    wrong = {n: int((class_map()[n // 6 * 8 + 1:n // 6 * 8 + 7, n % 6 * 8 + 1:n % 6 * 8 + 7] != n % 3 + 1).sum())
             for n in range(30)}
    assert {errors.unit.identifier: errors.wrong[0] for errors in found.errors} == {n: w for n, w in wrong.items() if w}
    counts = [errors.wrong[0] for errors in found.errors]
    assert counts == sorted(counts, reverse=True)
    assert all(errors.pixels == 36 for errors in found.errors)


def test_points_are_compared_with_their_pixel_even_if_two_share_it(path):
    mapped, random = class_map(), np.random.default_rng(3)
    rows, columns = random.integers(0, 40, 400), random.integers(0, 48, 400)
    points = tuple(Point(number, fieldscene.CROPS[number % 3], fieldscene.WEST + 10 * (column + random.random()),
                         fieldscene.NORTH - 10 * (row + random.random()))
                   for number, (row, column) in enumerate(zip(rows, columns)))
    found = assess(task(path, parcels=(), points=points), Progress())

    values, expected = mapped[rows, columns], np.arange(400) % 3 + 1
    np.testing.assert_array_equal(found.maps[0].pixels.counts,
                                  metrics.confusion_matrix(expected[values > 0], values[values > 0]))
    assert any("points lie on a pixel without a class" in warning for warning in found.warnings)
    assert found.maps[0].parcels is None


def test_a_reference_raster_of_another_resolution_is_resampled(path, tmp_path):
    import rasterio

    coarse = np.random.default_rng(5).integers(1, 4, (20, 24)).astype(np.uint8)
    with rasterio.open(tmp_path / "reference.tif", "w", driver="GTiff", count=1, height=20, width=24, dtype="uint8",
                       crs=fieldscene.CRS, transform=rasterio.Affine(20, 0, fieldscene.WEST, 0, -20, fieldscene.NORTH)
                       ) as raster:
        raster.write(coarse, 1)
    found = assess(task(path, parcels=(), raster=MapInput(str(tmp_path / "reference.tif"), NAMES)), Progress())

    mapped, expected = class_map(), np.kron(coarse, np.ones((2, 2), np.uint8))
    np.testing.assert_array_equal(found.maps[0].pixels.counts,
                                  metrics.confusion_matrix(expected[mapped > 0], mapped[mapped > 0]))


def test_class_0_is_valid_unless_declared_as_nodata(tmp_path):
    path = fieldscene.write(tmp_path / "map.tif", class_map()[None], names=("class",))
    parcels = (*fieldscene.parcels(), Parcel(99, "bare", fieldscene.square(7, 0, 2)))
    names = (*NAMES, LegendEntry(0, "", "bare"))

    found = assess(task(path, map=MapInput(path, names), parcels=parcels), Progress())
    assert [c.label for c in found.classes] == ["bare", "barley", "maize", "wheat"]
    assert found.maps[0].pixels.counts[0].tolist() == [4, 0, 0, 0]

    without_zero = assess(task(path, map=MapInput(path, names, frozenset([0]))), Progress())
    assert [c.label for c in without_zero.classes] == ["barley", "maize", "wheat"]


def test_training_parcels_are_excluded(path):
    training = fieldscene.parcels()[:12]
    found = assess(task(path, training=training), Progress())

    assert found.unit_count == 18 and found.training_units == 12 and found.training_pixels == 12 * 36
    assert found.is_training_known
    assert found.maps[0].pixels.total == 18 * 36


def test_a_parcel_with_some_training_pixels_is_excluded(path):
    inner = tuple(Parcel(number, crop, fieldscene.square(number // 6 * 8 + 2, number % 6 * 8 + 2, 2))
                  for number, crop, _ in fieldscene.fields() if number < 20)
    found = assess(task(path, training=inner), Progress())

    assert found.maps[0].pixels.total == 10 * 36


def test_parcels_next_to_training_pixels_are_reported(path):
    """Training pixels in the west of each field, a validation parcel next to them in the same field."""
    training = tuple(Parcel(number, crop, fieldscene.square(number // 6 * 8 + 1, number % 6 * 8 + 1, 2))
                     for number, crop, _ in fieldscene.fields() if number < 12)
    strips = tuple(Parcel(100 + number, crop, fieldscene.square(number // 6 * 8 + 1, number % 6 * 8 + 3, 1))
                   for number, crop, _ in fieldscene.fields() if number < 12)
    others = fieldscene.parcels()[12:]

    def adjacency_warnings(parcels):
        return [sentence for sentence in assess(task(path, training=training, parcels=parcels), Progress()).warnings
                if "next to training pixels" in sentence]

    assert adjacency_warnings(strips + others)[0].startswith("12 of 30 parcels")
    assert not adjacency_warnings(strips[:3] + others), "a few parcels next to training pixels need no warning"


def test_training_parcels_alone_are_refused(path):
    with pytest.raises(UnsuitableInput, match="were used for training: 30 of 30"):
        assess(task(path, training=fieldscene.parcels()), Progress())


def test_pixels_of_the_training_record_are_excluded(path):
    import rasterio

    mask = reference_classes() > 0
    mask[:, 24:] = False
    grid = Grid("", fieldscene.WEST, fieldscene.NORTH, 10, 10, 40, 48)
    record = record_training(grid, lambda window: mask[window.slices], lambda window: True)
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(ns=DOMAIN, **{TAG: record.text()})

    found = assess(task(path), Progress())

    assert record.count == mask.sum()
    assert found.is_training_known and found.unit_count == 15 and found.training_pixels == mask.sum()


def test_unmatched_labels_are_reported_and_count_as_errors(path):
    parcels = tuple(Parcel(p.identifier, "quinoa" if p.identifier == 0 else p.code, p.geometry)
                    for p in fieldscene.parcels())
    found = assess(task(path, parcels=parcels), Progress())

    assert any("match no class" in warning and "quinoa" in warning for warning in found.warnings)
    assert found.maps[0].pixels.reference_totals[-1] == 36
    assert found.classes[-1].value is None and found.maps[0].pixels.recall[-1] == 0


@pytest.mark.parametrize(("changes", "words"), [
    ({"parcels": tuple(Parcel(n, f"crop {n}", g) for n, _, g in fieldscene.fields())}, "No reference label"),
    ({"parcels": (Parcel(1, "wheat", fieldscene.square(500, 500)),)}, "lie outside the map"),
    ({"parcels": (), "points": (Point(1, "wheat", fieldscene.WEST + 1, fieldscene.NORTH - 1),)}, "no data there"),
    ({"parcels": (Parcel(1, "a", fieldscene.square(1, 1)), Parcel(2, "b", fieldscene.square(1, 1)))}, "overlapping"),
    ({"parcels": (Parcel(1, "a", fieldscene.square(1, 1, 0.1)),)}, "too small"),
])
def test_a_reference_without_usable_pixels_is_refused(path, changes, words):
    with pytest.raises(UnsuitableInput, match=words):
        assess(task(path, **changes), Progress())


def test_a_map_of_one_class_is_refused(tmp_path):
    path = fieldscene.write(tmp_path / "one.tif", np.ones((1, 40, 48), np.uint8), names=("class",))
    with pytest.raises(UnsuitableInput, match="a single class"):
        assess(task(path), Progress())


def test_a_raster_of_measurements_is_refused(tmp_path):
    path = fieldscene.write(tmp_path / "ndvi.tif", fieldscene.reflectance()[:1], names=("ndvi",))
    with pytest.raises(UnsuitableInput, match="not an integer"):
        assess(task(path), Progress())


def test_a_probability_sample_of_points_reproduces_the_published_estimates(tmp_path):
    """The published example laid out as a map and 872 points."""
    mapped = np.ones((40, 48), np.uint8)
    mapped[:, 2:] = 2
    path = fieldscene.write(tmp_path / "map.tif", mapped[None], names=("class",))
    points = []
    for column, row in ((0, (410, 26)), (10, (67, 369))):
        for code, count in zip("12", row):
            points += [Point(len(points) + n, code, fieldscene.WEST + 10 * column + 5, fieldscene.NORTH - 5)
                       for n in range(count)]
    found = assess(task(path, map=MapInput(path), parcels=(), points=tuple(points),
                        settings=AssessmentSettings(sampling_design="probability")), Progress()).maps[0]

    weights = np.array([2 / 48, 46 / 48])
    assert found.estimates.overall == pytest.approx(weights @ [410 / 436, 369 / 436])
    assert found.estimates.overall_error == pytest.approx(
        np.sqrt(weights[0] ** 2 * (410 / 436) * (26 / 436) / 435 + weights[1] ** 2 * (369 / 436) * (67 / 436) / 435))
    purposive = assess(task(path, map=MapInput(path), parcels=(), points=tuple(points)), Progress())
    assert purposive.maps[0].estimates is None


def test_two_maps_are_compared_on_the_same_pixels(path, tmp_path):
    other = class_map(seed=7, wrong=0.6)
    other[:8] = 0
    second = fieldscene.write(tmp_path / "second.tif", other[None], names=("class",), nodata=0)
    found = assess(task(path, others=(MapInput(second, NAMES),)), Progress())

    first, expected = class_map(), reference_classes()
    compared = (expected > 0) & (other > 0)
    assert found.maps[0].pixels.total == found.maps[1].pixels.total == compared.sum()
    right = first[compared] == expected[compared], other[compared] == expected[compared]
    assert found.pixel_tests[0].only_first == (right[0] & ~right[1]).sum()
    assert found.pixel_tests[0].only_second == (right[1] & ~right[0]).sum()
    assert found.pixel_tests[0].p_value < 1e-6
    assert found.parcel_tests[0].both_right + found.parcel_tests[0].only_first == found.maps[0].parcels.counts.trace()


def test_unknown_training_pixels_of_one_of_two_maps_are_reported(path, tmp_path):
    import rasterio

    later = fieldscene.write(tmp_path / "later.tif", class_map(seed=5)[None], names=("class",), nodata=0)
    grid = Grid("", fieldscene.WEST, fieldscene.NORTH, 10, 10, 40, 48)
    record = record_training(grid, lambda window: np.zeros(window.shape, bool), lambda window: True)
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(ns=DOMAIN, **{TAG: record.text()})

    assert assess(task(path), Progress()).is_training_known
    both = assess(task(path, others=(MapInput(later, NAMES),)), Progress())
    assert not both.is_training_known
    assert any("Whether these reference data were also used to train a map" in warning for warning in both.warnings)


def test_estimates_for_a_second_map_come_with_a_warning(path, tmp_path):
    later = fieldscene.write(tmp_path / "later.tif", class_map(seed=5)[None], names=("class",), nodata=0)
    found = assess(task(path, others=(MapInput(later, NAMES),),
                        settings=AssessmentSettings(sampling_design="probability")), Progress())

    assert any("later.tif hold if the sample is a simple random sample of the whole map" in warning
               for warning in found.warnings)


def test_assessment_can_be_cancelled(path):
    class Impatient(Progress):
        cancelled = True

    with pytest.raises(Cancelled):
        assess(task(path), Impatient())


def test_the_result_does_not_depend_on_threads_or_file_layout(tmp_path):
    values = np.tile(class_map(), (20, 30))[None]
    tables = set()
    for number, options in enumerate(({}, {"tiled": True, "blockxsize": 256, "blockysize": 256})):
        path = fieldscene.write(tmp_path / f"{number}.tif", values, names=("class",), nodata=0, **options)
        for threads in (1, 3):
            found = assess(task(path, settings=AssessmentSettings(threads=threads)), Progress())
            tables.add((found.maps[0].pixels.counts.tobytes(), tuple(found.maps[0].hectares.round(9))))
    assert len(tables) == 1
