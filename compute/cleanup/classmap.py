"""Class maps derived from others: values, nodata, colours, names and training record are inherited."""

import numpy as np

from ..accuracy.legend import name_classes
from ..accuracy.record import DOMAIN
from ..accuracy.reference import as_integers
from ..classes import MAX_BYTE_CLASSES
from ..errors import GridMismatch, UnsuitableInput
from ..forest.features import grid_differences
from ..raster.blocks import run_blocks
from ..raster.categorical import attribute_table_xml
from ..raster.qml import paletted_qml
from ..raster.writer import RasterLayout

# Edge of the processing blocks; a multiple of an output tile.
EDGE = 512
# A raster with more values is not a class map.
MAX_VALUES = 5000
# Values below this are counted, which is faster than sorting.
MAX_COUNTED = 65536
# Category names and attribute tables list every value up to the maximum.
MAX_LISTED_VALUE = 65535


def read_classes(reader, window):
    """Class values of a window, which may extend outside the map.

    Parameters
    ----------
    reader : RasterReader
    window : Window

    Returns
    -------
    values : ndarray of int64, shape (height, width)
        0 for pixels without a class.
    valid : ndarray of bool, same shape

    Raises
    ------
    UnsuitableInput
        If the raster has non-integer values.
    """
    stored, valid = reader.read(window, [0])
    return as_integers(np.where(valid[0], stored[0], 0), reader.path), valid[0]


def unique_values(values):
    """Sorted unique values of an array.

    Parameters
    ----------
    values : ndarray of int64

    Returns
    -------
    ndarray of int64
    """
    if values.size and values.min() >= 0 and values.max() < MAX_COUNTED:
        return np.flatnonzero(np.bincount(values.ravel()))
    return np.unique(values)


def class_values(reader, executor, progress):
    """All class values of a map.

    Parameters
    ----------
    reader : RasterReader
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    list of int
        Sorted.

    Raises
    ------
    UnsuitableInput
        If it is not a class map, or empty.
    """
    found = set()

    def work(window):
        values, valid = read_classes(reader, window)
        return unique_values(values[valid]).tolist()

    def finish(window, values):
        found.update(values)
        if len(found) > MAX_VALUES:
            raise UnsuitableInput(f"{reader.path} is not a class map: it has thousands of different values. Choose a "
                                  "raster of classes.")

    run_blocks(reader.grid.blocks(EDGE, EDGE), work, finish, executor, progress)
    if not found:
        raise UnsuitableInput(f"{reader.path} contains no class: all pixels are nodata.")
    return sorted(found)


def classes_of(values, entries):
    """The classes of a map; empty if the entries describe none of its values.

    Parameters
    ----------
    values : list of int
    entries : sequence of LegendEntry
        Legend entries of the map.

    Returns
    -------
    tuple of MapClass
    """
    described = {entry.value for entry in entries if entry.label or entry.code or entry.colour}
    return name_classes(values, entries) if described & set(values) else ()


def layout_like(reader, classes, nodata=None):
    """Layout and side files for a map with the same classes and style.

    Parameters
    ----------
    reader : RasterReader
        The original map.
    classes : tuple of MapClass
    nodata : float, optional
        Used if the map has none.

    Returns
    -------
    layout : RasterLayout
    side_files : dict of str to str
    """
    band = reader.bands[0]
    nodata = band.nodata if band.nodata is not None else nodata
    dtype = band.dtype if np.dtype(band.dtype).kind in "iu" else "int32"
    if nodata is not None and not _fits(nodata, dtype):
        nodata = None
    record = reader.domain_tags(DOMAIN)
    colours = {}
    if dtype == "uint8" and classes:
        colours = {each.value: (*each.colour, 255) for each in classes}
        if nodata is not None:
            colours[int(nodata)] = (0, 0, 0, 0)
    layout = RasterLayout(reader.grid, dtype, (band.name,), nodata=nodata, colours=colours,
                          tags=_inherited_tags(reader.tags),
                          domain_tags={DOMAIN: record} if record else {})
    if not classes:
        return layout, {}
    side_files = {".qml": paletted_qml(classes)}
    if classes[0].value >= 0 and classes[-1].value <= MAX_LISTED_VALUE:
        side_files[".aux.xml"] = attribute_table_xml(classes, band.name)
    return layout, side_files


def unused_value(values, dtype):
    """An unused value of the data type for nodata; preferably 0.

    Returns
    -------
    int or None
    """
    limits = np.iinfo(dtype)
    used = set(values)
    choices = (0, limits.max, limits.min, *range(min(limits.max, MAX_BYTE_CLASSES)))
    return next((value for value in choices if value not in used), None)


def require_same_grid(first, other):
    """Raise an error if two rasters do not have the same grid.

    Parameters
    ----------
    first, other : RasterReader

    Raises
    ------
    GridMismatch
    """
    differences = grid_differences(first.grid, other.grid)
    if differences:
        raise GridMismatch(f"The grids of {first.path} and {other.path} differ: {'; '.join(differences)}. Use rasters "
                           "of the same run.")


def with_nodata(values, valid, layout):
    """Values in the data type of the layout, with its nodata where they are not valid.

    Parameters
    ----------
    values : ndarray of int64, shape (height, width)
    valid : ndarray of bool, same shape
    layout : RasterLayout

    Returns
    -------
    ndarray, shape (1, height, width)
    """
    missing = 0 if layout.nodata is None else int(layout.nodata)
    return np.where(valid, values, missing).astype(layout.dtype)[np.newaxis]


def _fits(value, dtype):
    limits = np.iinfo(dtype)
    return float(value).is_integer() and limits.min <= value <= limits.max


def _inherited_tags(tags):
    """Metadata that remain valid for a derived map; AREA_OR_POINT is written by GDAL."""
    return {name: text for name, text in tags.items() if name != "AREA_OR_POINT" and not name.startswith("TIFFTAG_")}
