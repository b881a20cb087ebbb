"""Reference data from a class raster instead of parcels.

A raster has no parcel boundaries, so its pixels are split by square blocks: the pixels of one class in one block are
all used either for training or for validation. Blocks whose pixels of a class touch are joined into one group, so that
no field is on both sides of the split. A group of very many blocks is land cover rather than a field and is divided
into large squares of blocks.
"""

from collections import Counter
from dataclasses import replace

import numpy as np

from ..classmap.class_legend import name_classes
from ..errors import GridMismatch, UnsuitableInput
from ..insitu.parcel import Parcel
from ..insitu.parcel_raster import NO_PARCEL
from ..insitu.parcel_split import split_parcels
from ..raster.grid import grid_differences
from ..raster.reader import RasterReader
from .reference import ReferenceData

# A raster with more values is not a class raster.
MAX_CLASSES = 1000
MIN_BLOCK_SIZE, MAX_BLOCK_SIZE = 8, 128
BLOCKS_PER_SIDE = 32

# Maximum number of blocks of a field: at 8 pixels of 10 m, 64 hectares.
MAX_BLOCKS = 100

# Side of the squares that land cover is divided into, in blocks.
SQUARE = 8


class ReferenceRaster:
    """Group number (pixels of one class in connected blocks) of each pixel; same interface as :class:`ParcelRaster`.

    Parameters
    ----------
    reader : RasterReader
    block_size : int
        Side of a block in pixels.
    values : ndarray of int64
        Class values of the raster, sorted.
    keys, numbers : ndarray of int
        Keys of :func:`group_keys` and the group number of each.
    """

    def __init__(self, reader, block_size, values, keys, numbers):
        self.grid = reader.grid
        self._reader, self._block_size, self._values = reader, block_size, values
        self._columns = -(-self.grid.width // block_size)
        self._number_of = np.zeros(self._columns * -(-self.grid.height // block_size) * len(values), np.int32)
        self._number_of[keys] = numbers

    def touches(self, window):
        """True: a class raster may have classes everywhere."""
        return True

    def read(self, window):
        """The group number of each pixel of a window, from 1; ``NO_PARCEL`` without a class."""
        keys, valid = group_keys(self._reader, window, self._block_size, self._values)
        return np.where(valid, self._number_of[keys], NO_PARCEL).astype(np.int32)


def group_keys(reader, window, block_size, values):
    """Key of each pixel (block number x number of values + index of its value), and whether it has a class."""
    stored, valid = reader.read(window, [0])
    indices = np.minimum(np.searchsorted(values, stored[0]), len(values) - 1)
    valid = valid[0] & (values[indices] == stored[0])
    rows, columns = np.indices(window.shape)
    block_columns = -(-reader.grid.width // block_size)
    blocks = (rows + window.row) // block_size * block_columns + (columns + window.col) // block_size
    return np.where(valid, blocks * len(values) + indices, 0), valid


def build_raster_reference(stack, path, split_settings, progress, legend=()):
    """Read the classes of a raster and split its pixels into training and validation pixels.

    Parameters
    ----------
    stack : FeatureStack
    path : str
        Integer raster on the grid of the stack; every value except nodata is a class.
    split_settings : SplitSettings
    progress : Progress
    legend : sequence of LegendEntry, optional
        Classes of the values, as far as known.

    Returns
    -------
    ReferenceData
        Its parcels are groups of pixels without geometry.
    reader : RasterReader
        To be closed when the reference is no longer used.

    Raises
    ------
    GridMismatch
        If the raster does not lie on the grid of the stack.
    UnsuitableInput
        If it contains fewer than two classes.
    """
    reader = RasterReader(path)
    try:
        differences = grid_differences(stack.grid, reader.grid)
        if differences:
            raise GridMismatch(f"{stack.readers[0].path} and the class raster {path} do not share one pixel grid: "
                               f"{'; '.join(differences)}. Bring it to that grid first with the GDAL tool Warp.")
        if not np.issubdtype(np.dtype(reader.bands[0].dtype), np.integer):
            raise UnsuitableInput(f"{path} contains decimal numbers, but a class raster contains integers. Round it "
                                  "with the raster calculator, and save it with an integer data type.")
        values = _values(reader, path, progress.part(0.0, 0.5))
        classes = name_classes(values, legend)
        return _split(reader, values, classes, split_settings, progress.part(0.5, 1.0)), reader
    except BaseException:
        reader.close()
        raise


def _strips(reader):
    return list(reader.grid.blocks(256, reader.grid.width))


def _values(reader, path, progress):
    found = np.empty(0, np.int64)
    strips = _strips(reader)
    for index, window in enumerate(strips):
        progress.step(index / len(strips))
        stored, valid = reader.read(window, [0])
        found = np.union1d(found, stored[0][valid[0]].astype(np.int64))
        if len(found) > MAX_CLASSES:
            raise UnsuitableInput(f"{path} has more than {MAX_CLASSES} different values, so it is not a class raster.")
    if len(found) < 2:
        raise UnsuitableInput(f"{path} contains {'a single class' if len(found) else 'no class'}. A map needs at least "
                              "two classes; nodata is not a class.")
    return found


def _split(reader, values, raster_classes, split_settings, progress):
    block_size = int(np.clip(min(reader.grid.shape) // BLOCKS_PER_SIDE, MIN_BLOCK_SIZE, MAX_BLOCK_SIZE))
    keys, touching = _keys_and_contacts(reader, values, block_size, progress)
    rows, columns = np.divmod(keys // len(values), -(-reader.grid.width // block_size))
    groups = _connected_groups(keys, touching, rows // SQUARE * (columns.max() + 1) + columns // SQUARE)
    names, sizes = np.unique(groups, return_counts=True)
    split = split_parcels([Parcel(name, raster_classes[name % len(values)].code, None) for name in names.tolist()],
                          split_settings)
    split = _nearest_to_fraction(split, dict(zip(names.tolist(), sizes.tolist())), split_settings.training_fraction)
    ordered = split.training + split.validation
    classes = tuple(replace(map_class, value=value) for value, map_class in enumerate(raster_classes, start=1))
    value_of = {map_class.code: map_class.value for map_class in classes}
    class_values = np.array([0, *(value_of[parcel.code] for parcel in ordered), 0], np.int64)
    is_training, is_validation = np.zeros(len(class_values), bool), np.zeros(len(class_values), bool)
    is_training[1:len(split.training) + 1] = True
    is_validation[len(split.training) + 1:-1] = True
    number_of = {parcel.identifier: number for number, parcel in enumerate(ordered, start=1)}
    label_map = ReferenceRaster(reader, block_size, values, keys, [number_of[group] for group in groups.tolist()])
    return ReferenceData(
        classes=classes, training=split.training, validation=split.validation, unassessed=split.unassessed, outside=0,
        too_small=0, parcel_map=label_map, values=class_values, is_training=is_training, is_validation=is_validation)


def _keys_and_contacts(reader, values, block_size, progress):
    """The keys that occur, sorted, and the pairs of keys, shape (2, pairs), whose pixels touch across a block edge."""
    keys, pairs = np.empty(0, np.int64), [np.empty((2, 0), np.int64)]
    above = np.empty((0, reader.grid.width), np.int64), np.empty((0, reader.grid.width), bool)
    strips = _strips(reader)
    for index, window in enumerate(strips):
        progress.step(index / len(strips))
        here, valid = group_keys(reader, window, block_size, values)
        keys = np.union1d(keys, here[valid])
        here, valid = np.concatenate([above[0], here]), np.concatenate([above[1], valid])
        for one, other in (((slice(None), slice(None, -1)), (slice(None), slice(1, None))),
                           ((slice(None, -1),), (slice(1, None),))):
            first, second = here[one], here[other]
            touch = (valid[one] & valid[other] & (first != second) & ((first - second) % len(values) == 0))
            pairs.append(np.unique(np.stack([first[touch], second[touch]]), axis=1))
        above = here[-1:], valid[-1:]
    return keys, np.concatenate(pairs, axis=1)


def _connected_groups(keys, touching, squares):
    """The first key of the group of each key: a connected component, or its part in one square if it is too large."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    first, second = np.searchsorted(keys, touching)
    links = coo_matrix((np.ones(len(first), bool), (first, second)), shape=(len(keys), len(keys)))
    _, patches = connected_components(links, directed=False)
    is_land_cover = np.bincount(patches)[patches] > MAX_BLOCKS
    groups = patches * np.int64(squares.max() + 2) + np.where(is_land_cover, squares + 1, 0)
    _, starts, inverse = np.unique(groups, return_index=True, return_inverse=True)
    return keys[starts[inverse]]


def _nearest_to_fraction(split, sizes, fraction):
    """Swap training and validation of the classes whose fraction of training blocks then is closer to `fraction`.

    Of a large patch and a few small ones, the large one is used for training.
    """
    training, total = Counter(), Counter()
    for parcel in split.training:
        training[parcel.code] += sizes[parcel.identifier]
    for parcel in split.training + split.validation:
        total[parcel.code] += sizes[parcel.identifier]
    actual = {code: training[code] / total[code] for code in total}
    swapped = {code for code, part in actual.items() if abs(1 - part - fraction) < abs(part - fraction)}
    sides = [(parcel, True) for parcel in split.training] + [(parcel, False) for parcel in split.validation]
    sides = [(parcel, is_training != (parcel.code in swapped)) for parcel, is_training in sides]
    return replace(split, training=tuple(parcel for parcel, is_training in sides if is_training),
                   validation=tuple(parcel for parcel, is_training in sides if not is_training))
