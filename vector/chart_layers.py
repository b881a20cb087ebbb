"""Chart layers read and written.

Layers of chart files as tables: attributes as columns, geometries as ``QgsGeometry``.

Read with OGR, because QGIS layers would write side files beside the input.

Prepared charts as GeoPackages with embedded styles.

Written with OGR in one transaction, so that the same chart results in the same bytes.
"""

import os
from dataclasses import dataclass

from osgeo import gdal, ogr, osr
from qgis.core import QgsCoordinateReferenceSystem, QgsGeometry

from ..compute.errors import MissingInput, OutputError, UnreadableInput, UnsuitableInput
from ..compute.icechart.dbf_columns import raw_columns
from ..compute.icechart.decoding import sigrid_fields

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


# Fixed time of writing, for reproducible files.
WRITTEN = "2020-01-01T00:00:00.000Z"
GEOMETRY = "geom"
TYPES = {int: (ogr.OFTInteger64, ogr.OFSTNone), float: (ogr.OFTReal, ogr.OFSTNone), str: (ogr.OFTString, ogr.OFSTNone),
         bool: (ogr.OFTInteger, ogr.OFSTBoolean), "date": (ogr.OFTDate, ogr.OFSTNone)}

# Maximum length of GDAL error texts in messages.
MAX_ERROR_LENGTH = 120

# Table of the styles of a GeoPackage in QGIS.
STYLE_TABLE = "layer_styles"
STYLE_FIELDS = {"f_table_catalog": str, "f_table_schema": str, "f_table_name": str, "f_geometry_column": str,
                "styleName": str, "styleQML": str, "styleSLD": str, "useAsDefault": bool, "description": str,
                "owner": str, "ui": str, "update_time": "time"}


def write_chart(path, name, crs, fields, rows, styles, default_style):
    """Write a prepared chart.

    Parameters
    ----------
    path : str
        Output GeoPackage; must not exist.
    name : str
        Name of the layer.
    crs : QgsCoordinateReferenceSystem
    fields : dict of str to type
        int, float, str, bool or "date", by name.
    rows : iterable of (QgsGeometry, sequence)
        MultiPolygons and their attributes.
    styles : dict of str to str
        QML by name.
    default_style : str
        Name of the style that QGIS applies when it opens the layer.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    previous_date = gdal.GetThreadLocalConfigOption("OGR_CURRENT_DATE")
    gdal.SetThreadLocalConfigOption("OGR_CURRENT_DATE", WRITTEN)
    failures = []
    gdal.PushErrorHandler(lambda level, _, text: failures.append(text) if level >= gdal.CE_Failure else None)
    try:
        _write(path, name, crs, fields, rows, styles, default_style)
    except (RuntimeError, AttributeError) as error:
        # OGR returns None if it cannot create a layer, unless another plugin has enabled exceptions
        failures.append(str(error))
    finally:
        gdal.PopErrorHandler()
        gdal.SetThreadLocalConfigOption("OGR_CURRENT_DATE", previous_date)
    if failures:
        reason = " ".join(failures[0].split())[:MAX_ERROR_LENGTH].rstrip(".")
        raise OutputError(f"{os.path.basename(path)} cannot be written ({reason}). Check the output folder, its "
                          "permissions and the free space.")


def _write(path, name, crs, fields, rows, styles, default_style):
    reference = osr.SpatialReference()
    reference.ImportFromWkt(crs.toWkt(QgsCoordinateReferenceSystem.WktVariant.WKT2_2019))
    reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    dataset = ogr.GetDriverByName("GPKG").CreateDataSource(path)
    dataset.StartTransaction()
    layer = dataset.CreateLayer(name, reference, ogr.wkbMultiPolygon, [f"GEOMETRY_NAME={GEOMETRY}", "FID=fid"])
    for field, kind in fields.items():
        definition = ogr.FieldDefn(field, TYPES[kind][0])
        definition.SetSubType(TYPES[kind][1])
        layer.CreateField(definition)
    for geometry, values in rows:
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometryDirectly(ogr.CreateGeometryFromWkb(bytes(geometry.asWkb())))
        for number, value in enumerate(values):
            if value is not None:
                feature.SetField(number, value)
        layer.CreateFeature(feature)
    _write_styles(dataset, name, styles, default_style)
    dataset.CommitTransaction()
    # data are flushed when the dataset is closed; errors may occur only then
    del feature, layer, dataset


def _write_styles(dataset, name, styles, default_style):
    layer = dataset.CreateLayer(STYLE_TABLE, None, ogr.wkbNone, ["FID=id"])
    for field, kind in STYLE_FIELDS.items():
        definition = ogr.FieldDefn(field, ogr.OFTDateTime if kind == "time" else TYPES[kind][0])
        definition.SetSubType(ogr.OFSTNone if kind == "time" else TYPES[kind][1])
        layer.CreateField(definition)
    for style, qml in styles.items():
        feature = ogr.Feature(layer.GetLayerDefn())
        values = {"f_table_catalog": "", "f_table_schema": "", "f_table_name": name, "f_geometry_column": GEOMETRY,
                  "styleName": style, "styleQML": qml, "styleSLD": "", "useAsDefault": int(style == default_style),
                  "description": "", "owner": "", "ui": "", "update_time": WRITTEN}
        for field, value in values.items():
            feature.SetField(field, value)
        layer.CreateFeature(feature)
