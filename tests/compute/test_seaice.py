"""Ice maps from scenes and charts: matching, reference data, leave-one-date-out assessment, draft charts, errors."""

import os
import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import rasterio

from floefield.compute.classifiers.forest_model import ForestSettings
from floefield.compute.classifiers.model_file import load_model
from floefield.compute.errors import MissingInput, UnsuitableInput
from floefield.compute.progress import Progress
from floefield.compute.raster.grid import Window
from floefield.compute.seaice.chart_reference import Chart, ChartPolygon, ChartRaster, match_charts
from floefield.compute.seaice.classify_ice import IceTask, classify_ice
from floefield.compute.seaice.draft_chart import concentration_code, egg_code, stage_codes, water_values
from floefield.compute.seaice.ice_scenes import find_scenes, read_scene
from floefield.compute.seaice.ice_settings import IceSettings
from floefield.compute.texture.texture_settings import TextureSettings

from .. import icescene

DAYS = ("2021-01-01", "2021-01-07", "2021-01-13")
FAST = IceSettings(boundary_distance=80.0, samples_per_scene=150, validation_per_scene=800, draft_cell_size=200.0,
                   texture=TextureSettings(window=9, levels=16, features=("contrast", "variance"), threads=1),
                   forest=ForestSettings(trees=15, threads=1))


class RecordingProgress(Progress):
    def __init__(self):
        self.said, self.warned = [], []

    def say(self, text):
        self.said.append(text)

    def warn(self, text):
        self.warned.append(text)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    return tuple(icescene.write_scene(folder / f"scene{number}.tif", day, number) for number, day in enumerate(DAYS))


@pytest.fixture(scope="module")
def done(scenes, tmp_path_factory):
    """A complete run: (folder of the maps, result)."""
    folder = tmp_path_factory.mktemp("done") / "maps"
    folder.mkdir()
    task = IceTask(scenes, tuple(map(icescene.stripes, DAYS)), icescene.LEGEND, settings=FAST)
    return folder, classify_ice(task, str(folder), str(folder.parent / "ice.ffm"), "", RecordingProgress())


@pytest.fixture
def classify(scenes, tmp_path):
    def classify(settings=FAST, charts=None, paths=scenes, progress=None, **more):
        folder = tmp_path / "maps"
        folder.mkdir(exist_ok=True)
        charts = tuple(map(icescene.stripes, DAYS)) if charts is None else charts
        task = IceTask(tuple(paths), charts, icescene.LEGEND, settings=settings, **more)
        return folder, classify_ice(task, str(folder), str(tmp_path / "ice.ffm"), str(tmp_path / "report.html"),
                                    progress or RecordingProgress())
    return classify


def read(path):
    with rasterio.open(path) as raster:
        return raster.read(1)


def test_textures_separate_the_stripes_on_a_date_left_out_of_training(done):
    folder, result = done
    assert result.matrix.overall_accuracy > 0.97
    assert sorted(path.name for path in folder.iterdir() if path.suffix == ".tif") == sorted(
        f"scene{number}_{kind}.tif" for number in range(3) for kind in ("ice", "confidence", "disagreement"))
    classes, confidence = read(folder / "scene0_ice.tif"), read(folder / "scene0_confidence.tif")
    middle = classes[10:50, [15, 45, 75]]
    assert (middle == [1, 2, 3]).mean() > 0.97
    assert 0.5 < confidence[:, 15].min() <= 1
    disagreement = read(folder / "scene0_disagreement.tif")
    expected = np.repeat([1, 2, 3], icescene.STRIPE)[None, :]
    assert ((disagreement == 1) == (classes == expected)).all()


def test_maps_have_the_date_and_the_colours_of_the_legend(done):
    folder, _ = done
    with rasterio.open(folder / "scene1_ice.tif") as raster:
        assert raster.tags()["ACQUISITION_DATE"] == DAYS[1]
        assert raster.colormap(1)[3][:3] == (180, 100, 50)
        assert raster.nodata == 0


def test_forests_are_not_trained_on_the_date_they_assess(classify):
    """The labels contradict each other between dates: only a forest trained on the same date would be right."""
    charts = tuple(icescene.stripes(day, values=values) for day, values in
                   zip(DAYS, ((1, 2, 3), (2, 3, 1), (3, 1, 2))))
    _, result = classify(charts=charts)
    assert result.matrix.overall_accuracy < 0.15


def test_matrices_of_the_scenes_add_up_to_the_total(done):
    _, result = done
    assert result.matrix.total == sum(each.matrix.total for each in result.maps) == 3 * 800
    assert result.matrix.counts.trace() == sum(each.matrix.counts.trace() for each in result.maps)


