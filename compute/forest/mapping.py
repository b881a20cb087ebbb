"""Mapping: a forest applied to every pixel, block by block, and compared with the validation parcels on the way."""

import contextlib
from dataclasses import dataclass, replace

import numpy as np

from ..accuracy.record import record_tags
from ..raster.blocks import run_blocks
from ..raster.categorical import categorical_layout, categorical_side_files
from ..raster.qml import shipped_style
from ..raster.writer import RasterLayout, create_raster
from .gaps import fill_gaps
from .smooth import grown, inner_part, smoothed, with_neighbours
from .timeleft import TimeLeft
from .walk import Walker

# Of so many pixels one is compared with the range of the training pixels.
STRIDE = 61
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
    filled : int
        Pixels that lacked some features and have a class all the same.
    hidden : int
        Pixels without a class because the forest was too unsure of them.
    strange : ndarray of float64, shape (features,)
        Share of the pixels (of a sample) far outside the range in which the forest was trained.
    """

    mapped: np.ndarray
    by_parcel: np.ndarray
    filled: int
    hidden: int
    strange: np.ndarray


@contextlib.contextmanager
def create_maps(paths, grid, forest):
    """The rasters of a classification in the making: all complete when the block ends well, otherwise all removed.

    Parameters
    ----------
    paths : MapPaths
    grid : Grid
    forest : Forest
        Its classes, and the record of its training, which goes into the class map if it is of this grid.

    Yields
    ------
    dict of str to RasterWriter
        By field name of `paths`; only those wanted.
    """
    nan, classes = float("nan"), forest.classes
    layouts = {
        "classes": replace(categorical_layout(grid, classes, CLASS_BAND),
                           domain_tags=record_tags(forest.trained_on, grid)),
        "confidence": RasterLayout(grid, "float32", (CONFIDENCE_BAND,), nodata=nan),
        "probabilities": RasterLayout(grid, "float32", tuple(c.code for c in classes), nodata=nan)}
    side_files = {"classes": categorical_side_files(classes, CLASS_BAND),
                  "confidence": {".qml": shipped_style("confidence")},
                  "probabilities": {".qml": shipped_style("probability")}}
    with contextlib.ExitStack() as rasters:
        yield {name: rasters.enter_context(create_raster(getattr(paths, name), layout, side_files.get(name)))
               for name, layout in layouts.items() if getattr(paths, name)}


@dataclass(frozen=True)
class MapRules:
    """How votes become classes.

    Parameters
    ----------
    min_confidence : float
        Pixels of less confidence get no class.
    smoothing : bool
        Whether votes are smoothed over the neighbours first; see :mod:`.smooth`.
    """

    min_confidence: float = 0.0
    smoothing: bool = True


def map_classes(stack, forest, ground, rasters, executor, progress, rules):
    """Classify every pixel of a stack; without rasters to write, only those of the validation parcels.

    Parameters
    ----------
    stack : FeatureStack
    forest : Forest
    ground : GroundTruth or None
        Whose validation parcels are compared with the map.
    rasters : dict of str to RasterWriter
        From :func:`create_maps`.
    executor : concurrent.futures.Executor
    progress : Progress
    rules : MapRules

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
    stack.accepts_gaps = bool(forest.stand_ins)
    mapper = _Mapper(stack, forest, ground, set(rasters), rules)
    blocks = stack.blocks()
    if not rasters:
        blocks = [window for window in blocks if ground and ground.parcel_map.touches(window)]
    tally = _Tally(mapper.value_count, len(ground.values) if ground else 0, len(forest.feature_names))

    def work(window):
        progress.check()
        return mapper.classify(window, progress.check)

    def finish(window, result):
        planes, counted = result
        for name, raster in rasters.items():
            raster.write(window, planes[name])
        tally.add(counted)

    run_blocks(blocks, work, finish, executor, TimeLeft(progress, "mapped"))
    return tally.result()


