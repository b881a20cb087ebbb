"""Writes the tables of a sample to GeoPackages."""

import contextlib
import json
import os

from osgeo import gdal, ogr
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsFeature,
    QgsField,
    QgsFields,
    QgsGeometry,
    QgsVectorFileWriter,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QVariant

from ...compute.errors import OutputError

FIELD_TYPES = {int: QVariant.Int, str: QVariant.String}
# A GeoPackage notes when it was written; a fixed moment gives the same bytes for the same sample.
WRITTEN = "2023-01-01T00:00:00.000Z"


def write_table(table, folder, transform_context):
    """Write a table as a GeoPackage.

    Parameters
    ----------
    table : VectorTable
    folder : str
    transform_context : QgsCoordinateTransformContext

    Returns
    -------
    str
        Name of the file.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    fields = QgsFields()
    for name, kind in table.fields:
        fields.append(QgsField(name, FIELD_TYPES[kind]))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = "GPKG"
    options.layerName = table.name
    file_name = f"{table.name}.gpkg"
    with _fixed_date():
        writer = QgsVectorFileWriter.create(os.path.join(folder, file_name), fields, QgsWkbTypes.Type.Polygon,
                                            QgsCoordinateReferenceSystem(table.crs), transform_context, options)
        features = [_feature(fields, geometry, values) for geometry, values in table.rows]
        complete = writer.hasError() == QgsVectorFileWriter.WriterError.NoError and writer.addFeatures(features)
        reason = writer.errorMessage()
        del writer
    if not complete:
        raise OutputError(f"{file_name} cannot be written: {reason}. Check the free space on the disk.")
    return file_name


def _feature(fields, geometry, values):
    feature = QgsFeature(fields)
    shape = QgsGeometry()
    shape.fromWkb(bytes(ogr.CreateGeometryFromJson(json.dumps(geometry)).ExportToWkb()))
    feature.setGeometry(shape)
    feature.setAttributes(list(values))
    return feature


@contextlib.contextmanager
def _fixed_date():
    before = gdal.GetThreadLocalConfigOption("OGR_CURRENT_DATE")
    gdal.SetThreadLocalConfigOption("OGR_CURRENT_DATE", WRITTEN)
    try:
        yield
    finally:
        gdal.SetThreadLocalConfigOption("OGR_CURRENT_DATE", before)
