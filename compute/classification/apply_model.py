"""Apply a forest from its model file to rasters of another area or date."""

import contextlib
from dataclasses import dataclass, field

from ..classifiers.model_file import load_forest
from ..declarations import ParameterDeclaration
from ..messages import listed
from ..raster.blocks import make_executor
from ..raster.resampled_reader import RESAMPLINGS
from .bands import indices_for_model, order_warnings
from .class_maps import create_maps
from .feature_stack import FeatureStack
from .prediction import MapRules, map_classes
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
        How votes become classes.
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


def apply_forest(task, maps, progress):
    """Classify every pixel with a trained forest.

    Parameters
    ----------
    task : ApplyTask
    maps : MapPaths
    progress : Progress

    Returns
    -------
    forest : Forest
    mapping : Mapping

    Raises
    ------
    PlainError
        With a message for the user: damaged model, missing bands, rasters on different grids ...
    Cancelled
        If the user cancelled. As after an error, no output is left behind.
    """
    forest = load_forest(task.model)
    progress.check()
    with contextlib.ExitStack() as opened:
        stack = opened.enter_context(FeatureStack(task.rasters, task.resampling, task.mask))
        indices = indices_for_model(stack.names, forest.bands, task.band_matching)
        for note in stack_notes(stack, indices):
            progress.say(note)
        for warning in order_warnings(stack.names, forest.bands) if task.band_matching == "order" else ():
            progress.warn(warning)
        stack.select_bands(indices)
        stack.add_band_differences(forest.band_differences, forest.feature_names[len(forest.bands):])
        executor = opened.enter_context(make_executor(task.threads))
        rasters = opened.enter_context(create_maps(maps, stack.grid, forest, stack.is_synthetic))
        if task.rules.smoothing and forest.similarity is None:
            progress.say("The model contains no similarity of pixels, so the probabilities are not smoothed.")
        progress.say(f"Classifying with {forest.trees.count} trees and {len(forest.bands)} bands ...")
        mapping = map_classes(stack, forest, None, rasters, executor, progress, task.rules)
    for note in map_notes(mapping):
        progress.say(note)
    for warning in map_warnings(mapping, forest):
        progress.warn(warning)
    progress.show(1.0)
    return forest, mapping


def stack_notes(stack, selected):
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
