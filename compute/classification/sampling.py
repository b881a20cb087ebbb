"""Random samples of training and validation pixels, and of the pixels of each parcel, read block by block."""

from dataclasses import dataclass, replace

import numpy as np

from ..insitu.parcel_raster import ParcelRaster
from ..insitu.pixel_sampler import PixelSample, PixelSampler
from ..raster.blocks import run_blocks


@dataclass(frozen=True, eq=False)
class TrainingPixels:
    """A sample of training pixels and the number of pixels left out.

    Parameters
    ----------
    sample : PixelSample
        Classes are indices of the classes of the reference; features may be NaN if missing values are accepted.
    without_data : int
        Pixels of the training parcels left out because features are missing.
    disputed : int
        Pixels in parcels of different classes; not used.
    """

    sample: PixelSample
    without_data: int
    disputed: int


def sample_training_pixels(stack, reference, settings, executor, progress):
    """Read the training parcels and sample their pixels.

    Parameters
    ----------
    stack : FeatureStack
    reference : ReferenceData
    settings : ForestSettings
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    TrainingPixels

    Raises
    ------
    UnreadableInput, UnsuitableInput
        If a raster is damaged, or all pixels are requested and do not fit into memory.
    Cancelled
        If the user cancelled.
    """
    if settings.samples_per_parcel:
        sampled = _sample_parcel_pixels(stack, reference, reference.is_training, settings.samples_per_parcel,
                                        settings.seed, True, executor, progress)
    else:
        sampled = _sample_parcel_pixels(stack, reference, reference.is_training, _class_limit(settings, reference),
                                        settings.seed, False, executor, progress)
    counts = np.bincount(sampled.sample.classes, minlength=len(reference.classes))
    available = counts if settings.samples_per_parcel else sampled.sample.available
    sizes = sample_sizes(settings, available)
    return replace(sampled, sample=_subsample(sampled.sample, sizes, settings.seed))


def sample_validation_pixels(stack, reference, max_per_class, seed, executor, progress):
    """A sample of the pixels of the validation parcels; see :func:`sample_training_pixels`.

    Returns
    -------
    PixelSample
    """
    return _sample_parcel_pixels(stack, reference, reference.is_validation, max_per_class, seed, False, executor,
                                 progress).sample


