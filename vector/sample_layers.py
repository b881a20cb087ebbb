"""Vector layers of sample data as GeoPackages, and as zipped shapefiles like those of the ice services."""

import contextlib
import json
import os
import zipfile

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

from ..compute.errors import OutputError
from ..compute.scratch import scratch_folder

FIELD_TYPES = {int: QVariant.Int, float: QVariant.Double, str: QVariant.String}

# Width and precision of shapefile fields: numbers as in the charts of the ice services, codes of at most 4 characters.
COLUMNS = {int: (9, 0), float: (26, 4), str: (4, 0)}

# Fixed time of writing, for reproducible files.
WRITTEN = "2023-01-01T00:00:00.000Z"
WRITTEN_DAY, ZIPPED = WRITTEN[:10], (2023, 1, 1, 0, 0, 0)


def write_table(table, folder, transform_context):
    """Write a table as a GeoPackage or as a zipped shapefile.

    Parameters
    ----------
    table : VectorTable
    folder : str
    transform_context : QgsCoordinateTransformContext

    Returns
    -------
    str
        Path of the file, relative to the folder.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    target = os.path.join(folder, table.folder)
    os.makedirs(target, exist_ok=True)
    if not table.is_zipped:
        _write(table, os.path.join(target, f"{table.name}.gpkg"), "GPKG", transform_context)
        return os.path.join(table.folder, f"{table.name}.gpkg")
    with scratch_folder(target) as scratch:
        _write(table, os.path.join(scratch, f"{table.name}.shp"), "ESRI Shapefile", transform_context)
        _zip(scratch, os.path.join(target, f"{table.name}.zip"))
    return os.path.join(table.folder, f"{table.name}.zip")


def _write(table, path, driver, transform_context):
    fields = QgsFields()
    for name, kind in table.fields:
        width, decimals = COLUMNS[kind] if table.is_zipped else (0, 0)
        fields.append(QgsField(name, FIELD_TYPES[kind], len=width, prec=decimals))
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName = driver
    options.layerName = table.name
    if table.is_zipped:
        options.layerOptions = [f"DBF_DATE_LAST_UPDATE={WRITTEN_DAY}", "ENCODING=UTF-8"]
    with _fixed_date():
        writer = QgsVectorFileWriter.create(path, fields, QgsWkbTypes.Type.Polygon, _crs(table.crs),
                                            transform_context, options)
        features = [_feature(fields, geometry, values) for geometry, values in table.rows]
        complete = writer.hasError() == QgsVectorFileWriter.WriterError.NoError and writer.addFeatures(features)
        reason = writer.errorMessage()
        del writer
    if not complete:
        raise OutputError(f"{os.path.basename(path)} cannot be written: {reason}. Check the free space on the disk.")


def _crs(definition):
    crs = QgsCoordinateReferenceSystem()
    crs.createFromString(definition)
    return crs


def _zip(folder, archive):
    """Zip the files of a folder with a fixed time."""
    with zipfile.ZipFile(archive, "w") as zipped:
        for name in sorted(os.listdir(folder)):
            member = zipfile.ZipInfo(name, ZIPPED)
            member.compress_type = zipfile.ZIP_DEFLATED
            with open(os.path.join(folder, name), "rb") as file:
                zipped.writestr(member, file.read())


def _feature(fields, geometry, values):
    feature = QgsFeature(fields)
    shape = QgsGeometry()
    shape.fromWkb(bytes(ogr.CreateGeometryFromJson(json.dumps(geometry)).ExportToWkb()))
    feature.setGeometry(shape)
    feature.setAttributes(list(values))
    return feature


@contextlib.contextmanager
def _fixed_date():
    previous = gdal.GetThreadLocalConfigOption("OGR_CURRENT_DATE")
    gdal.SetThreadLocalConfigOption("OGR_CURRENT_DATE", WRITTEN)
    try:
        yield
    finally:
        gdal.SetThreadLocalConfigOption("OGR_CURRENT_DATE", previous)
