"""Drawing the training pixels from the rasters, block by block."""

from dataclasses import dataclass

import numpy as np

from ..insitu.sample import PixelSample, PixelSampler
from ..raster.blocks import run_blocks


@dataclass(frozen=True, eq=False)
class TrainingPixels:
    """What was drawn.

    Parameters
    ----------
    sample : PixelSample
        Classes are places in the class table of the ground truth.
    without_data : int
        Pixels of training parcels at which some feature has no data.
    disputed : int
        Pixels claimed by parcels of different classes; nobody uses them.
    """

    sample: PixelSample
    without_data: int
    disputed: int


def draw_training_pixels(stack, ground, settings, executor, progress):
    """Read the training parcels and keep a sample of their pixels.

    Parameters
    ----------
    stack : FeatureStack
    ground : GroundTruth
    settings : ForestSettings
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    TrainingPixels

    Raises
    ------
    UnreadableInput, UnsuitableInput
        If a raster is damaged, or all pixels are wanted and do not fit into memory.
    Cancelled
        If the user asked to stop.
    """
    sampler = PixelSampler(len(ground.classes), len(stack.names), settings.samples_per_class, settings.seed)
    without_data = disputed = 0

    def work(window):
        progress.check()
        numbers, disputed_here = ground.labels(window)
        chosen = np.flatnonzero(ground.is_training[numbers])
        if not len(chosen):
            return disputed_here, 0, None
        features, valid = stack.read(window)
        usable = chosen[valid[chosen]]
        rows, columns = np.divmod(usable, window.width)
        pixels = (window.row + rows) * np.int64(stack.grid.width) + window.col + columns
        offered = ground.values[numbers[usable]] - 1, pixels, features[usable], numbers[usable]
        return disputed_here, len(chosen) - len(usable), offered

    def finish(_, result):
        nonlocal without_data, disputed
        disputed_here, without_data_here, offered = result
        disputed += disputed_here
        without_data += without_data_here
        if offered is not None:
            sampler.add(*offered)

    near = [window for window in stack.blocks() if ground.parcel_map.touches(window)]
    run_blocks(near, work, finish, executor, progress)
    return TrainingPixels(sampler.result(), without_data, disputed)
