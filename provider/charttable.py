"""Layers of chart files as tables: attributes as columns, geometries as ``QgsGeometry``.

Read with OGR, because QGIS layers would write side files beside the input.
"""

import os
from dataclasses import dataclass

from osgeo import gdal, ogr
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry

from ..compute.errors import MissingInput, UnreadableInput, UnsuitableInput
from ..compute.icechart.dbf import raw_columns
from ..compute.icechart.decode import sigrid_fields

DRIVERS = ["ESRI Shapefile", "GPKG", "GML", "GeoJSON", "FlatGeobuf"]
POLYGON_TYPES = (ogr.wkbPolygon, ogr.wkbMultiPolygon, ogr.wkbCurvePolygon, ogr.wkbMultiSurface, ogr.wkbUnknown,
                 ogr.wkbGeometryCollection)
MULTIPLE_CODE_FIELDS = ("ICEAPC", "ICESOD", "ICEFLZ")


@dataclass(frozen=True)
class ChartTable:
    """A layer with ice polygons.

    Parameters
    ----------
    name : str
        Name of the layer.
    fields : dict of str to type
        int, float or str, by field name.
    columns : dict of str to list
        Attributes as in the file; None for NULL.
    geometries : list of QgsGeometry
    crs : QgsCoordinateReferenceSystem
        Invalid if the file has none.
    """

    name: str
    fields: dict
    columns: dict
    geometries: list
    crs: QgsCoordinateReferenceSystem


def read_tables(chart_file, progress):
    """Return the layers of a file that are ice charts in SIGRID-3.

    Parameters
    ----------
    chart_file : ChartFile
    progress : Progress

    Returns
    -------
    list of ChartTable

    Raises
    ------
    MissingInput, UnreadableInput, UnsuitableInput
        If the file cannot be read, or no layer is a chart.
    """
    gdal.PushErrorHandler("CPLQuietErrorHandler")
    try:
        return _read(chart_file, progress)
    except (RuntimeError, UnicodeDecodeError) as error:
        # another plugin may have enabled exceptions in GDAL
        raise _unreadable(error) from error
    finally:
        gdal.PopErrorHandler()


def _read(chart_file, progress):
    gdal.ErrorReset()
    dataset = gdal.OpenEx(chart_file.path, gdal.OF_VECTOR | gdal.OF_READONLY, allowed_drivers=DRIVERS)
    if dataset is None:
        raise _unreadable(gdal.GetLastErrorMsg())
    layers = [dataset.GetLayer(number) for number in range(dataset.GetLayerCount())]
    layers = [layer for layer in layers if ogr.GT_Flatten(layer.GetGeomType()) in POLYGON_TYPES]
    charts, reason = [], UnsuitableInput("it contains no polygons.")
    for layer in layers:
        try:
            sigrid_fields(field.GetName() for field in layer.schema)
            charts.append(layer)
        except MissingInput as error:
            reason = error
    if not charts:
        raise reason
    return [_table(layer, chart_file.path, progress) for layer in charts]


def _table(layer, path, progress):
    fields = {field.GetName(): _type(field) for field in layer.schema}
    reference = layer.GetSpatialRef()
    crs = QgsCoordinateReferenceSystem.fromWkt(reference.ExportToWkt()) if reference else QgsCoordinateReferenceSystem()
    columns, geometries = {name: [] for name in fields}, []
    raw = _raw_columns(path, fields)
    gdal.ErrorReset()
    for feature in layer:
        progress.check()
        for number, name in enumerate(fields):
            value = feature.GetField(number)
            columns[name].append(value if value is None or isinstance(value, fields[name]) else str(value))
        for name, texts in raw.items():
            columns[name][-1] = texts[feature.GetFID()]
        geometries.append(_geometry(feature))
    if gdal.GetLastErrorType() >= gdal.CE_Failure:
        raise _unreadable(gdal.GetLastErrorMsg())
    return ChartTable(layer.GetName(), fields, columns, geometries, crs)


def _type(field):
    if field.GetType() in (ogr.OFTInteger, ogr.OFTInteger64):
        return int
    return float if field.GetType() == ogr.OFTReal else str


def _raw_columns(path, fields):
    """Return the fields with several codes each, with the blanks that OGR strips."""
    table = os.path.splitext(path)[0] + ".dbf"
    names = [name for name in fields if name.upper() in MULTIPLE_CODE_FIELDS]
    return raw_columns(table, names) if names and path.lower().endswith(".shp") else {}


def _geometry(feature):
    shape, geometry = feature.GetGeometryRef(), QgsGeometry()
    if shape is not None:
        geometry.fromWkb(bytes(shape.ExportToIsoWkb()))
    return geometry


def _unreadable(reason):
    reason = str(reason).strip().rstrip(".") or "unknown format"
    return UnreadableInput(f"it cannot be read ({reason}). Copy or download it again.")