def sample_sizes(settings, available):
    """Number of training pixels of each class.

    Parameters
    ----------
    settings : ForestSettings
    available : ndarray of int, shape (classes,)
        Number of pixels in the training parcels.

    Returns
    -------
    ndarray of int64, shape (classes,)
    """
    available = np.asarray(available, np.int64)
    present = max(1, np.count_nonzero(available))
    if settings.sampling_strategy == "all":
        return available
    if settings.sampling_strategy == "proportional":
        total = settings.total_samples or settings.samples_per_class * present or int(available.sum())
        fractions = available / max(1, available.sum())
        return np.where(available > 0, np.clip(np.floor(total * fractions + 0.5).astype(np.int64), 1, available), 0)
    limits = [available]
    if settings.samples_per_class:
        limits.append(settings.samples_per_class)
    if settings.total_samples:
        limits.append(-(-settings.total_samples // present))
    if settings.sampling_strategy == "smallest" and available.any():
        limits.append(available[available > 0].min())
    sizes = limits[0]
    for limit in limits[1:]:
        sizes = np.minimum(sizes, limit)
    return sizes


def _class_limit(settings, reference):
    """Upper limit of the sample size of a class, before the available pixels are counted; 0 for no limit."""
    if settings.sampling_strategy == "all":
        return 0
    if settings.sampling_strategy == "proportional":
        return settings.total_samples or settings.samples_per_class * len(reference.classes)
    limits = [limit for limit in (settings.samples_per_class, settings.total_samples) if limit]
    return min(limits, default=0)


def _subsample(sample, sizes, seed):
    """A random sample of the given size of each class, in the original order."""
    kept = []
    for number, size in enumerate(sizes):
        indices = np.flatnonzero(sample.classes == number)
        if len(indices) > size:
            indices = np.sort(np.random.default_rng([seed, number]).choice(indices, size, replace=False))
        kept.append(indices)
    kept = np.concatenate([np.empty(0, np.intp), *kept])
    if len(kept) == len(sample.classes):
        return sample
    return replace(sample, features=sample.features[kept], classes=sample.classes[kept], parcels=sample.parcels[kept])


def _sample_parcel_pixels(stack, reference, is_wanted, maximum, seed, by_parcel, executor, progress):
    """A sample of the pixels of some parcels, with a maximum number for each class or for each parcel."""
    groups = len(reference.values) if by_parcel else len(reference.classes)
    sampler = PixelSampler(groups, len(stack.names), maximum, seed)
    without_data = disputed = 0

    def work(window):
        progress.check()
        parcel_ids, disputed_here = reference.labels(window)
        selected = np.flatnonzero(is_wanted[parcel_ids])
        if not len(selected):
            return disputed_here, 0, None
        features, valid = stack.read(window, selected)
        usable = selected[valid]
        rows, columns = np.divmod(usable, window.width)
        pixels = (window.row + rows) * np.int64(stack.grid.width) + window.col + columns
        owners = parcel_ids[usable]
        candidates = owners if by_parcel else reference.values[owners] - 1, pixels, features[valid], owners
        return disputed_here, len(selected) - len(usable), candidates

    def finish(_, result):
        nonlocal without_data, disputed
        disputed_here, without_data_here, candidates = result
        disputed += disputed_here
        without_data += without_data_here
        if candidates is not None:
            sampler.add(*candidates)

    near = [window for window in stack.blocks() if reference.parcel_map.touches(window)]
    run_blocks(near, work, finish, executor, progress)
    sample = sampler.result()
    return TrainingPixels(_by_class(sample, reference) if by_parcel else sample, without_data, disputed)


def _by_class(sample, reference):
    """A sample grouped by parcel, regrouped by class."""
    class_of_parcel = reference.values - 1
    classes = class_of_parcel[sample.classes].astype(np.int32)
    order = np.argsort(classes, kind="stable")
    available = np.bincount(class_of_parcel[1:-1], sample.available[1:-1], len(reference.classes)).astype(np.int64)
    return PixelSample(sample.features[order], classes[order], sample.parcels[order], available)


# Pixels sampled per parcel; fewer if the number of parcels is very large.
MAX_PER_PARCEL = 30
MIN_PER_PARCEL = 4
MAX_PIXELS = 150_000


@dataclass(frozen=True, eq=False)
class ParcelPixels:
    """Sampled pixels of each parcel.

    Parameters
    ----------
    features : ndarray of float32, shape (pixels, features)
        NaN for missing values.
    parcels : ndarray of int64, shape (pixels,)
        Indices into `parcel_numbers`.
    parcel_numbers : ndarray of int64, shape (parcels,)
        Numbers (in the reference data) of the parcels with valid pixels.
    classes : ndarray of int64, shape (parcels,)
        Indices into the class table.
    is_training : ndarray of bool, shape (parcels,)
    available : ndarray of int64, shape (parcels,)
        Number of valid pixels in each parcel.
    """

    features: np.ndarray
    parcels: np.ndarray
    parcel_numbers: np.ndarray
    classes: np.ndarray
    is_training: np.ndarray
    available: np.ndarray


def sample_parcel_pixels(stack, ground, seed, executor, progress, max_parcels=0):
    """Sample the same maximum number of pixels of each training and validation parcel.

    Parameters
    ----------
    stack : FeatureStack
    ground : ReferenceData
    seed : int
    executor : concurrent.futures.Executor
    progress : Progress
    max_parcels : int
        Maximum number of parcels per class; 0 uses all.

    Returns
    -------
    ParcelPixels
    """
    is_used, parcel_map = ground.is_training | ground.is_validation, ground.parcel_map
    if max_parcels and isinstance(parcel_map, ParcelRaster):
        is_used = _limit_per_class(ground.values, is_used, max_parcels, seed)
        parcel_map = ParcelRaster(stack.grid, [parcel_map.parcels[number - 1] for number in np.flatnonzero(is_used)])
    count = max(1, int(is_used.sum()))
    maximum = int(np.clip(MAX_PIXELS // count, MIN_PER_PARCEL, MAX_PER_PARCEL))
    sampler = PixelSampler(len(is_used), len(stack.names), maximum, seed)

    def work(window):
        progress.check()
        parcel_numbers, _ = ground.labels(window)
        chosen = np.flatnonzero(is_used[parcel_numbers])
        if not len(chosen):
            return None
        features, valid = stack.read(window, chosen)
        usable = chosen[valid]
        rows, columns = np.divmod(usable, window.width)
        positions = (window.row + rows) * np.int64(stack.grid.width) + window.col + columns
        return parcel_numbers[usable], positions, features[valid], parcel_numbers[usable]

    def finish(_, block_pixels):
        if block_pixels is not None:
            sampler.add(*block_pixels)

    run_blocks([window for window in stack.blocks() if parcel_map.touches(window)], work, finish, executor,
               progress)
    sample = sampler.result()
    parcel_numbers, parcels = np.unique(sample.parcels, return_inverse=True)
    parcel_numbers = parcel_numbers.astype(np.int64)
    return ParcelPixels(sample.features, parcels.ravel().astype(np.int64), parcel_numbers,
                        ground.values[parcel_numbers] - 1, ground.is_training[parcel_numbers],
                        sample.available[parcel_numbers])


def _limit_per_class(values, is_used, maximum, seed):
    """Random selection of at most the given number of parcels per class."""
    selected = np.zeros_like(is_used)
    for value in np.unique(values[is_used]):
        members = np.flatnonzero(is_used & (values == value))
        selected[np.random.default_rng([seed, int(value)]).permutation(members)[:maximum]] = True
    return selected
