"""Drawing the training pixels from the rasters, block by block."""

from dataclasses import dataclass, replace

import numpy as np

from ..insitu.sample import PixelSample, PixelSampler
from ..raster.blocks import run_blocks


@dataclass(frozen=True, eq=False)
class TrainingPixels:
    """What was drawn.

    Parameters
    ----------
    sample : PixelSample
        Classes are places in the class table of the ground truth; features may be NaN where gaps are accepted.
    without_data : int
        Pixels of these parcels that were left out because features are missing.
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
    if settings.samples_per_parcel:
        drawn = _draw(stack, ground, ground.is_training, settings.samples_per_parcel, settings.seed, True, executor,
                      progress)
    else:
        drawn = _draw(stack, ground, ground.is_training, _most_to_keep(settings, ground), settings.seed, False,
                      executor, progress)
    counts = np.bincount(drawn.sample.classes, minlength=len(ground.classes))
    available = counts if settings.samples_per_parcel else drawn.sample.available
    wanted = wanted_of_each_class(settings, available)
    return replace(drawn, sample=_thinned(drawn.sample, wanted, settings.seed))


def draw_validation_pixels(stack, ground, most_per_class, seed, executor, progress):
    """A sample of the pixels of the validation parcels; see :func:`draw_training_pixels`.

    Returns
    -------
    PixelSample
    """
    return _draw(stack, ground, ground.is_validation, most_per_class, seed, False, executor, progress).sample


def wanted_of_each_class(settings, available):
    """How many pixels of each class train.

    Parameters
    ----------
    settings : ForestSettings
    available : ndarray of int, shape (classes,)
        How many there are.

    Returns
    -------
    ndarray of int64, shape (classes,)
    """
    available = np.asarray(available, np.int64)
    present = max(1, np.count_nonzero(available))
    if settings.sampling == "all":
        return available
    if settings.sampling == "proportional":
        total = settings.total_samples or settings.samples_per_class * present or int(available.sum())
        shares = available / max(1, available.sum())
        return np.where(available > 0, np.clip(np.floor(total * shares + 0.5).astype(np.int64), 1, available), 0)
    limits = [available]
    if settings.samples_per_class:
        limits.append(settings.samples_per_class)
    if settings.total_samples:
        limits.append(-(-settings.total_samples // present))
    if settings.sampling == "smallest" and available.any():
        limits.append(available[available > 0].min())
    wanted = limits[0]
    for limit in limits[1:]:
        wanted = np.minimum(wanted, limit)
    return wanted


def _most_to_keep(settings, ground):
    """How many pixels of a class may be wanted, before anyone knows how many there are; 0 for any number."""
    if settings.sampling == "all":
        return 0
    if settings.sampling == "proportional":
        return settings.total_samples or settings.samples_per_class * len(ground.classes)
    limits = [limit for limit in (settings.samples_per_class, settings.total_samples) if limit]
    return min(limits, default=0)


def _thinned(sample, wanted, seed):
    """At most so many pixels of each class, drawn evenly; in the order they had."""
    kept = []
    for number, count in enumerate(wanted):
        places = np.flatnonzero(sample.classes == number)
        if len(places) > count:
            places = np.sort(np.random.default_rng([seed, number]).choice(places, count, replace=False))
        kept.append(places)
    kept = np.concatenate([np.empty(0, np.intp), *kept])
    if len(kept) == len(sample.classes):
        return sample
    return replace(sample, features=sample.features[kept], classes=sample.classes[kept], parcels=sample.parcels[kept])


def _draw(stack, ground, is_wanted, most, seed, by_parcel, executor, progress):
    """Pixels of the wanted parcels, at most so many of each class or of each parcel."""
    groups = len(ground.values) if by_parcel else len(ground.classes)
    sampler = PixelSampler(groups, len(stack.names), most, seed)
    without_data = disputed = 0

    def work(window):
        progress.check()
        numbers, disputed_here = ground.labels(window)
        chosen = np.flatnonzero(is_wanted[numbers])
        if not len(chosen):
            return disputed_here, 0, None
        features, valid = stack.read(window, chosen)
        usable = chosen[valid]
        rows, columns = np.divmod(usable, window.width)
        pixels = (window.row + rows) * np.int64(stack.grid.width) + window.col + columns
        owners = numbers[usable]
        offered = owners if by_parcel else ground.values[owners] - 1, pixels, features[valid], owners
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
    sample = sampler.result()
    return TrainingPixels(_by_class(sample, ground) if by_parcel else sample, without_data, disputed)


def _by_class(sample, ground):
    """A sample drawn parcel by parcel as one of classes."""
    of_parcel = ground.values - 1
    classes = of_parcel[sample.classes].astype(np.int32)
    order = np.argsort(classes, kind="stable")
    available = np.bincount(of_parcel[1:-1], sample.available[1:-1], len(ground.classes)).astype(np.int64)
    return PixelSample(sample.features[order], classes[order], sample.parcels[order], available)
