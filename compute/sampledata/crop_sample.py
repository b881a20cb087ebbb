"""Sample kind crops: a season of Sentinel-2 products over farmland, reference parcels and land cover."""

import os

import numpy as np

from ..feature_table import VectorTable
from . import plane_polygons
from .crop_growth import create_stands
from .landscape import create_landscape, mean_by_unit
from .msi_imaging import prepare_scene, simulate_image
from .overpasses import SENTINEL2_RELATIVE_ORBIT, plan_overpasses
from .reference_data import coarse_land_cover, survey, write_land_cover
from .sample import Sample, area_geojson, write_text
from .sentinel2_products import CRS, NORTH, WEST, ProductName, write_product

PRODUCTS_FOLDER = "sentinel2"
AOI_FILE = "aoi.geojson"
LAND_COVER_FILE = "landcover.tif"
README_FILE = "README.txt"
ORIGIN = np.array([WEST, NORTH])

# Delay of the season in days across the scene, as on a slope.
MAX_DELAY = 5.0
README = """SYNTHETIC DATA - NOT SATELLITE IMAGES

Floefield made this folder from a random seed (seed {seed}, {size} x {size} pixels of 10 m, {dates} dates).
No field, crop, cloud or date in it is real, and the tile T31TXX does not exist.
Use it for trials and teaching only, never as evidence.

{products}/      {dates} Sentinel-2 L2A products (SAFE folders, processing baseline 05.10, lossless JPEG 2000).
                Some dates are cloudy, one may be overcast, one is cut by the edge of the swath.
                There is no DATASTRIP, AUX_DATA or HTML folder and no detector footprint.
parcels.gpkg    {parcels} surveyed parcels: id, crop (label), code (Sen2-Agri class code; 9000x: not a crop),
                cropland (1 or 0), synthetic (1). As in real surveys, outlines are shifted by a few metres and a
                few parcels are mislabelled. The other parcels of the scene have no reference data.
aoi.geojson     Area of interest: a part of the scene.
landcover.tif   Land-cover map of 100 m with the values of ESA CCI Land Cover, slightly out of date: reference
                data for use without parcels.

Next steps, in the Processing Toolbox under Floefield: Inner buffer and Filter by area on parcels.gpkg; Stack a
Sentinel-2 time series on the folder {products}; then Classify crops with the class field "crop".
"""
SUMMARY = """Made {products} synthetic Sentinel-2 products (folder sentinel2) and {parcels} surveyed parcels \
(parcels.gpkg, class field "crop").
Next: Inner buffer and Filter by area on the parcels, Stack a Sentinel-2 time series on the folder sentinel2, \
then Classify crops."""


def create_crops(folder, settings, progress):
    """Write a synthetic season of crops; see :func:`.sample_kinds.create_sample`."""
    edge = settings.size * 10.0
    landscape = create_landscape(edge, settings.stream("landscape"))
    scene = _create_scene(landscape, settings)
    overpasses = plan_overpasses(settings.date_count, settings.stream("overpasses"))
    bounds = np.linspace(0.05, 0.98, len(overpasses) + 1)
    products = [_write_overpass(folder, scene, overpass, settings, progress.part(start, end))
                for overpass, start, end in zip(overpasses, bounds[:-1], bounds[1:])]
    parcels = survey(landscape, edge, settings.stream("survey"))
    write_land_cover(os.path.join(folder, LAND_COVER_FILE),
                     coarse_land_cover(landscape, settings.stream("land cover")), CRS, WEST, NORTH)
    write_text(os.path.join(folder, AOI_FILE), area_geojson("aoi", "area of interest", CRS, _area_of_interest(edge)))
    write_text(os.path.join(folder, README_FILE), README.format(
        seed=settings.seed, size=settings.size, dates=settings.date_count, products=PRODUCTS_FOLDER,
        parcels=len(parcels)))
    return Sample(PRODUCTS_FOLDER, tuple(products), (_parcel_table(parcels),),
                  SUMMARY.format(products=len(products), parcels=len(parcels)))


def _create_scene(landscape, settings):
    """Return the scene with a stand on each unit; the season is delayed towards one side."""
    rng = settings.stream("growth")
    rows, columns = np.indices(landscape.labels.shape) / len(landscape.labels)
    heading = rng.uniform(0.0, 2 * np.pi)
    distance = np.cos(heading) * rows + np.sin(heading) * columns
    delay = MAX_DELAY * mean_by_unit(landscape.labels, distance, len(landscape.covers))
    stands = create_stands(landscape.covers, delay, rng)
    return prepare_scene(landscape.labels, stands, settings.stream("scene"))


def _write_overpass(folder, scene, overpass, settings, progress):
    name = ProductName(overpass, SENTINEL2_RELATIVE_ORBIT)
    image = simulate_image(scene, overpass, settings.stream("image", name.sensed), progress.part(0.0, 0.5))
    write_product(os.path.join(folder, PRODUCTS_FOLDER), name, image, settings.stream("layers", name.sensed),
                  progress.part(0.5, 1.0))
    progress.say(f"{name.safe}: {100 * overpass.cloud_fraction:.0f} % cloud")
    return name.safe


def _parcel_table(parcels):
    rows = tuple((plane_polygons.as_geojson(parcel.outline + ORIGIN),
                  (number, parcel.name, parcel.code, int(parcel.cropland), 1))
                 for number, parcel in enumerate(parcels, start=1))
    fields = (("id", int), ("crop", str), ("code", int), ("cropland", int), ("synthetic", int))
    return VectorTable("parcels", CRS, fields, rows)


def _area_of_interest(edge):
    """Return the corners of the scene without a tenth on each side."""
    low, high = 0.1 * edge, 0.9 * edge
    return np.array([[low, -low], [low, -high], [high, -high], [high, -low], [low, -low]]) + ORIGIN
