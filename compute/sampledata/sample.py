"""What a sample consists of, whatever its kind."""

from dataclasses import dataclass


@dataclass(frozen=True)
class VectorTable:
    """Polygons with attributes, to be written by whoever can write vector files.

    Parameters
    ----------
    name : str
        File name without extension.
    crs : str
        Such as EPSG:32631.
    fields : tuple of (str, type)
        Name and Python type (int or str) of each attribute.
    rows : tuple of (dict, tuple)
        GeoJSON geometry and attribute values.
    """

    name: str
    crs: str
    fields: tuple
    rows: tuple


@dataclass(frozen=True)
class Sample:
    """What was made.

    Parameters
    ----------
    products_folder : str
        Where the products are, inside the sample's folder.
    products : tuple of str
        Their names.
    tables : tuple of VectorTable
        Still to be written, into the sample's folder.
    summary : str
        What was made and where to go next.
    """

    products_folder: str
    products: tuple
    tables: tuple
    summary: str