def test_model_stores_the_names_of_features_and_classes(done):
    model = load_model(str(done[0].parent / "ice.ffm"))
    assert model.features == ("sigma0_HH_dB", "sigma0_HV_dB", "sigma0_HH_dB_contrast", "sigma0_HH_dB_variance",
                              "sigma0_HV_dB_contrast", "sigma0_HV_dB_variance")
    assert [entry.code for entry in model.classes] == ["open_water", "young", "old"]


def test_a_broken_scene_is_reported_and_the_others_are_mapped(classify, scenes, tmp_path):
    broken = tmp_path / "broken.tif"
    with open(scenes[0], "rb") as whole:
        broken.write_bytes(whole.read()[:9000])
    progress = RecordingProgress()
    _, result = classify(paths=(*scenes, str(broken)), progress=progress)
    assert len(result.maps) == 3
    assert [path for path, _ in result.failures] == [str(broken)]
    assert "broken.tif" in result.batch.failure_message() and "1 of 4 scenes" in result.batch.failure_message()
    assert any("broken.tif" in text for text in progress.warned)
    assert "broken.tif" in (tmp_path / "report.html").read_text()


def test_a_scene_without_a_chart_is_mapped_but_not_used_for_training_or_validation(classify):
    progress = RecordingProgress()
    _, result = classify(charts=tuple(map(icescene.stripes, DAYS[:2])), progress=progress)
    assert [each.matrix is None for each in result.maps] == [False, False, True]
    assert result.maps[2].mapped.class_counts[1:4].min() > 0
    assert not result.maps[2].mapped.disagreement_path
    assert any("no chart within 3 days of 2021-01-13" in text for text in progress.said)


@pytest.mark.parametrize(("charts", "words"), [
    ([icescene.stripes("2021-03-01")], ("no chart within 3 days", "2021-03-01", "MAX_DAYS")),
    ([icescene.stripes(DAYS[0], west=icescene.WEST + 90000)], ("overlaps the scene", "charts of other areas: chart"))])
def test_charts_of_another_date_or_area_are_rejected(classify, charts, words):
    with pytest.raises(UnsuitableInput) as refused:
        classify(charts=tuple(charts))
    assert all(word in str(refused.value) for word in words)


def test_one_class_is_too_few(classify):
    with pytest.raises(UnsuitableInput, match="Only one class, Open water"):
        classify(charts=tuple(icescene.stripes(day, values=(1, 0, 0)) for day in DAYS))


def test_land_is_not_mapped(classify):
    land = Chart("land", date.min, icescene.CRS, (ChartPolygon(icescene.rectangle(0, 10), 0, True),))
    folder, _ = classify(land=(land,))
    classes = read(folder / "scene0_ice.tif")
    assert not classes[:, :10].any() and classes[:, 10:].all()


def test_land_is_masked_before_textures_are_computed(tmp_path, scenes):
    from floefield.compute.seaice.scene_features import FeatureStore

    bright = np.full((2, 40, 40), -15.0) + np.random.default_rng(0).normal(0, 0.2, (2, 40, 40))
    bright[:, :, :10] = 20.0
    path = icescene.write_scene(tmp_path / "bright.tif", DAYS[0], pixels=bright)
    land = Chart("land", date.min, icescene.CRS, (ChartPolygon(icescene.rectangle(0, 10), 0, True),))
    contrast = {}
    for name, charts in (("unmasked", ()), ("masked", (land,))):
        (tmp_path / name).mkdir()
        with FeatureStore(str(tmp_path / name), FAST).open(read_scene(path), charts, Progress()) as features:
            table, valid = features.read(features.grid.window)
        contrast[name] = table[:, features.names.index("sigma0_HH_dB_contrast")].reshape(40, 40)[:, 11:14].max()
        assert valid.reshape(40, 40)[:, 10:].all()
    assert contrast["unmasked"] > 4 > 1 > contrast["masked"]


def test_maps_have_the_resolution_of_coarse_textures(classify):
    folder, result = classify(settings=replace(FAST, boundary_distance=0.0, texture=replace(FAST.texture, step=3)))
    classes = read(folder / "scene0_ice.tif")
    assert classes.shape == (20, 30)
    assert result.maps[0].grid.pixel_width == 120
    assert result.matrix.overall_accuracy > 0.9


def test_cells_average_in_linear_power(tmp_path, scenes):
    from floefield.compute.seaice.scene_features import write_cells

    write_cells(read_scene(scenes[0]), str(tmp_path / "cells.tif"), 3, FAST, Progress())
    pixels = read(scenes[0])[:9, :12].astype(float)
    expected = 10 * np.log10((10 ** (pixels / 10)).reshape(3, 3, 4, 3).mean(axis=(1, 3)))
    np.testing.assert_allclose(read(tmp_path / "cells.tif")[:3, :4], expected, rtol=1e-5)


