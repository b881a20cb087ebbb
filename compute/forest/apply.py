"""A forest from its model file, applied to rasters of another place or date."""

import contextlib
from dataclasses import dataclass, field

from ..raster.blocks import make_executor
from .advice import map_advice, map_notes
from .choice import listed, order_doubts, places_for_model
from .features import FeatureStack
from .mapping import MapRules, create_maps, map_classes
from .modelfile import load_forest


@dataclass(frozen=True)
class ApplyTask:
    """What to classify, and with which model.

    Parameters
    ----------
    rasters : tuple of str
        Each band is a feature.
    model : str
        Path of the model file.
    matching : {"name", "order"}
        How bands are found for the features of the model.
    resampling : {"none", "nearest", "bilinear", "average"}
        How rasters of other grids are brought to that of the first; "none" refuses them.
    mask : str
        Path of a raster that is 0 or without data where nothing is to be classified; empty if there is none.
    rules : MapRules
        How votes become classes.
    threads : int
        0 takes all cores but one.
    """

    rasters: tuple
    model: str
    matching: str = "name"
    resampling: str = "none"
    mask: str = ""
    rules: MapRules = field(default_factory=MapRules)
    threads: int = 0


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
        With a sentence for the user: a model that is damaged or of other bands, rasters that do not fit together ...
    Cancelled
        If the user asked to stop. As after an error, no output is left behind.
    """
    forest = load_forest(task.model)
    progress.check()
    with contextlib.ExitStack() as opened:
        stack = opened.enter_context(FeatureStack(task.rasters, task.resampling, task.mask))
        places = places_for_model(stack.names, forest.bands, task.matching)
        for note in stack_notes(stack, places):
            progress.say(note)
        for doubt in order_doubts(stack.names, forest.bands) if task.matching == "order" else ():
            progress.warn(doubt)
        stack.choose(places)
        stack.contrast(forest.contrasts, forest.feature_names[len(forest.bands):])
        executor = opened.enter_context(make_executor(task.threads))
        rasters = opened.enter_context(create_maps(maps, stack.grid, forest, stack.is_synthetic))
        if task.rules.smoothing and forest.likeness is None:
            progress.say("The model does not know how much the pixels of a parcel differ, so nothing is smoothed.")
        progress.say(f"Classifying with {forest.trees.count} trees and {len(forest.bands)} bands ...")
        mapping = map_classes(stack, forest, None, rasters, executor, progress, task.rules)
    for note in map_notes(mapping):
        progress.say(note)
    for warning in map_advice(mapping, forest):
        progress.warn(warning)
    progress.show(1.0)
    return forest, mapping


def stack_notes(stack, places):
    """What is done to the rasters before they serve, in words.

    Parameters
    ----------
    stack : FeatureStack
    places : sequence of int
        Bands that serve.

    Returns
    -------
    list of str
    """
    notes = [f"{path} lies on another grid and is resampled to that of the first raster." for path in stack.resampled]
    unused = [name for place, name in enumerate(stack.names) if place not in set(places)]
    if unused:
        notes.append(f"{len(unused)} of {len(stack.names)} bands are not used: {listed(unused)}.")
    return notes
