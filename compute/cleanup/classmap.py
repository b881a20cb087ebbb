"""A class map keeps its face: what is made of it has the same values, nodata, colours, names and training record."""

import numpy as np

from ..accuracy.legend import name_classes
from ..accuracy.record import DOMAIN
from ..accuracy.reference import whole
from ..classes import MOST_BYTE_CLASSES
from ..errors import GridMismatch, UnsuitableInput
from ..forest.features import grid_differences
from ..raster.blocks import run_blocks
from ..raster.categorical import attribute_table_xml
from ..raster.qml import paletted_qml
from ..raster.writer import RasterLayout

# Blocks of work; a multiple of an output tile.
EDGE = 512
# More values than this are a measurement that was chosen by mistake.
MOST_VALUES = 5000
# Values below this are counted, which is faster than to sort them.
MOST_COUNTED = 65536
# Category names and attribute tables list every value up to the largest.
LARGEST_LISTED = 65535


def read_classes(reader, window):
    """Class values of a window, which may reach outside the map.

    Parameters
    ----------
    reader : RasterReader
    window : Window

    Returns
    -------
    values : ndarray of int64, shape (height, width)
        0 where there is no class.
    valid : ndarray of bool, same shape

    Raises
    ------
    UnsuitableInput
        If the raster holds decimal numbers.
    """
    stored, valid = reader.read(window, [0])
    return whole(np.where(valid[0], stored[0], 0), reader.path), valid[0]


def distinct(values):
    """The different values of an array, in rising order.

    Parameters
    ----------
    values : ndarray of int64

    Returns
    -------
    ndarray of int64
    """
    if values.size and values.min() >= 0 and values.max() < MOST_COUNTED:
        return np.flatnonzero(np.bincount(values.ravel()))
    return np.unique(values)


def values_in(reader, executor, progress):
    """Every class of a map.

    Parameters
    ----------
    reader : RasterReader
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    list of int
        In rising order.

    Raises
    ------
    UnsuitableInput
        If it is no class map, or empty.
    """
    found = set()

    def work(window):
        values, valid = read_classes(reader, window)
        return distinct(values[valid]).tolist()

    def finish(window, values):
        found.update(values)
        if len(found) > MOST_VALUES:
            raise UnsuitableInput(f"{reader.path} is no class map: it holds thousands of different values. Choose the "
                                  "raster with the classes.")

    run_blocks(reader.grid.blocks(EDGE, EDGE), work, finish, executor, progress)
    if not found:
        raise UnsuitableInput(f"{reader.path} holds no class: every pixel is without data.")
    return sorted(found)


def classes_of(values, entries):
    """The classes of a map; none where nothing is known of them but their numbers.

    Parameters
    ----------
    values : list of int
    entries : sequence of LegendEntry
        What the files of the map say.

    Returns
    -------
    tuple of MapClass
    """
    told = {entry.value for entry in entries if entry.label or entry.code or entry.colour}
    return name_classes(values, entries) if told & set(values) else ()


def like(reader, classes, nodata=None):
    """Layout and side files of a map with the same face.

    Parameters
    ----------
    reader : RasterReader
        The map it is made of.
    classes : tuple of MapClass
    nodata : float, optional
        Where the map has none.

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
    layout = RasterLayout(reader.grid, dtype, (band.name,), nodata=nodata, colours=colours, tags=_lasting(reader.tags),
                          domain_tags={DOMAIN: record} if record else {})
    if not classes:
        return layout, {}
    side_files = {".qml": paletted_qml(classes)}
    if classes[0].value >= 0 and classes[-1].value <= LARGEST_LISTED:
        side_files[".aux.xml"] = attribute_table_xml(classes, band.name)
    return layout, side_files


def free_value(values, dtype):
    """A number of the type that is none of the values, for nodata: 0 if it is free.

    Returns
    -------
    int or None
    """
    limits = np.iinfo(dtype)
    taken = set(values)
    choices = (0, limits.max, limits.min, *range(min(limits.max, MOST_BYTE_CLASSES)))
    return next((value for value in choices if value not in taken), None)


def require_same_grid(first, other):
    """Refuse two rasters that do not share one pixel grid.

    Parameters
    ----------
    first, other : RasterReader

    Raises
    ------
    GridMismatch
    """
    differences = grid_differences(first.grid, other.grid)
    if differences:
        raise GridMismatch(f"{first.path} and {other.path} do not share one pixel grid: {'; '.join(differences)}. Take "
                           "the two rasters of one run.")


def with_nodata(values, valid, layout):
    """Values as the layout stores them, with its nodata where they are not valid.

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


def _lasting(tags):
    """Metadata that still holds for what is made of the map; GDAL writes AREA_OR_POINT itself."""
    return {name: text for name, text in tags.items() if name != "AREA_OR_POINT" and not name.startswith("TIFFTAG_")}