def test_existing_textures_are_found_by_the_name_of_the_scene(classify, done, scenes, tmp_path):
    from floefield.compute.texture.texture_raster import write_textures

    for path in scenes:
        name = os.path.basename(path).replace(".tif", "_textures.tif")
        write_textures(path, str(tmp_path / name), (), FAST.texture, Progress())
    textures = tuple(str(path) for path in sorted(tmp_path.glob("*_textures.tif")))
    folder, _ = classify(settings=replace(FAST, textures="from_folder"), textures=textures)
    assert (read(folder / "scene0_ice.tif") == read(done[0] / "scene0_ice.tif")).all()


def textures_of(scenes, folder, settings):
    from floefield.compute.texture.texture_raster import write_many_textures

    folder.mkdir()
    batch = write_many_textures(scenes, str(folder), (), settings, Progress())
    return tuple(str(folder / name) for name in batch.results)


def test_a_scene_without_textures_is_skipped_and_reported(classify, scenes, tmp_path):
    textures = textures_of(scenes, tmp_path / "textures", FAST.texture)
    progress = RecordingProgress()
    _, result = classify(settings=replace(FAST, textures="from_folder"), textures=textures[:2], progress=progress)
    assert [ice_map.scene.name for ice_map in result.maps] == ["scene0", "scene1"]
    assert any("There is no texture raster for scene2" in warning for warning in progress.warned)
    with pytest.raises(UnsuitableInput, match="There is no texture raster for scene0"):
        classify(settings=replace(FAST, textures="from_folder"), textures=("elsewhere.tif",))


def test_existing_coarse_textures_give_the_same_maps_as_computed_ones(classify, scenes, tmp_path):
    coarse = replace(FAST.texture, step=3)
    folder, _ = classify(settings=replace(FAST, texture=coarse))
    computed = {path.name: path.read_bytes() for path in folder.iterdir()}
    areas = "".join(line for line in (tmp_path / "report.html").read_text().splitlines() if "km" in line)
    textures = textures_of(scenes, tmp_path / "textures", coarse)
    folder, _ = classify(settings=replace(FAST, textures="from_folder"), textures=textures)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == computed
    assert areas == "".join(line for line in (tmp_path / "report.html").read_text().splitlines() if "km" in line)


def test_a_texture_raster_belongs_to_the_scene_with_the_longest_name(classify, scenes, tmp_path):
    renamed = tuple(str(tmp_path / name) for name in ("s.tif", "s_1.tif", "s_2.tif"))
    for path, copy in zip(scenes, renamed):
        shutil.copy(path, copy)
    textures = textures_of(renamed, tmp_path / "textures", FAST.texture)
    _, result = classify(settings=replace(FAST, textures="from_folder"), paths=renamed, textures=textures)
    assert [ice_map.scene.name for ice_map in result.maps] == ["s", "s_1", "s_2"]


@pytest.mark.parametrize("distance", [0.0, 40.0, 200.0, 390.0])
def test_reference_pixels_keep_the_minimum_distance_from_class_boundaries(distance):
    """Compare block by block with a direct search for the nearest pixel of another class."""
    grid = replace_grid(40, 50)
    polygons = (ChartPolygon(icescene.rectangle(-30, 22, top=-30, bottom=80), 1),
                ChartPolygon(icescene.rectangle(22, 34, top=-30, bottom=17), 2),
                ChartPolygon(icescene.rectangle(34, 90, top=-30, bottom=80), 3))
    chart_raster = ChartRaster((Chart("chart", date(2021, 1, 1), icescene.CRS, polygons),), grid)
    reference = np.zeros(grid.shape, np.uint8)
    for window in grid.blocks(16, 16):
        reference[window.slices] = chart_raster.reference_classes(window, distance)
    wide = Window(-12, -12, 64, 74)
    values, _ = chart_raster.polygon_labels(chart_raster.polygon_indices(wide))
    rows, columns = np.indices(wide.shape)
    for row in range(0, 40, 3):
        for column in range(50):
            own = values[row + 12, column + 12]
            others = values != own
            nearest = 40.0 * np.hypot(rows[others] - row - 12, columns[others] - column - 12).min()
            assert reference[row, column] == (own if nearest > distance else 0)


def replace_grid(height, width):
    from floefield.compute.raster.grid import Grid

    return Grid(icescene.CRS, icescene.WEST, icescene.NORTH, 40.0, 40.0, height, width)


def test_the_chart_of_the_nearest_day_is_used_and_the_earlier_of_two_equally_near(scenes):
    scene = read_scene(scenes[1])
    charts = [icescene.stripes(day, name=day) for day in ("2021-01-05", "2021-01-09", "2021-01-10")]
    assert [chart.name for chart in match_charts(scene, charts, 3)[0]] == ["2021-01-05"]
    assert [chart.name for chart in match_charts(scene, charts[1:], 3)[0]] == ["2021-01-09"]
    assert match_charts(scene, charts, 1)[0] == ()


