"""Prepared charts as GeoPackages with embedded styles.

Written with OGR in one transaction, so that the same chart results in the same bytes.
"""

import os

from osgeo import gdal, ogr, osr
from qgis.core import QgsCoordinateReferenceSystem

from ..compute.errors import OutputError

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
