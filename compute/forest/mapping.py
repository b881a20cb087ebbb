"""Mapping: a forest applied to every pixel, block by block, and compared with the validation parcels on the way."""

import contextlib
from dataclasses import dataclass, replace

import numpy as np

from ..accuracy.record import record_tags
from ..raster.blocks import run_blocks
from ..raster.categorical import categorical_layout, categorical_side_files
from ..raster.qml import shipped_style
from ..raster.writer import RasterLayout, create_raster
from .features import SYNTHETIC_TAG
from .strips import Strip, smoothed_within, strip_height
from .timeleft import TimeLeft
from .voting import Voter

# What voting takes of the time of a map that is smoothed afterwards, about.
SHARE_OF_VOTING = 0.8
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
def create_maps(paths, grid, forest, is_synthetic=False):
    """The rasters of a classification in the making: all complete when the block ends well, otherwise all removed.

    Parameters
    ----------
    paths : MapPaths
    grid : Grid
    forest : Forest
        Its classes, and the record of its training, which goes into the class map if it is of this grid.
    is_synthetic : bool
        Whether the maps are of made-up sample data, and say so.

    Yields
    ------
    dict of str to RasterWriter
        By field name of `paths`; only those wanted.
    """
    nan, classes = float("nan"), forest.classes
    tags = {SYNTHETIC_TAG: "YES"} if is_synthetic else {}
    layouts = {
        "classes": replace(categorical_layout(grid, classes, CLASS_BAND, tags),
                           domain_tags=record_tags(forest.trained_on, grid)),
        "confidence": RasterLayout(grid, "float32", (CONFIDENCE_BAND,), nodata=nan, tags=tags),
        "probabilities": RasterLayout(grid, "float32", tuple(c.code for c in classes), nodata=nan, tags=tags)}
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
        Whether votes are smoothed over the neighbours that look alike first; see :mod:`.smooth`.
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
    smooths = rules.smoothing and forest.likeness is not None
    needs_shares = smooths or bool(set(rasters) - {"classes"}) or rules.min_confidence > 0
    voter = Voter(stack, forest, ground, bool(rasters), needs_shares, smooths)
    mapper = _Mapper(voter, _Judge(forest, ground, "probabilities" in rasters, rules), rasters, executor)
    if smooths:
        height = strip_height(stack.grid, forest.trees.class_count, len(forest.likeness.axes))
        mapper.map_strips(list(stack.strips(height)), TimeLeft(progress, "mapped"))
    else:
        mapper.map_blocks(stack.blocks(), TimeLeft(progress, "mapped"))
    return mapper.result()


class _Mapper:
    """Has blocks voted on and settled, writes them and counts."""

    def __init__(self, voter, judge, rasters, executor):
        self._voter, self._judge, self._rasters, self._executor = voter, judge, rasters, executor
        self._tally = _Tally(judge.value_count, judge.parcel_count, voter.feature_count)

    def map_blocks(self, blocks, progress):
        """Block by block: a pixel knows nothing of its neighbours."""
        def work(window):
            votes = self._voter.vote(window, progress.check)
            return votes, self._judge.settle(window, votes.valid, votes.winners, votes.shares)

        def finish(window, result):
            votes, settled = result
            self._tally.note(votes)
            self._deliver(window, settled)

        self._run(blocks, work, finish, progress)

    def map_strips(self, strips, progress):
        """Strip by strip: each is settled when the next one has been voted on, so that its last rows have neighbours.

        Parameters
        ----------
        strips : list of list of Window
            Blocks of each strip.
        progress : Progress
        """
        above = strip = None
        for number, blocks in enumerate([*strips, []]):
            stage = progress.part(number / (len(strips) + 1), (number + 1) / (len(strips) + 1))
            below = self._voted(blocks, stage.part(0.0, SHARE_OF_VOTING)) if blocks else None
            if strip:
                self._settle(strip, [each for each in (above, strip, below) if each],
                             stage.part(SHARE_OF_VOTING, 1.0))
                above = strip.tail()
            strip = below

    def result(self):
        """Mapping: what was counted."""
        return self._tally.result()

    def _voted(self, blocks, progress):
        strip = Strip.empty(blocks, self._voter.class_count, self._voter.axis_count)

        def finish(window, votes):
            self._tally.note(votes)
            strip.put(window, votes)

        self._run(blocks, lambda window: self._voter.vote(window, progress.check), finish, progress)
        return strip

    def _settle(self, strip, neighbours, progress):
        def work(window):
            shares, valid = smoothed_within(window, neighbours)
            return self._judge.settle(window, valid, shares.argmax(axis=1), shares)

        self._run(strip.blocks(), work, self._deliver, progress)

    def _run(self, blocks, work, finish, progress):
        run_blocks([window for window in blocks if self._voter.wants(window)], work, finish, self._executor, progress)

    def _deliver(self, window, settled):
        planes, counted = settled
        for name, raster in self._rasters.items():
            raster.write(window, planes[name])
        self._tally.add(counted)


class _Judge:
    """Makes the planes of the rasters from the votes; used by several threads at once."""

    def __init__(self, forest, ground, wants_probabilities, rules):
        self._ground, self._wants_probabilities, self._rules = ground, wants_probabilities, rules
        self._values = np.array([map_class.value for map_class in forest.classes])
        known = forest.classes + (ground.classes if ground else ())
        self.value_count = 1 + max(map_class.value for map_class in known)
        self.parcel_count = len(ground.values) if ground else 0

    def settle(self, window, valid, winners, shares):
        """The planes of a window for each raster, and what is counted in it.

        Parameters
        ----------
        window : Window
        valid : ndarray of bool, shape (pixels,)
        winners : ndarray of int, shape (valid pixels,)
            Places in the classes of the forest.
        shares : ndarray, shape (valid pixels, classes), or None
            Class probabilities, where more than the classes is wanted.
        """
        classes, planes, hidden = self._values[winners], {}, 0
        if shares is not None:
            confidence = shares.max(axis=1)
            is_unsure = confidence < self._rules.min_confidence
            hidden = int(np.count_nonzero(is_unsure))
            classes = np.where(is_unsure, 0, classes)
            planes["confidence"] = _plane(confidence[:, None], valid, window)
            if self._wants_probabilities:
                planes["probabilities"] = _plane(shares, valid, window)
        block = np.zeros(len(valid), np.int64)
        block[valid] = classes
        planes["classes"] = block.reshape(1, *window.shape)
        counts = np.bincount(block, minlength=self.value_count)
        return planes, (counts, _parcel_counts(self._ground, window, block, self.value_count), hidden)


class _Tally:
    """Adds up what was counted in blocks."""

    def __init__(self, values, parcels, features):
        self._mapped = np.zeros(values, np.int64)
        self._by_parcel = np.zeros((parcels, values), np.int64)
        self._filled = self._hidden = self._looked_at = 0
        self._strange = np.zeros(features)

    def note(self, votes):
        """Count what was odd about the pixels of a block."""
        self._filled += votes.filled
        self._strange += votes.strange
        self._looked_at += votes.looked_at

    def add(self, counted):
        """Count the classes of a block."""
        counts, (cells, cell_counts), hidden = counted
        self._mapped += counts
        self._by_parcel.reshape(-1)[cells] += cell_counts
        self._hidden += hidden

    def result(self):
        """Mapping: all that was counted."""
        return Mapping(self._mapped, self._by_parcel, self._filled, self._hidden,
                       self._strange / max(1, self._looked_at))


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