def test_charts_in_another_crs_are_reprojected(scenes):
    from rasterio.warp import transform_geom

    scene, chart = read_scene(scenes[0]), icescene.stripes(DAYS[0])
    degrees = Chart("degrees", chart.day, rasterio.crs.CRS.from_epsg(4326).to_wkt(), tuple(
        replace(each, geometry=transform_geom("EPSG:32626", "EPSG:4326", each.geometry)) for each in chart.polygons))
    expected, found = (ChartRaster((each,), scene.grid).polygon_indices(scene.grid.window) for each in (chart, degrees))
    assert (found == expected).mean() > 0.99


def test_the_date_of_a_scene_comes_from_metadata_before_the_file_name(tmp_path):
    path = icescene.write_scene(tmp_path / "S1A_EW_GRDM_20200101T081941.tif", "2021-02-03")
    assert read_scene(path).day == date(2021, 2, 3)
    assert read_scene(icescene.write_scene(tmp_path / "S1A_20200101T081941_x.tif", "")).day == date(2020, 1, 1)
    with pytest.raises(UnsuitableInput, match="has no acquisition date"):
        read_scene(icescene.write_scene(tmp_path / "scene.tif", ""))


def test_missing_bands_are_reported(scenes, tmp_path):
    with pytest.raises(MissingInput, match=r"has no band VV\. Its bands are sigma0_HH_dB, sigma0_HV_dB"):
        read_scene(scenes[0], ("VV",))
    with pytest.raises(MissingInput, match="no GeoTIFF"):
        find_scenes(str(tmp_path))


def counts(**pixels):
    table = np.zeros(256, np.int64)
    for name, count in pixels.items():
        table[{"water": 1, "young": 2, "old": 3}[name]] = count
    return table


@pytest.mark.parametrize(("pixels", "kind", "ct", "parts"), [
    ({"water": 1000}, "W", "98", []),
    ({"water": 950, "old": 50}, "I", "01", []),
    ({"old": 1000}, "I", "92", [("-9", "95")]),
    ({"water": 500, "young": 500}, "I", "50", [("-9", "83")]),
    ({"water": 100, "young": 620, "old": 280}, "I", "90", [("30", "95"), ("60", "83")]),
    ({"water": 60, "young": 920, "old": 20}, "I", "91", [("-9", "83")])])
def test_draft_charts_have_sigrid_codes(pixels, kind, ct, parts):
    codes, poly_type = egg_code(counts(**pixels), stage_codes(icescene.LEGEND))
    assert (poly_type, codes[0]) == (kind, ct)
    found = [(codes[1 + 3 * index], codes[2 + 3 * index]) for index in range(3)]
    assert found == parts + [("-9", "-9")] * (3 - len(parts))


def test_codes_of_draft_charts_can_be_decoded():
    from floefield.compute.icechart.decoding import decode
    from floefield.compute.seaice.draft_chart import CODES

    codes, kind = egg_code(counts(water=100, young=620, old=280), stage_codes(icescene.LEGEND))
    columns = decode({"POLY_TYPE": [kind], **{name: [code] for name, code in zip(CODES, codes)}}).columns
    assert columns["total_concentration"] == [0.9]
    assert (columns["stage"], columns["concentration_a"], columns["stage_a"]) == ([83], [0.3], [95])


def test_concentration_codes():
    assert [concentration_code(concentration) for concentration in (0.0, 0.02, 0.12, 0.44, 0.9, 0.93, 0.99)] == [
        "98", "01", "10", "40", "90", "91", "92"]


def test_shipped_legends_have_one_water_class():
    from floefield.compute.icechart.ice_legend import legend_names, load_legend

    for name in legend_names():
        legend = load_legend(name)
        assert len(water_values(legend)) == 1
        assert legend.by_value()[next(iter(water_values(legend)))].label == "Open water"


def test_draft_charts_and_the_ice_edge(classify):
    _, result = classify(settings=replace(FAST, draft_chart="grid", ice_edge=True))
    scene = result.maps[0]
    assert sum(area.pixels for area in scene.draft) == icescene.WIDTH * icescene.HEIGHT
    by_column = {}
    for area in scene.draft:
        by_column.setdefault((area.geometry["coordinates"][0][0][0] - icescene.WEST) / 200, set()).add(area.codes[0])
    assert by_column[2] == {"98"} and by_column[9] == {"92"}
    longest = max(scene.edge, key=len)
    border = icescene.WEST + icescene.STRIPE * icescene.PIXEL
    assert all(abs(x - border) < 300 for x, _ in longest)
    _, result = classify(settings=replace(FAST, draft_chart="polygons"))
    codes = [area.codes[0] for area in result.maps[0].draft]
    assert codes[0] in ("98", "01") and codes[2] == "92"
