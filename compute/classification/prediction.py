"""Classification of every pixel of a source, block by block, with pixel counts by class and by validation parcel.

The steps: :class:`BlockPredictor` reads a block and predicts the class probabilities of its pixels; with smoothing,
:func:`.probability_smoothing.smooth_window` averages them over similar neighbours;
:class:`.class_decision.ClassDecision` turns them into the values of the rasters; and :class:`MapWriter` runs
these steps for all blocks, writes and counts.

The work on a block is picklable: the executor may have threads or processes.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..classifiers.classifier import Model
from ..classifiers.imputation import impute
from ..declarations import ParameterDeclaration
from ..eta import TimeLeftProgress
from ..progress import Progress
from ..raster.blocks import run_blocks
from ..raster.grid import Window
from ..raster.masks import dilate
from ..raster.writer import RasterWriter
from .class_decision import ClassDecision, DecidedBlock
from .feature_stack import FeatureSource
from .probability_smoothing import HALO, Strip, smooth_window, strip_height
from .reference import ReferenceData

# Every n-th pixel is compared with the range of the training pixels.
STRIDE = 61

# Approximate fraction of the run time spent on prediction if the map is smoothed.
PREDICTION_FRACTION = 0.8


@dataclass(frozen=True)
class MapRules:
    """How class probabilities become classes.

    Parameters
    ----------
    min_confidence : float
        Pixels below this confidence get no class.
    smoothing : bool
        Whether to smooth the class probabilities over similar neighbours first; see :mod:`.probability_smoothing`.
    """

    min_confidence: float = 0.0
    smoothing: bool = True


MAP_RULES_PARAMETERS = (
    ParameterDeclaration(
        "SMOOTHING", "Smooth class probabilities (edge-preserving)",
        "Average the class probabilities over spectrally similar pixels within 15 pixels before the class is assigned: "
        "removes salt-and-pepper noise and keeps field borders. Also applies to the confidence and probability "
        "outputs. Switch it off for the fastest run.", kind="boolean", advanced=True, setting="smoothing"),
    ParameterDeclaration(
        "MIN_CONFIDENCE", "Minimum confidence",
        "Minimum confidence (0 to 1) of a mapped pixel; pixels below it get no class (value 0). 0 keeps all pixels; "
        "SNAP hides pixels below 0.5.", minimum=0.0, maximum=1.0, advanced=True, setting="min_confidence"),
)


@dataclass(frozen=True, eq=False)
class MapCounts:
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

    class_counts: NDArray[np.int64]
    class_areas: NDArray[np.float64]
    parcel_counts: NDArray[np.int64]
    imputed: int
    low_confidence: int
    out_of_range: NDArray[np.float64]


def map_classes(source: FeatureSource, model: Model, reference: ReferenceData | None,
                rasters: dict[str, RasterWriter], executor: Executor, progress: Progress,
                rules: MapRules) -> MapCounts:
    """Classify every pixel of a source; without rasters to write, only those of the validation parcels.

    Parameters
    ----------
    source : FeatureSource
        With the features of the model.
    model : Model
    reference : ReferenceData or None
        With the validation parcels to compare the map with.
    rasters : dict of str to RasterWriter
        From :func:`create_maps`.
    executor : concurrent.futures.Executor
    progress : Progress
    rules : MapRules

    Returns
    -------
    MapCounts

    Raises
    ------
    UnreadableInput
        If a raster is damaged.
    Cancelled
        If the user cancelled.
    """
    smooths = rules.smoothing and model.similarity is not None
    predictor = BlockPredictor(
        source=source, model=model, reference=reference, is_map=bool(rasters), smooths=smooths,
        needs_probabilities=smooths or bool(set(rasters) - {"classes"}) or rules.min_confidence > 0)
    decision = ClassDecision(source.grid, model, reference, "probabilities" in rasters, rules.min_confidence)
    writer = MapWriter(predictor, decision, rasters, executor)
    if smooths:
        height = strip_height(source.grid, len(model.classes), len(model.similarity.coefficients))
        writer.map_strips(list(source.strips(height)), TimeLeftProgress(progress, "mapped"))
    else:
        writer.map_blocks(source.blocks(), TimeLeftProgress(progress, "mapped"))
    return writer.counts()


@dataclass(frozen=True, eq=False)
class BlockPrediction:
    """Prediction of a block.

    Parameters
    ----------
    valid : ndarray of bool, shape (pixels,)
        Pixels that were predicted.
    winners : ndarray of intp, shape (valid pixels,)
        Index of the most probable class.
    probabilities : ndarray of float, shape (valid pixels, classes), or None
        Class probabilities; None if only the winners are needed, which are faster to compute.
    components : ndarray of int16, shape (components, valid pixels), or None
        For the comparison of pixels in smoothing, see :mod:`~..classifiers.similarity`.
    imputed : int
        Pixels with missing features.
    out_of_range : ndarray of int64, shape (features,)
        Number of the `checked` pixels far outside the range of the training pixels.
    checked : int
    """

    valid: NDArray[np.bool_]
    winners: NDArray[np.intp]
    probabilities: NDArray[np.floating] | None
    components: NDArray[np.int16] | None
    imputed: int
    out_of_range: NDArray[np.int64]
    checked: int


class BlockPredictor:
    """Reads the features of a block and predicts its pixels, each independently; thread-safe.

    Parameters
    ----------
    source : FeatureSource
    model : Model
    reference : ReferenceData or None
        Without a map only its validation parcels are predicted.
    is_map : bool
    needs_probabilities : bool
    smooths : bool
        Whether the probabilities are smoothed afterwards.
    """

    def __init__(self, source: FeatureSource, model: Model, reference: ReferenceData | None, is_map: bool,
                 needs_probabilities: bool, smooths: bool) -> None:
        self._source, self._model, self._reference = source, model, reference
        self._is_map, self._needs_probabilities, self._smooths = is_map, needs_probabilities, smooths
        self._halo = HALO if smooths else 0
        self.feature_count = len(model.features)

    def needs(self, window: Window) -> bool:
        """Whether a window, with the halo of the smoothing, contains pixels to predict."""
        return self._is_map or (bool(self._reference) and self._reference.parcel_map.touches(self._padded(window)))

    def predict(self, window: Window, check: Callable[[], None] | None = None) -> BlockPrediction:
        """The prediction of a block.

        Parameters
        ----------
        window : Window
        check : callable, optional
            Raises an exception to cancel.

        Returns
        -------
        BlockPrediction
        """
        model = self._model
        wanted = None if self._is_map else np.flatnonzero(self._near_validation(window))
        features, has_data = self._source.read(window, wanted, accept_gaps=bool(model.imputation_values))
        valid = np.zeros(window.height * window.width, bool)
        valid[slice(None) if wanted is None else wanted] = has_data
        features = features if has_data.all() else features[has_data]
        components = model.similarity.components(features[:, :len(model.bands)]) if self._smooths else None
        imputed = impute(features, model.imputation_values)
        if self._needs_probabilities:
            probabilities = model.classifier.predict_probabilities(features, check)
            winners = probabilities.argmax(axis=1)
        else:
            probabilities, winners = None, model.classifier.predict_classes(features, check)
        checked = features[::STRIDE]
        return BlockPrediction(valid=valid, winners=winners, probabilities=probabilities, components=components,
                               imputed=imputed, out_of_range=self._out_of_range(checked), checked=len(checked))

    def empty_strip(self, blocks: list[Window]) -> Strip:
        """A strip for the predictions of some blocks."""
        return Strip.empty(blocks, len(self._model.classes), len(self._model.similarity.coefficients))

    def _near_validation(self, window: Window) -> NDArray[np.bool_]:
        """Pixels of validation parcels, and the neighbours used to smooth them."""
        padded = self._padded(window)
        is_validation = self._reference.is_validation[self._reference.labels(padded)[0]].reshape(padded.shape)
        return dilate(is_validation, self._halo)[window.relative_to(padded).slices].ravel()

    def _padded(self, window: Window) -> Window:
        return window.padded(self._halo).intersection(self._source.grid.window)

    def _out_of_range(self, features: NDArray[np.float32]) -> NDArray[np.int64]:
        """Number of pixels far outside the range of the training pixels, by feature."""
        if not self._model.minimums:
            return np.zeros(features.shape[1], np.int64)
        lows, highs = np.array(self._model.minimums), np.array(self._model.maximums)
        margin = highs - lows
        # Values in a unit 10000 times larger are nearly 0, which may be within the margin below the range.
        floor = np.where(lows > 0, np.maximum(lows - margin, lows / 100), lows - margin)
        return np.count_nonzero((features < floor) | (features > highs + margin), axis=0)


class MapWriter:
    """Runs the steps for all blocks, writes the rasters and counts the pixels.

    Parameters
    ----------
    predictor : BlockPredictor
    decision : ClassDecision
    rasters : dict of str to RasterWriter
    executor : concurrent.futures.Executor
    """

    def __init__(self, predictor: BlockPredictor, decision: ClassDecision, rasters: dict[str, RasterWriter],
                 executor: Executor) -> None:
        self._predictor, self._decision, self._rasters, self._executor = predictor, decision, rasters, executor
        self._class_counts = np.zeros(decision.value_count, np.int64)
        self._class_areas = np.zeros(decision.value_count)
        self._parcel_counts = np.zeros((decision.parcel_count, decision.value_count), np.int64)
        self._out_of_range = np.zeros(predictor.feature_count)
        self._imputed = self._low_confidence = self._checked = 0

    def map_blocks(self, blocks: list[Window], progress: Progress) -> None:
        """Map independent blocks, without smoothing."""
        def finish(window: Window, result: tuple[BlockPrediction, DecidedBlock]) -> None:
            prediction, decided = result
            self._count_prediction(prediction)
            self._write(window, decided)

        work = _PredictAndDecide(self._predictor, self._decision, progress.check)
        run_blocks(filter(self._predictor.needs, blocks), work, finish, self._executor, progress)

    def map_strips(self, strips: list[list[Window]], progress: Progress) -> None:
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
            below = self._predict_strip(blocks, stage.part(0.0, PREDICTION_FRACTION)) if blocks else None
            if strip:
                self._decide_strip(strip, [each for each in (above, strip, below) if each],
                                   stage.part(PREDICTION_FRACTION, 1.0))
                above = strip.bottom_rows()
            strip = below

    def counts(self) -> MapCounts:
        """MapCounts: the pixel counts of all blocks."""
        return MapCounts(class_counts=self._class_counts, class_areas=self._class_areas,
                         parcel_counts=self._parcel_counts, imputed=self._imputed, low_confidence=self._low_confidence,
                         out_of_range=self._out_of_range / max(1, self._checked))

    def _predict_strip(self, blocks: list[Window], progress: Progress) -> Strip:
        strip = self._predictor.empty_strip(blocks)

        def finish(window: Window, prediction: BlockPrediction) -> None:
            self._count_prediction(prediction)
            strip.put(window, prediction.probabilities, prediction.components, prediction.valid)

        work = _Predict(self._predictor, progress.check)
        run_blocks(filter(self._predictor.needs, blocks), work, finish, self._executor, progress)
        return strip

    def _decide_strip(self, strip: Strip, neighbours: list[Strip], progress: Progress) -> None:
        blocks = [(window, [each.part(window.padded(HALO)) for each in neighbours])
                  for window in strip.blocks() if self._predictor.needs(window)]
        run_blocks(blocks, _SmoothAndDecide(self._decision),
                   lambda block, decided: self._write(block[0], decided), self._executor, progress)

    def _write(self, window: Window, decided: DecidedBlock) -> None:
        for name, raster in self._rasters.items():
            raster.write(window, decided.planes[name])
        self._class_counts += decided.class_counts
        self._class_areas += decided.class_areas
        self._parcel_counts.reshape(-1)[decided.parcel_cells] += decided.parcel_cell_counts
        self._low_confidence += decided.low_confidence

    def _count_prediction(self, prediction: BlockPrediction) -> None:
        self._imputed += prediction.imputed
        self._out_of_range += prediction.out_of_range
        self._checked += prediction.checked


@dataclass(frozen=True, eq=False)
class _Predict:
    """Work on a block before smoothing. Another process gets it without `check`: the caller checks between blocks."""

    predictor: BlockPredictor
    check: Callable[[], None] | None = None

    def __call__(self, window: Window) -> BlockPrediction:
        return self.predictor.predict(window, self.check)

    def __reduce__(self):
        return _Predict, (self.predictor,)


@dataclass(frozen=True, eq=False)
class _PredictAndDecide:
    """Work on a block without smoothing; `check` as for :class:`_Predict`."""

    predictor: BlockPredictor
    decision: ClassDecision
    check: Callable[[], None] | None = None

    def __call__(self, window: Window) -> tuple[BlockPrediction, DecidedBlock]:
        prediction = self.predictor.predict(window, self.check)
        return prediction, self.decision.decide(window, prediction.valid, prediction.winners, prediction.probabilities)

    def __reduce__(self):
        return _PredictAndDecide, (self.predictor, self.decision)


@dataclass(frozen=True, eq=False)
class _SmoothAndDecide:
    """Work on a block of a predicted strip, given with the strips around it."""

    decision: ClassDecision

    def __call__(self, block: tuple[Window, list[Strip]]) -> DecidedBlock:
        window, strips = block
        probabilities, valid = smooth_window(window, strips)
        return self.decision.decide(window, valid, probabilities.argmax(axis=1), probabilities)
