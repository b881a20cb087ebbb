"""Parcels in files, written without any code of Floefield."""

import json
from pathlib import Path


def write_geojson(path, rows, epsg=32631):
    """Write parcels with the attributes ``id`` and ``crop``.

    Parameters
    ----------
    path : path
    rows : iterable of (int, str or None, dict)
        Identifier, crop and GeoJSON geometry.
    epsg : int

    Returns
    -------
    path
    """
    crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{epsg}"}}
    features = [{"type": "Feature", "properties": {"id": number, "crop": crop}, "geometry": geometry}
                for number, crop, geometry in rows]
    Path(path).write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": features}), "utf-8")
    return path


def converted(source, path, driver, has_crs=True):
    """A copy in another format of OGR, with or without its CRS; gives its path."""
    from osgeo import gdal

    gdal.VectorTranslate(str(path), str(source), format=driver)
    if not has_crs:
        path.with_suffix(".prj").unlink()
    return path


def empty_copy(source, path):
    """A GeoPackage with the fields of `source` and none of its parcels; gives its path."""
    from osgeo import gdal

    gdal.VectorTranslate(str(path), str(source), format="GPKG", where="id < 0", layerName="none",
                         geometryType="POLYGON")
    return path


def one_layer_for_each_class(source, field, folder):
    """A shapefile for each class, named by the class as in LAND01; gives their paths."""
    from osgeo import gdal, ogr

    parcels = ogr.Open(str(source))
    classes = sorted({feature.GetField(field) for feature in parcels.GetLayer(0) if feature.GetField(field)})
    paths = [folder / f"{name}.shp" for name in classes]
    for name, path in zip(classes, paths):
        gdal.VectorTranslate(str(path), str(source), format="ESRI Shapefile", where=f"{field} = '{name}'")
    return paths
