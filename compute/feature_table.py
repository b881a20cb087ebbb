"""Rows about parcels or points with fields, for vector outputs.

Other outputs of an assessment: the confusion matrix for Orfeo Toolbox and the table of parcels with errors.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class FeatureTable:
    """Rows about parcels or points, for a vector layer.

    Parameters
    ----------
    fields : tuple of (str, type)
        Name and Python type of each attribute.
    rows : tuple of (Parcel or Point, tuple)
        Parcel or point of each row, and its attributes.
    """

    fields: tuple
    rows: tuple


def feature_number(unit):
    """Feature number of a parcel or point in its layer; with the layer name if there are several layers."""
    identifier = unit.identifier
    if not isinstance(identifier, tuple):
        return str(identifier)
    layer, number = identifier
    return str(layer) if isinstance(layer, int) else f"{layer} {number}".strip()


@dataclass(frozen=True)
class VectorTable:
    """Polygons with attributes, to be written as a vector file by the caller.

    Parameters
    ----------
    name : str
        File name without extension.
    crs : str
        Such as EPSG:32631, or a definition that begins with ``PROJ:``.
    fields : tuple of (str, type)
        Name and Python type (int, float or str) of each attribute.
    rows : tuple of (dict, tuple)
        GeoJSON geometry and attribute values.
    folder : str
        Subfolder of the sample.
    is_zipped : bool
        Whether to write a zipped shapefile, as ice services publish, instead of a GeoPackage.
    """

    name: str
    crs: str
    fields: tuple
    rows: tuple
    folder: str = ""
    is_zipped: bool = False
