"""Prediction, class decision and counts of a map, block by block."""

from dataclasses import dataclass

import numpy as np

from ..classifiers.imputation import impute
from ..classifiers.tree_traversal import TreeTraversal
from ..classmap.class_map import class_areas
from ..eta import TimeLeftProgress
from ..raster.blocks import run_blocks
from ..raster.masks import dilate
from .feature_stack import ALL
from .probability_smoothing import HALO, Strip, smooth_window, strip_height

# Every n-th pixel is compared with the range of the training pixels.
STRIDE = 61


@dataclass(frozen=True, eq=False)
class BlockPrediction:
    """Prediction of a block.

    Parameters
    ----------
    valid : ndarray of bool, shape (pixels,)
        Pixels that were predicted.
    winners : ndarray of intp, shape (valid pixels,)
        Index of the class with most votes.
    probabilities : ndarray of float64, shape (valid pixels, classes), or None
        Class probabilities; None if only the winners are needed, which are faster to compute.
    components : ndarray of int16, shape (components, valid pixels), or None
        For the comparison of pixels in smoothing, see :mod:`~..classifiers.similarity`.
    imputed : int
        Pixels with missing features.
    out_of_range : ndarray of int64, shape (features,)
        Number of the `checked` pixels far outside the range of the training pixels.
    checked : int
    """

    valid: np.ndarray
    winners: np.ndarray
    probabilities: np.ndarray
    components: np.ndarray
    imputed: int
    out_of_range: np.ndarray
    checked: int


class BlockPredictor:
    """Reads and predicts blocks; thread-safe.

    Parameters
    ----------
    stack : FeatureStack
    forest : Forest
    reference : ReferenceData or None
        Without a map only its validation parcels are predicted.
    is_map : bool
    needs_probabilities : bool
    smooths : bool
        Whether the probabilities are smoothed afterwards.
    """

    def __init__(self, stack, forest, reference, is_map, needs_probabilities, smooths):
        self._stack, self._forest, self._reference = stack, forest, reference
        self._is_map, self._needs_probabilities, self._smooths = is_map, needs_probabilities, smooths
        self._halo = HALO if smooths else 0
        self.class_count, self.feature_count = forest.trees.class_count, len(forest.feature_names)
        self.component_count = len(forest.similarity.coefficients) if smooths else 0
        self._traversal = TreeTraversal(forest.trees, stack.grid.height * stack.grid.width if is_map else 0)

    def needs(self, window):
        """Whether a window, with the halo of the smoothing, contains pixels to predict."""
        return self._is_map or (bool(self._reference) and self._reference.parcel_map.touches(self._padded(window)))

    def predict(self, window, check):
        """The prediction of a block.

        Parameters
        ----------
        window : Window
        check : callable
            Raises an exception to cancel.

        Returns
        -------
        BlockPrediction
        """
        selected = ALL if self._is_map else np.flatnonzero(self._near_validation(window))
        features, has_data = self._stack.read(window, selected)
        valid = np.zeros(window.height * window.width, bool)
        valid[selected] = has_data
        features = features if has_data.all() else features[has_data]
        components = (self._forest.similarity.components(features[:, :len(self._forest.bands)])
                      if self._smooths else None)
        imputed = impute(features, self._forest.imputation_values)
        if self._needs_probabilities:
            probabilities = self._traversal.votes(features, check) / self._forest.trees.count
            winners = probabilities.argmax(axis=1)
        else:
            probabilities, winners = None, self._traversal.classes(features, check)
        checked = features[::STRIDE]
        return BlockPrediction(valid, winners, probabilities, components, imputed, self._out_of_range(checked),
                               len(checked))

    def _near_validation(self, window):
        """Pixels of validation parcels, and the neighbours used to smooth them."""
        padded = self._padded(window)
        is_validation = self._reference.is_validation[self._reference.labels(padded)[0]].reshape(padded.shape)
        return dilate(is_validation, self._halo)[window.relative_to(padded).slices].ravel()

    def _padded(self, window):
        return window.padded(self._halo).intersection(self._stack.grid.window)

    def _out_of_range(self, features):
        """Number of pixels far outside the range of the training pixels, by feature."""
        if not self._forest.lows:
            return np.zeros(features.shape[1], np.int64)
        lows, highs = np.array(self._forest.lows), np.array(self._forest.highs)
        margin = highs - lows
        # Values in a unit 10000 times larger are nearly 0, which may be within the margin below the range.
        floor = np.where(lows > 0, np.maximum(lows - margin, lows / 100), lows - margin)
        return np.count_nonzero((features < floor) | (features > highs + margin), axis=0)


# Approximate fraction of the run time spent on voting if the map is smoothed.
VOTING_FRACTION = 0.8


@dataclass(frozen=True, eq=False)
class Mapping:
    """Pixel counts of a map.

    Parameters
    ----------
    class_counts : ndarray of int64, shape (values,)
        Pixels of each map value; element 0 counts the pixels without a class.
    class_areas : ndarray of float64, shape (values,)
        Area of these pixels in square metres.
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
    class_areas: np.ndarray
    parcel_counts: np.ndarray
    imputed: int
    low_confidence: int
    out_of_range: np.ndarray


@dataclass(frozen=True)
class MapRules:
    """How votes become classes.

    Parameters
    ----------
    min_confidence : float
        Pixels below this confidence get no class.
    smoothing : bool
        Whether to smooth the class probabilities over similar neighbours first; see :mod:`.probability_smoothing`.
    """

    min_confidence: float = 0.0
    smoothing: bool = True


def map_classes(stack, forest, reference, rasters, executor, progress, rules):
    """Classify every pixel of a stack; without rasters to write, only those of the validation parcels.

    Parameters
    ----------
    stack : FeatureStack
    forest : Forest
    reference : ReferenceData or None
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
    predictor = BlockPredictor(stack, forest, reference, bool(rasters), needs_probabilities, smooths)
    decision = ClassDecision(stack.grid, forest, reference, "probabilities" in rasters, rules)
    mapper = MapWriter(predictor, decision, rasters, executor)
    if smooths:
        height = strip_height(stack.grid, forest.trees.class_count, len(forest.similarity.coefficients))
        mapper.map_strips(list(stack.strips(height)), TimeLeftProgress(progress, "mapped"))
    else:
        mapper.map_blocks(stack.blocks(), TimeLeftProgress(progress, "mapped"))
    return mapper.result()


class MapWriter:
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


class ClassDecision:
    """Computes the raster planes of a block from its votes; thread-safe."""

    def __init__(self, grid, forest, reference, wants_probabilities, rules):
        self._grid = grid
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
        areas = class_areas(block, self.value_count, self._grid, window)
        return planes, (counts, areas, _parcel_counts(self._reference, window, block, self.value_count), low_confidence)


class _Tally:
    """Sums the counts of all blocks."""

    def __init__(self, values, parcels, features):
        self._class_counts, self._class_areas = np.zeros(values, np.int64), np.zeros(values)
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
        class_counts, areas, (cells, cell_counts), low_confidence = counts
        self._class_counts += class_counts
        self._class_areas += areas
        self._parcel_counts.reshape(-1)[cells] += cell_counts
        self._low_confidence += low_confidence

    def result(self):
        """Mapping: the sums."""
        return Mapping(self._class_counts, self._class_areas, self._parcel_counts, self._imputed,
                       self._low_confidence, self._out_of_range / max(1, self._checked))


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
