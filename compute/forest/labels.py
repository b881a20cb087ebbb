"""Ground truth from a raster of classes instead of parcels.

A raster does not say where a parcel ends. So its pixels are divided by square blocks: the pixels of one class in one
block train or judge together. Where they touch pixels of their class in the next block, both blocks go together: else
the parts of a field would judge each other. What then spreads over very many blocks is land cover rather than a field,
and is cut into large squares of blocks.
"""

from collections import Counter
from dataclasses import replace

import numpy as np

from ..accuracy.legend import name_classes
from ..errors import GridMismatch, UnsuitableInput
from ..insitu.burn import NO_PARCEL
from ..insitu.parcels import Parcel
from ..insitu.split import split_parcels
from ..raster.reader import RasterReader
from .features import grid_differences
from .ground import GroundTruth

# A raster with more values is none of classes.
MOST_CLASSES = 1000
SMALLEST_EDGE, LARGEST_EDGE = 8, 128
BLOCKS_ALONG = 32
# More blocks than any field covers: at 8 pixels of 10 m, 64 hectares.
MOST_BLOCKS = 100
# Blocks along the squares that land cover is cut into.
SQUARE = 8


class LabelMap:
    """Which group (pixels of one class in blocks that hang together) a pixel belongs to; it answers as a
    :class:`ParcelMap` does.

    Parameters
    ----------
    reader : RasterReader
    edge : int
        Pixels along a block.
    values : ndarray of int64
        The values of the raster that are classes, sorted.
    keys, numbers : ndarray of int
        The number of the group that each key of :func:`group_keys` belongs to.
    """

    def __init__(self, reader, edge, values, keys, numbers):
        self.grid = reader.grid
        self._reader, self._edge, self._values = reader, edge, values
        self._across = -(-self.grid.width // edge)
        self._number_of = np.zeros(self._across * -(-self.grid.height // edge) * len(values), np.int32)
        self._number_of[keys] = numbers

    def touches(self, window):
        """A raster of classes may have something to say everywhere."""
        return True

    def read(self, window):
        """The group of each pixel of a window, counted from 1; ``NO_PARCEL`` without a class."""
        keys, valid = group_keys(self._reader, window, self._edge, self._values)
        return np.where(valid, self._number_of[keys], NO_PARCEL).astype(np.int32)


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
    edge = int(np.clip(min(reader.grid.shape) // BLOCKS_ALONG, SMALLEST_EDGE, LARGEST_EDGE))
    keys, touching = _pieces(reader, values, edge, progress)
    rows, columns = np.divmod(keys // len(values), -(-reader.grid.width // edge))
    groups = _joined(keys, touching, rows // SQUARE * (columns.max() + 1) + columns // SQUARE)
    names, sizes = np.unique(groups, return_counts=True)
    split = split_parcels([Parcel(name, named[name % len(values)].code, None) for name in names.tolist()],
                          split_settings)
    split = _nearest_to_share(split, dict(zip(names.tolist(), sizes.tolist())), split_settings.training_share)
    ordered = split.training + split.validation
    classes = tuple(replace(map_class, value=value) for value, map_class in enumerate(named, start=1))
    value_of = {map_class.code: map_class.value for map_class in classes}
    numbers = np.array([0, *(value_of[parcel.code] for parcel in ordered), 0], np.int64)
    is_training, is_validation = np.zeros(len(numbers), bool), np.zeros(len(numbers), bool)
    is_training[1:len(split.training) + 1] = True
    is_validation[len(split.training) + 1:-1] = True
    number_of = {parcel.identifier: number for number, parcel in enumerate(ordered, start=1)}
    label_map = LabelMap(reader, edge, values, keys, [number_of[group] for group in groups.tolist()])
    return GroundTruth(classes, split.training, split.validation, split.unassessed, 0, 0, label_map, numbers,
                       is_training, is_validation)


def _pieces(reader, values, edge, progress):
    """The keys that occur, sorted; and pairs of them, shape (2, pairs), whose pixels touch across an edge."""
    keys, pairs = np.empty(0, np.int64), [np.empty((2, 0), np.int64)]
    above = np.empty((0, reader.grid.width), np.int64), np.empty((0, reader.grid.width), bool)
    strips = _strips(reader)
    for place, window in enumerate(strips):
        progress.step(place / len(strips))
        here, valid = group_keys(reader, window, edge, values)
        keys = np.union1d(keys, here[valid])
        here, valid = np.concatenate([above[0], here]), np.concatenate([above[1], valid])
        for one, other in (((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
                           ((slice(None, -1),), (slice(1, None),))):
            first, second = here[one], here[other]
            touch = (valid[one] & valid[other] & (first != second) & ((first - second) % len(values) == 0))
            pairs.append(np.unique(np.stack([first[touch], second[touch]]), axis=1))
        above = here[-1:], valid[-1:]
    return keys, np.concatenate(pairs, axis=1)


def _joined(keys, touching, squares):
    """The group of each key, named by its first key: all that hang together; in each square where they are too many."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    first, second = np.searchsorted(keys, touching)
    links = coo_matrix((np.ones(len(first), bool), (first, second)), shape=(len(keys), len(keys)))
    _, patches = connected_components(links, directed=False)
    is_land_cover = np.bincount(patches)[patches] > MOST_BLOCKS
    groups = patches * np.int64(squares.max() + 2) + np.where(is_land_cover, squares + 1, 0)
    _, starts, places = np.unique(groups, return_index=True, return_inverse=True)
    return keys[starts[places]]


def _nearest_to_share(split, sizes, share):
    """Both sides of a class are exchanged where that meets the share of training blocks better: of a class in one large
    patch and a few small ones the large one trains.
    """
    trains, total = Counter(), Counter()
    for parcel in split.training:
        trains[parcel.code] += sizes[parcel.identifier]
    for parcel in split.training + split.validation:
        total[parcel.code] += sizes[parcel.identifier]
    trained = {code: trains[code] / total[code] for code in total}
    swapped = {code for code, part in trained.items() if abs(1 - part - share) < abs(part - share)}
    sides = [(parcel, True) for parcel in split.training] + [(parcel, False) for parcel in split.validation]
    sides = [(parcel, is_training != (parcel.code in swapped)) for parcel, is_training in sides]
    return replace(split, training=tuple(parcel for parcel, is_training in sides if is_training),
                   validation=tuple(parcel for parcel, is_training in sides if not is_training))
