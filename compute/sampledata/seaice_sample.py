"""Sample kind seaice: a winter of Sentinel-1 products of drifting ice, and weekly ice charts."""

import os
from datetime import timedelta

import numpy as np

from . import sentinel1_imaging
from .overpasses import CHART_WEEKDAY, ICE_SEASON_START, SENTINEL1_RELATIVE_ORBIT, chart_days, plan_passes
from .random_fields import correlated_field
from .sample import Sample, area_geojson, write_text
from .seaice_charts import chart_table, create_chart
from .seaice_world import CENTRE, CRS, WORLD_SIZE, create_world
from .sentinel1_products import ProductName, image_points, write_product

PRODUCTS_FOLDER, CHARTS_FOLDER = "sentinel1", "icecharts"
AREA_FILE, README_FILE = "study_area.geojson", "README.txt"

# Mean drift per day and its spatial variation, relative to the scene size.
DRIFT = np.array([-0.005, -0.009])
DRIFT_VARIATION = 0.008

# Size of the study area relative to the scene size.
AREA_SIZE = 1.6
README = """SYNTHETIC DATA - NOT SATELLITE IMAGES, NOT ICE CHARTS

Floefield made this folder from a random seed (seed {seed}, {size} x {size} pixels of 40 m, {dates} dates).
No floe, date, island or chart in it is real. Use it for trials and teaching only, never as evidence or for navigation.

{products}/          {dates} Sentinel-1 EW GRDM products with HH and HV (SAFE folders, the first one zipped):
                    annotation, calibration and noise tables, control points. The images contain speckle, thermal
                    noise with steps between the sub-swaths, scalloping, and the incidence-angle dependence of the
                    backscatter. All five sub-swaths (19 to 46 degrees) are compressed to {kilometres:.0f} km; a real
                    scene has 400 km.
{charts}/          {chart_count} weekly charts in SIGRID-3, zipped shapefiles named by date (arcticYYMMDD.zip), in polar
                    stereographic coordinates. They are up to three days older or younger than the scenes, with
                    ice drift in between. Polygons have egg codes with partial concentrations.
study_area.geojson  The area to clip the charts to.

Next steps, in the Processing Toolbox under Floefield > Sea ice: Prepare ice charts on the folder {charts};
Preprocess Sentinel-1 on the folder {products}; GLCM textures; Classify sea ice. The model "Sea ice map" includes all
these steps.
"""
SUMMARY = """Made {dates} synthetic Sentinel-1 products (folder {products}) and {chart_count} ice charts (folder \
{charts}).
Next: Prepare ice charts, Preprocess Sentinel-1, then Classify sea ice; the model Sea ice map includes all \
steps."""


def create_seaice(folder, settings, progress):
    """Write a synthetic winter of sea ice; see :func:`.sample_kinds.create_sample`."""
    edge = settings.size * sentinel1_imaging.PIXEL
    world = create_world(edge, settings.stream("ice"))
    passes = plan_passes(settings.date_count)
    days = chart_days(passes)
    tables = []
    for index, day in enumerate(days):
        progress.step(0.1 * index / len(days))
        patches = create_chart(world, float((day - ICE_SEASON_START).days), settings.stream("chart", day.isoformat()))
        tables.append(chart_table(patches, day, CHARTS_FOLDER))
    bounds = np.linspace(0.1, 0.97, len(passes) + 1)
    products = [_write_pass(folder, world, scene, settings, index == 0, progress.part(start, end))
                for index, (scene, start, end) in enumerate(zip(passes, bounds[:-1], bounds[1:]))]
    values = {"seed": settings.seed, "size": settings.size, "dates": len(passes), "products": PRODUCTS_FOLDER,
              "charts": CHARTS_FOLDER, "chart_count": len(days), "kilometres": edge / 1000}
    write_text(os.path.join(folder, AREA_FILE), area_geojson("study_area", "study area", CRS, _study_area(edge)))
    write_text(os.path.join(folder, README_FILE), README.format(**values))
    return Sample(PRODUCTS_FOLDER, tuple(products), tuple(tables), SUMMARY.format(**values),
                  charts_folder=CHARTS_FOLDER, area=AREA_FILE)


def simulate_scene(world, days, size, rng):
    """Simulate the radar image of a day.

    Parameters
    ----------
    world : World
    days : float
        Days since the start of the season.
    size : int
        Image size in pixels.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to ndarray of uint16, shape (size, size)
        Digital numbers by polarisation.
    """
    points = image_points(size, size)
    variations = [DRIFT_VARIATION * world.edge * correlated_field((size, size), 1.0, 0.35 * size, rng, roughness=3.0)
                  for _ in range(2)]
    # Charts show the ice on a Thursday; on other days it is displaced by the drift.
    days_since_chart = _days_since_chart(days)
    drift = [component * days_since_chart * world.edge + variation for component, variation in zip(DRIFT, variations)]
    surfaces = sentinel1_imaging.surface_types(world.zones(points, days, tuple(drift)), points, rng)
    sigma = sentinel1_imaging.sigma_nought(surfaces, sentinel1_imaging.incidence_angles(size), rng)
    constants = sentinel1_imaging.calibration_constants(size)
    return {name: sentinel1_imaging.digital_numbers(values, name, constants, rng) for name, values in sigma.items()}


def _days_since_chart(days):
    return (ICE_SEASON_START + timedelta(days=days)).weekday() - CHART_WEEKDAY


def _write_pass(folder, world, scene, settings, is_zipped, progress):
    name = ProductName(scene.platform, scene.sensed, settings.size, scene.absolute_orbit, SENTINEL1_RELATIVE_ORBIT)
    progress.step(0.0)
    digital_numbers = simulate_scene(world, scene.days, settings.size, settings.stream("scene", name.span))
    progress.step(0.7)
    written = write_product(os.path.join(folder, PRODUCTS_FOLDER), name, digital_numbers, is_zipped, progress)
    progress.say(written)
    return written


def _study_area(edge):
    """Return the corners of a square around the scene."""
    half = min(AREA_SIZE, WORLD_SIZE) * edge / 2
    return CENTRE + half * np.array([[-1, 1], [-1, -1], [1, -1], [1, 1], [-1, 1]])
