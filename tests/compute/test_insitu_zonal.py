"""Zonal statistics by parcel agree with numpy and do not depend on blocks."""

import numpy as np
import pytest

from floefield.compute.classmap.class_legend import LegendEntry
from floefield.compute.cleanup.parcel_aggregation import AggregateSettings, AggregateTask, aggregate
from floefield.compute.errors import UnsuitableInput
from floefield.compute.insitu import zonal_statistics
from floefield.compute.progress import Progress
from floefield.compute.raster.blocks import make_executor
from floefield.compute.raster.reader import RasterReader

from .. import fieldscene

LEGEND = (LegendEntry(1, "wheat", "Wheat", (250, 240, 10)), LegendEntry(2, "maize", "Maize", (255, 130, 10)))
SQUARES = ((1, 1, 6), (250, 250, 20), (3, 240, 30), (200, 5, 100))


@pytest.fixture
def scene(tmp_path):
    """Two bands over four blocks, with holes, and squares: one where the blocks meet, one outside."""
    random = np.random.default_rng(1)
    values = (1e6 + random.normal(size=(2, 310, 300))).astype(np.float32)
    values[0, 255:265, 250:260] = np.nan
    path = fieldscene.write(tmp_path / "scene.tif", values, ("B04_20180123", "B08_20180123"), nodata=float("nan"))
    squares = tuple(fieldscene.square(*where) for where in (*SQUARES, (900, 900, 6)))
    return path, values, squares


def pixels(values, row, column, size):
    return values[:, row:row + size, column:column + size].reshape(len(values), -1).astype(np.float64)


def measured(path, squares, statistics, monkeypatch, **limits):
    for name, limit in limits.items():
        monkeypatch.setattr(zonal_statistics, name, limit)
    with make_executor(2) as executor, RasterReader(path) as reader:
        parcels = zonal_statistics.rasterise_parcels(reader.grid, squares)
        return zonal_statistics.zonal_statistics(reader, parcels, statistics, executor, Progress())


@pytest.mark.parametrize("limits", [{}, {"BLOCK_VALUES": 1, "EDGES": (64,)}, {"MEDIAN_VALUES": 900}])
def test_statistics_agree_with_numpy(scene, monkeypatch, limits):
    path, values, squares = scene

    found = measured(path, squares, ("mean", "median", "std", "min", "max", "count"), monkeypatch, **limits)

    for name, of in {"mean": np.nanmean, "median": np.nanmedian, "std": np.nanstd, "min": np.nanmin,
                     "max": np.nanmax}.items():
        expected = [of(pixels(values, *where), axis=1) for where in SQUARES]
        np.testing.assert_allclose(found[name][:4], expected, rtol=1e-12 if name != "std" else 1e-9)
        assert np.isnan(found[name][4]).all()
    assert found["count"].tolist() == [[36, 36], [300, 400], [900, 900], [10000, 10000], [0, 0]]


def test_the_raster_of_means_has_the_bands_of_the_scene(scene, tmp_path):
    path, values, squares = scene

    table = aggregate(AggregateTask(path, squares), str(tmp_path / "means.tif"), AggregateSettings(), Progress())

    means, _ = fieldscene.read(tmp_path / "means.tif")
    assert means.dtype == np.float32
    np.testing.assert_allclose(means[:, 250:270, 250:270], np.nanmean(pixels(values, 250, 250, 20), axis=1)[
        :, None, None] * np.ones((1, 20, 20)), rtol=1e-7)
    assert np.isnan(means[:, 100:150, 200:230]).all()
    assert table.empty == (4,)
    assert [name for name, _ in table.fields] == ["B04_20180123", "B08_20180123"]
    assert table.rows[4] == (None, None)
    with RasterReader(tmp_path / "means.tif") as reader:
        assert reader.band_names == ("B04_20180123", "B08_20180123")