class _Mapper:
    """Classifies blocks; used by several threads at once."""

    def __init__(self, stack, forest, ground, wanted, rules):
        self._stack, self._forest, self._ground = stack, forest, ground
        self._wanted, self._rules = wanted, rules
        self._walker = Walker(forest.trees, stack.grid.height * stack.grid.width if wanted else 0)
        self._values = np.array([map_class.value for map_class in forest.classes])
        known = forest.classes + (ground.classes if ground else ())
        self.value_count = 1 + max(map_class.value for map_class in known)
        self._needs_votes = bool(wanted - {"classes"}) or rules.min_confidence > 0 or rules.smoothing

    def classify(self, window, check):
        """The planes of a block for each raster, and what is counted in it."""
        around = with_neighbours(window, self._stack.grid) if self._rules.smoothing else window
        features, valid = self._stack.read(around)
        if not self._wanted:
            valid &= self._needed(around)
        features = features if valid.all() else features[valid]
        filled = fill_gaps(features, self._forest.stand_ins)
        votes = self._walker.votes(features, check) if self._needs_votes else None
        if self._rules.smoothing:
            votes = smoothed(votes, valid, around, window)
            valid = inner_part(valid, around, window)
        winners = votes.argmax(axis=1) if self._needs_votes else self._walker.classes(features, check)
        classes = self._values[winners]
        planes, hidden = {}, 0
        if self._needs_votes:
            shares = votes / self._forest.trees.count
            confidence = shares.max(axis=1)
            is_unsure = confidence < self._rules.min_confidence
            hidden = int(np.count_nonzero(is_unsure))
            classes = np.where(is_unsure, 0, classes)
            planes["confidence"] = _plane(confidence[:, None], valid, window)
            if "probabilities" in self._wanted:
                planes["probabilities"] = _plane(shares, valid, window)
        block = np.zeros(len(valid), np.int64)
        block[valid] = classes
        planes["classes"] = block.reshape(1, *window.shape)
        counts = np.bincount(block, minlength=self.value_count)
        return planes, (counts, _parcel_counts(self._ground, window, block, self.value_count), filled, hidden,
                        _strange(features[::STRIDE], self._forest))


    def _needed(self, window):
        """Which pixels are to be classified where only validation parcels count."""
        judged = self._ground.is_validation[self._ground.labels(window)[0]]
        return grown(judged.reshape(window.shape)).ravel() if self._rules.smoothing else judged


class _Tally:
    """Adds up what was counted in blocks."""

    def __init__(self, values, parcels, features):
        self._mapped = np.zeros(values, np.int64)
        self._by_parcel = np.zeros((parcels, values), np.int64)
        self._filled = self._hidden = self._looked_at = 0
        self._strange = np.zeros(features)

    def add(self, counted):
        counts, (cells, cell_counts), filled, hidden, (strange, looked_at) = counted
        self._mapped += counts
        self._by_parcel.reshape(-1)[cells] += cell_counts
        self._filled += filled
        self._hidden += hidden
        self._strange += strange
        self._looked_at += looked_at

    def result(self):
        return Mapping(self._mapped, self._by_parcel, self._filled, self._hidden,
                       self._strange / max(1, self._looked_at))


def _strange(features, forest):
    """How many pixels lie far outside the range of the training pixels, by feature, and how many were looked at."""
    if not forest.lows:
        return np.zeros(len(forest.feature_names)), len(features)
    lows, highs = np.array(forest.lows), np.array(forest.highs)
    margin = highs - lows
    # Values in a unit 10000 times as large are all but 0, which may be nearer to the range than it is wide.
    floor = np.where(lows > 0, np.maximum(lows - margin, lows / 100), lows - margin)
    return np.count_nonzero((features < floor) | (features > highs + margin), axis=0), len(features)


def _plane(columns, valid, window):
    """Values of the valid pixels as float32 bands of a block, NaN elsewhere."""
    plane = np.full((columns.shape[1], len(valid)), np.nan, np.float32)
    plane[:, valid] = columns.T
    return plane.reshape(-1, *window.shape)


def _parcel_counts(ground, window, block, value_count):
    """Cells of the table parcel by value that this block adds to, and by how much; pixels without data do not count."""
    if ground is None or not ground.parcel_map.touches(window):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    numbers, _ = ground.labels(window)
    judged = ground.is_validation[numbers] & (block > 0)
    return np.unique(numbers[judged].astype(np.int64) * value_count + block[judged], return_counts=True)
