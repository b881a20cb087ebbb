"""Small backscatter scenes with matching ice charts: three ice types in stripes, which differ in texture."""

import json
import zipfile
from datetime import date

import numpy as np
import rasterio

from floefield.compute.classmap.classes import MapClass
from floefield.compute.icechart.ice_legend import Legend, Rule
from floefield.compute.seaice.chart_reference import Chart, ChartPolygon

CRS = rasterio.crs.CRS.from_epsg(32626).to_wkt()
WEST, NORTH, PIXEL = 600000.0, 7600000.0, 40.0
WIDTH, HEIGHT, STRIPE = 90, 60, 30
LEGEND = Legend("stripes", (MapClass(1, "open_water", "Open water", (0, 100, 255)),
                            MapClass(2, "young", "Young ice", (170, 40, 240)),
                            MapClass(3, "old", "Old ice", (180, 100, 50))),
                (Rule(1, poly_types=frozenset("W")), Rule(2, stages=frozenset({83, 84, 85})),
                 Rule(3, stages=frozenset({95, 96, 97}))))
TEXTURE = (0.3, 2.5, 6.0)
# POLY_TYPE, CT and SA of the stripes: water, grey ice, old ice.
CODES = (("W", "98", "-9"), ("I", "92", "84"), ("I", "92", "95"))


def write_scene(path, day, seed=0, west=WEST, pixels=None, tags=None):
    """Write a GeoTIFF with HH and HV in dB and return its path."""
    rng = np.random.default_rng(seed)
    if pixels is None:
        texture = np.repeat(TEXTURE, STRIPE)
        pixels = -15 + texture * rng.standard_normal((2, HEIGHT, WIDTH)) - np.array([0, 8])[:, None, None]
    with rasterio.open(path, "w", driver="GTiff", height=pixels.shape[1], width=pixels.shape[2], count=2,
                       dtype="float32", crs=CRS, nodata=np.nan,
                       transform=rasterio.Affine(PIXEL, 0, west, 0, -PIXEL, NORTH)) as raster:
        raster.write(pixels.astype(np.float32))
        raster.descriptions = ("sigma0_HH_dB", "sigma0_HV_dB")
        raster.update_tags(**({"ACQUISITION_DATE": day} if day else {}), **(tags or {}))
    return str(path)


def rectangle(first, last, west=WEST, top=0, bottom=HEIGHT):
    """Return columns `first` to `last` of the scene as GeoJSON."""
    left, right = west + first * PIXEL, west + last * PIXEL
    high, low = NORTH - top * PIXEL, NORTH - bottom * PIXEL
    return {"type": "Polygon", "coordinates": [[[left, high], [left, low], [right, low], [right, high], [left, high]]]}


def stripes(day, name="chart", west=WEST, values=(1, 2, 3)):
    """Return a chart with the stripes of the scene, slightly larger than the scene."""
    edges = [(-20, STRIPE), (STRIPE, 2 * STRIPE), (2 * STRIPE, 3 * STRIPE + 20)]
    return Chart(name, date.fromisoformat(day), CRS, tuple(
        ChartPolygon(rectangle(first, last, west, -20, HEIGHT + 20), value)
        for (first, last), value in zip(edges, values)))


def write_chart(folder, day, codes=CODES, west=WEST):
    """Write the stripes as a zipped SIGRID-3 shapefile, like the weekly Arctic charts, and return its path."""
    from osgeo import gdal

    stem = f"arctic{day[2:].replace('-', '')}"
    edges = [(-20, 30), (30, 60), (60, 110)]
    features = [{"type": "Feature", "geometry": rectangle(first, last, west, -20, 80),
                 "properties": {"POLY_TYPE": kind, "CT": total, "CA": "-9", "SA": stage, "FA": "-9"}}
                for (first, last), (kind, total, stage) in zip(edges, codes)]
    source = folder / f"{stem}.geojson"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": features,
                                  "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32626"}}}))
    gdal.VectorTranslate(str(folder / f"{stem}.shp"), str(source), format="ESRI Shapefile")
    source.unlink()
    with zipfile.ZipFile(folder / f"{stem}.zip", "w") as archive:
        for suffix in ("shp", "shx", "dbf", "prj"):
            archive.write(folder / f"{stem}.{suffix}", f"{stem}.{suffix}")
            (folder / f"{stem}.{suffix}").unlink()
    return folder / f"{stem}.zip"
