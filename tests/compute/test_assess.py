"""Maps against parcels, points and rasters: the counts are those of a calculation with numpy alone."""

import numpy as np
import pytest
from sklearn import metrics

from floefield.compute.accuracy.assess import AssessmentSettings, AssessmentTask, MapInput, assess
from floefield.compute.accuracy.legend import LegendEntry
from floefield.compute.accuracy.record import DOMAIN, TAG, record_training
from floefield.compute.accuracy.reference import Point
from floefield.compute.errors import Cancelled, UnsuitableInput
from floefield.compute.insitu.parcels import Parcel
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


def truth():
    """Reference class of each pixel, by parcel."""
    values = np.zeros((40, 48), int)
    for number, _, _ in fieldscene.fields():
        row, column = number // 6 * 8 + 1, number % 6 * 8 + 1
        values[row:row + 6, column:column + 6] = number % 3 + 1
    return values


def test_pixels_and_parcels_are_those_of_scikit_learn(path):
    found = assess(task(path), Progress())

    mapped, expected = class_map(), truth()
    scores = found.maps[0]
    judged = expected > 0
    np.testing.assert_array_equal(scores.pixels.counts, metrics.confusion_matrix(expected[judged], mapped[judged]))
    assert scores.pixels.overall_accuracy == pytest.approx(metrics.accuracy_score(expected[judged], mapped[judged]))
    assert scores.pixels.kappa == pytest.approx(metrics.cohen_kappa_score(expected[judged], mapped[judged]))
    majorities = [np.bincount(mapped[n // 6 * 8 + 1:n // 6 * 8 + 7, n % 6 * 8 + 1:n % 6 * 8 + 7].ravel()).argmax()
                  for n in range(30)]
    np.testing.assert_array_equal(scores.parcels.counts,
                                  metrics.confusion_matrix([n % 3 + 1 for n in range(30)], majorities))
    np.testing.assert_allclose(scores.hectares, np.bincount(mapped.ravel())[1:] / 100)
    assert not found.knows_training and found.trained_units == 0


def test_the_parcels_with_most_errors_come_first(path):
    found = assess(task(path), Progress())

    wrong = {n: int((class_map()[n // 6 * 8 + 1:n // 6 * 8 + 7, n % 6 * 8 + 1:n % 6 * 8 + 7] != n % 3 + 1).sum())
             for n in range(30)}
    assert {errors.unit.identifier: errors.wrong[0] for errors in found.errors} == {n: w for n, w in wrong.items() if w}
    counts = [errors.wrong[0] for errors in found.errors]
    assert counts == sorted(counts, reverse=True)
    assert all(errors.pixels == 36 for errors in found.errors)


def test_points_judge_the_pixel_they_lie_in_twice_if_they_are_two(path):
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


def test_a_reference_raster_of_another_resolution_is_looked_up_under_the_pixels(path, tmp_path):
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


def test_class_0_is_a_class_unless_somebody_says_nodata(tmp_path):
    path = fieldscene.write(tmp_path / "map.tif", class_map()[None], names=("class",))
    parcels = (*fieldscene.parcels(), Parcel(99, "bare", fieldscene.square(7, 0, 2)))
    names = (*NAMES, LegendEntry(0, "", "bare"))

    found = assess(task(path, map=MapInput(path, names), parcels=parcels), Progress())
    assert [c.label for c in found.classes] == ["bare", "barley", "maize", "wheat"]
    assert found.maps[0].pixels.counts[0].tolist() == [4, 0, 0, 0]

    silenced = assess(task(path, map=MapInput(path, names, frozenset([0]))), Progress())
    assert [c.label for c in silenced.classes] == ["barley", "maize", "wheat"]


def test_parcels_that_trained_the_map_do_not_judge_it(path):
    trained = fieldscene.parcels()[:12]
    found = assess(task(path, training=trained), Progress())

    assert found.unit_count == 18 and found.trained_units == 12 and found.trained_pixels == 12 * 36
    assert found.knows_training
    assert found.maps[0].pixels.total == 18 * 36


def test_a_parcel_that_trained_in_part_does_not_judge_at_all(path):
    inner = tuple(Parcel(number, crop, fieldscene.square(number // 6 * 8 + 2, number % 6 * 8 + 2, 2))
                  for number, crop, _ in fieldscene.fields() if number < 20)
    found = assess(task(path, training=inner), Progress())

    assert found.maps[0].pixels.total == 10 * 36


def test_pieces_of_fields_that_trained_are_pointed_out(path):
    """The west of each field trained, and a strip beside it judges: it is the same field."""
    trained = tuple(Parcel(number, crop, fieldscene.square(number // 6 * 8 + 1, number % 6 * 8 + 1, 2))
                    for number, crop, _ in fieldscene.fields() if number < 12)
    strips = tuple(Parcel(100 + number, crop, fieldscene.square(number // 6 * 8 + 1, number % 6 * 8 + 3, 1))
                   for number, crop, _ in fieldscene.fields() if number < 12)
    others = fieldscene.parcels()[12:]

    def told(parcels):
        return [sentence for sentence in assess(task(path, training=trained, parcels=parcels), Progress()).warnings
                if "directly beside pixels that trained" in sentence]

    assert told(strips + others)[0].startswith("12 of 30 parcels")
    assert not told(strips[:3] + others), "a few narrow parcels beside training fields are nothing special"


def test_nobody_judges_a_map_by_its_training_parcels(path):
    with pytest.raises(UnsuitableInput, match="trained the map, so they cannot judge it: 30 of 30"):
        assess(task(path, training=fieldscene.parcels()), Progress())


def test_the_record_in_the_map_keeps_training_pixels_from_judging(path):
    import rasterio

    mask = truth() > 0
    mask[:, 24:] = False
    grid = Grid("", fieldscene.WEST, fieldscene.NORTH, 10, 10, 40, 48)
    record = record_training(grid, lambda window: mask[window.slices], lambda window: True)
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(ns=DOMAIN, **{TAG: record.text()})

    found = assess(task(path), Progress())

    assert record.count == mask.sum()
    assert found.knows_training and found.unit_count == 15 and found.trained_pixels == mask.sum()


def test_labels_without_a_class_are_named_and_count_as_wrong(path):
    parcels = tuple(Parcel(p.identifier, "quinoa" if p.identifier == 0 else p.code, p.geometry)
                    for p in fieldscene.parcels())
    found = assess(task(path, parcels=parcels), Progress())

    assert any("mean no class" in warning and "quinoa" in warning for warning in found.warnings)
    assert found.maps[0].pixels.reference_totals[-1] == 36
    assert found.classes[-1].value is None and found.maps[0].pixels.recall[-1] == 0


@pytest.mark.parametrize(("changes", "words"), [
    ({"parcels": tuple(Parcel(n, f"crop {n}", g) for n, _, g in fieldscene.fields())}, "No label of the reference"),
    ({"parcels": (Parcel(1, "wheat", fieldscene.square(500, 500)),)}, "lie outside the map"),
    ({"parcels": (), "points": (Point(1, "wheat", fieldscene.WEST + 1, fieldscene.NORTH - 1),)}, "no data there"),
    ({"parcels": (Parcel(1, "a", fieldscene.square(1, 1)), Parcel(2, "b", fieldscene.square(1, 1)))}, "claimed by"),
    ({"parcels": (Parcel(1, "a", fieldscene.square(1, 1, 0.1)),)}, "too small"),
])
def test_a_reference_that_judges_nothing_is_refused(path, changes, words):
    with pytest.raises(UnsuitableInput, match=words):
        assess(task(path, **changes), Progress())


def test_a_map_of_one_class_is_refused(tmp_path):
    path = fieldscene.write(tmp_path / "one.tif", np.ones((1, 40, 48), np.uint8), names=("class",))
    with pytest.raises(UnsuitableInput, match="a single class"):
        assess(task(path), Progress())


def test_measurements_are_no_map(tmp_path):
    path = fieldscene.write(tmp_path / "ndvi.tif", fieldscene.reflectance()[:1], names=("ndvi",))
    with pytest.raises(UnsuitableInput, match="no whole number"):
        assess(task(path), Progress())


def test_a_probability_sample_of_points_gives_the_published_estimates(tmp_path):
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
                        settings=AssessmentSettings(design="probability")), Progress()).maps[0]

    weights = np.array([2 / 48, 46 / 48])
    assert found.estimates.overall == pytest.approx(weights @ [410 / 436, 369 / 436])
    assert found.estimates.overall_error == pytest.approx(
        np.sqrt(weights[0] ** 2 * (410 / 436) * (26 / 436) / 435 + weights[1] ** 2 * (369 / 436) * (67 / 436) / 435))
    purposive = assess(task(path, map=MapInput(path), parcels=(), points=tuple(points)), Progress())
    assert purposive.maps[0].estimates is None


def test_two_maps_are_compared_on_the_same_ground(path, tmp_path):
    other = class_map(seed=7, wrong=0.6)
    other[:8] = 0
    second = fieldscene.write(tmp_path / "second.tif", other[None], names=("class",), nodata=0)
    found = assess(task(path, others=(MapInput(second, NAMES),)), Progress())

    first, expected = class_map(), truth()
    judged = (expected > 0) & (other > 0)
    assert found.maps[0].pixels.total == found.maps[1].pixels.total == judged.sum()
    right = first[judged] == expected[judged], other[judged] == expected[judged]
    assert found.pixel_tests[0].only_first == (right[0] & ~right[1]).sum()
    assert found.pixel_tests[0].only_second == (right[1] & ~right[0]).sum()
    assert found.pixel_tests[0].p_value < 1e-6
    assert found.parcel_tests[0].both_right + found.parcel_tests[0].only_first == found.maps[0].parcels.counts.trace()


def test_it_says_that_nobody_knows_what_trained_one_of_two_maps(path, tmp_path):
    import rasterio

    later = fieldscene.write(tmp_path / "later.tif", class_map(seed=5)[None], names=("class",), nodata=0)
    grid = Grid("", fieldscene.WEST, fieldscene.NORTH, 10, 10, 40, 48)
    record = record_training(grid, lambda window: np.zeros(window.shape, bool), lambda window: True)
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(ns=DOMAIN, **{TAG: record.text()})

    assert assess(task(path), Progress()).knows_training
    both = assess(task(path, others=(MapInput(later, NAMES),)), Progress())
    assert not both.knows_training
    assert any("whether this reference also trained a map" in warning for warning in both.warnings)


def test_estimates_for_a_second_map_come_with_a_caution(path, tmp_path):
    later = fieldscene.write(tmp_path / "later.tif", class_map(seed=5)[None], names=("class",), nodata=0)
    found = assess(task(path, others=(MapInput(later, NAMES),), settings=AssessmentSettings(design="probability")),
                   Progress())

    assert any("later.tif hold if the sample was drawn from the whole map" in warning for warning in found.warnings)


def test_cancelling_ends_the_work(path):
    class Impatient(Progress):
        cancelled = True

    with pytest.raises(Cancelled):
        assess(task(path), Impatient())


def test_threads_and_the_layout_of_the_file_change_nothing(tmp_path):
    values = np.tile(class_map(), (20, 30))[None]
    tables = set()
    for number, options in enumerate(({}, {"tiled": True, "blockxsize": 256, "blockysize": 256})):
        path = fieldscene.write(tmp_path / f"{number}.tif", values, names=("class",), nodata=0, **options)
        for threads in (1, 3):
            found = assess(task(path, settings=AssessmentSettings(threads=threads)), Progress())
            tables.add((found.maps[0].pixels.counts.tobytes(), tuple(found.maps[0].hectares.round(9))))
    assert len(tables) == 1
