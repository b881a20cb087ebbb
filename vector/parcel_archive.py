"""Zipped shapefile with the fields that Sen2-Agri requires of in-situ data, written reproducibly."""

import zipfile
from pathlib import Path

from osgeo import ogr, osr

from ..compute.errors import OutputError
from ..compute.scratch import scratch_folder
from .transforms import wkt_of

# Name, type and width of the attributes (their values: compute/insitu/codes.py).
FIELDS = (("ID", ogr.OFTInteger, 6), ("CROP", ogr.OFTInteger, 1), ("LC", ogr.OFTString, 70),
          ("CODE", ogr.OFTInteger, 8), ("IRRIGATION", ogr.OFTInteger, 1))
MAX_ID = 999_999
SUFFIXES = (".shp", ".shx", ".dbf", ".prj", ".cpg")

# Fixed date of zip members and of the DBF table: the earliest that a zip allows.
DATE = (1980, 1, 1)


def write_archive(path, name, rows, crs, check):
    """Write parcels as a zipped shapefile.

    Parameters
    ----------
    path : str
        Path of the zip.
    name : str
        Name of the shapefile in it, without suffix.
    rows : iterable of (QgsGeometry, tuple)
        Polygons, and the values of ``FIELDS``.
    crs : QgsCoordinateReferenceSystem
    check : callable
        Called for each parcel; raises Cancelled.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    with scratch_folder(path) as folder:
        file = Path(folder, "parcels.shp")
        _write_shapefile(str(file), rows, crs, check)
        try:
            with zipfile.ZipFile(path, "w") as archive:
                for suffix in SUFFIXES:
                    archive.writestr(zipfile.ZipInfo(name + suffix, (*DATE, 0, 0, 0)),
                                     file.with_suffix(suffix).read_bytes(), zipfile.ZIP_DEFLATED)
        except OSError as error:
            raise OutputError(f"{name}.zip cannot be written: {error.strerror}. Check the folder and the free space on "
                              "the disk.") from error


def _write_shapefile(file, rows, crs, check):
    reference = osr.SpatialReference()
    reference.ImportFromWkt(wkt_of(crs))
    dataset = ogr.GetDriverByName("ESRI Shapefile").CreateDataSource(file)
    # Compared with None, since an empty dataset or layer is false.
    layer = None if dataset is None else dataset.CreateLayer(
        "parcels", reference, ogr.wkbPolygon,
        ["ENCODING=UTF-8", "DBF_DATE_LAST_UPDATE={:04d}-{:02d}-{:02d}".format(*DATE)])
    if layer is None:
        raise OutputError("The shapefile cannot be written to the temporary folder. Check the free space on "
                          "the disk.")
    for name, kind, width in FIELDS:
        field = ogr.FieldDefn(name, kind)
        field.SetWidth(width)
        layer.CreateField(field)
    for geometry, values in rows:
        check()
        feature = ogr.Feature(layer.GetLayerDefn())
        feature.SetGeometryDirectly(ogr.CreateGeometryFromWkb(bytes(geometry.asWkb())))
        for index, value in enumerate(values):
            feature.SetField(index, value)
        if layer.CreateFeature(feature) != ogr.OGRERR_NONE:
            raise OutputError("The shapefile cannot be written. Check the free space on the disk.")
    layer = None
    dataset = None
