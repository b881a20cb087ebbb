"""Reference parcels or points, and legends of class maps from their side files."""

import os

from osgeo import gdal
from qgis.core import (
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsProcessingException,
    QgsWkbTypes,
)

from ..compute.accuracy.validation_data import Point
from ..compute.classmap.class_legend import LegendEntry, entries_from_qml, entries_from_table
from ..compute.errors import UnsuitableInput
from ..vector.parcel_geometry import UNCHECKED
from ..vector.transforms import require_crs, transformed_point
from .parcel_inputs import class_code, require_field
from .raster_inputs import crs_of_rasters

GEOMETRY = QgsWkbTypes.GeometryType


def reference_source(algorithm, parameters, name, context):
    """Return the features of a reference layer; call it in ``prepareAlgorithm``.

    Returns
    -------
    source : QgsProcessingFeatureSource
    is_points : bool

    Raises
    ------
    QgsProcessingException
        If there is no such layer.
    UnsuitableInput
        If it is neither a polygon nor a point layer, or has no coordinate reference system.
    """
    source = algorithm.parameterAsSource(parameters, name, context)
    if source is None:
        raise QgsProcessingException(algorithm.invalidSourceError(parameters, name))
    geometry_type = QgsWkbTypes.geometryType(source.wkbType())
    if geometry_type not in (GEOMETRY.PointGeometry, GEOMETRY.PolygonGeometry):
        raise UnsuitableInput(f"{name} must be a polygon layer (parcels) or a point layer, but the geometry type of "
                              f"{source.sourceName()} is {QgsWkbTypes.displayString(source.wkbType())}.")
    require_crs(source.sourceCrs(), source.sourceName())
    return source, geometry_type == GEOMETRY.PointGeometry


def points_of(source, field, crs_wkt, context, progress):
    """Read the points of a feature source, in the CRS of the map; each point of a multi-point counts.

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
        Messages about omitted points.

    Raises
    ------
    MissingInput, UnsuitableInput
        If the field does not exist, or no point can be used.
    """
    column = require_field(source, field)
    transform = QgsCoordinateTransform(source.sourceCrs(), crs_of_rasters(crs_wkt), context.transformContext())
    points, unlabelled, untransformed = [], 0, 0
    count = max(source.featureCount(), 1)
    for number, feature in enumerate(source.getFeatures(QgsFeatureRequest(), UNCHECKED)):
        progress.step(min(number / count, 1.0))
        code = class_code(feature.attributes()[column])
        coordinates = [transformed_point(vertex, transform) for vertex in feature.geometry().vertices()]
        unlabelled += not code
        untransformed += bool(code) and (not coordinates or None in coordinates)
        if code:
            points += [Point((feature.id(), part), code, *xy) for part, xy in enumerate(coordinates) if xy]
    if not points:
        raise UnsuitableInput(
            f"The class field {field} of {source.sourceName()} is empty in all {unlabelled} points. Choose the field "
            "with the class, or fill it." if unlabelled else
            f"{source.sourceName()} contains no point that can be transformed to the CRS of the map. Check the "
            "coordinate reference system and the filter of the layer; if only selected features are used, select some.")
    notes = []
    if unlabelled:
        notes.append(f"{unlabelled} points have no class (empty class field) and were left out.")
    if untransformed:
        notes.append(f"{untransformed} points have no coordinates in the CRS of the map and were left out.")
    return tuple(points), notes


def legend_of(path):
    """Read the legend of a raster: attribute table, style file beside it, category names, colour table.

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
    # A table without a value column, as ArcGIS and Erdas write it: the row number is the value.
    return entries_from_table(["value", *names], [[str(number), *row] for number, row in enumerate(rows)])


def _from_style(path):
    if not os.path.isfile(path):
        return ()
    with open(path, encoding="utf-8", errors="replace") as style:
        return entries_from_qml(style.read())
