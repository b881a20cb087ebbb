"""Random samples of the pixels of parcels, read block by block: for training, for validation, and of every parcel."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..classifiers.forest_model import ForestSettings
from ..insitu.parcel_raster import ParcelRaster
from ..insitu.pixel_sampler import PixelSample, PixelSampler, pixel_positions
from ..progress import Progress
from ..raster.blocks import run_blocks
from ..raster.grid import Window
from .feature_stack import FeatureSource
from .reference import ReferenceData

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

    features: NDArray[np.float32]
    parcels: NDArray[np.int64]
    parcel_numbers: NDArray[np.int64]
    classes: NDArray[np.int64]
    is_training: NDArray[np.bool_]
    available: NDArray[np.int64]


def sample_parcel_pixels(source: FeatureSource, reference: ReferenceData, is_wanted: NDArray[np.bool_], maximum: int,
                         seed: int, by_parcel: bool, executor: Executor, progress: Progress,
                         accept_gaps: bool = False) -> PixelSample:
    """Sample the pixels of some parcels, with a maximum number for each class or for each parcel.

    Parameters
    ----------
    source : FeatureSource
    reference : ReferenceData
    is_wanted : ndarray of bool, shape (parcels + 2,)
        By parcel number.
    maximum : int
        0 for no limit.
    seed : int
    by_parcel : bool
        Whether the maximum applies to each parcel instead of each class.
    executor : concurrent.futures.Executor
    progress : Progress
    accept_gaps : bool
        Whether pixels with some missing features are sampled, with NaN.

    Returns
    -------
    PixelSample
        Classes are indices of the classes of the reference; sorted by class, or with `by_parcel` by parcel number. Then
        the available pixels are also those of each parcel number.

    Raises
    ------
    UnreadableInput, UnsuitableInput
        If a raster is damaged, or all pixels are requested and do not fit into memory.
    Cancelled
        If the user cancelled.
    """
    class_of_parcel = reference.values - 1
    sampler = PixelSampler(len(is_wanted) if by_parcel else len(reference.classes), len(source.names), maximum, seed)
    without_data = disputed = 0

    def work(window: Window):
        progress.check()
        parcel_numbers, disputed_here = reference.labels(window)
        wanted = np.flatnonzero(is_wanted[parcel_numbers])
        if not len(wanted):
            return disputed_here, 0, None
        features, valid = source.read(window, wanted, accept_gaps)
        usable = wanted[valid]
        owners = parcel_numbers[usable]
        return disputed_here, len(wanted) - len(usable), (
            owners if by_parcel else class_of_parcel[owners], pixel_positions(window, usable, source.grid),
            features[valid], owners)

    def finish(_, result) -> None:
        nonlocal without_data, disputed
        disputed_here, without_data_here, pixels = result
        disputed += disputed_here
        without_data += without_data_here
        if pixels is not None:
            sampler.add(*pixels)

    near = [window for window in source.blocks() if reference.parcel_map.touches(window)]
    run_blocks(near, work, finish, executor, progress)
    sample = replace(sampler.result(), without_data=without_data, disputed=disputed)
    return replace(sample, classes=class_of_parcel[sample.parcels].astype(np.int32)) if by_parcel else sample


def sample_training_pixels(source: FeatureSource, reference: ReferenceData, settings: ForestSettings,
                           executor: Executor, progress: Progress) -> PixelSample:
    """Sample the pixels of the training parcels.

    Parameters
    ----------
    source : FeatureSource
    reference : ReferenceData
    settings : ForestSettings
    executor : concurrent.futures.Executor
    progress : Progress

    Returns
    -------
    PixelSample
        Classes are indices of the classes of the reference; features may be NaN if the settings accept missing values.
    """
    by_parcel = bool(settings.samples_per_parcel)
    maximum = settings.samples_per_parcel if by_parcel else _class_limit(settings, reference)
    sample = sample_parcel_pixels(source, reference, reference.is_training, maximum, settings.seed, by_parcel, executor,
                                  progress, accepts_gaps(settings))
    if by_parcel:
        sample = _by_class(sample, reference)
    available = np.bincount(sample.classes, minlength=len(reference.classes)) if by_parcel else sample.available
    return _subsample(sample, sample_sizes(settings, available), settings.seed)


def sample_each_parcel(source: FeatureSource, reference: ReferenceData, settings: ForestSettings, executor: Executor,
                       progress: Progress, max_parcels: int = 0) -> ParcelPixels:
    """Sample the same maximum number of pixels of each training and validation parcel.

    Parameters
    ----------
    source : FeatureSource
    reference : ReferenceData
    settings : ForestSettings
        Seed, and treatment of missing values.
    executor : concurrent.futures.Executor
    progress : Progress
    max_parcels : int
        Maximum number of parcels per class; 0 uses all. Parts of a class raster are not limited.

    Returns
    -------
    ParcelPixels
    """
    is_used = reference.is_training | reference.is_validation
    if max_parcels and isinstance(reference.parcel_map, ParcelRaster):
        is_used = _limit_per_class(reference.values, is_used, max_parcels, settings.seed)
    maximum = int(np.clip(MAX_PIXELS // max(1, int(is_used.sum())), MIN_PER_PARCEL, MAX_PER_PARCEL))
    sample = sample_parcel_pixels(source, reference, is_used, maximum, settings.seed, True, executor, progress,
                                  accepts_gaps(settings))
    parcel_numbers, parcels = np.unique(sample.parcels, return_inverse=True)
    parcel_numbers = parcel_numbers.astype(np.int64)
    return ParcelPixels(features=sample.features, parcels=parcels.ravel().astype(np.int64),
                        parcel_numbers=parcel_numbers, classes=reference.values[parcel_numbers] - 1,
                        is_training=reference.is_training[parcel_numbers], available=sample.available[parcel_numbers])


def accepts_gaps(settings: ForestSettings) -> bool:
    """Whether pixels with some missing features are used, because these are imputed."""
    return settings.missing_values != "exclude"


def sample_sizes(settings: ForestSettings, available: NDArray[np.integer]) -> NDArray[np.int64]:
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


def _class_limit(settings: ForestSettings, reference: ReferenceData) -> int:
    """Upper limit of the sample size of a class, before the available pixels are counted; 0 for no limit."""
    if settings.sampling_strategy == "all":
        return 0
    if settings.sampling_strategy == "proportional":
        return settings.total_samples or settings.samples_per_class * len(reference.classes)
    limits = [limit for limit in (settings.samples_per_class, settings.total_samples) if limit]
    return min(limits, default=0)


def _subsample(sample: PixelSample, sizes: NDArray[np.int64], seed: int) -> PixelSample:
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


def _by_class(sample: PixelSample, reference: ReferenceData) -> PixelSample:
    """A sample sorted by parcel, sorted by class, with the available pixels of each class."""
    order = np.argsort(sample.classes, kind="stable")
    class_of_parcel = reference.values - 1
    available = np.bincount(class_of_parcel[1:-1], sample.available[1:-1], len(reference.classes)).astype(np.int64)
    return replace(sample, features=sample.features[order], classes=sample.classes[order],
                   parcels=sample.parcels[order], available=available)


def _limit_per_class(values: NDArray[np.int64], is_used: NDArray[np.bool_], maximum: int,
                     seed: int) -> NDArray[np.bool_]:
    """Random selection of at most the given number of parcels per class."""
    selected = np.zeros_like(is_used)
    for value in np.unique(values[is_used]):
        members = np.flatnonzero(is_used & (values == value))
        selected[np.random.default_rng([seed, int(value)]).permutation(members)[:maximum]] = True
    return selected
