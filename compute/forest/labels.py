"""Ground truth from a raster of classes instead of parcels.

A raster does not say where a parcel ends. So its pixels are divided by square blocks: the pixels of one class in one
block train or judge together, and no pixel judges its neighbours in the same block.
"""

from dataclasses import replace

import numpy as np

from ..accuracy.legend import name_classes
from ..errors import GridMismatch, UnsuitableInput
from ..insitu.burn import NOBODY
from ..insitu.parcels import Parcel
from ..insitu.split import split_parcels
from ..raster.reader import RasterReader
from .features import grid_differences
from .ground import GroundTruth

# A raster with more values is none of classes.
MOST_CLASSES = 1000
SMALLEST_EDGE, LARGEST_EDGE = 8, 128
BLOCKS_ALONG = 16


class LabelMap:
    """Which group (pixels of one class in one block) a pixel belongs to; it answers as a :class:`ParcelMap` does.

    Parameters
    ----------
    reader : RasterReader
    edge : int
        Pixels along a block.
    values : ndarray of int64
        The values of the raster that are classes, sorted.
    groups : sequence of tuple of int
        (block, place in `values`) of each group, in the order of their numbers.
    """

    def __init__(self, reader, edge, values, groups):
        self.grid = reader.grid
        self._reader, self._edge, self._values = reader, edge, values
        self._across = -(-self.grid.width // edge)
        self._number_of = np.zeros(self._across * -(-self.grid.height // edge) * len(values), np.int32)
        for number, (block, place) in enumerate(groups, start=1):
            self._number_of[block * len(values) + place] = number

    def touches(self, window):
        """A raster of classes may have something to say everywhere."""
        return True

    def read(self, window):
        """The group of each pixel of a window, counted from 1; ``NOBODY`` without a class."""
        keys, valid = group_keys(self._reader, window, self._edge, self._values)
        return np.where(valid, self._number_of[keys], NOBODY).astype(np.int32)


def group_keys(reader, window, edge, values):
    """For each pixel block times the number of values plus the place of its value, and where it has one."""
    stored, valid = reader.read(window, [0])
    places = np.minimum(np.searchsorted(values, stored[0]), len(values) - 1)
    valid = valid[0] & (values[places] == stored[0])
    rows, columns = np.indices(window.shape)
    across = -(-reader.grid.width // edge)
    blocks = (rows + window.row) // edge * across + (columns + window.col) // edge
    return np.where(valid, blocks * len(values) + places, 0), valid


def survey_labels(stack, path, split_settings, progress, legend=()):
    """Find the classes of a raster, and divide its pixels.

    Parameters
    ----------
    stack : FeatureStack
    path : str
        A raster of whole numbers on the grid of the stack; nodata is no class, any other number is one.
    split_settings : SplitSettings
    progress : Progress
    legend : sequence of LegendEntry, optional
        What the numbers mean, as far as that is known.

    Returns
    -------
    GroundTruth
        Its parcels are groups of pixels without a geometry.
    reader : RasterReader
        To be closed when the ground truth is no longer used.

    Raises
    ------
    GridMismatch
        If the raster does not lie on the grid of the stack.
    UnsuitableInput
        If it holds no classes, or a single one.
    """
    reader = RasterReader(path)
    try:
        differences = grid_differences(stack.grid, reader.grid)
        if differences:
            raise GridMismatch(f"{stack.readers[0].path} and the class raster {path} do not share one pixel grid: "
                               f"{'; '.join(differences)}. Bring it to that grid first with the GDAL tool Warp.")
        if not np.issubdtype(np.dtype(reader.bands[0].dtype), np.integer):
            raise UnsuitableInput(f"{path} holds decimal numbers, but a raster of classes holds whole numbers. Round "
                                  "it with the raster calculator, and save it as a whole number type.")
        values = _values(reader, path, progress.part(0.0, 0.5))
        classes = name_classes(values, legend)
        return _divide(reader, values, classes, split_settings, progress.part(0.5, 1.0)), reader
    except BaseException:
        reader.close()
        raise


def _strips(reader):
    return list(reader.grid.blocks(256, reader.grid.width))


def _values(reader, path, progress):
    found = np.empty(0, np.int64)
    strips = _strips(reader)
    for place, window in enumerate(strips):
        progress.step(place / len(strips))
        stored, valid = reader.read(window, [0])
        found = np.union1d(found, stored[0][valid[0]].astype(np.int64))
        if len(found) > MOST_CLASSES:
            raise UnsuitableInput(f"{path} has more than {MOST_CLASSES} different values: it is no raster of classes.")
    if len(found) < 2:
        raise UnsuitableInput(f"{path} holds {'a single class' if len(found) else 'no class'}. A map needs at least "
                              "two classes; nodata is none.")
    return found


def _divide(reader, values, named, split_settings, progress):
    grid = reader.grid
    edge = int(np.clip(min(grid.shape) // BLOCKS_ALONG, SMALLEST_EDGE, LARGEST_EDGE))
    keys = np.empty(0, np.int64)
    strips = _strips(reader)
    for place, window in enumerate(strips):
        progress.step(place / len(strips))
        here, valid = group_keys(reader, window, edge, values)
        keys = np.union1d(keys, here[valid])
    groups = {int(key): Parcel(int(key), named[key % len(values)].code, None) for key in keys}
    split = split_parcels(groups.values(), split_settings)
    ordered = split.training + split.validation
    classes = tuple(replace(map_class, value=value) for value, map_class in enumerate(named, start=1))
    value_of = {map_class.code: map_class.value for map_class in classes}
    numbers = np.array([0, *(value_of[parcel.code] for parcel in ordered), 0], np.int64)
    is_training, is_validation = np.zeros(len(numbers), bool), np.zeros(len(numbers), bool)
    is_training[1:len(split.training) + 1] = True
    is_validation[len(split.training) + 1:-1] = True
    label_map = LabelMap(reader, edge, values, [divmod(parcel.identifier, len(values)) for parcel in ordered])
    return GroundTruth(classes, split.training, split.validation, split.unassessed, 0, 0, label_map, numbers,
                       is_training, is_validation)
