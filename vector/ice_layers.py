"""Vector layers derived from ice maps: draft charts in SIGRID-3 and the ice edge."""

import json
import os

from osgeo import gdal, ogr, osr

from ..compute.errors import OutputError
from ..compute.seaice.draft_chart import CODES

# Fixed time of writing, for reproducible files.
WRITTEN = "2020-01-01"
CHART_FIELDS = (("AREA", ogr.OFTReal, 26, 4), ("PERIMETER", ogr.OFTReal, 26, 4),
                *((code, ogr.OFTString, 4, 0) for code in CODES), ("POLY_TYPE", ogr.OFTString, 1, 0),
                ("PIXELS", ogr.OFTInteger64, 12, 0))
EDGE_FIELDS = (("scene", ogr.OFTString), ("date", ogr.OFTDate), ("length_km", ogr.OFTReal))


def write_draft_chart(path, areas, grid):
    """Write a draft chart as a shapefile in SIGRID-3.

    Parameters
    ----------
    path : str
        Output file (.shp).
    areas : list of DraftArea
    grid : Grid
        Grid of the scene; areas are clipped to its extent.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    layer = _Layer(path, "ESRI Shapefile", ogr.wkbPolygon, grid.crs_wkt, [f"DBF_DATE_LAST_UPDATE={WRITTEN}"])
    with layer:
        for name, kind, width, decimals in CHART_FIELDS:
            layer.add_field(name, kind, width, decimals)
        west, south, east, north = grid.bounds
        extent = ogr.CreateGeometryFromWkt(f"POLYGON(({west} {south},{east} {south},{east} {north},{west} {north},"
                                          f"{west} {south}))")
        for area in areas:
            shape = ogr.CreateGeometryFromJson(json.dumps(area.geometry))
            shape = shape if extent.Contains(shape) else shape.Intersection(extent)
            if shape is not None and shape.GetArea() > 0:
                layer.add(shape, (shape.GetArea(), _perimeter(shape), *area.codes, area.poly_type, area.pixels))


def write_ice_edges(path, edges, crs_wkt):
    """Write the ice edges of all scenes as a GeoPackage.

    Parameters
    ----------
    path : str
        Output file (.gpkg).
    edges : sequence of (RadarScene, list of lines)
    crs_wkt : str

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    layer = _Layer(path, "GPKG", ogr.wkbLineString, crs_wkt, [])
    with layer:
        for name, kind in EDGE_FIELDS:
            layer.add_field(name, kind)
        for scene, lines in edges:
            for line in lines:
                shape = ogr.Geometry(ogr.wkbLineString)
                for x, y in line:
                    shape.AddPoint_2D(x, y)
                layer.add(shape, (scene.name, scene.day.strftime("%Y/%m/%d"), round(shape.Length() / 1000, 3)))


def _perimeter(shape):
    line = shape.Boundary()
    return line.Length() if line is not None else 0.0


class _Layer:
    """Context manager of a layer in a new file; errors of OGR are raised when it is closed."""

    def __init__(self, path, driver, kind, crs_wkt, options):
        self._path = path
        self._previous_date = gdal.GetThreadLocalConfigOption("OGR_CURRENT_DATE")
        gdal.SetThreadLocalConfigOption("OGR_CURRENT_DATE", f"{WRITTEN}T00:00:00.000Z")
        gdal.ErrorReset()
        reference = osr.SpatialReference()
        reference.ImportFromWkt(crs_wkt)
        reference.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
        self._dataset = ogr.GetDriverByName(driver).CreateDataSource(path)
        if self._dataset is None:
            raise self._write_error()
        name = os.path.splitext(os.path.basename(path))[0]
        self._layer = self._dataset.CreateLayer(name, reference, kind, options)

    def __enter__(self):
        self._layer.StartTransaction()
        return self

    def __exit__(self, kind, error, trace):
        self._layer.CommitTransaction()
        self._layer = self._dataset = None
        gdal.SetThreadLocalConfigOption("OGR_CURRENT_DATE", self._previous_date)
        if kind is None and gdal.GetLastErrorType() >= gdal.CE_Failure:
            raise self._write_error()

    def add_field(self, name, kind, width=0, decimals=0):
        definition = ogr.FieldDefn(name, kind)
        definition.SetWidth(width)
        definition.SetPrecision(decimals)
        self._layer.CreateField(definition)

    def add(self, shape, values):
        feature = ogr.Feature(self._layer.GetLayerDefn())
        feature.SetGeometry(shape)
        for number, value in enumerate(values):
            feature.SetField(number, value)
        self._layer.CreateFeature(feature)

    def _write_error(self):
        return OutputError(f"{self._path} cannot be written: {gdal.GetLastErrorMsg() or 'the disk may be full'}. Check "
                           "the folder and the free space.")
