"""Conversion of QGIS inputs to plain values: raster layers to paths, features to parcels.

Functions that use layers belong in ``prepareAlgorithm``, functions that read features in ``processAlgorithm``.
"""

from __future__ import annotations

import os
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsMapLayer,
    QgsProcessingAlgorithm,
    QgsProcessingContext,
    QgsProcessingUtils,
    QgsProperty,
    QgsRasterLayer,
)

from ..compute.errors import MissingInput, UnsuitableInput
from .parameters import is_given, is_null


def raster_path(layer):
    """Return the path with which GDAL opens a raster layer.

    Parameters
    ----------
    layer : QgsMapLayer

    Returns
    -------
    str

    Raises
    ------
    UnsuitableInput
        If it is no raster, or one that is not in a file (WMS, a data base ...).
    """
    if not isinstance(layer, QgsRasterLayer):
        raise UnsuitableInput(f"{layer.name()} is not a raster layer.")
    provider = layer.dataProvider()
    if provider is None or provider.name() != "gdal":
        kind = provider.name() if provider else "unknown"
        raise UnsuitableInput(f"{layer.name()} is not a raster file (data provider: {kind}). Save it as a GeoTIFF "
                              "first: Layer > Save As.")
    # QGIS appends its own options (credentials, opening options) after a bar.
    path = layer.source().partition("|")[0]
    if path.startswith("MEM:"):
        raise UnsuitableInput(f"{layer.name()} exists in memory only. Save it as a GeoTIFF first: Layer > Save As.")
    if path.lower().endswith(".zip") and os.path.isfile(path):
        return f"/vsizip/{path}"
    return path


def optional_raster_path(algorithm: QgsProcessingAlgorithm, parameters: dict[str, Any], name: str,
                         context: QgsProcessingContext) -> str:
    """Return the path of a raster parameter; empty if it is not given.

    Raises
    ------
    UnsuitableInput
        If the layer is not in a file.
    """
    layer = algorithm.parameterAsRasterLayer(parameters, name, context) if is_given(parameters.get(name)) else None
    return raster_path(layer) if layer is not None else ""


def raster_paths(algorithm, parameters, name, context):
    """Return the paths of a parameter for several rasters; QGIS itself skips those that it cannot load.

    Returns
    -------
    tuple of str

    Raises
    ------
    MissingInput, UnsuitableInput
        If a layer cannot be used, or is given twice.
    """
    paths = tuple(raster_path(layer) for layer in layers_of(algorithm, parameters, name, context))
    repeated = sorted({path for path in paths if paths.count(path) > 1})
    if repeated:
        raise UnsuitableInput(f"{repeated[0]} is given twice in {name}. Give each raster once.")
    return paths


def layers_of(algorithm, parameters, name, context):
    """Return all layers of a parameter for several layers.

    Returns
    -------
    list of QgsMapLayer
        Empty if the parameter is empty.

    Raises
    ------
    MissingInput
        If a layer cannot be loaded.
    """
    layers = algorithm.parameterAsLayerList(parameters, name, context)
    if len(layers) < len(_flat(parameters.get(name))):
        raise MissingInput(unloadable_layers(parameters, name, context) or f"Some layers of {name} do not exist.")
    return layers


def unloadable_layers(parameters, name, context):
    """Return a message about the layers of a parameter that cannot be loaded; empty if there are none."""
    unloadable = [str(value) for value in _flat(parameters.get(name)) if not _is_loadable(value, context)]
    return (f"Not all layers of {name} can be loaded: {', '.join(unloadable)}. Check that the files exist and that "
            "QGIS can open them.") if unloadable else ""


def _flat(value):
    """Flatten the value of a parameter for several layers; empty for an expression, whose layers only QGIS can list."""
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in _flat(part)]
    return [] if is_null(value) or isinstance(value, QgsProperty) else [value]


def _is_loadable(value, context):
    return isinstance(value, QgsMapLayer) or QgsProcessingUtils.mapLayerFromString(str(value), context) is not None


def crs_of_rasters(wkt):
    """Return the CRS of rasters; raise UnsuitableInput where it is missing."""
    crs = QgsCoordinateReferenceSystem.fromWkt(wkt)
    if not crs.isValid():
        raise UnsuitableInput("The rasters have no coordinate reference system, so pixels cannot be assigned to "
                              "parcels. Assign one with the GDAL tool 'Assign projection'.")
    return crs
