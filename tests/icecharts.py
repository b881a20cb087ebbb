"""Small ice charts for tests, and areas on the ellipsoid computed without a geometry library."""

import math

import numpy as np

from .realdata import DATA, _Folder

CHARTS = _Folder(DATA / "icecharts")
OLD_FIELDS = ("POLY_TYPE", "CT", "CA", "SA", "FA", "CB", "SB", "FB", "CC", "SC", "FC", "CN", "CD", "CF")
SUFFIXES = {".shp": "ESRI Shapefile", ".gpkg": "GPKG", ".gml": "GML", ".geojson": "GeoJSON"}

# WGS 84
EQUATOR_RADIUS, SQUARED_ECCENTRICITY = 6378137.0, 0.0066943799901413165


def write_chart(path, polygons, crs="EPSG:4326", fields=OLD_FIELDS, width=2):
    """Write a chart.

    Parameters
    ----------
    path : path
        The suffix determines the format.
    polygons : list of (list of rings, dict)
        Rings as lists of (x, y), the exterior ring first; codes by field.
    crs : str or None
    fields : iterable of str
        Text fields of `width` characters.

    Returns
    -------
    path
    """
    from osgeo import ogr, osr

    reference = None
    if crs:
        reference = osr.SpatialReference()
        reference.SetFromUserInput(crs)
        reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    dataset = ogr.GetDriverByName(SUFFIXES[path.suffix]).CreateDataSource(str(path))
    layer = dataset.CreateLayer(path.stem, reference, ogr.wkbPolygon)
    for name in fields:
        field = ogr.FieldDefn(name, ogr.OFTString)
        field.SetWidth(max(width, 4) if name == "CF" else width)
        layer.CreateField(field)
    for rings, codes in polygons:
        polygon = ogr.Geometry(ogr.wkbPolygon)
        for points in rings:
            ring = ogr.Geometry(ogr.wkbLinearRing)
            for x, y in points:
                ring.AddPoint_2D(x, y)
            polygon.AddGeometry(ring)
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometry(polygon)
        for name in codes.keys() & set(fields):
            feature.SetField(name, codes[name])
        layer.CreateFeature(feature)
    del feature, layer, dataset
    return path


def box(west, south, east, north, step=None):
    """Return the ring of a box; with `step` its horizontal edges are densified."""
    if step is None:
        return [(west, south), (east, south), (east, north), (west, north), (west, south)]
    along = np.linspace(west, east, round((east - west) / step) + 1)
    return [*((x, south) for x in along), *((x, north) for x in along[::-1]), (west, south)]


def zone_area(south, north, degrees=360.0):
    """Return the area in m² between two parallels over a longitude range in degrees (Snyder 1987, equation 3-12)."""
    return math.radians(degrees) * EQUATOR_RADIUS ** 2 / 2 * (_q(math.radians(north)) - _q(math.radians(south)))


def ring_area(points):
    """Return the area in m² of a ring with straight edges in degrees; it may cross 180 degrees or enclose a pole.

    Integral of q(latitude) over longitude along the edges (Green's theorem on the authalic sphere). Each edge takes the
    shorter way around and is divided into steps.
    """
    points = np.radians(np.asarray(points, float))
    steps = np.diff(points[:, 0])
    steps -= 2 * np.pi * np.round(steps / (2 * np.pi))
    positions = (np.arange(64) + 0.5) / 64
    latitudes = points[:-1, 1, None] + np.diff(points[:, 1])[:, None] * positions
    integral = float((_q(latitudes).mean(axis=1) * steps).sum())
    if round(steps.sum() / (2 * np.pi)):
        integral = 2 * np.pi * _q(np.pi / 2) - abs(integral)
    return EQUATOR_RADIUS ** 2 / 2 * abs(integral)


def _q(latitude):
    e = math.sqrt(SQUARED_ECCENTRICITY)
    sine = np.sin(latitude)
    return (1 - e * e) * (sine / (1 - (e * sine) ** 2) - np.log((1 - e * sine) / (1 + e * sine)) / (2 * e))


def read_layer(path, table=None):
    """Return (attributes, OGR geometry) of every feature."""
    from osgeo import ogr

    dataset = ogr.Open(str(path))
    layer = dataset.GetLayerByName(table) if table else dataset.GetLayer(0)
    return [(feature.items(), feature.GetGeometryRef().Clone() if feature.GetGeometryRef() else None)
            for feature in layer]
