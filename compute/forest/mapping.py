"""Prediction of every pixel of a stack, block by block, with pixel counts by validation parcel."""

import contextlib
from dataclasses import dataclass, replace

import numpy as np

from ..accuracy.record import record_tags
from ..raster.blocks import run_blocks
from ..raster.categorical import categorical_layout, categorical_side_files
from ..raster.qml import shipped_style
from ..raster.writer import RasterLayout, create_raster
from .features import SYNTHETIC_TAG
from .strips import Strip, smooth_window, strip_height
from .timeleft import TimeLeft
from .voting import Voter

# Approximate fraction of the run time spent on voting if the map is smoothed.
VOTING_FRACTION = 0.8
CLASS_BAND = "class"
CONFIDENCE_BAND = "confidence"


@dataclass(frozen=True)
class MapPaths:
    """Paths of the rasters of a classification; empty for those not requested.

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
    """Pixel counts of a map.

    Parameters
    ----------
    class_counts : ndarray of int64, shape (values,)
        Pixels of each map value; element 0 counts the pixels without a class.
    parcel_counts : ndarray of int64, shape (parcels + 2, values)
        Pixels of each map value in each validation parcel, by parcel number; 0 elsewhere.
    imputed : int
        Classified pixels with imputed features.
    low_confidence : int
        Pixels without a class because their confidence is below the minimum.
    out_of_range : ndarray of float64, shape (features,)
        Fraction of the pixels (of a sample) far outside the range of the training pixels.
    """

    class_counts: np.ndarray
    parcel_counts: np.ndarray
    imputed: int
    low_confidence: int
    out_of_range: np.ndarray


@contextlib.contextmanager
def create_maps(paths, grid, forest, is_synthetic=False):
    """Create the rasters of a classification; after an error in the block all are removed.

    Parameters
    ----------
    paths : MapPaths
    grid : Grid
    forest : Forest
        With the classes, and the record of the training pixels, which is stored in a class map on the same grid.
    is_synthetic : bool
        Whether to tag the maps as synthetic sample data.

    Yields
    ------
    dict of str to RasterWriter
        By field name of `paths`; only those requested.
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
        Pixels below this confidence get no class.
    smoothing : bool
        Whether to smooth the class probabilities over similar neighbours first; see :mod:`.smooth`.
    """

    min_confidence: float = 0.0
    smoothing: bool = True


def map_classes(stack, forest, reference, rasters, executor, progress, rules):
    """Classify every pixel of a stack; without rasters to write, only those of the validation parcels.

    Parameters
    ----------
    stack : FeatureStack
    forest : Forest
    reference : GroundTruth or None
        With the validation parcels to compare the map with.
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
        If the user cancelled.
    """
    stack.accepts_missing = bool(forest.imputation_values)
    smooths = rules.smoothing and forest.similarity is not None
    needs_probabilities = smooths or bool(set(rasters) - {"classes"}) or rules.min_confidence > 0
    predictor = Voter(stack, forest, reference, bool(rasters), needs_probabilities, smooths)
    mapper = _Mapper(predictor, _Judge(forest, reference, "probabilities" in rasters, rules), rasters, executor)
    if smooths:
        height = strip_height(stack.grid, forest.trees.class_count, len(forest.similarity.coefficients))
        mapper.map_strips(list(stack.strips(height)), TimeLeft(progress, "mapped"))
    else:
        mapper.map_blocks(stack.blocks(), TimeLeft(progress, "mapped"))
    return mapper.result()


class _Mapper:
    """Predicts, decides, writes and counts blocks."""

    def __init__(self, predictor, decision, rasters, executor):
        self._predictor, self._decision, self._rasters, self._executor = predictor, decision, rasters, executor
        self._tally = _Tally(decision.value_count, decision.parcel_count, predictor.feature_count)

    def map_blocks(self, blocks, progress):
        """Map independent blocks, without smoothing."""
        def work(window):
            votes = self._predictor.predict(window, progress.check)
            return votes, self._decision.decide(window, votes.valid, votes.winners, votes.probabilities)

        def finish(window, result):
            votes, decided = result
            self._tally.add_votes(votes)
            self._write(window, decided)

        self._run(blocks, work, finish, progress)

    def map_strips(self, strips, progress):
        """Map strip by strip with smoothing; each strip is decided once the next one, its neighbour, is predicted.

        Parameters
        ----------
        strips : list of list of Window
            Blocks of each strip.
        progress : Progress
        """
        above = strip = None
        for number, blocks in enumerate([*strips, []]):
            stage = progress.part(number / (len(strips) + 1), (number + 1) / (len(strips) + 1))
            below = self._predict_strip(blocks, stage.part(0.0, VOTING_FRACTION)) if blocks else None
            if strip:
                self._decide_strip(strip, [each for each in (above, strip, below) if each],
                                   stage.part(VOTING_FRACTION, 1.0))
                above = strip.bottom_rows()
            strip = below

    def result(self):
        """Mapping: the pixel counts."""
        return self._tally.result()

    def _predict_strip(self, blocks, progress):
        strip = Strip.empty(blocks, self._predictor.class_count, self._predictor.component_count)

        def finish(window, votes):
            self._tally.add_votes(votes)
            strip.put(window, votes)

        self._run(blocks, lambda window: self._predictor.predict(window, progress.check), finish, progress)
        return strip

    def _decide_strip(self, strip, neighbours, progress):
        def work(window):
            probabilities, valid = smooth_window(window, neighbours)
            return self._decision.decide(window, valid, probabilities.argmax(axis=1), probabilities)

        self._run(strip.blocks(), work, self._write, progress)

    def _run(self, blocks, work, finish, progress):
        needed = [window for window in blocks if self._predictor.needs(window)]
        run_blocks(needed, work, finish, self._executor, progress)

    def _write(self, window, decided):
        planes, counts = decided
        for name, raster in self._rasters.items():
            raster.write(window, planes[name])
        self._tally.add_counts(counts)


class _Judge:
    """Computes the raster planes of a block from its votes; thread-safe."""

    def __init__(self, forest, reference, wants_probabilities, rules):
        self._reference, self._wants_probabilities, self._rules = reference, wants_probabilities, rules
        self._values = np.array([map_class.value for map_class in forest.classes])
        known = forest.classes + (reference.classes if reference else ())
        self.value_count = 1 + max(map_class.value for map_class in known)
        self.parcel_count = len(reference.values) if reference else 0

    def decide(self, window, valid, winners, probabilities):
        """The planes of a window for each raster, and its pixel counts.

        Parameters
        ----------
        window : Window
        valid : ndarray of bool, shape (pixels,)
        winners : ndarray of int, shape (valid pixels,)
            Indices of the classes of the forest.
        probabilities : ndarray, shape (valid pixels, classes), or None
            None if only classes are needed.
        """
        classes, planes, low_confidence = self._values[winners], {}, 0
        if probabilities is not None:
            confidence = probabilities.max(axis=1)
            is_unsure = confidence < self._rules.min_confidence
            low_confidence = int(np.count_nonzero(is_unsure))
            classes = np.where(is_unsure, 0, classes)
            planes["confidence"] = _plane(confidence[:, None], valid, window)
            if self._wants_probabilities:
                planes["probabilities"] = _plane(probabilities, valid, window)
        block = np.zeros(len(valid), np.int64)
        block[valid] = classes
        planes["classes"] = block.reshape(1, *window.shape)
        counts = np.bincount(block, minlength=self.value_count)
        return planes, (counts, _parcel_counts(self._reference, window, block, self.value_count), low_confidence)


class _Tally:
    """Sums the counts of all blocks."""

    def __init__(self, values, parcels, features):
        self._class_counts = np.zeros(values, np.int64)
        self._parcel_counts = np.zeros((parcels, values), np.int64)
        self._imputed = self._low_confidence = self._checked = 0
        self._out_of_range = np.zeros(features)

    def add_votes(self, votes):
        """Add the imputed and out-of-range pixels of a block."""
        self._imputed += votes.imputed
        self._out_of_range += votes.out_of_range
        self._checked += votes.checked

    def add_counts(self, counts):
        """Add the class counts of a block."""
        class_counts, (cells, cell_counts), low_confidence = counts
        self._class_counts += class_counts
        self._parcel_counts.reshape(-1)[cells] += cell_counts
        self._low_confidence += low_confidence

    def result(self):
        """Mapping: the sums."""
        return Mapping(self._class_counts, self._parcel_counts, self._imputed, self._low_confidence,
                       self._out_of_range / max(1, self._checked))


def _plane(columns, valid, window):
    """Values of the valid pixels as float32 bands of a block, NaN elsewhere."""
    plane = np.full((columns.shape[1], len(valid)), np.nan, np.float32)
    plane[:, valid] = columns.T
    return plane.reshape(-1, *window.shape)


def _parcel_counts(reference, window, block, value_count):
    """Flat indices into the table of parcels by values, and the pixel count of each; pixels without class excluded."""
    if reference is None or not reference.parcel_map.touches(window):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    parcel_ids, _ = reference.labels(window)
    assessed = reference.is_validation[parcel_ids] & (block > 0)
    return np.unique(parcel_ids[assessed].astype(np.int64) * value_count + block[assessed], return_counts=True)
