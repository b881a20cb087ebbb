"""The synthetic ice is about as hard as real ice: backscatter alone does not do, textures help by ten points or more.

Judged by date, on the classes of the charts: no pixel of a date is mapped by a forest that saw that date.
"""

import numpy as np
import pytest
import rasterio

from floefield.compute.progress import Progress
from floefield.compute.sampledata import seaice_radar as radar
from floefield.compute.sampledata import seaice_world as world_of
from floefield.compute.sampledata.seaice import paint_scene
from floefield.compute.sampledata.seaice_passes import CHART_WEEKDAY, plan_passes
from floefield.compute.sampledata.seaice_safe import image_points
from floefield.compute.sampledata.seaice_world import make_world
from floefield.compute.texture.settings import TextureSettings
from floefield.compute.texture.texture import write_textures

SIZE, DATES, PER_DATE = 240, 4, 1500
# Zones of a chart as open water, new and young ice, first-year and old ice.
CLASSES = {world_of.WATER: 0, world_of.BERGY: 0, world_of.NEW: 1, world_of.YOUNG: 1, world_of.FIRST_YEAR: 2,
           world_of.FAST: 2, world_of.OLD: 3, world_of.LAND: -1}
# As the sea-ice tools use them: two directions are enough here.
TEXTURE = TextureSettings(window=21, levels=32, distances=(2,), angles=("0", "90"),
                          features=("contrast", "homogeneity", "entropy", "mean", "variance", "correlation"))


@pytest.fixture(scope="module")
def winter(tmp_path_factory):
    """Backscatter, textures, classes of the charts, and dates of some pixels."""
    folder, rng = tmp_path_factory.mktemp("ice"), np.random.default_rng(0)
    world, points = make_world(SIZE * radar.PIXEL, np.random.default_rng(1)), image_points(SIZE, SIZE)
    columns = {"backscatter": [], "textures": [], "classes": [], "dates": []}
    for scene in plan_passes(DATES):
        numbers = paint_scene(world, scene.days, SIZE, np.random.default_rng(int(scene.days)))
        decibels = np.stack([_decibels(numbers[name], name) for name in radar.POLARISATIONS])
        path = folder / f"{scene.days:g}.tif"
        with rasterio.open(path, "w", driver="GTiff", height=SIZE, width=SIZE, count=2, dtype="float32",
                           crs=world_of.CRS, transform=rasterio.Affine(40, 0, 0, 0, -40, 0)) as raster:
            raster.write(decibels.astype(np.float32))
            raster.descriptions = radar.POLARISATIONS
        write_textures(str(path), str(folder / "textures.tif"), (), TEXTURE, Progress())
        with rasterio.open(folder / "textures.tif") as raster:
            textures = raster.read()
        chart_day = scene.days - (scene.sensed.weekday() - CHART_WEEKDAY)
        classes = np.array([CLASSES[zone] for zone in range(8)])[world.zones(points, chart_day)].ravel()
        chosen = rng.choice(np.flatnonzero(classes >= 0), PER_DATE, replace=False)
        columns["backscatter"].append(decibels.reshape(2, -1).T[chosen])
        columns["textures"].append(textures.reshape(len(textures), -1).T[chosen])
        columns["classes"].append(classes[chosen])
        columns["dates"].append(np.full(PER_DATE, scene.days))
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def _decibels(numbers, name):
    """Sigma nought at 34.5 degrees, with the noise that the product states taken away."""
    power = (numbers / radar.calibration_constants(SIZE)) ** 2
    power -= radar.noise_floor(name, SIZE) * radar.scalloping(np.arange(SIZE))[:, None]
    slope = {"HH": -0.24, "HV": -0.16}[name]
    return 10 * np.log10(np.maximum(power, 1e-5)) - slope * (radar.incidence_angles(SIZE) - 34.5)


def agreement(features, winter):
    """Share of pixels that a forest of the other dates maps as the chart does."""
    from sklearn.ensemble import RandomForestClassifier

    right = 0
    for date in np.unique(winter["dates"]):
        own = winter["dates"] == date
        forest = RandomForestClassifier(30, min_samples_leaf=3, random_state=0, n_jobs=2)
        mapped = forest.fit(features[~own], winter["classes"][~own]).predict(features[own])
        right += (mapped == winter["classes"][own]).sum()
    return right / len(features)


def test_textures_add_ten_points_and_do_not_solve_everything(winter):
    alone = agreement(winter["backscatter"], winter)
    together = agreement(np.concatenate([winter["backscatter"], winter["textures"]], axis=1), winter)
    assert together >= alone + 0.10
    assert 0.3 < alone < 0.75
    assert 0.6 < together < 0.97


def test_backscatter_of_the_classes_overlaps(winter):
    """Between the middle halves of any two classes of ice there is no gap in HH."""
    halves = [np.percentile(winter["backscatter"][winter["classes"] == number, 0], (25, 75)) for number in range(4)]
    assert halves[0][1] > halves[1][0]
    assert max(halves[1][0], halves[2][0]) < min(halves[1][1], halves[2][1])
