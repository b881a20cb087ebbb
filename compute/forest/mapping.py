"""Mapping: a forest applied to every pixel, block by block, and compared with the validation parcels on the way."""

import contextlib
from dataclasses import dataclass, replace

import numpy as np

from ..raster.blocks import run_blocks
from ..raster.categorical import categorical_layout, categorical_side_files
from ..raster.qml import shipped_style
from ..raster.writer import RasterLayout, create_raster
from .walk import Walker

CLASS_BAND = "class"
CONFIDENCE_BAND = "confidence"


@dataclass(frozen=True)
class MapPaths:
    """Where the rasters of a classification go; empty for those not wanted.

    Parameters
    ----------
    classes : str
        Class values 1..n, 0 where some feature has no data.
    confidence : str
        Mean probability of the mapped class, 0..1 (float32); NaN where there is no class.
    probabilities : str
        Mean probability of each class, one float32 band each, named by class; NaN where there is no class.
    """

    classes: str = ""
    confidence: str = ""
    probabilities: str = ""


@dataclass(frozen=True, eq=False)
class Mapping:
    """What was counted while mapping.

    Parameters
    ----------
    mapped : ndarray of int64, shape (values,)
        Pixels of each map value; ``mapped[0]`` are those without data.
    by_parcel : ndarray of int64, shape (parcels + 2, values)
        Pixels of each map value in each validation parcel, by parcel number; 0 elsewhere.
    """

    mapped: np.ndarray
    by_parcel: np.ndarray


@contextlib.contextmanager
def create_maps(paths, grid, classes, domain_tags=None):
    """The rasters of a classification in the making: all complete when the block ends well, otherwise all removed.

    Parameters
    ----------
    paths : MapPaths
    grid : Grid
    classes : tuple of MapClass
        Those the forest knows.
    domain_tags : dict of str to dict of str, optional
        Of the class map, see :func:`~..accuracy.record.training_tags`.

    Yields
    ------
    dict of str to RasterWriter
        By field name of `paths`; only those wanted.
    """
    nan = float("nan")
    layouts = {
        "classes": replace(categorical_layout(grid, classes, CLASS_BAND), domain_tags=domain_tags or {}),
        "confidence": RasterLayout(grid, "float32", (CONFIDENCE_BAND,), nodata=nan),
        "probabilities": RasterLayout(grid, "float32", tuple(c.code for c in classes), nodata=nan)}
    side_files = {"classes": categorical_side_files(classes, CLASS_BAND),
                  "confidence": {".qml": shipped_style("confidence")},
                  "probabilities": {".qml": shipped_style("probability")}}
    with contextlib.ExitStack() as rasters:
        yield {name: rasters.enter_context(create_raster(getattr(paths, name), layout, side_files.get(name)))
               for name, layout in layouts.items() if getattr(paths, name)}


def map_classes(stack, trees, classes, ground, rasters, executor, progress):
    """Classify every pixel of a stack.

    Parameters
    ----------
    stack : FeatureStack
    trees : Trees
    classes : tuple of MapClass
        ``classes[k]`` is class number ``k`` of the trees.
    ground : GroundTruth
    rasters : dict of str to RasterWriter
        From :func:`create_maps`.
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    Mapping

    Raises
    ------
    UnreadableInput
        If a raster is damaged.
    Cancelled
        If the user asked to stop.
    """
    walker = Walker(trees)
    values = np.array([map_class.value for map_class in classes])
    value_count = 1 + max(map_class.value for map_class in ground.classes)
    mapped = np.zeros(value_count, np.int64)
    by_parcel = np.zeros((len(ground.values), value_count), np.int64)
    needs_votes = bool(set(rasters) - {"classes"})

    def work(window):
        progress.check()
        features, valid = stack.read(window)
        features = features if valid.all() else features[valid]
        votes = walker.votes(features, progress.check) if needs_votes else None
        winners = votes.argmax(axis=1) if needs_votes else walker.classes(features, progress.check)
        block = np.zeros(len(valid), np.int64)
        block[valid] = values[winners]
        planes = {"classes": block.reshape(1, *window.shape)}
        if "confidence" in rasters:
            planes["confidence"] = _plane(votes.max(axis=1, keepdims=True) / trees.count, valid, window)
        if "probabilities" in rasters:
            planes["probabilities"] = _plane(votes / trees.count, valid, window)
        return planes, np.bincount(block, minlength=value_count), _parcel_counts(ground, window, block, value_count)

    def finish(window, result):
        planes, counts, (cells, cell_counts) = result
        for name, raster in rasters.items():
            raster.write(window, planes[name])
        mapped[:] += counts
        by_parcel.reshape(-1)[cells] += cell_counts

    run_blocks(stack.blocks(), work, finish, executor, progress)
    return Mapping(mapped, by_parcel)


def _plane(columns, valid, window):
    """Values of the valid pixels as float32 bands of a block, NaN elsewhere."""
    plane = np.full((columns.shape[1], len(valid)), np.nan, np.float32)
    plane[:, valid] = columns.T
    return plane.reshape(-1, *window.shape)


def _parcel_counts(ground, window, block, value_count):
    """Cells of the table parcel by value that this block adds to, and by how much; pixels without data do not count."""
    if not ground.parcel_map.touches(window):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    numbers, _ = ground.labels(window)
    judged = ground.is_validation[numbers] & (block > 0)
    return np.unique(numbers[judged].astype(np.int64) * value_count + block[judged], return_counts=True)
