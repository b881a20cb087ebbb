"""Difficulty of the sample kind seaice: low accuracy from backscatter alone, ten points or more with textures.

Leave-one-date-out assessment on the classes of the charts.
"""

import numpy as np
import pytest
import rasterio

from floefield.compute.progress import Progress
from floefield.compute.sampledata import seaice_world, sentinel1_imaging
from floefield.compute.sampledata.overpasses import CHART_WEEKDAY, plan_passes
from floefield.compute.sampledata.seaice_sample import simulate_scene
from floefield.compute.sampledata.seaice_world import create_world
from floefield.compute.sampledata.sentinel1_products import image_points
from floefield.compute.texture.texture_raster import write_textures
from floefield.compute.texture.texture_settings import TextureSettings

SIZE, DATES, PER_DATE = 240, 4, 1500
# Zones of a chart as open water, new and young ice, first-year and old ice.
CLASSES = {seaice_world.WATER: 0, seaice_world.BERGY: 0, seaice_world.NEW: 1, seaice_world.YOUNG: 1,
           seaice_world.FIRST_YEAR: 2,
           seaice_world.FAST: 2, seaice_world.OLD: 3, seaice_world.LAND: -1}
# As in the sea-ice tools, with two directions only.
TEXTURE = TextureSettings(window=21, levels=32, distances=(2,), angles=("0", "90"),
                          features=("contrast", "homogeneity", "entropy", "mean", "variance", "correlation"))


@pytest.fixture(scope="module")
def winter(tmp_path_factory):
    """Return backscatter, textures, chart classes and dates of sampled pixels."""
    folder, rng = tmp_path_factory.mktemp("ice"), np.random.default_rng(0)
    world, points = create_world(SIZE * sentinel1_imaging.PIXEL, np.random.default_rng(1)), image_points(SIZE, SIZE)
    columns = {"backscatter": [], "textures": [], "classes": [], "dates": []}
    for scene in plan_passes(DATES):
        digital_numbers = simulate_scene(world, scene.days, SIZE, np.random.default_rng(int(scene.days)))
        decibels = np.stack([_decibels(digital_numbers[name], name) for name in sentinel1_imaging.POLARISATIONS])
        path = folder / f"{scene.days:g}.tif"
        with rasterio.open(path, "w", driver="GTiff", height=SIZE, width=SIZE, count=2, dtype="float32",
                           crs=seaice_world.CRS, transform=rasterio.Affine(40, 0, 0, 0, -40, 0)) as raster:
            raster.write(decibels.astype(np.float32))
            raster.descriptions = sentinel1_imaging.POLARISATIONS
        write_textures(str(path), str(folder / "textures.tif"), (), TEXTURE, Progress())
        with rasterio.open(folder / "textures.tif") as raster:
            textures = raster.read()
        chart_day = scene.days - (scene.sensed.weekday() - CHART_WEEKDAY)
        classes = np.array([CLASSES[zone] for zone in range(8)])[world.zones(points, chart_day)].ravel()
        sampled = rng.choice(np.flatnonzero(classes >= 0), PER_DATE, replace=False)
        columns["backscatter"].append(decibels.reshape(2, -1).T[sampled])
        columns["textures"].append(textures.reshape(len(textures), -1).T[sampled])
        columns["classes"].append(classes[sampled])
        columns["dates"].append(np.full(PER_DATE, scene.days))
    return {name: np.concatenate(parts) for name, parts in columns.items()}


def _decibels(digital_numbers, name):
    """Return sigma nought at 34.5 degrees in dB, after removal of the annotated noise."""
    power = (digital_numbers / sentinel1_imaging.calibration_constants(SIZE)) ** 2
    power -= sentinel1_imaging.noise_floor(name, SIZE) * sentinel1_imaging.scalloping(np.arange(SIZE))[:, None]
    slope = {"HH": -0.24, "HV": -0.16}[name]
    return 10 * np.log10(np.maximum(power, 1e-5)) - slope * (sentinel1_imaging.incidence_angles(SIZE) - 34.5)


def leave_one_date_out_accuracy(features, winter):
    """Return the fraction of pixels mapped as in the chart by a forest trained on the other dates."""
    from sklearn.ensemble import RandomForestClassifier

    right = 0
    for date in np.unique(winter["dates"]):
        validation = winter["dates"] == date
        forest = RandomForestClassifier(30, min_samples_leaf=3, random_state=0, n_jobs=2)
        mapped = forest.fit(features[~validation], winter["classes"][~validation]).predict(features[validation])
        right += (mapped == winter["classes"][validation]).sum()
    return right / len(features)


def test_textures_add_ten_points_of_accuracy(winter):
    alone = leave_one_date_out_accuracy(winter["backscatter"], winter)
    together = leave_one_date_out_accuracy(np.concatenate([winter["backscatter"], winter["textures"]], axis=1), winter)
    assert together >= alone + 0.10
    assert 0.3 < alone < 0.75
    assert 0.6 < together < 0.97


def test_backscatter_of_the_classes_overlaps(winter):
    """The interquartile ranges of the classes overlap in HH."""
    quartiles = [np.percentile(winter["backscatter"][winter["classes"] == number, 0], (25, 75)) for number in range(4)]
    assert quartiles[0][1] > quartiles[1][0]
    assert max(quartiles[1][0], quartiles[2][0]) < min(quartiles[1][1], quartiles[2][1])
