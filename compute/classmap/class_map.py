"""Class maps: layout, colours, attribute table and side files; maps derived from others; areas of classes.

The colour table is stored in the TIFF (Byte only: GDAL has no useful colour table for wider types), category names and
attribute table in ``.aux.xml`` for GDAL, and a paletted style with the existing classes in ``.qml`` for QGIS. A map
derived from another inherits values, nodata, colours, names and training record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsuitableInput
from ..raster.blocks import run_blocks
from ..raster.grid import row_areas
from ..raster.raster_styles import paletted_qml, printable
from ..raster.writer import RasterLayout
from ..templates import render_template
from .class_legend import name_classes
from .classes import MAX_BYTE_CLASSES
from .training_record import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Executor

    from numpy.typing import NDArray

    from ..progress import Progress
    from ..raster.grid import Grid, Window
    from ..raster.reader import RasterReader
    from .class_legend import LegendEntry
    from .classes import MapClass

NODATA = 0

# Edge of the processing blocks; a multiple of an output tile.
EDGE = 512

# A raster with more values is not a class map.
MAX_VALUES = 5000

# Values below this are counted, which is faster than sorting.
MAX_COUNTED = 65536

# Category names and attribute tables list every value up to the maximum.
MAX_LISTED_VALUE = 65535


def categorical_layout(grid: Grid, classes: Sequence[MapClass], band_name: str, tags: dict[str, str] | None = None
                       ) -> RasterLayout:
    """Return the layout of a class map: one band, nodata 0, Byte (UInt16 above 254 classes).

    Parameters
    ----------
    grid : Grid
    classes : tuple of MapClass
    band_name : str
    tags : dict of str to str, optional
        Metadata of the file.

    Returns
    -------
    RasterLayout
    """
    is_byte = max((c.value for c in classes), default=0) <= MAX_BYTE_CLASSES
    table = {NODATA: (0, 0, 0, 0), **{c.value: (*c.colour, 255) for c in classes}} if is_byte else {}
    return RasterLayout(grid=grid, dtype="uint8" if is_byte else "uint16", band_names=(band_name,), nodata=NODATA,
                        tags=dict(tags or {}), colours=table)


def categorical_side_files(classes: Sequence[MapClass], band_name: str) -> dict[str, str]:
    """Return the side files of a class map.

    Parameters
    ----------
    classes : tuple of MapClass
    band_name : str

    Returns
    -------
    dict of str to str
        Text of the files by suffix (``.aux.xml`` and ``.qml``), for :func:`~..raster.writer.create_raster`.
    """
    return {".aux.xml": attribute_table_xml(classes, band_name), ".qml": paletted_qml(classes)}


def attribute_table_xml(classes: Sequence[MapClass], band_name: str) -> str:
    """Return GDAL's auxiliary XML: category names and a thematic attribute table VALUE, CODE, LABEL, RED, GREEN, BLUE.

    Types and usages of the columns are GDAL's ``GDALRATFieldType`` and ``GDALRATFieldUsage``.
    """
    names = {each.value: printable(each.label) for each in classes}
    return render_template(
        "attribute_table.aux.xml", band_name=printable(band_name),
        names=[names.get(value, "") for value in range(max(names, default=0) + 1)],
        rows=[(each.value, printable(each.code), printable(each.label), *each.colour) for each in classes])


def as_integers(values: NDArray, path: str) -> NDArray[np.int64]:
    """Class values as int64.

    Raises
    ------
    UnsuitableInput
        If they are not integers.
    """
    if values.dtype.kind in "iub":
        return values.astype(np.int64)
    rounded = np.rint(values)
    if (rounded != values).any() or (np.abs(rounded) > 2 ** 53).any():
        raise UnsuitableInput(f"{path} is not a class map: the value "
                              f"{values[rounded != values][0] if (rounded != values).any() else values[0]:g} is not an "
                              "integer. Choose a raster of classes.")
    return rounded.astype(np.int64)


def read_classes(reader: RasterReader, window: Window) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
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


def unique_values(values: NDArray[np.int64]) -> NDArray[np.int64]:
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


def class_areas(indices: NDArray[np.integer], count: int, grid: Grid, window: Window,
                valid: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """Return the area of each class in a window: the sum over its pixels.

    Parameters
    ----------
    indices : ndarray of int, shape (pixels,)
        Class index or value of the pixels of the window, row by row.
    count : int
        Number of classes.
    grid : Grid
    window : Window
    valid : ndarray of bool, shape (height * width,), optional
        Pixels of the window that `indices` contains; all by default.

    Returns
    -------
    ndarray of float64, shape (count,)
        Square metres, as of :func:`~..raster.grid.row_areas`.
    """
    areas = row_areas(grid, window)
    if (areas == areas[0]).all():
        return np.bincount(indices, minlength=count) * areas[0]
    weights = np.repeat(areas, window.width)
    return np.bincount(indices, weights if valid is None else weights[valid], minlength=count)


def class_values(reader: RasterReader, executor: Executor, progress: Progress) -> list[int]:
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


def classes_of(values: Iterable[int], entries: Sequence[LegendEntry]) -> tuple[MapClass, ...]:
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


def layout_like(reader: RasterReader, classes: Sequence[MapClass], nodata: float | None = None
                ) -> tuple[RasterLayout, dict[str, str]]:
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


def unused_value(values: Iterable[int], dtype: str) -> int | None:
    """An unused value of the data type for nodata; preferably 0.

    Returns
    -------
    int or None
    """
    limits = np.iinfo(dtype)
    used = set(values)
    choices = (0, limits.max, limits.min, *range(min(limits.max, MAX_BYTE_CLASSES)))
    return next((value for value in choices if value not in used), None)


def with_nodata(values: NDArray[np.int64], valid: NDArray[np.bool_], layout: RasterLayout) -> NDArray:
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


def _fits(value: float, dtype: str) -> bool:
    limits = np.iinfo(dtype)
    return float(value).is_integer() and limits.min <= value <= limits.max


def _inherited_tags(tags: dict[str, str]) -> dict[str, str]:
    """Metadata that remain valid for a derived map; AREA_OR_POINT is written by GDAL."""
    return {name: text for name, text in tags.items() if name != "AREA_OR_POINT" and not name.startswith("TIFFTAG_")}
