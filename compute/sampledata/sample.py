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
        Such as EPSG:32631, or a definition that begins with ``PROJ:``.
    fields : tuple of (str, type)
        Name and Python type (int, float or str) of each attribute.
    rows : tuple of (dict, tuple)
        GeoJSON geometry and attribute values.
    folder : str
        Where it goes, inside the sample's folder.
    is_zipped : bool
        Whether it becomes a zipped shapefile, as ice services publish them, and not a GeoPackage.
    """

    name: str
    crs: str
    fields: tuple
    rows: tuple
    folder: str = ""
    is_zipped: bool = False


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
    charts_folder : str
        Where ice charts will be, inside the sample's folder; empty if there are none.
    area : str
        File with the area of interest, inside the sample's folder; empty if there is none.
    """

    products_folder: str
    products: tuple
    tables: tuple
    summary: str
    charts_folder: str = ""
    area: str = ""
