"""Reference data and maps made elsewhere: points as well as parcels, and what the values of a map mean."""

import os

from osgeo import gdal
from qgis.core import (
    QgsCoordinateTransform,
    QgsCsException,
    QgsFeatureRequest,
    QgsPointXY,
    QgsProcessingException,
    QgsProcessingFeatureSource,
    QgsWkbTypes,
)

from ..compute.accuracy.legend import LegendEntry, entries_from_qml, entries_from_table
from ..compute.accuracy.reference import Point
from ..compute.errors import MissingInput, UnsuitableInput
from .inputs import class_code, crs_of_rasters

GEOMETRY = QgsWkbTypes.GeometryType


def reference_source(algorithm, parameters, name, context):
    """The features of a reference layer; call it in ``prepareAlgorithm``.

    Returns
    -------
    source : QgsProcessingFeatureSource
    is_points : bool

    Raises
    ------
    QgsProcessingException
        If there is no such layer.
    UnsuitableInput
        If it holds lines, or has no coordinate reference system.
    """
    source = algorithm.parameterAsSource(parameters, name, context)
    if source is None:
        raise QgsProcessingException(algorithm.invalidSourceError(parameters, name))
    kind = QgsWkbTypes.geometryType(source.wkbType())
    if kind not in (GEOMETRY.PointGeometry, GEOMETRY.PolygonGeometry):
        raise UnsuitableInput(f"{name} must hold parcels (polygons) or points, but {source.sourceName()} holds: "
                              f"{QgsWkbTypes.displayString(source.wkbType())}.")
    if not source.sourceCrs().isValid():
        raise UnsuitableInput(f"{source.sourceName()} has no coordinate reference system. Assign the right one (Layer "
                              "properties > Source, or the tool 'Assign projection') and run again.")
    return source, kind == GEOMETRY.PointGeometry


def points_of(source, field, crs_wkt, context, progress):
    """The points of a feature source, in the CRS of the map; a multi-point counts once for each of its points.

    Parameters
    ----------
    source : QgsProcessingFeatureSource
    field : str
        Field with the class.
    crs_wkt : str
        CRS of the map.
    context : QgsProcessingContext
    progress : Progress

    Returns
    -------
    points : tuple of Point
    notes : list of str
        What was left out, in words.

    Raises
    ------
    MissingInput, UnsuitableInput
        If there is no such field, or no point can be used.
    """
    column = source.fields().lookupField(field)
    if column < 0:
        raise MissingInput(f"{source.sourceName()} has no field {field}. Its fields are: "
                           f"{', '.join(source.fields().names())}.")
    transform = QgsCoordinateTransform(source.sourceCrs(), crs_of_rasters(crs_wkt), context.transformContext())
    found, unlabelled, placeless = [], 0, 0
    count = max(source.featureCount(), 1)
    everything = QgsProcessingFeatureSource.Flag.FlagSkipGeometryValidityChecks
    for number, feature in enumerate(source.getFeatures(QgsFeatureRequest(), everything)):
        progress.step(min(number / count, 1.0))
        code = class_code(feature.attributes()[column])
        places = [_moved(vertex, transform) for vertex in feature.geometry().vertices()]
        unlabelled += not code
        placeless += bool(code) and (not places or None in places)
        if code:
            found += [Point((feature.id(), part), code, *place) for part, place in enumerate(places) if place]
    if not found:
        raise UnsuitableInput(
            f"The class field {field} of {source.sourceName()} is empty in all {unlabelled} points. Choose the field "
            "that holds the class, or fill it." if unlabelled else
            f"{source.sourceName()} holds no point that can be brought to the map. If only selected features are to be "
            "used, select some; check the filter of the layer and its coordinate reference system.")
    notes = []
    if unlabelled:
        notes.append(f"{unlabelled} points have no class (empty class field) and were left out.")
    if placeless:
        notes.append(f"{placeless} points have no place on the map and were left out.")
    return tuple(found), notes


def _moved(vertex, transform):
    """(x, y) in the other CRS, or None where that has no such place."""
    try:
        place = transform.transform(QgsPointXY(vertex.x(), vertex.y()))
    except QgsCsException:
        return None
    is_sound = abs(place.x()) < float("inf") and abs(place.y()) < float("inf")
    return (place.x(), place.y()) if is_sound else None


def legend_of(path):
    """What the files of a raster say about its values: attribute table, style beside it, category names.

    Parameters
    ----------
    path : str

    Returns
    -------
    tuple of LegendEntry
    """
    dataset = gdal.Open(path)
    if dataset is None:
        return ()
    band = dataset.GetRasterBand(1)
    entries = [*_from_attribute_table(band.GetDefaultRAT()), *_from_style(os.path.splitext(path)[0] + ".qml")]
    names = band.GetCategoryNames() or []
    entries += [LegendEntry(value, "", name) for value, name in enumerate(names) if name.strip()]
    colours = band.GetColorTable()
    if colours is not None:
        entries += [LegendEntry(value, "", "", tuple(colours.GetColorEntry(value)[:3]))
                    for value in range(colours.GetCount())]
    return tuple(entries)


def _from_attribute_table(table):
    if table is None:
        return ()
    names = [table.GetNameOfCol(column) for column in range(table.GetColumnCount())]
    rows = [[table.GetValueAsString(row, column) or "" for column in range(len(names))]
            for row in range(table.GetRowCount())]
    entries = entries_from_table(names, rows)
    if entries:
        return entries
    # A table that counts its rows as values, as ArcGIS and Erdas write it.
    return entries_from_table(["value", *names], [[str(place), *row] for place, row in enumerate(rows)])


def _from_style(path):
    if not os.path.isfile(path):
        return ()
    with open(path, encoding="utf-8", errors="replace") as style:
        return entries_from_qml(style.read())
