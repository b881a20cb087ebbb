"""Apply a classifier from its model file to rasters of another area or date."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..classifiers.classifier import Model
from ..classifiers.model_file import load_model
from ..declarations import ParameterDeclaration
from ..messages import listed
from ..progress import Progress
from ..raster.blocks import make_executor
from ..raster.resampled_reader import RESAMPLINGS
from .bands import FeatureSelection, indices_for_model, order_warnings
from .class_maps import MapPaths, create_maps
from .feature_stack import FeatureStack
from .prediction import MapCounts, MapRules, map_classes
from .training_warnings import map_notes, map_warnings


@dataclass(frozen=True)
class ApplyTask:
    """Rasters, model and settings of a prediction.

    Parameters
    ----------
    rasters : tuple of str
        Each band is a feature.
    model : str
        Path of the model file.
    band_matching : {"name", "order"}
        How the bands are matched to the features of the model.
    resampling : {"none", "nearest", "bilinear", "average"}
        How rasters on other grids are resampled to the grid of the first; "none" rejects them.
    mask : str
        Path of a mask raster; pixels that are 0 or nodata are not classified. Empty: no mask.
    rules : MapRules
        How class probabilities become classes.
    threads : int
        0 uses all cores but one.
    """

    rasters: tuple
    model: str
    band_matching: str = "name"
    resampling: str = "none"
    mask: str = ""
    rules: MapRules = field(default_factory=MapRules)
    threads: int = 0


RESAMPLING = ParameterDeclaration(
    "RESAMPLING", "Resample to common grid",
    "Resampling of rasters to the grid of the first raster: none (rasters on another grid are an error), nearest "
    "(classes, flags), bilinear (reflectance, backscatter) or average (from much smaller pixels). Resampled rasters "
    "are listed in the log.", kind="enum", options=RESAMPLINGS, advanced=True, setting="resampling")


def apply_model(task: ApplyTask, maps: MapPaths, progress: Progress) -> tuple[Model, MapCounts]:
    """Classify every pixel with a trained model.

    Parameters
    ----------
    task : ApplyTask
    maps : MapPaths
    progress : Progress

    Returns
    -------
    model : Model
    counts : MapCounts

    Raises
    ------
    PlainError
        With a message for the user: damaged model, missing bands, rasters on different grids ...
    Cancelled
        If the user cancelled. As after an error, no output is left behind.
    """
    model = load_model(task.model)
    progress.check()
    with contextlib.ExitStack() as opened:
        stack = opened.enter_context(FeatureStack(task.rasters, task.resampling, task.mask))
        bands = indices_for_model(stack.names, model.bands, task.band_matching)
        for note in stack_notes(stack, bands):
            progress.say(note)
        for warning in order_warnings(stack.names, model.bands) if task.band_matching == "order" else ():
            progress.warn(warning)
        source = stack.selected(FeatureSelection(tuple(bands), model.band_differences, model.features))
        executor = opened.enter_context(make_executor(task.threads))
        rasters = opened.enter_context(create_maps(maps, source.grid, model, source.is_synthetic))
        if task.rules.smoothing and model.similarity is None:
            progress.say("The model contains no similarity of pixels, so the probabilities are not smoothed.")
        progress.say(f"Classifying into {len(model.classes)} classes with {len(model.bands)} bands ...")
        counts = map_classes(source, model, None, rasters, executor, progress, task.rules)
    for note in map_notes(counts):
        progress.say(note)
    for warning in map_warnings(counts, model):
        progress.warn(warning)
    progress.show(1.0)
    return model, counts


def stack_notes(stack: FeatureStack, selected: Sequence[int]) -> list[str]:
    """Rasters that are resampled and bands that are not used.

    Parameters
    ----------
    stack : FeatureStack
    selected : sequence of int
        Indices of the bands used.

    Returns
    -------
    list of str
    """
    notes = [f"{path} lies on another grid and is resampled to that of the first raster." for path in stack.resampled]
    unused = [name for index, name in enumerate(stack.names) if index not in set(selected)]
    if unused:
        notes.append(f"{len(unused)} of {len(stack.names)} bands are not used: {listed(unused)}.")
    return notes
