"""Ice charts as reference data: prepared as by ``prepareicecharts``, then read as plain polygons."""

import json
import os
from datetime import date

from osgeo import ogr
from qgis.core import QgsCoordinateReferenceSystem

from ..compute.icechart.chart_summary import PREPARED
from ..compute.progress import WarningsOnly
from ..compute.scratch import scratch_folder
from ..compute.seaice.chart_reference import Chart, ChartPolygon
from .areas import area_from_source
from .chart_preparation import prepare_charts


def read_charts(paths, settings, crs_pair, land_buffer, output, context, progress):
    """Read raw or prepared charts, decoded and in the CRS of the scenes.

    Parameters
    ----------
    paths : sequence of str
    settings : ChartSettings
    crs_pair : tuple
        (WKT of the CRS of the scenes, CRS of charts without CRS information, which may be invalid).
    land_buffer : float
        Buffer of the land polygons of the charts in metres.
    output : str
        Output folder of the run, on whose disk the charts are prepared.
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    charts : tuple of Chart
    notes : list of str
        Remarks on the charts, for the report.

    Raises
    ------
    PlainError
        If no chart can be used.
    """
    crs_wkt, source_crs = crs_pair
    crs = QgsCoordinateReferenceSystem.fromWkt(crs_wkt)
    with scratch_folder(output) as folder:
        outcomes = prepare_charts(paths, os.path.join(folder, "charts"), settings, (crs, source_crs, None), context,
                                  WarningsOnly(progress))
        charts = tuple(_read(os.path.join(folder, "charts", outcome.output), outcome, crs_wkt, land_buffer)
                       for outcome in outcomes if outcome.status == PREPARED)
    notes = [f"{os.path.basename(outcome.chart)}: {remark}" for outcome in outcomes for remark in outcome.remarks]
    return charts, notes


def _read(path, outcome, crs_wkt, land_buffer):
    dataset = ogr.Open(path)
    layer = dataset.GetLayer(0)
    land, ice = [], []
    for feature in layer:
        shape = feature.GetGeometryRef()
        if shape is None or shape.IsEmpty():
            continue
        is_land = feature.GetField("poly_type") == "L"
        shape = shape.Buffer(land_buffer) if is_land and land_buffer else shape
        polygon = ChartPolygon(json.loads(shape.ExportToJson()), feature.GetField("class_value") or 0, is_land)
        (land if is_land else ice).append(polygon)
    name = os.path.splitext(os.path.basename(outcome.chart))[0]
    return Chart(name, date.fromisoformat(outcome.date), crs_wkt, (*land, *ice))


def land_chart(source):
    """Return the polygons of a land layer as a chart, which precedes the charts of a scene.

    Parameters
    ----------
    source : QgsFeatureSource or None

    Returns
    -------
    tuple of Chart
        One chart; empty without a layer.
    """
    if source is None:
        return ()
    area = area_from_source(source)
    return (Chart("land", date.min, area.crs_wkt, tuple(ChartPolygon(shape, 0, True) for shape in area.geometries)),)
