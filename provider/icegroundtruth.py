"""Ice charts as ground truth: prepared as the tool for charts does it, then read as plain polygons."""

import json
import os
import tempfile
from datetime import date

from osgeo import ogr
from qgis.core import QgsCoordinateReferenceSystem, QgsProcessingUtils

from ..compute.icechart.summary import PREPARED
from ..compute.progress import WarningsOnly
from ..compute.seaice.charts import Chart, ChartPolygon
from .areas import area_from_source
from .chartbatch import prepare_charts


def read_charts(paths, settings, places, land_buffer, context, progress):
    """Decode charts and bring them to the CRS of the scenes, whether they were prepared before or not.

    Parameters
    ----------
    paths : sequence of str
    settings : ChartSettings
    places : tuple
        (WKT of the CRS of the scenes, CRS of charts that tell none, which may be invalid).
    land_buffer : float
        Metres by which the land of the charts reaches into the sea.
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    charts : tuple of Chart
    notes : list of str
        What is to be said of them.

    Raises
    ------
    PlainError
        If none can be used.
    """
    crs_wkt, source_crs = places
    crs = QgsCoordinateReferenceSystem.fromWkt(crs_wkt)
    with tempfile.TemporaryDirectory(dir=QgsProcessingUtils.tempFolder()) as folder:
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
    """Polygons of a layer as land; first among the charts of a scene, it wins over them.

    Parameters
    ----------
    source : QgsFeatureSource or None

    Returns
    -------
    tuple of Chart
        One, or none without a layer.
    """
    if source is None:
        return ()
    area = area_from_source(source)
    return (Chart("land", date.min, area.crs_wkt, tuple(ChartPolygon(shape, 0, True) for shape in area.geometries)),)