def test_overlaps_belong_to_the_first_parcel(tmp_path, monkeypatch):
    path = fieldscene.write(tmp_path / "scene.tif", np.ones((1, 20, 20)), ("B04",))

    found = measured(path, [fieldscene.square(0, 0), fieldscene.square(3, 3)], ("count",), monkeypatch)

    assert found["count"].ravel().tolist() == [36, 27]


@pytest.fixture
def class_map(tmp_path):
    """A class map, probabilities with another class in the first parcel, and parcels."""
    classes = np.zeros((1, 20, 20), np.uint8)
    classes[0, 1:7, 1:5], classes[0, 1:7, 5:7] = 1, 2
    classes[0, 10:16, 1:7] = 2
    classes[0, 18, 18] = 1
    probabilities = np.stack([np.where(classes[0] == 1, 0.51, 0.1), np.where(classes[0] == 1, 0.49, 0.9)])
    return (fieldscene.write(tmp_path / "map.tif", classes, ("class",), nodata=0),
            fieldscene.write(tmp_path / "p.tif", probabilities, ("wheat", "maize")),
            (fieldscene.square(1, 1), fieldscene.square(10, 1), fieldscene.square(10, 10)))


def test_majority_class_by_parcel(class_map, tmp_path):
    import rasterio

    path, _, squares = class_map

    table = aggregate(AggregateTask(path, squares, entries=LEGEND), str(tmp_path / "class_map.tif"),
                      AggregateSettings(("majority",)), Progress())

    assert table.rows == [(1, "wheat", "Wheat", 24 / 36), (2, "maize", "Maize", 1.0), (None,) * 4]
    result, nodata = fieldscene.read(tmp_path / "class_map.tif")
    assert (result[0, 1:7, 1:7] == 1).all()
    assert (result[0, 10:16, 10:16] == nodata).all()
    assert result[0, 18, 18] == nodata == 0
    with rasterio.open(tmp_path / "class_map.tif") as raster:
        assert raster.colormap(1)[2] == (255, 130, 10, 255)
    assert "<Category>Maize</Category>" in (tmp_path / "class_map.tif.aux.xml").read_text()


def test_mean_probabilities_replace_the_majority_of_pixels(class_map, tmp_path):
    path, probabilities, squares = class_map

    table = aggregate(AggregateTask(path, squares, probabilities, LEGEND), str(tmp_path / "class_map.tif"),
                      AggregateSettings(("majority",), "keep"), Progress())

    assert table.rows[0][:3] == (2, "maize", "Maize")
    assert table.rows[0][3] == pytest.approx((24 * 0.49 + 12 * 0.9) / 36)
    assert fieldscene.read(tmp_path / "class_map.tif")[0][0, 18, 18] == 1


def test_class_0_of_a_map_without_nodata_is_kept(tmp_path):
    values = np.zeros((1, 20, 20), np.uint8)
    values[0, :, 10:] = 7
    path = fieldscene.write(tmp_path / "map.tif", values, ("class",))

    aggregate(AggregateTask(path, (fieldscene.square(1, 1), fieldscene.square(1, 12))), str(tmp_path / "out.tif"),
              AggregateSettings(("majority",)), Progress())

    result, nodata = fieldscene.read(tmp_path / "out.tif")
    assert (result[0, 3, 3], result[0, 3, 14], result[0, 15, 15], nodata) == (0, 7, 255, 255)


def test_a_majority_of_several_bands_is_refused(scene, class_map):
    for path, word in ((scene[0], "2 bands"), (class_map[1], "2 bands")):
        with pytest.raises(UnsuitableInput, match=word):
            aggregate(AggregateTask(path, class_map[2]), "", AggregateSettings(("majority",)), Progress())


def test_the_result_does_not_depend_on_threads(scene, tmp_path):
    versions = set()
    for threads in (1, 2, 4):
        path = tmp_path / f"{threads}.tif"
        aggregate(AggregateTask(scene[0], scene[2]), str(path), AggregateSettings(("mean", "std", "median"), "nodata",
                                                                                  threads), Progress())
        versions.add(path.read_bytes())
    assert len(versions) == 1
