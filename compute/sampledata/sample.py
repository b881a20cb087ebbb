"""Contents of a sample of any kind."""

from dataclasses import dataclass


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


@dataclass(frozen=True)
class Sample:
    """A created sample.

    Parameters
    ----------
    products_folder : str
        Subfolder of the products.
    products : tuple of str
        Names of the products.
    tables : tuple of VectorTable
        Vector files still to be written.
    summary : str
        Contents of the sample and next steps, for the log.
    charts_folder : str
        Subfolder of the ice charts; empty if there are none.
    area : str
        File of the area of interest in the sample; empty if there is none.
    """

    products_folder: str
    products: tuple
    tables: tuple
    summary: str
    charts_folder: str = ""
    area: str = ""
